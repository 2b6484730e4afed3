#include "environment/player.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace troupe {
namespace {

std::string printable(const std::string& text) {
  std::string out;
  for (char c : text) {
    if (c == '\\') {
      out += "\\\\";
    } else if (c == '\n') {
      out += "\\n";
    } else if (c < 0x20 || c > 0x7e) {
      out += fmt::format("\\x{:02x}", static_cast<unsigned char>(c));
    } else {
      out += c;
    }
  }
  return out;
}

}  // namespace

Player teacher_player(double noise) {
  return [noise](const Environment& world, const Prompt& prompt, Rng& rng) -> Result<Action> {
    TROUPE_ASSIGN(std::string text, world.demonstrate(prompt, noise, rng));
    return Action{prompt.agent, std::move(text), false};
  };
}

Player random_player(std::string alphabet, std::size_t longest) {
  if (alphabet.empty()) {
    for (char c = ' '; c <= '~'; ++c) alphabet += c;
  }
  return [alphabet = std::move(alphabet), longest](const Environment&, const Prompt& prompt,
                                                   Rng& rng) -> Result<Action> {
    std::string text(rng.below(longest + 1), ' ');
    for (char& c : text) c = alphabet[rng.below(alphabet.size())];
    return Action{prompt.agent, std::move(text), false};
  };
}

std::string speaker_text(const Prompt& prompt) {
  return prompt.context == 0 ? prompt.agent : fmt::format("{}.{}", prompt.agent, prompt.context);
}

Played play_episode(const EnvironmentSpec& spec, const Task& task, std::uint64_t seed,
                    const Player& player) {
  Played played;
  played.task = task;
  const auto failed = [&](const Error& error) {
    played.error = error;
    return played;
  };
  Rng rng(seed_join(seed, "player"));
  const std::unique_ptr<Environment> world = spec.make();
  const int most =
      static_cast<int>(spec.agents().size()) * spec.contexts_per_agent() * (spec.max_turns() + 1);
  Result<Turn> turn = world->reset(task, seed);
  for (int n = 1; turn && !turn->done() && n <= most; ++n) {
    std::vector<Action> actions;
    for (const Prompt& prompt : turn->prompts) {
      Result<Action> action = player(*world, prompt, rng);
      if (!action) return failed(action.error());
      played.exchanges.push_back({n, prompt, *action});
      actions.push_back(std::move(*action));
    }
    turn = world->step(actions);
  }
  if (!turn) return failed(turn.error());
  played.finished = turn->done();
  if (played.finished) played.outcome = world->outcome();
  return played;
}

std::string playthrough_text(const Played& played) {
  std::string out = fmt::format("task {} {}\n", played.task.id, printable(played.task.payload));
  for (const PlayedTurn& exchange : played.exchanges) {
    out += fmt::format("{} {}: {} -> {}{}\n", exchange.turn, speaker_text(exchange.prompt),
                       printable(exchange.prompt.text), printable(exchange.action.text),
                       exchange.action.truncated ? " (truncated)" : "");
  }
  if (played.error) return out + "error: " + printable(played.error->message) + "\n";
  if (!played.finished) return out + "not finished\n";
  for (const ContextReward& c : played.outcome.contexts) {
    out += fmt::format("context {}.{} reward {}\n", c.agent, c.context, c.reward);
  }
  for (const TurnReward& t : played.outcome.turns) {
    out += fmt::format("context {}.{} turn {} reward {}\n", t.agent, t.context, t.turn, t.reward);
  }
  return out + fmt::format("reward {} {}\n", fmt::join(played.outcome.rewards, " "),
                           played.outcome.success ? "success" : "no success");
}

}  // namespace troupe
