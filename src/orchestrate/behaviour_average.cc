#include "orchestrate/behaviour_average.h"

#include <fmt/format.h>

#include <algorithm>

namespace troupe {
namespace {

/// The probe at which the agent of `later` gave its answer number `turn`.
bool leads_to(const Probe& probe, const Probe& later, std::size_t turn) {
  return probe.agent == later.agent && probe.answers.size() == turn &&
         std::equal(probe.answers.begin(), probe.answers.end(), later.answers.begin()) &&
         std::equal(probe.prompts.begin(), probe.prompts.end(), later.prompts.begin());
}

/// The chance that the agent itself answers as the probe says, up to it.
Result<double> own_reach(const std::vector<Probe>& probes, const Behaviour& behaviour,
                         const Probe& probe) {
  double chance = 1;
  for (std::size_t turn = 0; turn < probe.answers.size(); ++turn) {
    const auto before = std::find_if(probes.begin(), probes.end(), [&](const Probe& candidate) {
      return leads_to(candidate, probe, turn);
    });
    std::size_t answer = 0;
    if (before != probes.end()) {
      answer = static_cast<std::size_t>(
          std::find(before->candidates.begin(), before->candidates.end(), probe.answers[turn]) -
          before->candidates.begin());
    }
    if (before == probes.end() || answer == before->candidates.size()) {
      return fail(ErrorCode::kInvalid,
                  fmt::format("a probe of agent \"{}\" comes after the answer \"{}\", which is no "
                              "candidate of a probe before it",
                              probe.agent, probe.answers[turn]));
    }
    chance *= behaviour[static_cast<std::size_t>(before - probes.begin())][answer];
  }
  return chance;
}

}  // namespace

Status BehaviourAverage::add(const std::vector<Probe>& probes, const Behaviour& behaviour) {
  if (count == 0) {
    reach.assign(probes.size(), 0.0);
    played.clear();
    for (const Probe& probe : probes) played.emplace_back(probe.candidates.size(), 0.0);
  }
  bool fits = reach.size() == probes.size() && played.size() == probes.size() &&
              behaviour.size() == probes.size();
  for (std::size_t i = 0; fits && i < probes.size(); ++i) {
    fits = played[i].size() == probes[i].candidates.size() &&
           behaviour[i].size() == probes[i].candidates.size();
  }
  if (!fits) {
    return fail(ErrorCode::kInvalid, "the average behaviour is of other probes than the team's");
  }
  std::vector<double> own;
  for (const Probe& probe : probes) {
    TROUPE_ASSIGN(own.emplace_back(), own_reach(probes, behaviour, probe));
  }
  for (std::size_t i = 0; i < probes.size(); ++i) {
    reach[i] += own[i];
    for (std::size_t c = 0; c < behaviour[i].size(); ++c) played[i][c] += own[i] * behaviour[i][c];
  }
  ++count;
  return {};
}

Behaviour BehaviourAverage::behaviour() const {
  Behaviour out = played;
  for (std::size_t i = 0; i < out.size(); ++i) {
    for (double& chance : out[i]) {
      chance = reach[i] > 0 ? chance / reach[i] : 1.0 / static_cast<double>(out[i].size());
    }
  }
  return out;
}

}  // namespace troupe
