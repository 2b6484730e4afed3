#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/child_pool.h"
#include "environment/dataset/pattern.h"
#include "environment/dataset/rows.h"

namespace troupe {

/// The options that decide how an answer is scored.
struct GraderOptions {
  std::string verifier = "auto";   ///< auto, exact, numeric, regex or countdown
  std::string pattern;             ///< regex: required; numeric and countdown: picks the answer out
  double tolerance = 1e-6;         ///< numeric: largest absolute difference
  std::string operators = "+-*/";  ///< countdown: what an answer may use
  std::vector<std::string> reward_command;
  double reward_timeout_seconds = 10.0;
  double reward_min = 0.0;
  double reward_max = 1.0;
};

/// Scores answers to dataset rows. Immutable after make(), thread-safe.
class Grader {
 public:
  /// Checks the options against each other and against the rows. kInvalid names the option, or the
  /// file `path` and the line.
  static Result<std::unique_ptr<Grader>> make(const GraderOptions& options, const Rows& rows,
                                              const std::string& path);

  /// The score of `answer`: one reward. kUnavailable if the reward command failed.
  Result<Outcome> grade(const DatasetRow& row, const Task& task, const std::string& answer) const;

  /// The verifier in use: exact, numeric, regex, countdown or command.
  [[nodiscard]] const std::string& verifier() const { return options_.verifier; }
  [[nodiscard]] const GraderOptions& options() const { return options_; }
  [[nodiscard]] bool may_block() const { return pool_ != nullptr; }
  [[nodiscard]] std::pair<double, double> range() const;

 private:
  Grader() = default;
  Status check_unused() const;
  Result<Outcome> ask_command(const Task& task, const std::string& answer) const;

  GraderOptions options_;
  std::unique_ptr<Pattern> pattern_;
  std::shared_ptr<ChildPool> pool_;
};

}  // namespace troupe
