#include "simulate/studies/study_frame.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/rng.h"

namespace troupe {

void StudyRows::add(const std::string& setting, const std::string& quantity,
                    const std::string& schedule, double value) {
  auto row = std::find_if(rows_.begin(), rows_.end(), [&](const StudyRow& r) {
    return r.setting == setting && r.quantity == quantity && r.schedule == schedule;
  });
  if (row == rows_.end()) {
    row = rows_.insert(row, StudyRow{setting, quantity, schedule, {}, 0});
  }
  row->values.push_back(value);
}

StudyFrame::StudyFrame(Study& study, StudySize size, const std::vector<StudyRange>& ranges,
                       int draws, std::int64_t steps)
    : study_(study), size_(std::move(size)), ranges_(ranges), began_(unix_time()) {
  if (size_.draws <= 0) size_.draws = draws;
  if (size_.steps <= 0) size_.steps = steps;
}

StudyDraw StudyFrame::draw(int index) const { return draw_ranges(ranges_, size_.seed, index); }

void StudyFrame::drawn(int index) const {
  if (size_.progress) size_.progress(index + 1, size_.draws);
}

Status StudyFrame::simulate_all(
    const std::function<std::vector<StudyRun>(const StudyDraw&, std::int64_t steps)>& runs,
    const std::function<void(const StudyRun&, const SimulationResult&)>& done) const {
  StudyRows seconds;
  for (int i = 0; i < draws(); ++i) {
    const StudyDraw drawn_now = draw(i);
    for (const StudyRun& run : runs(drawn_now, steps())) {
      const auto result = simulate(run.options);
      if (!result) return within(run.setting + ", " + run.schedule, result.error());
      seconds.add(run.setting, kStepSeconds, run.schedule, result->step_seconds());
      done(run, *result);
    }
    for (const auto& [name, value] : drawn_now) study_.parameters[name].push_back(value);
    drawn(i);
  }
  study_.rows.insert(study_.rows.end(), seconds.rows().begin(), seconds.rows().end());
  return {};
}

void StudyFrame::close() const {
  for (const std::string& line : ranges_text(ranges_)) study_.assumptions.push_back(line);
  study_.wall_seconds = unix_time() - began_;
}

void add_claim(Study& study, const std::string& setting, const std::string& slow,
               const std::string& fast, double low, double high, const std::string& remark) {
  study.claims.push_back(StudyClaim{
      fmt::format("{}: {} over {}", setting, fast, slow), low, high,
      times_faster(seconds_of(study, setting, slow), seconds_of(study, setting, fast)), remark});
}

}  // namespace troupe
