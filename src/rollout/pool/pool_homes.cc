#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <utility>

#include "rollout/pool/pool_core.h"

// Where sessions are: how one finds an instance with room, waits for it, rests there and leaves.

namespace troupe {

/// Waits until the session has a home that takes its request.
Async<Status> InstancePool::Core::settle_home(PooledSession& session,
                                              const GenerateRequest& request) {
  arm_balancer();
  Served& served = *policies[static_cast<std::size_t>(session.policy)];
  const Instance* home = home_of(session);
  if (home != nullptr && home->place < 0) release(session);  // it leaves
  const bool first = served.waiting.empty() || home_of(session) != nullptr;
  if (first && place(session, request)) co_return Status();
  ++counts.waited;
  Waiter waiter(executor);
  waiter.session = &session;
  waiter.request = &request;
  served.waiting.push_back(&waiter);
  serve_waiting(served);
  const Nanos limit = session.wait;
  const Nanos until = executor.now() + limit;
  while (home_of(session) == nullptr && !session.aborted && !closed_ && executor.now() < until) {
    const bool notified = co_await waiter.changed.wait(Wait(until - executor.now(), "an instance"));
    (void)notified;  // the loop looks again
  }
  std::erase(served.waiting, &waiter);
  if (home_of(session) != nullptr || session.aborted) co_return Status();
  if (closed_) co_return fail(ErrorCode::kCancelled, "the rollout pool was closed");
  co_return fail(
      ErrorCode::kDeadline,
      fmt::format("policy \"{}\": waited {:.0f} s for an instance with room for {} tokens "
                  "of KV cache: {} instances serve it",
                  served.about.name, static_cast<double>(limit) / kSecond, session.max_context,
                  served.fleet.size()));
}

/// Asks the router; among instances with room only. None: there is none.
std::optional<std::size_t> InstancePool::Core::choose(Served& served, const RouteRequest& request) {
  const Fleet& fleet = served.fleet;
  if (fleet.size() == 0) return std::nullopt;
  const std::size_t first = served.router->choose(fleet, request, rng_);
  if (static_cast<int>(first) == request.home || fleet.kv_free[first] >= request.need) return first;
  Fleet roomy;
  std::vector<std::size_t> places;
  RouteRequest among = request;
  among.home = -1;
  for (std::size_t i = 0; i < fleet.size(); ++i) {
    const bool home = static_cast<int>(i) == request.home;
    if (fleet.kv_free[i] < request.need && !home) continue;
    if (home) among.home = static_cast<int>(places.size());
    places.push_back(i);
    roomy.id.push_back(fleet.id[i]);
    roomy.work.push_back(fleet.work[i]);
    roomy.in_flight.push_back(fleet.in_flight[i]);
    roomy.kv_free.push_back(fleet.kv_free[i]);
    roomy.kind.push_back(fleet.kind[i]);
  }
  if (places.empty()) return std::nullopt;
  return places[served.router->choose(roomy, among, rng_)];
}

/// Gives the session a home for its request. False: no instance has room.
bool InstancePool::Core::place(PooledSession& session, const GenerateRequest& request) {
  Served& served = *policies[static_cast<std::size_t>(session.policy)];
  RouteRequest route;
  route.session = session.id;
  route.task = session.hint.task;
  route.context = request.context;
  route.version = request.weights->version;
  route.predicted = predicted_work(session);
  route.need = session.max_context;
  if (settings.suits) route.kind = settings.suits(session.hint);
  Instance* home = home_of(session);
  if (home != nullptr && home->place >= 0) {
    route.home = home->place;
    if (session.version == route.version) route.cached = session.cached;
  }
  charge(session, home, 0);  // the router sees what is beside it
  std::optional<std::size_t> chosen;
  const Instance* wanted = find(std::exchange(session.wanted, -1));
  if (wanted != nullptr && wanted->policy == session.policy && wanted->place >= 0 &&
      served.fleet.kv_free[static_cast<std::size_t>(wanted->place)] >= route.need) {
    chosen = static_cast<std::size_t>(wanted->place);
  } else {
    chosen = choose(served, route);
  }
  if (!chosen) {
    charge(session, home, route.predicted);
    return false;
  }
  Instance& instance = *find(served.fleet.id[*chosen]);
  if (&instance == home) {
    if (session.resting) {
      home->idle.erase(session.idle);
      session.resting = false;
      home->kv_idle -= session.max_context;
      home->kv_running += session.max_context;
    }
    charge(session, home, route.predicted);
    return true;
  }
  if (home != nullptr) {
    ++counts.migrated;
    counts.prefilled_again += static_cast<std::int64_t>(route.cached);
  }
  release(session);
  move_in(session, instance, route.predicted);
  return true;
}

void InstancePool::Core::move_in(PooledSession& session, Instance& instance, double predicted) {
  while (!instance.idle.empty() &&
         instance.kv_tokens - instance.kv_running - instance.kv_idle < session.max_context) {
    ++counts.evicted;
    evict(instance, *instance.idle.front());
  }
  session.home = instance.id;
  session.stay = instance.stay;
  session.cached = 0;
  instance.kv_running += session.max_context;
  charge(session, &instance, predicted);
}

/// Makes `work` what the session adds to the load of its home, which may be null.
void InstancePool::Core::charge(PooledSession& session, Instance* home, double work) {
  if (home == nullptr) return;
  home->work += work - session.charged;
  session.charged = work;
  show(*home);
}

/// The session has no request any more: its cache stays for as long as nobody needs the room.
void InstancePool::Core::rest(PooledSession& session) {
  Instance* home = home_of(session);
  if (home == nullptr) return;
  if (home->place < 0) {
    release(session);
    return;
  }
  home->kv_running -= session.max_context;
  home->kv_idle += session.max_context;
  session.idle = home->idle.insert(home->idle.end(), &session);
  session.resting = true;
  charge(session, home, predicted_work(session));  // it will be back
}

void InstancePool::Core::release(PooledSession& session) {
  Instance* home = home_of(session);
  const bool resting = std::exchange(session.resting, false);
  session.home = -1;
  session.cached = 0;
  if (home == nullptr) {
    session.charged = 0;  // to one that has gone
    return;
  }
  if (resting) {
    home->idle.erase(session.idle);
    home->kv_idle -= session.max_context;
  } else {
    home->kv_running -= session.max_context;
  }
  charge(session, home, 0);
  home->link->release(session.id);
  serve_waiting(*policies[static_cast<std::size_t>(session.policy)]);
}

/// Those of the groups that lack the fewest episodes first, then in order of arrival.
void InstancePool::Core::serve_waiting(Served& served) {
  while (!served.waiting.empty()) {
    const auto lacks = [](const Waiter* waiter) {
      const auto& group = waiter->session->hint.group_lacks;
      return group ? *group : std::numeric_limits<int>::max();
    };
    const auto first =
        std::min_element(served.waiting.begin(), served.waiting.end(),
                         [&](const Waiter* a, const Waiter* b) { return lacks(a) < lacks(b); });
    Waiter& waiter = **first;
    if (!place(*waiter.session, *waiter.request)) return;
    served.waiting.erase(first);
    waiter.changed.notify_all();
  }
}

}  // namespace troupe
