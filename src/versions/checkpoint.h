#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "model/lora.h"
#include "model/tokenizer.h"
#include "model/weights.h"
#include "versions/critic_state.h"

namespace troupe {

/// The form of an adapter: its settings and the base it sits on.
struct AdapterForm {
  LoraSettings settings;    ///< rank 0: no adapter
  std::string base;         ///< where the base lies, as the run file says it
  std::string base_digest;  ///< of the base's weights
};

/// One policy in a checkpoint.
struct PolicyCheckpoint {
  std::string policy;
  AdapterForm adapter;  ///< with one, `weights` and `reference` are adapters
  std::shared_ptr<const Weights> weights;
  std::shared_ptr<const Tokenizer> tokenizer;
  std::int64_t version = 0;
  std::int64_t optimizer_steps = 0;
  std::int64_t skips_in_row = 0;
  double entropy_coefficient = 0;
  std::vector<float> first, second;          ///< optimizer moments; empty: none kept (an export)
  std::shared_ptr<const Weights> reference;  ///< the policy that KL is measured against, or null
  CriticState critic;                        ///< no weights: none kept
  std::map<std::string, double> role_baselines;  ///< by agent; empty: the policy has none
};

/// A whole run at the end of a step.
struct Checkpoint {
  std::int64_t step = 0;   ///< optimizer steps done
  std::string run_digest;  ///< of the resolved run file: a resume must match it
  std::string isa;         ///< instruction set that the bits belong to
  double saved = 0;        ///< when, in seconds since 1970; a label, 0: unknown
  std::string extra;       ///< JSON text of the orchestrator's own state
  std::vector<PolicyCheckpoint> policies;
};

/// What a look at a checkpoint's state.json tells.
struct CheckpointSummary {
  std::int64_t step = 0;
  double saved = 0;           ///< seconds since 1970; 0: unknown
  std::uint64_t written = 0;  ///< bytes of the files that were written with it
  std::uint64_t linked = 0;   ///< bytes of those that an earlier checkpoint had
};

}  // namespace troupe
