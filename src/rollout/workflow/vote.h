#pragma once

#include <string>
#include <vector>

#include "troupe/environment.h"

namespace troupe {

/// What answers that say the same have in common: the text without white space, ASCII letters in
/// lower case.
std::string canonical(const std::string& text);

/// The index of the answer that most of them say, by canonical(): the first of those that say it.
/// An answer that was cut off counts only if all were. Ties go to the text whose votes are surer
/// (the sum of exp(logprob)), then to the one that was said first. `answers` is not empty. Wang et
/// al. 2022, "Self-Consistency Improves Chain of Thought Reasoning" (arXiv 2203.11171).
std::size_t majority_index(const std::vector<Action>& answers);
Action majority(const std::vector<Action>& answers);

}  // namespace troupe
