#include "base/trace.h"

namespace troupe {

std::uint32_t Trace::name_of(std::string_view name) {
  const auto found = ids_.find(name);
  if (found != ids_.end()) return found->second;
  const auto id = static_cast<std::uint32_t>(log_.names.size());
  log_.names.emplace_back(name);
  ids_.emplace(std::string(name), id);
  return id;
}

void Trace::add(TraceEvent event) {
  if (log_.events.size() >= capacity_) {
    log_.events.pop_front();
    ++log_.dropped;
  }
  log_.events.push_back(std::move(event));
}

void Trace::job(int worker, std::string_view kind, std::int64_t begin, std::int64_t end) {
  const std::lock_guard lock(mutex_);
  TraceEvent event;
  event.track = static_cast<std::uint32_t>(worker);
  event.name = name_of(kind);
  event.begin = begin;
  event.end = end;
  add(std::move(event));
}

void Trace::span(std::string_view track, std::string_view row, std::string_view name,
                 std::int64_t begin, std::int64_t end, TraceArgs args) {
  const std::lock_guard lock(mutex_);
  TraceEvent event;
  event.kind = TraceEvent::Kind::kSpan;
  event.track = name_of(track);
  event.row = name_of(row);
  event.name = name_of(name);
  event.begin = begin;
  event.end = end;
  if (!args.empty()) event.args = std::make_shared<const TraceArgs>(std::move(args));
  add(std::move(event));
}

void Trace::counter(std::string_view name, std::int64_t when, double value) {
  const std::lock_guard lock(mutex_);
  TraceEvent event;
  event.kind = TraceEvent::Kind::kCounter;
  event.name = name_of(name);
  event.begin = event.end = when;
  event.value = value;
  add(std::move(event));
}

TraceLog Trace::take() {
  const std::lock_guard lock(mutex_);
  ids_.clear();
  return std::exchange(log_, {});
}

}  // namespace troupe
