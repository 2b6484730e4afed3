#include "orchestrate/demonstration.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "base/rng.h"

namespace troupe {
namespace {

using Rows = std::vector<std::vector<Trajectory>>;

/// Finds the policy of an agent and the row of one of its contexts in this episode, made at the
/// context's first turn.
struct RowFinder {
  Team& team;
  Rows rows;
  std::map<std::pair<std::string, int>, std::pair<std::size_t, std::size_t>> places;

  Result<std::pair<PolicyRuntime*, Trajectory*>> find(const Prompt& prompt) {
    const std::string& agent = prompt.agent;
    const auto known = places.find({agent, prompt.context});
    if (known != places.end()) {
      const auto [p, r] = known->second;
      return std::make_pair(team.policies()[p].get(), &rows[p][r]);
    }
    for (std::size_t p = 0; p < team.policies().size(); ++p) {
      const auto& agents = team.policies()[p]->options->agents;
      if (std::find(agents.begin(), agents.end(), agent) == agents.end()) continue;
      places[{agent, prompt.context}] = {p, rows[p].size()};
      rows[p].emplace_back();
      rows[p].back().agent = agent;
      rows[p].back().context = prompt.context;
      return std::make_pair(team.policies()[p].get(), &rows[p].back());
    }
    return fail(ErrorCode::kInvalid, fmt::format("no policy plays agent \"{}\"", agent));
  }
};

Status append(RowFinder& finder, const Prompt& prompt, const std::string& answer) {
  TROUPE_ASSIGN(auto place, finder.find(prompt));
  auto [policy, row] = place;
  const ChatFormat* chat = policy->chat.get();
  const auto where = row->segments.empty() ? PromptPlace::kFirst : PromptPlace::kAfterEnd;
  auto shown = encode_prompt(*policy->tokenizer, chat, prompt.text, where);
  if (!shown) return within(fmt::format("prompt for agent \"{}\"", prompt.agent), shown.error());
  auto said = encode_answer(*policy->tokenizer, chat, answer);
  if (!said) return within(fmt::format("demonstration for \"{}\"", prompt.agent), said.error());
  const std::int64_t total =
      row->tokens() + static_cast<std::int64_t>(shown->size() + said->size());
  if (total > policy->max_context) {
    return fail(ErrorCode::kInvalid,
                fmt::format("a demonstration for agent \"{}\" has {} tokens; rollout.max_context "
                            "and model.max_positions allow {}: raise them",
                            prompt.agent, total, policy->max_context));
  }
  Segment seen;
  seen.tokens = std::move(*shown);
  Segment spoken;
  spoken.sampled = true;
  spoken.tokens = std::move(*said);
  row->segments.push_back(std::move(seen));
  row->segments.push_back(std::move(spoken));
  return {};
}

Result<Rows> play(const EnvironmentSpec& spec, Team& team, DemonstrationId id) {
  Rng rng(id.seed);
  const auto size = spec.size(Split::kTrain);
  const std::uint64_t index = rng.below(size.value_or(1ULL << 40));
  TROUPE_ASSIGN(const Task task, spec.task(Split::kTrain, index));
  const auto environment = spec.make();
  RowFinder finder{team, Rows(team.policies().size()), {}};
  TROUPE_ASSIGN(Turn turn, environment->reset(task, rng.next()));
  while (!turn.done()) {
    std::vector<Action> actions;
    for (const Prompt& prompt : turn.prompts) {
      auto text = environment->demonstrate(prompt, id.noise, rng);
      if (!text) {
        if (text.error().code != ErrorCode::kNotFound) return tl::unexpected(text.error());
        return fail(ErrorCode::kInvalid,
                    fmt::format("environment {} has no teacher ({}): set warm_start.steps = 0, or "
                                "start from a base checkpoint",
                                spec.name(), text.error().message));
      }
      Action action;
      action.agent = prompt.agent;
      action.text = std::move(*text);
      TROUPE_TRY(append(finder, prompt, action.text));
      actions.push_back(std::move(action));
    }
    TROUPE_ASSIGN(turn, environment->step(actions));
  }
  return std::move(finder.rows);
}

}  // namespace

Async<Result<Rows>> demonstrate(Executor& executor, const EnvironmentSpec& spec, Team& team,
                                DemonstrationId id) {
  if (!spec.may_block()) co_return play(spec, team, id);
  Result<Rows> rows;
  co_await on_worker(executor, "environment", 0, [&] { rows = play(spec, team, id); });
  co_return rows;
}

}  // namespace troupe
