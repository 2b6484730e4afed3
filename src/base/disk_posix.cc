#include <fcntl.h>
#include <fmt/format.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <system_error>

#include "base/disk.h"
#include "base/disk_posix_file.h"

namespace troupe {
namespace {

namespace fs = std::filesystem;
using posix::failed;
using posix::File;

/// 0, or the error number.
int write_all(int descriptor, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t n = ::write(descriptor, bytes.data(), bytes.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return errno;
    bytes.remove_prefix(static_cast<std::size_t>(n));
  }
  return 0;
}

class GrownFile final : public AppendFile {
 public:
  explicit GrownFile(const std::string& path)
      : path_(path), file_(path, O_WRONLY | O_CREAT | O_EXCL | O_APPEND) {}
  [[nodiscard]] bool open() const { return file_.open(); }
  Status append(std::string_view bytes) override {
    const int error = write_all(file_.descriptor(), bytes);
    if (error != 0) return failed("append to", path_, error);
    return {};
  }
  Status sync() override {
    if (::fdatasync(file_.descriptor()) == 0) return {};
    return failed("sync", path_, errno);
  }

 private:
  std::string path_;
  File file_;
};

class MappedFile : public FileView {
 public:
  explicit MappedFile(std::string_view bytes) : bytes_(bytes) {}
  ~MappedFile() override { ::munmap(const_cast<char*>(bytes_.data()), bytes_.size()); }
  MappedFile(const MappedFile&) = delete;
  MappedFile& operator=(const MappedFile&) = delete;

  [[nodiscard]] std::string_view bytes() const override { return bytes_; }
  // Only whole pages can go; what they held is read again from the file if somebody asks.
  void release(std::string_view part) const override {
    const auto page = static_cast<std::uintptr_t>(::sysconf(_SC_PAGESIZE));
    const auto begin = (reinterpret_cast<std::uintptr_t>(part.data()) + page - 1) / page * page;
    const auto end = reinterpret_cast<std::uintptr_t>(part.data() + part.size()) / page * page;
    if (begin < end) {
      const auto skipped = begin - reinterpret_cast<std::uintptr_t>(part.data());
      ::madvise(const_cast<char*>(part.data() + skipped), end - begin, MADV_DONTNEED);
    }
  }

 private:
  std::string_view bytes_;
};

class PosixDisk : public Disk {
 public:
  explicit PosixDisk(BlockIo how) : how_(how) {}

  Result<std::unique_ptr<const FileView>> map(const std::string& path) override {
    const File file(path, O_RDONLY);
    struct stat info {};
    if (!file.open() || ::fstat(file.descriptor(), &info) != 0) return failed("read", path, errno);
    // What has no bytes yet, or is no plain file, cannot be mapped.
    if (!S_ISREG(info.st_mode) || info.st_size == 0) return Disk::map(path);
    const auto size = static_cast<std::size_t>(info.st_size);
    void* at = ::mmap(nullptr, size, PROT_READ, MAP_PRIVATE, file.descriptor(), 0);
    if (at == MAP_FAILED) return Disk::map(path);  // a file system without it
    return std::make_unique<const MappedFile>(std::string_view(static_cast<const char*>(at), size));
  }
  Result<std::string> read(const std::string& path) override {
    File file(path, O_RDONLY);
    struct stat info {};
    if (!file.open() || ::fstat(file.descriptor(), &info) != 0) return failed("read", path, errno);
    if (S_ISDIR(info.st_mode)) return failed("read", path, EISDIR);
    // The size is a hint: the file may change, and special files report 0.
    std::string bytes(static_cast<std::size_t>(info.st_size), '\0');
    std::size_t filled = 0;
    for (;;) {
      if (filled == bytes.size()) {
        char more = 0;  // at the expected end: is there more?
        const ssize_t n = ::read(file.descriptor(), &more, 1);
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) return failed("read", path, errno);
        if (n == 0) return bytes;
        bytes.resize(std::max<std::size_t>(4096, 2 * bytes.size()));
        bytes[filled++] = more;
        continue;
      }
      const ssize_t n = ::read(file.descriptor(), bytes.data() + filled, bytes.size() - filled);
      if (n < 0 && errno == EINTR) continue;
      if (n < 0) return failed("read", path, errno);
      filled += static_cast<std::size_t>(n);
      if (n == 0) {
        bytes.resize(filled);
        return bytes;
      }
    }
  }

