#include "versions/published/published_folder.h"

#include <fmt/format.h>

#include "base/digest.h"
#include "versions/published/head.h"
#include "versions/published/retention.h"

namespace troupe {
namespace {

/// Bytes of a payload as long as the tensors that it names.
Result<StateCopy> room_for(std::string_view anchor) {
  TROUPE_ASSIGN(const DeltaView view, parse_delta(anchor));
  StateCopy out;
  for (const TensorRecord& record : view.tensors) {
    out.forms.push_back(record.form);
    out.bits.emplace_back(record.form.bytes(), '\0');
  }
  return out;
}

Status apply_payload(PayloadSource& source, const std::string& policy, const PayloadEntry& payload,
                     HeldVersion& held) {
  TROUPE_ASSIGN(const auto view, source.open(policy, payload.name));
  const std::string_view bytes = view->bytes();
  if (bytes.size() != payload.bytes || Digest().add(bytes).hex() != payload.digest) {
    return fail(ErrorCode::kIo, "its bytes are not those that the catalogue names");
  }
  if (held.id.digest.empty()) {
    TROUPE_ASSIGN(held.state, room_for(bytes));
  }
  HeldState state = held.state.held(policy, held.id);
  TROUPE_TRY(apply_delta(bytes, state));
  if (!(state.id == payload.target)) {
    return fail(ErrorCode::kIo, "it leads to another version than the catalogue says");
  }
  held.id = state.id;
  return {};
}

}  // namespace

std::vector<std::string> PublishedFolder::policies() {
  std::vector<std::string> out;
  const auto names = disk_.list(folder_);
  if (!names) return out;
  for (const std::string& name : *names) {
    if (disk_.exists(folder_ + "/" + name + "/" + kHeadFile)) out.push_back(name);
  }
  return out;
}

Result<Catalogue> PublishedFolder::catalogue(const std::string& policy) {
  const std::string path = folder_ + "/" + policy + "/" + kHeadFile;
  // A policy's name may come from a request.
  if (policy.empty() || policy.front() == '.' || policy.find('/') != std::string::npos ||
      !disk_.exists(path)) {
    return fail(ErrorCode::kNotFound,
                fmt::format("{}: no version of policy \"{}\" is published", folder_, policy));
  }
  TROUPE_ASSIGN(const std::string text, disk_.read(path));
  TROUPE_ASSIGN(Catalogue out, parse_head(text, path));
  if (out.policy == policy) return out;
  return fail(ErrorCode::kInvalid, fmt::format("{}: it is of policy \"{}\"", path, out.policy));
}

Result<std::unique_ptr<const FileView>> PublishedFolder::open(const std::string& policy,
                                                              const std::string& name) {
  TROUPE_ASSIGN(const Catalogue known, catalogue(policy));
  for (const PayloadEntry& payload : known.payloads) {
    if (payload.name == name) return disk_.map(folder_ + "/" + policy + "/" + name);
  }
  return fail(ErrorCode::kNotFound,
              fmt::format("policy {}: payload {} is not kept any more", policy, name));
}

Status bring_to(PayloadSource& source, const Catalogue& catalogue, const StateId& version,
                HeldVersion& held) {
  Catalogue wanted = catalogue;
  wanted.head = version;
  TROUPE_ASSIGN(const auto path, plan_path(wanted, held.id.digest.empty() ? nullptr : &held.id));
  for (const PayloadEntry& payload : path) {
    const Status applied = apply_payload(source, catalogue.policy, payload, held);
    if (!applied) return within("payload " + payload.name, applied.error());
  }
  return {};
}

Result<StateCopy> materialise(PayloadSource& source, const Catalogue& catalogue,
                              const StateId& version) {
  HeldVersion held;
  TROUPE_TRY(bring_to(source, catalogue, version, held));
  return std::move(held.state);
}

Result<StateId> find_version(const Catalogue& catalogue, std::int64_t number,
                             std::optional<std::int64_t> incarnation) {
  const std::vector<StateId> versions = versions_of(catalogue.payloads);
  for (auto id = versions.rbegin(); id != versions.rend(); ++id) {
    if (id->number == number && incarnation.value_or(id->incarnation) == id->incarnation)
      return *id;
  }
  return fail(
      ErrorCode::kNotFound,
      fmt::format("policy {}: {} is not kept; there are {} versions, the oldest {}, the newest {}",
                  catalogue.policy, StateId{incarnation.value_or(0), number, ""}.text(),
                  versions.size(), versions.empty() ? "none" : versions.front().text(),
                  catalogue.head.text()));
}

}  // namespace troupe
