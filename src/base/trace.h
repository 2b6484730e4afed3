#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace troupe {

/// What else is known of a span: name and value.
using TraceArgs = std::vector<std::pair<std::string, std::string>>;

/// Something that happened. Strings are indices into TraceLog::names. Times are nanoseconds of the
/// executor's clock.
struct TraceEvent {
  enum class Kind : std::uint8_t {
    kJob,      ///< what a worker did; a worker's jobs do not overlap
    kSpan,     ///< in a row of a track; spans of a row may overlap
    kCounter,  ///< `value` from `begin` on
  };
  Kind kind = Kind::kJob;
  std::uint32_t track = 0;  ///< kJob: the worker's number; kSpan: a name; kCounter: not used
  std::uint32_t row = 0;    ///< kSpan: a name
  std::uint32_t name = 0;
  std::int64_t begin = 0;
  std::int64_t end = 0;
  double value = 0;
  std::shared_ptr<const TraceArgs> args;  ///< null: none
};

/// What a Trace holds.
struct TraceLog {
  std::vector<std::string> names;
  std::deque<TraceEvent> events;  ///< in the order in which they were recorded
  std::int64_t dropped = 0;       ///< older ones that had to make room
};

/// Records what workers do and what the scheduling code says, for a picture of a run's schedule
/// (observe/trace_json.h writes it). An executor without one records nothing and pays for a null
/// check. Spans are recorded whole, so that no beginning is without its end.
///
/// Holds the last `capacity` events, about 100 bytes each, and counts what it dropped. All
/// functions may be called from any thread.
class Trace {
 public:
  /// `capacity`: at least 1.
  explicit Trace(std::size_t capacity = 1U << 20) : capacity_(capacity) {}
  Trace(const Trace&) = delete;
  Trace& operator=(const Trace&) = delete;

  void job(int worker, std::string_view kind, std::int64_t begin, std::int64_t end);
  void span(std::string_view track, std::string_view row, std::string_view name, std::int64_t begin,
            std::int64_t end, TraceArgs args = {});
  void counter(std::string_view name, std::int64_t when, double value);

  /// Gives what is held and begins anew.
  [[nodiscard]] TraceLog take();

 private:
  std::uint32_t name_of(std::string_view name);
  void add(TraceEvent event);

  const std::size_t capacity_;
  std::mutex mutex_;
  TraceLog log_;
  std::map<std::string, std::uint32_t, std::less<>> ids_;  ///< of log_.names
};

}  // namespace troupe
