#include "environment/countdown/countdown.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "base/options.h"
#include "base/rng.h"
#include "environment/common.h"
#include "environment/countdown/expression.h"
#include "environment/countdown/solver.h"

namespace troupe {
namespace {

class Countdown : public Environment {
 public:
  explicit Countdown(std::string operators) : operators_(std::move(operators)) {}

  Result<Turn> reset(const Task& task, std::uint64_t) override {
    TROUPE_ASSIGN(numbers_, payload_integers(task, "nums"));
    TROUPE_ASSIGN(target_, payload_integer(task, "target"));
    if (numbers_.empty() || *std::min_element(numbers_.begin(), numbers_.end()) < 0) {
      return fail(ErrorCode::kInvalid,
                  fmt::format("task '{}': needs one or more numbers from 0 up", task.id));
    }
    turn_ = Turn{{{"solver", countdown_prompt(numbers_, target_)}}};
    return turn_;
  }

  Result<Turn> step(const std::vector<Action>& actions) override {
    TROUPE_TRY(check_actions(turn_, actions));
    const ExpressionGrade grade = grade_expression(actions[0].text, numbers_, target_, operators_);
    outcome_ = {{reward_of(grade)}, grade == ExpressionGrade::kCorrect};
    turn_ = {};
    return turn_;
  }

  Outcome outcome() const override { return outcome_; }

  Result<std::string> demonstrate(const Prompt&, double noise, Rng& rng) const override {
    if (rng.uniform() < noise) return random_expression(numbers_, operators_, rng);
    const std::vector<std::string> all = solutions(numbers_, target_, operators_);
    if (all.empty()) return fail(ErrorCode::kNotFound, "no expression has the target's value");
    return all[rng.below(all.size())];
  }

 private:
  std::string operators_;
  std::vector<std::int64_t> numbers_;
  std::int64_t target_ = 0;
  Turn turn_;
  Outcome outcome_;
};

}  // namespace

std::string countdown_prompt(const std::vector<std::int64_t>& numbers, std::int64_t target) {
  return fmt::format("{}={}>", fmt::join(numbers, ","), target);
}

Status check_operators(const std::string& operators, const std::string& option) {
  bool good = !operators.empty();
  for (std::size_t i = 0; i < operators.size(); ++i) {
    good = good && std::string_view("+-*/").find(operators[i]) != std::string_view::npos &&
           operators.find(operators[i], i + 1) == std::string::npos;
  }
  if (good) return {};
  return fail(ErrorCode::kInvalid,
              fmt::format("{} = \"{}\": give some of + - * /, each once, such as \"+-*\"", option,
                          operators));
}

std::string CountdownSpec::optimum() const {
  return "reward 1, success 1: every target is reachable, by exhaustive search";
}

void CountdownSpec::declare(OptionSet& options) {
  options.add("count", &count_, "Numbers in a task.").range(2, 4);
  options.add("number_max", &number_max_, "Numbers are drawn from 1..number_max.").range(2, 99);
  options.add("target_max", &target_max_, "Targets are drawn from 1..target_max.").range(10, 999);
  options.add("operators", &operators_, "Operators that an answer may use: some of + - * /.");
}

Status CountdownSpec::prepare() {
  TROUPE_TRY(check_operators(operators_, "environment.operators"));
  for (Split split : {Split::kTrain, Split::kHeldOut}) TROUPE_TRY(task(split, 0));
  return {};
}

std::string CountdownSpec::alphabet() const { return "0123456789,=>()" + operators_; }

Result<Task> CountdownSpec::task(Split split, std::uint64_t index) const {
  // Some legal options reach a target rarely or never (only "/", say): give up rather than spin.
  constexpr int kTries = 20000;
  Rng rng(task_seed("countdown", split, index));
  for (int i = 0; i < kTries; ++i) {
    std::vector<std::int64_t> numbers(static_cast<std::size_t>(count_));
    for (std::int64_t& n : numbers) {
      n = 1 + static_cast<std::int64_t>(rng.below(static_cast<std::uint64_t>(number_max_)));
    }
    const std::vector<std::int64_t> targets = reachable(numbers, 1, target_max_, operators_);
    if (targets.empty()) continue;
    const std::int64_t target = targets[rng.below(targets.size())];
    std::vector<std::int64_t> sorted = numbers;
    std::sort(sorted.begin(), sorted.end());
    if (split_of(fmt::format("{}={}", fmt::join(sorted, ","), target)) != split) continue;
    return Task{task_id("countdown", split, index),
                fmt::format(R"({{"nums":[{}],"target":{}}})", fmt::join(numbers, ","), target)};
  }
  return fail(ErrorCode::kInvalid,
              fmt::format("environment.operators = \"{}\" and environment.target_max = {} leave no "
                          "{} task: allow more",
                          operators_, target_max_, split_name(split)));
}

std::unique_ptr<Environment> CountdownSpec::make() const {
  return std::make_unique<Countdown>(operators_);
}

int CountdownSpec::max_answer() const {
  const auto digits = static_cast<std::int64_t>(std::to_string(number_max_).size());
  return static_cast<int>(count_ * digits + (count_ - 1) + 2 * (count_ - 2));
}

}  // namespace troupe
