#pragma once

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "experience/state.h"

namespace troupe {

/// What an experience store must hold, in plain maps: told every change that was made, it says
/// which samples are ready, taken, covered and retired. For tests.
struct ReferenceModel {
  struct Part {  ///< of a group, one policy's
    GroupState state = GroupState::kReserved;
    std::int64_t step = -1;  ///< that took it
    std::set<int> members;
    std::set<std::string> samples;
    std::size_t filled = 0;
    bool closed = false;
  };
  struct Policy {
    std::map<GroupKey, Part> parts;
    std::map<std::int64_t, std::vector<std::vector<GroupKey>>> taken, again;  ///< by step
    std::int64_t used = 0;  ///< samples of retired steps
  };
  std::vector<Policy> policies;
  std::int64_t retired_steps = 0;
  std::string wrong;  ///< the first thing that the store must not have done

  explicit ReferenceModel(std::size_t tables) : policies(tables) {}
  Part& part(std::size_t p, GroupKey key) { return policies[p].parts[key]; }

  void reserve(GroupKey key) {
    for (Policy& p : policies) p.parts[key] = Part();
  }
  void start(GroupKey key) {
    for (Policy& p : policies) p.parts[key].state = GroupState::kRunning;
  }
  void sample(std::size_t p, GroupKey key, const std::string& id) {
    part(p, key).samples.insert(id);
  }
  void member(GroupKey key, int member) {
    for (Policy& p : policies) p.parts[key].members.insert(member);
  }
  void fill(std::size_t p, GroupKey key, std::size_t values) {
    part(p, key).filled += values;
    complete(part(p, key));
  }
  void close(GroupKey key) {
    for (Policy& p : policies) {
      p.parts[key].closed = true;
      complete(p.parts[key]);
    }
  }
  static void complete(Part& part) {
    if (!part.closed || part.filled < part.samples.size()) return;
    part.state = part.samples.empty() ? GroupState::kEmpty : GroupState::kReady;
  }
  void end(GroupKey key, GroupState state) {
    for (Policy& p : policies) {
      if (!ended(p.parts[key].state)) p.parts[key].state = state;
    }
  }
  void take(std::size_t p, std::int64_t step, const std::vector<GroupKey>& keys) {
    Policy& in = policies[p];
    if (in.again.contains(step)) {  // as it was before a restart, but for what has ended since
      auto batch = in.again[step].front();
      std::erase_if(batch, [&](GroupKey key) { return part(p, key).state != GroupState::kReady; });
      if (!batch.empty() && batch != keys) wrong = fmt::format("step {}: another batch", step);
      in.again[step].erase(in.again[step].begin());
      if (in.again[step].empty()) in.again.erase(step);
    }
    for (const GroupKey key : keys) {
      Part& taken = part(p, key);
      if (taken.state != GroupState::kReady) wrong = "took what was not ready: " + name(p, key);
      taken.state = GroupState::kTaken;
      taken.step = step;
    }
    in.taken[step].push_back(keys);
  }
  void cover(std::size_t p, std::int64_t step, bool skipped) {
    for (auto& [key, part] : policies[p].parts) {
      if (part.step != step || part.state != GroupState::kTaken) continue;
      part.state = skipped ? GroupState::kFailed : GroupState::kCovered;
    }
  }
  void retire(std::int64_t steps) {
    retired_steps = std::max(retired_steps, steps);
    for (Policy& p : policies) {
      for (auto& [key, part] : p.parts) {
        if (part.state != GroupState::kCovered || part.step >= steps) continue;
        part.state = GroupState::kRetired;
        p.used += static_cast<std::int64_t>(part.samples.size());
      }
      p.taken.erase(p.taken.begin(), p.taken.lower_bound(steps));
      p.again.erase(p.again.begin(), p.again.lower_bound(steps));
    }
  }
  void restart(std::int64_t steps) {
    if (steps < retired_steps) return go_back(steps);
    retire(steps);
    for (Policy& p : policies) {
      for (auto& [step, batches] : p.taken) {
        auto& again = p.again[step];
        again.insert(again.begin(), batches.begin(), batches.end());
      }
      p.taken.clear();
      for (auto& [key, part] : p.parts) {
        if (part.step < steps) continue;
        part.state = GroupState::kReady;
        part.step = -1;
      }
    }
  }
  /// To an older checkpoint than the newest: what later steps were given, or admitted, is gone.
  void go_back(std::int64_t steps) {
    retired_steps = steps;
    for (Policy& p : policies) {
      std::erase_if(p.parts, [steps](const auto& entry) {
        return std::max(entry.second.step, entry.first.step) >= steps;
      });
      p.taken.erase(p.taken.lower_bound(steps), p.taken.end());
      p.again.erase(p.again.lower_bound(steps), p.again.end());
    }
  }

  static std::string name(std::size_t p, GroupKey key) {
    return fmt::format("policy {}, group {} of step {}", p, key.index, key.step);
  }
  /// The first difference between a store's state and this; empty: none.
  [[nodiscard]] std::string difference(const StoreState& state) const {
    if (!wrong.empty()) return wrong;
    for (std::size_t p = 0; p < state.tables().size(); ++p) {
      const ExperienceTable& table = *state.tables()[p];
      for (const auto& [key, entry] : table.entries()) {
        if (!policies[p].parts.contains(key)) return name(p, key) + " should not be there";
      }
      for (const auto& [key, part] : policies[p].parts) {
        const std::string diff = difference(part, key, table.find(key));
        if (!diff.empty()) return fmt::format("{} {}", name(p, key), diff);
      }
      if (table.used() != policies[p].used) {
        return fmt::format("policy {}: {} samples used, not {}", p, table.used(), policies[p].used);
      }
    }
    return "";
  }

 private:
  [[nodiscard]] std::string difference(const Part& part, GroupKey key,
                                       const TableEntry* entry) const {
    if (entry == nullptr) {  // only what nobody needs any more may be forgotten
      const std::int64_t step = std::max(part.step, key.step);
      return ended(part.state) && step < retired_steps ? "" : "is lost";
    }
    std::set<std::string> samples;
    for (const Row& row : entry->rows) samples.insert(row.sample_id);
    const std::set<int> members(entry->members.begin(), entry->members.end());
    if (entry->state != part.state || entry->step != part.step) {
      return fmt::format("is {} by step {}, not {} by step {}", to_string(entry->state),
                         entry->step, to_string(part.state), part.step);
    }
    if (samples != part.samples || samples.size() != entry->rows.size()) {
      return fmt::format("has {} samples, not {}", entry->rows.size(), part.samples.size());
    }
    return members == part.members ? "" : "has other members";
  }
};

}  // namespace troupe
