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
#include "rollout/token_context.h"

namespace troupe {

/// One agent's growing context in one engine. Holds what the engine caches between turns (its KV
/// cache); destroying it gives that memory back.
class Session {
 public:
  virtual ~Session() = default;
};

/// Weights that an engine serves, or has served: whoever holds them can still sample with them.
struct EngineWeights {
  Version version;
  std::shared_ptr<const Decoder> decoder;
};

struct GenerateRequest {
  TokenContext context;       ///< all tokens so far; extends the session's last context
  int max_tokens = 0;         ///< most tokens to sample, the end token included
  SamplingSettings sampling;  ///< have passed check_sampling()
  std::shared_ptr<const StopRule>
      stop;                ///< what ends the answer besides the end token; may be null
  std::uint64_t seed = 0;  ///< the sample is a function of seed, settings, context and weights
  /// How many tokens of the answer the context ends with already. An answer that is asked for in
  /// pieces, each with the tokens of those before, has the same tokens as in one request.
  int sampled_before = 0;
  /// Sample with these, of this engine; null: with what it serves when the request begins.
  std::shared_ptr<const EngineWeights> weights;
};

/// The model's end token; a token or text of the stop rule; max_tokens; or the answer is not
/// complete, because the engine was told to give back what it had.
enum class FinishReason { kEnd, kStop, kLength, kAborted };
/// "end", "stop", "length" or "aborted".
constexpr const char* finish_name(FinishReason reason) {
  if (reason == FinishReason::kEnd) return "end";
  if (reason == FinishReason::kAborted) return "aborted";
  return reason == FinishReason::kStop ? "stop" : "length";
}

/// What becomes of answers that are being sampled when new weights come: they end with the weights
/// that they began with, or they are given back unfinished (kAborted). Requests with weights of
/// their own are never touched.
enum class InFlight { kKeep, kAbort };

struct Generation {
  std::vector<TokenId> tokens;  ///< sampled ids; what ended the answer is the last, unless it was
                                ///< cut (kLength, kAborted: then there may be none)
  std::vector<float> logprobs;  ///< [tokens], after temperature, before bias and truncation
  double entropy_sum = 0;       ///< nats, over the tokens
  Version version;              ///< that sampled them
  FinishReason reason = FinishReason::kEnd;
};

/// What whoever opens a session knows of it, for engines that choose between places.
struct SessionHint {
  std::string task;  ///< names what is played: sessions of one task have answers alike
  std::string agent;
  /// Episodes that the session's group still lacks: groups nearest to completion go first. May be
  /// null, and changes.
  std::shared_ptr<const int> group_lacks;
};

/// The rollout side of one policy: continuous batching over many sessions.
///
/// Runs on one strand. Each request is sampled by one version from its first token to its last;
/// caches of other versions are recomputed, never reused.
class RolloutEngine {
 public:
  virtual ~RolloutEngine() = default;
  /// Waits until the memory of a session of at most `max_context` tokens is there, and reserves it.
  virtual Async<Result<std::shared_ptr<Session>>> open(int max_context, Wait wait) = 0;
  /// The same, of an engine that makes use of a hint.
  virtual Async<Result<std::shared_ptr<Session>>> open_hinted(SessionHint hint, int max_context,
                                                              Wait wait) {
    (void)hint;
    return open(max_context, std::move(wait));
  }
  /// One request of a session at a time. Errors are infrastructure failures, never outcomes.
  virtual Async<Result<Generation>> generate(std::shared_ptr<Session> session,
                                             GenerateRequest request) = 0;
  /// Serves `version` from now on.
  virtual Status load(Version version, std::shared_ptr<const Decoder> decoder,
                      InFlight in_flight) = 0;
  /// What it serves now, to be named in requests after it has gone on.
  [[nodiscard]] virtual std::shared_ptr<const EngineWeights> weights() const = 0;
  /// No request without weights of its own begins any more, until resume(); waits until those that
  /// have begun are done.
  virtual Async<Status> pause(Wait wait) = 0;
  virtual void resume() = 0;
  /// The session's request, if there is one, ends soon: kAborted.
  virtual void abort(Session& session) = 0;
  [[nodiscard]] Version version() const { return weights()->version; }
  [[nodiscard]] virtual std::int64_t in_flight() const = 0;
  /// Tokens sampled since the engine was made.
  [[nodiscard]] virtual std::int64_t tokens_sampled() const = 0;
};

}  // namespace troupe
