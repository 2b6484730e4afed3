#include "simulate/soak/drawn_run.h"

#include <algorithm>
#include <vector>

#include "base/rng.h"
#include "config/run_file.h"
#include "model/tokenizer.h"
#include "simulate/soak/drawn_parts.h"

namespace troupe {
namespace {

/// Of a training state, for each parameter, at most: two moments in 4 bytes each and three sums in
/// 8, where advantages are scaled by the batch and a divergence is added to the loss.
constexpr double kStateBytes = 34;

struct DrawnTeam {
  std::int64_t policies = 1;
  bool own = true;  ///< every agent has a policy of its own
};

/// Who acts in what, and whose weights they play with.
DrawnTeam draw_team(Rng& rng, TomlDraft& out) {
  if (one_in(rng, 8)) {  // both players have the same weights, or one is a version of the past
    out.set("environment", "name", "kuhn");
    const bool alone = one_in(rng, 2);
    if (alone) {
      out.set("policy.player", "agents", std::vector<std::string>{"player_0", "player_1"}, 2);
    }
    if (one_in(rng, 2)) {
      out.set("workflow", "name", "self_play");
      out.set("workflow", "pool", between(rng, 1, 3));
      out.set("workflow", "every", between(rng, 1, 2));
    }
    return {alone ? 1 : 2, !alone};
  }
  if (one_in(rng, 3)) {
    out.set("environment", "name", "guess");
    out.set("environment", "numbers", between(rng, 3, 7));
    out.set("environment", "turns", between(rng, 2, 3));
    return {1, true};
  }
  const std::int64_t hops = between(rng, 2, 3);
  out.set("environment", "name", "chain");
  out.set("environment", "hops", hops);
  out.set("environment", "symbols", between(rng, 3, 4));
  if (one_in(rng, 4)) {  // all play with the same weights
    out.set("policy.team", "agents", std::vector<std::string>{"first", "second", "third"}, hops);
    return {1, false};
  }
  if (hops == 3 && one_in(rng, 3)) {
    out.set("policy.ends", "agents", std::vector<std::string>{"first", "third"}, 2);
    out.set("policy.second", "agents", std::vector<std::string>{"second"}, 1);
    return {2, false};
  }
  return {hops, true};
}

void draw_model(Rng& rng, TomlDraft& out) {
  const bool wide = one_in(rng, 4);
  out.set("model", "width", wide ? 16 : 8);
  out.set("model", "layers", 1);
  out.set("model", "heads", wide ? 2 : 1);
  out.set("model", "ffn", 8);
  out.set("model", "max_positions", 32);
  if (one_in(rng, 4)) out.set("model", "dtype", "bf16");
  out.set("optimizer", "learning_rate", 0.01);
}

void draw_algorithm(Rng& rng, TomlDraft& out, const DrawnModes& modes) {
  const char* const compared[] = {"grpo", "dr_grpo", "rloo"};
  // The last two want all samples to be of the version that is trained.
  const char* const all[] = {"grpo", "rloo", "gae", "role_baseline", "reinforce_pp", "lite_ppo"};
  const std::uint64_t fit = modes.overlap ? 4 : 6;
  out.set("algorithm", "advantage", modes.refill ? compared[rng.below(3)] : all[rng.below(fit)]);
  if (one_in(rng, 3)) out.set("algorithm", "kl_coefficient", 0.01);
  // Never without a gradient: what is trained on must show in the weights.
  out.set("algorithm", "entropy_coefficient", 0.01);
}

void draw_keeping(Rng& rng, TomlDraft& out, const DrawnModes& modes) {
  out.set("checkpoint", "every", between(rng, 0, 3));
  out.set("checkpoint", "keep", between(rng, 1, 2));
  if (one_in(rng, 3)) out.set("checkpoint", "background", false);
  out.set("eval", "every", between(rng, 0, 2));
  out.set("eval", "episodes", between(rng, 1, 2));
  out.set("eval", "final_episodes", between(rng, 1, 2));
  const bool publish = one_in(rng, 3);
  if (publish) {
    out.set("versions", "publish", true);
    out.set("versions", "anchor_every", between(rng, 1, 3));
    out.set("versions", "keep", between(rng, 1, 3));
  }
  if (one_in(rng, 6)) {
    out.set("warm_start", "steps", between(rng, 1, 2));
    out.set("warm_start", "batch", 3);
    out.set("warm_start", "cache", one_in(rng, 2) ? "/warm" : "");
  }
  const bool in_memory = one_in(rng, 8) && !modes.selects && !(modes.overlap && modes.repeatable);
  if (in_memory) {
    out.set("experience", "store", "memory");
  } else {
    const double flush[] = {0.001, 0.01, 0.1};
    out.set("experience", "flush_seconds", flush[rng.below(3)]);
  }
  const double timeouts[] = {1.0, 10.0, 60.0};
  if (!in_memory || publish) out.set("experience", "disk_timeout", timeouts[rng.below(3)]);
}

/// Room for so many states of the largest policy.
Result<std::uint64_t> state_bytes(const DrawnRun& run, const RunOptions& options) {
  double largest = 0;
  const auto tokenizer = make_symbol_tokenizer(options.environment->alphabet());
  for (const auto& policy : options.policies) {
    TROUPE_ASSIGN(const ModelConfig config, policy->model.config(tokenizer->size(), 0));
    const double networks = policy->algorithm.advantage == "gae" ? 2 : 1;
    largest = std::max(largest, networks * static_cast<double>(config.parameters()));
  }
  return static_cast<std::uint64_t>(run.states * largest * kStateBytes);
}

}  // namespace

DrawnRun draw_run(std::uint64_t seed) {
  Rng rng(seed_join(seed, "run"));
  DrawnRun run;
  TomlDraft out;
  out.set("run", "name", "soak");
  out.set("run", "seed", static_cast<std::int64_t>(rng.below(1U << 30)));
  out.set("run", "steps", between(rng, 2, 5));
  const DrawnTeam team = draw_team(rng, out);
  const std::int64_t groups = between(rng, 1, 4);
  out.set("rollout", "groups", groups);
  out.set("rollout", "group_size", between(rng, 2, 3));
  // Failures that the agents did not cause may be many; none of them may end a group.
  out.set("rollout", "retries", 100);
  if (one_in(rng, 4)) out.set("rollout", "concurrency", between(rng, 1, 4));
  if (one_in(rng, 4)) out.set("rollout", "burst", between(rng, 1, 2));
  // Episodes that hold one session of a policy and wait for another could block each other.
  if (team.own && one_in(rng, 4)) out.set("rollout", "max_sessions", between(rng, 1, 6));
  const DrawnModes modes = draw_modes(rng, out, groups);
  draw_model(rng, out);
  draw_algorithm(rng, out, modes);
  draw_keeping(rng, out, modes);
  if (one_in(rng, 2)) draw_instances(rng, out, team.policies);
  if (team.policies > 1 && one_in(rng, 3)) {
    const std::int64_t slots = between(rng, 1, team.policies - 1);
    out.set("training", "slots", slots);
    // The states in the slots count, too.
    if (one_in(rng, 2)) run.states = static_cast<double>(slots) + rng.uniform();
  }
  if (one_in(rng, 2)) run.segment_bytes = 2'000 + rng.below(20'000);
  if (one_in(rng, 4)) run.experience_bytes = 4'000 + rng.below(20'000);
  run.file = out.text();
  return run;
}

Result<std::unique_ptr<RunOptions>> bind_run(const DrawnRun& run,
                                             const std::vector<std::string>& changes, Disk& disk,
                                             std::shared_ptr<EnvironmentTrouble> trouble) {
  TROUPE_ASSIGN(RunFile file, RunFile::parse(run.file, "drawn.toml"));
  for (const std::string& change : changes) TROUPE_TRY(file.set(change));
  TROUPE_ASSIGN(auto options, read_run_options(file, EnvironmentServices{disk}, {}));
  options->seams.segment_bytes = run.segment_bytes;
  options->seams.experience_bytes = run.experience_bytes;
  TROUPE_ASSIGN(options->seams.state_bytes, state_bytes(run, *options));
  options->environment =
      std::make_unique<FlakySpec>(std::move(options->environment), std::move(trouble));
  return options;
}

bool repeatable(const RunOptions& options) { return options.run.deterministic; }

}  // namespace troupe
