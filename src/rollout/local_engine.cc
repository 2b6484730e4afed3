#include "rollout/local_engine.h"

#include <fmt/format.h>

#include <algorithm>

#include "rollout/lane.h"

namespace troupe {

/// What open sessions hold of the engine's budget.
struct LocalEngine::Room {
  explicit Room(Executor& executor) : freed(executor) {}
  std::int64_t sessions = 0;
  std::uint64_t kv_bytes = 0;
  Signal freed;
};

/// A KV cache and the version that filled it.
class LocalEngine::CachedSession final : public Session {
 public:
  CachedSession(std::shared_ptr<Room> room, const ModelConfig& config, int max_context,
                Version version)
      : room_(std::move(room)),
        bytes_(KvCache::bytes(config, max_context)),
        cache_(config, max_context),
        version_(version) {
    ++room_->sessions;
    room_->kv_bytes += bytes_;
  }
  ~CachedSession() override {
    --room_->sessions;
    room_->kv_bytes -= bytes_;
    room_->freed.notify_all();
  }
  CachedSession(const CachedSession&) = delete;
  CachedSession& operator=(const CachedSession&) = delete;

  /// The cache, without what another version computed.
  KvCache& cache(Version version) {
    if (version != version_) cache_.truncate(0);
    version_ = version;
    return cache_;
  }

 private:
  std::shared_ptr<Room> room_;
  std::uint64_t bytes_;
  KvCache cache_;
  Version version_;
};

LocalEngine::LocalEngine(Executor& executor, Options options, Version version,
                         std::shared_ptr<const Decoder> decoder)
    : executor_(executor),
      options_(options),
      version_(version),
      decoder_(std::move(decoder)),
      room_(std::make_shared<Room>(executor)) {
  for (int i = 0; i < executor.workers(); ++i) lanes_.push_back(std::make_unique<Lane>());
}

LocalEngine::~LocalEngine() = default;

Async<Result<std::shared_ptr<Session>>> LocalEngine::open(int max_context, Wait wait) {
  const std::uint64_t bytes = KvCache::bytes(decoder_->config(), max_context);
  while (room_->sessions > 0 && (room_->sessions >= options_.max_sessions ||
                                 room_->kv_bytes + bytes > options_.kv_bytes)) {
    const bool notified = co_await room_->freed.wait(wait);
    if (!notified) {
      co_return fail(ErrorCode::kDeadline,
                     fmt::format("waited {:.0f} s for {}: {} sessions hold {} bytes of KV cache",
                                 static_cast<double>(wait.limit) / kSecond, wait.reason,
                                 room_->sessions, room_->kv_bytes));
    }
  }
  std::shared_ptr<Session> session =
      std::make_shared<CachedSession>(room_, decoder_->config(), max_context, version_);
  co_return session;
}

Async<Result<Generation>> LocalEngine::generate(std::shared_ptr<Session> session,
                                                GenerateRequest request) {
  auto* cached = static_cast<CachedSession*>(session.get());
  auto sequence = std::make_shared<Sequence>(executor_, request.seed);
  sequence->session = session;
  sequence->cache = &cached->cache(version_);
  sequence->request = std::move(request);
  sequence->generation.version = version_;
  const auto& context = sequence->request.context;
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
  ++in_flight_;
  queue_.push_back(sequence);
  if (!start_posted_) {  // let all requests of this instant arrive: their prompts can be shared
    start_posted_ = true;
    executor_.post([this] {
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
    job.work = [lane = lane.get(), decoder = decoder_, burst = options_.burst,
                end = options_.end_token] { lane->decode(*decoder, burst, end); };
    job.done = [this, lane = lane.get()] { finish_lane(*lane); };
    executor_.blocking(std::move(job));
  }
}

void LocalEngine::finish_lane(Lane& lane) {
  lane.busy = false;
  auto& all = lane.sequences;
  const auto alive = std::stable_partition(all.begin(), all.end(),
                                           [](const auto& sequence) { return !sequence->done; });
  for (auto it = alive; it != all.end(); ++it) {
    --in_flight_;
    tokens_sampled_ += static_cast<std::int64_t>((*it)->generation.tokens.size());
    (*it)->finished.notify_all();
  }
  all.erase(alive, all.end());
  start_lanes();
}

Status LocalEngine::load(Version version, std::shared_ptr<const Decoder> decoder) {
  if (in_flight_ > 0) {
    return fail(ErrorCode::kInternal,
                fmt::format("version {} loaded while {} requests are in flight", version.number,
                            in_flight_));
  }
  version_ = version;
  decoder_ = std::move(decoder);
  return {};
}

}  // namespace troupe
