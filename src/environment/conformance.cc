#include "environment/conformance.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <set>
#include <tuple>
#include <utility>

#include "base/rng.h"
#include "environment/player.h"

namespace troupe {
namespace {

constexpr std::size_t kMaxProblems = 20;
constexpr double kTolerance = 1e-9;

using Turns = std::map<std::pair<std::string, int>, int>;  ///< by agent and context

struct Style {
  const char* name;
  Player play;
};

std::string random_text(Rng& rng, const std::string& alphabet, std::size_t length) {
  std::string text(length, ' ');
  for (char& c : text) {
    c = alphabet.empty() ? static_cast<char>(rng.below(256)) : alphabet[rng.below(alphabet.size())];
  }
  return text;
}

std::vector<Style> styles(const EnvironmentSpec& spec) {
  const std::string alphabet = spec.alphabet();
  const auto longest = static_cast<std::size_t>(std::max(1, spec.max_answer()));
  return {
      {"teacher", teacher_player(0.0)},
      {"noisy teacher", teacher_player(0.5)},
      {"random", random_player(alphabet, longest)},
      {"empty",
       [](const Environment&, const Prompt& prompt, Rng&) -> Result<Action> {
         return Action{prompt.agent, "", false};
       }},
      {"any bytes",
       [longest](const Environment&, const Prompt& prompt, Rng& rng) -> Result<Action> {
         return Action{prompt.agent, random_text(rng, "", rng.below(2 * longest + 2)), false};
       }},
      {"very long",
       [alphabet](const Environment&, const Prompt& prompt, Rng& rng) -> Result<Action> {
         return Action{prompt.agent, random_text(rng, alphabet, 20000), true};
       }},
      {"truncated",
       [alphabet, longest](const Environment&, const Prompt& prompt, Rng& rng) -> Result<Action> {
         return Action{prompt.agent, random_text(rng, alphabet, longest), true};
       }},
  };
}

class Checker {
 public:
  Checker(const EnvironmentSpec& spec, int tasks, std::uint64_t seed)
      : spec_(spec),
        tasks_(tasks),
        seed_(seed),
        alphabet_(spec.alphabet()),
        styles_(styles(spec)) {}

  ConformanceReport run() {
    static_facts();
    for (Split split : {Split::kTrain, Split::kHeldOut}) read_tasks(split);
    if (!spec_.splits_overlap()) {
      for (const auto& [payload, id] : payloads_[1]) {
        if (payloads_[0].count(payload) > 0) {
          problem(id, "is held out but has the payload of " + payloads_[0][payload]);
        }
      }
    }
    for (const Task& task : played_) play_all(task);
    best_reward();
    return std::move(report_);
  }

 private:
  void problem(const std::string& where, const std::string& what) {
    if (report_.problems.size() < kMaxProblems) report_.problems.push_back(where + ": " + what);
  }

  void static_facts() {
    const std::vector<std::string> agents = spec_.agents();
    if (agents.empty()) problem(spec_.name(), "has no agents");
    if (std::set<std::string>(agents.begin(), agents.end()).size() != agents.size()) {
      problem(spec_.name(), "has two agents of one name");
    }
    if (std::set<char>(alphabet_.begin(), alphabet_.end()).size() != alphabet_.size()) {
      problem(spec_.name(), "repeats a character in its alphabet");
    }
    if (spec_.max_answer() < 1 || spec_.max_turns() < 1 || spec_.contexts_per_agent() < 1) {
      problem(spec_.name(),
              "max_answer(), max_turns() and contexts_per_agent() must be at least 1");
    }
    if (spec_.summary().empty() || spec_.optimum().empty()) {
      problem(spec_.name(), "has no summary or states no optimum");
    }
  }

  void read_tasks(Split split) {
    const std::string where = split == Split::kTrain ? "train split" : "held-out split";
    const std::optional<std::uint64_t> size = spec_.size(split);
    if (size && *size == 0) return problem(where, "is empty");
    auto& payloads = payloads_[split == Split::kTrain ? 0 : 1];
    for (std::uint64_t i = 0; i < static_cast<std::uint64_t>(tasks_); ++i) {
      const Result<Task> task = spec_.task(split, i);
      if (!task) return problem(where, task.error().message);
      const Result<Task> again = spec_.task(split, i);
      if (!again || again->id != task->id || again->payload != task->payload) {
        problem(task->id, "is another task when asked for again");
      }
      if (!ids_.insert(task->id).second) {
        if (!size || i < *size) problem(task->id, "is the id of two tasks");
      }
      payloads.emplace(task->payload, task->id);
      if (!size || i < *size) played_.push_back(*task);
    }
    if (size) {
      const Result<Task> first = spec_.task(split, 0);
      const Result<Task> wrapped = spec_.task(split, *size);
      if (!first || !wrapped || first->payload != wrapped->payload) {
        problem(where, "does not wrap around at its size");
      }
    }
  }

  void play_all(const Task& task) {
    for (const Style& style : styles_) {
      const bool teacher = std::string_view(style.name).find("teacher") != std::string_view::npos;
      const std::string where = fmt::format("{} ({} answers)", task.id, style.name);
      const std::uint64_t seed = seed_join(seed_join(seed_, task.id), style.name);
      const Played one = play_episode(spec_, task, seed, style.play);
      ++report_.episodes;
      if (one.error) {
        if (!teacher || one.error->code != ErrorCode::kNotFound) {
          problem(where, one.error->message);
        }
        continue;
      }
      const Played two = play_episode(spec_, task, seed, style.play);
      if (playthrough_text(one) != playthrough_text(two)) {
        problem(where, "the same seed and actions gave another episode");
      }
      check_episode(where, one, teacher);
    }
  }

