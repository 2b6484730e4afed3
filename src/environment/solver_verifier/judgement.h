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

/// The best candidate: a "yes" before none before a "no"; of two "yes" the surer one, of two "no"
/// the less sure one; of equals the first. 0 if there are none.
std::size_t pick_judged(const std::vector<Judged>& candidates);

/// The candidate of the largest class of expressions that say the same (canonical_form(),
/// solver.h); of equally large ones that with the first member (self-consistency: Wang et al. 2023,
/// section 2). What is no expression has no vote. 0 if there are none.
std::size_t pick_majority(const std::vector<std::string>& candidates, std::string_view operators);

}  // namespace troupe
