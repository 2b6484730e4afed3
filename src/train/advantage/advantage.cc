#include "train/advantage/advantage.h"

#include "train/advantage/answers.h"
#include "train/advantage/compare.h"
#include "train/advantage/grouping.h"
#include "train/advantage/turns.h"

namespace troupe {

std::vector<double> group_advantages(const AdvantageSettings& settings,
                                     const std::vector<Scored>& rows) {
  std::vector<double> out(rows.size(), 0.0);
  for (const auto& members : comparisons(settings.group_by, rows)) {
    std::vector<double> rewards;
    rewards.reserve(members.size());
    for (const std::size_t i : members) rewards.push_back(rows[i].reward);
    const std::vector<double> advantages = compare_rewards(settings.kind, rewards);
    for (std::size_t k = 0; k < members.size(); ++k) out[members[k]] = advantages[k];
  }
  return out;
}

std::vector<std::vector<double>> token_advantages(const AdvantageSettings& settings,
                                                  const Group& group) {
  std::vector<std::vector<double>> by_turn;
  if (settings.per_turn) by_turn = turn_advantages(settings, group);
  std::vector<std::vector<double>> out(group.rows.size());
  for (std::size_t i = 0; i < group.rows.size(); ++i) {
    std::size_t turn = 0;
    for (const Answer& answer : answers_of(group.rows[i])) {
      const double value = settings.per_turn ? by_turn[i][turn++] : group.advantages[i];
      out[i].insert(out[i].end(), answer.tokens, value);
    }
  }
  return out;
}

}  // namespace troupe
