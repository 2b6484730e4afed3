#include "rollout/local_engine.h"

#include <fmt/format.h>

#include <algorithm>

#include "rollout/lane.h"

namespace troupe {
namespace {

// Weights beyond a CPU's shared cache are streamed from memory: one lane streams them once for all
// sequences, with all workers in its crew.
constexpr std::size_t kOneLaneBytes = std::size_t{32} << 20;
// Below this a pass is too short to be worth dividing.
constexpr std::size_t kCrewBytes = std::size_t{1} << 20;

}  // namespace

/// What open sessions hold of the engine's budget.
struct LocalEngine::Room {
  Room(Executor& executor, const Decoder& decoder, const Options& options)
      : pool(std::make_shared<KvPool>(decoder.config(), decoder.dtype(), pages(decoder, options))),
        freed(executor) {}
  /// As many as the budget holds, and no more than all sessions could ever fill.
  static int pages(const Decoder& decoder, const Options& options) {
    const std::uint64_t bytes = KvPool::page_bytes(decoder.config(), decoder.dtype());
    const auto most = static_cast<std::uint64_t>(options.max_sessions) *
                      static_cast<std::uint64_t>(kv_pages(decoder.config().max_positions));
    return static_cast<int>(std::min({options.kv_bytes / bytes, most, std::uint64_t{1} << 30}));
  }
  std::shared_ptr<KvPool> pool;
  std::int64_t sessions = 0;
  Signal freed;
};

/// What one policy serves and has served.
struct LocalEngine::Served {
  Served(Executor& executor, Version version, std::shared_ptr<const Decoder> decoder)
      : weights(std::make_shared<EngineWeights>(EngineWeights{version, std::move(decoder)})),
        changed(executor) {}

  std::shared_ptr<const EngineWeights> weights;
  bool paused = false;
  std::int64_t in_flight = 0;  ///< all requests
  std::int64_t unpinned = 0;   ///< those without weights of their own
  std::int64_t tokens_sampled = 0;
  Signal changed;  ///< paused or unpinned
};

/// A KV cache and the policy and version that filled it. Its pages are claimed for the whole
/// context.
class LocalEngine::CachedSession final : public Session {
 public:
  CachedSession(std::shared_ptr<Room> room, KvCache cache, std::shared_ptr<const Served> served)
      : room_(std::move(room)),
        cache_(std::move(cache)),
        served_(std::move(served)),
        version_(served_->weights->version) {
    ++room_->sessions;
  }
  ~CachedSession() override {
    --room_->sessions;
    cache_.reset();
    room_->freed.notify_all();
  }
  CachedSession(const CachedSession&) = delete;
  CachedSession& operator=(const CachedSession&) = delete;

  KvCache& cache() { return cache_; }
  [[nodiscard]] bool belongs_to(const Served& served) const { return served_.get() == &served; }
  /// True if the cache is of `version`. What another version computed is dropped at once, with its
  /// pages: a session that waits for memory holds none. False: they cannot be claimed now.
  bool renew(Version version) {
    if (version == version_ && !dropped_) return true;
    if (!dropped_) {
      cache_.reset();
      room_->freed.notify_all();
      dropped_ = true;
    }
    if (!cache_.renew()) return false;
    dropped_ = false;
    version_ = version;
    return true;
  }

