#pragma once

#include <memory>
#include <string>
#include <vector>

#include "environment/code/lua_runner.h"
#include "troupe/environment.h"

namespace troupe {

/// What an episode of coding goes by; see CodeSpec.
struct CodeRules {
  int tests = 8;
  int turns = 1;
  std::string alphabet;  ///< what a prompt may hold
};

/// One episode of the environment "code".
class CodeEpisode : public Environment {
 public:
  CodeEpisode(CodeRules rules, std::shared_ptr<LuaRunner> runner)
      : rules_(std::move(rules)), runner_(std::move(runner)) {}
  Result<Turn> reset(const Task& task, std::uint64_t seed) override;
  Result<Turn> step(const std::vector<Action>& actions) override;
  Outcome outcome() const override { return outcome_; }
  Result<std::string> demonstrate(const Prompt& prompt, double noise, Rng& rng) const override;

 private:
  /// Visible examples come first, then the tests.
  static constexpr std::size_t kExamples = 2;
  [[nodiscard]] bool right(const LuaRun& run, std::size_t input) const;
  /// What the agent is told of its answer, or "" if the examples found nothing wrong.
  [[nodiscard]] std::string complaint(const LuaRun& run) const;
  [[nodiscard]] std::string shown(const std::string& text) const;

  CodeRules rules_;
  std::shared_ptr<LuaRunner> runner_;
  CodeProblem problem_;
  std::vector<CodeValue> inputs_;
  int taken_ = 0;
  Turn turn_;
  Outcome outcome_ = {{0.0}, false};
};

}  // namespace troupe
