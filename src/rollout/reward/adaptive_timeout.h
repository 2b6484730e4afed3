#pragma once

#include <map>
#include <string>

namespace troupe {

/// How long an answer may keep the program that checks it busy:
///
///   T = min(max(t_min, lambda * anchor), t_max)
///
/// where anchor is the longest run of a right answer so far (RollPacker, arXiv 2509.21009, its
/// reward scheduler). Tasks of different kinds have anchors of their own. Before the first right
/// answer of a kind there is nothing to go by, and T is t_max. Not thread-safe.
class AdaptiveTimeout {
 public:
  struct Rule {
    double lambda = 1.5;
    double t_min = 2;   ///< seconds
    double t_max = 30;  ///< seconds
  };
  explicit AdaptiveTimeout(Rule rule) : rule_(rule) {}

  /// T for the next answer to a task of this kind, in seconds.
  [[nodiscard]] double limit(const std::string& kind) const;
  /// A right answer took so long.
  void right_answer(const std::string& kind, double seconds);

 private:
  Rule rule_;
  std::map<std::string, double> anchors_;
};

}  // namespace troupe
