#pragma once

#include <functional>
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <vector>

#include "rollout/pool/instance_pool.h"

// The inside of an instance pool. instance_pool.cc has its outside, pool_requests.cc the way of a
// request, pool_homes.cc who has room for a session, pool_instances.cc the life of an instance,
// pool_balance.cc who moves where.

namespace troupe {

class InstancePool::Core : public std::enable_shared_from_this<Core> {
 public:
  Core(Executor& executor, PoolSettings settings, InstanceFactory factory);

  /// A context of a policy. It is at home where its KV cache is, if anywhere.
  struct PooledSession final : Session {
    PooledSession() = default;
    ~PooledSession() override;
    PooledSession(const PooledSession&) = delete;
    PooledSession& operator=(const PooledSession&) = delete;

    std::weak_ptr<Core> core;
    std::uint64_t id = 0;
    int policy = 0;
    int max_context = 0;
    SessionHint hint;
    Nanos wait = 0;  ///< longest for an instance
    /// What was predicted at the start of each turn, and the tokens decoded before it.
    std::vector<std::pair<LengthPrediction, double>> turns;
    double decoded = 0;     ///< tokens, of all turns
    bool failed = false;    ///< ends early, through no wish of its own
    int home = -1;          ///< instance id
    int wanted = -1;        ///< instance id that it is to go on at; -1: the router chooses
    std::int64_t stay = 0;  ///< home's, when it moved in: another one has nothing of it any more
    double charged = 0;     ///< predicted work that home's load includes
    double answer = 0;      ///< predicted tokens left of the request in progress
    Version version;        ///< of the cache at home
    double cached = 0;      ///< tokens in it
    bool running = false;   ///< a request is on its way or at home
    bool pinned = false;    ///< it has weights of its own
    bool aborted = false;   ///< the caller, or new weights, want the request back
    bool resting = false;   ///< at home, without a request: idle is its place there
    std::list<PooledSession*>::iterator idle;
  };

  /// A request that an instance has.
  struct Ticket {
    explicit Ticket(Executor& executor) : settled(executor) {}
    std::optional<Result<Generation>> reply;
    PooledSession* session = nullptr;
    double context = 0;  ///< tokens
    bool moved = false;  ///< the pool wants it back, to send it elsewhere
    Signal settled;
  };

  enum class State { kLoading, kServing, kLeaving };
  struct Instance {
    int id = 0;
    std::int64_t stay = 0;  ///< counts the policies that the pool's instances have served
    int policy = 0;
    int to = -1;  ///< leaving: the policy that it serves next; -1: none
    State state = State::kLoading;
    std::shared_ptr<InstanceLink> link;
    int place = -1;  ///< in its policy's fleet; -1: takes no new requests
    InstanceTraits traits = {};
    double kv_tokens = 0;   ///< that it holds
    double kv_running = 0;  ///< tokens reserved by sessions with a request
    double kv_idle = 0;     ///< by the others
    double work = 0;
    double context = 0;
    int failures = 0;  ///< in a row
    std::map<std::uint64_t, std::shared_ptr<Ticket>> tickets;
    std::list<PooledSession*> idle;  ///< least recently used first
  };

  /// A request that no instance has room for yet.
  struct Waiter {
    explicit Waiter(Executor& executor) : changed(executor) {}
    PooledSession* session = nullptr;
    const GenerateRequest* request = nullptr;
    Signal changed;  ///< the session has a home, or the pool is closed
  };

  struct Served {
    Served(Executor& executor, PoolPolicy about_in, std::unique_ptr<Router> router_in)
        : about(std::move(about_in)),
          router(std::move(router_in)),
          predictor({.fallback = about.fallback}),
          answers({.fallback = about.fallback}),
          changed(executor) {}
    PoolPolicy about;
    std::unique_ptr<Router> router;
    LengthPredictor predictor;  ///< of sessions, from a turn to their end: what routers go by
    LengthPredictor answers;    ///< of single requests: what the balancer goes by
    std::shared_ptr<const EngineWeights> weights;
    Fleet fleet;
    std::vector<Waiter*> waiting;  ///< in order of arrival
    bool paused = false;
    std::int64_t in_flight = 0;
    std::int64_t unpinned = 0;
    std::int64_t tokens_sampled = 0;
    double moved_at = -1e300;
    Signal changed;  ///< paused or unpinned
  };

  // Requests.
  Async<Result<Generation>> generate(std::shared_ptr<PooledSession> session,
                                     GenerateRequest request);
  /// The session is over: what it needed is what the next ones are predicted from.
  void end(PooledSession& session);
  void release(PooledSession& session);
  void abort(PooledSession& session);

  // Instances.
  Result<int> join(int policy);
  Status leave(int instance, Leave leave, int to);
  void lose(int instance);
  void publish(int policy, std::shared_ptr<const EngineWeights> weights, InFlight in_flight);
  [[nodiscard]] LoadState load() const;
  /// Ends what waits, with an error.
  void close();

  Executor& executor;
  PoolSettings settings;
  InstanceFactory factory;
  std::unique_ptr<Balancer> balancer;
  InstanceRates rates;
  MigrationLimits migration;
  std::vector<std::unique_ptr<Served>> policies;
  PoolCounts counts;
  std::uint64_t next_session = 1;

 private:
  Async<Result<Generation>> attempts(std::shared_ptr<PooledSession> session,
                                     GenerateRequest request);
  Async<Status> settle_home(PooledSession& session, const GenerateRequest& request);
  bool place(PooledSession& session, const GenerateRequest& request);
  /// Decode tokens that the session still needs, as far as one can tell.
  [[nodiscard]] double predicted_work(const PooledSession& session) const;
  /// Where in its episode the session's request is.
  [[nodiscard]] static LengthKey key_of(const PooledSession& session);
  std::optional<std::size_t> choose(Served& served, const RouteRequest& request);
  void move_in(PooledSession& session, Instance& instance, double predicted);
  void charge(PooledSession& session, Instance* home, double work);
  Async<Result<Generation>> ask(PooledSession& session, const GenerateRequest& request,
                                bool& moved);
  void on_reply(int instance, std::uint64_t ticket, Result<Generation> reply);
  void rest(PooledSession& session);
  void serve_waiting(Served& served);
  [[nodiscard]] Instance* find(int instance);
  /// Where the session's cache is; null: nowhere.
  [[nodiscard]] Instance* home_of(const PooledSession& session);

  Status bring(Instance& instance, int policy);
  void serve(int instance);
  void take_out(Instance& instance);
  void left(int instance);
  void evict(Instance& instance, PooledSession& session);
  void show(const Instance& instance);
  void drop(std::shared_ptr<InstanceLink> link);
  void restart_later(int policy);
  void arm_balancer();
  void balance();
  /// Whether anybody asks what single requests still need.
  [[nodiscard]] bool looks_at_answers() const {
    return balancer && (policies.size() > 1 || migration.moves > 0);
  }
  void migrate(Served& served);

  Rng rng_;
  std::map<int, Instance> instances_;
  int next_instance_ = 0;
  std::int64_t next_stay_ = 1;
  std::uint64_t next_ticket_ = 1;
  bool balancing_ = false;  ///< a timer is set
  bool closed_ = false;
};

}  // namespace troupe
