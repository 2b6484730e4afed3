#pragma once

#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "base/crew.h"
#include "model/sampler.h"
#include "rollout/local_engine.h"

namespace troupe {

/// A request on its way through the engine. The strand fills it and, between jobs, reads it; during
/// a job only the lane's worker touches it.
struct LocalEngine::Sequence {
  explicit Sequence(Executor& executor) : finished(executor) {}

  std::shared_ptr<Session> session;
  std::shared_ptr<Served> served;          ///< whose request it is; the strand's
  std::shared_ptr<const Decoder> decoder;  ///< that samples it
  bool pinned = false;                     ///< the request named its weights
  bool aborted = false;                    ///< to be given back unfinished; the strand's
  KvCache* cache = nullptr;
  GenerateRequest request;
  Generation generation;
  std::optional<StopWatch> watch;  ///< there once the first token is, if there is a stop rule
  std::vector<TokenId> feed;       ///< tokens that the cache does not hold yet
  bool done = false;
  Signal finished;

  /// Which token of its answer the next one is.
  [[nodiscard]] std::uint64_t next_index() const;
  /// Appends a sampled token; `done` if it is the last.
  void accept(const Sampler::Pick& pick, TokenId end_token);

 private:
  bool stops_at(TokenId token);
};

/// Sequences that are decoded together, and the memory to do it with.
struct LocalEngine::Lane {
  std::vector<std::shared_ptr<Sequence>> sequences;
  bool busy = false;
  Crew crew;
  Decoder::Scratch scratch{&crew};
  std::vector<Sampler> samplers;  ///< one for each part of the crew
  std::vector<float> logits;
  std::vector<Decoder::Chunk> chunks;
  std::vector<Sequence*> active;
  // Of the sequences of a pass:
  std::vector<std::size_t> source;    ///< the one that computes its logits
  std::vector<std::size_t> pass_row;  ///< and, for those that compute, their row of the pass

  /// Decodes up to `burst` tokens of every sequence that is not done, in one pass for all whose
  /// weights have a base in common. Runs on a worker.
  void decode(int burst, TokenId end_token);

 private:
  using Batch = std::span<Sequence* const>;
  void extend(Batch batch);
  void sample(Batch batch, TokenId end_token);
};

}  // namespace troupe
