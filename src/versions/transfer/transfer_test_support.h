#pragma once

#include <algorithm>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "versions/published/published_test_support.h"
#include "versions/transfer/pull.h"

namespace troupe::transfer_test {

/// A producer of policy p on a disk in memory: versions 1, 2, ... of incarnation 0.
class Producer {
 public:
  explicit Producer(std::uint64_t seed, std::int64_t anchor_every = 4, std::int64_t keep = 100)
      : rng_(seed), folder_(disk_, "run/versions") {
    store_ = published_test::opened(disk_, published_test::setting(anchor_every, keep));
    now_ = published_test::random_copy(seed);
    publish();
  }
  StateId publish() {
    if (number_ > 0) now_ = published_test::evolve(*now_, rng_);
    const auto done = store_->publish(0, ++number_, now_);
    EXPECT_TRUE(done) << done.error().message;
    log[published_test::key(done->id)] = now_;
    return done->id;
  }
  PayloadSource& source() { return folder_; }
  [[nodiscard]] const Catalogue& catalogue() const { return store_->catalogue(); }
  /// Whether the weights are those that were published as that version.
  [[nodiscard]] bool is_right(const HeldVersion& held) const {
    const auto found = log.find(published_test::key(held.id));
    return found != log.end() && found->second->bits == held.state.bits &&
           digest_of(held.state.tensors()) == held.id.digest;
  }
  published_test::Log log;

 private:
  MemoryDisk disk_;
  Rng rng_;
  PublishedFolder folder_;
  std::unique_ptr<PublishedVersions> store_;
  published_test::Copy now_;
  std::int64_t number_ = 0;
};

/// A way to a source that loses, damages and repeats things, a share of the time.
class FaultyRemote final : public RemotePayloads {
 public:
  FaultyRemote(PayloadSource& source, std::uint64_t seed, double share)
      : source_(source), rng_(seed), share_(share) {}
  [[nodiscard]] std::string name() const override { return "faulty"; }
  std::function<void()> before = [] {};  ///< each call
  bool dead = false;

  Result<Catalogue> catalogue(const std::string& policy) override {
    before();
    if (dead) return fail(ErrorCode::kUnavailable, "injected: nobody answers");
    TROUPE_ASSIGN(Catalogue out, source_.catalogue(policy));
    if (!old_) old_ = out;
    if (!faulty()) return out;
    switch (rng_.below(4)) {
      case 0:
        return fail(ErrorCode::kUnavailable, "injected: no connection");
      case 1:
        return fail(ErrorCode::kDeadline, "injected: too slow");
      case 2:
        out.policy = "another";
        return out;
      default:
        return *old_;  // stale
    }
  }

  Status fetch(const std::string& policy, const PayloadEntry& payload, std::uint64_t first,
               std::uint64_t most, const PayloadSink& sink) override {
    before();
    if (dead) return fail(ErrorCode::kUnavailable, "injected: nobody answers");
    TROUPE_ASSIGN(const auto view, source_.open(policy, payload.name));
    if (first > view->bytes().size()) return fail(ErrorCode::kUnavailable, "injected: status 416");
    std::string bytes(view->bytes().substr(first, most));
    bool broken = false;
    if (faulty() && !bytes.empty()) {
      const std::size_t at = rng_.below(bytes.size());
      switch (rng_.below(5)) {
        case 0:
          bytes.resize(at);
          broken = true;
          break;
        case 1:
          bytes[at] = static_cast<char>(bytes[at] ^ (1 << rng_.below(8)));
          break;
        case 2:
          std::rotate(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(at), bytes.end());
          break;
        case 3:
          bytes += bytes;  // too much
          break;
        default:
          bytes.clear();
      }
    }
    for (std::string_view rest = bytes; !rest.empty();) {
      const std::size_t n = 1 + rng_.below(rest.size());
      TROUPE_TRY(sink(rest.substr(0, n)));
      rest.remove_prefix(n);
    }
    if (broken) return fail(ErrorCode::kUnavailable, "injected: the connection broke");
    return {};
  }

 private:
  bool faulty() { return rng_.uniform() < share_; }

  PayloadSource& source_;
  Rng rng_;
  double share_;
  std::optional<Catalogue> old_;
};

/// Runs one pull to its end.
inline Result<PullReport> run_pull(Executor& executor, PullTask task) {
  Result<PullReport> out = fail(ErrorCode::kInternal, "it never ended");
  struct Main {
    static Async<Status> main(Executor& ex, PullTask todo, Result<PullReport>* to) {
      *to = co_await pull(ex, std::move(todo));
      co_return Status();
    }
  };
  const Status ran = executor.run(Main::main(executor, std::move(task), &out));
  EXPECT_TRUE(ran) << ran.error().message;
  return out;
}

/// The same under a virtual clock.
inline Result<PullReport> pull_once(RemotePayloads& from, ReceivedPayloads& store,
                                    HeldVersion& held, std::uint64_t seed = 1, PullTask task = {}) {
  VirtualOptions options;
  options.seed = seed;
  const auto executor = make_virtual_executor(options);
  if (task.sources.empty()) task.sources = {&from};
  task.store = &store;
  task.held = &held;
  task.limits.seed = seed;
  return run_pull(*executor, std::move(task));
}

}  // namespace troupe::transfer_test
