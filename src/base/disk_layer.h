#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/disk.h"

namespace troupe {

/// Another disk with something of its own: derive, and override what is to differ. Everything else
/// goes through as it is. The disk below must outlive this one.
class DiskLayer : public Disk {
 public:
  explicit DiskLayer(Disk& below) : below_(below) {}

  Result<std::string> read(const std::string& path) override { return below_.read(path); }
  Result<std::unique_ptr<const FileView>> map(const std::string& path) override {
    return below_.map(path);
  }
  Status write(const std::string& path, std::string_view bytes, bool durable) override {
    return below_.write(path, bytes, durable);
  }
  Status append(const std::string& path, std::string_view bytes) override {
    return below_.append(path, bytes);
  }
  Result<std::unique_ptr<AppendFile>> create(const std::string& path) override {
    return below_.create(path);
  }
  Result<std::string> read_at(const std::string& path, std::uint64_t offset,
                              std::uint64_t size) override {
    return below_.read_at(path, offset, size);
  }
  Status truncate(const std::string& path, std::uint64_t size) override {
    return below_.truncate(path, size);
  }
  Status rename(const std::string& from, const std::string& to) override {
    return below_.rename(from, to);
  }
  Status link(const std::string& from, const std::string& to) override {
    return below_.link(from, to);
  }
  Status remove(const std::string& path) override { return below_.remove(path); }
  Status make_folders(const std::string& path) override { return below_.make_folders(path); }
  Status sync_folder(const std::string& path) override { return below_.sync_folder(path); }
  Result<std::vector<std::string>> list(const std::string& path) override {
    return below_.list(path);
  }
  bool exists(const std::string& path) override { return below_.exists(path); }
  Result<std::uint64_t> size(const std::string& path) override { return below_.size(path); }

 protected:
  Disk& below_;
};

}  // namespace troupe
