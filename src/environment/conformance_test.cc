#include "environment/conformance.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "environment/chain/chain.h"
#include "environment/countdown/countdown.h"
#include "environment/guess/guess.h"
#include "environment/kuhn/kuhn.h"
#include "environment/solver_verifier/solver_verifier.h"
#include "environment/sort/sort.h"
#include "environment/test_support.h"

namespace troupe {
namespace {

void expect_conforms(EnvironmentSpec& spec, const Settings& settings, int tasks = 24) {
  bind(spec, settings);
  const Status ready = spec.prepare();
  ASSERT_TRUE(ready) << ready.error().message;
  const ConformanceReport report = check_conformance(spec, tasks, 1);
  EXPECT_EQ(fmt::format("{}", fmt::join(report.problems, "\n")), "");
  EXPECT_GE(report.episodes, tasks);
}

TEST(Conformance, Sort) {
  SortSpec plain;
  expect_conforms(plain, {});
  SortSpec wide;
  expect_conforms(wide, {{{"letters", 26}, {"length_max", 10}}, {}, {}, {}});
}

TEST(Conformance, Countdown) {
  CountdownSpec plain;
  expect_conforms(plain, {});
  CountdownSpec four;
  expect_conforms(four, {{{"count", 4}}, {{"operators", "+-*/"}}, {}, {}}, 2);
}

TEST(Conformance, Guess) {
  GuessSpec plain;
  expect_conforms(plain, {}, 40);
  GuessSpec wide;
  expect_conforms(wide, {{{"numbers", 1000}, {"turns", 4}}, {}, {}, {}});
}

TEST(Conformance, Chain) {
  ChainSpec plain;
  expect_conforms(plain, {});
  ChainSpec three;
  expect_conforms(three, {{{"hops", 3}, {"symbols", 6}, {"skew", 4}}, {}, {}, {}});
}

TEST(Conformance, SolverVerifier) {
  SolverVerifierSpec plain;
  expect_conforms(plain, {}, 12);
  SolverVerifierSpec fractions;
  expect_conforms(fractions, {{{"count", 4}}, {{"operators", "+-*/"}}, {}, {}}, 2);
  SolverVerifierSpec single;
  expect_conforms(single, {{}, {{"mode", "single"}, {"pick", "majority"}}, {}, {}}, 8);
  SolverVerifierSpec retry;
  expect_conforms(retry, {{}, {{"variant", "retry"}}, {}, {}}, 12);
}

TEST(Conformance, Kuhn) {
  KuhnSpec plain;
  expect_conforms(plain, {}, 8);
}

/// An environment with one chosen fault.
struct Faults {
  bool repeats_ids = false;
  bool leaks = false;
  bool unknown_agent = false;
  bool never_ends = false;
  bool high_reward = false;
  bool error_on_empty = false;
  bool random = false;
  bool strange_prompt = false;
  bool weak_teacher = false;
  bool short_outcome = false;
  bool many_contexts = false;
  bool prompts_twice = false;
  bool stray_context = false;
  bool stray_turn = false;
  bool names_twice = false;
};

class Faulty : public Environment {
 public:
  explicit Faulty(const Faults& faults) : faults_(faults) {}
  Result<Turn> reset(const Task&, std::uint64_t) override {
    static int count = 0;
    const std::string text = faults_.strange_prompt ? "#" : "a";
    const std::string more = faults_.random && ++count % 2 == 0 ? "a" : "";
    Turn turn{{{faults_.unknown_agent ? "b" : "a", text + more, faults_.many_contexts ? 2 : 1}}};
    if (faults_.prompts_twice) turn.prompts.push_back(turn.prompts[0]);
    return turn;
  }
  Result<Turn> step(const std::vector<Action>& actions) override {
    if (faults_.error_on_empty && actions[0].text.empty()) {
      return fail(ErrorCode::kInvalid, "an empty answer");
    }
    right_ = actions[0].text == "a";
    return faults_.never_ends ? Turn{{{"a", "a", 1}}} : Turn{};
  }
  Outcome outcome() const override {
    if (faults_.short_outcome) return {};
    Outcome outcome{{right_ ? (faults_.high_reward ? 2.0 : 1.0) : 0.0}, right_};
    outcome.contexts = {{"a", faults_.stray_context ? 0 : 1, 0.5}};
    if (faults_.names_twice) outcome.contexts.push_back(outcome.contexts[0]);
    outcome.turns = {{"a", 1, faults_.stray_turn ? 1 : 0, 0.25}};
    return outcome;
  }
  Result<std::string> demonstrate(const Prompt&, double, Rng&) const override {
    return std::string(faults_.weak_teacher ? "b" : "a");
  }

