#pragma once

#include <optional>

#include "rollout/emulated/emulated_engine.h"

namespace troupe {

/// What sessions and suspended calls look at, which may outlive the engine.
struct EmulatedEngine::Shared {
  Shared(Executor& executor, std::int64_t tokens)
      : capacity(tokens), freed(executor), changed(executor) {}
  [[nodiscard]] std::int64_t free() const { return capacity - reserved; }

  const std::int64_t capacity;  ///< tokens of KV cache
  std::int64_t reserved = 0;    ///< of these, by open sessions
  std::int64_t sessions = 0;
  std::int64_t unpinned = 0;  ///< requests without weights of their own
  bool paused = false;
  bool dead = false;  ///< killed, or destroyed
  Signal freed;
  Signal changed;  ///< unpinned, paused or dead
};

/// A KV cache: how many tokens it holds, and of which version.
class EmulatedEngine::CachedSession final : public Session {
 public:
  CachedSession(std::shared_ptr<Shared> engine_in, int max_context)
      : engine(std::move(engine_in)), capacity(max_context) {
    engine->reserved += capacity;
    ++engine->sessions;
  }
  ~CachedSession() override {
    engine->reserved -= capacity;
    --engine->sessions;
    engine->freed.notify_all();
  }
  CachedSession(const CachedSession&) = delete;
  CachedSession& operator=(const CachedSession&) = delete;

  const std::shared_ptr<Shared> engine;
  const std::int64_t capacity;
  std::int64_t cached = 0;
  Version version;
  Sequence* request = nullptr;  ///< being generated
};

/// A request on its way through the engine.
struct EmulatedEngine::Sequence {
  explicit Sequence(Executor& executor) : finished(executor) {}
  std::shared_ptr<Session> held;  ///< for as long as the request lasts
  CachedSession* session = nullptr;
  bool pinned = false;
  std::int64_t context = 0;  ///< tokens of the request
  std::int64_t feed = 0;     ///< of these, those that the cache lacked
  Generation generation;     ///< the whole answer, cut when the request ends
  std::int64_t total = 0;    ///< its tokens
  bool prefilled = false;    ///< has its first token
  std::int64_t joined = 0;   ///< the engine's steps_ at that time
  bool done = false;
  std::optional<Error> error;
  Signal finished;
};

}  // namespace troupe
