#include "swap/bandwidth.h"

#include <cstring>

#include "base/block_io.h"
#include "base/disk.h"
#include "base/executor.h"
#include "base/pages.h"
#include "base/rng.h"
#include "swap/raw_disk.h"
#include "versions/tiers/tier_store.h"

namespace troupe::bench {
namespace {

const Wait kWait(600 * kSecond, "bench");

void note(Rounds& rounds, double start) {
  const double seconds = now() - start;
  rounds.best = std::min(rounds.best, seconds);
  rounds.slowest = std::max(rounds.slowest, seconds);
  ++rounds.count;
}

/// Rounds of ways and limits in turn, until two of them have had their seconds.
class Turns {
 public:
  explicit Turns(double seconds) : end_(now() + 2 * seconds) {}
  [[nodiscard]] bool more() { return round_++ < 3 || (now() < end_ && round_ < 1000); }

 private:
  double end_;
  int round_ = 0;
};

Async<Status> to_disk_and_back(TierStore& store, const RawFile& raw, StateBytes state,
                               double seconds, SwapWay& to, SwapWay& from) {
  Pages scratch(state.size());
  Pages original(state.size());
  std::memcpy(scratch.bytes().data(), state.bytes().data(), state.size());
  std::memcpy(original.bytes().data(), state.bytes().data(), state.size());
  Turns turns(seconds);
  while (turns.more()) {
    double start = now();
    const Status wrote = raw.write(scratch.bytes());
    if (!wrote) co_return wrote;
    note(to.bound, start);
    start = now();
    const Status set = co_await store.set("state", std::move(state), Place::kDisk, kWait);
    if (!set) co_return set;
    note(to.way, start);
    start = now();
    const Status read = raw.read(scratch.bytes());
    if (!read) co_return read;
    note(from.bound, start);
    start = now();
    auto got = co_await store.get("state", kWait);
    if (!got) co_return tl::unexpected(got.error());
    note(from.way, start);
    if (std::memcmp(got->bytes().data(), original.bytes().data(), got->size()) != 0) {
      co_return fail(ErrorCode::kInternal, "the state that came back is another");
    }
    state = std::move(*got);
  }
  co_return co_await store.set("state", std::move(state), Place::kHost, kWait);
}

/// A policy comes into a slot's memory and goes out again; its state stays in host memory.
Async<Status> through_memory(TierStore& store, double seconds, std::uint64_t bytes, SwapWay& way) {
  Pages slot(bytes);
  Pages other(bytes);
  std::memset(slot.bytes().data(), 1, bytes);
  std::memset(other.bytes().data(), 1, bytes);
  Turns turns(seconds);
  while (turns.more()) {
    double start = now();
    std::memcpy(slot.bytes().data(), other.bytes().data(), bytes);
    std::memcpy(other.bytes().data(), slot.bytes().data(), bytes);
    note(way.bound, start);
    start = now();
    auto in = co_await store.get("state", kWait);
    if (!in) co_return tl::unexpected(in.error());
    std::memcpy(slot.bytes().data(), in->bytes().data(), bytes);
    const Status back = co_await store.set("state", std::move(*in), Place::kHost, kWait);
    if (!back) co_return back;
    auto out = co_await store.get("state", kWait);
    if (!out) co_return tl::unexpected(out.error());
    std::memcpy(out->bytes().data(), slot.bytes().data(), bytes);
    const Status set = co_await store.set("state", std::move(*out), Place::kHost, kWait);
    if (!set) co_return set;
    note(way.way, start);
  }
  co_return Status();
}

/// A state that was not there before: new memory, the bytes, and it goes again.
Async<Status> into_new_memory(TierStore& store, double seconds, std::uint64_t bytes, SwapWay& way) {
  Pages slot(bytes);
  Pages other(bytes);
  std::memset(slot.bytes().data(), 1, bytes);
  std::memset(other.bytes().data(), 1, bytes);
  Turns turns(seconds);
  while (turns.more()) {
    double start = now();
    std::memcpy(other.bytes().data(), slot.bytes().data(), bytes);
    note(way.bound, start);
    start = now();
    auto fresh = co_await store.allocate(bytes, kWait);
    if (!fresh) co_return tl::unexpected(fresh.error());
    std::memcpy(fresh->bytes().data(), slot.bytes().data(), bytes);
    const Status set = co_await store.set("fresh", std::move(*fresh), Place::kHost, kWait);
    if (!set) co_return set;
    note(way.way, start);
    const Status removed = co_await store.remove("fresh");
    if (!removed) co_return removed;
  }
  co_return Status();
}

Async<Status> measure(const BandwidthOptions& options, TierStore& store, Bandwidths& out) {
  auto state = co_await store.allocate(options.bytes, kWait);
  if (!state) co_return tl::unexpected(state.error());
  Rng rng(1);
  for (std::uint64_t i = 0; i + 8 <= options.bytes; i += 8) {
    const std::uint64_t word = rng.next();
    std::memcpy(state->bytes().data() + i, &word, sizeof word);
  }
  auto raw = RawFile::make(options.folder + "/raw", state->bytes());
  if (!raw) co_return tl::unexpected(raw.error());
  out.direct = raw->direct();
  out.ring = has_ring();
  SwapWay to{"to disk", "raw O_DIRECT", 1, {}, {}};
  SwapWay from{"from disk", "raw O_DIRECT", 1, {}, {}};
  SwapWay host{"host to host", "memcpy", 2, {}, {}};
  SwapWay fresh{"into new memory", "memcpy", 1, {}, {}};
  Status done =
      co_await to_disk_and_back(store, *raw, std::move(*state), options.seconds, to, from);
  if (done) done = co_await through_memory(store, options.seconds, options.bytes, host);
  if (done) done = co_await into_new_memory(store, options.seconds, options.bytes, fresh);
  out.ways = {to, from, host, fresh};
  co_return done;
}

}  // namespace

Result<Bandwidths> measure_bandwidth(const BandwidthOptions& options) {
  const auto disk = make_posix_disk();
  const auto executor = make_live_executor(1);
  TierBudgets budgets;
  budgets.host = 2 * options.bytes;
  TROUPE_ASSIGN(const auto store, open_tier_store(*executor, *disk, options.folder + "/tiers",
                                                  budgets, Leftovers::kForget));
  Bandwidths out;
  TROUPE_TRY(executor->run(measure(options, *store, out)));
  return out;
}

}  // namespace troupe::bench
