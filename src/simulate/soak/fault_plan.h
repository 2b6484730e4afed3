#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/disk_simulated.h"
#include "base/executor.h"
#include "base/rng.h"

namespace troupe {

/// How often each kind of fault came about.
using FaultCounts = std::map<std::string, std::int64_t>;

/// A time in which the disk refuses to write.
struct Outage {
  Nanos from = 0, until = 0;
  ErrorCode code = ErrorCode::kNoSpace;
};

/// What goes wrong between a pool and its instances: chances of a request or reply, and a time in
/// which half of the instances cannot be reached.
struct LinkFaults {
  double hang = 0;        ///< the request is never answered
  double death = 0;       ///< nor any that comes later
  double error = 0;       ///< it fails at once
  double garbage = 0;     ///< the reply is not what the instance said
  double lost = 0;        ///< the reply does not come
  double late = 0;        ///< it comes up to `delay` later
  double twice = 0;       ///< it comes again
  double unloadable = 0;  ///< new weights cannot be loaded
  Nanos delay = kSecond;
  Nanos cut_from = 0, cut_until = 0;
  int cut_half = 0;
  [[nodiscard]] bool any() const {
    return hang + death + error + garbage + lost + late + twice + unloadable > 0 ||
           cut_until > cut_from;
  }
};

/// What goes wrong in one life of the run's process. Empty: nothing.
struct LifeFaults {
  std::optional<std::uint64_t> crash_call;  ///< the process dies in this call of the disk
  std::optional<Nanos> crash_time;          ///< or at this instant
  std::optional<Nanos> interrupt_time;      ///< somebody asks it to stop
  SimulatedDisk::Loss loss = SimulatedDisk::Loss::kNone;  ///< what the end of the life takes
  std::vector<std::pair<std::uint64_t, ErrorCode>> failed_calls;  ///< of the disk, once each
  std::vector<Outage> outages;
  std::vector<std::int64_t> failed_computations;  ///< of the trainers, by number
  LinkFaults links;
  double environment = 0;  ///< chance of an environment's call to fail
  bool slow = false;       ///< jobs of workers and of the disk have a heavy tail
};

/// How long the run is when nothing goes wrong: what faults are spread over.
struct RunExtent {
  Nanos time = 0;
  std::uint64_t calls = 0;        ///< of the disk
  std::int64_t computations = 0;  ///< of the trainers
};

/// The faults of a seed, life by life; behind the last one nothing goes wrong any more.
std::vector<LifeFaults> draw_faults(std::uint64_t seed, const RunExtent& extent);

/// A few words for the log.
std::string faults_text(const LifeFaults& faults);
const char* loss_name(SimulatedDisk::Loss loss);

}  // namespace troupe
