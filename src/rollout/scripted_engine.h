#pragma once

#include <algorithm>
#include <functional>
#include <memory>
#include <vector>

#include "base/rng.h"
#include "rollout/engine.h"

namespace troupe {

/// An engine that answers from a script after a simulated time: for tests and simulations of the
/// scheduling code, where no model is needed.
class ScriptedEngine final : public RolloutEngine {
 public:
  /// Answers a request; `tokens` and `logprobs` are what the script sets. Errors are infrastructure
  /// failures.
  using Script = std::function<Result<Generation>(const GenerateRequest&)>;
  /// How long a request takes.
  using Duration = std::function<Nanos(const GenerateRequest&)>;

  ScriptedEngine(Executor& executor, Script script, Duration duration)
      : executor_(executor),
        script_(std::move(script)),
        duration_(std::move(duration)),
        weights_(std::make_shared<EngineWeights>()),
        changed_(executor) {}

  Async<Result<std::shared_ptr<Session>>> open(int, Wait) override {
    std::shared_ptr<Session> session = std::make_shared<Session>();
    co_return session;
  }
  Async<Result<Generation>> generate(std::shared_ptr<Session> session,
                                     GenerateRequest request) override {
    const bool pinned = request.weights != nullptr;
    while (paused_ && !pinned) {
      const bool notified = co_await changed_.wait(Wait(3600 * kSecond, "the engine to resume"));
      if (!notified) co_return fail(ErrorCode::kDeadline, "the engine was not resumed");
    }
    const Version version = pinned ? request.weights->version : weights_->version;
    auto running = std::make_shared<Running>(Running{session.get(), pinned});
    running_.push_back(running);
    const Nanos end = executor_.now() + duration_(request);
    while (!running->aborted && executor_.now() < end) {
      const bool notified =
          co_await changed_.wait(Wait(end - executor_.now(), "a scripted answer"));
      (void)notified;  // the loop looks again
    }
    std::erase(running_, running);
    changed_.notify_all();
    if (running->aborted) {
      Generation cut;
      cut.version = version;
      cut.reason = FinishReason::kAborted;
      co_return cut;
    }
    auto answer = script_(request);
    if (answer) {
      answer->version = version;
      sampled_ += static_cast<std::int64_t>(answer->tokens.size());
    }
    co_return answer;
  }
  Status load(Version version, std::shared_ptr<const Decoder> decoder,
              InFlight in_flight) override {
    weights_ = std::make_shared<EngineWeights>(EngineWeights{version, std::move(decoder)});
    if (in_flight == InFlight::kAbort) {
      for (const auto& running : running_) running->aborted = !running->pinned;
      changed_.notify_all();
    }
    return {};
  }
  std::shared_ptr<const EngineWeights> weights() const override { return weights_; }
  Async<Status> pause(Wait wait) override {
    paused_ = true;
    while (std::any_of(running_.begin(), running_.end(),
                       [](const auto& running) { return !running->pinned; })) {
      const bool notified = co_await changed_.wait(wait);
      if (!notified) co_return fail(ErrorCode::kDeadline, "waited for " + wait.reason);
    }
    co_return Status();
  }
  void resume() override {
    paused_ = false;
    changed_.notify_all();
  }
  void abort(Session& session) override {
    for (const auto& running : running_) {
      if (running->session == &session) running->aborted = true;
    }
    changed_.notify_all();
  }
  std::int64_t in_flight() const override { return static_cast<std::int64_t>(running_.size()); }
  std::int64_t tokens_sampled() const override { return sampled_; }

 private:
  struct Running {
    Session* session;
    bool pinned;
    bool aborted = false;
  };

  Executor& executor_;
  Script script_;
  Duration duration_;
  std::shared_ptr<const EngineWeights> weights_;
  std::vector<std::shared_ptr<Running>> running_;
  Signal changed_;
  bool paused_ = false;
  std::int64_t sampled_ = 0;
};

}  // namespace troupe
