#include "observe/trace_json.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <utility>
#include <vector>

namespace troupe {
namespace {

constexpr int kWorkers = 1;
constexpr int kRun = 2;
constexpr int kFirstTrack = 3;

std::string in_quotes(const std::string& text) {
  return nlohmann::json(text).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

/// Microseconds with all digits: 1234567 ns is "1234.567".
std::string micros(std::int64_t nanos) {
  const std::int64_t whole = std::max<std::int64_t>(nanos, 0);
  return fmt::format("{}.{:03}", whole / 1000, whole % 1000);
}

/// Builds the list of events.
class Writer {
 public:
  explicit Writer(const TraceLog& log) : log_(log) {
    names_.reserve(log.names.size());
    for (const std::string& name : log.names) names_.push_back(in_quotes(name));
  }

  std::string text() {
    name_processes();
    std::map<std::pair<std::uint32_t, std::uint32_t>, std::vector<const TraceEvent*>> rows;
    for (const TraceEvent& event : log_.events) {
      switch (event.kind) {
        case TraceEvent::Kind::kJob:
          add(fmt::format(R"("ph":"X","pid":{},"tid":{},"name":{},"ts":{},"dur":{})", kWorkers,
                          event.track + 1, names_[event.name], micros(event.begin),
                          micros(event.end - event.begin)));
          break;
        case TraceEvent::Kind::kSpan:
          rows[{event.track, event.row}].push_back(&event);
          break;
        case TraceEvent::Kind::kCounter:
          add(fmt::format(R"("ph":"C","pid":{},"name":{},"ts":{},"args":{{"value":{}}})", kRun,
                          names_[event.name], micros(event.begin),
                          std::isfinite(event.value) ? event.value : 0));
          break;
      }
    }
    for (auto& [row, spans] : rows) add_row(spans);
    return fmt::format(
        "{{\"displayTimeUnit\":\"ms\",\"otherData\":{{\"dropped_events\":{}}},"
        "\"traceEvents\":[{}\n]}}\n",
        log_.dropped, events_);
  }

 private:
  void add(const std::string& fields) {
    events_ += (events_.empty() ? "\n{" : ",\n{") + fields + "}";
  }

  void name_process(int pid, const std::string& name) {
    add(fmt::format(R"("ph":"M","pid":{},"name":"process_name","args":{{"name":{}}})", pid, name));
    add(fmt::format(R"("ph":"M","pid":{0},"name":"process_sort_index","args":{{"sort_index":{0}}})",
                    pid));
  }

  void name_processes() {
    std::set<std::uint32_t> workers;
    for (const TraceEvent& event : log_.events) {
      if (event.kind == TraceEvent::Kind::kJob) workers.insert(event.track);
      if (event.kind != TraceEvent::Kind::kSpan) continue;
      pids_.emplace(event.track, kFirstTrack + static_cast<int>(pids_.size()));
    }
    name_process(kWorkers, "\"workers\"");
    for (const std::uint32_t worker : workers) {
      add(fmt::format(
          R"("ph":"M","pid":{},"tid":{},"name":"thread_name","args":{{"name":"worker {}"}})",
          kWorkers, worker + 1, worker));
    }
    name_process(kRun, "\"run\"");
    for (const auto& [track, pid] : pids_) name_process(pid, names_[track]);
  }

  /// Spans that overlap get different ids: the first whose last span has ended, or a new one.
  void add_row(std::vector<const TraceEvent*>& spans) {
    std::stable_sort(spans.begin(), spans.end(),
                     [](const TraceEvent* a, const TraceEvent* b) { return a->begin < b->begin; });
    std::vector<std::int64_t> ends;  // of the row's ids
    for (const TraceEvent* span : spans) {
      auto lane = std::find_if(ends.begin(), ends.end(),
                               [&](std::int64_t end) { return end <= span->begin; });
      if (lane == ends.end()) lane = ends.insert(ends.end(), 0);
      *lane = span->end;
      add_span(*span, first_id_ + (lane - ends.begin()));
    }
    first_id_ += static_cast<std::int64_t>(ends.size());
  }

  void add_span(const TraceEvent& span, std::int64_t id) {
    const std::string common =
        fmt::format(R"("pid":{},"tid":0,"cat":{},"id":"{:#x}","name":{})", pids_.at(span.track),
                    names_[span.row], id, names_[span.name]);
    std::string args;
    if (span.args != nullptr) {
      for (const auto& [key, value] : *span.args) {
        args += fmt::format("{}{}:{}", args.empty() ? "" : ",", in_quotes(key), in_quotes(value));
      }
    }
    add(fmt::format(R"("ph":"b",{},"ts":{},"args":{{{}}})", common, micros(span.begin), args));
    add(fmt::format(R"("ph":"e",{},"ts":{})", common, micros(span.end)));
  }

  const TraceLog& log_;
  std::vector<std::string> names_;  ///< quoted
  std::map<std::uint32_t, int> pids_;
  std::int64_t first_id_ = 1;  ///< of the next row
  std::string events_;
};

}  // namespace

std::string trace_json(const TraceLog& log) { return Writer(log).text(); }

}  // namespace troupe
