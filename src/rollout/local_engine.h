#pragma once

#include <deque>
#include <memory>
#include <vector>

#include "rollout/engine.h"

namespace troupe {

/// Continuous batching on this process's workers.
///
/// The engine has as many lanes as there are workers, or one for a model that exceeds the shared
/// cache. A lane owns some of the running sequences and, as one job, decodes a few tokens of all of
/// them; between jobs sequences join and leave. Idle workers help the lane of a larger model.
/// Because the decoder's bits do not depend on the batch, neither does any sample depend on lanes,
/// timing or other requests.
///
/// Policies that are adapters on one base share an engine: they decode in the same batches and draw
/// on one KV budget (serve_on).
class LocalEngine final : public RolloutEngine {
 public:
  struct Options {
    std::int64_t max_sessions = 256;      ///< KV caches held at once
    std::uint64_t kv_bytes = 1ULL << 30;  ///< budget of all KV caches
    int burst = 4;                        ///< tokens per sequence and job
    TokenId end_token = 0;
  };

  LocalEngine(Executor& executor, Options options, Version version,
              std::shared_ptr<const Decoder> decoder);
  ~LocalEngine() override;

  Async<Result<std::shared_ptr<Session>>> open(int max_context, Wait wait) override;
  Async<Result<Generation>> generate(std::shared_ptr<Session> session,
                                     GenerateRequest request) override;
  Status load(Version version, std::shared_ptr<const Decoder> decoder, InFlight in_flight) override;
  std::shared_ptr<const EngineWeights> weights() const override;
  Async<Status> pause(Wait wait) override;
  void resume() override;
  void abort(Session& session) override;
  std::int64_t in_flight() const override;
  std::int64_t tokens_sampled() const override;

  /// A policy of its own version on the host, whose base `decoder` shares. It sees its own requests
  /// only: the host's and those of its other policies neither count nor keep it from loading. KV
  /// caches are never reused across policies.
  static std::unique_ptr<RolloutEngine> serve_on(std::shared_ptr<LocalEngine> host, Version version,
                                                 std::shared_ptr<const Decoder> decoder);

  /// Lanes of an engine with a model of so many packed bytes, and the threads of a lane's pass.
  [[nodiscard]] static int lane_count(std::size_t packed_bytes, int workers);
  [[nodiscard]] static int crew_size(std::size_t packed_bytes, int workers);

  struct Sequence;  ///< a running request
  struct Lane;
  struct Served;  ///< a policy

 private:
  class CachedSession;
  class Guest;
  struct Room;

  Async<Result<std::shared_ptr<Session>>> open_for(std::shared_ptr<Served> served, int max_context,
                                                   Wait wait);
  Async<Result<Generation>> generate_for(std::shared_ptr<Served> served,
                                         std::shared_ptr<Session> session, GenerateRequest request);
  /// New weights for one policy; its requests without weights of their own are given back if
  /// `in_flight` says so.
  void load_for(Served& served, std::shared_ptr<const EngineWeights> weights, InFlight in_flight);
  Async<Status> pause_for(std::shared_ptr<Served> served, Wait wait);
  void resume_for(Served& served);
  /// Marks the requests that `chosen` names; those that wait for a lane end at once.
  template <class Chosen>
  void abort_where(const Chosen& chosen);
  void end_request(Sequence& sequence);
  void start_lanes();
  void finish_lane(Lane& lane);

  Executor& executor_;
  Options options_;
  std::shared_ptr<Served> own_;
  std::vector<std::unique_ptr<Lane>> lanes_;
  std::deque<std::shared_ptr<Sequence>> queue_;
  bool start_posted_ = false;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);  ///< for what is posted
  std::shared_ptr<Room> room_;  ///< shared with the sessions, which may outlive the engine
};

}  // namespace troupe
