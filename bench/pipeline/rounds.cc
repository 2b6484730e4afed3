#include "pipeline/rounds.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/interrupt.h"

namespace troupe::bench {
namespace {

const Row& named(const std::vector<Row>& rows, const std::string& name) {
  return *std::find_if(rows.begin(), rows.end(),
                       [&](const Row& row) { return row.mode.name == name; });
}

Status check(const Mode& mode, const Measured& run) {
  if (run.staleness <= mode.options.bound()) return {};
  return fail(ErrorCode::kInternal,
              fmt::format("{}: trained on a sample that was {} versions old; the bound is {}",
                          mode.name, run.staleness, mode.options.bound()));
}

}  // namespace

Result<std::vector<Row>> run_rounds(const Options& options,
                                    const std::function<void(const std::string&)>& progress) {
  std::vector<Row> rows;
  for (const Mode& mode : modes()) rows.push_back({mode, {}});
  std::vector<Row*> order;
  for (Row& row : rows) order.push_back(&row);
  for (int round = 0; round < options.rounds; ++round) {
    for (Row* row : order) {
      if (interrupted()) return fail(ErrorCode::kCancelled, "interrupted");
      progress(fmt::format("round {} of {}: {}", round + 1, options.rounds, row->mode.name));
      TROUPE_ASSIGN(Measured run, measure(options, row->mode));
      TROUPE_TRY(check(row->mode, run));
      row->runs.push_back(std::move(run));
    }
    const std::string& barrier = named(rows, "barrier").runs.back().digest;
    const std::string& micro_batch = named(rows, "micro_batch").runs.back().digest;
    if (barrier != micro_batch) {
      return fail(ErrorCode::kInternal,
                  fmt::format("barrier ended with the weights {}, micro_batch with {}: their "
                              "gradients differed",
                              barrier, micro_batch));
    }
    std::reverse(order.begin(), order.end());
  }
  return rows;
}

double way_to_the_bound(const std::vector<Row>& rows) {
  const Row& barrier = named(rows, "barrier");
  const Row& micro_batch = named(rows, "micro_batch");
  std::vector<double> ways;
  for (std::size_t i = 0; i < barrier.runs.size(); ++i) {
    const double slow = barrier.runs[i].seconds();
    ways.push_back((slow - micro_batch.runs[i].seconds()) / (slow - micro_batch.runs[i].least));
  }
  return median(std::move(ways));
}

}  // namespace troupe::bench
