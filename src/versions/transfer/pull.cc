#include "versions/transfer/pull.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "base/rng.h"

namespace troupe {
namespace {

std::pair<std::int64_t, std::int64_t> order(const StateId& id) {
  return {id.incarnation, id.number};
}

bool may_pass(ErrorCode code) {
  return code == ErrorCode::kUnavailable || code == ErrorCode::kDeadline;
}

bool is_verdict(ErrorCode code) {
  return code == ErrorCode::kInvalid || code == ErrorCode::kNotFound;
}

/// One pull: attempts, each with a source, until one succeeds.
class Puller {
 public:
  Puller(Executor& executor, PullTask task)
      : executor_(executor),
        task_(std::move(task)),
        end_(executor.now() + task_.limits.deadline),
        begun_with_(task_.held->id),
        rng_(task_.limits.seed) {}

  Async<Result<PullReport>> run() {
    std::size_t verdicts = 0;  // in a row
    int broken = 0;            // attempts in a row that brought nothing
    for (std::size_t n = 0;; ++n) {
      source_ = task_.sources[n % task_.sources.size()];
      const std::uint64_t before = report_.fetched;
      Status done = co_await attempt();
      if (done) co_return report_;
      const ErrorCode code = done.error().code;
      verdicts = is_verdict(code) ? verdicts + 1 : 0;
      if (!may_pass(code) && verdicts == 0) co_return tl::unexpected(done.error());
      if (verdicts == task_.sources.size()) co_return tl::unexpected(done.error());
      progress_.failures = ++report_.failures;
      progress_.problem = done.error().message;
      tell();
      broken = report_.fetched > before ? 0 : broken + 1;
      const Nanos pause = choose_pause(broken);
      if (executor_.now() + pause >= end_) co_return give_up(done.error());
      Status waited = co_await sleep(pause);
      if (!waited) co_return tl::unexpected(waited.error());
    }
  }

 private:
  /// Doubles with each failure in a row, spread over a factor of two, so that receivers that one
  /// broken server left alone do not come back together.
  Nanos choose_pause(int broken) {
    const Nanos base =
        std::min(task_.limits.longest_pause, task_.limits.first_pause << std::min(broken, 30));
    return base / 2 + static_cast<Nanos>(rng_.uniform() * static_cast<double>(base / 2));
  }
  tl::unexpected<Error> give_up(const Error& last) const {
    return fail(
        ErrorCode::kDeadline,
        fmt::format("policy {}: was not brought up to date within {} s, in {} attempts; the "
                    "last one: {}",
                    policy(), static_cast<double>(task_.limits.deadline) / kSecond,
                    report_.failures, last.message));
  }
  /// Pauses, and looks every tenth of a second whether it shall stop.
  Async<Status> sleep(Nanos pause) {
    for (const Nanos end = executor_.now() + pause; executor_.now() < end;) {
      Status go_on = check_stop();
      if (!go_on) co_return go_on;
      co_await sleep_for(executor_, std::min(kSecond / 10, end - executor_.now()));
    }
    co_return Status();
  }
  [[nodiscard]] Status check_stop() const {
    if (!task_.stop || !task_.stop()) return {};
    return fail(ErrorCode::kCancelled, fmt::format("policy {}: the pull was stopped", policy()));
  }
  [[nodiscard]] const std::string& policy() const { return task_.store->policy(); }
  void tell() const {
    if (task_.progress) task_.progress(progress_);
  }

  Async<Status> attempt() {
    Status go_on = check_stop();
    if (!go_on) co_return go_on;
    Result<Catalogue> read = fail(ErrorCode::kInternal, "");
    std::function<void()> job = [&] { read = source_->catalogue(policy()); };
    co_await on_io(executor_, "read the catalogue", job);
    if (!read) co_return tl::unexpected(read.error());
    const Catalogue& catalogue = *read;
    auto path = choose_path(catalogue);
    if (!path) co_return within(source_->name(), path.error());

    progress_.bytes = 0;
    progress_.of_bytes = 0;
    for (const PayloadEntry& payload : *path) progress_.of_bytes += payload.bytes;
    for (const PayloadEntry& payload : *path) {
      progress_.payload = payload.name;
      Status fetched = co_await fetch(payload);
      if (!fetched) co_return fetched;
    }
    Status applied;
    job = [&] { applied = apply(catalogue); };
    co_await on_worker(executor_, "apply payloads", 0, job);
    if (applied) report_.version = task_.held->id;
    co_return applied;
  }

