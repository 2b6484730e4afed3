#include "simulate/soak/soak.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <utility>

#include "base/rng.h"

namespace troupe {

void SoakTotals::add(const SeedReport& report) {
  ++seeds;
  lives += report.lives;
  events += report.events;
  compared += report.compared;
  digest += mix64(report.seed ^ report.digest);
  for (const auto& [fault, count] : report.counts) counts[fault] += count;
  if (!report.violations.empty()) failed.push_back({report.seed, report.violations});
}

void SoakTotals::add(const SoakTotals& part) {
  seeds += part.seeds;
  lives += part.lives;
  events += part.events;
  compared += part.compared;
  digest += part.digest;
  for (const auto& [fault, count] : part.counts) counts[fault] += count;
  failed.insert(failed.end(), part.failed.begin(), part.failed.end());
}

SoakTotals play_seeds(std::uint64_t first, std::uint64_t count,
                      const std::function<void(const SeedReport&)>& told) {
  SoakTotals totals;
  for (std::uint64_t i = 0; i < count; ++i) {
    const SeedReport report = play_seed(first + i, false);
    totals.add(report);
    if (told) told(report);
  }
  return totals;
}

std::string soak_json(const SoakTotals& totals) {
  nlohmann::json out;
  out["seeds"] = totals.seeds;
  out["lives"] = totals.lives;
  out["events"] = totals.events;
  out["compared"] = totals.compared;
  out["digest"] = fmt::format("{:016x}", totals.digest);
  out["counts"] = totals.counts;
  out["failed"] = nlohmann::json::array();
  for (const FailedSeed& failed : totals.failed) {
    nlohmann::json one;
    one["seed"] = failed.seed;
    for (const Violation& v : failed.violations) {
      one["violations"].push_back({{"law", v.law}, {"what", v.what}});
    }
    out["failed"].push_back(std::move(one));
  }
  return out.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

Result<SoakTotals> read_soak_json(const std::string& text) {
  try {
    const nlohmann::json in = nlohmann::json::parse(text);
    SoakTotals out;
    out.seeds = in.at("seeds").get<std::int64_t>();
    out.lives = in.at("lives").get<std::int64_t>();
    out.events = in.at("events").get<std::int64_t>();
    out.compared = in.at("compared").get<std::int64_t>();
    out.digest = std::stoull(in.at("digest").get<std::string>(), nullptr, 16);
    out.counts = in.at("counts").get<FaultCounts>();
    for (const auto& one : in.at("failed")) {
      FailedSeed failed;
      failed.seed = one.at("seed").get<std::uint64_t>();
      for (const auto& v : one.at("violations")) {
        failed.violations.push_back(
            {v.at("law").get<std::string>(), v.at("what").get<std::string>()});
      }
      out.failed.push_back(std::move(failed));
    }
    return out;
  } catch (const std::exception& e) {
    return fail(ErrorCode::kInvalid, fmt::format("not what a soak says: {}", e.what()));
  }
}

std::string soak_text(const SoakTotals& totals) {
  std::string out = fmt::format(
      "{} seeds, {} lives, {} events; {} results compared with those without faults; "
      "digest {:016x}\n",
      totals.seeds, totals.lives, totals.events, totals.compared, totals.digest);
  for (const auto& [fault, count] : totals.counts) {
    out += fmt::format("  {:>9} {}\n", count, fault);
  }
  if (totals.failed.empty()) return out + "no law was broken\n";
  out += fmt::format("{} seeds broke a law:", totals.failed.size());
  for (const FailedSeed& failed : totals.failed) out += fmt::format(" {}", failed.seed);
  return out + "\n";
}

std::string failure_text(const FailedSeed& failed) {
  std::string out;
  for (const Violation& v : failed.violations) {
    out += fmt::format("seed {} breaks the law \"{}\": {}\n", failed.seed, v.law, v.what);
  }
  return out +
         fmt::format("  play it again: troupe simulate soak --replay {} --log\n", failed.seed);
}

}  // namespace troupe
