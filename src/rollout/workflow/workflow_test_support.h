#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <tuple>
#include <vector>

#include "base/disk.h"
#include "environment/registry.h"
#include "rollout/concurrency.h"
#include "rollout/group_runner.h"
#include "rollout/scripted_engine.h"
#include "rollout/workflow/registry.h"
#include "rollout/workflow/team_spec.h"

namespace troupe {

/// A workflow around `sort`, with scripted agents: whatever is asked of them is written down.
struct WorkflowStage {
  /// What an agent says: to its whole context, and with the request's seed.
  using Say = std::function<std::string(const std::string& agent, const std::string& context,
                                        std::uint64_t seed)>;
  struct Asked {
    std::string agent, context;
    std::uint64_t seed = 0;
    std::string said;
    Nanos at = 0;
  };

  /// `set` binds the workflow's options: by their names in the table.
  WorkflowStage(const std::string& name, const std::map<std::string, std::int64_t>& numbers,
                Say say_in, const std::map<std::string, std::string>& texts = {})
      : say(std::move(say_in)) {
    executor = make_virtual_executor({});
    auto made = make_workflow(name);
    EXPECT_TRUE(made);
    workflow = std::move(*made);
    OptionSet set("workflow");
    workflow->declare(set);
    for (const Option& option : set.options()) {
      const std::string key = option.key.substr(option.key.find('.') + 1);
      if (numbers.contains(key)) *std::get<std::int64_t*>(option.target) = numbers.at(key);
      if (texts.contains(key)) *std::get<std::string*>(option.target) = texts.at(key);
    }
    auto inner = make_environment("sort", EnvironmentServices{disk});
    EXPECT_TRUE(inner);
    OptionSet options("environment");
    (*inner)->declare(options);
    EXPECT_TRUE((*inner)->prepare());
    const Status prepared = workflow->prepare(**inner);
    EXPECT_TRUE(prepared);
    spec = make_team_spec(std::move(*inner), *workflow);
    tokenizer = make_symbol_tokenizer(spec->alphabet());
    for (const std::string& agent : spec->agents()) {
      engines[agent] = std::make_unique<ScriptedEngine>(
          *executor, [this, agent](const GenerateRequest& r) { return answer(agent, r); },
          [this, agent](const GenerateRequest& r) { return duration(agent, text_of(r.context)); });
      AgentBinding binding;
      binding.policy = agent;
      binding.engine = engines[agent].get();
      binding.tokenizer = tokenizer;
      binding.max_answer_tokens = 8;
      binding.max_context = 256;
      agents[agent] = binding;
    }
  }

  [[nodiscard]] std::string text_of(std::span<const TokenId> tokens) const {
    return tokenizer->decode(tokens);
  }

  Result<Generation> answer(const std::string& agent, const GenerateRequest& request) {
    const std::string context = text_of(request.context);
    const std::string text = say(agent, context, request.seed);
    asked.push_back({agent, context, request.seed, text, executor->now()});
    Generation out;
    out.tokens = *tokenizer->encode(text);
    out.tokens.push_back(tokenizer->end());
    out.logprobs.assign(out.tokens.size(), -0.125F);
    return out;
  }

  /// Plays one episode on a task with these letters.
  Result<EpisodeRecord> play(const std::string& letters, std::uint64_t seed = 1,
                             Concurrency* budget = nullptr) {
    EpisodeSetting setting{*executor, *spec, agents, workflow.get()};
    setting.concurrency = budget;
    EpisodeId id;
    id.input = "7";
    id.seed = seed;
    Result<EpisodeRecord> out;
    const Task task{"t", R"({"letters":")" + letters + R"("})"};
    const Status done = executor->run(play_into(setting, task, id, out));
    EXPECT_TRUE(done) << done.error().message;
    return out;
  }

  static Async<Status> play_into(const EpisodeSetting& setting, Task task, EpisodeId id,
                                 Result<EpisodeRecord>& out) {
    out = co_await play_episode(setting, std::move(task), std::move(id));
    co_return Status();
  }

  /// "agent<context" of everything that was asked, in order; side by side, by agent.
  [[nodiscard]] std::vector<std::string> heard() const {
    std::vector<Asked> sorted = asked;
    std::stable_sort(sorted.begin(), sorted.end(), [](const Asked& a, const Asked& b) {
      return std::tie(a.at, a.agent) < std::tie(b.at, b.agent);
    });
    std::vector<std::string> out;
    for (const Asked& one : sorted) out.push_back(one.agent + "<" + one.context);
    return out;
  }

  MemoryDisk disk;
  Say say;
  std::function<Nanos(const std::string&, const std::string&)> duration =
      [](const std::string&, const std::string&) { return kMillisecond; };
  std::unique_ptr<Executor> executor;
  std::unique_ptr<Workflow> workflow;
  std::unique_ptr<EnvironmentSpec> spec;
  std::shared_ptr<const Tokenizer> tokenizer;
  std::map<std::string, std::unique_ptr<ScriptedEngine>> engines;
  AgentBindings agents;
  std::vector<Asked> asked;
};

}  // namespace troupe
