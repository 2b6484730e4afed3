#include "simulate/studies/flexmarl.h"

#include <algorithm>
#include <cmath>

#include "base/rng.h"
#include "simulate/studies/flexmarl_ranges.h"

namespace troupe {
namespace {

// The published setting.
constexpr std::int64_t kNodes = 48;
constexpr std::int64_t kNpusPerNode = 16;
constexpr std::int64_t kQueries = 4;  // at once, of 16 branches each: a global batch of 64
constexpr std::int64_t kBranches = 16;
constexpr std::int64_t kLongestAnswer = 8192;
constexpr double kThreshold = 5;

constexpr std::int64_t kTrainingTensor = 8;  // of a policy in training; not published
constexpr std::int64_t kContext = 32'768;    // that sessions reserve; not published

const std::vector<FlexmarlSetting> kSettings = {
    {"MA",
     "Merchant Assistant, every agent its own Qwen2.5-14B",
     {"qwen2.5-14b"},
     174.1,
     126.1,
     152.2,
     256.2},
    {"CA",
     "Category Assistant, a mix of Qwen2.5-14B and 32B",
     {"qwen2.5-14b", "qwen2.5-32b"},
     112.8,
     78.8,
     95.9,
     124.1},
};

struct Schedule {
  const char* name;
  const char* mode;
  const char* router;
  const char* balancer;
  bool on_demand;  ///< training slots are shared
  bool shared;     ///< all devices do both
};
constexpr Schedule kSchedules[] = {
    {"MARTI-like", "barrier", "round_robin", "none", false, false},
    {"FlexMARL", "micro_batch", "least_in_flight", "disparity", true, false},
    {"FlexMARL without balancing", "micro_batch", "round_robin", "none", true, false},
    {"FlexMARL without async", "barrier", "least_in_flight", "disparity", true, false},
    {"our default", "micro_batch", "least_work", "disparity", false, false},
    {"ours, overlap 1", "overlap", "least_work", "disparity", false, false},
    {"MARTI-like on one pool", "barrier", "round_robin", "none", false, true},
};

double published(const FlexmarlSetting& setting, const std::string& row) {
  if (row == "MARTI-like") return setting.marti;
  if (row == "FlexMARL") return setting.flexmarl;
  if (row == "FlexMARL without balancing") return setting.without_balancing;
  return row == "FlexMARL without async" ? setting.without_async : 0;
}

/// Simulates a row; nothing if it does not fit the devices.
std::optional<SimulationResult> seconds_of(const SimulationOptions& options, Status& bug) {
  auto out = simulate(options);
  if (out) return std::move(*out);
  if (out.error().code != ErrorCode::kInvalid) bug = tl::unexpected(out.error());
  return std::nullopt;
}

}  // namespace

const std::vector<FlexmarlSetting>& flexmarl_settings() { return kSettings; }

std::vector<std::string> flexmarl_rows() {
  std::vector<std::string> out;
  for (const Schedule& schedule : kSchedules) out.emplace_back(schedule.name);
  return out;
}

std::map<std::string, double> flexmarl_draw(const FlexmarlSetting& setting, std::uint64_t seed,
                                            int index) {
  std::map<std::string, double> out;
  Rng rng(seed_join(seed_join(seed, setting.name), static_cast<std::uint64_t>(index)));
  for (const StudyRange& range : kFlexmarlRanges) {
    const double share = rng.uniform();
    double value = range.logarithmic ? range.low * std::pow(range.high / range.low, share)
                                     : range.low + share * (range.high - range.low);
    if (range.whole) {
      value = std::min(range.high, std::floor(range.low + share * (range.high - range.low + 1)));
    }
    out[range.name] = value;
  }
  return out;
}

SimulationOptions flexmarl_options(const FlexmarlSetting& setting,
                                   const std::map<std::string, double>& draw,
                                   const std::string& row, std::int64_t steps) {
  const Schedule& schedule = *std::find_if(std::begin(kSchedules), std::end(kSchedules),
                                           [&row](const Schedule& s) { return s.name == row; });
  const auto whole = [&draw](const char* name) { return std::llround(draw.at(name)); };
  SimulationOptions o;
  o.run.steps = steps;
  o.run.groups = kQueries;
  o.run.group_size = kBranches;
  o.cluster.device = "npu64";
  o.cluster.devices = kNodes * kNpusPerNode;
  o.cluster.devices_per_node = kNpusPerNode;
  o.cluster.training_devices =
      std::llround(draw.at("training_share") * static_cast<double>(o.cluster.devices));
  o.cluster.tensor_parallel = std::int64_t{1} << whole("tensor_log2");
  o.cluster.training_tensor_parallel = kTrainingTensor;
  o.team.agents = whole("agents");
  o.team.models = setting.models;
  if (schedule.on_demand) {
    const std::int64_t slots = std::llround(std::ceil(draw.at("slot_share") * draw.at("agents")));
    o.cluster.training_slots = slots < o.team.agents ? slots : 0;
  }
  if (schedule.shared) {
    o.cluster.shared = true;
    o.cluster.training_devices = o.cluster.devices;
  }
  o.workload.turns = whole("turns");
  o.workload.min_turns = (o.workload.turns + 1) / 2;
  const double turns = static_cast<double>(o.workload.turns + o.workload.min_turns) / 2;
  o.workload.answer_sigma = draw.at("answer_sigma");
  o.workload.task_sigma = draw.at("task_sigma");
  // The mean of a log-normal is its median times exp(sigma^2 / 2).
  const double variance = std::pow(o.workload.answer_sigma, 2) + std::pow(o.workload.task_sigma, 2);
  o.workload.answer_median = draw.at("sample_tokens") / turns / std::exp(variance / 2);
  o.workload.answer_cap = kLongestAnswer;
  o.workload.prompt_tokens = whole("prompt_tokens");
  o.workload.observation_tokens = whole("observation_tokens");
  o.workload.zipf = draw.at("zipf");
  o.workload.hot_groups = whole("hot_groups");
  o.workload.tools = "tracelab";
  o.workload.tool_scale = draw.at("tool_scale");
  o.workload.max_context = kContext;
  o.efficiency.bandwidth = draw.at("bandwidth");
  o.efficiency.prefill = draw.at("prefill");
  o.efficiency.training = draw.at("training");
  o.efficiency.step_overhead = draw.at("step_overhead");
  o.pipeline.mode.mode = schedule.mode;
  o.router.kind = schedule.router;
  o.balancer.kind = schedule.balancer;
  if (o.balancer.kind == "disparity") o.balancer.threshold = kThreshold;
  return o;
}

Result<FlexmarlStudy> study_flexmarl(const FlexmarlSetting& setting, int draws, std::int64_t steps,
                                     std::uint64_t seed,
                                     const std::function<void(int done, int kept)>& progress) {
  const double began = unix_time();
  FlexmarlStudy out;
  out.setting = setting;
  out.draws = draws;
  for (const std::string& name : flexmarl_rows()) {
    out.rows.push_back(FlexmarlRow{name, published(setting, name), {}, {}});
  }
  Status bug;
  for (int i = 0; i < draws && bug; ++i) {
    const auto draw = flexmarl_draw(setting, seed, i);
    const auto marti =
        seconds_of(flexmarl_options(setting, draw, out.rows.front().name, steps), bug);
    if (!marti) {
      ++out.invalid;
    } else {
      out.marti.push_back(marti->step_seconds());
      if (std::abs(marti->step_seconds() / setting.marti - 1) <= kFlexmarlMatch) {
        std::vector<SimulationResult> all = {*marti};
        for (std::size_t r = 1; r < out.rows.size(); ++r) {
          const auto row =
              seconds_of(flexmarl_options(setting, draw, out.rows[r].name, steps), bug);
          if (row) all.push_back(*row);
        }
        if (all.size() == out.rows.size()) {
          for (std::size_t r = 0; r < all.size(); ++r) {
            out.rows[r].seconds.push_back(all[r].step_seconds());
            out.rows[r].ratios.push_back(all[r].step_seconds() / all[0].step_seconds());
          }
          out.bounds.push_back(all[1].bound / static_cast<double>(all[1].steps.size()));
          for (const auto& [name, value] : draw) out.parameters[name].push_back(value);
        } else {
          ++out.invalid;
        }
      }
    }
    if (progress) progress(i + 1, static_cast<int>(out.bounds.size()));
  }
  if (!bug) return tl::unexpected(bug.error());
  out.wall_seconds = unix_time() - began;
  return out;
}

double quantile(std::vector<double> values, double share) {
  if (values.empty()) return 0;
  std::sort(values.begin(), values.end());
  const double at = share * static_cast<double>(values.size() - 1);
  const auto low = static_cast<std::size_t>(at);
  const std::size_t high = std::min(low + 1, values.size() - 1);
  return values[low] + (at - static_cast<double>(low)) * (values[high] - values[low]);
}

}  // namespace troupe
