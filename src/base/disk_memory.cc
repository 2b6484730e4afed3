#include <fmt/format.h>

#include <map>
#include <memory>
#include <mutex>
#include <set>

#include "base/block_bytes.h"
#include "base/disk.h"
#include "base/disk_in_memory.h"

namespace troupe {

using in_memory::absent;
using in_memory::below;
using in_memory::is_root;
using in_memory::normal;
using in_memory::parent;

/// Files are a map from normal path to bytes, which links share; folders are a set.
struct MemoryDisk::State {
  std::mutex mutex;
  std::map<std::string, std::shared_ptr<BlockBytes>> files;
  std::set<std::string> folders;
  bool failing = false;
  int calls_left = 0;
  ErrorCode code = ErrorCode::kIo;

  /// The bytes of a file that may be new.
  BlockBytes& bytes(const std::string& name) {
    auto& file = files[name];
    if (!file) file = std::make_shared<BlockBytes>();
    return *file;
  }
  [[nodiscard]] bool has_folder(const std::string& path) const {
    return is_root(path) || folders.contains(path);
  }

  /// Counts a mutating call; true if it is to fail.
  bool fault() { return failing && calls_left-- <= 0; }
  tl::unexpected<Error> injected(const char* action, const std::string& path) {
    calls_left = 0;
    return tl::unexpected<Error>(in_memory::injected(code, fmt::format("{} {}", action, path)));
  }
};

MemoryDisk::MemoryDisk() : state_(std::make_shared<State>()) {}
MemoryDisk::~MemoryDisk() = default;

void MemoryDisk::fail_from(int n, ErrorCode code) {
  const std::lock_guard lock(state_->mutex);
  state_->failing = true;
  state_->calls_left = n;
  state_->code = code;
}

void MemoryDisk::heal() {
  const std::lock_guard lock(state_->mutex);
  state_->failing = false;
}

Result<std::string> MemoryDisk::read(const std::string& path) {
  const std::lock_guard lock(state_->mutex);
  const auto file = state_->files.find(normal(path));
  if (file == state_->files.end()) return absent(path);
  return file->second->copy(0, UINT64_MAX);
}

Status MemoryDisk::write(const std::string& path, std::string_view bytes, bool /*durable*/) {
  const std::lock_guard lock(state_->mutex);
  const std::string name = normal(path);
  const bool fault = state_->fault();
  if (!state_->has_folder(parent(name))) return absent(path);
  if (state_->has_folder(name)) return fail(ErrorCode::kIo, path + ": Is a directory");
  state_->bytes(name) = BlockBytes();
  state_->bytes(name).append(fault ? bytes.substr(0, bytes.size() / 2) : bytes);
  if (fault) return state_->injected("write", path);
  return {};
}

Status MemoryDisk::append(const std::string& path, std::string_view bytes) {
  const std::lock_guard lock(state_->mutex);
  const std::string name = normal(path);
  const bool fault = state_->fault();
  if (!state_->has_folder(parent(name))) return absent(path);
  if (state_->has_folder(name)) return fail(ErrorCode::kIo, path + ": Is a directory");
  state_->bytes(name).append(fault ? bytes.substr(0, bytes.size() / 2) : bytes);
  if (fault) return state_->injected("append to", path);
  return {};
}

struct MemoryDisk::Grown final : AppendFile {
  Grown(std::shared_ptr<State> state, std::string path)
      : state_(std::move(state)), path_(std::move(path)) {}
  Status append(std::string_view bytes) override {
    const std::lock_guard lock(state_->mutex);
    const auto file = state_->files.find(normal(path_));
    if (file == state_->files.end()) return absent(path_);
    const bool fault = state_->fault();
    file->second->append(fault ? bytes.substr(0, bytes.size() / 2) : bytes);
    if (fault) return state_->injected("append to", path_);
    return {};
  }
  Status sync() override {
    const std::lock_guard lock(state_->mutex);
    if (state_->fault()) return state_->injected("sync", path_);
    return {};
  }

