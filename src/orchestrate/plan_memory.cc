#include "orchestrate/plan_memory.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <numeric>

#include "orchestrate/evaluate.h"
#include "orchestrate/run_experience.h"
#include "orchestrate/tail/make_tail.h"
#include "orchestrate/warm_start.h"
#include "rollout/local_engine.h"
#include "train/batch_scaling.h"
#include "train/loss/registry.h"

namespace troupe {
namespace {

std::int64_t ceiling(double x) { return static_cast<std::int64_t>(std::ceil(x)); }

/// Bytes before the values of a sum that is put away.
constexpr std::uint64_t kSumHead = 8;

/// The largest pass over a group of `rows` trajectories.
struct Pack {
  std::int64_t tokens, scored;
};
Pack largest_pack(const RunOptions& o, const PolicyLengths& l, std::int64_t rows, double each) {
  const std::int64_t most = std::max<std::int64_t>(o.pipeline.pack_tokens, l.longest);
  const std::int64_t tokens = std::min(most, ceiling(static_cast<double>(rows) * each));
  return {tokens, ceiling(static_cast<double>(tokens) * l.sampled / std::max(l.tokens, 1.0))};
}

struct Sessions {
  std::int64_t rl, eval;
  [[nodiscard]] std::int64_t most() const { return std::max(rl, eval); }
};

/// What all policies have let in and no step has taken: the least of their bounds, and what a tail
/// policy adds.
std::int64_t groups_in_flight(const RunOptions& o) {
  std::int64_t ahead = INT64_MAX;
  for (const auto& policy : o.policies) {
    AdmissionSettings pace;
    pace.batch = o.rollout.groups;
    pace.staleness = policy->pipeline.bound();
    ahead = std::min(ahead, groups_ahead(pace));
  }
  return o.rollout.groups + ahead;
}

std::int64_t episodes_in_flight(const RunOptions& o) {
  const auto tail =
      make_tail(o.pipeline.tail, o.pipeline.tail_factor, o.rollout.groups, o.rollout.group_size);
  if (tail == nullptr) return groups_in_flight(o) * o.rollout.group_size;
  const TailPlan plan = tail->plan(0);
  return plan.groups * plan.members;
}

/// Versions besides the newest that the engine still samples with.
std::int64_t older_versions(const RunOptions& o, const PolicyOptions& policy) {
  const auto past = o.workflow->past();
  const std::int64_t pool = past ? past->pool : 0;
  const ModeOptions& mode = policy.pipeline;
  if (mode.bound() <= 0 || mode.update == "abort" || mode.update == "drain") return pool;
  if (mode.update == "keep") return pool + 1;
  return pool + (groups_in_flight(o) - 1) / o.rollout.groups;
}

/// Sessions of a policy that are open at once: as many as episodes play, claims and limits allow.
Sessions open_sessions(const RunOptions& o, const PolicyOptions& policy, const PolicyStart& start) {
  const std::int64_t rows = rows_per_episode(o, policy);
  const std::uint64_t claim = KvCache::bytes(start.config, start.max_context, policy_dtype(policy));
  const auto room =
      static_cast<std::int64_t>((static_cast<std::uint64_t>(o.rollout.kv_megabytes) << 20) / claim);
  const std::int64_t limit = std::min(o.rollout.max_sessions, std::max<std::int64_t>(room, 1));
  const std::int64_t rl = episodes_in_flight(o) * rows;
  const std::int64_t eval = std::min(kEvalWave, o.eval.final_episodes) * rows;
  return {std::min(limit, rl), std::min(limit, eval)};
}

std::uint64_t engine_bytes(const PolicyOptions& policy, const PolicyStart& start,
                           const PolicyLengths& l, const Sessions& sessions,
                           std::int64_t group_size, int workers) {
  const ModelConfig& config = start.config;
  const Dtype dtype = policy_dtype(policy);
  const std::size_t packed = Decoder::packed_bytes(config, dtype);
  const int lanes = LocalEngine::lane_count(packed, workers);
  const auto share = [&](std::int64_t n) { return (n + lanes - 1) / lanes; };
  // Sequences that begin with the same prompt share its pass: a group's samples always do.
  const auto different = [&](std::int64_t tasks) {
    return expected_different(l.prompts, static_cast<double>(share(tasks)));
  };
  const double prefill =
      l.prompt * std::max(different(sessions.eval), different(sessions.rl / group_size));
  const std::int64_t chunks = share(sessions.most());
  const std::size_t rows = static_cast<std::size_t>(std::max(chunks, ceiling(prefill)));
  const std::size_t logits =
      static_cast<std::size_t>(chunks) * static_cast<std::size_t>(config.vocab) * sizeof(float);
  return static_cast<std::uint64_t>(lanes) *
         (logits + Decoder::Scratch::bytes(config, dtype, rows, static_cast<std::size_t>(chunks),
                                           l.longest, LocalEngine::crew_size(packed, workers)));
}

}  // namespace

Result<SharedTraining> shared_training(const std::vector<const PolicyMemory*>& policies,
                                       const TrainingOptions& training) {
  const auto slots = static_cast<std::size_t>(training.slots);
  std::vector<std::uint64_t> works;
  std::vector<std::uint64_t> states;
  for (const PolicyMemory* m : policies) {
    works.push_back(m->workspaces);
    states.push_back(m->state);
  }
  std::sort(works.rbegin(), works.rend());
  std::sort(states.rbegin(), states.rend());
  works.resize(std::min(works.size(), slots));
  SharedTraining out;
  out.workspaces = std::accumulate(works.begin(), works.end(), std::uint64_t{0});
  const std::uint64_t all = std::accumulate(states.begin(), states.end(), std::uint64_t{0});
  out.memory = all;
  if (training.memory_megabytes == 0) return out;
  states.resize(std::min(states.size(), slots));
  const std::uint64_t least = std::accumulate(states.begin(), states.end(), std::uint64_t{0});
  const std::uint64_t limit = static_cast<std::uint64_t>(training.memory_megabytes) << 20;
  if (limit < least) {
    return fail(
        ErrorCode::kInvalid,
        fmt::format("training.memory_megabytes = {} cannot hold the states that {} slots "
                    "need at once: use at least {}, or lower training.slots",
                    training.memory_megabytes, training.slots, (least + (1ULL << 20) - 1) >> 20));
  }
  out.memory = std::min(all, limit);
  out.disk = all > limit ? all : 0;
  return out;
}

PolicyLengths longest_lengths(const PolicyStart& start) {
  const double all = start.max_context;
  return {all, all, all, static_cast<double>(kv_pages(start.max_context)), start.max_context, 1e9};
}

PolicyMemory policy_memory(const RunOptions& o, const PolicyOptions& policy,
                           const PolicyStart& start, const PolicyLengths& l, int workers,
                           bool holds_base) {
  const ModelConfig& config = start.config;
  const Dtype dtype = policy_dtype(policy);
  const std::uint64_t whole = ParameterLayout(config).size() * sizeof(float);
  const int rank = start.lora.rank;
  // What is trained: all, or an adapter, whose packed form is at most as large as its masters.
  const std::uint64_t model =
      rank == 0 ? whole : lora_layout(config, start.lora).size() * sizeof(float);
  const std::uint64_t packed = rank == 0 ? Decoder::bytes(config, dtype) : model;
  const std::int64_t rows = rows_per_episode(o, policy);
  PolicyMemory m;
  if (holds_base) m.base = whole + Decoder::bytes(config, dtype);
  m.weights = m.reference = m.next = model + packed;
  m.older = static_cast<std::uint64_t>(older_versions(o, policy)) * (model + packed);
  m.optimizer = m.copies = m.encoding = 2 * model;
  // The bits of two versions; records, payload and what changed of at most as many each.
  if (o.versions.publish) m.published = (dtype == Dtype::kFp32 ? 6 : 3) * model;

  const std::int64_t units =
      o.warm_steps() > 0 ? (o.warm_start.batch + kWarmUnit - 1) / kWarmUnit : 0;
  const auto slots = static_cast<std::uint64_t>(
      std::min<std::int64_t>(workers, std::max(o.rollout.groups, units)));
  // A gradient, and its sum in 8 bytes a value; more sums if the batch scales the advantages.
  const auto sums = static_cast<std::uint64_t>(1 + extra_sums(policy.algorithm).count());
  m.gradients = slots * (model + sums * 2 * model);
  const Pack rl = largest_pack(o, l, o.rollout.group_size * rows, l.longest);
  const Pack warm = units > 0 ? largest_pack(o, l, kWarmUnit * rows, l.tokens) : Pack{0, 0};
  const Pack& larger = warm.tokens > rl.tokens ? warm : rl;
  const TrainPass::Options keep{o.pipeline.recompute};
  m.activations =
      slots * TrainPass::bytes(config, dtype, keep, larger.tokens, larger.scored, l.longest, rank);
  if (policy.algorithm.advantage == "gae") {
    ModelConfig critic = config;
    critic.tied = false;
    const std::uint64_t values = ParameterLayout(critic).size() * sizeof(float);
    const std::uint64_t whole_critic = values + Decoder::bytes(critic, dtype);
    // A gradient and its exact sum, and the passes.
    m.workspaces = slots * (3 * values +
                            TrainPass::bytes(critic, dtype, keep, rl.tokens, rl.scored, l.longest) +
                            TrainPass::forward_bytes(critic, dtype, TrainPass::Options{true},
                                                     rl.tokens, rl.scored, l.longest));
    m.moments = 2 * values;
    m.state = m.moments + 2 * values + kSumHead;
    m.critic = whole_critic + m.moments + m.workspaces;
    m.next += whole_critic;
    m.copies += 2 * values;
    m.encoding = std::max(m.encoding, 2 * values);
  }
  // Without a KL term one group of a step is compared with the reference. A loss of whole rows
  // needs the log-probs of rows of older versions beforehand.
  const bool forward_first =
      policy.pipeline.bound() > 0 && !make_loss(policy.algorithm)->token_level();
  const std::uint64_t compared =
      policy.algorithm.kl_coefficient > 0 || forward_first
          ? slots
          : std::min<std::uint64_t>(slots, static_cast<std::uint64_t>(o.run.steps));
  m.activations += compared * TrainPass::forward_bytes(config, dtype, TrainPass::Options{true},
                                                       rl.tokens, rl.scored, l.longest, rank);
  m.workspaces += m.gradients + m.activations;
  m.moments += m.optimizer;
  m.state += m.optimizer + sums * 2 * model + 3 * kSumHead;

  const Sessions sessions = open_sessions(o, policy, start);
  m.engine = engine_bytes(policy, start, l, sessions, o.rollout.group_size, workers);
  m.kv_cache = static_cast<std::uint64_t>(static_cast<double>(sessions.most()) * l.pages) *
               KvPool::page_bytes(config, dtype);
  m.experience =
      static_cast<std::uint64_t>(static_cast<double>(groups_in_flight(o)) *
                                 static_cast<double>(group_bytes(o, policy, start.max_context)) *
                                 l.tokens / static_cast<double>(start.max_context));
  if (o.experience.store == "memory") m.experience += 3 * kMemorySegment / o.policies.size();
  return m;
}

}  // namespace troupe
