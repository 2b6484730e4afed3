#include "simulate/studies/april.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <iterator>
#include <map>

#include "base/rng.h"
#include "simulate/studies/april_ranges.h"
#include "simulate/studies/study_table.h"

namespace troupe {
namespace {

// The published setting.
constexpr std::int64_t kPrompts = 32, kAnswers = 8;
constexpr std::int64_t kDevices = 8;
constexpr std::int64_t kLimit = 16'384;  // tokens of an answer

struct Schedule {
  const char* name;
  const char* mode;
  double staleness;    ///< of overlap
  const char* update;  ///< of overlap
  const char* selection;
  const char* tail;
  bool ours;    ///< router and balancer
  bool shared;  ///< all devices do both; else a quarter trains
  double tail_factor = 1.25;
};
constexpr const char* kSpare = "our default, spare groups, shared";
constexpr std::int64_t kSpareSteps = 5;  // four rounds and one that plays what they put off
// Over-sampling by two is staleness 1: a step's prompts and as many again are being played.
constexpr Schedule kSchedules[] = {
    {"slime-like", "barrier", 0, "", "admission", "none", false, true},
    {"APRIL", "overlap", 1, "abort", "oldest_first", "none", false, true},
    {"APRIL, at most 5 versions", "overlap", 5, "abort", "arrival", "none", false, true},
    {"our default, shared devices", "micro_batch", 0, "", "admission", "none", true, true},
    {kSpare, "micro_batch", 0, "", "admission", "redundant_groups", true, true},
    {"ours, spare groups twice, shared", "micro_batch", 0, "", "admission", "redundant_groups",
     true, true, 2},
    {"ours, overlap 1 pinned, a quarter trains", "overlap", 1, "pin", "admission", "none", true,
     false},
    {"ours, overlap 1 resumed, shared", "overlap", 1, "abort", "oldest_first", "none", true, true},
};

const Schedule& schedule_of(const std::string& row) {
  return *std::find_if(std::begin(kSchedules), std::end(kSchedules),
                       [&row](const Schedule& s) { return s.name == row; });
}

struct Published {
  const char* model;
  double low, high;  ///< rollout throughput with GRPO over three data sets
};
constexpr Published kPublished[] = {{"qwen3-4b", 1.24, 1.35}, {"qwen3-8b", 1.26, 1.44}};

constexpr const char* kThroughput = "tokens sampled in a second of rollout";

}  // namespace

std::vector<std::string> april_rows() {
  std::vector<std::string> out;
  for (const Schedule& schedule : kSchedules) out.emplace_back(schedule.name);
  return out;
}

SimulationOptions april_options(const std::string& model, const StudyDraw& draw,
                                const std::string& row, std::int64_t steps) {
  const Schedule& schedule = schedule_of(row);
  SimulationOptions o;
  o.run.steps = steps;
  o.run.groups = kPrompts;
  o.run.group_size = kAnswers;
  o.cluster.device = "mi300x";
  o.cluster.devices = kDevices;
  o.cluster.shared = schedule.shared;
  o.cluster.training_devices = schedule.shared ? kDevices : kDevices / 4;
  o.cluster.kv_share = draw.at("kv_share");
  o.team.agents = 1;
  o.team.models = {model};
  o.workload.turns = o.workload.min_turns = 1;
  o.workload.prompt_tokens = std::llround(draw.at("prompt_tokens"));
  o.workload.answer_cap = kLimit;
  o.workload.max_context = kLimit + o.workload.prompt_tokens;
  o.workload.answer_median = draw.at("answer_median");
  const double variance = std::pow(draw.at("answer_sigma"), 2);
  o.workload.task_sigma = std::sqrt(variance * draw.at("task_variance"));
  o.workload.answer_sigma = std::sqrt(variance * (1 - draw.at("task_variance")));
  o.efficiency.bandwidth = draw.at("bandwidth");
  o.efficiency.training = draw.at("training");
  o.efficiency.step_overhead = draw.at("step_overhead");
  o.pipeline.mode.mode = schedule.mode;
  if (o.pipeline.mode.mode == "overlap") {
    o.pipeline.mode.staleness = schedule.staleness;
    o.pipeline.mode.update = schedule.update;
    o.experience.selection = schedule.selection;
  }
  o.pipeline.tail = schedule.tail;
  if (o.pipeline.tail != "none") o.pipeline.tail_factor = schedule.tail_factor;
  o.router.kind = schedule.ours ? "least_work" : "least_in_flight";
  o.balancer.kind = schedule.ours ? "disparity" : "none";
  return o;
}

double rollout_throughput(const SimulationResult& shared) {
  double training = 0;
  for (const char* state : {"backward", "optimizer"}) {
    const auto found = shared.training.find(state);
    if (found != shared.training.end()) training += found->second;
  }
  return static_cast<double>(shared.tokens) / (shared.seconds * (1 - training));
}

Result<Study> study_april(const StudySize& size) {
  const double began = unix_time();
  Study out;
  out.name = "april";
  out.title = "over-sampling whose unfinished answers go on in the next step";
  out.source = "APRIL, arXiv 2509.18521";
  out.assumptions = {
      "the paper gives shares, no seconds: all draws are kept, and all rows are predictions",
      "APRIL here: overlap with staleness 1 (as many prompts again as a step needs are being "
      "played: over-sampling by two), update = abort, selection = oldest_first, on devices that "
      "stop rollout for training; the order rule makes a step wait for a group that would be two "
      "versions old, which APRIL does not: the row with at most 5 versions has six times the "
      "prompts on their way instead",
      "our quarter that trains is the smallest split that holds the training state",
      "our spare groups put a quarter of a step's groups off, and every fifth step plays these: "
      "that "
      "row has as many steps as make whole periods",
      "throughput counts tokens as they are sampled, also of answers that a tail policy ends"};
  const int draws = size.draws > 0 ? size.draws : 10;
  const std::int64_t steps = size.steps > 0 ? size.steps : 8;
  const std::int64_t periods = (steps + kSpareSteps - 1) / kSpareSteps * kSpareSteps;
  int done = 0;
  const int all = draws * static_cast<int>(std::size(kPublished));
  for (const Published& setting : kPublished) {
    std::map<std::string, std::vector<double>> throughput;
    std::vector<TableRow> rows;
    std::vector<double> bounds;
    for (const std::string& row : april_rows()) {
      rows.push_back({row, [&, row](const StudyDraw& draw) -> Result<double> {
                        TROUPE_ASSIGN(const SimulationResult one,
                                      simulate(april_options(setting.model, draw, row,
                                                             row == kSpare ? periods : steps)));
                        if (row == "slime-like" || row.rfind("APRIL", 0) == 0) {
                          throughput[row].push_back(rollout_throughput(one));
                        }
                        if (row == "our default, shared devices") {
                          bounds.push_back(one.bound / static_cast<double>(steps));
                        }
                        return one.step_seconds();
                      }});
    }
    StudyTable table(fmt::format("{} on 8 MI300X", setting.model), kStepSeconds, std::move(rows));
    for (int i = 0; i < draws; ++i) {
      TROUPE_TRY(table.add(draw_ranges(kAprilRanges, seed_join(size.seed, setting.model), i)));
      if (size.progress) size.progress(++done, all);
    }
    table.give_to(out);
    const std::string title = out.rows.back().setting;
    out.rows.push_back(StudyRow{title, kStepSeconds, "bound of our default", bounds, 0});
    for (const auto& [row, values] : throughput) {
      out.rows.push_back(StudyRow{title, kThroughput, row, values, 0});
    }
    for (const char* row : {"APRIL", "APRIL, at most 5 versions"}) {
      out.claims.push_back(StudyClaim{title + ": rollout throughput of " + row + " over slime-like",
                                      setting.low, setting.high,
                                      times_faster(throughput[row], throughput["slime-like"]), ""});
    }
    table.claim(out, "slime-like", "APRIL", 0, 0, "whole steps; the paper has rollout alone");
    for (const std::string& row : april_rows()) {
      if (row.rfind("our", 0) == 0) table.claim(out, "APRIL", row, 0, 0);
    }
  }
  for (const std::string& line : ranges_text(kAprilRanges)) out.assumptions.push_back(line);
  out.wall_seconds = unix_time() - began;
  return out;
}

}  // namespace troupe
