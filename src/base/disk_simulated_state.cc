#include "base/disk_simulated_state.h"

namespace troupe {
namespace {

using Id = SimulatedTree::Id;

using Kind = SimulatedDisk::CallKind;

const char* action(Kind kind) {
  switch (kind) {
    case Kind::kCreate:
      return "create";
    case Kind::kAppend:
      return "append to";
    case Kind::kSync:
      return "sync";
    case Kind::kWrite:
      return "write";
    case Kind::kTruncate:
      return "truncate";
    case Kind::kRename:
      return "rename";
    case Kind::kLink:
      return "link";
    case Kind::kRemove:
      return "remove";
    case Kind::kMakeFolders:
      return "make folder";
    case Kind::kSyncFolder:
      return "sync folder";
  }
  return "call";
}

bool needs_space(Kind kind) {
  return kind == Kind::kCreate || kind == Kind::kLink || kind == Kind::kAppend ||
         kind == Kind::kWrite;
}

}  // namespace

std::string SimulatedDisk::Call::text() const {
  const std::string what = fmt::format("{} {}", action(kind), path);
  return kind == CallKind::kRename || kind == CallKind::kLink ? what + " to " + to : what;
}

Status SimulatedDisk::State::alive(const std::string& call) const {
  if (!crashed) return {};
  return fail(ErrorCode::kIo, fmt::format("cannot {}: the machine has crashed", call));
}

std::optional<Error> SimulatedDisk::State::next_fault(const Call& call, std::uint64_t number) {
  if (crash_at && *crash_at <= number) {
    crashed = true;
    return alive(call.text()).error();
  }
  if (!announced.empty() && announced.begin()->first <= number) {
    const ErrorCode code = announced.begin()->second;
    announced.erase(announced.begin());
    return in_memory::injected(code, call.text());
  }
  if (failing && (*failing != ErrorCode::kNoSpace || needs_space(call.kind))) {
    return in_memory::injected(*failing, call.text());
  }
  return std::nullopt;
}

Result<SimulatedFile*> SimulatedDisk::State::Image::file(const std::string& path) {
  const auto id = tree.find(path);
  if (!id) return in_memory::absent(path);
  if (tree.is_folder(*id)) return fail(ErrorCode::kIo, path + ": Is a directory");
  return &files.at(*id);
}

Result<SimulatedFile*> SimulatedDisk::State::Image::file_or_new(const std::string& path) {
  if (tree.find(path)) return file(path);
  TROUPE_ASSIGN(const Id id, new_file(path));
  return &files.at(id);
}

Result<Id> SimulatedDisk::State::Image::new_file(const std::string& path) {
  TROUPE_ASSIGN(const Id id, tree.add_file(path));
  files[id];
  return id;
}

Result<Id> SimulatedDisk::State::Image::folder(const std::string& path) const {
  const auto id = tree.find(path);
  if (!id || !tree.is_folder(*id)) return in_memory::absent(path);
  return *id;
}

void SimulatedDisk::State::Image::crash(Loss loss, std::uint64_t crash_seed) {
  if (loss == Loss::kNone) return;
  Rng rng(crash_seed);
  if (loss == Loss::kRandom) {
    tree.tear(rng);
  } else {
    tree.lose_unsynced();
  }
  const auto named = tree.reachable();
  std::erase_if(files, [&](const auto& one) { return !named.contains(one.first); });
  for (auto& [id, file] : files) {
    Rng own(seed_join(crash_seed, id));
    if (loss == Loss::kRandom) {
      file.tear(own);
    } else {
      file.lose_unsynced();
    }
  }
}

}  // namespace troupe
