#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/executor.h"
#include "orchestrate/exact/seams.h"
#include "orchestrate/exact/tally.h"

namespace troupe {

/// What `troupe check exact` does.
struct ExactOptions {
  std::int64_t cases = 2000;
  std::uint64_t seed = 1;
  std::optional<std::int64_t> only;  ///< this case alone
};

/// A case in which something differed.
struct ExactFailure {
  std::int64_t number = 0;
  std::uint64_t seed = 0;                   ///< of the case
  std::string shape;                        ///< of its model
  std::vector<exact::Mismatch> mismatches;  ///< the first few
};

struct ExactReport {
  std::uint64_t seed = 0;
  std::int64_t cases = 0;
  exact::Counts counts;
  std::vector<std::string> tables;     ///< "fp32 avx2", ...: what the cases took in turns
  std::vector<ExactFailure> failures;  ///< by number
};

/// Everything about one case: a function of its arguments and of the machine's instruction sets.
/// Any thread.
ExactReport check_exact_case(std::uint64_t seed, std::int64_t number,
                             const exact::Seams& seams = {});

/// Checks cases 0, 1, ... on the executor's workers. `progress(done)` is called on the strand after
/// each; kCancelled once `stop` is true.
Async<Result<ExactReport>> check_exact(Executor& executor, ExactOptions options,
                                       std::function<void(std::int64_t done)> progress,
                                       std::function<bool()> stop);

/// A table for people: what was compared, then each case that failed and how to run it again.
/// `summary_only`: no table. Ends with "N cases, M mismatches".
std::string exact_text(const ExactReport& report, bool summary_only);
/// The same as one JSON object.
std::string exact_json(const ExactReport& report);

}  // namespace troupe
