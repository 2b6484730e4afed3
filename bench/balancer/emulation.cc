#include "balancer/emulation.h"

#include <algorithm>
#include <cmath>

#include "base/rng.h"
#include "common/stopwatch.h"
#include "rollout/emulated/emulated_engine.h"

namespace troupe::bench {
namespace {

constexpr int kPrompt = 400;
constexpr int kLongest = 4000;

/// Log-normal: half of the answers are below 350 tokens, 1% above 3,500.
ScriptedAnswer answer(const GenerateRequest& request) {
  Rng rng(seed_join(request.seed, "length"));
  const double length = 350 * std::exp(rng.normal() * std::log(10.0) / 2.326);
  return seeded_answer(request.seed, 1 + static_cast<int>(std::min<double>(length, kLongest - 1)),
                       1000, 0);
}

/// One answer after the other, each in a session of its own, until `end`.
Async<void> keep_busy(Executor& executor, EmulatedEngine& engine, std::uint64_t seed, Nanos end,
                      EmulationRow& row, Gate::Pass pass) {
  const Gate::Pass held = std::move(pass);
  const Wait wait(3600 * kSecond, "room");
  for (std::uint64_t i = 0; executor.now() < end; ++i) {
    auto session = co_await engine.open(kPrompt + kLongest, wait);
    if (!session) co_return;
    GenerateRequest request;
    request.context = std::vector<TokenId>(kPrompt, 1);
    request.max_tokens = kLongest;
    request.seed = seed_join(seed, i);
    auto reply = co_await engine.generate(std::move(*session), std::move(request));
    if (!reply) co_return;
    ++row.requests;
    row.tokens += static_cast<std::int64_t>(reply->tokens.size());
  }
}

Async<Status> keep_all_busy(Executor& executor, const Options& options, EmulationRow& row) {
  std::vector<std::unique_ptr<EmulatedEngine>> engines;
  Gate gate(executor);
  const auto end = static_cast<Nanos>(options.duration * kSecond);
  for (int i = 0; i < options.instances; ++i) {
    engines.push_back(std::make_unique<EmulatedEngine>(executor, EmulatedOptions(), answer));
    for (int s = 0; s < options.sequences; ++s) {
      const auto seed = seed_join(static_cast<std::uint64_t>(i), static_cast<std::uint64_t>(s));
      spawn(keep_busy(executor, *engines.back(), seed, end, row, Gate::Pass(gate)));
    }
  }
  Status status = co_await gate.wait_empty(Wait(INT64_MAX / 2, "sessions"));
  co_return status;
}

}  // namespace

EmulationRow measure_emulation(const Options& options) {
  EmulationRow row;
  const double start = now();
  VirtualOptions clock;
  clock.watch = [&row](Nanos, std::uint64_t asked) {
    row.events = std::max(row.events, static_cast<std::int64_t>(asked));
  };
  const auto executor = make_virtual_executor(std::move(clock));
  const Status status = executor->run(keep_all_busy(*executor, options, row));
  row.seconds = now() - start;
  row.emulated = static_cast<double>(executor->now()) / kSecond;
  row.tokens_a_second = static_cast<double>(row.tokens) / row.emulated / options.instances;
  if (!status) row.requests = 0;
  return row;
}

}  // namespace troupe::bench
