#include "train/advantage/turns.h"

#include "train/advantage/answers.h"
#include "train/advantage/compare.h"
#include "train/advantage/grouping.h"

namespace troupe {

std::vector<double> turn_returns(const Trajectory& row, double discount) {
  std::vector<double> out;
  for (const Answer& answer : answers_of(row)) out.push_back(answer.reward);
  for (std::size_t t = out.size(); t-- > 1;) out[t - 1] += discount * out[t];
  return out;
}

std::vector<std::vector<double>> turn_advantages(const AdvantageSettings& settings,
                                                 const Group& group) {
  std::vector<Scored> scored;
  std::vector<std::vector<double>> out;  // returns at first
  for (const Trajectory& row : group.rows) {
    scored.push_back({row.agent, row.reward, row.context});
    out.push_back(turn_returns(row, settings.turn_discount));
  }
  for (const auto& members : comparisons(settings.group_by, scored)) {
    for (std::size_t turn = 0;; ++turn) {
      std::vector<std::size_t> present;
      std::vector<double> returns;
      for (const std::size_t i : members) {
        if (turn >= out[i].size()) continue;
        present.push_back(i);
        returns.push_back(out[i][turn]);
      }
      if (present.empty()) break;
      const std::vector<double> advantages = compare_rewards(settings.kind, returns);
      for (std::size_t k = 0; k < present.size(); ++k) out[present[k]][turn] = advantages[k];
    }
  }
  return out;
}

}  // namespace troupe
