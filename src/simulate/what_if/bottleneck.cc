#include "simulate/what_if/bottleneck.h"

#include <fmt/format.h>

#include <algorithm>

namespace troupe {
namespace {

struct Change {
  const char* part;
  const char* what;
  void (*apply)(SimulationOptions&);
};

const std::vector<Change> kChanges = {
    {"rollout chain", "answers in half the time",
     [](SimulationOptions& o) { o.relief.answers = 0.5; }},
    {"rollout throughput", "twice the rollout instances",
     [](SimulationOptions& o) { o.relief.instances = 2; }},
    {"training", "training in half the time",
     [](SimulationOptions& o) { o.relief.training = 0.5; }},
    {"weights", "new weights in half the time",
     [](SimulationOptions& o) { o.relief.weights = 0.5; }},
    {"tools", "tools in half the time", [](SimulationOptions& o) { o.workload.tool_scale /= 2; }},
    {"the run's own thread", "its own thread in half the time",
     [](SimulationOptions& o) { o.relief.host = 0.5; }},
};

bool applies(const Change& change, const SimulationOptions& o) {
  const std::string part = change.part;
  if (part == "tools") return o.workload.tools != "none";
  if (part == "the run's own thread") return o.measured.turn + o.measured.step > 0;
  // More engines on the devices that there are would not be more throughput.
  if (part == "rollout throughput") return !o.cluster.shared;
  return part != "weights" || !o.measured.given();
}

double gain_of(const std::vector<Remedy>& remedies, const std::string& part) {
  for (const Remedy& remedy : remedies) {
    if (remedy.part == part) return remedy.gain;
  }
  return 0;
}

std::string why_text(const Bottleneck& b) {
  const double answers = 100 * gain_of(b.remedies, "rollout chain");
  const double instances = 100 * gain_of(b.remedies, "rollout throughput");
  if (b.part == "rollout chain") {
    return fmt::format(
        "a step lasts as long as its longest episodes: answers twice as fast would shorten it by "
        "{:.0f}%, twice the instances by {:.0f}%",
        answers, std::max(0.0, instances));
  }
  if (b.part == "rollout throughput") {
    return fmt::format(
        "the rollout devices have more to sample than they can at once: twice the instances would "
        "shorten a step by {:.0f}%",
        instances);
  }
  const Remedy& best = b.remedies.front();
  return fmt::format("{} would shorten a step by {:.0f}%, more than anything else", best.what,
                     100 * best.gain);
}

}  // namespace

Result<Bottleneck> find_bottleneck(const SimulationOptions& options, const SimulationResult& result,
                                   const std::function<void(int done, int of)>& on_done) {
  Bottleneck out;
  const auto of = static_cast<int>(std::count_if(
      kChanges.begin(), kChanges.end(), [&](const Change& c) { return applies(c, options); }));
  for (const Change& change : kChanges) {
    if (!applies(change, options)) continue;
    SimulationOptions faster = options;
    change.apply(faster);
    TROUPE_ASSIGN(const SimulationResult with, simulate(faster));
    Remedy remedy;
    remedy.what = change.what;
    remedy.part = change.part;
    remedy.step_seconds = with.step_seconds();
    remedy.gain = 1 - with.step_seconds() / result.step_seconds();
    out.remedies.push_back(remedy);
    if (on_done) on_done(static_cast<int>(out.remedies.size()), of);
  }
  std::stable_sort(out.remedies.begin(), out.remedies.end(),
                   [](const Remedy& a, const Remedy& b) { return a.gain > b.gain; });
  out.part = out.remedies.front().part;
  const double instances = gain_of(out.remedies, "rollout throughput");
  if (out.part == "rollout chain" && instances >= out.remedies.front().gain / 2) {
    out.part = "rollout throughput";
  }
  // Devices that do everything have no throughput of rollout alone.
  if (out.part == "rollout chain" && options.cluster.shared) {
    out.part = "rollout throughput";
    out.why = fmt::format("answers in half the time would shorten a step by {:.0f}%",
                          100 * out.remedies.front().gain);
    return out;
  }
  out.why = why_text(out);
  return out;
}

}  // namespace troupe
