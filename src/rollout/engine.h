#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/executor.h"
#include "experience/trajectory.h"
#include "model/decoder.h"
#include "model/sampling.h"
#include "model/stop.h"

namespace troupe {

/// One agent's growing context in one engine. Holds what the engine caches between turns (its KV
/// cache); destroying it gives that memory back.
class Session {
 public:
  virtual ~Session() = default;
};

struct GenerateRequest {
  std::vector<TokenId> context;  ///< all tokens so far; extends the session's last context
  int max_tokens = 0;            ///< most tokens to sample, the end token included
  SamplingSettings sampling;     ///< have passed check_sampling()
  std::shared_ptr<const StopRule>
      stop;                ///< what ends the answer besides the end token; may be null
  std::uint64_t seed = 0;  ///< the sample is a function of seed, settings, context and weights
  /// How many tokens of the answer the context ends with already. An answer that is asked for in
  /// pieces, each with the tokens of those before, has the same tokens as in one request.
  int sampled_before = 0;
};

/// The model's end token; a token or text of the stop rule; max_tokens.
enum class FinishReason { kEnd, kStop, kLength };
/// "end", "stop" or "length".
constexpr const char* finish_name(FinishReason reason) {
  if (reason == FinishReason::kEnd) return "end";
  return reason == FinishReason::kStop ? "stop" : "length";
}

struct Generation {
  std::vector<TokenId> tokens;  ///< sampled ids; what ended the answer is the last, unless kLength
  std::vector<float> logprobs;  ///< [tokens], after temperature, before bias and truncation
  double entropy_sum = 0;       ///< nats, over the tokens
  Version version;              ///< that sampled them
  FinishReason reason = FinishReason::kEnd;
};

/// The rollout side of one policy: continuous batching over many sessions.
///
/// Runs on one strand. At a version change no request is in flight (the orchestrator waits for the
/// last one); caches of older versions are recomputed, never reused.
class RolloutEngine {
 public:
  virtual ~RolloutEngine() = default;
  /// Waits until the memory of a session of at most `max_context` tokens is there, and reserves it.
  virtual Async<Result<std::shared_ptr<Session>>> open(int max_context, Wait wait) = 0;
  /// One request of a session at a time. Errors are infrastructure failures, never outcomes.
  virtual Async<Result<Generation>> generate(std::shared_ptr<Session> session,
                                             GenerateRequest request) = 0;
  /// Serves `version` from now on. kInternal if a request is in flight.
  virtual Status load(Version version, std::shared_ptr<const Decoder> decoder) = 0;
  [[nodiscard]] virtual Version version() const = 0;
  [[nodiscard]] virtual std::int64_t in_flight() const = 0;
  /// Tokens sampled since the engine was made.
  [[nodiscard]] virtual std::int64_t tokens_sampled() const = 0;
};

}  // namespace troupe
