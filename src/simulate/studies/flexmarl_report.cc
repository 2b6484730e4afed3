#include "simulate/studies/flexmarl_report.h"

#include <fmt/format.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "simulate/studies/flexmarl_ranges.h"

namespace troupe {
namespace {

using Json = nlohmann::ordered_json;

std::string band(const std::vector<double>& values, int digits) {
  return fmt::format("{:.{}f} ({:.{}f} to {:.{}f})", quantile(values, 0.5), digits,
                     quantile(values, 0.1), digits, quantile(values, 0.9), digits);
}

/// Share of the kept draws whose seconds are as near to the published ones as kept draws must be.
double share_near(const FlexmarlRow& row) {
  double near = 0;
  for (const double seconds : row.seconds) {
    near += std::abs(seconds / row.published - 1) <= kFlexmarlMatch ? 1 : 0;
  }
  return near / static_cast<double>(row.seconds.size());
}

Json band_json(const std::vector<double>& values) {
  if (values.empty()) return nullptr;
  return {{"p10", quantile(values, 0.1)},
          {"p50", quantile(values, 0.5)},
          {"p90", quantile(values, 0.9)}};
}

}  // namespace

std::string flexmarl_text(const FlexmarlStudy& s) {
  std::string out = fmt::format("\n{}: {}; 768 NPUs of 64 GB\n", s.setting.name, s.setting.what);
  out += fmt::format(
      "{} draws of what is not public, {} do not fit the devices; the MARTI-like row takes {} s. "
      "{} draws match its {:.1f} s within {:.0f}%:\n",
      s.draws, s.invalid, band(s.marti, 0), s.bounds.size(), s.setting.marti, 100 * kFlexmarlMatch);
  if (s.bounds.empty()) return out + "nothing to predict from; try more --draws\n";
  out += fmt::format("{:<28}{:>10}{:>26}{:>8}{:>12}{:>26}\n", "seconds of a step", "published",
                     "simulated (10 to 90%)", "near", "published", "over MARTI-like");
  for (const FlexmarlRow& row : s.rows) {
    const bool known = row.published > 0;
    out += fmt::format("{:<28}{:>10}{:>26}{:>8}{:>12}{:>26}\n", row.name,
                       known ? fmt::format("{:.1f}", row.published) : "-", band(row.seconds, 1),
                       known ? fmt::format("{:.0f}%", 100 * share_near(row)) : "-",
                       known ? fmt::format("{:.2f}", row.published / s.setting.marti) : "-",
                       band(row.ratios, 2));
  }
  out += fmt::format("{:<28}{:>10}{:>26}\n", "bound of FlexMARL's row", "-", band(s.bounds, 1));
  out += fmt::format(
      "near: share of the kept draws within {:.0f}% of the published seconds ({:.0f} s)\n",
      100 * kFlexmarlMatch, s.wall_seconds);
  return out;
}

std::string flexmarl_free_text() {
  std::string out =
      "\nThe workloads are private. Drawn, from ranges that were written down before the first "
      "run\n"
      "(src/simulate/studies/flexmarl_ranges.h), each draw alike for all rows:\n";
  for (const StudyRange& range : kFlexmarlRanges) {
    out += fmt::format("  {:<20}{:>8} to {:<8}{}\n", range.name, range.low, range.high, range.why);
  }
  return out +
         "Only the MARTI-like row is fitted; the other rows are predictions. What each row is, "
         "and\n"
         "what the model leaves out: docs/simulator.md\n";
}

std::string flexmarl_json(const std::vector<FlexmarlStudy>& studies) {
  Json out;
  out["ranges"] = Json::object();
  for (const StudyRange& range : kFlexmarlRanges) {
    out["ranges"][range.name] = {{"low", range.low},
                                 {"high", range.high},
                                 {"logarithmic", range.logarithmic},
                                 {"why", range.why}};
  }
  out["settings"] = Json::array();
  for (const FlexmarlStudy& study : studies) {
    Json one = {{"setting", study.setting.name},
                {"draws", study.draws},
                {"invalid", study.invalid},
                {"kept", study.bounds.size()},
                {"marti_of_all_draws", band_json(study.marti)},
                {"bound", band_json(study.bounds)},
                {"wall_seconds", study.wall_seconds}};
    for (const FlexmarlRow& row : study.rows) {
      one["rows"].push_back(
          {{"name", row.name},
           {"published", row.published > 0 ? Json(row.published) : Json(nullptr)},
           {"seconds", band_json(row.seconds)},
           {"near",
            row.published > 0 && !row.seconds.empty() ? Json(share_near(row)) : Json(nullptr)},
           {"over_marti", band_json(row.ratios)}});
    }
    one["parameters"] = Json::object();
    for (const auto& [name, values] : study.parameters) {
      one["parameters"][name] = band_json(values);
    }
    out["settings"].push_back(one);
  }
  return out.dump(2);
}

}  // namespace troupe
