#pragma once

#include <memory>

#include "model/tokenizer.h"
#include "pipeline/workload.h"
#include "rollout/local_engine.h"

namespace troupe::bench {

/// The engine of a run, asked for as many tokens as the prompt says: the model is not trained, so
/// it does not know where to end. The engine itself must have an end token that is never sampled.
class PlannedEngine final : public RolloutEngine {
 public:
  PlannedEngine(std::unique_ptr<LocalEngine> engine, std::shared_ptr<const Tokenizer> tokenizer)
      : engine_(std::move(engine)), tokenizer_(std::move(tokenizer)) {}

  Async<Result<std::shared_ptr<Session>>> open(int max_context, Wait wait) override {
    return engine_->open(max_context, std::move(wait));
  }
  Async<Result<Generation>> generate(std::shared_ptr<Session> session,
                                     GenerateRequest request) override {
    const auto before = static_cast<std::size_t>(request.sampled_before);
    const auto shown = request.context.tokens().first(request.context.size() - before);
    request.max_tokens = planned(tokenizer_->decode(shown)).tokens - request.sampled_before;
    return engine_->generate(std::move(session), std::move(request));
  }
  Status load(Version version, std::shared_ptr<const Decoder> decoder,
              InFlight in_flight) override {
    return engine_->load(version, std::move(decoder), in_flight);
  }
  std::shared_ptr<const EngineWeights> weights() const override { return engine_->weights(); }
  Async<Status> pause(Wait wait) override { return engine_->pause(std::move(wait)); }
  void resume() override { engine_->resume(); }
  void abort(Session& session) override { engine_->abort(session); }
  std::int64_t in_flight() const override { return engine_->in_flight(); }
  std::int64_t tokens_sampled() const override { return engine_->tokens_sampled(); }

 private:
  std::unique_ptr<LocalEngine> engine_;
  std::shared_ptr<const Tokenizer> tokenizer_;
};

}  // namespace troupe::bench
