#pragma once

#include "base/child_pool.h"
#include "environment/services.h"
#include "troupe/environment.h"

namespace troupe {

/// An environment as the user's own program, in any language: one JSON line in, one JSON line out.
/// The protocol, with an example, is in docs/environments.md.
///
/// Each episode in flight has a process of its own; idle ones are reused, so "reset" must forget
/// everything. A dead program, a late or malformed reply, an unknown agent, a reward outside its
/// bounds or an episode past `max_turns` is kUnavailable: the episode is retried and never scored.
/// Only the program can know that an action made it slow or ran out of something: it then replies
/// {"limit": name}, which ends the episode with `min_reward` for all (Outcome::limit).
/// demonstrate() is kNotFound where the program replies {"error": ...}.
/// Tasks: the objects of `tasks_path`, split by hash; else {"index": i, "split": "train"|"heldout"}
/// for i below `tasks` (0: without end), from which the program makes different problems.
class CommandSpec : public EnvironmentSpec {
 public:
  explicit CommandSpec(EnvironmentServices services) : services_(services) {}
  std::string name() const override { return "command"; }
  std::string summary() const override {
    return "your own program, one JSON line in, one out (any number of agents and turns)";
  }
  std::string optimum() const override { return "what the program gives for perfect play"; }
  void declare(OptionSet& options) override;
  Status prepare() override;
  std::vector<std::string> agents() const override { return agents_; }
  std::string alphabet() const override { return alphabet_; }
  std::optional<std::uint64_t> size(Split split) const override;
  Result<Task> task(Split split, std::uint64_t index) const override;
  std::unique_ptr<Environment> make() const override;
  int max_answer() const override { return static_cast<int>(max_answer_); }
  int max_turns() const override { return static_cast<int>(max_turns_); }
  std::pair<double, double> reward_range() const override { return {min_reward_, max_reward_}; }
  bool may_block() const override { return true; }

 private:
  Status check_options() const;
  Status read_tasks();

  EnvironmentServices services_;
  std::vector<std::string> command_;
  double timeout_seconds_ = 10.0;
  std::vector<std::string> agents_ = {"agent"};
  std::string alphabet_;
  std::int64_t max_answer_ = 64;
  std::int64_t max_turns_ = 1;
  double min_reward_ = 0.0;
  double max_reward_ = 1.0;
  std::int64_t tasks_ = 0;
  std::string tasks_path_;
  std::int64_t warm_ = 1;
  std::shared_ptr<ChildPool> pool_;
  std::vector<Task> rows_[2];  ///< of tasks_path: train, held out
};

}  // namespace troupe
