#include "versions/published/published_versions.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <utility>

#include "base/digest.h"
#include "versions/delta/encode.h"
#include "versions/published/head.h"

namespace troupe {
namespace {

auto order_of(const StateId& id) { return std::pair(id.incarnation, id.number); }

}  // namespace

PublishedVersions::PublishedVersions(Disk& disk, Setting setting)
    : disk_(disk), setting_(std::move(setting)) {
  catalogue_.policy = setting_.policy;
}

Result<std::unique_ptr<PublishedVersions>> PublishedVersions::open(Disk& disk, Setting setting) {
  std::unique_ptr<PublishedVersions> out(new PublishedVersions(disk, std::move(setting)));
  const Status recovered = out->recover();
  if (!recovered) {
    return within("published versions of policy " + out->setting_.policy, recovered.error());
  }
  return out;
}

Status PublishedVersions::recover() {
  TROUPE_TRY(disk_.make_folders(place()));
  PublishedFolder reader(disk_, setting_.folder);
  auto found = reader.catalogue(setting_.policy);
  if (!found && found.error().code == ErrorCode::kInvalid) {
    found.error().message += "; remove " + place() + " to publish anew";
  }
  if (found) {
    catalogue_ = std::move(*found);
    // Whether the head was durable when the process died is unknown.
    TROUPE_TRY(disk_.sync_folder(place()));
    auto head = materialise(reader, catalogue_, catalogue_.head);
    if (head) {
      shadow_ = std::make_shared<const StateCopy>(std::move(*head));
    } else {
      note_ = fmt::format("published versions of policy {}: {}; the next version is a full anchor",
                          setting_.policy, head.error().message);
    }
  } else if (found.error().code != ErrorCode::kNotFound) {
    return tl::unexpected(found.error());
  }
  sweep();
  return {};
}

/// After a head that could not be moved: puts the head file that readers shall see there again.
Status PublishedVersions::settle() {
  if (!unsure_) return {};
  const std::string path = place() + "/" + kHeadFile;
  if (empty()) {
    TROUPE_TRY(disk_.remove(path));
    TROUPE_TRY(disk_.sync_folder(place()));
  } else {
    TROUPE_TRY(write_atomic(disk_, path, head_text(catalogue_)));
  }
  unsure_ = false;
  sweep();
  return {};
}

/// Removes the files that the head does not name. What cannot be removed stays for the next time.
void PublishedVersions::sweep() {
  std::set<std::string> known;
  if (!empty()) known.insert(kHeadFile);
  for (const PayloadEntry& payload : catalogue_.payloads) known.insert(payload.name);
  const auto names = disk_.list(place());
  if (!names) return;
  for (const std::string& name : *names) {
    if (!known.contains(name)) (void)disk_.remove(place() + "/" + name);
  }
}

std::vector<StateId> PublishedVersions::in_use() {
  std::vector<StateId> out;
  std::erase_if(uses_, [](const auto& use) { return use.expired(); });
  for (const auto& use : uses_) {
    if (const auto id = use.lock()) out.push_back(*id);
  }
  return out;
}

bool PublishedVersions::anchor_due() const {
  std::int64_t versions = 1;
  std::uint64_t deltas = 0;
  for (auto at = catalogue_.payloads.rbegin(); at != catalogue_.payloads.rend(); ++at) {
    if (!at->base) return versions >= setting_.anchor_every || deltas > at->bytes;
    ++versions;
    deltas += at->bytes;
  }
  return true;
}

Status PublishedVersions::write(const std::vector<Draft>& drafts) {
  for (const Draft& draft : drafts) {
    TROUPE_TRY(write_atomic(disk_, place() + "/" + draft.entry.name, draft.bytes));
  }
  return {};
}

Result<Publication> PublishedVersions::publish(std::int64_t incarnation, std::int64_t number,
                                               std::shared_ptr<const StateCopy> now, bool anchor) {
  const StateId& head = catalogue_.head;
  if (!empty() && std::pair(incarnation, number) <= order_of(head)) {
    return fail(ErrorCode::kInvalid,
                fmt::format("policy {}: {} cannot be published behind {}", setting_.policy,
                            StateId{incarnation, number, ""}.text(), head.text()));
  }
  TROUPE_TRY(settle());
  Publication out;
  out.values = out.changed = now->values();
  out.full_bytes = now->bytes();
  const std::vector<StateTensor> tensors = now->tensors();
  std::vector<Draft> drafts;
  const auto add = [&](EncodedDelta encoded, std::optional<StateId> base) {
    out.id = encoded.target;
    PayloadEntry entry{payload_name(encoded.target, !base), base, encoded.target,
                       encoded.payload.size(), Digest().add(encoded.payload).hex()};
    drafts.push_back({std::move(entry), std::move(encoded.payload)});
    return drafts.back().entry.bytes;
  };
  if (shadow_) {
    TROUPE_ASSIGN(EncodedDelta delta, encode_delta(setting_.policy, head, shadow_->tensors(),
                                                   incarnation, number, tensors));
    out.changed = delta.changed;
    out.delta_bytes = add(std::move(delta), head);
  }
  if (anchor || !shadow_ || anchor_due()) {
    TROUPE_ASSIGN(EncodedDelta full, encode_anchor(setting_.policy, incarnation, number, tensors));
    out.anchor_bytes = add(std::move(full), std::nullopt);
  }

  Catalogue next = catalogue_;
  if (!shadow_) next.payloads.clear();  // nothing, or damaged
  next.head = out.id;
  for (const Draft& draft : drafts) next.payloads.push_back(draft.entry);
  next.payloads = retained(next, setting_.limits, in_use());

  const std::string where = "publishing " + out.id.text() + " of policy " + setting_.policy;
  Status done = write(drafts);
  if (!done) {
    sweep();
    return within(where, done.error());
  }
  done = write_atomic(disk_, place() + "/" + kHeadFile, head_text(next));
  if (!done) {
    unsure_ = true;
    return within(where, done.error());
  }
  catalogue_ = std::move(next);
  shadow_ = std::move(now);
  sweep();
  for (const Subscriber& subscriber : subscribers_) {
    subscriber.executor->post([told = subscriber.told, id = out.id] { told(id); });
  }
  return out;
}

Result<Publication> PublishedVersions::rollback(const StateId& version) {
  TROUPE_TRY(settle());
  PublishedFolder reader(disk_, setting_.folder);
  TROUPE_ASSIGN(StateCopy state, materialise(reader, catalogue_, version));
  return publish(catalogue_.head.incarnation + 1, version.number,
                 std::make_shared<const StateCopy>(std::move(state)), true);
}

Result<VersionUse> PublishedVersions::use(const StateId& version) {
  for (const PayloadEntry& payload : catalogue_.payloads) {
    if (!(payload.target == version)) continue;
    auto use = std::make_shared<const StateId>(version);
    uses_.push_back(use);
    return use;
  }
  return fail(ErrorCode::kNotFound,
              fmt::format("policy {}: {} is not kept any more", setting_.policy, version.text()));
}

}  // namespace troupe