  Status write(const std::string& path, std::string_view bytes, bool durable) override {
    return put(path, bytes, O_TRUNC, durable, "write");
  }
  Status append(const std::string& path, std::string_view bytes) override {
    return put(path, bytes, O_APPEND, false, "append to");
  }
  Result<std::unique_ptr<AppendFile>> create(const std::string& path) override {
    auto file = std::make_unique<GrownFile>(path);
    if (!file->open()) return failed("create", path, errno);
    return file;
  }
  Result<std::string> read_at(const std::string& path, std::uint64_t offset,
                              std::uint64_t size) override {
    const File file(path, O_RDONLY);
    if (!file.open()) return failed("read", path, errno);
    std::string bytes(size, '\0');
    std::size_t filled = 0;
    while (filled < bytes.size()) {
      const ssize_t n = ::pread(file.descriptor(), bytes.data() + filled, bytes.size() - filled,
                                static_cast<off_t>(offset + filled));
      if (n < 0 && errno == EINTR) continue;
      if (n < 0) return failed("read", path, errno);
      if (n == 0) return fail(ErrorCode::kIo, fmt::format("cannot read {}: it ends early", path));
      filled += static_cast<std::size_t>(n);
    }
    return bytes;
  }
  Status read_large(const std::string& path, std::uint64_t offset, std::span<char> into,
                    const Progress& progress) override {
    return posix::read_large(how_, path, offset, into, progress);
  }
  Result<std::unique_ptr<AppendFile>> create_large(const std::string& path,
                                                   std::uint64_t size) override {
    return posix::create_large(how_, path, size);
  }
  Result<std::unique_ptr<AppendFile>> overwrite_large(const std::string& path,
                                                      std::uint64_t size) override {
    return posix::overwrite_large(how_, path, size);
  }
  Status truncate(const std::string& path, std::uint64_t size) override {
    if (::truncate(path.c_str(), static_cast<off_t>(size)) == 0) return {};
    return failed("truncate", path, errno);
  }
  Status rename(const std::string& from, const std::string& to) override {
    if (std::rename(from.c_str(), to.c_str()) == 0) return {};
    return failed("rename", from + " to " + to, errno);
  }
  Status link(const std::string& from, const std::string& to) override {
    if (::link(from.c_str(), to.c_str()) == 0) return {};
    return failed("link", from + " to " + to, errno);
  }
  Status remove(const std::string& path) override {
    std::error_code error;
    fs::remove_all(path, error);
    if (!error || error == std::errc::not_a_directory) return {};
    return failed("remove", path, error.value());
  }
  Status make_folders(const std::string& path) override {
    std::error_code error;
    fs::create_directories(path, error);
    if (!error && !fs::is_directory(path, error)) {  // a file is in the way
      return fail(ErrorCode::kIo, fmt::format("cannot make folder {}: a file of that name exists; "
                                              "remove it or choose another folder",
                                              path));
    }
    if (error) return failed("make folder", path, error.value());
    return {};
  }
  Status sync_folder(const std::string& path) override {
    File folder(path, O_RDONLY | O_DIRECTORY);
    if (!folder.open()) return failed("sync folder", path, errno);
    // EINVAL: a file system without fsync for folders.
    if (::fsync(folder.descriptor()) == 0 || errno == EINVAL) return {};
    return failed("sync folder", path, errno);
  }
  Result<std::vector<std::string>> list(const std::string& path) override {
    std::error_code error;
    std::vector<std::string> names;
    fs::directory_iterator entry(path, error);
    while (!error && entry != fs::directory_iterator()) {
      names.push_back(entry->path().filename().string());
      entry.increment(error);
    }
    if (error) return failed("list folder", path, error.value());
    std::sort(names.begin(), names.end());
    return names;
  }
  bool exists(const std::string& path) override {
    std::error_code error;
    return fs::exists(path, error);
  }
  Result<std::uint64_t> size(const std::string& path) override {
    struct stat info {};
    if (::stat(path.c_str(), &info) != 0) return failed("look at", path, errno);
    return static_cast<std::uint64_t>(info.st_size);
  }

 private:
  static Status put(const std::string& path, std::string_view bytes, int mode, bool durable,
                    const char* action) {
    File file(path, O_WRONLY | O_CREAT | mode);
    if (!file.open()) return failed(action, path, errno);
    int error = write_all(file.descriptor(), bytes);
    if (error == 0 && durable && ::fsync(file.descriptor()) != 0) error = errno;
    if (error == 0) error = file.close();
    if (error != 0) return failed(action, path, error);
    return {};
  }

  BlockIo how_;
};

}  // namespace

std::unique_ptr<Disk> make_posix_disk(BlockIo how) { return std::make_unique<PosixDisk>(how); }

}  // namespace troupe
