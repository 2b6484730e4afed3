#include "environment/solver_verifier/judgement.h"

#include <fmt/format.h>

#include <map>

#include "environment/countdown/expression.h"
#include "environment/countdown/solver.h"

namespace troupe {
namespace {

std::string text_of(const std::optional<Rational>& value) {
  if (!value) return "x";
  return value->bottom == 1 ? fmt::format("{}", value->top)
                            : fmt::format("{}/{}", value->top, value->bottom);
}

/// Larger is better.
std::pair<int, double> rank(const Judged& judged) {
  if (judged.verdict == Verdict::kYes) return {2, judged.logprob};
  if (judged.verdict == Verdict::kNo) return {0, -judged.logprob};
  return {1, 0.0};
}

}  // namespace

Verdict read_verdict(std::string_view answer) {
  if (answer.ends_with('y')) return Verdict::kYes;
  return answer.ends_with('n') ? Verdict::kNo : Verdict::kNone;
}

std::string write_trace(std::string_view expression, std::string_view operators, bool correct,
                        std::size_t longest) {
  const std::string verdict = correct ? "y" : "n";
  std::string out;
  if (const auto parsed = parse_expression(expression, operators)) {
    for (const auto& value : operation_values(*parsed)) out += text_of(value) + ",";
  }
  out += verdict;
  return out.size() == 1 || out.size() > longest ? "x," + verdict : out;
}

std::size_t pick_judged(const std::vector<Judged>& candidates) {
  std::size_t best = 0;
  for (std::size_t i = 1; i < candidates.size(); ++i) {
    if (rank(candidates[i]) > rank(candidates[best])) best = i;
  }
  return best;
}

std::size_t pick_majority(const std::vector<std::string>& candidates, std::string_view operators) {
  std::map<std::string, std::size_t> votes;
  std::vector<std::string> forms;
  for (const std::string& candidate : candidates) {
    const auto parsed = parse_expression(candidate, operators);
    forms.push_back(parsed ? canonical_form(*parsed) : "");
    if (parsed) ++votes[forms.back()];
  }
  std::size_t best = 0;
  std::size_t most = 0;
  for (std::size_t i = 0; i < forms.size(); ++i) {
    if (forms[i].empty() || votes[forms[i]] <= most) continue;
    most = votes[forms[i]];
    best = i;
  }
  return best;
}

}  // namespace troupe
