#include "simulate/studies/rollart.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "simulate/studies/rollart_ranges.h"

namespace troupe {
namespace {

struct Model {
  const char* name;
  const char* title;
  std::int64_t tensor_parallel;
};
constexpr Model kModels[] = {
    {"qwen3-8b", "8B", 1}, {"qwen3-14b", "14B", 1}, {"qwen3-32b", "32B", 2}};

/// 200 Gb Ethernet between the clusters, which new weights cross.
constexpr double kAcross = 25;

std::string alone(const char* tasks) { return fmt::format("one kind of task: {}", tasks); }
std::string affinity(const Model& model) { return fmt::format("affinity, {}", model.title); }
std::string batched(int sigma) { return fmt::format("latency N(10 s, {} s)", sigma); }
std::string ladder(const Model& model) { return fmt::format("ladder, {}", model.title); }

/// Many turns, short answers, long observations: bound by prefill and by the environment.
WorkloadOptions games(const StudyDraw& draw) {
  WorkloadOptions out;
  out.min_turns = 11;
  out.turns = std::llround(draw.at("game_turns"));
  out.prompt_tokens = 1000;
  out.observation_tokens = std::llround(draw.at("game_observation"));
  out.answer_median = draw.at("game_answer");
  out.answer_sigma = draw.at("answer_sigma");
  out.answer_cap = 8192;
  out.task_sigma = draw.at("task_sigma");
  out.tools = "normal";
  out.tool_mean = draw.at("latency");
  out.tool_sigma = draw.at("latency") * draw.at("latency_sigma");
  out.max_context = 32'768;
  return out;
}

/// Few turns, long answers: bound by decoding.
WorkloadOptions math(const StudyDraw& draw) {
  WorkloadOptions out = games(draw);
  out.min_turns = 1;
  out.turns = std::llround(draw.at("math_turns"));
  out.prompt_tokens = 300;
  out.observation_tokens = 100;
  out.answer_median = draw.at("math_answer");
  out.answer_cap = 16'384;
  return out;
}

/// A quarter of batch 512 in groups of 8; games to the devices, math to the other ones.
SimulationOptions plain(const StudyDraw& draw, const Model& model) {
  SimulationOptions o;
  o.run.groups = 16;
  o.run.group_size = 8;
  o.run.other_tasks = 1 - draw.at("game_share");
  o.cluster.device = "h800";
  o.cluster.training_tensor_parallel = 4;
  o.cluster.tensor_parallel = model.tensor_parallel;
  o.team.agents = 1;
  o.team.models = {model.name};
  o.workload = games(draw);
  o.other_workload = math(draw);
  o.efficiency.bandwidth = draw.at("bandwidth");
  o.efficiency.prefill = draw.at("prefill");
  o.efficiency.training = draw.at("training");
  o.efficiency.step_overhead = draw.at("step_overhead");
  o.pipeline.mode.mode = "barrier";
  o.router.kind = "least_in_flight";
  o.balancer.kind = "none";
  return o;
}

void add_other(SimulationOptions& o, std::int64_t devices, bool with_affinity) {
  o.cluster.other_device = "h20";
  o.cluster.other_devices = devices;
  o.cluster.other_tensor_parallel = o.cluster.tensor_parallel;
  o.cluster.affinity = with_affinity;
}

/// One step whose training takes next to nothing, on devices besides.
SimulationOptions rollout_only(const StudyDraw& draw, const Model& model, std::int64_t h800,
                               std::int64_t h20, bool with_affinity) {
  SimulationOptions o = plain(draw, model);
  o.run.steps = 1;
  o.cluster.training_devices = 128;
  o.cluster.devices = o.cluster.training_devices + h800;
  o.efficiency.training = 1;
  if (h20 > 0) add_other(o, h20, with_affinity);
  return o;
}

void make_ours(SimulationOptions& o) {
  if (o.pipeline.mode.mode == "barrier") o.pipeline.mode.mode = "micro_batch";
  o.router.kind = "least_work";
  o.balancer.kind = "disparity";
}

void add_alone(const StudyDraw& draw, std::vector<StudyRun>& out) {
  for (const bool game : {true, false}) {
    for (const bool h800 : {true, false}) {
      SimulationOptions o = rollout_only(draw, kModels[0], h800 ? 2 : 0, h800 ? 0 : 6, false);
      o.run.groups = 8;
      o.run.other_tasks = 0;
      o.workload = game ? games(draw) : math(draw);
      o.other_workload = {};
      out.push_back({alone(game ? "many turns" : "long answers"), h800 ? "2 H800" : "6 H20", o});
    }
  }
}

void add_affinity(const StudyDraw& draw, std::vector<StudyRun>& out) {
  for (const Model& model : kModels) {
    const auto add = [&](const char* name, std::int64_t h800, std::int64_t h20, bool with_affinity,
                         bool ours) {
      SimulationOptions o = rollout_only(draw, model, h800, h20, with_affinity);
      if (ours) make_ours(o);
      out.push_back({affinity(model), name, o});
    };
    add("52 H20", 0, 52, false, false);
    add("18 H800", 18, 0, false, false);
    add("16 H800 + 6 H20, no affinity", 16, 6, false, false);
    add("16 H800 + 6 H20, affinity", 16, 6, true, false);
    add("our default, 16 H800 + 6 H20", 16, 6, false, true);
    add("ours with affinity, 16 H800 + 6 H20", 16, 6, true, true);
  }
}

void add_batched(const StudyDraw& draw, std::vector<StudyRun>& out) {
  for (const int sigma : {1, 10}) {
    SimulationOptions o = rollout_only(draw, kModels[0], 18, 0, false);
    o.run.other_tasks = 0;
    o.other_workload = {};
    o.workload.tool_mean = 10;
    o.workload.tool_sigma = sigma;
    out.push_back({batched(sigma), "trajectories", o});
    o.pipeline.lockstep = true;
    out.push_back({batched(sigma), "turns of the whole batch", o});
    o.pipeline.lockstep = false;
    make_ours(o);
    out.push_back({batched(sigma), "our default", o});
  }
}

void add_ladder(const StudyDraw& draw, std::int64_t steps, std::vector<StudyRun>& out) {
  for (const Model& model : kModels) {
    const auto add = [&](const char* name, const SimulationOptions& o) {
      out.push_back({ladder(model), name, o});
    };
    SimulationOptions sync = plain(draw, model);
    sync.run.steps = steps;
    sync.cluster.devices = sync.cluster.training_devices = 32;
    sync.cluster.shared = true;
    sync.pipeline.lockstep = true;
    add("Sync", sync);
    SimulationOptions plus = sync;
    plus.pipeline.lockstep = false;
    add("Sync+", plus);
    SimulationOptions redundant = plus;
    redundant.pipeline.tail = "redundant_members";
    add("Sync+ with redundant environments", redundant);
    SimulationOptions apart = plus;  // 24 generate, 8 train
    apart.cluster.shared = false;
    apart.cluster.training_devices = 8;
    SimulationOptions ours = apart;
    make_ours(ours);
    add("our default", ours);
    SimulationOptions one_off = apart;
    one_off.pipeline.mode.mode = "overlap";
    one_off.pipeline.mode.update = "drain";
    add("One-off", one_off);
    SimulationOptions areal = one_off;
    areal.pipeline.mode.update = "abort";
    add("AReaL-like", areal);
    SimulationOptions rollart = areal;
    rollart.cluster.devices = 24;
    add_other(rollart, 8, true);
    rollart.weights.plan = "star";
    rollart.weights.link_gigabytes = kAcross;
    SimulationOptions exposed = rollart;
    rollart.weights.plan = "tree";  // once across, in buckets, then from one to the next
    rollart.weights.fan_out = 1;
    rollart.weights.chunk_gigabytes = 1;
    rollart.weights.background = true;
    add("RollArt", rollart);
    add("RollArt, weights in the way", exposed);
    SimulationOptions overlapped = rollart;
    overlapped.pipeline.mode.update = "pin";
    make_ours(overlapped);
    add("ours, overlap 1 with affinity", overlapped);
    overlapped.cluster.affinity = false;
    add("ours, overlap 1", overlapped);
  }
}

constexpr const char* kChains =
    "five to seven episodes an instance: the longest of them bound a step more than devices do";

/// What the paper says of two schedules of a setting; low 0: nothing.
struct Published {
  std::string setting;
  const char* slow;
  const char* fast;
  double low, high;
  const char* remark;
};

std::vector<Published> published() {
  std::vector<Published> out = {
      {alone("many turns"), "6 H20", "2 H800", 1, 1 / 0.53, "equal hourly cost; at most 1.89"},
      {alone("long answers"), "2 H800", "6 H20", 1 / 0.79, 1 / 0.49, "equal hourly cost"},
  };
  for (const int sigma : {1, 10}) {
    const double ratio = sigma == 1 ? 1.23 : 2.27;
    out.push_back({batched(sigma), "turns of the whole batch", "trajectories", ratio, ratio, ""});
    out.push_back({batched(sigma), "trajectories", "our default", 0, 0, ""});
  }
  for (const Model& model : kModels) {
    const std::string s = affinity(model);
    out.push_back({s, "52 H20", "16 H800 + 6 H20, affinity", 1.30, 1.68, kChains});
    out.push_back({s, "18 H800", "16 H800 + 6 H20, affinity", 1.12, 1.37, kChains});
    out.push_back({s, "16 H800 + 6 H20, no affinity", "16 H800 + 6 H20, affinity", 0, 0, ""});
    out.push_back(
        {s, "16 H800 + 6 H20, affinity", "our default, 16 H800 + 6 H20", 0, 0, "without affinity"});
    out.push_back({s, "our default, 16 H800 + 6 H20", "ours with affinity, 16 H800 + 6 H20", 0, 0,
                   "whether ours should have it"});
  }
  for (const Model& model : kModels) {
    const std::string s = ladder(model);
    out.push_back({s, "Sync", "Sync+", 1.40, 2.40, ""});
    out.push_back({s, "Sync+", "One-off", 1.31, 1.47, ""});
    out.push_back({s, "One-off", "AReaL-like", 1.03, 1.06, ""});
    out.push_back({s, "AReaL-like", "RollArt", 1.22, 1.36,
                   "8 of 24 H800 that generate become H20, which are faster at decoding by 1.2 and "
                   "slower at prefill by 6.7; a step is bound by its longest episodes"});
    out.push_back({s, "Sync", "RollArt", 2.65, 4.58, ""});
    out.push_back({s, "RollArt, weights in the way", "RollArt", 1.10, 1.16,
                   "our admission counts a version when rollout has it, so weights under way hold "
                   "up the next groups"});
    out.push_back(
        {s, "Sync+", "Sync+ with redundant environments", 1, 1.62, "of rollout, at most"});
    out.push_back({s, "Sync+", "our default", 0, 0, "both at staleness 0"});
    out.push_back({s, "RollArt", "ours, overlap 1", 0, 0, "the same devices, without affinity"});
    out.push_back({s, "RollArt", "ours, overlap 1 with affinity", 0, 0, "the same devices"});
  }
  return out;
}

/// The rows whose bound is shown, too.
bool shows_bound(const StudyRun& run) {
  return run.schedule == "our default" || run.schedule == "our default, 16 H800 + 6 H20" ||
         run.schedule == "ours, overlap 1";
}

}  // namespace

std::vector<StudyRun> rollart_runs(const StudyDraw& draw, std::int64_t steps) {
  std::vector<StudyRun> out;
  add_alone(draw, out);
  add_affinity(draw, out);
  add_batched(draw, out);
  add_ladder(draw, steps, out);
  return out;
}

Result<Study> study_rollart(const StudySize& size) {
  Study out;
  out.name = "rollart";
  out.title = "two kinds of accelerators, trajectories one by one, weights in the background";
  out.source = "RollArt, arXiv 2512.22560";
  out.assumptions = {
      "a quarter of the published size: batch 128 in groups of 8; rows of one setting have devices "
      "of equal hourly cost as published; RollArt's ladder row has 8 of 32 H800 replaced by H20, "
      "about 5/6 of the baselines' cost",
      "two kinds of tasks, by our choice of two domains: many turns and short answers, and few "
      "turns and long answers",
      "settings other than the ladder are a step of rollout only",
      "Sync generates a turn of the whole batch at a time, Sync+ trajectories; both share all 32 "
      "H800 between rollout and training; One-off and AReaL-like have 24 + 8 and staleness 1, the "
      "one drains answers before new weights, the other interrupts them",
      "new weights of RollArt's row cross 200 Gb Ethernet once, in buckets of 1 GB that instances "
      "pass on, in the background; \"in the way\" every instance pulls them across (star); the "
      "other rows' instances load them at their own network's speed",
      "rewards take no time in any row: serverless rewards are not simulated"};
  const StudyFrame frame(out, size, kRollartRanges, 5, 3);
  StudyRows bounds;
  const auto note = [&bounds](const StudyRun& run, const SimulationResult& done) {
    if (!shows_bound(run)) return;
    bounds.add(run.setting, kStepSeconds, "bound of \"" + run.schedule + "\"",
               done.bound / static_cast<double>(done.steps.size()));
  };
  TROUPE_TRY(frame.simulate_all(rollart_runs, note));
  for (const Published& one : published()) {
    add_claim(out, one.setting, one.slow, one.fast, one.low, one.high, one.remark);
  }
  for (const StudyRow& row : bounds.rows()) {  // behind the others of its setting
    const auto last = std::find_if(out.rows.rbegin(), out.rows.rend(),
                                   [&row](const StudyRow& r) { return r.setting == row.setting; });
    out.rows.insert(last.base(), row);
  }
  frame.close();
  return out;
}

}  // namespace troupe
