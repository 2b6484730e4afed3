#include "experience/selection/selection.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "config/nearest.h"
#include "experience/selection/admission_order.h"
#include "experience/selection/arrival_order.h"
#include "experience/selection/oldest_first.h"
#include "experience/selection/priority.h"
#include "experience/selection/windowed.h"

namespace troupe {
namespace {

using Made = std::unique_ptr<Selector>;

struct Entry {
  const char* name;
  bool has_window;
  Made (*make)(std::int64_t window);
};

constexpr Entry kSelectors[] = {
    {"admission", false, [](std::int64_t) -> Made { return std::make_unique<AdmissionOrder>(); }},
    {"arrival", false, [](std::int64_t) -> Made { return std::make_unique<ArrivalOrder>(); }},
    {"oldest_first", false, [](std::int64_t) -> Made { return std::make_unique<OldestFirst>(); }},
    {"windowed", true, [](std::int64_t w) -> Made { return std::make_unique<Windowed>(w); }},
    {"priority", false, [](std::int64_t) -> Made { return std::make_unique<HighestPriority>(); }},
};

}  // namespace

std::vector<std::string> selector_names() {
  std::vector<std::string> names;
  for (const Entry& entry : kSelectors) names.emplace_back(entry.name);
  return names;
}

Result<std::unique_ptr<Selector>> make_selector(const std::string& name, std::int64_t window) {
  for (const Entry& entry : kSelectors) {
    if (entry.name != name) continue;
    if (window < 0) {
      return fail(ErrorCode::kInvalid, fmt::format("a window of {} steps: give 0 or more", window));
    }
    if (window != 0 && !entry.has_window) {
      return fail(
          ErrorCode::kInvalid,
          fmt::format("a window of {} steps does nothing with selection '{}': leave it out, "
                      "or choose 'windowed'",
                      window, name));
    }
    return entry.make(window);
  }
  const std::vector<std::string> names = selector_names();
  const auto nearest = nearest_word(name, names);
  return fail(ErrorCode::kInvalid,
              fmt::format("unknown selection '{}'; {}there are {}", name,
                          nearest ? fmt::format("did you mean '{}'? ", *nearest) : "",
                          fmt::join(names, ", ")));
}

}  // namespace troupe
