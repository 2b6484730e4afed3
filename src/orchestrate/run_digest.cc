#include "orchestrate/run_digest.h"

#include <algorithm>
#include <vector>

#include "base/digest.h"
#include "orchestrate/run_options.h"

namespace troupe {

Result<std::string> digest_tasks(const EnvironmentSpec& spec) {
  constexpr std::uint64_t kMost = 100'000;
  Digest digest;
  const std::uint64_t count = spec.size(Split::kTrain).value_or(kMost + 1);
  for (std::uint64_t i = 0; count <= kMost && i < count; ++i) {
    TROUPE_ASSIGN(const Task task, spec.task(Split::kTrain, i));
    digest.add(task.id).add("\t").add(task.payload).add("\n");
  }
  return digest.hex();
}

std::string result_digest(const RunOptions& o) {
  static const std::vector<std::string> harmless = {"run.output",
                                                    "run.max_seconds",
                                                    "run.threads",
                                                    "run.name",
                                                    "checkpoint.every",
                                                    "checkpoint.keep",
                                                    "checkpoint.keep_every",
                                                    "checkpoint.background",
                                                    "warm_start.cache",
                                                    "rollout.retries",
                                                    "rollout.concurrency",
                                                    "credit.timeout_seconds",
                                                    "credit.retries",
                                                    "rollout.turn_timeout",
                                                    "rollout.max_sessions",
                                                    "rollout.kv_megabytes",
                                                    "rollout.burst",
                                                    "rollout.experience_megabytes",
                                                    "experience.store",
                                                    "experience.flush_seconds",
                                                    "experience.segment_megabytes",
                                                    "experience.disk_timeout",
                                                    "pipeline.micro_batch",
                                                    "pipeline.recompute",
                                                    "pipeline.group_timeout",
                                                    "eval.final_episodes"};
  const auto is_in = [](const std::vector<std::string>& names, const std::string& key) {
    return std::find(names.begin(), names.end(), key) != names.end();
  };
  Digest digest;
  for (const auto& set : o.sets) {
    // Who samples, and when, changes no sample; nor does who trains when change a gradient, or what
    // is published.
    if (is_in({"instances", "router", "balancer", "emulated", "training", "versions"},
              set->prefix())) {
      continue;
    }
    for (const Option& option : set->options()) {
      if (is_in(harmless, option.key) || is_in(RewardOptions::harmless(), option.key)) continue;
      digest.add(option.key).add("=").add(option.value_text()).add("\n");
    }
  }
  for (const auto& policy : o.policies) {
    digest.add(policy->name).add(":");
    for (const auto& agent : policy->agents) digest.add(agent).add(",");
  }
  digest.add(o.tasks_digest);
  return digest.hex();
}

}  // namespace troupe
