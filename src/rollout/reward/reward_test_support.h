#pragma once

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "rollout/reward/reward_source.h"

namespace troupe {

/// An episode that has ended: two agents, two exchanges.
struct EndedEpisode {
  Task task{"task-1", R"({"question": "6 * 7?", "answer": "42"})"};
  std::vector<Exchange> exchanges;
  Outcome outcome{{0.25, 0.5}, false};
  std::vector<std::string> agents = {"thinker", "writer"};

  EndedEpisode() {
    say("thinker", "6 * 7?", "it is 6 times 7");
    say("writer", "finish", "so #### 42");
  }
  void say(const std::string& agent, const std::string& prompt, const std::string& answer) {
    Exchange exchange;
    exchange.prompt.agent = agent;
    exchange.prompt.text = prompt;
    exchange.action.agent = agent;
    exchange.action.text = answer;
    exchanges.push_back(exchange);
  }
  [[nodiscard]] RewardRequest request(double seconds = 5) const {
    return RewardRequest{task, exchanges, outcome, 7, seconds};
  }
};

template <class T>
Async<Status> put_into(Async<Result<T>> work, Result<T>& out) {
  out = co_await std::move(work);
  co_return Status();
}

/// Runs `work` to its end.
template <class T>
Result<T> run_on(Executor& executor, Async<Result<T>> work) {
  Result<T> out;
  const Status ran = executor.run(put_into(std::move(work), out));
  EXPECT_TRUE(ran) << ran.error().message;
  return out;
}

}  // namespace troupe
