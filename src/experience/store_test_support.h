#pragma once

#include <fmt/format.h>

#include <string>
#include <utility>
#include <vector>

#include "experience/store.h"

// For the tests of the store: small stores of two policies, and samples that say what they are.

namespace troupe {

inline GroupKey group_key(std::int64_t step, std::int64_t index) {
  GroupKey out;
  out.step = step;
  out.index = index;
  return out;
}

/// What `agent` said in episode `member` of a group: `tokens` sampled ids, a function of the names.
inline Trajectory test_trajectory(GroupKey key, int member, const std::string& agent,
                                  std::size_t tokens = 3, Version version = {}) {
  Trajectory out;
  out.sample_id = fmt::format("{}-{}_0_{}", key.step, key.index, member);
  out.agent = agent;
  out.member = member;
  out.reward = static_cast<double>((key.step + key.index + member) % 3);
  out.success = member % 2 == 0;
  out.entropy_sum = 0.25 * member;
  Segment heard;
  heard.tokens = {1, 2};
  Segment said;
  said.sampled = true;
  said.version = version;
  for (std::size_t i = 0; i < tokens; ++i) {
    said.tokens.push_back(static_cast<TokenId>(key.step * 1000 + key.index * 10 + member));
    said.logprobs.push_back(-0.5F * static_cast<float>(i));
  }
  out.segments = {heard, said};
  return out;
}

inline ExperienceStore::Setting test_setting(Executor& executor, Disk& disk,
                                             std::vector<std::string> policies = {"a", "b"}) {
  JournalOptions journal;
  journal.folder = "/run/experience";
  journal.snapshot_segments = 1;
  ExperienceStore::Setting out{executor, disk, journal, {}, {}};
  for (const std::string& name : policies) {
    ExperienceStore::Policy policy;
    policy.name = name;
    policy.agents = {name};
    policy.byte_budget = 1U << 20;
    out.policies.push_back(std::move(policy));
  }
  return out;
}

/// Fills every policy's advantages and closes the group.
inline Status finish_group(ExperienceStore& store, GroupKey key) {
  for (std::size_t p = 0; p < store.state().tables().size(); ++p) {
    const auto& rows = store.table(static_cast<int>(p)).find(key)->rows;
    ColumnRecord column;
    column.key = key;
    column.policy = static_cast<std::uint16_t>(p);
    column.column = Column::kAdvantage;
    for (const Row& row : rows) column.values.push_back(row.number(Column::kReward) - 1);
    if (!rows.empty()) TROUPE_TRY(store.fill(column));
  }
  return store.close(key);
}

/// A whole group at once: reserved, played by every agent, closed.
inline Status play_test_group(ExperienceStore& store, GroupKey key, int members,
                              std::size_t tokens = 3) {
  const std::size_t policies = store.state().tables().size();
  std::vector<std::int64_t> versions;
  for (std::size_t p = 0; p < policies; ++p) {
    versions.push_back(store.table(static_cast<int>(p)).version());
  }
  TROUPE_TRY(store.reserve(key, store.state().next_place(),
                           fmt::format("task {}", store.state().next_place()),
                           std::vector<std::uint64_t>(policies, 1000), versions));
  TROUPE_TRY(store.start(key));
  for (int m = 0; m < members; ++m) {
    std::vector<Trajectory> rows;
    for (const auto& table : store.state().tables()) {
      const Version version = table->timeline().at(table->version());
      rows.push_back(test_trajectory(key, m, table->policy(), tokens, version));
    }
    TROUPE_TRY(store.add_episode(key, m, rows));
  }
  return finish_group(store, key);
}

}  // namespace troupe
