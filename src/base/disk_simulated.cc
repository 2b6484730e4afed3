#include "base/disk_simulated.h"

#include "base/disk_simulated_state.h"

namespace troupe {

SimulatedDisk::SimulatedDisk(std::uint64_t seed) : state_(std::make_shared<State>(seed)) {}
SimulatedDisk::~SimulatedDisk() = default;

std::uint64_t SimulatedDisk::calls() const { return log().size(); }

std::vector<SimulatedDisk::Call> SimulatedDisk::log() const {
  const std::lock_guard lock(state_->mutex);
  return state_->log;
}

void SimulatedDisk::crash_at(std::uint64_t n) {
  const std::lock_guard lock(state_->mutex);
  state_->crash_at = n;
}

bool SimulatedDisk::crashed() const {
  const std::lock_guard lock(state_->mutex);
  return state_->crashed;
}

std::unique_ptr<SimulatedDisk> SimulatedDisk::after_crash(Loss loss, std::uint64_t seed) const {
  const std::lock_guard lock(state_->mutex);
  auto found = std::make_unique<SimulatedDisk>(seed_join(state_->seed, seed));
  found->state_->image = state_->image;
  found->state_->image.crash(loss, seed);
  return found;
}

void SimulatedDisk::fail_call(std::uint64_t n, ErrorCode code) {
  const std::lock_guard lock(state_->mutex);
  state_->announced[n] = code;
}

void SimulatedDisk::fail_while(ErrorCode code) {
  const std::lock_guard lock(state_->mutex);
  state_->failing = code;
}

void SimulatedDisk::heal() {
  const std::lock_guard lock(state_->mutex);
  state_->failing.reset();
}

Status SimulatedDisk::flip(const std::string& path, std::uint64_t offset, int bit) {
  const std::lock_guard lock(state_->mutex);
  TROUPE_ASSIGN(SimulatedFile * file, state_->image.file(path));
  if (offset >= file->cached().size()) {
    return fail(ErrorCode::kIo, fmt::format("cannot flip a bit of {}: it ends early", path));
  }
  file->flip(offset, bit);
  return {};
}

Status SimulatedDisk::write(const std::string& path, std::string_view bytes, bool durable) {
  auto put = [&](std::string_view part, bool sync) -> Status {
    TROUPE_ASSIGN(SimulatedFile * file, state_->image.file_or_new(path));
    file->truncate(0);
    file->append(part);
    if (sync) file->sync();
    return {};
  };
  return state_->perform(
      {CallKind::kWrite, path}, [&] { return put(bytes, durable); },
      [&](Rng& rng) { (void)put(bytes.substr(0, rng.below(bytes.size() + 1)), false); });
}

Status SimulatedDisk::append(const std::string& path, std::string_view bytes) {
  auto put = [&](std::string_view part) -> Status {
    TROUPE_ASSIGN(SimulatedFile * file, state_->image.file_or_new(path));
    file->append(part);
    return {};
  };
  return state_->perform(
      {CallKind::kAppend, path}, [&] { return put(bytes); },
      [&](Rng& rng) { (void)put(bytes.substr(0, rng.below(bytes.size() + 1))); });
}

/// Stays with its file also when that is renamed or removed.
class SimulatedDisk::Grown final : public AppendFile {
 public:
  Grown(std::shared_ptr<State> state, std::string path, SimulatedTree::Id id)
      : state_(std::move(state)), path_(std::move(path)), id_(id) {}

  Status append(std::string_view bytes) override {
    auto put = [&](std::string_view part) -> Status {
      state_->image.files.at(id_).append(part);
      return {};
    };
    return state_->perform(
        {CallKind::kAppend, path_}, [&] { return put(bytes); },
        [&](Rng& rng) { (void)put(bytes.substr(0, rng.below(bytes.size() + 1))); });
  }
  Status sync() override {
    return state_->perform(
        {CallKind::kSync, path_},
        [&]() -> Status {
          state_->image.files.at(id_).sync();
          return {};
        },
        [&](Rng& /*rng*/) {
          // In a crash the bytes are under way, and some may arrive.
          if (!state_->crashed) state_->image.files.at(id_).fail_sync();
        });
  }

