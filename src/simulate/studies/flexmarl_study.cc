#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <optional>

#include "base/rng.h"
#include "simulate/studies/flexmarl.h"
#include "simulate/studies/flexmarl_ranges.h"
#include "simulate/studies/our_weights.h"
#include "simulate/what_if/division_plan.h"

namespace troupe {
namespace {

/// A setting is drawn no more when so many draws were kept.
constexpr std::size_t kEnough = 24;
/// Rows of kept draws are simulated so many times as long as what chooses the draws: steps vary.
constexpr std::int64_t kPeriods = 4;
/// What we aim at over FlexMARL's policy at staleness 0.
constexpr double kMuchFaster = 1.3;

std::string share_of_much(const std::vector<double>& times) {
  if (times.empty()) return "";
  const auto much =
      std::count_if(times.begin(), times.end(), [](double once) { return once >= kMuchFaster; });
  return fmt::format("at least {} times faster in {:.0f}% of the draws ({} of {})", kMuchFaster,
                     100.0 * static_cast<double>(much) / static_cast<double>(times.size()), much,
                     times.size());
}

/// What of ours is compared with FlexMARL, at staleness 0 but for the last.
constexpr const char* kOurs[] = {kFlexmarlAsTheirs, kFlexmarlDefault, kFlexmarlSpare,
                                 "ours, overlap 1"};

/// The rows of one setting, draw by draw.
class FlexmarlTable {
 public:
  FlexmarlTable(const FlexmarlSetting& setting, std::int64_t steps)
      : setting_(setting), steps_(steps) {
    for (const std::string& name : flexmarl_rows()) {
      rows_.push_back(StudyRow{title(), kStepSeconds, name, {}, flexmarl_published(setting, name)});
    }
    bound_ = StudyRow{title(), kStepSeconds, "bound of FlexMARL's row", {}, 0};
    our_bound_ = StudyRow{title(), kStepSeconds, "bound of our default's row", {}, 0};
    for (const char* name : {"FlexMARL", kFlexmarlAsTheirs, kFlexmarlDefault}) {
      busy_.push_back(StudyRow{title(), "share of device time busy", name, {}, 0});
    }
    busy_.push_back(
        StudyRow{title(), "share of device time busy", "most that FlexMARL's could", {}, 0});
  }

  [[nodiscard]] std::string title() const { return setting_.name + ": " + setting_.what; }

  /// Keeps the draw or not. Errors are bugs.
  Status add(const StudyDraw& draw) {
    ++draws_;
    TROUPE_ASSIGN(const auto marti, simulated(draw, rows_.front().schedule, steps_));
    if (!marti) return {};
    marti_.push_back(marti->step_seconds());
    if (std::abs(marti->step_seconds() / setting_.marti - 1) > kFlexmarlMatch) return {};
    std::vector<SimulationResult> all = {*marti};
    for (std::size_t r = 1; r < rows_.size(); ++r) {
      TROUPE_ASSIGN(const auto row, simulated(draw, rows_[r].schedule, kPeriods * steps_));
      if (!row) return {};
      all.push_back(*row);
    }
    for (std::size_t r = 0; r < all.size(); ++r) rows_[r].values.push_back(all[r].step_seconds());
    bound_.values.push_back(all[1].bound / static_cast<double>(all[1].steps.size()));
    for (std::size_t r = 0; r < rows_.size(); ++r) {
      if (rows_[r].schedule == kFlexmarlDefault) {
        our_bound_.values.push_back(all[r].bound / static_cast<double>(all[r].steps.size()));
      }
      for (StudyRow& busy : busy_) {
        if (busy.schedule == rows_[r].schedule) busy.values.push_back(busy_share(all[r]));
      }
    }
    busy_.back().values.push_back(busy_share(all[1]) * all[1].seconds / all[1].bound);
    kept_.push_back(draw);
    return {};
  }

  [[nodiscard]] std::size_t kept() const { return kept_.size(); }

  void give_to(Study& study) const {
    study.rows.insert(study.rows.end(), rows_.begin(), rows_.end());
    study.rows.push_back(bound_);
    study.rows.push_back(our_bound_);
    study.rows.insert(study.rows.end(), busy_.begin(), busy_.end());
    for (const StudyDraw& draw : kept_) {
      for (const auto& [name, value] : draw) {
        study.parameters[setting_.name + " " + name].push_back(value);
      }
    }
    const auto claim = [&](const std::string& slow, const std::string& fast, double ratio) {
      const std::vector<double> times =
          times_faster(seconds_of(study, title(), slow), seconds_of(study, title(), fast));
      study.claims.push_back(StudyClaim{setting_.name + ": " + fast + " over " + slow, ratio, ratio,
                                        times, ratio > 0 ? "" : share_of_much(times)});
    };
    claim("MARTI-like", "FlexMARL", setting_.marti / setting_.flexmarl);
    claim("FlexMARL without balancing", "FlexMARL", setting_.without_balancing / setting_.flexmarl);
    claim("FlexMARL without async", "FlexMARL", setting_.without_async / setting_.flexmarl);
    for (const char* ours : kOurs) claim("FlexMARL", ours, 0);
    const std::vector<double> most =
        times_faster(seconds_of(study, title(), "FlexMARL"), our_bound_.values);
    study.claims.push_back(StudyClaim{setting_.name + ": bound of our default's row over FlexMARL",
                                      0, 0, most, share_of_much(most)});
    study.assumptions.push_back(fmt::format(
        "{}: {} draws, of which {} fit the devices; their MARTI-like rows take {:.0f} to {:.0f} s "
        "(10 to 90%); {} of them match the published {:.1f} s within {:.0f}% and are kept",
        setting_.name, draws_, marti_.size(), quantile(marti_, 0.1), quantile(marti_, 0.9),
        kept_.size(), setting_.marti, 100 * kFlexmarlMatch));
  }