  /// What is to be here, in the order in which it shall come.
  Result<std::vector<PayloadEntry>> choose_path(const Catalogue& catalogue) {
    const StateId& held = task_.held->id;
    if (catalogue.policy != policy()) {
      return fail(ErrorCode::kUnavailable, "sent the catalogue of policy " + catalogue.policy);
    }
    // Also if its bits were given up since: nobody goes back.
    if (!begun_with_.digest.empty() && order(catalogue.head) < order(begun_with_)) {
      return fail(
          ErrorCode::kUnavailable,
          fmt::format("policy {}: offers {}, which is older than {}, which is held; if that "
                      "is meant, begin with another folder",
                      policy(), catalogue.head.text(), begun_with_.text()));
    }
    TROUPE_ASSIGN(auto path, plan_path(catalogue, held.digest.empty() ? nullptr : &held));
    if (!task_.for_newcomers) return path;
    const auto whole = plan_path(catalogue, nullptr);
    if (!whole) return path;  // the source cannot serve them either
    for (const PayloadEntry& payload : *whole) {
      const bool there = std::any_of(path.begin(), path.end(), [&](const PayloadEntry& other) {
        return other.name == payload.name;
      });
      if (!there) path.push_back(payload);
    }
    return path;
  }

  Async<Status> fetch(PayloadEntry payload) {
    std::optional<Result<ReceivedPayloads::Download>> begun;
    std::function<void()> job = [&] {
      if (!task_.store->has(payload)) begun = task_.store->begin(payload);
    };
    co_await on_io(executor_, "look at payloads", job);
    if (!begun) {
      progress_.bytes += payload.bytes;
      tell();
      co_return Status();
    }
    if (!*begun) co_return tl::unexpected(begun->error());
    ReceivedPayloads::Download& download = **begun;
    const std::uint64_t before = progress_.bytes;
    while (download.bytes < payload.bytes) {
      progress_.bytes = before + download.bytes;
      tell();
      Status go_on = check_stop();
      if (!go_on) co_return go_on;
      if (executor_.now() >= end_) {
        co_return fail(ErrorCode::kDeadline, "the payloads take longer to fetch");
      }
      Status got;
      job = [&] { got = fetch_chunk(download); };
      co_await on_io(executor_, "fetch a payload", job);
      if (!got) co_return got;
    }
    Status whole;
    job = [&] { whole = task_.store->finish(download); };
    co_await on_io(executor_, "check a payload", job);
    if (!whole) co_return within(source_->name(), whole.error());
    progress_.bytes = before + payload.bytes;
    ++report_.payloads;
    tell();
    co_return Status();
  }

  Status fetch_chunk(ReceivedPayloads::Download& download) {
    const std::uint64_t before = download.bytes;
    Status disk;
    Status got = source_->fetch(policy(), download.payload, download.bytes, task_.limits.chunk,
                                [&](std::string_view bytes) {
                                  disk = task_.store->append(download, bytes);
                                  return disk;
                                });
    report_.fetched += download.bytes - before;
    if (!disk) return disk;
    if (got && download.bytes == before) {
      return fail(ErrorCode::kUnavailable, source_->name() + " sent nothing");
    }
    // Retention took it since the catalogue was read: the next one will say what there is.
    if (!got && got.error().code == ErrorCode::kNotFound) {
      return fail(ErrorCode::kUnavailable, got.error().message);
    }
    return got;
  }

  /// Offers what is here and applies it.
  Status apply(const Catalogue& catalogue) {
    HeldVersion& held = *task_.held;
    TROUPE_TRY(task_.store->publish(catalogue));
    PublishedFolder folder(disk(), task_.store->folder());
    TROUPE_ASSIGN(const Catalogue mine, folder.catalogue(policy()));
    const bool had = !held.id.digest.empty();
    Status applied = bring_to(folder, mine, mine.head, held);
    if (applied) return applied;
    const Error& error = applied.error();
    const bool lost = error.code == ErrorCode::kIo || error.code == ErrorCode::kNotFound;
    if (lost) {  // what lies on the disk: look again, fetch again
      task_.store->doubt();
      return fail(ErrorCode::kUnavailable, error.message);
    }
    const bool not_mine = error.code == ErrorCode::kInternal || error.code == ErrorCode::kInvalid;
    if (!not_mine || !had) return applied;
    held = {};  // the bits were not that version, or are of another model: an anchor
    return fail(ErrorCode::kUnavailable, error.message);
  }
  [[nodiscard]] Disk& disk() const { return task_.store->disk(); }

  Executor& executor_;
  PullTask task_;
  const Nanos end_;
  const StateId begun_with_;
  Rng rng_;
  RemotePayloads* source_ = nullptr;
  PullProgress progress_;
  PullReport report_;
};

}  // namespace

Async<Result<PullReport>> pull(Executor& executor, PullTask task) {
  Puller puller(executor, std::move(task));
  Result<PullReport> out = co_await puller.run();
  co_return out;
}

}  // namespace troupe
