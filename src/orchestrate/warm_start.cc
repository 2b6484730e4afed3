#include "orchestrate/warm_start.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/digest.h"
#include "base/rng.h"
#include "model/checkpoint_files.h"
#include "model/lora_folder.h"
#include "orchestrate/demonstration.h"

namespace troupe {
namespace {

std::string cache_key(const RunOptions& o, const Team& team) {
  Digest digest;
  digest.add("troupe-warm-start-1\n").add(run_isa(o)).add("\n");
  for (const auto& set : o.sets) {
    for (const Option& option : set->options()) {
      const bool around = set->prefix() == "workflow" && o.workflow->name() != "environment";
      const bool counts = around || set->prefix() == "environment" ||
                          set->prefix().ends_with("warm_start") || option.key == "run.seed" ||
                          option.key == "pipeline.pack_tokens";
      if (!counts || option.key == "warm_start.cache") continue;
      digest.add(option.key).add("=").add(option.value_text()).add("\n");
    }
  }
  digest.add(o.tasks_digest).add("\n");
  for (const auto& policy : team.policies()) {
    digest.add(policy->options->name).add(":");
    for (const auto& agent : policy->options->agents) digest.add(agent).add(",");
    const OptimizerOptions& optimizer = policy->options->optimizer;
    digest.add(fmt::format("{} {} {} {}", optimizer.beta1, optimizer.beta2, optimizer.weight_decay,
                           optimizer.clip_norm));
    digest.add(policy->trainer->weights()->config.to_json());
    digest.add(policy->trainer->weights()->digest()).add(policy->tokenizer->json()).add("\n");
    if (policy->chat) {
      const ModelOptions& model = policy->options->model;
      digest.add("chat=").add(model.chat).add(",").add(model.system).add("\n");
    } else if (!policy->tokenizer->opening().empty()) {
      digest.add("opening\n");  // before the first prompt
    }
    const std::string& end = policy->options->model.end_token;
    if (!end.empty()) digest.add("end=").add(end).add("\n");
    const std::string& dtype = policy->options->model.dtype;
    if (dtype != "fp32") digest.add("dtype=").add(dtype).add("\n");
    if (policy->base == nullptr) continue;
    digest.add("base=").add(policy->base->digest).add(" ");
    digest.add(policy->trainer->base().settings.text()).add("\n");
  }
  return digest.hex();
}

constexpr const char* kDigestFile = "/weights_digest";

std::string joint_digest(const std::vector<std::shared_ptr<const Weights>>& weights) {
  Digest digest;
  for (const auto& each : weights) digest.add(each->digest()).add("\n");
  return digest.hex();
}

/// What a policy trains, read from its folder in a cache entry.
Result<std::shared_ptr<const Weights>> read_trained(Disk& disk, const std::string& place,
                                                    const PolicyRuntime& policy) {
  const ModelConfig& config = policy.trainer->weights()->config;
  if (policy.base) {
    TROUPE_ASSIGN(LoraAdapter adapter, read_lora_folder(disk, place, config));
    return std::make_shared<const Weights>(std::move(adapter.weights));
  }
  TROUPE_ASSIGN(ModelFolder model, read_model_folder(disk, place, ""));
  if (model.weights.config != config) return fail(ErrorCode::kInvalid, "another shape");
  return std::make_shared<const Weights>(std::move(model.weights));
}

Status write_trained(Disk& disk, const std::string& place, const PolicyRuntime& policy) {
  const Weights& weights = *policy.trainer->weights();
  if (policy.base == nullptr) return write_model_folder(disk, place, weights, *policy.tokenizer);
  return write_lora_folder(disk, place, policy.trainer->base().settings, weights,
                           policy.options->model.base);
}

/// Loads every policy from a cache entry. False: there is none, or not a good one.
bool load_cached(const WarmStartSetting& s, const std::string& folder) {
  if (!s.disk.exists(folder)) return false;
  std::vector<std::shared_ptr<const Weights>> loaded;
  for (const auto& policy : s.team.policies()) {
    auto weights = read_trained(s.disk, folder + "/" + policy->options->name, *policy);
    if (!weights) return false;
    loaded.push_back(std::move(*weights));
  }
  const auto recorded = s.disk.read(folder + kDigestFile);
  if (!recorded || *recorded != joint_digest(loaded)) return false;
  for (std::size_t i = 0; i < loaded.size(); ++i) {
    s.team.policies()[i]->trainer->restart(loaded[i]);
  }
  return true;
}

/// Keeps the result for the next run. A failure only costs that run its time.
Status save_cached(const WarmStartSetting& s, const std::string& folder) {
  const std::string draft = folder + ".writing";
  TROUPE_TRY(s.disk.remove(draft));
  std::vector<std::shared_ptr<const Weights>> weights;
  for (const auto& policy : s.team.policies()) {
    weights.push_back(policy->trainer->weights());
    const std::string place = draft + "/" + policy->options->name;
    TROUPE_TRY(s.disk.make_folders(place));
    TROUPE_TRY(write_trained(s.disk, place, *policy));
  }
  TROUPE_TRY(s.disk.write(draft + kDigestFile, joint_digest(weights), true));
  TROUPE_TRY(s.disk.remove(folder));
  return s.disk.rename(draft, folder);
}

/// One policy's side of a supervised step.
struct WarmLane {
  WarmLane(Executor& executor, PolicyRuntime& policy_in) : policy(policy_in), backward(executor) {}