 private:
  std::shared_ptr<Room> room_;
  bool dropped_ = false;
  KvCache cache_;
  std::shared_ptr<const Served> served_;
  Version version_;
};

LocalEngine::LocalEngine(Executor& executor, Options options, Version version,
                         std::shared_ptr<const Decoder> decoder)
    : executor_(executor),
      options_(options),
      own_(std::make_shared<Served>(executor, version, std::move(decoder))),
      room_(std::make_shared<Room>(executor, *own_->weights->decoder, options)) {
  const int lanes = lane_count(own_->weights->decoder->packed_bytes(), executor.workers());
  for (int i = 0; i < lanes; ++i) lanes_.push_back(std::make_unique<Lane>());
}

LocalEngine::~LocalEngine() = default;

int LocalEngine::lane_count(std::size_t packed_bytes, int workers) {
  return packed_bytes > kOneLaneBytes ? 1 : workers;
}

int LocalEngine::crew_size(std::size_t packed_bytes, int workers) {
  return packed_bytes > kCrewBytes ? workers : 1;
}

Async<Result<std::shared_ptr<Session>>> LocalEngine::open_for(std::shared_ptr<Served> served,
                                                              int max_context, Wait wait) {
  if (kv_pages(max_context) > room_->pool->pages()) {
    co_return fail(ErrorCode::kExhausted,
                   fmt::format("a context of {} tokens needs {} bytes of KV cache, more than the "
                               "budget: raise rollout.kv_megabytes or lower rollout.max_context",
                               max_context,
                               KvCache::bytes(served->weights->decoder->config(), max_context,
                                              served->weights->decoder->dtype())));
  }
  while (true) {
    if (room_->sessions < options_.max_sessions) {
      std::optional<KvCache> cache = KvCache::make(room_->pool, max_context);
      if (cache) {
        std::shared_ptr<Session> session =
            std::make_shared<CachedSession>(room_, std::move(*cache), served);
        co_return session;
      }
    }
    const bool notified = co_await room_->freed.wait(wait);
    if (!notified) {
      co_return fail(ErrorCode::kDeadline,
                     fmt::format("waited {:.0f} s for {}: {} sessions hold {} of {} pages of KV "
                                 "cache",
                                 static_cast<double>(wait.limit) / kSecond, wait.reason,
                                 room_->sessions, room_->pool->claimed(), room_->pool->pages()));
    }
  }
}

Async<Result<Generation>> LocalEngine::generate_for(std::shared_ptr<Served> served,
                                                    std::shared_ptr<Session> session,
                                                    GenerateRequest request) {
  auto* cached = static_cast<CachedSession*>(session.get());
  if (!cached->belongs_to(*served)) {
    co_return fail(ErrorCode::kInternal, "a session was used by another policy than its own");
  }
  const bool pinned = request.weights != nullptr;
  const Wait paused(3600 * kSecond, "the engine to resume");
  while (served->paused && !pinned) {
    const bool notified = co_await served->changed.wait(paused);
    if (!notified) co_return fail(ErrorCode::kDeadline, "waited an hour for the engine to resume");
  }
  auto sequence = std::make_shared<Sequence>(executor_);
  sequence->session = session;
  sequence->pinned = pinned;
  const Wait memory(3600 * kSecond, "KV cache for the new version");
  std::shared_ptr<const EngineWeights> weights = pinned ? request.weights : served->weights;
  while (!cached->renew(weights->version)) {
    const bool notified = co_await room_->freed.wait(memory);
    if (!notified) co_return fail(ErrorCode::kDeadline, "waited an hour for KV cache");
    if (!pinned) weights = served->weights;
  }
  sequence->cache = &cached->cache();
  sequence->served = served;
  sequence->decoder = weights->decoder;
  sequence->request = std::move(request);
  sequence->generation.version = weights->version;
  const auto context = sequence->request.context.tokens();
  const auto held = static_cast<std::size_t>(sequence->cache->length());
  if (context.size() <= held || sequence->request.max_tokens < 1 ||
      context.size() + static_cast<std::size_t>(sequence->request.max_tokens) >
          static_cast<std::size_t>(sequence->cache->capacity()) + 1) {
    co_return fail(ErrorCode::kInternal,
                   fmt::format("a context of {} tokens plus {} new ones does not extend a session "
                               "that holds {} of {}",
                               context.size(), sequence->request.max_tokens, held,
                               sequence->cache->capacity()));
  }
  sequence->feed.assign(context.begin() + static_cast<std::ptrdiff_t>(held), context.end());
  ++served->in_flight;
  if (!pinned) ++served->unpinned;
  queue_.push_back(sequence);
  if (!start_posted_) {  // let all requests of this instant arrive: their prompts can be shared
    start_posted_ = true;
    executor_.post([this, alive = std::weak_ptr<bool>(alive_)] {
      if (alive.expired()) return;
      start_posted_ = false;
      start_lanes();
    });
  }
  // A job of the engine's own ends every request: the deadline only guards against a bug of ours.
  const Wait wait(3600 * kSecond, "a generation");
  while (!sequence->done) {
    const bool notified = co_await sequence->finished.wait(wait);
    if (!notified) co_return fail(ErrorCode::kDeadline, "waited an hour for a generation");
  }
  co_return std::move(sequence->generation);
}

void LocalEngine::start_lanes() {
  // New requests go to idle lanes in blocks, so that samples of a group stay together and share
  // their prompt; a busy lane is offered the rest when its job ends.
  while (!queue_.empty()) {
    Lane* best = nullptr;
    std::size_t running = queue_.size();
    for (auto& lane : lanes_) {
      running += lane->sequences.size();
      if (lane->busy) continue;
      if (best == nullptr || lane->sequences.size() < best->sequences.size()) best = lane.get();
    }
    if (best == nullptr) break;
    const std::size_t fair = (running + lanes_.size() - 1) / lanes_.size();
    if (best->sequences.size() >= fair) break;
    const std::size_t count = std::min(queue_.size(), fair - best->sequences.size());
    best->sequences.insert(best->sequences.end(), queue_.begin(),
                           queue_.begin() + static_cast<std::ptrdiff_t>(count));
    queue_.erase(queue_.begin(), queue_.begin() + static_cast<std::ptrdiff_t>(count));
  }
  for (auto& lane : lanes_) {
    if (lane->busy || lane->sequences.empty()) continue;
    lane->busy = true;
    Job job;
    job.kind = "generate";
    job.priority = 0;  // decode before backward: what is generated sooner is trained on sooner
    job.work = [lane = lane.get(), burst = options_.burst, end = options_.end_token] {
      lane->decode(burst, end);
    };
    job.done = [this, lane = lane.get()] { finish_lane(*lane); };
    if (own_->weights->decoder->packed_bytes() > kCrewBytes) job.crew = &lane->crew;
    executor_.blocking(std::move(job));
  }
}

void LocalEngine::end_request(Sequence& sequence) {
  Served& served = *sequence.served;
  --served.in_flight;
  if (!sequence.pinned) --served.unpinned;
  served.tokens_sampled += static_cast<std::int64_t>(sequence.generation.tokens.size());
  served.changed.notify_all();
  sequence.done = true;
  sequence.finished.notify_all();
}

void LocalEngine::finish_lane(Lane& lane) {
  lane.busy = false;
  auto& all = lane.sequences;
  for (const auto& sequence : all) {
    if (!sequence->aborted || sequence->done) continue;
    sequence->generation.reason = FinishReason::kAborted;
    sequence->done = true;
  }
  const auto alive = std::stable_partition(all.begin(), all.end(),
                                           [](const auto& sequence) { return !sequence->done; });
  for (auto it = alive; it != all.end(); ++it) end_request(**it);
  all.erase(alive, all.end());
  room_->freed.notify_all();  // sequences that share a prompt's pages gave their claims back
  start_lanes();
}

template <class Chosen>
void LocalEngine::abort_where(const Chosen& chosen) {
  for (const auto& lane : lanes_) {
    for (const auto& sequence : lane->sequences) {
      if (chosen(*sequence)) sequence->aborted = true;  // finish_lane() looks
    }
  }
  const auto kept = std::stable_partition(queue_.begin(), queue_.end(),
                                          [&](const auto& sequence) { return !chosen(*sequence); });
  for (auto it = kept; it != queue_.end(); ++it) {
    (*it)->generation.reason = FinishReason::kAborted;
    end_request(**it);
  }
  queue_.erase(kept, queue_.end());
}

void LocalEngine::load_for(Served& served, std::shared_ptr<const EngineWeights> weights,
                           InFlight in_flight) {
  served.weights = std::move(weights);
  if (in_flight == InFlight::kKeep) return;
  abort_where([&served](const Sequence& sequence) {
    return sequence.served.get() == &served && !sequence.pinned;
  });
}

Async<Status> LocalEngine::pause_for(std::shared_ptr<Served> served, Wait wait) {
  served->paused = true;
  while (served->unpinned > 0) {
    const bool notified = co_await served->changed.wait(wait);
    if (!notified) {
      co_return fail(
          ErrorCode::kDeadline,
          fmt::format("waited {:.0f} s for {}: {} answers are being sampled",
                      static_cast<double>(wait.limit) / kSecond, wait.reason, served->unpinned));
    }
  }
  co_return Status();
}

void LocalEngine::resume_for(Served& served) {
  served.paused = false;
  served.changed.notify_all();
}

Async<Result<std::shared_ptr<Session>>> LocalEngine::open(int max_context, Wait wait) {
  return open_for(own_, max_context, wait);
}
Async<Result<Generation>> LocalEngine::generate(std::shared_ptr<Session> session,
                                                GenerateRequest request) {
  return generate_for(own_, std::move(session), std::move(request));
}
Status LocalEngine::load(Version version, std::shared_ptr<const Decoder> decoder,
                         InFlight in_flight) {
  load_for(*own_, std::make_shared<const EngineWeights>(EngineWeights{version, std::move(decoder)}),
           in_flight);
  return {};
}
std::shared_ptr<const EngineWeights> LocalEngine::weights() const { return own_->weights; }
Async<Status> LocalEngine::pause(Wait wait) { return pause_for(own_, std::move(wait)); }
void LocalEngine::resume() { resume_for(*own_); }
void LocalEngine::abort(Session& session) {
  abort_where([&session](const Sequence& sequence) { return sequence.session.get() == &session; });
}
std::int64_t LocalEngine::in_flight() const { return own_->in_flight; }
std::int64_t LocalEngine::tokens_sampled() const { return own_->tokens_sampled; }

/// One policy's view of an engine that serves several.
class LocalEngine::Guest final : public RolloutEngine {
 public:
  Guest(std::shared_ptr<LocalEngine> host, std::shared_ptr<Served> served)
      : host_(std::move(host)), served_(std::move(served)) {}

