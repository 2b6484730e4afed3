#pragma once

#include <functional>
#include <memory>

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
      : executor_(executor), script_(std::move(script)), duration_(std::move(duration)) {}

  Async<Result<std::shared_ptr<Session>>> open(int, Wait) override {
    std::shared_ptr<Session> session = std::make_shared<Session>();
    co_return session;
  }
  Async<Result<Generation>> generate(std::shared_ptr<Session>, GenerateRequest request) override {
    ++in_flight_;
    const Version version = version_;
    co_await sleep_for(executor_, duration_(request));
    --in_flight_;
    auto answer = script_(request);
    if (answer) {
      answer->version = version;
      sampled_ += static_cast<std::int64_t>(answer->tokens.size());
    }
    co_return answer;
  }
  Status load(Version version, std::shared_ptr<const Decoder>) override {
    if (in_flight_ > 0) return fail(ErrorCode::kInternal, "version loaded with requests in flight");
    version_ = version;
    return {};
  }
  Version version() const override { return version_; }
  std::int64_t in_flight() const override { return in_flight_; }
  std::int64_t tokens_sampled() const override { return sampled_; }

 private:
  Executor& executor_;
  Script script_;
  Duration duration_;
  Version version_;
  std::int64_t in_flight_ = 0;
  std::int64_t sampled_ = 0;
};

}  // namespace troupe
