#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <vector>

#include "base/disk.h"
#include "base/options.h"
#include "environment/registry.h"
#include "rollout/group_runner.h"
#include "rollout/scripted_engine.h"

namespace troupe {
namespace {

/// `command` with a program that hangs in the first episode that asks it, and an agent that always
/// says "y", on this machine's clock.
struct Stage {
  explicit Stage(const std::string& fault) : executor(make_live_executor(1)) {
    auto made = make_environment("command", EnvironmentServices{disk});
    EXPECT_TRUE(made);
    spec = std::move(*made);
    OptionSet options("environment");
    spec->declare(options);
    mark = "hang-" + std::to_string(getpid());
    const std::string script =
        std::string(TROUPE_SOURCE_DIR) + "/src/environment/testdata/count_letters.sh";
    set(options, "command", std::vector<std::string>{"/bin/sh", script, fault, mark});
    set(options, "agents", std::vector<std::string>{"a"});
    set(options, "alphabet", std::string("pq0123456789>yn"));
    set(options, "max_turns", std::int64_t{2});
    set(options, "timeout_seconds", 0.7);
    EXPECT_TRUE(spec->prepare());
    tokenizer = make_symbol_tokenizer(spec->alphabet());
    engine = std::make_unique<ScriptedEngine>(
        *executor,
        [this](const GenerateRequest&) -> Result<Generation> {
          Generation out;
          out.tokens = *tokenizer->encode("y");
          out.tokens.push_back(tokenizer->end());
          out.logprobs.assign(out.tokens.size(), -0.5F);
          return out;
        },
        [](const GenerateRequest&) { return kMillisecond; });
    AgentBinding binding;
    binding.policy = "p";
    binding.engine = engine.get();
    binding.tokenizer = tokenizer;
    agents["a"] = binding;
  }
  ~Stage() { EXPECT_EQ(std::system(("rm -rf " + mark).c_str()), 0); }

  template <class T>
  static void set(OptionSet& options, const std::string& name, T value) {
    for (const Option& option : options.options()) {
      T* const* target = std::get_if<T*>(&option.target);
      if (option.key == "environment." + name && target != nullptr) **target = std::move(value);
    }
  }

  MemoryDisk disk;
  std::unique_ptr<Executor> executor;
  std::unique_ptr<EnvironmentSpec> spec;
  std::string mark;
  std::shared_ptr<const Tokenizer> tokenizer;
  std::unique_ptr<ScriptedEngine> engine;
  AgentBindings agents;
};

struct Heard {
  int attempts = 0;
  Nanos at = 0;
};

Async<Status> play(Stage& stage, int retries, std::vector<Heard>& heard) {
  EpisodeSetting setting{*stage.executor, *stage.spec, stage.agents};
  setting.retries = retries;
  const auto task = stage.spec->task(Split::kTrain, 2);
  std::vector<int> members = {0, 1, 2};
  const EpisodeSink sink = [&](int, EpisodeRecord record) {
    heard.push_back({record.attempts, stage.executor->now()});
    return Status();
  };
  Status status = co_await play_members(setting, *task, "1", std::move(members), 5, sink);
  co_return status;
}

TEST(HangingEnvironment, IsCutAtItsDeadlineAndPlayedAgainWhileOthersGoOn) {
  Stage stage("hang_once");
  std::vector<Heard> heard;
  const Status status = stage.executor->run(play(stage, 1, heard));
  ASSERT_TRUE(status) << status.error().message;
  ASSERT_EQ(heard.size(), 3U);
  // One worker only: the two that did not hang were not behind the one that did.
  EXPECT_EQ(heard[0].attempts, 1);
  EXPECT_EQ(heard[1].attempts, 1);
  EXPECT_LT(heard[1].at, 700 * kMillisecond);
  EXPECT_EQ(heard[2].attempts, 2);
  EXPECT_GE(heard[2].at, 700 * kMillisecond);
}

TEST(HangingEnvironment, IsGivenUpAfterItsRetries) {
  Stage stage("hang");
  std::vector<Heard> heard;
  const Status status = stage.executor->run(play(stage, 1, heard));
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().code, ErrorCode::kUnavailable);
  EXPECT_TRUE(heard.empty());
}

}  // namespace
}  // namespace troupe
