#pragma once

#include <cstdint>
#include <vector>

namespace troupe::bench {

/// A group as it was trained on.
struct GroupWork {
  std::int64_t begins = 0;  ///< the version before which it could not begin
  /// Seconds of its longest episode, alone on the machine (its tokens decoded one by one, and its
  /// tools), and of the group's backward pass after it.
  double chain = 0;
};

/// What an optimizer step made of the workers: busy seconds, all workers together.
struct StepWork {
  double generate = 0, backward = 0, optimizer = 0;
  std::vector<GroupWork> groups;
};

/// The least seconds in which `workers` that never idle while there is something to do could make
/// these steps: the work-conserving lower bound.
///
/// Let T(v) be when version v is there (T(v) = 0 for v <= 0), W the workers, g, b and o a step's
/// busy seconds of generation, backward passes and optimizer, and v(i) the version before which
/// nothing of a group could begin. Step s makes version s + 1.
///
///   path    T(s+1) >= T(v(i)) + chain_i + o_s        for each group i of step s: its episodes,
///                                                    its backward and the step follow each other
///   step    T(s+1) >= T(s) + b_s / W + o_s           the gradient is taken at version s; the
///                                                    optimizer is one worker's
///   work    T(s+1) >= T(v) + sum_{r..s} (g+b+o) / W  for each r <= s, with v the earliest version
///                                                    that a group of steps r..s could begin at
///   serial  T(s+1) >= T(s) + (g_s + b_s) / W + o_s   if no group of step s could begin before
///                                                    version s, and none of a later step: while
///                                                    the optimizer works, nothing else can
///
/// The bound is the least T that fulfils them. At staleness 0 it is
///   sum over steps of max((g + b) / W, longest chain) + o.
/// Busy seconds are those of the run that it is set beside: batches that another order would have
/// made smaller or larger are not counted, nor is anything that the strand does.
double least_seconds(const std::vector<StepWork>& steps, int workers);

}  // namespace troupe::bench
