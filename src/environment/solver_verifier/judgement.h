#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace troupe {

/// What a verifier says of a candidate, and how a team's answer is picked from its candidates.
/// Pure functions.

/// A candidate expression and its verdict.
enum class Verdict { kNone, kYes, kNo };

/// The verdict is the last character of an answer: 'y' or 'n'.
Verdict read_verdict(std::string_view answer);

/// What a perfect verifier writes: the value of each operation in the order of evaluation, then the
/// verdict, e.g. "16,48,y" for "(9+7)*3" and 48. A value that is no whole number is written "8/3";
/// "x" stands for none, and for all values of a text that is no expression or needs more than
/// `longest` characters.
std::string write_trace(std::string_view expression, std::string_view operators, bool correct,
                        std::size_t longest);

/// A candidate as the verifier judged it. `logprob` is that of its whole answer.
struct Judged {
  Verdict verdict = Verdict::kNone;
  double logprob = 0;
};

/// The candidate that the verdicts speak for. Candidates that say the same (canonical_form(),
/// solver.h) are one class, whose members were judged independently; its score is the count of
/// "yes" less that of "no" (votes weighed by a verifier: Li et al. 2023, "Making Language Models
/// Better Reasoners with Step-Aware Verifier", section 3.3, with the verdict as weight). Of equal
/// scores the class with the surest "yes", or without one the least sure "no"; then the first. What
/// is no expression is a class of its own. Returns the index of the class's first member; 0 if
/// there are no candidates. `judged` is as long as `candidates`.
std::size_t pick_judged(const std::vector<std::string>& candidates,
                        const std::vector<Judged>& judged, std::string_view operators);

/// The candidate of the largest class of expressions that say the same (canonical_form(),
/// solver.h); of equally large ones that with the first member (self-consistency: Wang et al. 2023,
/// section 2). What is no expression has no vote. 0 if there are none.
std::size_t pick_majority(const std::vector<std::string>& candidates, std::string_view operators);

}  // namespace troupe