 private:
  Faults faults_;
  bool right_ = false;
};

class FaultySpec : public EnvironmentSpec {
 public:
  explicit FaultySpec(const Faults& faults) : faults_(faults) {}
  std::string name() const override { return "faulty"; }
  std::string summary() const override { return "for tests"; }
  std::string optimum() const override { return "1"; }
  std::optional<double> best_reward() const override {
    return faults_.high_reward ? std::nullopt : std::optional<double>(1.0);
  }
  void declare(OptionSet&) override {}
  Status prepare() override { return {}; }
  std::vector<std::string> agents() const override { return {"a"}; }
  std::string alphabet() const override { return "ab"; }
  std::optional<std::uint64_t> size(Split) const override { return std::nullopt; }
  Result<Task> task(Split split, std::uint64_t index) const override {
    const bool held_out = split == Split::kHeldOut;
    return Task{fmt::format("{}-{}", held_out, faults_.repeats_ids ? 0 : index),
                fmt::format("[{},{}]", held_out && !faults_.leaks, index)};
  }
  std::unique_ptr<Environment> make() const override { return std::make_unique<Faulty>(faults_); }
  int max_answer() const override { return 1; }
  int max_turns() const override { return 1; }
  int contexts_per_agent() const override { return 2; }
  std::pair<double, double> reward_range() const override { return {0.0, 1.0}; }

 private:
  Faults faults_;
};

void expect_found(const Faults& faults, const std::string& wanted) {
  const FaultySpec spec(faults);
  const ConformanceReport report = check_conformance(spec, 3, 1);
  ASSERT_FALSE(report.problems.empty()) << wanted;
  EXPECT_NE(report.problems[0].find(wanted), std::string::npos) << report.problems[0];
}

TEST(Conformance, FindsEachFault) {
  EXPECT_TRUE(check_conformance(FaultySpec({}), 3, 1).problems.empty());
  Faults faults;
  expect_found((faults = {}, faults.repeats_ids = true, faults), "id of two tasks");
  expect_found((faults = {}, faults.leaks = true, faults), "held out but has the payload");
  expect_found((faults = {}, faults.unknown_agent = true, faults), "unknown agent 'b'");
  expect_found((faults = {}, faults.never_ends = true, faults), "more than max_turns() = 1");
  expect_found((faults = {}, faults.high_reward = true, faults), "reward 2 is outside 0..1");
  expect_found((faults = {}, faults.error_on_empty = true, faults), "an empty answer");
  expect_found((faults = {}, faults.random = true, faults), "gave another episode");
  expect_found((faults = {}, faults.strange_prompt = true, faults), "'#', which is not in");
  expect_found((faults = {}, faults.weak_teacher = true, faults), "not the optimum 1.0");
  expect_found((faults = {}, faults.many_contexts = true, faults), "context 2 of agent 'a' is");
  expect_found((faults = {}, faults.prompts_twice = true, faults), "'a.1' is prompted twice");
  expect_found((faults = {}, faults.stray_context = true, faults), "a reward for context 0 of");
  expect_found((faults = {}, faults.stray_turn = true, faults), "turn 1, which was not prompted");
  expect_found((faults = {}, faults.names_twice = true, faults), "two rewards for context 1 of");
  expect_found((faults = {}, faults.short_outcome = true, faults), "0 rewards for 1 agents");
}

}  // namespace
}  // namespace troupe
