#include "environment/solver_verifier/judgement.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <tuple>
#include <utility>

#include "environment/countdown/expression.h"
#include "environment/countdown/solver.h"

namespace troupe {
namespace {

std::string text_of(const std::optional<Rational>& value) {
  if (!value) return "x";
  return value->bottom == 1 ? fmt::format("{}", value->top)
                            : fmt::format("{}/{}", value->top, value->bottom);
}

/// Candidates that say the same.
struct Class {
  std::string form;  ///< empty: no expression, alone in its class
  std::vector<std::size_t> members;
};

/// In the order of their first members.
std::vector<Class> classes_of(const std::vector<std::string>& candidates,
                              std::string_view operators) {
  std::vector<Class> classes;
  std::map<std::string, std::size_t> places;
  for (std::size_t i = 0; i < candidates.size(); ++i) {
    const auto parsed = parse_expression(candidates[i], operators);
    const std::string form = parsed ? canonical_form(*parsed) : "";
    const auto [place, first] = places.try_emplace(form, classes.size());
    if (first || form.empty()) {
      classes.push_back({form, {}});
      place->second = classes.size() - 1;
    }
    classes[place->second].members.push_back(i);
  }
  return classes;
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

std::size_t pick_judged(const std::vector<std::string>& candidates,
                        const std::vector<Judged>& judged, std::string_view operators) {
  std::vector<Class> classes = classes_of(candidates, operators);
  std::size_t best = 0;
  std::tuple<int, int, double> most;
  for (const Class& each : classes) {
    int score = 0;
    std::pair<int, double> surest = rank(judged[each.members[0]]);
    for (const std::size_t member : each.members) {
      if (judged[member].verdict == Verdict::kYes) ++score;
      if (judged[member].verdict == Verdict::kNo) --score;
      surest = std::max(surest, rank(judged[member]));
    }
    const std::tuple<int, int, double> value{score, surest.first, surest.second};
    if (&each != classes.data() && value <= most) continue;
    most = value;
    best = each.members[0];
  }
  return best;
}

std::size_t pick_majority(const std::vector<std::string>& candidates, std::string_view operators) {
  std::size_t best = 0;
  std::size_t most = 0;
  for (const Class& each : classes_of(candidates, operators)) {
    if (each.form.empty() || each.members.size() <= most) continue;
    most = each.members.size();
    best = each.members[0];
  }
  return best;
}

}  // namespace troupe
