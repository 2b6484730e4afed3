#include "simulate/workload/planned_workflow.h"

#include "simulate/workload/planned_turn.h"

namespace troupe {
namespace {

/// Part of a lockstep as long as it lives.
class Player {
 public:
  explicit Player(Lockstep* lockstep) : lockstep_(lockstep) {
    if (lockstep_ != nullptr) lockstep_->begin();
  }
  ~Player() {
    if (lockstep_ != nullptr) lockstep_->end();
  }
  Player(const Player&) = delete;
  Player& operator=(const Player&) = delete;

 private:
  Lockstep* lockstep_;
};

}  // namespace

Async<Result<Outcome>> PlannedWorkflow::play(Episode& episode, Task task) const {
  const Player player(lockstep_);
  const std::string id = task.id;
  auto turn = co_await episode.reset(std::move(task));
  while (turn && !turn->done()) {
    Prompt prompt = std::move(turn->prompts.front());
    const double tool = planned(prompt.text).tool_seconds;
    if (tool > 0) co_await sleep_for(episode.executor(), static_cast<Nanos>(tool * kSecond));
    if (lockstep_ != nullptr) co_await lockstep_->arrive();
    if (host_ != nullptr) co_await host_->turn();
    auto action = co_await episode.act(std::move(prompt));
    if (!action) co_return tl::unexpected(action.error());
    std::vector<Action> actions(1, std::move(*action));
    turn = co_await episode.step(std::move(actions));
  }
  if (!turn) co_return tl::unexpected(turn.error());
  generated_(id);
  co_return episode.finish();
}

}  // namespace troupe
