#include "simulate/studies/study_table.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace troupe {

StudyTable::StudyTable(std::string setting, std::string quantity, std::vector<TableRow> rows,
                       double match)
    : how_(std::move(rows)), match_(match) {
  for (const TableRow& row : how_) {
    rows_.push_back(StudyRow{setting, quantity, row.schedule, {}, row.published});
  }
}

Status StudyTable::add(const StudyDraw& draw) {
  ++tried_;
  std::vector<double> values;
  for (const TableRow& row : how_) {
    const auto value = row.value(draw);
    if (!value && value.error().code == ErrorCode::kInvalid) return {};
    if (!value) return tl::unexpected(value.error());
    values.push_back(*value);
    if (values.size() > 1) continue;
    first_.push_back(*value);
    if (match_ > 0 && std::abs(*value / row.published - 1) > match_) return {};
  }
  for (std::size_t r = 0; r < values.size(); ++r) rows_[r].values.push_back(values[r]);
  draws_.push_back(draw);
  return {};
}

std::vector<double> StudyTable::times(const std::string& slow, const std::string& fast) const {
  const auto values = [this](const std::string& schedule) {
    const auto found = std::find_if(rows_.begin(), rows_.end(),
                                    [&](const StudyRow& r) { return r.schedule == schedule; });
    return found == rows_.end() ? std::vector<double>() : found->values;
  };
  return times_faster(values(slow), values(fast));
}

void StudyTable::claim(Study& study, const std::string& slow, const std::string& fast, double low,
                       double high, std::string remark) const {
  study.claims.push_back(StudyClaim{rows_.front().setting + ": " + fast + " over " + slow, low,
                                    high, times(slow, fast), std::move(remark)});
}

void StudyTable::give_to(Study& study) const {
  study.rows.insert(study.rows.end(), rows_.begin(), rows_.end());
  const std::string& setting = rows_.front().setting;
  for (const StudyDraw& draw : draws_) {
    for (const auto& [name, value] : draw) {
      study.parameters[setting + " " + name].push_back(value);
    }
  }
  if (match_ == 0) return;
  study.assumptions.push_back(fmt::format(
      "{}: {} draws, whose \"{}\" takes {:.0f} to {:.0f} s (10 to 90%); {} match the published "
      "{:.0f} s within {:.0f}% and are kept",
      setting, tried_, rows_.front().schedule, quantile(first_, 0.1), quantile(first_, 0.9),
      draws_.size(), rows_.front().published, 100 * match_));
}

double rollout_seconds(const SimulationResult& barrier) {
  double training = 0;
  for (const char* state : {"backward", "optimizer"}) {
    const auto found = barrier.training.find(state);
    if (found != barrier.training.end()) training += found->second;
  }
  return barrier.step_seconds() * (1 - training);
}

}  // namespace troupe