  PolicyRuntime& policy;
  Gate backward;  ///< its passes on the way
  Status status;
  std::int64_t tokens = 0;
  double learning_rate = 0;
  StepResult result;
};
using WarmLanes = std::vector<std::unique_ptr<WarmLane>>;

Async<void> learn(WarmLane& lane, std::shared_ptr<const Group> unit, Gate::Pass pass) {
  const Gate::Pass held = std::move(pass);
  const Status done = co_await lane.policy.train_engine().accumulate_supervised(std::move(unit));
  if (!done) lane.status = done;
}

/// Plays the step's demonstrations and begins the backward passes of their rows, unit by unit.
Async<Status> demonstrate_step(const WarmStartSetting& s, std::int64_t step, WarmLanes& lanes) {
  const WarmStartOptions& w = s.options.warm_start;
  const DemonstrationSetting source{s.executor, *s.options.environment, *s.options.workflow,
                                    s.team};
  for (std::int64_t first = 0; first < w.batch; first += kWarmUnit) {
    std::vector<std::shared_ptr<Group>> units;
    for (std::size_t p = 0; p < lanes.size(); ++p) {
      units.push_back(std::make_shared<Group>());
      units.back()->key.step = step;
      units.back()->key.index = first / kWarmUnit;
    }
    for (std::int64_t i = first; i < std::min(w.batch, first + kWarmUnit); ++i) {
      DemonstrationId id;
      id.seed = seed_join(seed_join(static_cast<std::uint64_t>(s.options.run.seed), "warm_start"),
                          static_cast<std::uint64_t>(step * w.batch + i));
      id.noise = w.noise;
      auto rows = co_await demonstrate(source, id);
      if (!rows) co_return tl::unexpected(rows.error());
      for (std::size_t p = 0; p < lanes.size(); ++p) {
        if (step >= lanes[p]->policy.options->warm_start.steps) continue;
        for (Trajectory& row : (*rows)[p]) {
          lanes[p]->tokens += row.tokens();
          units[p]->rows.push_back(std::move(row));
        }
      }
    }
    for (std::size_t p = 0; p < lanes.size(); ++p) {
      if (units[p]->rows.empty()) continue;
      units[p]->advantages.assign(units[p]->rows.size(), 1.0);
      spawn(learn(*lanes[p], units[p], Gate::Pass(lanes[p]->backward)));
    }
  }
  co_return Status();
}

/// A policy's optimizer step, as soon as its own passes have ended.
Async<void> learn_step(WarmLane& lane, Gate::Pass pass) {
  const Gate::Pass held = std::move(pass);
  Status done = Status();
  do {
    done = co_await lane.backward.drain(Wait(3600 * kSecond, "supervised backward"));
    if (!done) lane.status = done;
  } while (lane.backward.count() > 0);  // they hold the lane
  if (!lane.status) co_return;
  auto stepped = co_await lane.policy.train_engine().step(1, lane.learning_rate);
  if (stepped) {
    lane.result = std::move(*stepped);
  } else {
    lane.status = tl::unexpected(stepped.error());
  }
}

PolicyStep numbers_of(const WarmLane& lane, std::int64_t step) {
  PolicyStep out;
  out.policy = lane.policy.options->name;
  out.agents = lane.policy.options->agents;
  out.version = step;
  out.gradient_norm = lane.result.gradient_norm;
  out.learning_rate = lane.learning_rate;
  const auto tokens = static_cast<double>(std::max<std::int64_t>(lane.result.tokens.tokens, 1));
  out.entropy = lane.result.tokens.entropy / tokens;
  out.tokens_trained = lane.tokens;
  out.skipped = lane.result.skipped;
  out.skip_reason = lane.result.skip_reason;
  return out;
}

/// One supervised step of all policies on fresh demonstrations.
Async<Status> supervised_step(const WarmStartSetting& s, std::int64_t step, StepReport& report) {
  WarmLanes lanes;
  for (const auto& policy : s.team.policies()) {
    lanes.push_back(std::make_unique<WarmLane>(s.executor, *policy));
  }
  const Status played = co_await demonstrate_step(s, step, lanes);
  Gate gate(s.executor);
  for (const auto& lane : lanes) {
    const WarmCourse& course = lane->policy.options->warm_start;
    if (step >= course.steps) continue;
    if (!played) lane->status = played;
    OptimizerOptions optimizer;
    optimizer.learning_rate = course.learning_rate;
    lane->learning_rate = learning_rate_at(optimizer, step, course.steps);
    spawn(learn_step(*lane, Gate::Pass(gate)));
  }
  while (gate.count() > 0) {  // they hold the lanes
    const Status done = co_await gate.drain(Wait(3600 * kSecond, "a supervised step"));
    if (!done) continue;
  }
  report.policies.clear();
  for (const auto& lane : lanes) {
    if (!lane->status) co_return lane->status;
    if (step >= lane->policy.options->warm_start.steps) continue;
    report.policies.push_back(numbers_of(*lane, step));
    const PolicyRuntime& policy = lane->policy;
    if (policy.trainer->skips_in_row() >= policy.options->optimizer.max_skips) {
      co_return fail(
          ErrorCode::kNonFinite,
          fmt::format("warm start of policy \"{}\": {} steps in a row were not finite ({}): "
                      "lower warm_start.learning_rate",
                      policy.options->name, policy.trainer->skips_in_row(),
                      lane->result.skip_reason));
    }
  }
  co_return Status();
}

}  // namespace

Async<Status> warm_start(const WarmStartSetting& s) {
  const WarmStartOptions& w = s.options.warm_start;
  const std::int64_t steps = s.options.warm_steps();
  if (steps == 0) co_return Status();
  const std::string folder = w.cache.empty() ? "" : w.cache + "/" + cache_key(s.options, s.team);
  if (!folder.empty() && load_cached(s, folder)) {
    s.observer.on_note("warm start taken from the cache: " + folder);
    co_return Status();
  }
  s.executor.idle_reason("warm start");
  const Nanos begin = s.executor.now();
  for (std::int64_t step = 0; step < steps; ++step) {
    if (s.cancelled && s.cancelled()) {
      co_return fail(ErrorCode::kCancelled, "interrupted during the warm start");
    }
    const Nanos before = s.executor.now();
    StepReport report;
    report.phase = "warm_start";
    report.step = step + 1;
    report.steps = steps;
    Status done = co_await supervised_step(s, step, report);
    if (!done) co_return done;
    const Nanos now = s.executor.now();
    report.seconds = static_cast<double>(now - before) / kSecond;
    report.elapsed = static_cast<double>(now - begin) / kSecond;
    report.fraction_done = static_cast<double>(step + 1) / static_cast<double>(steps);
    report.seconds_left = report.elapsed * (1 / report.fraction_done - 1);
    s.observer.on_step(report);
  }
  // RL begins with a fresh optimizer at version 0.
  for (const auto& policy : s.team.policies()) policy->trainer->restart(policy->trainer->weights());
  if (!folder.empty()) {
    const Status saved = save_cached(s, folder);
    if (!saved) s.observer.on_note("the warm start could not be cached: " + saved.error().message);
  }
  co_return Status();
}

}  // namespace troupe
