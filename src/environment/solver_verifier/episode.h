#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "environment/solver_verifier/judgement.h"
#include "troupe/environment.h"

namespace troupe {

inline constexpr const char* kSolver = "solver";
inline constexpr const char* kVerifier = "verifier";

/// What all episodes of a run have in common.
struct SolverVerifierRules {
  std::string operators;
  std::string alphabet;            ///< what else candidates hold is not shown to the verifier
  std::size_t longest_answer = 0;  ///< characters; of longer candidates no more is shown
  bool retry = false;
  bool team = true;  ///< rewards name a verifier
};

/// One episode of solver_verifier.h. The payload has "nums", "target", the count of "candidates"
/// and who picks ("pick").
class SolverVerifier final : public Environment {
 public:
  explicit SolverVerifier(SolverVerifierRules rules) : rules_(std::move(rules)) {}

  Result<Turn> reset(const Task& task, std::uint64_t seed) override;
  Result<Turn> step(const std::vector<Action>& actions) override;
  Outcome outcome() const override { return outcome_; }
  Result<std::string> demonstrate(const Prompt& prompt, double noise, Rng& rng) const override;

 private:
  enum class Phase { kSolve, kJudge, kSolveAgain };

  Turn solve();
  Turn judge();
  /// Ends the episode with candidate `picked`.
  Turn end(std::size_t picked);
  [[nodiscard]] double score(const std::string& candidate) const;
  [[nodiscard]] bool correct(const std::string& candidate) const;
  [[nodiscard]] std::size_t choose() const;

  SolverVerifierRules rules_;
  std::vector<std::int64_t> numbers_;
  std::int64_t target_ = 0;
  std::int64_t count_ = 0;
  std::string pick_;
  Phase phase_ = Phase::kSolve;
  std::vector<std::string> candidates_;
  std::vector<Judged> judged_;
  Turn turn_;
  Outcome outcome_;
};

}  // namespace troupe
