#include "versions/checkpoint_store.h"

#include <fmt/format.h>

#include <algorithm>

#include "versions/checkpoint_content.h"

namespace troupe {
namespace {

constexpr const char* kWriting = ".writing";    // a draft
constexpr const char* kRemoving = ".removing";  // no checkpoint any more
constexpr const char* kDamaged = ".damaged";

}  // namespace

Status CheckpointStore::write(const Checkpoint& checkpoint, const std::string& draft,
                              CheckpointFiles& files) {
  TROUPE_TRY(disk_.remove(draft));
  TROUPE_TRY(disk_.make_folders(draft));
  CheckpointDraft writer(disk_, draft, known_);
  TROUPE_TRY(write_policies(writer, draft, checkpoint));
  files = writer.files();
  TROUPE_TRY(disk_.write(draft + "/" + kCheckpointState, state_text(checkpoint, files), true));
  return disk_.sync_folder(draft);
}

/// Moves a checkpoint out of its place, if there is one.
Status CheckpointStore::vacate(const std::string& name) {
  if (!disk_.exists(place(name))) return {};
  known_.forget(place(name));
  TROUPE_TRY(clear(name));
  return disk_.rename(place(name), place(name) + kRemoving);
}

/// Removes what was moved out of its place, when it is durable that it is there no more: half a
/// checkpoint must not come back.
Status CheckpointStore::clear(const std::string& name) {
  if (!disk_.exists(place(name) + kRemoving)) return {};
  TROUPE_TRY(disk_.sync_folder(folder_));
  return disk_.remove(place(name) + kRemoving);
}

Result<SavedCheckpoint> CheckpointStore::save(const Checkpoint& checkpoint,
                                              const std::string& kind) {
  const std::string name = CheckpointName{kind, checkpoint.step}.text();
  SavedCheckpoint out;
  out.place = place(name);
  const std::string draft = out.place + kWriting;
  CheckpointFiles files;
  auto move_in = [&]() -> Status {
    TROUPE_TRY(write(checkpoint, draft, files));
    TROUPE_TRY(vacate(name));
    TROUPE_TRY(disk_.rename(draft, out.place));
    return disk_.sync_folder(folder_);
  };
  const Status moved = move_in();
  if (!moved) {
    (void)disk_.remove(draft);
    return within("checkpoint " + out.place, moved.error());
  }
  (void)clear(name);  // prune() tries again
  known_.add_all(files, out.place);
  for (const auto& [path, file] : files) (file.linked ? out.linked : out.written) += file.bytes;
  return out;
}

Result<std::vector<std::string>> CheckpointStore::list(const std::string& kind) {
  auto names = disk_.list(folder_);
  if (!names) {
    if (names.error().code == ErrorCode::kNotFound) return std::vector<std::string>();
    return tl::unexpected(names.error());
  }
  std::vector<std::int64_t> steps;
  for (const std::string& name : *names) {
    const auto read = CheckpointName::parse(name);
    if (read && read->kind == kind) steps.push_back(read->step);
  }
  std::sort(steps.rbegin(), steps.rend());
  std::vector<std::string> out;
  for (const std::int64_t step : steps) out.push_back(CheckpointName{kind, step}.text());
  return out;
}

Result<Checkpoint> CheckpointStore::load(const std::string& name, const std::string& end_token) {
  CheckpointFiles files;
  auto checkpoint = read_checkpoint(disk_, place(name), end_token, files);
  if (checkpoint) {
    std::erase_if(files, [&](const auto& file) { return !known_.find(file.second).empty(); });
    known_.add_all(files, place(name));
    return checkpoint;
  }
  Error error = checkpoint.error();
  error.message += fmt::format("; or remove {} to go on from an older checkpoint", place(name));
  return tl::unexpected(std::move(error));
}

Result<CheckpointSummary> CheckpointStore::summary(const std::string& name) {
  TROUPE_ASSIGN(const CheckpointState state, read_state(disk_, place(name)));
  return state.summary;
}

Status CheckpointStore::prune(const KeepRules& rules) {
  TROUPE_ASSIGN(const auto names, disk_.list(folder_));
  for (const std::string& name : not_kept(names, rules)) TROUPE_TRY(vacate(name));
  TROUPE_TRY(disk_.sync_folder(folder_));  // as clear() says
  TROUPE_ASSIGN(const auto left, disk_.list(folder_));
  for (const std::string& name : left) {
    if (name.ends_with(kWriting) || name.ends_with(kRemoving)) {
      TROUPE_TRY(disk_.remove(place(name)));
    }
  }
  return {};
}

Status CheckpointStore::set_aside(const std::string& name) {
  known_.forget(place(name));
  TROUPE_TRY(disk_.remove(place(name) + kDamaged));
  TROUPE_TRY(disk_.rename(place(name), place(name) + kDamaged));
  return disk_.sync_folder(folder_);
}

}  // namespace troupe
