#include "orchestrate/plan.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "base/memory.h"
#include "orchestrate/evaluate.h"
#include "orchestrate/team.h"
#include "orchestrate/trial.h"

namespace troupe {
namespace {

std::string size_text(std::uint64_t bytes) {
  if (bytes >= 1ULL << 30)
    return fmt::format("{:.2f} GiB", static_cast<double>(bytes) / (1ULL << 30));
  return fmt::format("{:.1f} MiB", static_cast<double>(bytes) / (1ULL << 20));
}

/// Tasks, episodes in flight, threads and their stacks, the allocator's own: measured on the
/// examples, about so much above what the program has when it begins.
constexpr std::uint64_t kProcess = 4ULL << 20;
constexpr std::uint64_t kEpisode = 4ULL << 10;

/// The means of a policy's agents; they act together.
PolicyLengths lengths_of(const PolicyOptions& policy,
                         const std::map<std::string, RowLength>& agents) {
  PolicyLengths out;
  const auto count = static_cast<double>(policy.agents.size());
  double prompts = 0;
  for (const std::string& agent : policy.agents) {
    const auto found = agents.find(agent);
    if (found == agents.end()) continue;
    out.prompt += found->second.prompt / count;
    out.tokens += found->second.tokens / count;
    out.sampled += found->second.sampled / count;
    out.pages += found->second.pages / count;
    out.longest = std::max(out.longest, found->second.longest);
    prompts += found->second.prompts;
  }
  if (prompts > 0) out.prompts = prompts;
  return out;
}

/// The peak of all policies together: they take their steps at the same time, and a checkpoint
/// holds a copy of all moments while it writes one policy after the other. `slow_disk`: steps are
/// taken meanwhile, so that it also holds the weights that they replace.
std::uint64_t peak(const std::vector<const PolicyMemory*>& policies,
                   const std::optional<SharedTraining>& shared, bool slow_disk) {
  std::uint64_t standing = shared ? shared->workspaces + shared->memory : 0;
  std::uint64_t step = 0;
  std::uint64_t copies = 0;
  std::uint64_t encoding = 0;
  for (const PolicyMemory* m : policies) {
    standing += m->standing();
    if (shared) standing -= m->workspaces + m->moments;
    step += m->next;
    copies += m->copies;
    encoding = std::max(encoding, m->encoding);
  }
  if (slow_disk) return standing + 2 * step + copies + encoding;
  return standing + std::max(step, copies + encoding);
}

std::vector<std::pair<const char*, std::uint64_t>> rows_of(const PolicyMemory& m) {
  return {{"weights and their packed form", m.weights},
          {"base, shared by adapters", m.base},
          {"the same of older versions in use", m.older},
          {"the same of the reference policy", m.reference},
          {"optimizer moments", m.optimizer},
          {"gradients and their exact sums", m.gradients},
          {"critic", m.critic},
          {"activations of training", m.activations},
          {"activations of generation", m.engine},
          {"KV caches", m.kv_cache},
          {"experience", m.experience},
          {"published versions", m.published},
          {"for a moment: next version or checkpoint", std::max(m.next, m.copies + m.encoding)}};
}

}  // namespace

Result<RunPlan> make_plan(Disk& disk, const RunOptions& o, int workers, std::uint64_t available) {
  RunPlan plan;
  plan.available = available;
  plan.episodes_per_step = o.rollout.groups * o.rollout.group_size;
  const std::int64_t episodes =
      std::max(plan.episodes_per_step, std::min(kEvalWave, o.eval.final_episodes));
  plan.process = resident_memory(disk) + kProcess + static_cast<std::uint64_t>(episodes) * kEpisode;
  std::map<std::string, Reader> readers;
  std::vector<PolicyStart> starts;
  BaseFolders folders;
  std::set<std::pair<const Weights*, Dtype>> bases;
  for (const auto& policy : o.policies) {
    TROUPE_ASSIGN(PolicyStart start, make_policy_start(disk, o, *policy, folders));
    // Adapters on one base share it: the first policy that has it counts it.
    const bool first_on_base =
        start.lora.rank > 0 && bases.emplace(start.weights.get(), policy_dtype(*policy)).second;
    if (start.lora.rank == 0) start.weights.reset();
    TROUPE_TRY(check_experience(o, *policy, start.max_context));
    PolicyPlan p;
    p.policy = policy->name;
    p.agents = policy->agents;
    p.parameters = start.config.parameters();
    p.trained = p.parameters;
    if (start.lora.rank > 0) {
      p.trained = 0;
      const ParameterLayout layout = lora_layout(start.config, start.lora);
      for (const TensorSpec& spec : layout.tensors()) {
        p.trained += static_cast<std::int64_t>(spec.size);
      }
    }
    p.holds_base = first_on_base;
    p.most = policy_memory(o, *policy, start, longest_lengths(start), workers, first_on_base);
    plan.max_tokens_per_step +=
        plan.episodes_per_step * rows_per_episode(o, *policy) * start.max_context;
    plan.policies.push_back(std::move(p));
    for (const auto& agent : policy->agents) {
      readers[agent] = {start.tokenizer, start.chat, start.max_context, start.max_answer};
    }
    starts.push_back(std::move(start));
  }
  std::vector<const PolicyMemory*> most;
  for (const PolicyPlan& p : plan.policies) most.push_back(&p.most);
  if (o.training.slots > 0) {
    TROUPE_ASSIGN(plan.shared, shared_training(most, o.training));
    plan.slots = o.training.slots;
  }
  plan.bytes = plan.process + peak(most, plan.shared, o.checkpoint.background);
  if (available > 0 && plan.bytes > available) {
    return fail(
        ErrorCode::kExhausted,
        fmt::format("the run may need {} but the machine has {} free: lower rollout.groups, "
                    "rollout.max_context, pipeline.pack_tokens, rollout.kv_megabytes or the "
                    "model's size",
                    size_text(plan.bytes), size_text(available)));
  }
  TROUPE_TRY(try_first_task(o, readers));
  if (const auto lengths = typical_lengths(o, readers)) {
    std::vector<const PolicyMemory*> typical;
    for (std::size_t i = 0; i < starts.size(); ++i) {
      const PolicyOptions& policy = *o.policies[i];
      plan.policies[i].typical = policy_memory(o, policy, starts[i], lengths_of(policy, *lengths),
                                               workers, plan.policies[i].holds_base);
      typical.push_back(&*plan.policies[i].typical);
    }
    std::optional<SharedTraining> shared;
    if (plan.shared) {
      TROUPE_ASSIGN(shared, shared_training(typical, o.training));
    }
    plan.typical = plan.process + peak(typical, shared, false);
  }
  return plan;
}

std::string plan_text(const RunPlan& plan) {
  std::string out;
  for (const PolicyPlan& p : plan.policies) {
    const bool whole = p.trained == p.parameters;
    out += fmt::format(
        "policy {} ({}): {} parameters{}\n", p.policy, fmt::join(p.agents, ", "), p.parameters,
        whole ? "" : fmt::format(", and an adapter of {} that is trained", p.trained));
    out += fmt::format("  {:<42}{:>12}", "", "at most");
    out += p.typical ? fmt::format("{:>12}\n", "typical") : "\n";
    const auto most = rows_of(p.most);
    const auto typical = rows_of(p.typical.value_or(PolicyMemory()));
    for (std::size_t i = 0; i < most.size(); ++i) {
      if (most[i].second == 0) continue;
      out += fmt::format("  {:<42}{:>12}", most[i].first, size_text(most[i].second));
      out += p.typical ? fmt::format("{:>12}\n", size_text(typical[i].second)) : "\n";
    }
  }
  if (plan.shared) {
    out += fmt::format("training slots: {} for {} policies; training states {} in memory",
                       plan.slots, plan.policies.size(), size_text(plan.shared->memory));
    if (plan.shared->disk > 0) {
      out += fmt::format(", at most {} on disk", size_text(plan.shared->disk));
    }
    out += "\n";
  }
  out += fmt::format("the program itself: {}\n", size_text(plan.process));
  out += fmt::format("episodes a step: {}; at most {} tokens a step\n", plan.episodes_per_step,
                     plan.max_tokens_per_step);
  if (plan.typical > 0) {
    out += fmt::format("memory if answers are as long as the teacher's: {}\n",
                       size_text(plan.typical));
  }
  out += fmt::format("memory at most: {}", size_text(plan.bytes));
  if (plan.available > 0) out += fmt::format(" of {} free", size_text(plan.available));
  return out + "\n";
}

}  // namespace troupe
