#include "simulate/studies/flexmarl.h"

#include <algorithm>
#include <cmath>

#include "simulate/studies/flexmarl_ranges.h"
#include "simulate/studies/our_weights.h"

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

// Swapping the state of the largest policy, 32B, in and out takes 11 s: 16 bytes a parameter.
constexpr double kSwapBandwidth = 2 * 16 * 32.8e9 / 11;

struct Schedule {
  const char* name;
  const char* mode;
  const char* router;
  const char* balancer;
  bool on_demand;  ///< training slots are shared
  bool marti;      ///< what the draw says of MARTI holds
  bool ours;       ///< new weights go as deltas, by a tree
};
constexpr Schedule kSchedules[] = {
    {"MARTI-like", "barrier", "round_robin", "none", false, true, false},
    {"FlexMARL", "micro_batch", "least_in_flight", "disparity", true, false, false},
    {"FlexMARL without balancing", "micro_batch", "round_robin", "none", true, false, false},
    {"FlexMARL without async", "barrier", "least_in_flight", "disparity", true, false, false},
    {kFlexmarlAsTheirs, "micro_batch", "least_work", "disparity", false, false, true},
    {kFlexmarlDefault, "micro_batch", "least_work", "disparity", false, false, true},
    {kFlexmarlSpare, "micro_batch", "least_work", "disparity", false, false, true},
    {"ours, overlap 1", "overlap", "least_work", "disparity", false, false, true},
};

}  // namespace

const std::vector<FlexmarlSetting>& flexmarl_settings() { return kSettings; }

double flexmarl_published(const FlexmarlSetting& setting, const std::string& row) {
  if (row == "MARTI-like") return setting.marti;
  if (row == "FlexMARL") return setting.flexmarl;
  if (row == "FlexMARL without balancing") return setting.without_balancing;
  return row == "FlexMARL without async" ? setting.without_async : 0;
}

std::vector<std::string> flexmarl_rows() {
  std::vector<std::string> out;
  for (const Schedule& schedule : kSchedules) out.emplace_back(schedule.name);
  return out;
}

SimulationOptions flexmarl_options(const FlexmarlSetting& setting, const StudyDraw& draw,
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
    const std::int64_t slots =
        std::max(1LL, std::llround(std::ceil(draw.at("slot_share") * draw.at("agents"))));
    o.cluster.training_slots = slots < o.team.agents ? slots : 0;
  }
  o.cluster.swap_bandwidth = kSwapBandwidth;
  o.cluster.load_bandwidth = 1e9 * draw.at("load_gigabytes");
  if (schedule.ours) {
    o.weights.plan = "tree";
    send_deltas(o.weights, kFlexmarlChanged, kFlexmarlCores);
  }
  if (schedule.marti) {
    o.cluster.serial_load = true;
    o.pipeline.lockstep = whole("marti_lockstep") == 1;
    o.cluster.shared = whole("marti_shared") == 1;
    if (o.cluster.shared) o.cluster.training_devices = o.cluster.devices;
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
  o.efficiency.max_batch = whole("max_batch");
  o.efficiency.sequence_overhead = draw.at("sequence_overhead");
  o.efficiency.backward_overhead = draw.at("backward_overhead");
  o.pipeline.mode.mode = schedule.mode;
  o.router.kind = schedule.router;
  o.balancer.kind = schedule.balancer;
  if (o.balancer.kind == "disparity") o.balancer.threshold = kThreshold;
  return o;
}

}  // namespace troupe
