#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>

#include "base/disk_posix_file.h"
#include "base/pages.h"

namespace troupe::posix {
namespace {

/// Direct I/O needs all three in whole pages; what is small is not worth it.
bool direct_fits(const Transfer& transfer) {
  const auto at = reinterpret_cast<std::uintptr_t>(transfer.data);
  return (at | transfer.offset | transfer.size) % Pages::kPage == 0 &&
         transfer.size >= 4 * Pages::kPage;
}

/// 0, an errno or kEndsEarly.
int transfer(BlockIo how, const File& file, const Transfer& transfer, const Progress& progress) {
  if (direct_fits(transfer) && file.set_direct(true)) {
    const int error = transfer_blocks(how, transfer, progress);
    if (error != EINVAL) return error;  // it wants another alignment than all disks we know
  }
  (void)file.set_direct(false);
  return transfer_blocks(how, transfer, progress);
}

class LargeFile final : public AppendFile {
 public:
  LargeFile(BlockIo how, const std::string& path, int flags)
      : how_(how), path_(path), file_(path, O_WRONLY | flags) {}
  [[nodiscard]] bool open() const { return file_.open(); }

  /// Asks for all blocks at once: a full disk says so now, and writes that go on beside each other
  /// need not wait for the file to grow. 0 or ENOSPC and the like.
  int reserve(std::uint64_t size) {
    if (::lseek(file_.descriptor(), 0, SEEK_END) > static_cast<off_t>(size) &&
        ::ftruncate(file_.descriptor(), static_cast<off_t>(size)) != 0) {
      return errno;
    }
    if (size == 0 || ::fallocate(file_.descriptor(), 0, 0, static_cast<off_t>(size)) == 0) {
      reserved_ = size;
      return 0;
    }
    return errno == ENOSPC || errno == EDQUOT || errno == EFBIG ? errno
                                                                : 0;  // cannot, or no matter
  }
  Status append(std::string_view bytes) override {
    return append_large(bytes, [](std::uint64_t) {});
  }
  Status append_large(std::string_view bytes, const Progress& progress) override {
    Transfer part;
    part.way = Transfer::Way::kWrite;
    part.descriptor = file_.descriptor();
    part.offset = size_;
    part.data = const_cast<char*>(bytes.data());
    part.size = bytes.size();
    const int error = transfer(how_, file_, part, progress);
    if (error != 0) return failed("append to", path_, error);
    size_ += bytes.size();
    return {};
  }
  Status sync() override {
    if (reserved_ > size_ && ::ftruncate(file_.descriptor(), static_cast<off_t>(size_)) != 0) {
      return failed("truncate", path_, errno);
    }
    reserved_ = 0;
    if (::fdatasync(file_.descriptor()) == 0) return {};
    return failed("sync", path_, errno);
  }

 private:
  BlockIo how_;
  std::string path_;
  File file_;
  std::uint64_t size_ = 0;
  std::uint64_t reserved_ = 0;
};

}  // namespace

Status read_large(BlockIo how, const std::string& path, std::uint64_t offset, std::span<char> into,
                  const Progress& progress) {
  const File file(path, O_RDONLY);
  if (!file.open()) return failed("read", path, errno);
  Transfer all;
  all.descriptor = file.descriptor();
  all.offset = offset;
  all.data = into.data();
  all.size = into.size();
  const int error = transfer(how, file, all, progress);
  if (error == kEndsEarly) {
    return fail(ErrorCode::kIo, fmt::format("cannot read {}: it ends early", path));
  }
  if (error != 0) return failed("read", path, error);
  return {};
}

namespace {

Result<std::unique_ptr<AppendFile>> open_large(BlockIo how, const std::string& path, int flags,
                                               std::uint64_t size) {
  auto file = std::make_unique<LargeFile>(how, path, flags);
  if (!file->open()) return failed("create", path, errno);
  const int error = file->reserve(size);
  if (error == 0) return file;
  (void)::unlink(path.c_str());
  return failed("create", path, error);
}

}  // namespace

Result<std::unique_ptr<AppendFile>> create_large(BlockIo how, const std::string& path,
                                                 std::uint64_t size) {
  return open_large(how, path, O_CREAT | O_EXCL, size);
}

Result<std::unique_ptr<AppendFile>> overwrite_large(BlockIo how, const std::string& path,
                                                    std::uint64_t size) {
  return open_large(how, path, 0, size);
}

}  // namespace troupe::posix
