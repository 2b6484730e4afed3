#pragma once

#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <string>
#include <type_traits>
#include <vector>

#include "base/options.h"
#include "environment/player.h"
#include "troupe/environment.h"

namespace troupe {

/// Shared by the environment tests only.

/// Values by option name without the prefix.
struct Settings {
  std::map<std::string, std::int64_t> integers;
  std::map<std::string, std::string> texts;
  std::map<std::string, double> numbers;
  std::map<std::string, std::vector<std::string>> lists;
};

/// Declares and sets options as the run file would; fails the test on an unknown name.
inline void bind(EnvironmentSpec& spec, const Settings& settings) {
  OptionSet options("environment");
  spec.declare(options);
  std::size_t used = 0;
  for (const Option& option : options.options()) {
    const std::string name = option.key.substr(std::string("environment.").size());
    const auto set = [&](const auto& values, auto* target) {
      if (target == nullptr || values.count(name) == 0) return;
      **target = values.at(name);
      ++used;
    };
    set(settings.integers, std::get_if<std::int64_t*>(&option.target));
    set(settings.texts, std::get_if<std::string*>(&option.target));
    set(settings.numbers, std::get_if<double*>(&option.target));
    set(settings.lists, std::get_if<std::vector<std::string>*>(&option.target));
  }
  EXPECT_EQ(used, settings.integers.size() + settings.texts.size() + settings.numbers.size() +
                      settings.lists.size())
      << "an option of this name and type does not exist";
}

/// The outcome of one episode with fixed answers, one per turn; the first agent's if one acts.
inline Played play_answers(const EnvironmentSpec& spec, const Task& task,
                           const std::vector<std::string>& answers) {
  std::size_t next = 0;
  return play_episode(spec, task, 1,
                      [&](const Environment&, const Prompt& prompt, Rng&) -> Result<Action> {
                        const std::string text = next < answers.size() ? answers[next] : "";
                        ++next;
                        return Action{prompt.agent, text, false};
                      });
}

/// The reward of the first agent; fails the test if the episode did not finish.
inline double reward_of_answer(const EnvironmentSpec& spec, const Task& task,
                               const std::string& answer) {
  const Played played = play_answers(spec, task, {answer});
  EXPECT_TRUE(played.finished) << (played.error ? played.error->message : "");
  return played.finished ? played.outcome.rewards.at(0) : -1.0;
}

}  // namespace troupe
