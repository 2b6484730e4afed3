#include "rollout/options.h"

namespace troupe {

void RolloutOptions::declare(OptionSet& o) {
  o.add("groups", &groups, "Groups (tasks) in a global batch: one optimizer step covers them.")
      .range(1, 2000);
  o.add("group_size", &group_size, "Episodes of one task, compared with each other.")
      .range(1, 4096);
  sampling.declare(o);
  o.add(
      "stop", &stop,
      "Texts that end an answer, wherever token borders lie. Their tokens stay in the trajectory; "
      "the answer's text ends before them.");
  o.add("stop_tokens", &stop_tokens, "Ids of tokens that end an answer, besides the end token.");
  o.add("max_answer", &max_answer,
        "Most tokens of one answer, its end token included. 0: what the environment suggests.")
      .range(0, 1048576);
  o.add("max_context", &max_context,
        "Most tokens of an agent's whole trajectory. 0: the model's max_positions.")
      .range(0, 1048576);
  o.add("max_sessions", &max_sessions, "Most KV caches that one policy's engine holds at once.")
      .range(1, 1048576);
  o.add("kv_megabytes", &kv_megabytes,
        "Budget of one policy's KV caches, in MiB; episodes wait for room.")
      .range(1, 1048576);
  o.add("burst", &burst,
        "Tokens that a sequence may gain before others can join or leave its batch.")
      .range(1, 1024);
  o.add("concurrency", &concurrency,
        "Answers that are sampled at once at most, over all episodes, members of groups and "
        "branches; the oldest episode is next. 0: no limit.")
      .range(0, 1048576);
  o.add("retries", &retries,
        "How often an episode is played again after a failure that the agents did not cause.")
      .range(0, 100);
  o.add("turn_timeout", &turn_timeout, "Seconds that an episode may wait for an engine's memory.")
      .range(0.001, 86400);
  o.add("experience_megabytes", &experience_megabytes,
        "Budget of one policy's experience, in MiB, reserved when groups are admitted.")
      .range(1, 1048576);
}

}  // namespace troupe
