#include "simulate/studies/rose.h"

#include <algorithm>
#include <cmath>
#include <tuple>

#include "simulate/studies/rose_ranges.h"

namespace troupe {
namespace {

struct Setting {
  const char* title;
  const char* model;
  std::int64_t tensor_parallel;
  std::int64_t training, rollout;  ///< dedicated devices
  std::int64_t lent;               ///< instances
  std::int64_t groups;             ///< of 16
  double ttft, tpot;
  double over_grpo;  ///< published: ROSE over the dedicated devices alone
};
constexpr Setting kSettings[] = {
    {"8B, 8 + 4 H800, 8 lent", "qwen3-8b", 1, 8, 4, 8, 8, 0.5, 0.15, 1.31},
    {"32B, 8 + 16 H800, 32 lent", "qwen3-32b", 4, 8, 16, 8, 32, 1.0, 0.45, 1.46},
};

constexpr const char* kDedicated = "dedicated alone";
constexpr const char* kRose = "ROSE: lent within the objectives";
constexpr const char* kIdeal = "ideal: as many more dedicated";

SimulationOptions plain(const Setting& setting, const StudyDraw& draw, std::int64_t steps) {
  SimulationOptions o;
  o.run.steps = steps;
  o.run.groups = setting.groups;
  o.run.group_size = 16;
  o.cluster.device = "h800";
  o.cluster.devices = setting.training + setting.rollout;
  o.cluster.training_devices = setting.training;
  o.cluster.training_tensor_parallel = 4;
  o.cluster.tensor_parallel = setting.tensor_parallel;
  o.team.agents = 1;
  o.team.models = {setting.model};
  o.workload.turns = std::llround(draw.at("turns"));
  o.workload.min_turns = (o.workload.turns + 2) / 3;
  o.workload.prompt_tokens = 1000;
  o.workload.observation_tokens = std::llround(draw.at("observation"));
  o.workload.answer_median = draw.at("answer");
  o.workload.answer_sigma = draw.at("answer_sigma");
  o.workload.answer_cap = 4096;
  o.workload.max_context = 32'768;
  o.workload.tools = "normal";
  o.workload.tool_mean = draw.at("latency");
  o.workload.tool_sigma = draw.at("latency") / 3;
  o.efficiency.bandwidth = draw.at("bandwidth");
  o.efficiency.prefill = draw.at("prefill");
  o.efficiency.training = draw.at("training");
  o.efficiency.step_overhead = draw.at("step_overhead");
  o.pipeline.mode.mode = "barrier";
  o.router.kind = "least_work";
  o.balancer.kind = "none";
  return o;
}

void lend(SimulationOptions& o, const Setting& setting, const StudyDraw& draw, const char* how) {
  o.serving.instances = setting.lent;
  o.serving.lend = how;
  o.serving.ttft = setting.ttft;
  o.serving.tpot = setting.tpot;
  o.serving.rate = draw.at("rate");
  o.serving.burst_factor = draw.at("burst");
}

}  // namespace

std::vector<StudyRun> rose_runs(const StudyDraw& draw, std::int64_t steps) {
  std::vector<StudyRun> out;
  for (const Setting& setting : kSettings) {
    const auto add = [&](const char* name, const SimulationOptions& o) {
      out.push_back({setting.title, name, o});
    };
    SimulationOptions o = plain(setting, draw, steps);
    lend(o, setting, draw, "never");
    add(kDedicated, o);
    lend(o, setting, draw, "slack");
    add(kRose, o);
    SimulationOptions ours = o;
    ours.pipeline.mode.mode = "micro_batch";
    ours.balancer.kind = "disparity";
    add("our default with lent instances", ours);
    ours.pipeline.mode.mode = "overlap";
    add("ours, overlap 1 with lent instances", ours);
    lend(o, setting, draw, "always");
    add("lent without looking at the objectives", o);
    SimulationOptions ideal = plain(setting, draw, steps);
    ideal.cluster.devices += setting.lent * setting.tensor_parallel;
    add(kIdeal, ideal);
    SimulationOptions default_alone = plain(setting, draw, steps);
    default_alone.pipeline.mode.mode = "micro_batch";
    default_alone.balancer.kind = "disparity";
    add("our default, dedicated alone", default_alone);
  }
  return out;
}

Result<Study> study_rose(const StudySize& size) {
  Study out;
  out.name = "rose";
  out.title = "rollout on instances that serve users, within their objectives";
  out.source = "ROSE, arXiv 2605.06534";
  out.assumptions = {
      "half the published size; which of its 16 and 48 dedicated devices train is our choice",
      "users' requests are drawn: a Poisson process with a day's swing in an hour and bursts; "
      "their model is as large as rollout's",
      "ROSE's scheduler is our least_work: a session stays with its cache, a new one goes where "
      "the "
      "least work is; weights reach lent instances as they do dedicated ones",
      "an instance whose users need more than 40% of the KV memory is taken back until the next "
      "step; ROSE cuts rollout's share by two instead"};
  const StudyFrame frame(out, size, kRoseRanges, 5, 2);
  StudyRows users;
  const auto note = [&](const StudyRun& run, const SimulationResult& done) {
    const auto add = [&](const char* quantity, double value) {
      users.add(run.setting, quantity, run.schedule, value);
    };
    if (run.schedule == kRose) {
      add("bound, seconds of a step", done.bound / static_cast<double>(frame.steps()));
      add("users' share of KV memory, %", 100 * done.serving.kv_share());
    }
    if (run.options.serving.instances == 0) return;
    add("first tokens over the objective, %", 100 * done.serving.share_over_ttft());
    add("answers over the objective of a token, %", 100 * done.serving.share_over_tpot());
  };
  TROUPE_TRY(frame.simulate_all(rose_runs, note));
  std::stable_sort(users.rows().begin(), users.rows().end(),
                   [](const StudyRow& a, const StudyRow& b) {
                     return std::tie(a.setting, a.quantity) < std::tie(b.setting, b.quantity);
                   });
  out.rows.insert(out.rows.end(), users.rows().begin(), users.rows().end());
  for (const Setting& setting : kSettings) {
    const auto claim = [&](const char* slow, const char* fast, double published,
                           const char* remark) {
      add_claim(out, setting.title, slow, fast, published, published, remark);
    };
    claim(kDedicated, kRose, setting.over_grpo, "lent devices are not counted, here as there");
    claim(kRose, kIdeal, 0, "what users cost");
    claim(kRose, "our default with lent instances", 0, "the same devices");
    claim(kRose, "ours, overlap 1 with lent instances", 0, "the same devices");
    claim(kDedicated, "our default, dedicated alone", 0, "the same devices, nothing lent");
  }
  frame.close();
  return out;
}

}  // namespace troupe
