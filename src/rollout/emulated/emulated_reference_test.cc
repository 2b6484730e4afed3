// The engine, which schedules nothing between changes of the batch, beside a simulation that counts
// every token.
#include <algorithm>

#include "rollout/emulated/emulated_test_support.h"

namespace troupe {
namespace {

struct Case {
  double arrives = 0;  // seconds
  double aborted = 1e300;
  int context = 0;
  std::uint64_t seed = 0;
};
struct Outcome {
  double at = 0;
  int tokens = 0;
};

std::vector<Case> make_cases(std::uint64_t seed) {
  Rng rng(seed);
  std::vector<Case> cases(2 + rng.below(30));
  for (Case& c : cases) {
    c.arrives = rng.uniform() * 4;
    c.context = 1 + static_cast<int>(rng.below(600));
    c.seed = 1000 * rng.below(1000) + 1 + rng.below(200);
    if (rng.below(3) == 0) c.aborted = c.arrives + rng.uniform() * 3;
  }
  return cases;
}

/// One step after the other.
std::vector<Outcome> reference(const EmulatedOptions& options, const std::vector<Case>& cases) {
  const CostModel& cost = options.cost;
  struct Request {
    int tokens = 0;
    enum { kToCome, kWaiting, kRunning, kOver } state = kToCome;
  };
  std::vector<Request> requests(cases.size());
  std::vector<Outcome> out(cases.size());
  std::vector<std::size_t> order(cases.size());
  for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
  std::sort(order.begin(), order.end(),
            [&](auto a, auto b) { return cases[a].arrives < cases[b].arrives; });
  const auto finish = [&](std::size_t i, double at) {
    requests[i].state = Request::kOver;
    out[i] = {at, requests[i].tokens};
  };
  double t = 0;
  while (true) {
    // What aborts ended before now, at whatever point of the last phase.
    const auto take_aborts = [&](double until) {
      for (std::size_t i = 0; i < cases.size(); ++i) {
        if (requests[i].state != Request::kOver && cases[i].aborted <= until) {
          finish(i, cases[i].aborted);
        }
      }
    };
    for (const std::size_t i : order) {
      if (requests[i].state == Request::kToCome && cases[i].arrives <= t) {
        requests[i].state = Request::kWaiting;
      }
    }
    take_aborts(t);
    std::vector<std::size_t> running;
    std::vector<std::size_t> joining;
    double context = 0;
    int feed = 0;
    double next = 1e300;
    for (const std::size_t i : order) {
      if (requests[i].state == Request::kRunning) {
        running.push_back(i);
        context += cases[i].context + requests[i].tokens;
      }
      if (requests[i].state == Request::kToCome) next = std::min(next, cases[i].arrives);
    }
    for (const std::size_t i : order) {
      if (requests[i].state != Request::kWaiting) continue;
      if (running.size() + joining.size() >= static_cast<std::size_t>(options.max_batch)) break;
      if (!joining.empty() && feed + cases[i].context > options.prefill_tokens) break;
      joining.push_back(i);
      feed += cases[i].context;
    }
    const auto& busy = joining.empty() ? running : joining;
    if (busy.empty()) {
      if (next == 1e300) return out;
      t = next;
      continue;
    }
    t += joining.empty()
             ? cost.decode_base + cost.decode_per_sequence * static_cast<double>(running.size()) +
                   cost.decode_per_context_token * context
             : cost.prefill_base + cost.prefill_per_token * feed;
    take_aborts(t);
    for (const std::size_t i : busy) {
      if (requests[i].state == Request::kOver) continue;
      requests[i].state = Request::kRunning;
      if (++requests[i].tokens == static_cast<int>(cases[i].seed % 1000)) finish(i, t);
    }
  }
}

Async<void> ask_late(EmulatedStage& stage, const Case& c, Asked& out) {
  co_await sleep_for(*stage.executor, static_cast<Nanos>(c.arrives * kSecond));
  const Wait wait(3600 * kSecond, "room");
  auto session = co_await stage.engine->open(4000, wait);
  if (c.aborted < 1e300) {
    stage.executor->at(static_cast<Nanos>(c.aborted * kSecond),
                       [&stage, held = *session] { stage.engine->abort(*held); });
  }
  co_await ask(stage, std::move(*session), emulated_request(c.seed, c.context), out);
}

Async<Status> all(EmulatedStage& stage, const std::vector<Case>& cases, std::vector<Asked>& out) {
  for (std::size_t i = 0; i < cases.size(); ++i) spawn(ask_late(stage, cases[i], out[i]));
  co_await sleep_for(*stage.executor, 1000 * kSecond);
  co_return Status();
}

TEST(EmulatedReference, AgreesWithASimulationOfEveryToken) {
  int aborted = 0;
  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    EmulatedOptions options = plain_options();
    options.max_batch = 1 + static_cast<std::int64_t>(seed % 12);
    options.prefill_tokens = seed % 2 == 0 ? 500 : 8192;
    const std::vector<Case> cases = make_cases(seed);
    const std::vector<Outcome> wanted = reference(options, cases);
    EmulatedStage stage(options);
    std::vector<Asked> asked(cases.size());
    play(stage, [&](EmulatedStage& s) { return all(s, cases, asked); });
    std::int64_t sampled = 0;
    for (std::size_t i = 0; i < cases.size(); ++i) {
      ASSERT_TRUE(asked[i].reply && *asked[i].reply) << seed;
      const Generation& reply = **asked[i].reply;
      EXPECT_NEAR(asked[i].at, wanted[i].at, 1e-6) << seed << " " << i;
      EXPECT_EQ(static_cast<int>(reply.tokens.size()), wanted[i].tokens) << seed << " " << i;
      sampled += wanted[i].tokens;
      std::vector<TokenId> prefix = EmulatedStage::whole(cases[i].seed).tokens;
      if (reply.reason == FinishReason::kAborted) {
        ++aborted;
        prefix.resize(reply.tokens.size());
      }
      EXPECT_EQ(reply.tokens, prefix);
    }
    EXPECT_EQ(stage.engine->tokens_sampled(), sampled);
    EXPECT_EQ(stage.engine->in_flight(), 0);
    if (testing::Test::HasFailure()) return;
  }
  EXPECT_GT(aborted, 300);
}

}  // namespace
}  // namespace troupe