  Async<Result<std::shared_ptr<Session>>> open(int max_context, Wait wait) override {
    return host_->open_for(served_, max_context, wait);
  }
  Async<Result<Generation>> generate(std::shared_ptr<Session> session,
                                     GenerateRequest request) override {
    return host_->generate_for(served_, std::move(session), std::move(request));
  }
  Status load(Version version, std::shared_ptr<const Decoder> decoder,
              InFlight in_flight) override {
    if (!decoder->shares_base(*served_->weights->decoder)) {
      return fail(ErrorCode::kInternal, "a version on another base than the engine's");
    }
    host_->load_for(
        *served_, std::make_shared<const EngineWeights>(EngineWeights{version, std::move(decoder)}),
        in_flight);
    return {};
  }
  std::shared_ptr<const EngineWeights> weights() const override { return served_->weights; }
  Async<Status> pause(Wait wait) override { return host_->pause_for(served_, std::move(wait)); }
  void resume() override { host_->resume_for(*served_); }
  void abort(Session& session) override { host_->abort(session); }
  std::int64_t in_flight() const override { return served_->in_flight; }
  std::int64_t tokens_sampled() const override { return served_->tokens_sampled; }

 private:
  std::shared_ptr<LocalEngine> host_;
  std::shared_ptr<Served> served_;
};

std::unique_ptr<RolloutEngine> LocalEngine::serve_on(std::shared_ptr<LocalEngine> host,
                                                     Version version,
                                                     std::shared_ptr<const Decoder> decoder) {
  auto served = std::make_shared<Served>(host->executor_, version, std::move(decoder));
  return std::make_unique<Guest>(std::move(host), std::move(served));
}

}  // namespace troupe
