#include "environment/solver_verifier/episode.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/rng.h"
#include "environment/common.h"
#include "environment/countdown/countdown.h"
#include "environment/countdown/expression.h"
#include "environment/countdown/solver.h"

namespace troupe {
namespace {

/// The wrong one of a few random expressions whose value is nearest to the target.
std::string near_miss(const std::vector<std::int64_t>& numbers, std::int64_t target,
                      const std::string& operators, Rng& rng) {
  constexpr int kTries = 4;
  std::string best;
  double least = 0;
  for (int i = 0; i < kTries; ++i) {
    std::string text = random_expression(numbers, operators, rng);
    const auto expression = parse_expression(text, operators);
    double miss = 1e9;
    if (expression && expression->value) {
      miss = std::abs(static_cast<double>(expression->value->top) /
                          static_cast<double>(expression->value->bottom) -
                      static_cast<double>(target));
      if (miss == 0) miss = 1e18;  // no miss: only if there is nothing else
    }
    if (i > 0 && miss >= least) continue;
    least = miss;
    best = std::move(text);
  }
  return best;
}

double mean(const std::vector<double>& values) {
  double sum = 0;
  for (const double value : values) sum += value;
  return values.empty() ? 0.0 : sum / static_cast<double>(values.size());
}

const char* verdict_text(Verdict verdict) {
  if (verdict == Verdict::kYes) return "y>";
  return verdict == Verdict::kNo ? "n>" : "?>";
}

}  // namespace

Result<Turn> SolverVerifier::reset(const Task& task, std::uint64_t) {
  TROUPE_ASSIGN(numbers_, payload_integers(task, "nums"));
  TROUPE_ASSIGN(target_, payload_integer(task, "target"));
  TROUPE_ASSIGN(count_, payload_integer(task, "candidates"));
  TROUPE_ASSIGN(pick_, payload_text(task, "pick"));
  const bool known = pick_ == "first" || pick_ == "majority" || pick_ == "any" ||
                     (pick_ == "verifier" && rules_.team);
  if (numbers_.empty() || *std::min_element(numbers_.begin(), numbers_.end()) < 0 || count_ < 1 ||
      !known) {
    return fail(ErrorCode::kInvalid,
                fmt::format("task '{}': needs one or more numbers from 0 up, one or more "
                            "candidates and a pick that the mode knows",
                            task.id));
  }
  return solve();
}

Turn SolverVerifier::solve() {
  turn_ = {};
  for (int i = 0; i < count_; ++i) {
    turn_.prompts.push_back({kSolver, countdown_prompt(numbers_, target_), i});
  }
  return turn_;
}

Turn SolverVerifier::judge() {
  phase_ = Phase::kJudge;
  turn_ = {};
  for (std::size_t i = 0; i < candidates_.size(); ++i) {
    std::string shown = candidates_[i].substr(0, rules_.longest_answer);
    std::erase_if(shown, [this](char c) { return rules_.alphabet.find(c) == std::string::npos; });
    turn_.prompts.push_back(
        {kVerifier, fmt::format("{}={}?", shown, target_), static_cast<int>(i)});
  }
  return turn_;
}

Result<Turn> SolverVerifier::step(const std::vector<Action>& actions) {
  TROUPE_TRY(check_actions(turn_, actions));
  if (phase_ == Phase::kJudge) {
    for (const Action& action : actions) {
      judged_.push_back({read_verdict(action.text), action.logprob});
    }
    if (!rules_.retry || judged_[0].verdict == Verdict::kYes) return end(choose());
    phase_ = Phase::kSolveAgain;
    turn_ = Turn{{{kSolver, verdict_text(judged_[0].verdict)}}};
    return turn_;
  }
  for (const Action& action : actions) candidates_.push_back(action.text);
  if (phase_ == Phase::kSolveAgain) return end(candidates_.size() - 1);
  return pick_ == "verifier" ? judge() : end(choose());
}

double SolverVerifier::score(const std::string& candidate) const {
  return reward_of(grade_expression(candidate, numbers_, target_, rules_.operators));
}

bool SolverVerifier::correct(const std::string& candidate) const {
  return grade_expression(candidate, numbers_, target_, rules_.operators) ==
         ExpressionGrade::kCorrect;
}

std::size_t SolverVerifier::choose() const {
  if (pick_ == "verifier") return pick_judged(candidates_, judged_, rules_.operators);
  if (pick_ == "majority") return pick_majority(candidates_, rules_.operators);
  if (pick_ == "first") return 0;
  const auto right = std::find_if(candidates_.begin(), candidates_.end(),
                                  [this](const std::string& text) { return correct(text); });
  return right == candidates_.end() ? 0 : static_cast<std::size_t>(right - candidates_.begin());
}

Turn SolverVerifier::end(std::size_t picked) {
  std::vector<double> solved;
  for (std::size_t i = 0; i < candidates_.size(); ++i) {
    solved.push_back(score(candidates_[i]));
    const int at = static_cast<int>(i);
    if (rules_.retry) {
      outcome_.turns.push_back({kSolver, 0, at, solved.back()});
    } else {
      outcome_.contexts.push_back({kSolver, at, solved.back()});
    }
  }
  std::vector<double> right;
  for (std::size_t i = 0; i < judged_.size(); ++i) {
    const Verdict wanted = correct(candidates_[i]) ? Verdict::kYes : Verdict::kNo;
    right.push_back(judged_[i].verdict == wanted ? 1.0 : 0.0);
    outcome_.contexts.push_back({kVerifier, static_cast<int>(i), right.back()});
  }
  outcome_.rewards = {rules_.retry ? solved[picked] : mean(solved)};
  if (rules_.team) outcome_.rewards.push_back(mean(right));
  outcome_.success = correct(candidates_[picked]);
  turn_ = {};
  return turn_;
}

Result<std::string> SolverVerifier::demonstrate(const Prompt& prompt, double noise,
                                                Rng& rng) const {
  if (prompt.agent == kVerifier) {
    const std::string& candidate = candidates_.at(static_cast<std::size_t>(prompt.context));
    return write_trace(candidate, rules_.operators, correct(candidate), rules_.longest_answer);
  }
  if (rng.uniform() < noise) return near_miss(numbers_, target_, rules_.operators, rng);
  const std::vector<std::string> all = solutions(numbers_, target_, rules_.operators);
  if (all.empty()) return fail(ErrorCode::kNotFound, "no expression has the target's value");
  return all[rng.below(all.size())];
}

}  // namespace troupe
