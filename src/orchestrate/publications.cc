#include "orchestrate/publications.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "versions/published/head.h"

namespace troupe {
namespace {

/// How long a publication may hold up what waits for it, besides a disk that fails: a bound for the
/// case that a worker hangs, far above what the largest models take.
constexpr Nanos kLongest = 3600 * kSecond;

NamedNumbers numbers_of(const Publication& done, Nanos took) {
  NamedNumbers out;
  const auto number = [](std::uint64_t value) { return static_cast<double>(value); };
  if (done.delta_bytes > 0) {
    out["changed_share"] = number(done.changed) / number(std::max<std::uint64_t>(done.values, 1));
  }
  out["payload_bytes"] = number(done.delta_bytes > 0 ? done.delta_bytes : done.anchor_bytes);
  if (done.anchor_bytes > 0) out["anchor_bytes"] = number(done.anchor_bytes);
  out["full_bytes"] = number(done.full_bytes);
  out["seconds"] = static_cast<double>(took) / kSecond;
  return out;
}

bool of_the_disk(const Error& error) {
  return error.code == ErrorCode::kNoSpace || error.code == ErrorCode::kIo;
}

/// The incarnation that versions from this one on belong to, or a later one that they say: the
/// head's, unless the head is of a timeline that the run does not go on with.
std::int64_t least_incarnation(const PublishedVersions& versions, const Version& first) {
  if (versions.empty()) return 0;
  const StateId& head = versions.catalogue().head;
  const bool behind =
      std::pair(first.incarnation, first.number) > std::pair(head.incarnation, head.number);
  return behind || first.number > head.number ? head.incarnation : head.incarnation + 1;
}

/// Whether the head is this version already.
bool is_head(const PublishedVersions& versions, std::int64_t number, const StateCopy& state) {
  return !versions.empty() && versions.shadow() && versions.catalogue().head.number == number &&
         versions.shadow()->forms == state.forms && versions.shadow()->bits == state.bits;
}

/// Removes what is published, the heads first and durably: half a removal leaves no head that names
/// what is gone.
Status clear(Disk& disk, const std::string& folder) {
  if (!disk.exists(folder)) return {};
  TROUPE_ASSIGN(const auto policies, disk.list(folder));
  for (const std::string& policy : policies) {
    const std::string place = folder + "/" + policy;
    if (!disk.exists(place + "/" + kHeadFile)) continue;
    TROUPE_TRY(disk.remove(place + "/" + kHeadFile));
    TROUPE_TRY(disk.sync_folder(place));
  }
  return disk.remove(folder);
}

}  // namespace

Async<Status> Publications::open(std::vector<std::string> policies, bool fresh) {
  Status status;
  co_await on_worker(s_.executor, "read published versions", 0, [&] {
    if (fresh) status = clear(s_.disk, s_.folder);
    for (const std::string& policy : policies) {
      if (!status) return;
      PublishedVersions::Setting setting;
      setting.folder = s_.folder;
      setting.policy = policy;
      setting.anchor_every = s_.options.anchor_every;
      setting.limits = s_.options.limits();
      auto versions = PublishedVersions::open(s_.disk, std::move(setting));
      if (!versions) {
        status = tl::unexpected(versions.error());
        return;
      }
      lanes_.push_back(std::make_unique<Lane>());
      lanes_.back()->versions = std::move(*versions);
    }
  });
  for (const auto& lane : lanes_) {
    if (!lane->versions->note().empty() && s_.note) s_.note(lane->versions->note());
  }
  co_return status;
}

std::int64_t Publications::next_incarnation() const {
  std::int64_t out = 0;
  for (const auto& lane : lanes_) {
    if (lane->versions->empty()) continue;
    out = std::max(out, lane->versions->catalogue().head.incarnation + 1);
  }
  return out;
}

Async<Status> Publications::wait_for(Lane& lane) {
  const Wait wait(s_.disk_limit + kLongest, "publication of the version before");
  if (lane.busy) s_.executor.idle_reason(wait.reason);
  while (lane.busy) {
    const bool moved = co_await changed_.wait(wait);
    if (!moved) {
      co_return fail(ErrorCode::kDeadline, "waited for " + wait.reason);
    }
  }
  co_return lane.status;
}

Async<Status> Publications::begin(std::size_t policy, Version version,
                                  std::shared_ptr<const Weights> weights, Dtype dtype) {
  Lane& lane = *lanes_[policy];
  Status before = co_await wait_for(lane);
  if (!before) co_return before;
  lane.told = std::exchange(lane.fresh, {});
  if (lane.begun && lane.last == version) co_return Status();
  lane.begun = lane.busy = true;
  lane.last = version;
  spawn(publish(lane, version, std::move(weights), dtype));
  co_return Status();
}

Async<void> Publications::publish(Lane& lane, Version version,
                                  std::shared_ptr<const Weights> weights, Dtype dtype) {
  const Nanos began = s_.executor.now();
  std::shared_ptr<const StateCopy> state;
  bool told = false;
  for (;;) {
    Status status;
    std::optional<Publication> done;
    co_await on_worker(s_.executor, "publish weights", 1, [&] {
      if (!state) state = std::make_shared<const StateCopy>(state_of(*weights, dtype));
      const bool first = !std::exchange(lane.known, true);
      if (first && is_head(*lane.versions, version.number, *state)) {
        lane.least = lane.versions->catalogue().head.incarnation;
        return;
      }
      if (first) lane.least = least_incarnation(*lane.versions, version);
      const std::int64_t incarnation = std::max(version.incarnation, lane.least);
      auto published = lane.versions->publish(incarnation, version.number, state);
      if (published) {
        done = *published;
      } else {
        status = tl::unexpected(published.error());
      }
    });
    const Nanos now = s_.executor.now();
    if (status) {
      if (done) lane.fresh = numbers_of(*done, now - began);
      break;
    }
    const bool again = of_the_disk(status.error()) && !hurry_ && now - began < s_.disk_limit;
    if (!again) {
      lane.status = std::move(status);
      break;
    }
    if (!told && s_.note) {
      s_.note(status.error().message + "; it is tried again, and the run waits for it");
    }
    told = true;
    co_await sleep_for(s_.executor, kSecond);
  }
  lane.busy = false;
  changed_.notify_all();
}

Async<Status> Publications::finish(bool hurry) {
  hurry_ = hurry_ || hurry;
  Status out;
  for (const auto& lane : lanes_) {
    Status done = co_await wait_for(*lane);
    if (out) out = std::move(done);
  }
  co_return out;
}

}  // namespace troupe
