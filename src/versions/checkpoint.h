#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/disk.h"
#include "model/lora.h"
#include "model/tokenizer.h"
#include "model/weights.h"
#include "troupe/result.h"
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
  std::string extra;       ///< JSON text of the orchestrator's own state
  std::vector<PolicyCheckpoint> policies;
};

/// Checkpoints of one run: folders RUN/checkpoints/step-000040 (kept for a resume) and
/// best-000030 (the best evaluation), each complete or absent.
///
/// A checkpoint is written beside its place, synced, and moved there with one rename; a crash or a
/// full disk at any moment leaves the previous one good. Calls block; not thread-safe.
class CheckpointStore {
 public:
  CheckpointStore(Disk& disk, std::string folder) : disk_(disk), folder_(std::move(folder)) {}

  /// Writes the checkpoint durably as KIND-STEP and returns its folder. Kinds: "step", "best".
  Result<std::string> save(const Checkpoint& checkpoint, const std::string& kind = "step");
  /// Names of the complete checkpoints of a kind, newest first.
  Result<std::vector<std::string>> list(const std::string& kind = "step");
  /// Reads and verifies one; kInvalid names file, what is wrong and what to do.
  Result<Checkpoint> load(const std::string& name, const std::string& end_token);
  /// Removes all but the newest `keep` checkpoints of a kind, and what an interrupted save left.
  Status prune(std::int64_t keep, const std::string& kind = "step");

  [[nodiscard]] const std::string& folder() const { return folder_; }

 private:
  Disk& disk_;
  std::string folder_;
};

}  // namespace troupe
