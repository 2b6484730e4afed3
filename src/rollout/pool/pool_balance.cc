#include <algorithm>
#include <map>

#include "rollout/pool/pool_core.h"

// What a balancer is shown, and how its plan is carried out.

namespace troupe {

LoadState InstancePool::Core::load() const {
  LoadState state;
  state.now = static_cast<double>(executor.now()) / kSecond;
  state.decode_rate = rates.decode;
  state.prefill_rate = rates.prefill;
  state.step_seconds = rates.step_seconds;
  for (const auto& [id, instance] : instances_) {
    InstanceLoad load;
    load.id = id;
    load.policy = instance.to >= 0 ? instance.to : instance.policy;
    load.in_flight = static_cast<int>(instance.tickets.size());
    for (const auto& [number, ticket] : instance.tickets) {
      load.work += ticket->session->answer;
      load.longest = std::max(load.longest, ticket->session->answer);
      load.later += std::max(0.0, ticket->session->charged - ticket->session->answer);
    }
    load.context = instance.context;
    load.moving = instance.state != State::kServing;
    state.instances.push_back(load);
  }
  for (const auto& served : policies) {
    PolicyLoad load;
    load.waiting = static_cast<int>(served->waiting.size());
    for (const Waiter* waiter : served->waiting) {
      const double answer = waiter->session->answer;
      load.waiting_work += answer;
      load.waiting_later += std::max(0.0, predicted_work(*waiter->session) - answer);
    }
    load.minimum = served->about.minimum;
    load.load_seconds = static_cast<double>(served->about.load_time) / kSecond;
    load.moved_at = served->moved_at;
    state.policies.push_back(load);
  }
  return state;
}

/// Looks at the load from time to time for as long as there are requests.
void InstancePool::Core::arm_balancer() {
  if (!balancer || balancing_ || closed_) return;
  balancing_ = true;
  const std::weak_ptr<Core> weak = weak_from_this();
  executor.at(executor.now() + settings.balance_every, [weak] {
    const auto core = weak.lock();
    if (!core || core->closed_) return;
    core->balancing_ = false;
    core->balance();
    const bool busy = std::any_of(core->policies.begin(), core->policies.end(),
                                  [](const auto& served) { return served->in_flight > 0; });
    if (busy) core->arm_balancer();
  });
}

void InstancePool::Core::balance() {
  const LoadState state = load();
  for (const Move& move : balancer->plan(state)) {
    const Instance* instance = find(move.instance);
    if (instance == nullptr || instance->state != State::kServing) continue;
    policies[static_cast<std::size_t>(instance->policy)]->moved_at = state.now;
    policies[static_cast<std::size_t>(move.to)]->moved_at = state.now;
    const Status moved = leave(move.instance, move.leave, move.to);
    (void)moved;  // it is there
  }
  if (migration.moves == 0) return;
  for (const auto& served : policies) {
    if (served->fleet.size() > 1) migrate(*served);
  }
}

/// Sessions within a policy: some give their answers back and go on where there is less to do.
void InstancePool::Core::migrate(Served& served) {
  std::vector<SessionLoad> sessions;
  std::map<std::uint64_t, std::shared_ptr<Ticket>> tickets;
  for (const int id : served.fleet.id) {
    const Instance& instance = *find(id);
    for (const auto& [number, ticket] : instance.tickets) {
      if (ticket->moved || ticket->session->aborted) continue;
      SessionLoad load;
      load.session = ticket->session->id;
      load.instance = instance.place;
      load.left = ticket->session->charged;
      load.context = ticket->context;
      sessions.push_back(load);
      tickets[load.session] = ticket;
    }
  }
  const std::vector<int> ids = served.fleet.id;
  for (const SessionMove& move :
       rebalance(served.fleet.work, sessions, rates.decode, rates.prefill, migration)) {
    Ticket& ticket = *tickets[move.session];
    if (ticket.reply) continue;
    ticket.moved = true;
    ticket.session->wanted = ids[static_cast<std::size_t>(move.to)];
    const auto link = find(ids[static_cast<std::size_t>(move.from)])->link;
    link->abort(move.session);
  }
}

}  // namespace troupe