  void check_episode(const std::string& where, const Played& played, bool teacher) {
    const std::vector<std::string> agents = spec_.agents();
    Turns turns;
    std::set<std::tuple<int, std::string, int>> prompted;
    for (const PlayedTurn& exchange : played.exchanges) {
      const auto& [agent, text, context] = exchange.prompt;
      if (std::find(agents.begin(), agents.end(), agent) == agents.end()) {
        problem(where, fmt::format("a prompt for the unknown agent '{}'", agent));
      }
      if (context < 0 || context >= spec_.contexts_per_agent()) {
        problem(where, fmt::format("context {} of agent '{}' is outside 0..{}", context, agent,
                                   spec_.contexts_per_agent() - 1));
      }
      if (!prompted.emplace(exchange.turn, agent, context).second) {
        problem(where,
                fmt::format("'{}' is prompted twice in one turn", speaker_text(exchange.prompt)));
      }
      if (++turns[{agent, context}] == spec_.max_turns() + 1) {
        problem(where, fmt::format("'{}' has more than max_turns() = {} turns",
                                   speaker_text(exchange.prompt), spec_.max_turns()));
      }
      check_alphabet(where, "prompt", text);
      if (!teacher) continue;
      check_alphabet(where, "teacher's answer", exchange.action.text);
      if (exchange.action.text.size() > static_cast<std::size_t>(spec_.max_answer())) {
        problem(where, "the teacher's answer is longer than max_answer()");
      }
    }
    if (!played.finished) return problem(where, "does not end");
    if (played.outcome.rewards.size() != agents.size()) {
      return problem(where, fmt::format("{} rewards for {} agents", played.outcome.rewards.size(),
                                        agents.size()));
    }
    for (double reward : played.outcome.rewards) check_reward(where, reward);
    if (!played.outcome.without.empty() && played.outcome.without.size() != agents.size()) {
      problem(where, fmt::format("{} rewards without one agent for {} agents",
                                 played.outcome.without.size(), agents.size()));
    }
    check_parts(where, played.outcome, turns);
  }

  /// Rewards of contexts and answers name what was prompted, each once.
  void check_parts(const std::string& where, const Outcome& outcome, const Turns& turns) {
    std::set<std::tuple<std::string, int, int>> named;
    const auto check = [&](const std::string& agent, int context, int turn, double reward) {
      check_reward(where, reward);
      const auto found = turns.find({agent, context});
      const std::string what = turn < 0 ? "" : fmt::format(", turn {}", turn);
      if (found == turns.end() || turn >= found->second) {
        problem(where,
                fmt::format("a reward for context {} of agent '{}'{}, which was not prompted",
                            context, agent, what));
      }
      if (!named.emplace(agent, context, turn).second) {
        problem(where,
                fmt::format("two rewards for context {} of agent '{}'{}", context, agent, what));
      }
    };
    for (const ContextReward& c : outcome.contexts) check(c.agent, c.context, -1, c.reward);
    for (const TurnReward& t : outcome.turns)
      check(t.agent, t.context, std::max(t.turn, 0), t.reward);
  }

  void check_reward(const std::string& where, double reward) {
    const auto [low, high] = spec_.reward_range();
    if (std::isfinite(reward) && reward >= low && reward <= high) return;
    problem(where, fmt::format("the reward {} is outside {}..{}", reward, low, high));
  }

  void check_alphabet(const std::string& where, const char* what, const std::string& text) {
    if (alphabet_.empty()) return;
    const std::size_t at = text.find_first_not_of(alphabet_);
    if (at == std::string::npos) return;
    problem(where, fmt::format("a {} holds '{}', which is not in the alphabet", what, text[at]));
  }

  /// The teacher's mean over a whole split if it is finite, else over the tasks checked.
  void best_reward() {
    const std::optional<double> best = spec_.best_reward();
    if (!best) return;
    constexpr std::uint64_t kMost = 1000;
    const std::optional<std::uint64_t> size = spec_.size(Split::kTrain);
    const std::uint64_t count =
        size ? std::min(*size, kMost) : static_cast<std::uint64_t>(std::max(1, tasks_));
    double sum = 0.0;
    for (std::uint64_t i = 0; i < count; ++i) {
      const Result<Task> task = spec_.task(Split::kTrain, i);
      if (!task) return problem(spec_.name(), task.error().message);
      const Played played = play_episode(spec_, *task, seed_join(seed_, i), teacher_player(0.0));
      if (played.error) return problem(task->id, played.error->message);
      for (double reward : played.outcome.rewards) {
        sum += reward / static_cast<double>(played.outcome.rewards.size());
      }
    }
    const double mean = sum / static_cast<double>(count);
    if (std::abs(mean - *best) > kTolerance) {
      problem(spec_.name(),
              fmt::format("the teacher scores {:.6f}, not the optimum {:.6f}", mean, *best));
    }
  }

  const EnvironmentSpec& spec_;
  int tasks_;
  std::uint64_t seed_;
  std::string alphabet_;
  std::vector<Style> styles_;
  ConformanceReport report_;
  std::set<std::string> ids_;
  std::map<std::string, std::string> payloads_[2];  ///< payload to id: train, held out
  std::vector<Task> played_;
};

}  // namespace

ConformanceReport check_conformance(const EnvironmentSpec& spec, int tasks, std::uint64_t seed) {
  return Checker(spec, tasks, seed).run();
}

}  // namespace troupe
