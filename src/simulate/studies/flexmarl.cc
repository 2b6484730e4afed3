#include "simulate/studies/flexmarl.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <optional>

#include "base/rng.h"
#include "simulate/studies/flexmarl_ranges.h"
#include "simulate/studies/our_weights.h"
#include "simulate/studies/planned_split.h"

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

/// Of each simulation that planned_split() judges by.
constexpr std::int64_t kPlanningSteps = 3;
/// A setting is drawn no more when so many draws were kept.
constexpr std::size_t kEnough = 24;
/// What we aim at over FlexMARL's policy at staleness 0.
constexpr double kMuchFaster = 1.3;

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
    {"our default", "micro_batch", "least_work", "disparity", false, false, true},
    {kFlexmarlPlanned, "micro_batch", "least_work", "disparity", false, false, true},
    {kFlexmarlSpare, "micro_batch", "least_work", "disparity", false, false, true},
    {"ours, overlap 1", "overlap", "least_work", "disparity", false, false, true},
};

double published(const FlexmarlSetting& setting, const std::string& row) {
  if (row == "MARTI-like") return setting.marti;
  if (row == "FlexMARL") return setting.flexmarl;
  if (row == "FlexMARL without balancing") return setting.without_balancing;
  return row == "FlexMARL without async" ? setting.without_async : 0;
}

}  // namespace

const std::vector<FlexmarlSetting>& flexmarl_settings() { return kSettings; }

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

namespace {

/// The rows of one setting, draw by draw.
class FlexmarlTable {
 public:
  FlexmarlTable(const FlexmarlSetting& setting, std::int64_t steps)
      : setting_(setting), steps_(steps) {
    for (const std::string& name : flexmarl_rows()) {
      rows_.push_back(StudyRow{title(), kStepSeconds, name, {}, published(setting, name)});
    }
    bound_ = StudyRow{title(), kStepSeconds, "bound of FlexMARL's row", {}, 0};
    for (const char* name : {"FlexMARL", "our default", kFlexmarlPlanned}) {
      busy_.push_back(StudyRow{title(), "share of device time busy", name, {}, 0});
    }
    busy_.push_back(
        StudyRow{title(), "share of device time busy", "most that FlexMARL's could", {}, 0});
  }

  [[nodiscard]] std::string title() const { return setting_.name + ": " + setting_.what; }

  /// Keeps the draw or not. Errors are bugs.
  Status add(const StudyDraw& draw) {
    ++draws_;
    TROUPE_ASSIGN(const auto marti, simulated(draw, rows_.front().schedule));
    if (!marti) return {};
    marti_.push_back(marti->step_seconds());
    if (std::abs(marti->step_seconds() / setting_.marti - 1) > kFlexmarlMatch) return {};
    std::vector<SimulationResult> all = {*marti};
    for (std::size_t r = 1; r < rows_.size(); ++r) {
      TROUPE_ASSIGN(const auto row, simulated(draw, rows_[r].schedule));
      if (!row) return {};
      all.push_back(*row);
    }
    for (std::size_t r = 0; r < all.size(); ++r) rows_[r].values.push_back(all[r].step_seconds());
    bound_.values.push_back(all[1].bound / static_cast<double>(all[1].steps.size()));
    for (std::size_t r = 0; r < rows_.size(); ++r) {
      for (StudyRow& busy : busy_) {
        if (busy.schedule == rows_[r].schedule) busy.values.push_back(busy_share(all[r]));
      }
    }
    busy_.back().values.push_back(busy_share(all[1]) * all[1].seconds / all[1].bound);
    kept_.push_back(draw);
    return {};
  }

  [[nodiscard]] std::size_t kept() const { return kept_.size(); }

  void give_to(Study& study) const {
    study.rows.insert(study.rows.end(), rows_.begin(), rows_.end());
    study.rows.push_back(bound_);
    study.rows.insert(study.rows.end(), busy_.begin(), busy_.end());
    for (const StudyDraw& draw : kept_) {
      for (const auto& [name, value] : draw) {
        study.parameters[setting_.name + " " + name].push_back(value);
      }
    }
    const auto claim = [&](const std::string& slow, const std::string& fast, double ratio) {
      const std::vector<double> times =
          times_faster(seconds_of(study, title(), slow), seconds_of(study, title(), fast));
      study.claims.push_back(StudyClaim{setting_.name + ": " + fast + " over " + slow, ratio, ratio,
                                        times, ratio > 0 ? "" : share_of_much(times)});
    };
    claim("MARTI-like", "FlexMARL", setting_.marti / setting_.flexmarl);
    claim("FlexMARL without balancing", "FlexMARL", setting_.without_balancing / setting_.flexmarl);
    claim("FlexMARL without async", "FlexMARL", setting_.without_async / setting_.flexmarl);
    claim("FlexMARL", "our default", 0);
    claim("FlexMARL", kFlexmarlPlanned, 0);
    claim("FlexMARL", kFlexmarlSpare, 0);
    claim("FlexMARL", "ours, overlap 1", 0);
    study.assumptions.push_back(fmt::format(
        "{}: {} draws, of which {} fit the devices; their MARTI-like rows take {:.0f} to {:.0f} s "
        "(10 to 90%); {} of them match the published {:.1f} s within {:.0f}% and are kept",
        setting_.name, draws_, marti_.size(), quantile(marti_, 0.1), quantile(marti_, 0.9),
        kept_.size(), setting_.marti, 100 * kFlexmarlMatch));
  }

