#include "experience/curation/replay.h"

#include <algorithm>
#include <cmath>

#include "base/rng.h"

namespace troupe {

double replay_mass(const ReplaySettings& settings, const ReplayCandidate& candidate,
                   std::int64_t step) {
  const std::int64_t age = step - candidate.step;
  if (age < 1 || age > settings.most_age || !std::isfinite(candidate.advantage)) return 0;
  return std::abs(candidate.advantage) * std::exp2(-static_cast<double>(age) / settings.half_life);
}

std::vector<Replay> choose_replays(const ReplaySettings& settings,
                                   std::span<const ReplayCandidate> candidates, std::int64_t step,
                                   std::int64_t batch, std::uint64_t seed) {
  struct Drawn {
    double rank;  // log(u) / mass, the logarithm of u^(1/mass)
    Replay replay;
  };
  const std::uint64_t stream =
      seed_join(seed_join(seed, "replay"), static_cast<std::uint64_t>(step));
  std::vector<Drawn> drawn;
  for (const ReplayCandidate& c : candidates) {
    const double mass = replay_mass(settings, c, step);
    if (!(mass > 0)) continue;
    Rng rng(seed_join(seed_join(stream, static_cast<std::uint64_t>(c.key.step)),
                      static_cast<std::uint64_t>(c.key.index)));
    drawn.push_back({std::log(1 - rng.uniform()) / mass, {c.key, mass}});
  }
  std::sort(drawn.begin(), drawn.end(), [](const Drawn& a, const Drawn& b) {
    return a.rank != b.rank ? a.rank > b.rank : a.replay.key < b.replay.key;
  });
  const auto most = static_cast<std::size_t>(
      std::max(0.0, std::floor(settings.share * static_cast<double>(batch) + 1e-9)));
  if (drawn.size() > most) drawn.resize(most);
  std::vector<Replay> out;
  for (const Drawn& d : drawn) out.push_back(d.replay);
  std::sort(out.begin(), out.end(), [](const Replay& a, const Replay& b) { return a.key < b.key; });
  return out;
}

}  // namespace troupe
