#include "train/advantage/grouping.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <map>
#include <span>
#include <string_view>
#include <utility>

namespace troupe {
namespace {

using GroupBy = AdvantageSettings::GroupBy;

std::pair<std::string_view, int> key_of(GroupBy by, std::string_view agent, int context) {
  if (by == GroupBy::kTask) return {"", 0};
  return {agent, by == GroupBy::kAgentTurn ? context : 0};
}

/// The input of a sample id {input}_{turn}_{trajectory}.
std::string_view input_of(std::string_view sample_id) {
  for (int part = 0; part < 2; ++part) {
    sample_id = sample_id.substr(0, std::min(sample_id.rfind('_'), sample_id.size()));
  }
  return sample_id;
}

std::vector<TokenId> prompt_of(const Trajectory& row) {
  std::vector<TokenId> out;
  for (const Segment& segment : row.segments) {
    if (segment.sampled) break;
    out.insert(out.end(), segment.tokens.begin(), segment.tokens.end());
  }
  return out;
}

/// A stretch of the tokens around the place where the two sides part.
std::string around(const std::vector<TokenId>& tokens, std::size_t at) {
  constexpr std::size_t kBefore = 4;
  constexpr std::size_t kShown = 12;
  const std::size_t from = at > kBefore ? at - kBefore : 0;
  const auto all = std::span(tokens).subspan(std::min(from, tokens.size()));
  const auto shown = all.first(std::min(kShown, all.size()));
  return fmt::format("[{}{}{}]", from > 0 ? "..., " : "", fmt::join(shown, ", "),
                     shown.size() < all.size() ? ", ..." : "");
}

std::string name_of(const Group& group) {
  return fmt::format("group {} of step {} (task {})", group.key.index, group.key.step + 1,
                     group.task);
}

Status check_prompts(const Group& group) {
  std::map<std::pair<std::string_view, int>, std::pair<const Trajectory*, std::vector<TokenId>>>
      firsts;
  for (const Trajectory& row : group.rows) {
    std::vector<TokenId> prompt = prompt_of(row);
    const auto [at, added] = firsts.try_emplace(key_of(GroupBy::kAgentTurn, row.agent, row.context),
                                                std::make_pair(&row, prompt));
    const auto& [first, expected] = at->second;
    if (added || prompt == expected) continue;
    const auto [a, b] =
        std::mismatch(expected.begin(), expected.end(), prompt.begin(), prompt.end());
    const auto place = static_cast<std::size_t>(a - expected.begin());
    return fail(ErrorCode::kInvalid,
                fmt::format("{}: agent \"{}\", turn {}: samples {} and {} do not begin with the "
                            "same prompt, which algorithm.group_by = \"agent_turn\" needs; they "
                            "part at token {}: {} against {}; use group_by = \"agent\"",
                            name_of(group), row.agent, row.context, first->sample_id, row.sample_id,
                            place, around(expected, place), around(prompt, place)));
  }
  return {};
}

}  // namespace

std::vector<std::vector<std::size_t>> comparisons(GroupBy by, const std::vector<Scored>& rows) {
  std::map<std::pair<std::string_view, int>, std::vector<std::size_t>> members;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    members[key_of(by, rows[i].agent, rows[i].context)].push_back(i);
  }
  std::vector<std::vector<std::size_t>> out;
  for (auto& [key, indices] : members) out.push_back(std::move(indices));
  return out;
}

Status check_comparable(GroupBy by, const Group& group) {
  for (const Trajectory& row : group.rows) {
    const std::string& first = group.rows.front().sample_id;
    if (input_of(row.sample_id) == input_of(first)) continue;
    return fail(ErrorCode::kInternal, fmt::format("{}: samples {} and {} are of different tasks",
                                                  name_of(group), first, row.sample_id));
  }
  return by == GroupBy::kAgentTurn ? check_prompts(group) : Status();
}

}  // namespace troupe
