#include "orchestrate/idle_parts.h"

namespace troupe {

Status check_training(const RunOptions& o) {
  const TrainingOptions& t = o.training;
  const auto policies = static_cast<std::int64_t>(o.policies.size());
  if (t.slots == 0) {
    const std::string why = "training.slots is 0, so that every state stays in its place";
    TROUPE_TRY(idle_if_given("training.memory_megabytes", t.memory_megabytes,
                             TrainingOptions().memory_megabytes, why, "set training.slots"));
    return idle_if_given("training.state_folder", t.state_folder, TrainingOptions().state_folder,
                         why, "set training.slots");
  }
  if (t.slots >= policies) {
    return fail(ErrorCode::kInvalid,
                fmt::format("training.slots = {} would do nothing: with {} {} each has a slot of "
                            "its own; leave it at 0 or lower it",
                            t.slots, policies, policies == 1 ? "policy" : "policies"));
  }
  if (t.memory_megabytes > 0) return {};
  return idle_if_given("training.state_folder", t.state_folder, TrainingOptions().state_folder,
                       "training.memory_megabytes is 0, so that no state goes to disk",
                       "set training.memory_megabytes");
}

}  // namespace troupe