 private:
  /// Of all accelerators, by what they are: instances and slots.
  static double busy_share(const SimulationResult& result) {
    double rollout = 0, training = 0;
    for (const SimulatedStep& step : result.steps) {
      rollout += step.rollout_busy * step.seconds;
      training += step.training_busy * step.seconds;
    }
    const double devices = result.rollout_devices + result.training_devices;
    return (rollout * result.rollout_devices + training * result.training_devices) /
           (devices * result.seconds);
  }

  /// Nothing if the draw does not fit the devices.
  [[nodiscard]] Result<std::optional<SimulationResult>> simulated(const StudyDraw& draw,
                                                                  const std::string& row,
                                                                  std::int64_t steps) {
    SimulationOptions options = flexmarl_options(setting_, draw, row, steps);
    if (row == kFlexmarlSpare) options.pipeline.tail = "redundant_groups";
    if (row == kFlexmarlDefault || row == kFlexmarlSpare) {
      const auto division = plan_division(options);
      if (!division) return std::optional<SimulationResult>();
      options = divided(options, *division);
    }
    auto out = simulate(options);
    if (out) return std::optional<SimulationResult>(std::move(*out));
    if (out.error().code != ErrorCode::kInvalid) return tl::unexpected(out.error());
    return std::optional<SimulationResult>();
  }

  const FlexmarlSetting& setting_;
  std::int64_t steps_;
  int draws_ = 0;
  std::vector<StudyRow> rows_;
  StudyRow bound_, our_bound_;
  std::vector<StudyRow> busy_;
  std::vector<double> marti_;  ///< seconds of the MARTI-like row of every draw that fits
  std::vector<StudyDraw> kept_;
};

/// Claims of what is ours over the draws of all settings.
void claim_of_all(Study& study) {
  for (const char* ours : kOurs) {
    const std::string what = fmt::format(": {} over FlexMARL", ours);
    std::vector<double> all;
    for (const StudyClaim& claim : study.claims) {
      if (!claim.what.ends_with(what)) continue;
      all.insert(all.end(), claim.simulated.begin(), claim.simulated.end());
    }
    study.claims.push_back(StudyClaim{"all" + what, 0, 0, all, share_of_much(all)});
  }
}

}  // namespace

Result<Study> study_flexmarl(const StudySize& size) {
  return study_flexmarl(size, flexmarl_settings());
}

Result<Study> study_flexmarl(const StudySize& size, const std::vector<FlexmarlSetting>& settings) {
  // Four rounds that put a group off and one that plays what was put off: a period.
  const std::int64_t steps = size.steps > 0 ? size.steps : 5;
  const double began = unix_time();
  Study out;
  out.name = "flexmarl";
  out.title = "early backward, balancing and training slots on demand for a team";
  out.source = "FlexMARL, arXiv 2602.09578";
  out.assumptions = {
      "768 NPUs of 64 GB; both workloads are private: what is not published is drawn from ranges "
      "that were written down before the first run, each draw alike for all rows; only the "
      "MARTI-like row is fitted, the other rows are predictions",
      fmt::format(
          "a draw is kept by {} steps of its MARTI-like row; the other rows are means of {}", steps,
          kPeriods * steps),
      fmt::format("our rows send deltas of {:.2f}% changed values by a tree of 2, {:.2f}% of the "
                  "bytes, made and applied by {} core beside each device: the worse ends of the "
                  "ranges of study sparse-sync. The other rows send whole weights, all instances "
                  "at load_gigabytes each",
                  100 * kFlexmarlChanged, 100 * our_payload(kFlexmarlChanged), kFlexmarlCores)};
  const int draws = size.draws > 0 ? size.draws : 1000;
  const int all = draws * static_cast<int>(settings.size());
  int done = 0;
  for (const FlexmarlSetting& setting : settings) {
    FlexmarlTable table(setting, steps);
    for (int i = 0; i < draws && table.kept() < kEnough; ++i) {
      TROUPE_TRY(table.add(draw_ranges(kFlexmarlRanges, seed_join(size.seed, setting.name), i)));
      if (size.progress) size.progress(++done, all);
    }
    done = draws * (1 + static_cast<int>(&setting - &settings.front()));
    table.give_to(out);
  }
  claim_of_all(out);
  for (const std::string& line : ranges_text(kFlexmarlRanges)) out.assumptions.push_back(line);
  out.wall_seconds = unix_time() - began;
  return out;
}

}  // namespace troupe