 private:
  static std::string share_of_much(const std::vector<double>& times) {
    if (times.empty()) return "";
    const auto much =
        std::count_if(times.begin(), times.end(), [](double once) { return once >= kMuchFaster; });
    return fmt::format("at least {} times faster in {:.0f}% of the draws", kMuchFaster,
                       100.0 * static_cast<double>(much) / static_cast<double>(times.size()));
  }

  /// Of all accelerators, by what they are: instances and slots.
  static double busy_share(const SimulationResult& result) {
    double rollout = 0, training = 0;
    for (const SimulatedStep& step : result.steps) {
      rollout += step.rollout_busy * step.seconds;
      training += step.training_busy * step.seconds;
    }
    const double devices = result.rollout_devices + result.training_devices;
    return (rollout * result.rollout_devices + training * result.training_devices) /
           (devices * result.seconds);
  }

  /// Nothing if the draw does not fit the devices.
  [[nodiscard]] Result<std::optional<SimulationResult>> simulated(const StudyDraw& draw,
                                                                  const std::string& row) {
    SimulationOptions options = flexmarl_options(setting_, draw, row, steps_);
    if (row == kFlexmarlPlanned) planned_ = options = planned_split(options, kPlanningSteps);
    if (row == kFlexmarlSpare) {
      options = planned_;
      options.pipeline.tail = "redundant_groups";
    }
    auto out = simulate(options);
    if (out) return std::optional<SimulationResult>(std::move(*out));
    if (out.error().code != ErrorCode::kInvalid) return tl::unexpected(out.error());
    return std::optional<SimulationResult>();
  }

  const FlexmarlSetting& setting_;
  std::int64_t steps_;
  int draws_ = 0;
  std::vector<StudyRow> rows_;
  StudyRow bound_;
  std::vector<StudyRow> busy_;
  SimulationOptions planned_;  ///< of the draw at hand
  std::vector<double> marti_;  ///< seconds of the MARTI-like row of every draw that fits
  std::vector<StudyDraw> kept_;
};

}  // namespace

Result<Study> study_flexmarl(const StudySize& size) {
  return study_flexmarl(size, flexmarl_settings());
}

Result<Study> study_flexmarl(const StudySize& size, const std::vector<FlexmarlSetting>& settings) {
  const double began = unix_time();
  Study out;
  out.name = "flexmarl";
  out.title = "early backward, balancing and training slots on demand for a team";
  out.source = "FlexMARL, arXiv 2602.09578";
  out.assumptions = {
      "768 NPUs of 64 GB; both workloads are private: what is not published is drawn from ranges "
      "that were written down before the first run, each draw alike for all rows; only the "
      "MARTI-like row is fitted, the other rows are predictions",
      fmt::format("our rows send deltas of {:.2f}% changed values by a tree of 2, {:.2f}% of the "
                  "bytes, made and applied by {} core beside each device: the worse ends of the "
                  "ranges of study sparse-sync. The other rows send whole weights, all instances "
                  "at load_gigabytes each",
                  100 * kFlexmarlChanged, 100 * our_payload(kFlexmarlChanged), kFlexmarlCores)};
  const int draws = size.draws > 0 ? size.draws : 1000;
  // Four rounds that put a group off and one that plays what was put off: a period.
  const std::int64_t steps = size.steps > 0 ? size.steps : 5;
  const int all = draws * static_cast<int>(settings.size());
  int done = 0;
  for (const FlexmarlSetting& setting : settings) {
    FlexmarlTable table(setting, steps);
    for (int i = 0; i < draws && table.kept() < kEnough; ++i) {
      TROUPE_TRY(table.add(draw_ranges(kFlexmarlRanges, seed_join(size.seed, setting.name), i)));
      if (size.progress) size.progress(++done, all);
    }
    done = draws * (1 + static_cast<int>(&setting - &settings.front()));
    table.give_to(out);
  }
  for (const std::string& line : ranges_text(kFlexmarlRanges)) out.assumptions.push_back(line);
  out.wall_seconds = unix_time() - began;
  return out;
}

}  // namespace troupe
