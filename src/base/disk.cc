#include "base/disk.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace troupe {
namespace {

class CopiedFile : public FileView {
 public:
  explicit CopiedFile(std::string bytes) : bytes_(std::move(bytes)) {}
  [[nodiscard]] std::string_view bytes() const override { return bytes_; }
  void release(std::string_view /*part*/) const override {}

 private:
  std::string bytes_;
};

}  // namespace

Result<std::unique_ptr<const FileView>> Disk::map(const std::string& path) {
  TROUPE_ASSIGN(std::string bytes, read(path));
  return std::make_unique<const CopiedFile>(std::move(bytes));
}

Status AppendFile::append_large(std::string_view bytes, const Progress& progress) {
  TROUPE_TRY(append(bytes));
  progress(bytes.size());
  return {};
}

Status Disk::read_large(const std::string& path, std::uint64_t offset, std::span<char> into,
                        const Progress& progress) {
  TROUPE_ASSIGN(const std::string bytes, read_at(path, offset, into.size()));
  std::copy(bytes.begin(), bytes.end(), into.begin());
  progress(bytes.size());
  return {};
}

Result<std::unique_ptr<AppendFile>> Disk::create_large(const std::string& path,
                                                       std::uint64_t /*size*/) {
  return create(path);
}

Status Disk::link(const std::string& from, const std::string& to) {
  return fail(ErrorCode::kIo, fmt::format("cannot link {} to {}: not supported here", from, to));
}

Result<std::unique_ptr<AppendFile>> Disk::overwrite_large(const std::string& path,
                                                          std::uint64_t size) {
  TROUPE_ASSIGN(const std::uint64_t before, this->size(path));  // kNotFound
  (void)before;
  TROUPE_TRY(remove(path));
  return create_large(path, size);
}

Status write_atomic(Disk& disk, const std::string& path, std::string_view bytes) {
  const std::string draft = path + ".writing";
  const std::size_t slash = path.rfind('/');
  const std::string folder = slash == std::string::npos ? "." : path.substr(0, slash + 1);
  auto replace = [&]() -> Status {
    TROUPE_TRY(disk.write(draft, bytes, true));
    return disk.rename(draft, path);
  };
  const Status replaced = replace();
  if (!replaced) {
    (void)disk.remove(draft);
    return replaced;
  }
  return disk.sync_folder(folder);
}

}  // namespace troupe