 private:
  std::shared_ptr<State> state_;
  std::string path_;
};

Result<std::unique_ptr<AppendFile>> MemoryDisk::create(const std::string& path) {
  const std::lock_guard lock(state_->mutex);
  const std::string name = normal(path);
  if (state_->fault()) return state_->injected("create", path);
  if (!state_->has_folder(parent(name))) return absent(path);
  if (state_->has_folder(name) ||
      !state_->files.emplace(name, std::make_shared<BlockBytes>()).second) {
    return fail(ErrorCode::kIo, fmt::format("cannot create {}: File exists", path));
  }
  return std::make_unique<Grown>(state_, path);
}

Result<std::string> MemoryDisk::read_at(const std::string& path, std::uint64_t offset,
                                        std::uint64_t size) {
  const std::lock_guard lock(state_->mutex);
  const auto file = state_->files.find(normal(path));
  if (file == state_->files.end()) return absent(path);
  const BlockBytes& bytes = *file->second;
  if (offset > bytes.size() || size > bytes.size() - offset) {
    return fail(ErrorCode::kIo, fmt::format("cannot read {}: it ends early", path));
  }
  return bytes.copy(offset, size);
}

Status MemoryDisk::truncate(const std::string& path, std::uint64_t size) {
  const std::lock_guard lock(state_->mutex);
  if (state_->fault()) return state_->injected("truncate", path);
  const auto file = state_->files.find(normal(path));
  if (file == state_->files.end()) return absent(path);
  file->second->resize(size);
  return {};
}

Status MemoryDisk::rename(const std::string& from, const std::string& to) {
  const std::lock_guard lock(state_->mutex);
  if (state_->fault()) return state_->injected("rename", from + " to " + to);
  const std::string source = normal(from);
  const std::string target = normal(to);
  auto& files = state_->files;
  auto& folders = state_->folders;
  if (!state_->has_folder(parent(target))) return absent(to);
  if (files.contains(source)) {
    if (state_->has_folder(target)) return fail(ErrorCode::kIo, to + ": Is a directory");
    // Two names of one file stay, as POSIX has it.
    if (files.contains(target) && files[target] == files[source]) return {};
    files[target] = std::move(files[source]);
    files.erase(source);
    return {};
  }
  if (!folders.contains(source)) return absent(from);
  if (files.contains(target)) return fail(ErrorCode::kIo, to + ": Not a directory");
  auto moved = [&](const std::string& path) { return target + path.substr(source.size()); };
  std::map<std::string, std::shared_ptr<BlockBytes>> new_files;
  for (auto& [path, bytes] : files) {
    if (below(path, target)) return fail(ErrorCode::kIo, to + ": Directory not empty");
    new_files[below(path, source) ? moved(path) : path] = bytes;
  }
  std::set<std::string> new_folders;
  for (const std::string& path : folders) {
    if (below(path, target)) return fail(ErrorCode::kIo, to + ": Directory not empty");
    new_folders.insert(path == source || below(path, source) ? moved(path) : path);
  }
  files = std::move(new_files);
  folders = std::move(new_folders);
  return {};
}

Status MemoryDisk::link(const std::string& from, const std::string& to) {
  const std::lock_guard lock(state_->mutex);
  if (state_->fault()) return state_->injected("link", from + " to " + to);
  const std::string target = normal(to);
  const auto file = state_->files.find(normal(from));
  if (file == state_->files.end() || !state_->has_folder(parent(target))) return absent(from);
  if (state_->has_folder(target) || !state_->files.emplace(target, file->second).second) {
    return fail(ErrorCode::kIo, fmt::format("cannot link {} to {}: File exists", from, to));
  }
  return {};
}

Status MemoryDisk::remove(const std::string& path) {
  const std::lock_guard lock(state_->mutex);
  if (state_->fault()) return state_->injected("remove", path);
  const std::string name = normal(path);
  std::erase_if(state_->files,
                [&](const auto& f) { return f.first == name || below(f.first, name); });
  std::erase_if(state_->folders, [&](const auto& f) { return f == name || below(f, name); });
  return {};
}

Status MemoryDisk::make_folders(const std::string& path) {
  const std::lock_guard lock(state_->mutex);
  if (state_->fault()) return state_->injected("make folder", path);
  std::vector<std::string> chain;
  for (std::string name = normal(path); !is_root(name); name = parent(name)) {
    if (state_->files.contains(name)) {
      return fail(ErrorCode::kIo, path + ": a file of that name exists");
    }
    chain.push_back(name);
  }
  state_->folders.insert(chain.begin(), chain.end());
  return {};
}

Status MemoryDisk::sync_folder(const std::string& path) {
  const std::lock_guard lock(state_->mutex);
  if (state_->fault()) return state_->injected("sync folder", path);
  if (!state_->has_folder(normal(path))) return absent(path);
  return {};
}

Result<std::vector<std::string>> MemoryDisk::list(const std::string& path) {
  const std::lock_guard lock(state_->mutex);
  const std::string folder = normal(path);
  if (!state_->has_folder(folder)) return absent(path);
  std::set<std::string> names;
  auto consider = [&](const std::string& name) {
    if (!is_root(name) && parent(name) == folder) names.insert(name.substr(name.rfind('/') + 1));
  };
  for (const auto& [name, bytes] : state_->files) consider(name);
  for (const std::string& name : state_->folders) consider(name);
  return std::vector<std::string>(names.begin(), names.end());
}

bool MemoryDisk::exists(const std::string& path) {
  const std::lock_guard lock(state_->mutex);
  const std::string name = normal(path);
  return state_->files.contains(name) || state_->has_folder(name);
}

Result<std::uint64_t> MemoryDisk::size(const std::string& path) {
  const std::lock_guard lock(state_->mutex);
  const auto file = state_->files.find(normal(path));
  if (file == state_->files.end()) return absent(path);
  return file->second->size();
}

}  // namespace troupe
