#pragma once

#include <map>
#include <string>
#include <vector>

namespace troupe {

/// A place where an agent must choose, given by what its context holds there: prompts and its own
/// answers in turn, the last prompt unanswered.
struct Probe {
  std::string agent;
  std::vector<std::string> prompts;     ///< at least one
  std::vector<std::string> answers;     ///< one fewer than prompts
  std::vector<std::string> candidates;  ///< answers whose probability is asked for, all different
};

/// The probability of each candidate at each probe: [probes][candidates], each >= 0. What a row
/// lacks to 1 is the chance of any other answer.
using Behaviour = std::vector<std::vector<double>>;

/// Numbers by name: lower-case words joined by '_'.
using NamedNumbers = std::map<std::string, double>;

/// An exact measure of a team, in place of an estimate from episodes: an environment that is small
/// enough names every place where its agents choose, and computes what follows from how they do.
///
/// A probe after an agent's own answers comes with a probe at each of those answers, in which the
/// answer is a candidate; so the chance that an agent plays up to a probe is known.
/// Immutable; const methods may be called from several threads at once.
class ExactMetric {
 public:
  virtual ~ExactMetric() = default;
  [[nodiscard]] virtual const std::vector<Probe>& probes() const = 0;
  /// `behaviour` has the shape that probes() asks for. The same names at every call.
  [[nodiscard]] virtual NamedNumbers measure(const Behaviour& behaviour) const = 0;
};

}  // namespace troupe
