#include "simulate/studies/study_report.h"

#include <fmt/format.h>

#include <cmath>
#include <nlohmann/json.hpp>

namespace troupe {
namespace {

using Json = nlohmann::ordered_json;

/// A draw is near the published figure within this share of it.
constexpr double kNear = 0.1;

std::string number(double value) {
  return value >= 100  ? fmt::format("{:.0f}", value)
         : value >= 10 ? fmt::format("{:.1f}", value)
                       : fmt::format("{:.2f}", value);
}

std::string band(const std::vector<double>& values) {
  if (values.empty()) return "-";
  const std::string median = number(quantile(values, 0.5));
  if (values.size() == 1) return median;
  return fmt::format("{} ({} to {})", median, number(quantile(values, 0.1)),
                     number(quantile(values, 0.9)));
}

std::string published(double low, double high) {
  if (low == 0) return "-";
  return low == high ? number(low) : number(low) + " to " + number(high);
}

/// Share of the draws within kNear of the published figure.
std::string near(const StudyRow& row) {
  if (row.published == 0 || row.values.empty()) return "-";
  double count = 0;
  for (const double value : row.values) {
    count += std::abs(value / row.published - 1) <= kNear ? 1 : 0;
  }
  return fmt::format("{:.0f}%", 100 * count / static_cast<double>(row.values.size()));
}

/// A claim whose median is nearer to 1 than this shows no difference.
constexpr double kNothing = 0.02;

/// Whether the median draw is on the side of 1 that the paper says.
std::string direction(const StudyClaim& claim) {
  if (claim.published_low == 0 || claim.simulated.empty()) return "-";
  const double middle = quantile(claim.simulated, 0.5);
  if (std::abs(middle - 1) < kNothing) return "none";
  return (claim.published_high > 1) == (middle > 1) ? "same" : "OPPOSITE";
}

bool begins_table(const Study& study, const StudyRow& row) {
  if (&row == &study.rows.front()) return true;
  const StudyRow& before = *(&row - 1);
  return before.setting != row.setting || before.quantity != row.quantity;
}

Json band_json(const std::vector<double>& values) {
  if (values.empty()) return nullptr;
  return {{"p10", quantile(values, 0.1)},
          {"p50", quantile(values, 0.5)},
          {"p90", quantile(values, 0.9)},
          {"values", values}};
}

}  // namespace

std::string study_text(const Study& s) {
  std::string out = fmt::format("\n{}: {} ({})\n", s.name, s.title, s.source);
  for (const StudyRow& row : s.rows) {
    if (begins_table(s, row)) {
      out +=
          fmt::format("\n{}, {} draws\n{:<40}{:>12}{:>26}{:>8}\n", row.setting, row.values.size(),
                      row.quantity, "published", "simulated (10 to 90%)", "near");
    }
    out += fmt::format("{:<40}{:>12}{:>26}{:>8}\n", row.schedule,
                       published(row.published, row.published), band(row.values), near(row));
  }
  out += fmt::format("\n{:<66}{:>14}{:>24}  {}\n", "times faster", "published", "simulated",
                     "direction");
  for (const StudyClaim& claim : s.claims) {
    out += fmt::format("{:<66}{:>14}{:>24}  {}\n", claim.what,
                       published(claim.published_low, claim.published_high), band(claim.simulated),
                       direction(claim));
    if (!claim.remark.empty()) out += fmt::format("    {}\n", claim.remark);
  }
  out += "\nassumptions\n";
  for (const std::string& line : s.assumptions) out += fmt::format("  - {}\n", line);
  return out +
         fmt::format("near: share of draws within {:.0f}% of the published figure ({:.0f} s)\n",
                     100 * kNear, s.wall_seconds);
}

std::string study_markdown(const Study& s) {
  std::string out = fmt::format("# {0}\n\n{1} ({2}).\n\n![seconds of a step]({0}.svg)\n", s.name,
                                s.title, s.source);
  for (const StudyRow& row : s.rows) {
    if (begins_table(s, row)) {
      out += fmt::format(
          "\n{}, {} draws:\n\n| {} | published | simulated (10 to 90%) | near |\n"
          "|---|---|---|---|\n",
          row.setting, row.values.size(), row.quantity);
    }
    out += fmt::format("| {} | {} | {} | {} |\n", row.schedule,
                       published(row.published, row.published), band(row.values), near(row));
  }
  out += "\n| times faster | published | simulated | direction | |\n|---|---|---|---|---|\n";
  for (const StudyClaim& claim : s.claims) {
    out += fmt::format("| {} | {} | {} | {} | {} |\n", claim.what,
                       published(claim.published_low, claim.published_high), band(claim.simulated),
                       direction(claim), claim.remark);
  }
  out += "\nAssumptions:\n\n";
  for (const std::string& line : s.assumptions) out += fmt::format("- {}\n", line);
  return out;
}

std::string study_json(const Study& s) {
  Json out = {{"study", s.name},
              {"title", s.title},
              {"source", s.source},
              {"rows", Json::array()},
              {"claims", Json::array()}};
  for (const StudyRow& row : s.rows) {
    out["rows"].push_back({{"setting", row.setting},
                           {"quantity", row.quantity},
                           {"schedule", row.schedule},
                           {"published", row.published > 0 ? Json(row.published) : Json(nullptr)},
                           {"simulated", band_json(row.values)}});
  }
  for (const StudyClaim& claim : s.claims) {
    Json one = {{"what", claim.what}, {"simulated", band_json(claim.simulated)}};
    if (claim.published_low > 0) {
      one["published"] = {claim.published_low, claim.published_high};
    }
    one["direction"] = direction(claim);
    one["remark"] = claim.remark;
    out["claims"].push_back(std::move(one));
  }
  out["assumptions"] = s.assumptions;
  out["parameters"] = Json::object();
  for (const auto& [name, values] : s.parameters) out["parameters"][name] = band_json(values);
  out["wall_seconds"] = s.wall_seconds;
  return out.dump(2);
}

}  // namespace troupe
