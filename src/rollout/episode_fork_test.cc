#include <gtest/gtest.h>

#include <set>

#include "base/disk.h"
#include "base/options.h"
#include "base/rng.h"
#include "environment/registry.h"
#include "rollout/episode.h"
#include "rollout/scripted_engine.h"

namespace troupe {
namespace {

/// `guess` with a guesser whose numbers follow from the seed.
struct ForkStage {
  ForkStage() {
    executor = make_virtual_executor({});
    spec = std::move(*make_environment("guess", EnvironmentServices{disk}));
    OptionSet set("environment");
    spec->declare(set);
    EXPECT_TRUE(spec->prepare());
    tokenizer = make_symbol_tokenizer(spec->alphabet());
    engine = std::make_unique<ScriptedEngine>(
        *executor, [this](const GenerateRequest& request) { return answer(request); },
        [](const GenerateRequest&) { return kMillisecond; });
    AgentBinding binding;
    binding.policy = "p";
    binding.engine = engine.get();
    binding.tokenizer = tokenizer;
    binding.max_answer_tokens = 4;
    binding.max_context = 64;
    agents["guesser"] = binding;
  }

  Result<Generation> answer(const GenerateRequest& request) {
    seeds.push_back(request.seed);
    Generation out;
    out.tokens = *tokenizer->encode(std::to_string(1 + Rng(request.seed).below(31)));
    out.tokens.push_back(tokenizer->end());
    out.logprobs.assign(out.tokens.size(), -1.0F);
    return out;
  }

  Episode episode() {
    EpisodeId id;
    id.input = "3";
    id.member = 2;
    id.seed = 11;
    return {*executor, *spec, agents, id, Wait(kSecond, "room")};
  }

  MemoryDisk disk;
  std::unique_ptr<Executor> executor;
  std::unique_ptr<EnvironmentSpec> spec;
  std::shared_ptr<const Tokenizer> tokenizer;
  std::unique_ptr<ScriptedEngine> engine;
  AgentBindings agents;
  std::vector<std::uint64_t> seeds;
};

std::vector<TokenId> tokens_of(const Trajectory& row, std::size_t segments) {
  std::vector<TokenId> out;
  for (std::size_t i = 0; i < segments; ++i) {
    out.insert(out.end(), row.segments.at(i).tokens.begin(), row.segments.at(i).tokens.end());
  }
  return out;
}

/// One turn: asks the guesser and hands the guess to the environment.
Async<Result<Turn>> one_turn(Episode& episode, Prompt prompt) {
  auto action = co_await episode.act(std::move(prompt));
  if (!action) co_return tl::unexpected(action.error());
  std::vector<Action> actions;
  actions.push_back(std::move(*action));
  auto turn = co_await episode.step(std::move(actions));
  co_return turn;
}

struct Ends {
  std::vector<Trajectory> rows;
  std::vector<std::string> shown;  ///< by the environment, to each branch after its guess
};

/// Two turns, then three branches that each take one turn more, in the order `order`.
Async<Status> two_turns_then_branches(ForkStage& stage, std::vector<int> order, Ends& ends) {
  Episode root = stage.episode();
  auto task = stage.spec->task(Split::kTrain, 5);
  auto turn = co_await root.reset(*task);
  for (int i = 0; i < 2 && turn; ++i) turn = co_await one_turn(root, turn->prompts.front());
  if (!turn) co_return tl::unexpected(turn.error());
  const Prompt next = turn->prompts.front();
  std::vector<std::unique_ptr<Episode>> branches;
  for (int i = 0; i < 3; ++i) branches.push_back(root.fork());
  ends.shown.resize(3);
  for (const int i : order) {
    const auto at = static_cast<std::size_t>(i);
    auto after = co_await one_turn(*branches[at], next);
    if (!after) co_return tl::unexpected(after.error());
    ends.shown[at] = after->done() ? "over" : after->prompts.front().text;
  }
  // The root goes on as if there were no branches.
  auto after = co_await one_turn(root, next);
  if (!after) co_return tl::unexpected(after.error());
  ends.shown.push_back(after->done() ? "over" : after->prompts.front().text);
  for (const auto& branch : branches) root.join(*branch);
  ends.rows = root.take_trajectories();
  co_return Status();
}

TEST(EpisodeFork, BranchesShareTheTokensSoFarAndGoOnByThemselves) {
  ForkStage stage;
  Ends ends;
  const Status done = stage.executor->run(two_turns_then_branches(stage, {0, 1, 2}, ends));
  ASSERT_TRUE(done) << done.error().message;
  ASSERT_EQ(ends.rows.size(), 4U);
  const Trajectory& root = ends.rows[0];
  ASSERT_EQ(root.segments.size(), 6U);
  EXPECT_EQ(root.sample_id, "3_2_2");
  std::set<std::vector<TokenId>> said;
  for (std::size_t i = 1; i < 4; ++i) {
    const Trajectory& row = ends.rows[i];
    ASSERT_EQ(row.segments.size(), 6U);
    EXPECT_EQ(row.sample_id, "3_2_2." + std::to_string(i));
    EXPECT_EQ(row.context, static_cast<int>(i));
    EXPECT_EQ(tokens_of(row, 5), tokens_of(root, 5));
    for (std::size_t s = 0; s < 5; ++s) EXPECT_FALSE(row.segments[s].sampled) << s;
    EXPECT_TRUE(row.segments[5].sampled);
    said.insert(row.segments[5].tokens);
  }
  EXPECT_GT(said.size(), 1U) << "each branch draws anew";
}

TEST(EpisodeFork, ABranchsWorldIsThatOfItsOwnActions) {
  ForkStage stage;
  Ends ends;
  ASSERT_TRUE(stage.executor->run(two_turns_then_branches(stage, {0, 1, 2}, ends)));
  for (std::size_t i = 0; i < 4; ++i) {  // the same guesses in a world of their own
    const Trajectory& row = ends.rows[(i + 1) % 4];
    const auto world = stage.spec->make();
    auto turn = world->reset(*stage.spec->task(Split::kTrain, 5), seed_join(11, "environment"));
    for (std::size_t s = 1; s < 6; s += 2) {
      std::vector<TokenId> guess = row.segments[s].tokens;
      guess.pop_back();
      ASSERT_FALSE(turn->done());
      turn = world->step({Action{"guesser", stage.tokenizer->decode(guess)}});
      ASSERT_TRUE(turn);
    }
    EXPECT_EQ(ends.shown[i], turn->done() ? "over" : turn->prompts.front().text);
  }
}

TEST(EpisodeFork, TheOrderInWhichBranchesPlayDecidesNothing) {
  ForkStage one, other;
  Ends a, b;
  ASSERT_TRUE(one.executor->run(two_turns_then_branches(one, {0, 1, 2}, a)));
  ASSERT_TRUE(other.executor->run(two_turns_then_branches(other, {2, 0, 1}, b)));
  EXPECT_EQ(a.shown, b.shown);
  for (std::size_t i = 0; i < 4; ++i) EXPECT_EQ(tokens_of(a.rows[i], 6), tokens_of(b.rows[i], 6));
}

}  // namespace
}  // namespace troupe
