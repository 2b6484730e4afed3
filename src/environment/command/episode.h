#pragma once

#include <map>

#include "environment/command/line_program.h"
#include "troupe/environment.h"

namespace troupe {

/// What a program must keep to; see CommandSpec.
struct CommandRules {
  std::vector<std::string> agents;
  int max_turns = 1;
  double min_reward = 0.0;
  double max_reward = 1.0;
  double timeout_seconds = 10.0;
};

/// One episode of a command environment.
class CommandEpisode : public Environment {
 public:
  CommandEpisode(CommandRules rules, std::shared_ptr<ChildPool> pool);
  Result<Turn> reset(const Task& task, std::uint64_t seed) override;
  Result<Turn> step(const std::vector<Action>& actions) override;
  Outcome outcome() const override { return outcome_; }
  Result<std::string> demonstrate(const Prompt& prompt, double noise, Rng& rng) const override;

 private:
  Result<Turn> take(const std::string& verb, const nlohmann::json& reply);
  Result<Turn> read_prompts(const nlohmann::json& prompts);
  Result<Outcome> read_outcome(const nlohmann::json& reply);
  [[nodiscard]] Result<Outcome> read_limit(const nlohmann::json& limit) const;

  CommandRules rules_;
  std::unique_ptr<LineProgram> program_;
  std::map<std::string, int> turns_;  ///< prompts so far, by agent
  Turn turn_;
  Outcome outcome_;
};

}  // namespace troupe
