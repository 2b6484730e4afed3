#include <fmt/format.h>

#include <algorithm>

#include "rollout/pool/pool_core.h"

namespace troupe {

InstancePool::Core::Core(Executor& executor_in, PoolSettings settings_in,
                         InstanceFactory factory_in)
    : executor(executor_in),
      settings(settings_in),
      factory(std::move(factory_in)),
      rng_(seed_join(settings_in.seed, "rollout pool")) {}

InstancePool::Core::Instance* InstancePool::Core::find(int instance) {
  const auto place = instances_.find(instance);
  return place == instances_.end() ? nullptr : &place->second;
}

InstancePool::Core::Instance* InstancePool::Core::home_of(const PooledSession& session) {
  Instance* home = find(session.home);
  return home != nullptr && home->stay == session.stay ? home : nullptr;
}

Result<int> InstancePool::Core::join(int policy) {
  const int id = next_instance_++;
  Instance& instance = instances_[id];
  instance.id = id;
  const Status up = bring(instance, policy);
  if (up) return id;
  instances_.erase(id);
  return tl::unexpected(up.error());
}

/// Starts an engine for the policy at the instance, which serves it when the weights are there.
Status InstancePool::Core::bring(Instance& instance, int policy) {
  const Served& served = *policies[static_cast<std::size_t>(policy)];
  TROUPE_ASSIGN(std::unique_ptr<InstanceLink> link, factory(instance.id, policy));
  TROUPE_TRY(link->load(served.weights->version, served.weights->decoder, InFlight::kKeep));
  drop(std::move(instance.link));
  instance.link = std::move(link);
  instance.traits = instance.link->traits();
  instance.kv_tokens =
      instance.traits.kv_tokens > 0 ? instance.traits.kv_tokens : served.about.kv_tokens;
  instance.policy = policy;
  instance.to = -1;
  instance.state = State::kLoading;
  instance.stay = next_stay_++;
  instance.kv_running = instance.kv_idle = instance.work = instance.context = 0;
  instance.failures = 0;
  instance.idle.clear();
  if (served.about.load_time == 0) {
    serve(instance.id);
    return {};
  }
  const std::weak_ptr<Core> weak = weak_from_this();
  executor.at(executor.now() + served.about.load_time,
              [weak, id = instance.id, stay = instance.stay] {
                const auto core = weak.lock();
                const Instance* loaded = core ? core->find(id) : nullptr;
                if (loaded != nullptr && loaded->stay == stay) core->serve(id);
              });
  return {};
}

/// The instance takes requests from now on.
void InstancePool::Core::serve(int id) {
  Instance& instance = *find(id);
  if (instance.state != State::kLoading) return;
  instance.state = State::kServing;
  Served& served = *policies[static_cast<std::size_t>(instance.policy)];
  Fleet& fleet = served.fleet;
  instance.place = static_cast<int>(fleet.size());
  fleet.id.push_back(id);
  fleet.work.push_back(0);
  fleet.in_flight.push_back(0);
  fleet.kv_free.push_back(0);
  fleet.kind.push_back(instance.traits.kind);
  show(instance);
  serve_waiting(served);
}

/// What routers see of the instance.
void InstancePool::Core::show(const Instance& instance) {
  if (instance.place < 0) return;
  Served& served = *policies[static_cast<std::size_t>(instance.policy)];
  const auto at = static_cast<std::size_t>(instance.place);
  served.fleet.work[at] = instance.work;
  served.fleet.in_flight[at] = static_cast<int>(instance.tickets.size());
  served.fleet.kv_free[at] = instance.kv_tokens - instance.kv_running;
}

/// The instance takes no new requests; sessions at rest lose their caches.
void InstancePool::Core::take_out(Instance& instance) {
  Served& served = *policies[static_cast<std::size_t>(instance.policy)];
  served.router->forget(instance.id);
  while (!instance.idle.empty()) evict(instance, *instance.idle.front());
  if (instance.place < 0) return;
  Fleet& fleet = served.fleet;
  const auto at = static_cast<std::size_t>(instance.place);
  const std::size_t last = fleet.size() - 1;
  find(fleet.id[last])->place = instance.place;
  const auto remove = [at](auto& values) {
    values[at] = values.back();
    values.pop_back();
  };
  remove(fleet.id);
  remove(fleet.work);
  remove(fleet.in_flight);
  remove(fleet.kv_free);
  remove(fleet.kind);
  instance.place = -1;
}

void InstancePool::Core::evict(Instance& instance, PooledSession& session) {
  instance.idle.erase(session.idle);
  session.resting = false;
  instance.kv_idle -= session.max_context;
  charge(session, &instance, 0);
  instance.link->release(session.id);
  session.home = -1;
  session.cached = 0;
}

Status InstancePool::Core::leave(int id, Leave how, int to) {
  Instance* instance = find(id);
  if (instance == nullptr) {
    return fail(ErrorCode::kNotFound, fmt::format("the pool has no instance {}", id));
  }
  if (instance->state == State::kLeaving) return {};
  instance->state = State::kLeaving;
  instance->to = to;
  take_out(*instance);
  if (how == Leave::kAbort) {
    std::vector<std::uint64_t> sessions;
    for (const auto& [number, ticket] : instance->tickets) {
      ticket->moved = true;
      sessions.push_back(ticket->session->id);
    }
    const auto link = instance->link;  // a reply may end the stay
    for (const std::uint64_t session : sessions) link->abort(session);
  }
  instance = find(id);
  if (instance != nullptr && instance->state == State::kLeaving && instance->tickets.empty()) {
    left(id);
  }
  return {};
}

/// An instance that was to leave has no request any more.
void InstancePool::Core::left(int id) {
  Instance& instance = *find(id);
  const int to = instance.to;
  if (to >= 0) {
    const Status moved = bring(instance, to);
    if (moved) {
      ++counts.moves;
      return;
    }
    restart_later(to);
  }
  drop(std::move(instance.link));
  instances_.erase(id);
}

void InstancePool::Core::lose(int id) {
  Instance* instance = find(id);
  if (instance == nullptr) return;
  ++counts.lost;
  const int policy = instance->to >= 0 ? instance->to : instance->policy;
  const bool returns = instance->state != State::kLeaving || instance->to >= 0;
  take_out(*instance);
  const auto tickets = std::move(instance->tickets);
  drop(std::move(instance->link));
  instances_.erase(id);
  for (const auto& [number, ticket] : tickets) {
    ticket->reply = fail(ErrorCode::kUnavailable, fmt::format("rollout instance {} was lost", id));
    ticket->settled.notify_all();
  }
  if (returns) restart_later(policy);
}

void InstancePool::Core::restart_later(int policy) {
  if (settings.restart_after == 0 || closed_) return;
  const std::weak_ptr<Core> weak = weak_from_this();
  executor.at(executor.now() + settings.restart_after, [weak, policy] {
    const auto core = weak.lock();
    if (!core || core->closed_) return;
    if (core->join(policy)) {
      ++core->counts.restarted;
    } else {
      core->restart_later(policy);
    }
  });
}

/// Not at once: the call may come from within the link.
void InstancePool::Core::drop(std::shared_ptr<InstanceLink> link) {
  if (link) executor.post([link = std::move(link)] { (void)link; });
}

void InstancePool::Core::publish(int policy, std::shared_ptr<const EngineWeights> weights,
                                 InFlight in_flight) {
  Served& served = *policies[static_cast<std::size_t>(policy)];
  served.weights = std::move(weights);
  std::vector<int> ids;
  for (const auto& [id, instance] : instances_) {
    if (instance.policy == policy && instance.state != State::kLeaving) ids.push_back(id);
  }
  for (const int id : ids) {
    const auto link = find(id)->link;
    if (!link->load(served.weights->version, served.weights->decoder, InFlight::kKeep)) lose(id);
  }
  if (in_flight != InFlight::kAbort) return;
  std::vector<PooledSession*> back;
  for (const auto& [id, instance] : instances_) {
    if (instance.policy != policy) continue;
    for (const auto& [number, ticket] : instance.tickets) {
      if (!ticket->session->pinned) back.push_back(ticket->session);
    }
  }
  // Those without an instance have taken the weights that they wait with, too.
  for (const Waiter* waiter : served.waiting) {
    if (!waiter->session->pinned) back.push_back(waiter->session);
  }
  for (PooledSession* session : back) abort(*session);
}

void InstancePool::Core::close() {
  closed_ = true;
  for (const auto& served : policies) {
    for (Waiter* waiter : served->waiting) waiter->changed.notify_all();
  }
  while (!instances_.empty()) {
    settings.restart_after = 0;
    lose(instances_.begin()->first);
  }
}

}  // namespace troupe
