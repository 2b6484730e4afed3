#include "simulate/soak/fault_plan.h"

#include <fmt/format.h>

#include <cmath>

#include "simulate/soak/drawn_parts.h"

namespace troupe {
namespace {

using Loss = SimulatedDisk::Loss;

/// An instant of the run, early ones as likely as late ones on a scale of ratios for one in three.
Nanos draw_instant(Rng& rng, Nanos most) {
  const double share = one_in(rng, 3) ? std::exp(-8.0 * rng.uniform()) : rng.uniform();
  return static_cast<Nanos>(share * static_cast<double>(most));
}

LinkFaults draw_links(Rng& rng, const RunExtent& extent) {
  LinkFaults out;
  const auto chance = [&rng] { return one_in(rng, 3) ? 0.1 * rng.uniform() : 0.0; };
  out.hang = chance();
  out.death = chance();
  out.error = chance();
  out.garbage = chance();
  out.lost = chance();
  out.late = chance();
  out.twice = chance();
  out.unloadable = chance();
  const Nanos delays[] = {kSecond / 10, 5 * kSecond, 1000 * kSecond};
  out.delay = delays[rng.below(3)];
  if (one_in(rng, 3)) {
    out.cut_from = draw_instant(rng, extent.time);
    out.cut_until = out.cut_from + static_cast<Nanos>(rng.below(30 * kSecond));
    out.cut_half = static_cast<int>(rng.below(2));
  }
  return out;
}

LifeFaults draw_life(Rng& rng, const RunExtent& extent) {
  LifeFaults out;
  constexpr Loss kLosses[] = {Loss::kNone, Loss::kAll, Loss::kRandom, Loss::kRandom};
  out.loss = kLosses[rng.below(4)];
  switch (rng.below(5)) {
    case 0:
    case 1:
      out.crash_call = rng.below(extent.calls + 1);
      break;
    case 2:
    case 3:
      out.crash_time = draw_instant(rng, extent.time);
      break;
    default:
      out.interrupt_time = draw_instant(rng, extent.time);
  }
  const auto code = [&rng] { return one_in(rng, 2) ? ErrorCode::kNoSpace : ErrorCode::kIo; };
  if (one_in(rng, 3)) {
    for (std::int64_t i = between(rng, 1, 3); i > 0; --i) {
      const ErrorCode kind = code();  // drawn first, whatever the compiler
      out.failed_calls.emplace_back(rng.below(extent.calls + 1), kind);
    }
  }
  if (one_in(rng, 4)) {
    Outage outage;
    outage.from = draw_instant(rng, extent.time);
    outage.until = outage.from + static_cast<Nanos>(rng.below(20 * kSecond));
    outage.code = code();
    out.outages.push_back(outage);
  }
  if (one_in(rng, 8)) {
    out.failed_computations.push_back(
        static_cast<std::int64_t>(rng.below(static_cast<std::uint64_t>(extent.computations + 1))));
  }
  if (one_in(rng, 2)) out.links = draw_links(rng, extent);
  if (one_in(rng, 4)) out.environment = 0.1 * rng.uniform();
  out.slow = one_in(rng, 3);
  return out;
}

}  // namespace

std::vector<LifeFaults> draw_faults(std::uint64_t seed, const RunExtent& extent) {
  Rng rng(seed_join(seed, "faults"));
  std::vector<LifeFaults> lives;
  for (std::int64_t i = between(rng, 1, 4); i > 0; --i) lives.push_back(draw_life(rng, extent));
  return lives;
}

const char* loss_name(Loss loss) {
  if (loss == Loss::kNone) return "nothing is lost";
  return loss == Loss::kAll ? "power loss, all that was not synced"
                            : "power loss, some of what was not synced";
}

std::string faults_text(const LifeFaults& faults) {
  std::string out;
  const auto add = [&out](const std::string& text) { out += (out.empty() ? "" : ", ") + text; };
  const auto at = [](Nanos when) {
    return fmt::format("{:.6f} s", static_cast<double>(when) / kSecond);
  };
  if (faults.crash_call) add(fmt::format("dies in disk call {}", *faults.crash_call));
  if (faults.crash_time) add("dies at " + at(*faults.crash_time));
  if (faults.interrupt_time) add("is interrupted at " + at(*faults.interrupt_time));
  for (const auto& [call, code] : faults.failed_calls) {
    add(fmt::format("disk call {} fails ({})", call,
                    code == ErrorCode::kNoSpace ? "no space" : "error"));
  }
  for (const Outage& outage : faults.outages) {
    add(fmt::format("disk {} from {} to {}", outage.code == ErrorCode::kNoSpace ? "full" : "fails",
                    at(outage.from), at(outage.until)));
  }
  for (const std::int64_t n : faults.failed_computations) {
    add(fmt::format("computation {} of a trainer fails", n));
  }
  if (faults.links.any()) add("instances fail now and then");
  if (faults.environment > 0) add("environments fail now and then");
  if (faults.slow) add("jobs are slow");
  return out.empty() ? "no faults" : out;
}

}  // namespace troupe
