#pragma once

#include <cstdint>
#include <deque>
#include <string_view>
#include <unordered_map>

namespace troupe {

/// Where in its episode a session is: the start of an agent's turn.
struct LengthKey {
  std::string_view task;
  std::string_view agent;
  int turn = 0;
};

/// Decode tokens that a session still needs, all turns.
struct LengthPrediction {
  double mean = 0;       ///< at least 1: it has not ended
  double deviation = 0;  ///< standard deviation
  double log_mean = 0;   ///< mean of the natural logarithm, of all tokens from the turn's start
  bool fallback = true;  ///< nothing of this agent has been observed
};

/// How good the predictions were that somebody acted on.
struct LengthErrors {
  std::int64_t count = 0;
  double log_error = 0;       ///< mean of |ln tokens - log_mean|; 0.69: off by a factor of 2
  double bias = 0;            ///< mean tokens predicted over mean tokens needed; 1 is right
  double fallback_share = 0;  ///< of those predictions, without any observation
};

/// Predicts how many tokens a session will still decode, from what sessions before it needed.
///
/// Lengths of answers are close to log-normal, so the logarithm's mean and variance are estimated,
/// at three places: for the agent; for the agent at that turn; for the task, too. Each place starts
/// from the one above it, whose estimate counts as `prior` observations (the conjugate prior of a
/// normal's mean and variance: Gelman et al., "Bayesian Data Analysis", section 3.3), so a task
/// seen once moves the prediction a little and one seen often decides it. The agent starts from the
/// fallback: mean `fallback`, a standard deviation of 1 of the logarithm. Each place's own estimate
/// is the plain one over its first `memory` observations and an exponentially weighted one from
/// then on, because a policy in training changes its lengths.
///
/// Short sessions end first, so what is observed while others still run is too short; that evens
/// out when they end. Not calls of the clock nor chance: a function of what was observed, in that
/// order. Lives on the strand.
class LengthPredictor {
 public:
  struct Setting {
    double fallback = 512;  ///< mean tokens of a session of which nothing is known; half of the
                            ///< longest answer if nothing better is
    double most = 1e12;     ///< tokens that a session can need at most
    double prior = 1;       ///< observations that the place above counts as: the variance of ln
                            ///< tokens within a task over that between tasks
    double memory = 128;    ///< observations; the newest one weighs at least 1 / memory
    std::size_t tasks = 1 << 18;  ///< entries of single tasks; beyond it the oldest ones go
  };
  explicit LengthPredictor(const Setting& setting) : setting_(setting) {}

  /// A session needed so many tokens from the start of that turn to its end. Less than 1 counts as
  /// 1.
  void observe(const LengthKey& key, double tokens);

  /// What it still needs if it has decoded `generated` tokens since the start of that turn.
  [[nodiscard]] LengthPrediction predict(const LengthKey& key, double generated = 0) const;

  /// A prediction made at the start of a turn (generated = 0), and what the session then needed.
  void score(const LengthPrediction& made, double tokens);
  [[nodiscard]] LengthErrors errors() const;

 private:
  struct Place {
    std::int64_t count = 0;
    double mean = 0;      ///< of ln tokens
    double variance = 0;  ///< of ln tokens, population
  };
  using Places = std::unordered_map<std::uint64_t, Place>;
  struct Names {
    std::uint64_t agent = 0, turn = 0, task = 0;
  };
  static Names names(const LengthKey& key);
  void add(Place& place, double x) const;
  /// The estimate that `place` makes of the one above it, which it replaces.
  void refine(const Places& places, std::uint64_t name, Place& estimate) const;

  Setting setting_;
  Places agents_;
  Places turns_;
  Places tasks_;
  std::deque<std::uint64_t> task_order_;  ///< as they were first observed
  std::int64_t scored_ = 0;
  std::int64_t fallbacks_ = 0;
  double log_error_sum_ = 0;
  double predicted_sum_ = 0;
  double needed_sum_ = 0;
};

}  // namespace troupe
