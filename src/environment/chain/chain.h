#pragma once

#include "troupe/environment.h"

namespace troupe {

/// A chain of agents with private tables: the smallest team task.
///
/// `hops` agents, "first", "second" and with 3 "third". Each sees only its own table, fresh for
/// each task, and one symbol to look up: the first the start symbol, the others the message of the
/// agent before. Prompt: the table's entries in order, '?', the symbol, '>': in "cdab?b>" the entry
/// of b is d. Answer: one symbol, and its first character is the message; anything that is not one
/// of the symbols which the next table knows becomes "-", no message. The last answer is the
/// team's. Reward: 1 for every agent if the last answer's first character is the right symbol, else
/// 0. Success: the same. Optimum: 1.0, each agent looking up its symbol. Tables are random
/// permutations of `symbols` symbols, so that the last agent without the message is right with
/// probability 1/symbols exactly. With `skew` k > 1 the last table has k * symbols entries, each
/// answer k times; the table before it maps into these entries one to one. Tasks: 10% of all
/// (tables, start), chosen by hash, are held out. The noisy teacher answers uniformly with one of
/// the wrong symbols.
class ChainSpec : public EnvironmentSpec {
 public:
  std::string name() const override { return "chain"; }
  std::string summary() const override {
    return "follow a symbol through private tables (1 turn each, 2 or 3 agents, team reward)";
  }
  std::string optimum() const override;
  std::optional<double> best_reward() const override { return 1.0; }
  void declare(OptionSet& options) override;
  Status prepare() override;
  std::vector<std::string> agents() const override;
  std::string alphabet() const override;
  std::optional<std::uint64_t> size(Split) const override { return std::nullopt; }
  Result<Task> task(Split split, std::uint64_t index) const override;
  std::unique_ptr<Environment> make() const override;
  int max_answer() const override { return 1; }
  int max_turns() const override { return 1; }
  std::pair<double, double> reward_range() const override { return {0.0, 1.0}; }

 private:
  std::int64_t hops_ = 2;
  std::int64_t symbols_ = 4;
  std::int64_t skew_ = 1;
};

}  // namespace troupe
