#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/stopwatch.h"
#include "troupe/result.h"

namespace troupe::bench {

/// The durability that every contender is given: what it was told to keep is brought to the disk
/// (fsync) once in so many seconds, and all of it before the clock stops.
constexpr double kSyncSeconds = 1.0;

/// What is appended: samples of one size, in groups that are taken together.
struct Workload {
  std::int64_t sample_bytes = 4096;
  int group = 16;            ///< samples
  std::int64_t samples = 0;  ///< at most so many, a multiple of `group`
  double seconds = 12;       ///< at most so long
  int takes = 0;             ///< groups that are taken afterwards, at most
};

/// True whenever kSyncSeconds have passed since it last was.
class SyncTimer {
 public:
  bool due() {
    const double t = now();
    if (t - last_ < kSyncSeconds) return false;
    last_ = t;
    return true;
  }

 private:
  double last_ = now();
};

/// The bytes of samples: random, so that nothing can compress them. Sample i is the same in every
/// run; samples repeat after 8 MiB.
class SampleBytes {
 public:
  explicit SampleBytes(std::int64_t sample_bytes);
  std::string_view operator[](std::int64_t i) const {
    return std::string_view(bytes_).substr(static_cast<std::size_t>(i % count_) * size_, size_);
  }

 private:
  std::size_t size_;
  std::int64_t count_;
  std::string bytes_;
};

struct Appended {
  std::int64_t samples = 0;
  double seconds = 0;              ///< until the last sample is durable
  std::uint64_t disk_bytes = 0;    ///< of all its files
  std::uint64_t memory_bytes = 0;  ///< by which its memory grew; 0: holds nothing there
};

struct Taken {
  std::int64_t samples = 0;
  std::vector<double> seconds;  ///< of each group
};

/// One way to keep samples. Single-threaded use; what it has is gone when it goes.
class Contender {
 public:
  virtual ~Contender() = default;
  /// Before append(), and not measured: brings its process to where it would be after a while.
  virtual void warm_up(const Workload&) {}
  /// Into an empty store. Called once.
  virtual Result<Appended> append(const Workload& load) = 0;
  /// Takes groups of what append() left, one after the other: the bytes of a group's samples are
  /// here, and the store knows that they were given out.
  virtual Result<Taken> take(const Workload& load) = 0;
};

/// A kind of contender: its name, and how one is made in an empty folder.
struct Entry {
  std::string system;      ///< "raw", "troupe", "redis", "sqlite"
  std::string variant;     ///< how it is used
  std::string durability;  ///< what a power cut costs
  std::int64_t sample_bytes = 0;
  int group = 0;
  /// kNotFound or kUnavailable if this machine cannot run it. Null: this build cannot.
  Result<std::unique_ptr<Contender>> (*make)(const std::string& folder) = nullptr;
  std::string absent;  ///< why not, if `make` is null
};

/// The entries of each system for one size of samples. The first one of raw is the bar.
std::vector<Entry> raw_entries(std::int64_t sample_bytes);
std::vector<Entry> our_entries(std::int64_t sample_bytes);
std::vector<Entry> redis_entries(std::int64_t sample_bytes);
std::vector<Entry> sqlite_entries(std::int64_t sample_bytes);

/// "up to 1 s": what a power cut costs with a sync every kSyncSeconds.
std::string lost_at_power_cut();

/// Bytes of all files below a folder.
std::uint64_t bytes_below(const std::string& folder);

}  // namespace troupe::bench
