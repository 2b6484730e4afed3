#pragma once

#include <gtest/gtest.h>

#include <optional>
#include <vector>

#include "base/rng.h"
#include "rollout/emulated/emulated_engine.h"

namespace troupe {

/// Costs whose sums are easily told apart.
inline EmulatedOptions plain_options() {
  EmulatedOptions options;
  options.cost.decode_base = 0.010;
  options.cost.decode_per_sequence = 0.001;
  options.cost.decode_per_context_token = 1e-5;
  options.cost.prefill_base = 0.020;
  options.cost.prefill_per_token = 1e-4;
  options.cost.load_per_byte = 1e-9;
  options.cost.weight_bytes = 1e9;
  return options;
}

/// An instance on a virtual clock. The length of an answer is its seed's last three digits.
struct EmulatedStage {
  explicit EmulatedStage(const EmulatedOptions& options = plain_options(), std::uint64_t seed = 1) {
    VirtualOptions clock;
    clock.seed = seed;
    executor = make_virtual_executor(clock);
    engine = std::make_unique<EmulatedEngine>(
        *executor, options, [](const GenerateRequest& request) { return whole(request.seed); },
        Version{0, 1});
  }
  static ScriptedAnswer whole(std::uint64_t seed) {
    return seeded_answer(seed, static_cast<int>(seed % 1000), 100, 0);
  }
  [[nodiscard]] double seconds() const { return static_cast<double>(executor->now()) / kSecond; }

  std::unique_ptr<Executor> executor;
  std::unique_ptr<EmulatedEngine> engine;
};

inline GenerateRequest emulated_request(std::uint64_t seed, int context) {
  GenerateRequest request;
  request.context = std::vector<TokenId>(static_cast<std::size_t>(context), 7);
  request.max_tokens = 1000;
  request.seed = seed;
  return request;
}

/// What came of a request, and when.
struct Asked {
  std::optional<Result<Generation>> reply;
  double at = -1;  ///< seconds
};

inline Async<void> ask(EmulatedStage& stage, std::shared_ptr<Session> session,
                       GenerateRequest request, Asked& out) {
  out.reply = co_await stage.engine->generate(std::move(session), std::move(request));
  out.at = stage.seconds();
}

inline Async<void> open_and_ask(EmulatedStage& stage, GenerateRequest request, Asked& out) {
  const Wait wait(3600 * kSecond, "room");
  auto session = co_await stage.engine->open(4000, wait);
  EXPECT_TRUE(session);
  co_await ask(stage, std::move(*session), std::move(request), out);
}

/// Runs a test's coroutine on the stage's clock.
template <class Body>
void play(EmulatedStage& stage, Body body) {
  const Status status = stage.executor->run(body(stage));
  ASSERT_TRUE(status) << status.error().message;
}

}  // namespace troupe
