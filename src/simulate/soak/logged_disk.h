#pragma once

#include <memory>
#include <string>
#include <utility>

#include "base/disk_layer.h"
#include "base/disk_simulated.h"
#include "simulate/soak/event_log.h"

namespace troupe {

/// A simulated disk whose changes are written into the log as they are made, with what failed of
/// them. The disk below and the log must outlive it and its files.
class LoggedDisk final : public DiskLayer {
 public:
  LoggedDisk(SimulatedDisk& below, Executor& executor, EventLog& log)
      : DiskLayer(below), executor_(executor), log_(log) {}

  Status write(const std::string& path, std::string_view bytes, bool durable) override {
    return told(durable ? "write, sync" : "write", path, below_.write(path, bytes, durable));
  }
  Status append(const std::string& path, std::string_view bytes) override {
    return told("append", path, below_.append(path, bytes));
  }
  Result<std::unique_ptr<AppendFile>> create(const std::string& path) override {
    auto file = below_.create(path);
    (void)told("create", path, file ? Status() : Status(tl::unexpected(file.error())));
    if (!file) return file;
    return std::make_unique<File>(*this, path, std::move(*file));
  }
  Status truncate(const std::string& path, std::uint64_t size) override {
    return told("truncate", path, below_.truncate(path, size));
  }
  Status rename(const std::string& from, const std::string& to) override {
    return told("rename", from + " to " + to, below_.rename(from, to));
  }
  Status link(const std::string& from, const std::string& to) override {
    return told("link", from + " to " + to, below_.link(from, to));
  }
  Status remove(const std::string& path) override {
    return told("remove", path, below_.remove(path));
  }
  Status make_folders(const std::string& path) override {
    return told("make folders", path, below_.make_folders(path));
  }
  Status sync_folder(const std::string& path) override {
    return told("sync folder", path, below_.sync_folder(path));
  }

 private:
  class File final : public AppendFile {
   public:
    File(LoggedDisk& disk, std::string path, std::unique_ptr<AppendFile> below)
        : disk_(disk), path_(std::move(path)), below_(std::move(below)) {}
    Status append(std::string_view bytes) override {
      return disk_.told("append", path_, below_->append(bytes));
    }
    Status sync() override { return disk_.told("sync", path_, below_->sync()); }

   private:
    LoggedDisk& disk_;
    std::string path_;
    std::unique_ptr<AppendFile> below_;
  };

  Status told(const char* what, const std::string& path, Status done) {
    log_.say(executor_.now(), std::string("disk: ") + what + " " + path +
                                  (done ? "" : ": failed: " + done.error().message));
    return done;
  }

  Executor& executor_;
  EventLog& log_;
};

}  // namespace troupe
