#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "orchestrate/check_exact.h"

namespace troupe {
namespace {

constexpr std::size_t kShown = 10;  // failures told in full; the rest is counted

std::string replay(const ExactReport& report, const ExactFailure& failure) {
  return fmt::format("troupe check exact --seed {} --case {}", report.seed, failure.number);
}

std::string failure_text(const ExactReport& report, const ExactFailure& failure) {
  std::string out = fmt::format("case {} (case seed {:#018x}): {}\n", failure.number, failure.seed,
                                failure.shape);
  for (const exact::Mismatch& m : failure.mismatches) {
    out += fmt::format("  {}: {}: first difference at {}: {:#010x}, expected {:#010x}\n",
                       kind_name(m.kind), m.where, m.position, m.got, m.expected);
  }
  return out + fmt::format("  again: {}\n", replay(report, failure));
}

}  // namespace

std::string exact_text(const ExactReport& report, bool summary_only) {
  std::string out;
  if (!summary_only) {
    out += fmt::format("{:<36}{:>16}{:>14}\n", "compared", "values", "mismatches");
    for (std::size_t k = 0; k < exact::kKinds; ++k) {
      out += fmt::format("{:<36}{:>16}{:>14}\n", kind_name(static_cast<exact::Kind>(k)),
                         report.counts.values[k], report.counts.mismatches[k]);
    }
    out += fmt::format("kernels: {}\n", fmt::join(report.tables, ", "));
  }
  for (std::size_t i = 0; i < std::min(report.failures.size(), kShown); ++i) {
    out += failure_text(report, report.failures[i]);
  }
  if (report.failures.size() > kShown) {
    out += fmt::format("and {} other cases\n", report.failures.size() - kShown);
  }
  return out +
         fmt::format("{} cases, {} mismatches\n", report.cases, report.counts.all_mismatches());
}

std::string exact_json(const ExactReport& report) {
  nlohmann::ordered_json out;
  out["seed"] = report.seed;
  out["cases"] = report.cases;
  out["mismatches"] = report.counts.all_mismatches();
  out["kernels"] = report.tables;
  out["kinds"] = nlohmann::ordered_json::array();
  for (std::size_t k = 0; k < exact::kKinds; ++k) {
    out["kinds"].push_back({{"kind", kind_name(static_cast<exact::Kind>(k))},
                            {"values", report.counts.values[k]},
                            {"mismatches", report.counts.mismatches[k]}});
  }
  out["failures"] = nlohmann::ordered_json::array();
  for (const ExactFailure& failure : report.failures) {
    nlohmann::ordered_json one;
    one["case"] = failure.number;
    one["case_seed"] = failure.seed;
    one["model"] = failure.shape;
    one["again"] = replay(report, failure);
    for (const exact::Mismatch& m : failure.mismatches) {
      one["mismatches"].push_back({{"kind", kind_name(m.kind)},
                                   {"where", m.where},
                                   {"position", m.position},
                                   {"expected", fmt::format("{:#010x}", m.expected)},
                                   {"got", fmt::format("{:#010x}", m.got)}});
    }
    out["failures"].push_back(std::move(one));
  }
  return out.dump(2) + "\n";
}

}  // namespace troupe
