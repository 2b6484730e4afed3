#include "base/disk_simulated_tree.h"

#include <algorithm>
#include <utility>

#include "base/disk_in_memory.h"

namespace troupe {
namespace {

using in_memory::is_root;
using in_memory::leaf;
using in_memory::normal;
using in_memory::parent;

constexpr SimulatedTree::Id kRelativeRoot = 1;
constexpr SimulatedTree::Id kAbsoluteRoot = 2;

}  // namespace

SimulatedTree::SimulatedTree() : folders_{{kRelativeRoot, {}}, {kAbsoluteRoot, {}}}, next_(3) {}

std::optional<SimulatedTree::Id> SimulatedTree::find(const std::string& path) const {
  const std::string name = normal(path);
  if (name.empty()) return kRelativeRoot;
  if (name == "/") return kAbsoluteRoot;
  const auto above = find(parent(name));
  if (!above || !is_folder(*above)) return std::nullopt;
  const auto& entries = folders_.at(*above).cached;
  const auto entry = entries.find(leaf(name));
  if (entry == entries.end()) return std::nullopt;
  return entry->second;
}

std::vector<std::string> SimulatedTree::names(Id folder) const {
  std::vector<std::string> out;
  for (const auto& [name, node] : folders_.at(folder).cached) out.push_back(name);
  return out;
}

std::set<SimulatedTree::Id> SimulatedTree::reachable() const {
  std::set<Id> seen;
  std::vector<Id> open = {kRelativeRoot, kAbsoluteRoot};
  while (!open.empty()) {
    const Id id = open.back();
    open.pop_back();
    if (!seen.insert(id).second || !is_folder(id)) continue;
    for (const auto& [name, node] : folders_.at(id).cached) open.push_back(node);
  }
  return seen;
}

Result<SimulatedTree::Id> SimulatedTree::folder_of(const std::string& path,
                                                   const std::string& spelled) const {
  const auto folder = find(parent(path));
  if (!folder || !is_folder(*folder)) return in_memory::absent(spelled);
  return *folder;
}

Result<SimulatedTree::Id> SimulatedTree::add_file(const std::string& path) {
  const std::string name = normal(path);
  TROUPE_ASSIGN(const Id folder, folder_of(name, path));
  change({{folder, leaf(name), next_}});
  return next_++;
}

Status SimulatedTree::make_folders(const std::string& path) {
  std::vector<std::string> missing;
  std::string name = normal(path);
  for (; !find(name); name = parent(name)) missing.push_back(name);
  // `name` exists; what is missing lies below it, unless it is a file.
  if (!is_folder(*find(name))) {
    return fail(ErrorCode::kIo, path + ": a file of that name exists");
  }
  for (; !missing.empty(); missing.pop_back()) {
    TROUPE_ASSIGN(const Id folder, folder_of(missing.back(), path));
    folders_[next_];
    change({{folder, leaf(missing.back()), next_++}});
    std::vector<bool> last(waiting_.size());
    last.back() = true;
    commit(std::move(last));
  }
  return {};
}

Status SimulatedTree::rename(const std::string& from, const std::string& to) {
  const std::string source = normal(from);
  const std::string target = normal(to);
  auto refuse = [&](const char* why) {
    return fail(ErrorCode::kIo, fmt::format("cannot rename {} to {}: {}", from, to, why));
  };
  const auto node = find(source);
  if (!node) return in_memory::absent(from);
  if (is_root(source) || is_root(target)) return refuse("Device or resource busy");
  TROUPE_ASSIGN(const Id source_folder, folder_of(source, from));
  TROUPE_ASSIGN(const Id target_folder, folder_of(target, to));
  // Two names of one file stay, as POSIX has it.
  if (source == target || (!is_folder(*node) && find(target) == node)) return {};
  if (in_memory::below(target, source)) return refuse("a folder cannot lie in itself");
  if (const auto old = find(target)) {
    if (is_folder(*node) && !is_folder(*old)) return refuse("Not a directory");
    if (!is_folder(*node) && is_folder(*old)) return refuse("Is a directory");
    if (is_folder(*old) && !folders_.at(*old).cached.empty()) return refuse("Directory not empty");
  }
  change({{source_folder, leaf(source), 0}, {target_folder, leaf(target), *node}});
  waiting_.back().moves_folder = is_folder(*node);
  return {};
}

Status SimulatedTree::link(const std::string& from, const std::string& to) {
  const std::string target = normal(to);
  auto refuse = [&](const char* why) {
    return fail(ErrorCode::kIo, fmt::format("cannot link {} to {}: {}", from, to, why));
  };
  const auto node = find(from);
  if (!node) return in_memory::absent(from);
  if (is_folder(*node)) return refuse("Operation not permitted");
  if (find(target)) return refuse("File exists");
  TROUPE_ASSIGN(const Id folder, folder_of(target, to));
  change({{folder, leaf(target), *node}});
  return {};
}

std::vector<SimulatedTree::Entry> SimulatedTree::removals(const std::string& path) const {
  const std::string name = normal(path);
  const auto node = find(name);
  if (!node) return {};
  std::vector<Entry> out;
  if (is_folder(*node)) {
    for (const std::string& child : names(*node)) {
      const std::string prefix = is_root(name) ? name : name + '/';
      for (Entry& entry : removals(prefix + child)) out.push_back(std::move(entry));
    }
  }
  if (!is_root(name)) out.push_back({*find(parent(name)), leaf(name)});
  return out;
}

void SimulatedTree::change(std::vector<Entry> entries) {
  Change made;
  for (Entry& entry : entries) {
    auto& names = folders_.at(entry.folder).cached;
    const auto old = names.find(entry.name);
    const bool moved = std::any_of(entries.begin(), entries.end(), [&](const Entry& other) {
      return old != names.end() && other.node == old->second;
    });
    entry.removes = old != names.end() && !moved && is_folder(old->second) ? old->second : 0;
    made.unsynced.insert(entry.folder);
    if (entry.node != 0) {
      names[entry.name] = entry.node;
    } else if (old != names.end()) {
      names.erase(old);
    }
  }
  made.entries = std::move(entries);
  waiting_.push_back(std::move(made));
}

bool SimulatedTree::depends(const Change& later, const Change& earlier) {
  if (later.moves_folder && earlier.moves_folder) return true;
  for (const Entry& a : later.entries) {
    for (const Entry& b : earlier.entries) {
      if (a.removes == b.folder || (a.folder == b.folder && a.name == b.name)) return true;
    }
  }
  return false;
}

void SimulatedTree::apply(const Change& change) {
  for (const Entry& entry : change.entries) {
    auto& names = folders_.at(entry.folder).durable;
    if (entry.node != 0) {
      names[entry.name] = entry.node;
    } else {
      names.erase(entry.name);
    }
  }
}

void SimulatedTree::commit(std::vector<bool> chosen) {
  for (std::size_t i = chosen.size(); i-- > 0;) {
    for (std::size_t j = 0; chosen[i] && j < i; ++j) {
      chosen[j] = chosen[j] || depends(waiting_[i], waiting_[j]);
    }
  }
  std::vector<Change> rest;
  for (std::size_t i = 0; i < chosen.size(); ++i) {
    if (chosen[i]) {
      apply(waiting_[i]);
    } else {
      rest.push_back(std::move(waiting_[i]));
    }
  }
  waiting_ = std::move(rest);
}

void SimulatedTree::sync(Id folder) {
  std::vector<bool> chosen;
  for (Change& change : waiting_) {
    change.unsynced.erase(folder);
    chosen.push_back(change.unsynced.empty());
  }
  commit(std::move(chosen));
}

void SimulatedTree::lose_unsynced() {
  waiting_.clear();
  for (auto& [id, folder] : folders_) folder.cached = folder.durable;
}

void SimulatedTree::tear(Rng& rng) {
  const double rate = rng.uniform();  // every number of survivors is about equally likely
  std::vector<bool> survives;
  for (std::size_t i = 0; i < waiting_.size(); ++i) {
    survives.push_back(rng.uniform() < rate);
    for (std::size_t j = 0; j < i; ++j) {
      if (!survives[j] && depends(waiting_[i], waiting_[j])) survives[i] = false;
    }
    if (survives[i]) apply(waiting_[i]);
  }
  lose_unsynced();
}

}  // namespace troupe