 private:
  std::shared_ptr<State> state_;
  std::string path_;
  SimulatedTree::Id id_;
};

Result<std::unique_ptr<AppendFile>> SimulatedDisk::create(const std::string& path) {
  SimulatedTree::Id id = 0;
  TROUPE_TRY(state_->perform({CallKind::kCreate, path}, [&]() -> Status {
    if (state_->image.tree.find(path)) {
      return fail(ErrorCode::kIo, fmt::format("cannot create {}: File exists", path));
    }
    TROUPE_ASSIGN(id, state_->image.new_file(path));
    return {};
  }));
  return std::make_unique<Grown>(state_, path, id);
}

Status SimulatedDisk::truncate(const std::string& path, std::uint64_t size) {
  return state_->perform({CallKind::kTruncate, path}, [&]() -> Status {
    TROUPE_ASSIGN(SimulatedFile * file, state_->image.file(path));
    file->truncate(size);
    return {};
  });
}

Status SimulatedDisk::rename(const std::string& from, const std::string& to) {
  return state_->perform({CallKind::kRename, from, to},
                         [&] { return state_->image.tree.rename(from, to); });
}

Status SimulatedDisk::link(const std::string& from, const std::string& to) {
  return state_->perform({CallKind::kLink, from, to},
                         [&] { return state_->image.tree.link(from, to); });
}

Status SimulatedDisk::remove(const std::string& path) {
  auto remove_first = [&](auto choose) -> Status {
    const auto removals = state_->image.tree.removals(path);
    const std::uint64_t n = choose(removals.size());
    for (std::uint64_t i = 0; i < n; ++i) state_->image.tree.remove(removals[i]);
    return {};
  };
  return state_->perform(
      {CallKind::kRemove, path},
      [&] { return remove_first([](std::uint64_t all) { return all; }); },
      [&](Rng& rng) {
        (void)remove_first([&](std::uint64_t all) { return all == 0 ? 0 : rng.below(all); });
      });
}

Status SimulatedDisk::make_folders(const std::string& path) {
  return state_->perform({CallKind::kMakeFolders, path},
                         [&] { return state_->image.tree.make_folders(path); });
}

Status SimulatedDisk::sync_folder(const std::string& path) {
  return state_->perform({CallKind::kSyncFolder, path}, [&]() -> Status {
    TROUPE_ASSIGN(const SimulatedTree::Id folder, state_->image.folder(path));
    state_->image.tree.sync(folder);
    return {};
  });
}

Result<std::string> SimulatedDisk::read(const std::string& path) {
  const std::lock_guard lock(state_->mutex);
  TROUPE_TRY(state_->alive("read " + path));
  TROUPE_ASSIGN(const SimulatedFile* file, state_->image.file(path));
  return file->cached();
}

Result<std::string> SimulatedDisk::read_at(const std::string& path, std::uint64_t offset,
                                           std::uint64_t size) {
  const std::lock_guard lock(state_->mutex);
  TROUPE_TRY(state_->alive("read " + path));
  TROUPE_ASSIGN(const SimulatedFile* file, state_->image.file(path));
  const std::string& bytes = file->cached();
  if (offset > bytes.size() || size > bytes.size() - offset) {
    return fail(ErrorCode::kIo, fmt::format("cannot read {}: it ends early", path));
  }
  return bytes.substr(offset, size);
}

Result<std::vector<std::string>> SimulatedDisk::list(const std::string& path) {
  const std::lock_guard lock(state_->mutex);
  TROUPE_TRY(state_->alive("list folder " + path));
  TROUPE_ASSIGN(const SimulatedTree::Id folder, state_->image.folder(path));
  return state_->image.tree.names(folder);
}

bool SimulatedDisk::exists(const std::string& path) {
  const std::lock_guard lock(state_->mutex);
  return !state_->crashed && state_->image.tree.find(path);
}

Result<std::uint64_t> SimulatedDisk::size(const std::string& path) {
  const std::lock_guard lock(state_->mutex);
  TROUPE_TRY(state_->alive("look at " + path));
  TROUPE_ASSIGN(const SimulatedFile* file, state_->image.file(path));
  return file->cached().size();
}

}  // namespace troupe
