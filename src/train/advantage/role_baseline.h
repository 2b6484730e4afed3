#pragma once

#include <map>
#include <string>
#include <vector>

#include "experience/group.h"

namespace troupe {

/// Role-conditioned advantage estimation (SPIRAL, arXiv 2506.24119):
///   A_i = r_i - b_agent,  b_agent <- decay * b_agent + (1 - decay) * r_i
/// b is an average over the past of what that agent's rows earned, 0 at first. In a zero-sum game
/// the roles have different expected rewards, and each is measured against its own.
///
/// The averages are frozen within a step: advantages use those that the step began with, so that
/// they do not depend on the order in which groups arrive. update() is called at the step's end,
/// for its groups in the order of their keys. Not thread-safe.
class RoleBaseline {
 public:
  /// One advantage per row of the group.
  [[nodiscard]] std::vector<double> advantages(const std::vector<Trajectory>& rows) const;
  /// Every row in turn moves its agent's average. `decay` in [0, 1).
  void update(const std::vector<Scored>& rows, double decay);

  /// The averages by agent: all there is to keep.
  [[nodiscard]] const std::map<std::string, double>& averages() const { return averages_; }
  void restore(std::map<std::string, double> averages) { averages_ = std::move(averages); }

 private:
  std::map<std::string, double> averages_;
};

}  // namespace troupe
