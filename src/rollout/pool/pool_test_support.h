#pragma once

#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "base/rng.h"
#include "rollout/pool/instance_pool.h"
#include "rollout/scripted_engine.h"

// Pools of scripted engines behind links that fail, on virtual time.

namespace troupe {

/// Any instance with room.
class AnyRouter final : public Router {
 public:
  std::size_t choose(const Fleet& fleet, const RouteRequest& request, Rng& rng) override {
    if (request.home >= 0) return static_cast<std::size_t>(request.home);
    return rng.below(fleet.size());
  }
};

/// What the answer to a request must be, whoever gives it: token i of the answer is a function of
/// the seed, the length of the prompt and i.
inline TokenId expected_token(std::uint64_t seed, std::size_t prompt, int index) {
  return static_cast<TokenId>(
      seed_join(seed_join(seed, prompt), static_cast<std::uint64_t>(index)) % 1000);
}
inline int expected_tokens(std::uint64_t seed, int max_tokens) {
  return 1 + static_cast<int>(seed_join(seed, "length") % static_cast<std::uint64_t>(max_tokens));
}

/// Takes 10 ms a token.
inline std::shared_ptr<ScriptedEngine> make_scripted(Executor& executor, int max_tokens) {
  const auto answer = [max_tokens](const GenerateRequest& request) -> Result<Generation> {
    Generation out;
    const auto before = static_cast<std::size_t>(request.sampled_before);
    const int total = expected_tokens(request.seed, max_tokens);
    for (int i = request.sampled_before; i < total; ++i) {
      out.tokens.push_back(expected_token(request.seed, request.context.size() - before, i));
      out.logprobs.push_back(-1.0F);
    }
    return out;
  };
  const auto time = [max_tokens](const GenerateRequest& request) {
    return 10 * kMillisecond * expected_tokens(request.seed, max_tokens);
  };
  return std::make_shared<ScriptedEngine>(executor, answer, time);
}

/// Shares of requests that go wrong, each in its way.
struct Faults {
  double hang = 0;  ///< never answered
  double late = 0;  ///< answered after the pool has given up
  double twice = 0;
  double fail = 0;     ///< an error
  double garbage = 0;  ///< of another version, or with more tokens than asked for
};

/// A link whose replies go wrong at random.
class FaultyLink final : public InstanceLink {
 public:
  FaultyLink(Executor& executor, std::unique_ptr<InstanceLink> inside, Faults faults,
             std::uint64_t seed, Nanos late)
      : executor_(executor), inside_(std::move(inside)), faults_(faults), rng_(seed), late_(late) {}

  void generate(InstanceRequest request, Reply reply) override {
    double draw = rng_.uniform();
    const auto hit = [&draw](double share) {
      draw -= share;
      return draw < 0 && draw >= -share;
    };
    if (hit(faults_.hang)) return;
    if (hit(faults_.fail)) {
      reply(troupe::fail(ErrorCode::kUnavailable, "a fault"));
      return;
    }
    if (hit(faults_.late)) {
      inside_->generate(std::move(request),
                        [&executor = executor_, late = late_, reply](Result<Generation> answer) {
                          executor.at(executor.now() + late, [reply, answer] { reply(answer); });
                        });
      return;
    }
    if (hit(faults_.twice)) {
      inside_->generate(
          std::move(request), [&executor = executor_, reply](Result<Generation> answer) {
            executor.at(executor.now() + kMillisecond, [reply, answer] { reply(answer); });
            reply(answer);
          });
      return;
    }
    if (hit(faults_.garbage)) {
      const bool version = rng_.uniform() < 0.5;
      inside_->generate(std::move(request), [reply, version](Result<Generation> answer) {
        if (answer && version) ++answer->version.number;
        if (answer && !version) answer->logprobs.push_back(0);
        reply(std::move(answer));
      });
      return;
    }
    inside_->generate(std::move(request), std::move(reply));
  }
  void abort(std::uint64_t session) override { inside_->abort(session); }
  void release(std::uint64_t session) override { inside_->release(session); }
  Status load(Version version, std::shared_ptr<const Decoder> decoder,
              InFlight in_flight) override {
    return inside_->load(version, std::move(decoder), in_flight);
  }

 private:
  Executor& executor_;
  std::unique_ptr<InstanceLink> inside_;
  Faults faults_;
  Rng rng_;
  Nanos late_;
};

}  // namespace troupe
