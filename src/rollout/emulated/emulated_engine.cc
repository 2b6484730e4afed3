#include "rollout/emulated/emulated_engine.h"

#include <fmt/format.h>

#include <algorithm>

#include "rollout/emulated/emulated_parts.h"

namespace troupe {
namespace {

constexpr const char* kGone = "the instance is gone";

// Every request ends by the engine's own clock: the deadline only guards against a bug of ours, and
// ends what a hung instance holds if nobody else does.
constexpr Nanos kDay = 86'400 * kSecond;

}  // namespace

EmulatedEngine::EmulatedEngine(Executor& executor, const EmulatedOptions& options, Script script,
                               Version version, std::shared_ptr<const Decoder> decoder)
    : executor_(executor),
      options_(options),
      script_(std::move(script)),
      weights_(std::make_shared<EngineWeights>(EngineWeights{version, std::move(decoder)})),
      shared_(std::make_shared<Shared>(executor, options.kv_tokens)) {}

EmulatedEngine::~EmulatedEngine() { kill(); }

std::int64_t EmulatedEngine::kv_free() const { return shared_->free(); }

Async<Result<std::shared_ptr<Session>>> EmulatedEngine::open(int max_context, Wait wait) {
  const std::shared_ptr<Shared> shared = shared_;  // all that is looked at after a wait
  Executor& executor = executor_;
  if (max_context > shared->capacity) {
    co_return fail(ErrorCode::kExhausted,
                   fmt::format("a context of {} tokens needs more than an instance's {} tokens of "
                               "KV cache: raise kv_tokens or lower rollout.max_context",
                               max_context, shared->capacity));
  }
  const Nanos deadline = executor.now() + wait.limit;
  while (!shared->dead && shared->free() < max_context) {
    const bool notified = co_await shared->freed.wait(Wait(deadline - executor.now(), wait.reason));
    if (!notified) {
      co_return fail(ErrorCode::kDeadline,
                     fmt::format("waited {:.0f} s for {}: {} sessions hold {} of {} tokens of KV "
                                 "cache",
                                 static_cast<double>(wait.limit) / kSecond, wait.reason,
                                 shared->sessions, shared->reserved, shared->capacity));
    }
  }
  if (shared->dead) co_return fail(ErrorCode::kUnavailable, kGone);
  std::shared_ptr<Session> session = std::make_shared<CachedSession>(shared, max_context);
  co_return session;
}

Result<std::shared_ptr<EmulatedEngine::Sequence>> EmulatedEngine::make_sequence(
    std::shared_ptr<Session> session, const GenerateRequest& request) {
  auto* cached = dynamic_cast<CachedSession*>(session.get());
  if (cached == nullptr || cached->engine != shared_ || cached->request != nullptr) {
    return fail(ErrorCode::kInternal, "a session of another instance, or one that is in use");
  }
  auto sequence = std::make_shared<Sequence>(executor_);
  sequence->held = std::move(session);
  sequence->session = cached;
  sequence->pinned = request.weights != nullptr;
  const Version version = (sequence->pinned ? request.weights : weights_)->version;
  if (cached->version != version) {
    cached->cached = 0;
    cached->version = version;
  }
  sequence->context = static_cast<std::int64_t>(request.context.size());
  sequence->feed = sequence->context - cached->cached;
  if (sequence->feed < 1 || request.max_tokens < 1 ||
      sequence->context + request.max_tokens > cached->capacity + 1) {
    return fail(
        ErrorCode::kInternal,
        fmt::format("a context of {} tokens plus {} new ones does not extend a session "
                    "that holds {} of {}",
                    sequence->context, request.max_tokens, cached->cached, cached->capacity));
  }
  ScriptedAnswer answer = script_(request);
  const auto before = static_cast<std::ptrdiff_t>(request.sampled_before);
  const auto length = static_cast<std::ptrdiff_t>(answer.tokens.size());
  if (before < 0 || before >= length || answer.logprobs.size() != answer.tokens.size()) {
    return fail(ErrorCode::kInternal,
                fmt::format("the script's answer has {} tokens, and {} were sampled before", length,
                            before));
  }
  const std::ptrdiff_t end = std::min<std::ptrdiff_t>(length, before + request.max_tokens);
  Generation& out = sequence->generation;
  if (end < length) {
    answer.tokens.resize(static_cast<std::size_t>(end));
    answer.logprobs.resize(static_cast<std::size_t>(end));
  }
  answer.tokens.erase(answer.tokens.begin(), answer.tokens.begin() + before);
  answer.logprobs.erase(answer.logprobs.begin(), answer.logprobs.begin() + before);
  out.tokens = std::move(answer.tokens);
  out.logprobs = std::move(answer.logprobs);
  out.reason = end < length ? FinishReason::kLength : answer.reason;
  out.version = version;
  sequence->total = end - before;
  cached->request = sequence.get();
  return sequence;
}

Async<Result<Generation>> EmulatedEngine::generate(std::shared_ptr<Session> session,
                                                   GenerateRequest request) {
  const std::shared_ptr<Shared> shared = shared_;
  const bool pinned = request.weights != nullptr;
  while (shared->paused && !pinned && !shared->dead) {
    const bool notified = co_await shared->changed.wait(Wait(kDay, "the instance to resume"));
    if (!notified) co_return fail(ErrorCode::kDeadline, "waited a day for the instance to resume");
  }
  if (shared->dead) co_return fail(ErrorCode::kUnavailable, kGone);
  auto made = make_sequence(std::move(session), request);
  if (!made) co_return tl::unexpected(std::move(made.error()));
  const std::shared_ptr<Sequence> sequence = std::move(*made);
  ++in_flight_;
  if (!pinned) ++shared->unpinned;
  waiting_.push_back(sequence);
  change();
  // From here on the engine may be gone when this goes on: only the sequence is looked at.
  const Wait wait(kDay, "a generation");
  while (!sequence->done) {
    const bool notified = co_await sequence->finished.wait(wait);
    if (notified || sequence->done) continue;
    abort(*sequence->held);  // a sequence that is not done has its engine
    co_return fail(ErrorCode::kDeadline, "waited a day for a generation");
  }
  if (sequence->error) co_return tl::unexpected(std::move(*sequence->error));
  co_return std::move(sequence->generation);
}

Status EmulatedEngine::load(Version version, std::shared_ptr<const Decoder> decoder,
                            InFlight in_flight) {
  if (shared_->dead) return fail(ErrorCode::kUnavailable, kGone);
  weights_ = std::make_shared<EngineWeights>(EngineWeights{version, std::move(decoder)});
  if (in_flight == InFlight::kAbort) {
    abort_where([](const Sequence& sequence) { return !sequence.pinned; });
  }
  load_left_ += load_seconds_ ? load_seconds_() : options_.cost.load();
  change();
  return {};
}

Async<Status> EmulatedEngine::pause(Wait wait) {
  const std::shared_ptr<Shared> shared = shared_;
  Executor& executor = executor_;
  shared->paused = true;
  const Nanos deadline = executor.now() + wait.limit;
  while (shared->unpinned > 0) {
    const bool notified =
        co_await shared->changed.wait(Wait(deadline - executor.now(), wait.reason));
    if (!notified && shared->unpinned > 0) {
      co_return fail(
          ErrorCode::kDeadline,
          fmt::format("waited {:.0f} s for {}: {} answers are being sampled",
                      static_cast<double>(wait.limit) / kSecond, wait.reason, shared->unpinned));
    }
  }
  if (shared->dead) co_return fail(ErrorCode::kUnavailable, kGone);
  co_return Status();
}

void EmulatedEngine::resume() {
  shared_->paused = false;
  shared_->changed.notify_all();
}

void EmulatedEngine::abort(Session& session) {
  auto* cached = dynamic_cast<CachedSession*>(&session);
  if (cached == nullptr || cached->engine != shared_ || cached->request == nullptr) return;
  Sequence& sequence = *cached->request;
  const auto queued = std::find_if(waiting_.begin(), waiting_.end(),
                                   [&](const auto& s) { return s.get() == &sequence; });
  give_back(sequence);
  if (queued != waiting_.end()) waiting_.erase(queued);
  change();
}

template <class Chosen>
void EmulatedEngine::abort_where(const Chosen& chosen) {
  const auto end_chosen = [&](auto& sequences) {
    for (const auto& sequence : sequences) {
      if (!sequence->done && chosen(*sequence)) give_back(*sequence);
    }
  };
  end_chosen(waiting_);
  end_chosen(joining_);
  end_chosen(running_);
  std::erase_if(waiting_, [](const auto& sequence) { return sequence->done; });
}

void EmulatedEngine::give_back(Sequence& sequence) {
  const std::int64_t tokens = produced(sequence);
  // Its last step may be over at this very instant.
  const bool whole = tokens == sequence.total;
  end(sequence, tokens, whole ? sequence.generation.reason : FinishReason::kAborted);
}

void EmulatedEngine::end(Sequence& sequence, std::int64_t tokens, FinishReason reason) {
  Generation& out = sequence.generation;
  out.tokens.resize(static_cast<std::size_t>(tokens));
  out.logprobs.resize(static_cast<std::size_t>(tokens));
  out.reason = reason;
  // The last token has not been fed to the model yet.
  if (tokens > 0) sequence.session->cached = sequence.context + tokens - 1;
  sequence.session->request = nullptr;
  sequence.done = true;
  sampled_ += tokens;
  --in_flight_;
  if (!sequence.pinned) --shared_->unpinned;
  sequence.finished.notify_all();
  shared_->changed.notify_all();
  sequence.session = nullptr;
  sequence.held.reset();  // its memory is free as soon as its user wants that
}

void EmulatedEngine::kill() {
  if (shared_->dead) return;
  shared_->dead = true;
  hang();
  const auto fail_each = [&](auto& sequences) {
    for (const auto& sequence : sequences) {
      if (sequence->done) continue;
      sequence->error = Error{ErrorCode::kUnavailable, kGone};
      end(*sequence, 0, FinishReason::kAborted);
    }
    sequences.clear();
  };
  fail_each(waiting_);
  fail_each(joining_);
  fail_each(running_);
  shared_->changed.notify_all();
  shared_->freed.notify_all();
}

void EmulatedEngine::stop() {
  if (hung_) return;
  if (phase_ != Phase::kIdle) {
    until_ = executor_.now();
    count(phase_);
  }
  hang();
}

void EmulatedEngine::go_on() {
  if (shared_->dead || !std::exchange(hung_, false)) return;
  change();
}

void EmulatedEngine::hang() {
  if (hung_) return;
  if (phase_ == Phase::kDecode) steps_ += steps_over();
  phase_ = Phase::kIdle;
  executor_.cancel(timer_);
  hung_ = true;
}

}  // namespace troupe
