#include "orchestrate/check_exact.h"

#include <fmt/format.h>

#include <algorithm>

#include "orchestrate/exact/case.h"
#include "orchestrate/exact/gradient_checks.h"
#include "orchestrate/exact/model_checks.h"
#include "orchestrate/exact/play.h"

namespace troupe {
namespace {

/// The cases that are still to be checked, and what came out.
struct Progress {
  ExactOptions options;
  std::function<void(std::int64_t)> tell;
  std::function<bool()> stop;
  std::int64_t next = 0;
  std::int64_t end = 0;
  ExactReport report;
};

void merge(ExactReport one, ExactReport& all) {
  all.cases += one.cases;
  all.counts.add(one.counts);
  for (auto& failure : one.failures) all.failures.push_back(std::move(failure));
}

/// As many of these as there are workers.
Async<void> check_some(Executor& executor, Progress& progress, Gate::Pass pass) {
  const Gate::Pass held = std::move(pass);
  while (progress.next < progress.end && !progress.stop()) {
    const std::int64_t number = progress.next++;
    ExactReport one;
    co_await on_worker(executor, "check", 0,
                       [&] { one = check_exact_case(progress.options.seed, number); });
    merge(std::move(one), progress.report);
    progress.tell(progress.report.cases);
  }
}

}  // namespace

ExactReport check_exact_case(std::uint64_t seed, std::int64_t number, const exact::Seams& seams) {
  const exact::Case drawn = exact::draw_case(seed, number);
  const auto decoder = std::make_shared<const Decoder>(drawn.weights, *drawn.table);
  exact::Tally tally;
  const exact::Expected expected(*decoder, drawn.sequences);
  check_rollout(drawn, *decoder, expected, seams, tally);
  check_training(drawn, *decoder, expected, tally);
  const exact::Script script = draw_script(drawn);
  const auto rows = check_engine(drawn, script, decoder, tally);
  check_gradients(drawn, decoder, rows, script.temperature, seams, tally);
  ExactReport report;
  report.seed = seed;
  report.cases = 1;
  report.counts = tally.counts();
  if (report.counts.all_mismatches() > 0) {
    report.failures.push_back({number, drawn.seed, drawn.shape(), tally.mismatches()});
  }
  return report;
}

Async<Result<ExactReport>> check_exact(Executor& executor, ExactOptions options,
                                       std::function<void(std::int64_t done)> progress,
                                       std::function<bool()> stop) {
  Progress state;
  state.options = options;
  state.tell = std::move(progress);
  state.stop = std::move(stop);
  state.next = options.only.value_or(0);
  state.end = options.only ? *options.only + 1 : options.cases;
  state.report.seed = options.seed;
  for (const Kernels* table : exact::machine_tables()) {
    state.report.tables.push_back(fmt::format("{} {}", dtype_name(table->dtype), table->name));
  }
  Gate gate(executor);
  for (int i = 0; i < executor.workers(); ++i) {
    spawn(check_some(executor, state, Gate::Pass(gate)));
  }
  // Each case ends by itself; the deadline only guards against a bug of ours.
  Status done = co_await gate.drain(Wait(7 * 24 * 3600 * kSecond, "cases of the check"));
  if (!done) co_return tl::unexpected(done.error());
  if (state.stop() && state.next < state.end) {
    co_return fail(
        ErrorCode::kCancelled,
        fmt::format("interrupted after {} of {} cases, {} mismatches", state.report.cases,
                    state.end, state.report.counts.all_mismatches()));
  }
  std::sort(state.report.failures.begin(), state.report.failures.end(),
            [](const auto& a, const auto& b) { return a.number < b.number; });
  co_return std::move(state.report);
}

}  // namespace troupe
