#pragma once

#include <map>
#include <memory>

#include "rollout/emulated/emulated_engine.h"
#include "rollout/pool/instance_link.h"
#include "rollout/pool/pool_types.h"

namespace troupe {

/// What an emulated instance does in a second with as many sessions of `max_context` tokens as it
/// holds, whose contexts are half full.
InstanceRates emulated_rates(const EmulatedOptions& options, int max_context);

/// An instance that samples with a model and takes an accelerator's time: each answer is sampled by
/// `sampler`, an engine that many instances share, and then given out token by token as an emulated
/// instance would (emulated_engine.h). Answers are those of the sampler to the bit; when they come,
/// and what an abort cuts off, is the cost model's. Lives on the strand.
class EmulatedLink final : public InstanceLink {
 public:
  EmulatedLink(Executor& executor, std::shared_ptr<RolloutEngine> sampler,
               const EmulatedOptions& options, Version version, Wait open_wait);

  void generate(InstanceRequest request, Reply reply) override;
  void abort(std::uint64_t session) override;
  void release(std::uint64_t session) override;
  Status load(Version version, std::shared_ptr<const Decoder> decoder, InFlight in_flight) override;

 private:
  struct State {
    std::map<std::uint64_t, bool> sampling;         ///< sessions; true: to be given back
    std::map<std::uint64_t, ScriptedAnswer> whole;  ///< by seed, until it has been given out
  };
  static Async<void> answer(std::shared_ptr<RolloutEngine> sampler, std::shared_ptr<State> state,
                            std::shared_ptr<EngineLink> device, Wait open_wait,
                            InstanceRequest request, Reply reply);

  std::shared_ptr<RolloutEngine> sampler_;
  std::shared_ptr<State> state_;
  std::shared_ptr<EngineLink> device_;
  Wait open_wait_;
};

}  // namespace troupe
