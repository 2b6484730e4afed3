#include "orchestrate/plan.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "model/decoder.h"
#include "orchestrate/team.h"
#include "orchestrate/trial.h"

namespace troupe {
namespace {

std::string size_text(std::uint64_t bytes) {
  if (bytes >= 1ULL << 30)
    return fmt::format("{:.2f} GiB", static_cast<double>(bytes) / (1ULL << 30));
  return fmt::format("{:.1f} MiB", static_cast<double>(bytes) / (1ULL << 20));
}

}  // namespace

Result<RunPlan> make_plan(Disk& disk, const RunOptions& o, int workers, std::uint64_t available) {
  RunPlan plan;
  plan.available = available;
  plan.episodes_per_step = o.rollout.groups * o.rollout.group_size;
  const auto threads = static_cast<std::uint64_t>(workers);
  std::map<std::string, Reader> readers;
  BaseFolders folders;
  std::set<std::pair<const Weights*, Dtype>> bases;
  for (const auto& policy : o.policies) {
    TROUPE_ASSIGN(const PolicyStart start, make_policy_start(disk, o, *policy, folders));
    TROUPE_TRY(check_experience(o, *policy, start.max_context));
    const ModelConfig& config = start.config;
    const Dtype dtype = policy_dtype(*policy);
    const bool whole = start.lora.rank == 0;
    const ParameterLayout layout =
        whole ? ParameterLayout(config) : lora_layout(config, start.lora);
    const std::uint64_t model = layout.size() * sizeof(float);
    PolicyPlan p;
    p.policy = policy->name;
    p.agents = policy->agents;
    p.parameters = config.parameters();
    for (const TensorSpec& spec : layout.tensors()) {
      p.trained += static_cast<std::int64_t>(spec.size);
    }
    if (!whole && bases.emplace(start.weights.get(), dtype).second) {
      p.base = 2 * ParameterLayout(config).size() * sizeof(float);
    }
    p.weights = 4 * model;
    p.optimizer = 4 * model;
    p.gradients = threads * (model + 2 * model) + 3 * model;
    p.reference = 2 * model;
    const auto rows = o.rollout.group_size * static_cast<std::int64_t>(policy->agents.size());
    const std::int64_t tokens = std::min<std::int64_t>(o.pipeline.pack_tokens + start.max_context,
                                                       rows * start.max_context);
    p.activations = threads * TrainPass::bytes(config, dtype, {o.pipeline.recompute}, tokens,
                                               tokens, start.max_context, start.lora.rank);
    const auto sessions = std::min<std::int64_t>(
        o.rollout.max_sessions,
        plan.episodes_per_step * static_cast<std::int64_t>(policy->agents.size()));
    p.kv_cache = std::min<std::uint64_t>(
        static_cast<std::uint64_t>(o.rollout.kv_megabytes) << 20,
        static_cast<std::uint64_t>(sessions) * KvCache::bytes(config, start.max_context, dtype));
    p.experience =
        static_cast<std::uint64_t>(o.rollout.groups) * group_bytes(o, *policy, start.max_context);
    plan.max_tokens_per_step += o.rollout.groups * rows * start.max_context;
    plan.bytes += p.total();
    plan.policies.push_back(std::move(p));
    for (const auto& agent : policy->agents) {
      readers[agent] = {start.tokenizer, start.chat, start.max_context};
    }
  }
  if (available > 0 && plan.bytes > available) {
    return fail(
        ErrorCode::kExhausted,
        fmt::format("the run may need {} but the machine has {} free: lower rollout.groups, "
                    "rollout.max_context, pipeline.pack_tokens, rollout.kv_megabytes or the "
                    "model's size",
                    size_text(plan.bytes), size_text(available)));
  }
  TROUPE_TRY(try_first_task(o, readers));
  return plan;
}

std::string plan_text(const RunPlan& plan) {
  std::string out;
  for (const PolicyPlan& p : plan.policies) {
    const bool whole = p.trained == p.parameters;
    out += fmt::format(
        "policy {} ({}): {} parameters{}\n", p.policy, fmt::join(p.agents, ", "), p.parameters,
        whole ? "" : fmt::format(", and an adapter of {} that is trained", p.trained));
    std::vector<std::pair<const char*, std::uint64_t>> rows = {
        {"weights (masters, packed, next version)", p.weights},
        {"optimizer moments", p.optimizer},
        {"gradients and their exact sums", p.gradients},
        {"reference policy", p.reference},
        {"activations of backward", p.activations},
        {"KV caches", p.kv_cache},
        {"experience", p.experience}};
    if (!whole) rows.insert(rows.begin(), {"base, shared (masters, packed)", p.base});
    for (const auto& [name, bytes] : rows)
      out += fmt::format("  {:<42}{:>12}\n", name, size_text(bytes));
    out += fmt::format("  {:<42}{:>12}\n", "at most", size_text(p.total()));
  }
  out += fmt::format("episodes a step: {}; at most {} tokens a step\n", plan.episodes_per_step,
                     plan.max_tokens_per_step);
  out += fmt::format("memory at most: {}", size_text(plan.bytes));
  if (plan.available > 0) out += fmt::format(" of {} free", size_text(plan.available));
  return out + "\n";
}

}  // namespace troupe
