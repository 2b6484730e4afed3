#pragma once

#include "environment/code/lua_runner.h"
#include "troupe/environment.h"

namespace troupe {

/// Write a function in Lua; hidden tests say whether it is right.
///
/// One agent "coder". Prompt: what the function of x gives, and ':', e.g. "x times 3 plus 14:".
/// Answer: its body, "return x*3+14". It is run on `tests` inputs in a sandbox without network,
/// with read-only files and limits (docs/sandbox.md); what it gives is compared outside.
/// Reward in [0, 1]: the share of the tests that it passes. Success: all of them. An answer that is
/// no Lua, or that runs into a limit, passes none. Optimum: 1 and 1.0.
/// With `turns` > 1 an answer that fails on a visible example may be corrected: the next prompt is
/// the error, or the example ("f(3)=13, not 9:"); the last answer counts. Visible examples are no
/// tests.
/// What an answer ran into is Outcome::limit. A sandbox that fails is kUnavailable.
/// Tasks: drawn evenly from `families`; 10% of all descriptions, chosen by hash, are held out. The
/// family "drill" asks for six attacks on the sandbox and has no right answers.
/// The noisy teacher gives the answer to another problem of the family.
class CodeSpec : public EnvironmentSpec {
 public:
  std::string name() const override { return "code"; }
  std::string summary() const override {
    return "write a Lua function that passes hidden tests, in a sandbox (1 turn or more, 1 agent)";
  }
  std::string optimum() const override;
  std::optional<double> best_reward() const override;
  bool splits_overlap() const override { return has_drill(); }
  void declare(OptionSet& options) override;
  Status prepare() override;
  std::vector<std::string> agents() const override { return {"coder"}; }
  std::string alphabet() const override;
  std::optional<std::uint64_t> size(Split) const override { return std::nullopt; }
  Result<Task> task(Split split, std::uint64_t index) const override;
  std::unique_ptr<Environment> make() const override;
  int max_answer() const override { return 64; }
  int max_turns() const override { return static_cast<int>(turns_); }
  std::pair<double, double> reward_range() const override { return {0.0, 1.0}; }
  bool may_block() const override { return true; }

 private:
  [[nodiscard]] bool has_drill() const;

  std::vector<std::string> families_ = {"linear"};
  std::int64_t tests_ = 8;
  std::int64_t turns_ = 1;
  double seconds_ = 1.0;
  std::int64_t memory_megabytes_ = 64;
  std::int64_t processes_ = 8;
  std::int64_t output_kilobytes_ = 256;
  std::int64_t warm_ = 4;
  std::shared_ptr<LuaRunner> runner_;
};

}  // namespace troupe
