#include "simulate/studies/rollpacker.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <optional>

#include "base/rng.h"
#include "simulate/studies/rollpacker_ranges.h"

namespace troupe {
namespace {

// The published settings at half their size: 64 of 128 prompts on half of the accelerators.
constexpr std::int64_t kAnswers = 8;
constexpr double kFactor = 1.25;
constexpr double kLimit = 30;  // seconds of a test, without the reward scheduler
constexpr std::int64_t kTrainingTensor = 2;

constexpr const char* kTrainedTokens = "tokens of a sample that is trained on";

const std::vector<RollpackerSetting> kSettings = {
    {"7B/8k", "qwen2.5-7b", 8'192, 8, 1, 1.30, 2.01, 2.01, 2.03, 64},
    {"14B/16k", "qwen2.5-14b", 16'384, 16, 2, 1.48, 1.99, 2.02, 2.22, 64},
    {"32B/32k", "qwen2.5-32b", 32'768, 32, 4, 2.21, 2.48, 2.52, 2.56, 64},
};

constexpr const char* kStream = "+ stream trainer";
constexpr const char* kDefault = "our default, shared devices";

struct Schedule {
  const char* name;
  const char* mode;
  const char* tail;
  bool ours;       ///< router and balancer
  bool scheduled;  ///< rewards: of each answer as it ends, adaptive limits; else after the rollout
  bool planned;    ///< tensor parallelism of each round
  bool shared;     ///< all devices do both; else a quarter trains
  const char* remark = "";
};
constexpr Schedule kSchedules[] = {
    {"veRL-like", "barrier", "none", false, false, false, true},
    {"+ tail batching", "barrier", "tail_batching", false, false, false, true},
    {"+ reward scheduler", "barrier", "tail_batching", false, true, false, true},
    {"+ parallelism planner", "barrier", "tail_batching", false, true, true, true},
    {kStream, "micro_batch", "tail_batching", false, true, true, true},
    {kDefault, "micro_batch", "none", true, true, false, true,
     "waits for every answer and trains on all of them; see the trained tokens"},
    {"our default, a quarter trains", "micro_batch", "none", true, true, false, false,
     "three quarters of the devices generate, and the tail of a step leaves most of both idle"},
    {"our default, spare groups, shared", "micro_batch", "redundant_groups", true, true, false,
     true, "groups stay whole: no answer is dropped for being long"},
    {"ours, tail_batching, planner, shared", "micro_batch", "tail_batching", true, true, true, true,
     "the same parts with our router"},
};

const Schedule& schedule_of(const std::string& row) {
  return *std::find_if(std::begin(kSchedules), std::end(kSchedules),
                       [&row](const Schedule& s) { return s.name == row; });
}

double share(const SimulationResult& result, const char* state) {
  const auto found = result.training.find(state);
  return found == result.training.end() ? 0 : found->second;
}

}  // namespace

const std::vector<RollpackerSetting>& rollpacker_settings() { return kSettings; }

std::vector<std::string> rollpacker_rows() {
  std::vector<std::string> out;
  for (const Schedule& schedule : kSchedules) out.emplace_back(schedule.name);
  return out;
}

SimulationOptions rollpacker_options(const RollpackerSetting& setting, const StudyDraw& draw,
                                     const std::string& row, std::int64_t steps) {
  const Schedule& schedule = schedule_of(row);
  SimulationOptions o;
  o.run.steps = steps;
  o.run.groups = setting.prompts;
  o.run.group_size = kAnswers;
  o.cluster.device = "h800";
  o.cluster.devices = setting.devices;
  o.cluster.shared = schedule.shared;
  o.cluster.training_devices = schedule.shared ? setting.devices : setting.devices / 4;
  o.cluster.training_tensor_parallel = kTrainingTensor;
  o.cluster.tensor_parallel = setting.tensor_parallel;
  o.cluster.kv_share = draw.at("kv_share");
  o.team.agents = 1;
  o.team.models = {setting.model};
  o.workload.turns = o.workload.min_turns = 1;
  o.workload.prompt_tokens = std::llround(draw.at("prompt_tokens"));
  o.workload.answer_cap = setting.limit;
  o.workload.max_context = setting.limit + o.workload.prompt_tokens;
  o.workload.answer_median = static_cast<double>(setting.limit) / draw.at("longest");
  const double variance = std::pow(draw.at("answer_sigma"), 2);
  o.workload.task_sigma = std::sqrt(variance * draw.at("task_variance"));
  o.workload.answer_sigma = std::sqrt(variance * (1 - draw.at("task_variance")));
  o.efficiency.bandwidth = draw.at("bandwidth");
  o.efficiency.training = draw.at("training");
  o.efficiency.step_overhead = draw.at("step_overhead");
  o.reward.seconds = draw.at("reward_seconds");
  o.reward.sigma = draw.at("reward_sigma");
  o.reward.hang = draw.at("reward_hang");
  o.reward.concurrency =
      std::llround(draw.at("reward_places") * static_cast<double>(setting.devices));
  if (!schedule.scheduled) {
    o.reward.when = "step";
    o.reward.t_min = o.reward.t_max = kLimit;
  }
  o.pipeline.mode.mode = schedule.mode;
  if (row == kStream) o.cluster.scale_down = "fits";
  o.pipeline.tail = schedule.tail;
  if (o.pipeline.tail != "none") o.pipeline.tail_factor = kFactor;
  o.router.kind = schedule.ours ? "least_work" : "round_robin";
  o.balancer.kind = schedule.ours ? "disparity" : "none";
  return o;
}

namespace {

/// The rows of one setting, draw by draw.
class RollpackerTable {
 public:
  RollpackerTable(const RollpackerSetting& setting, std::int64_t steps)
      : setting_(setting), steps_(steps) {
    for (const std::string& name : rollpacker_rows()) {
      rows_.push_back(StudyRow{title(), kStepSeconds, name, {}, 0});
      tokens_.push_back(StudyRow{title(), kTrainedTokens, name, {}, 0});
    }
    bound_ = StudyRow{title(), kStepSeconds, "bound on shared devices, no tail", {}, 0};
  }

  [[nodiscard]] std::string title() const {
    return fmt::format("{} on {} H800", setting_.name, setting_.devices);
  }

  /// Errors are bugs.
  Status add(const StudyDraw& draw) {
    for (std::size_t r = 0; r < rows_.size(); ++r) {
      TROUPE_ASSIGN(const SimulationResult out,
                    simulate(rollpacker_options(setting_, draw, rows_[r].schedule, steps_)));
      const auto samples = static_cast<double>(steps_ * setting_.prompts * kAnswers);
      tokens_[r].values.push_back(static_cast<double>(out.trained) / samples);
      if (r == 0) {
        rewards_.push_back(share(out, "wait: rewards"));
        training_.push_back(share(out, "backward") + share(out, "optimizer"));
      }
      TROUPE_ASSIGN(const double seconds, planned_seconds(draw, kSchedules[r], out));
      rows_[r].values.push_back(seconds);
      if (rows_[r].schedule == kDefault) {
        bound_.values.push_back(out.bound / static_cast<double>(steps_));
      }
    }
    draws_.push_back(draw);
    return {};
  }

  void give_to(Study& study) const {
    study.rows.insert(study.rows.end(), rows_.begin(), rows_.end());
    study.rows.push_back(bound_);
    study.rows.insert(study.rows.end(), tokens_.begin(), tokens_.end());
    for (const StudyDraw& draw : draws_) {
      for (const auto& [name, value] : draw) {
        study.parameters[setting_.name + " " + name].push_back(value);
      }
    }
    const auto claim = [&](const std::string& slow, const std::string& fast, double ratio,
                           std::string remark) {
      study.claims.push_back(StudyClaim{
          setting_.name + ": " + fast + " over " + slow, ratio, ratio,
          times_faster(seconds_of(study, title(), slow), seconds_of(study, title(), fast)),
          std::move(remark)});
    };
    const char* plain = "veRL-like";
    claim(plain, "+ tail batching", setting_.tail_batching, "");
    claim(plain, "+ reward scheduler", setting_.reward_scheduler,
          fmt::format("without rewards the plain loop would be {:.2f} times as fast (median)",
                      1 / (1 - quantile(rewards_, 0.5))));
    claim(plain, "+ parallelism planner", setting_.planner,
          "preemption, which the planner is for, is not simulated");
    claim(plain, kStream, setting_.stream_trainer, "");
    for (std::size_t r = 5; r < rows_.size(); ++r) {
      claim(kStream, rows_[r].schedule, 0, kSchedules[r].remark);
    }
    study.assumptions.push_back(fmt::format(
        "{}: of the veRL-like row rewards take {:.0f}% (10 to 90%: {:.0f} to {:.0f}), training "
        "{:.0f}% ({:.0f} to {:.0f}); the paper's characterisation, of a setting that it does not "
        "name, says 5 to 13 and 21 to 23",
        setting_.name, 100 * quantile(rewards_, 0.5), 100 * quantile(rewards_, 0.1),
        100 * quantile(rewards_, 0.9), 100 * quantile(training_, 0.5),
        100 * quantile(training_, 0.1), 100 * quantile(training_, 0.9)));
  }

 private:
  /// Of a step. With a planner: every round as fast as with the better of two degrees.
  Result<double> planned_seconds(const StudyDraw& draw, const Schedule& schedule,
                                 const SimulationResult& out) const {
    if (!schedule.planned) return out.step_seconds();
    SimulationOptions o = rollpacker_options(setting_, draw, schedule.name, steps_);
    o.cluster.tensor_parallel *= 2;
    TROUPE_ASSIGN(const SimulationResult twice, simulate(o));
    double all = 0;
    for (std::size_t s = 0; s < out.steps.size(); ++s) {
      all += std::min(out.steps[s].seconds, twice.steps[s].seconds);
    }
    return all / static_cast<double>(steps_);
  }

  const RollpackerSetting& setting_;
  std::int64_t steps_;
  std::vector<StudyRow> rows_, tokens_;
  StudyRow bound_;
  std::vector<double> rewards_, training_;  ///< shares of the plain loop's step
  std::vector<StudyDraw> draws_;
};

}  // namespace

Result<Study> study_rollpacker(const StudySize& size) {
  return study_rollpacker(size, rollpacker_settings());
}

Result<Study> study_rollpacker(const StudySize& size,
                               const std::vector<RollpackerSetting>& settings) {
  const double began = unix_time();
  Study out;
  out.name = "rollpacker";
  out.title = "long answers put off, rewards beside rollout, training on freed devices";
  out.source = "RollPacker, arXiv 2509.21009";
  out.assumptions = {
      "half the published size: 64 prompts of 8 answers on 8, 16 and 32 H800",
      "the paper gives no seconds: all draws are kept, and all rows are predictions",
      "a run has 5 steps, the period of tail batching at 1.25: four short rounds and a long one",
      "parallelism planner: each round as fast as with the better of the setting's degree (1, 2 "
      "and 4) and twice that; preemption and the time to shard weights anew are not simulated",
      "stream trainer: half of the devices, once a step, by its test of room; ours leave by a test "
      "of "
      "time; moving training state costs nothing",
      "the judge that shares GPUs with the actor is a part of the drawn reward times; it slows "
      "nobody"};
  const int draws = size.draws > 0 ? size.draws : 6;
  const std::int64_t steps = size.steps > 0 ? size.steps : 5;
  const int all = draws * static_cast<int>(settings.size());
  int done = 0;
  for (const RollpackerSetting& setting : settings) {
    RollpackerTable table(setting, steps);
    for (int i = 0; i < draws; ++i) {
      TROUPE_TRY(table.add(draw_ranges(kRollpackerRanges, seed_join(size.seed, setting.name), i)));
      if (size.progress) size.progress(++done, all);
    }
    table.give_to(out);
  }
  for (const std::string& line : ranges_text(kRollpackerRanges)) out.assumptions.push_back(line);
  out.wall_seconds = unix_time() - began;
  return out;
}

}  // namespace troupe
