#include "rollout/workflow/vote.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <tuple>

namespace troupe {

std::string canonical(const std::string& text) {
  std::string out;
  for (const char c : text) {
    if (c == ' ' || (c >= '\t' && c <= '\r')) continue;
    out += c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  }
  return out;
}

std::size_t majority_index(const std::vector<Action>& answers) {
  const bool all_cut = std::all_of(answers.begin(), answers.end(),
                                   [](const Action& action) { return action.truncated; });
  struct Votes {
    int count = 0;
    double sure = 0;
    std::size_t first = 0;
  };
  std::map<std::string, Votes> votes;
  for (std::size_t i = 0; i < answers.size(); ++i) {
    if (answers[i].truncated && !all_cut) continue;
    const auto [entry, fresh] = votes.try_emplace(canonical(answers[i].text));
    Votes& own = entry->second;
    if (fresh) own.first = i;
    ++own.count;
    own.sure += std::exp(answers[i].logprob);
  }
  Votes best;
  for (const auto& [text, own] : votes) {
    const auto rank = [](const Votes& v) {
      return std::make_tuple(v.count, v.sure, -static_cast<std::int64_t>(v.first));
    };
    if (rank(own) > rank(best)) best = own;
  }
  return best.first;
}

Action majority(const std::vector<Action>& answers) { return answers[majority_index(answers)]; }

}  // namespace troupe
