#include "rollout/pool/instance_pool.h"

#include <fmt/format.h>

#include "rollout/pool/pool_core.h"

namespace troupe {

/// One policy of the pool as an engine.
class InstancePool::Front final : public RolloutEngine {
 public:
  Front(std::shared_ptr<Core> core, int policy) : core_(std::move(core)), policy_(policy) {}

  Async<Result<std::shared_ptr<Session>>> open(int max_context, Wait wait) override {
    return open_hinted(SessionHint(), max_context, std::move(wait));
  }
  Async<Result<std::shared_ptr<Session>>> open_hinted(SessionHint hint, int max_context,
                                                      Wait wait) override {
    if (max_context > served().about.kv_tokens) {
      co_return fail(ErrorCode::kExhausted,
                     fmt::format("a context of {} tokens exceeds the KV cache of an instance of "
                                 "policy \"{}\", {:.0f} tokens: raise it or lower "
                                 "rollout.max_context",
                                 max_context, served().about.name, served().about.kv_tokens));
    }
    auto session = std::make_shared<Core::PooledSession>();
    session->core = core_;
    session->id = core_->next_session++;
    session->policy = policy_;
    session->max_context = max_context;
    session->hint = std::move(hint);
    session->wait = wait.limit;
    std::shared_ptr<Session> out = std::move(session);
    co_return out;
  }
  Async<Result<Generation>> generate(std::shared_ptr<Session> session,
                                     GenerateRequest request) override {
    return core_->generate(std::static_pointer_cast<Core::PooledSession>(std::move(session)),
                           std::move(request));
  }
  Status load(Version version, std::shared_ptr<const Decoder> decoder,
              InFlight in_flight) override {
    core_->publish(policy_,
                   std::make_shared<EngineWeights>(EngineWeights{version, std::move(decoder)}),
                   in_flight);
    return {};
  }
  std::shared_ptr<const EngineWeights> weights() const override { return served().weights; }
  Async<Status> pause(Wait wait) override {
    served().paused = true;
    while (served().unpinned > 0) {
      const bool notified = co_await served().changed.wait(wait);
      if (!notified) co_return fail(ErrorCode::kDeadline, "waited for " + wait.reason);
    }
    co_return Status();
  }
  void resume() override {
    served().paused = false;
    served().changed.notify_all();
  }
  void abort(Session& session) override {
    core_->abort(static_cast<Core::PooledSession&>(session));
  }
  std::int64_t in_flight() const override { return served().in_flight; }
  std::int64_t tokens_sampled() const override { return served().tokens_sampled; }

 private:
  [[nodiscard]] Core::Served& served() const {
    return *core_->policies[static_cast<std::size_t>(policy_)];
  }
  std::shared_ptr<Core> core_;
  int policy_;
};

InstancePool::InstancePool(Executor& executor, PoolSettings settings, InstanceFactory factory)
    : core_(std::make_shared<Core>(executor, settings, std::move(factory))) {}

InstancePool::~InstancePool() { core_->close(); }

int InstancePool::add_policy(PoolPolicy policy, std::unique_ptr<Router> router, Version version,
                             std::shared_ptr<const Decoder> decoder) {
  auto served =
      std::make_unique<Core::Served>(core_->executor, std::move(policy), std::move(router));
  served->weights = std::make_shared<EngineWeights>(EngineWeights{version, std::move(decoder)});
  core_->policies.push_back(std::move(served));
  return static_cast<int>(core_->policies.size()) - 1;
}

void InstancePool::set_balancer(std::unique_ptr<Balancer> balancer, MigrationLimits migration,
                                InstanceRates rates) {
  core_->balancer = std::move(balancer);
  core_->migration = migration;
  core_->rates = rates;
}

Result<int> InstancePool::join(int policy) { return core_->join(policy); }
Status InstancePool::leave(int instance, Leave leave) { return core_->leave(instance, leave, -1); }
void InstancePool::lose(int instance) { core_->lose(instance); }
std::unique_ptr<RolloutEngine> InstancePool::engine(int policy) {
  return std::make_unique<Front>(core_, policy);
}
const PoolCounts& InstancePool::counts() const { return core_->counts; }
LengthErrors InstancePool::prediction_errors(int policy) const {
  return core_->policies[static_cast<std::size_t>(policy)]->predictor.errors();
}
LoadState InstancePool::load() const { return core_->load(); }

}  // namespace troupe
