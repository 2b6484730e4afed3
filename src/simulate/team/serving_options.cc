#include "orchestrate/idle_parts.h"
#include "simulate/team/serving.h"

namespace troupe {

void ServingOptions::declare(OptionSet& o) {
  o.add("instances", &instances,
        "Instances besides those of [cluster], of the same devices, that serve users of the same "
        "model and lend rollout what these leave. 0: none.")
      .range(0, 1e5);
  o.add("lend", &lend,
        "slack: rollout decodes there while users stay within their objectives. always: whether "
        "they do or not. never: the users have them alone.")
      .one_of({"slack", "always", "never"});
  o.add("kv_share", &kv_share,
        "Share of the KV memory that rollout may fill; an instance whose users need more than the "
        "rest is taken back until the next step.")
      .range(0.01, 0.99);
  o.add("activate", &activate, "Seconds until rollout's model is ready on a lent instance.")
      .range(0, 1e4);
  o.add("ttft", &ttft, "Objective of users' first token, seconds.").range(1e-3, 1e3);
  o.add("tpot", &tpot, "Objective of each further token, seconds.").range(1e-4, 1e3);
  o.add("rate", &rate, "Users' requests a second to each instance, on average.").range(0, 1e4);
  o.add("swing", &swing, "The rate's swing above and below its mean, over an hour.").range(0, 1);
  o.add("burst_factor", &burst_factor, "The rate in a burst, for each outside.").range(1, 100);
  o.add("prompt_median", &prompt_median, "Median tokens of a user's prompt.").range(1, 1e5);
  o.add("answer_median", &answer_median, "Median tokens of an answer to a user.").range(1, 1e5);
}

Status ServingOptions::check() const {
  if (instances > 0 || *this == ServingOptions()) return {};
  return fail(ErrorCode::kInvalid,
              "[serving] would do nothing: serving.instances is 0; set it, or remove the table");
}

}  // namespace troupe
