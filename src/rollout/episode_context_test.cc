#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>

#include "rollout/group_runner.h"
#include "rollout/scripted_engine.h"

namespace troupe {
namespace {

/// Prompts `script`, turn by turn, and pays `outcome`.
class Script final : public EnvironmentSpec {
 public:
  std::vector<std::vector<Prompt>> script;
  Outcome pays;

  std::string name() const override { return "script"; }
  std::string summary() const override { return "for tests"; }
  std::string optimum() const override { return "none"; }
  void declare(OptionSet&) override {}
  Status prepare() override { return {}; }
  std::vector<std::string> agents() const override { return {"b", "a"}; }
  std::string alphabet() const override { return "xy0123456789"; }
  std::optional<std::uint64_t> size(Split) const override { return std::nullopt; }
  Result<Task> task(Split, std::uint64_t) const override { return Task{"t", "{}"}; }
  std::unique_ptr<Environment> make() const override { return std::make_unique<World>(*this); }
  int max_answer() const override { return 4; }
  int max_turns() const override { return 4; }
  int contexts_per_agent() const override { return 4; }
  std::pair<double, double> reward_range() const override { return {-1.0, 1.0}; }

 private:
  class World final : public Environment {
   public:
    explicit World(const Script& spec) : spec_(spec) {}
    Result<Turn> reset(const Task&, std::uint64_t) override { return next(); }
    Result<Turn> step(const std::vector<Action>&) override { return next(); }
    Outcome outcome() const override { return spec_.pays; }
    Result<std::string> demonstrate(const Prompt&, double, Rng&) const override {
      return fail(ErrorCode::kNotFound, "none");
    }

   private:
    Result<Turn> next() { return at_ < spec_.script.size() ? Turn{spec_.script[at_++]} : Turn{}; }
    const Script& spec_;
    std::size_t at_ = 0;
  };
};

/// Answers "y" at once, but counts sessions and, as a real engine does, waits when there are
/// `most`.
class NarrowEngine final : public RolloutEngine {
 public:
  NarrowEngine(Executor& executor, TokenId token, TokenId end)
      : token_(token), end_(end), executor_(executor), freed_(executor) {}

  std::vector<GenerateRequest> requests;
  int most = 100;
  bool cuts = false;  ///< every answer is given back once, unfinished
  int opened = 0;

  Async<Result<std::shared_ptr<Session>>> open(int, Wait wait) override {
    while (*held_ >= most) {
      const bool notified = co_await freed_.wait(wait);
      if (!notified) co_return fail(ErrorCode::kDeadline, "no session");
    }
    ++opened;
    ++*held_;
    std::shared_ptr<Session> session = std::make_shared<Held>(*this);
    co_return session;
  }
  Async<Result<Generation>> generate(std::shared_ptr<Session>, GenerateRequest request) override {
    // Later requests are answered sooner.
    co_await sleep_for(executor_, (20 - static_cast<Nanos>(requests.size())) * kMillisecond);
    requests.push_back(request);
    Generation out;
    if (cuts && request.sampled_before == 0) {
      out.tokens = {token_};
      out.logprobs = {-0.5F};
      out.reason = FinishReason::kAborted;
      co_return out;
    }
    out.tokens = {token_, end_};
    out.logprobs = {-0.5F, -0.25F};
    co_return out;
  }
  Status load(Version, std::shared_ptr<const Decoder>, InFlight) override { return {}; }
  std::shared_ptr<const EngineWeights> weights() const override {
    return std::make_shared<const EngineWeights>();
  }
  Async<Status> pause(Wait) override { co_return Status(); }
  void resume() override {}
  void abort(Session&) override {}
  std::int64_t in_flight() const override { return 0; }
  std::int64_t tokens_sampled() const override { return 0; }

 private:
  struct Held final : Session {
    explicit Held(NarrowEngine& engine) : held(engine.held_), freed(engine.freed_) {}
    ~Held() override {
      --*held;
      freed.notify_all();
    }
    std::shared_ptr<int> held;
    Signal& freed;
  };
  TokenId token_, end_;
  Executor& executor_;
  Signal freed_;
  std::shared_ptr<int> held_ = std::make_shared<int>(0);
};

struct Stage {
  Stage() {
    executor = make_virtual_executor({});
    tokenizer = make_symbol_tokenizer(spec.alphabet());
    engine =
        std::make_unique<NarrowEngine>(*executor, tokenizer->encode("y")->at(0), tokenizer->end());
    AgentBinding binding;
    binding.policy = "p";
    binding.engine = engine.get();
    binding.tokenizer = tokenizer;
    binding.max_answer_tokens = 4;
    binding.max_context = 64;
    agents["a"] = agents["b"] = binding;
    spec.pays.rewards = {0.5, 0.25};  // b, a
  }
  Result<EpisodeRecord> play() {
    Result<EpisodeRecord> record;
    EXPECT_TRUE(executor->run(play_into(record)));
    return record;
  }
  Async<Status> play_into(Result<EpisodeRecord>& record) {
    EpisodeSetting setting{*executor, spec, agents};
    setting.retries = 0;
    setting.turn_wait = Wait(10 * kSecond, "a session");
    Task task{"t", "{}"};
    EpisodeId id;
    id.input = "7";
    id.member = 3;
    id.seed = 9;
    record = co_await play_episode(setting, std::move(task), std::move(id));
    co_return Status();
  }

  Script spec;
  std::unique_ptr<Executor> executor;
  std::shared_ptr<const Tokenizer> tokenizer;
  std::unique_ptr<NarrowEngine> engine;
  AgentBindings agents;
};

TEST(EpisodeContexts, EachHasARowOfItsOwnInTheOrderOfAgentsAndContexts) {
  Stage stage;
  stage.spec.script = {{{"a", "x1", 1}, {"a", "x0", 0}}, {{"b", "x5"}}, {{"a", "x2", 1}}};
  const auto record = stage.play();
  ASSERT_TRUE(record) << record.error().message;
  ASSERT_EQ(record->trajectories.size(), 3U);
  std::vector<std::string> ids;
  for (const Trajectory& row : record->trajectories) ids.push_back(row.agent + " " + row.sample_id);
  EXPECT_EQ(ids, (std::vector<std::string>{"b 7_0_3", "a 7_0_3", "a 7_1_3.1"}));
  // Context 1 saw what it said before, and nothing of context 0.
  const Trajectory& second = record->trajectories[2];
  EXPECT_EQ(second.context, 1);
  EXPECT_EQ(second.member, 3);
  ASSERT_EQ(second.segments.size(), 4U);
  std::vector<TokenId> all;
  for (const Segment& segment : second.segments) {
    all.insert(all.end(), segment.tokens.begin(), segment.tokens.end());
  }
  std::vector<TokenId> wanted = *stage.tokenizer->encode("x1y");
  wanted.push_back(stage.tokenizer->end());
  const std::vector<TokenId> more = *stage.tokenizer->encode("x2y");
  wanted.insert(wanted.end(), more.begin(), more.end());
  wanted.push_back(stage.tokenizer->end());
  EXPECT_EQ(all, wanted);
}

TEST(EpisodeContexts, HaveRandomnessOfTheirOwn) {
  Stage stage;
  stage.spec.script = {{{"a", "x", 0}, {"a", "x", 1}, {"a", "x", 2}, {"b", "x", 1}},
                       {{"a", "x", 0}, {"a", "x", 1}}};
  ASSERT_TRUE(stage.play());
  std::set<std::uint64_t> seeds;
  for (const GenerateRequest& request : stage.engine->requests) seeds.insert(request.seed);
  EXPECT_EQ(seeds.size(), 6U);
}

TEST(EpisodeContexts, TranscriptsAreInTheOrderOfPrompts) {
  Stage stage;
  stage.spec.script = {{{"a", "x1", 2}, {"a", "x2", 0}, {"b", "x3"}}};
  const auto record = stage.play();
  ASSERT_TRUE(record);
  ASSERT_EQ(record->exchanges.size(), 3U);
  EXPECT_EQ(record->exchanges[0].prompt.text, "x1");
  EXPECT_EQ(record->exchanges[0].prompt.context, 2);
  EXPECT_EQ(record->exchanges[2].prompt.text, "x3");
  for (const Exchange& exchange : record->exchanges) {
    EXPECT_EQ(exchange.action.text, "y");
    EXPECT_DOUBLE_EQ(exchange.action.logprob, -0.75);
  }
}

TEST(EpisodeContexts, RewardsOfContextsAndTurnsGoToTheirRowsAndAnswers) {
  Stage stage;
  stage.spec.script = {{{"a", "x", 0}, {"a", "x", 1}}, {{"a", "x", 1}, {"b", "x"}}};
  stage.spec.pays.contexts = {{"a", 1, -1.0}};
  stage.spec.pays.turns = {{"a", 1, 1, 0.75}, {"a", 0, 0, 0.125}};
  const auto record = stage.play();
  ASSERT_TRUE(record) << record.error().message;
  ASSERT_EQ(record->trajectories.size(), 3U);
  EXPECT_EQ(record->trajectories[0].reward, 0.5);
  EXPECT_EQ(record->trajectories[1].reward, 0.25);
  EXPECT_EQ(record->trajectories[2].reward, -1.0);
  std::vector<double> earned;
  for (const Trajectory& row : record->trajectories) {
    for (const Segment& segment : row.segments) {
      if (segment.sampled) earned.push_back(segment.reward);
    }
  }
  EXPECT_EQ(earned, (std::vector<double>{0, 0.125, 0, 0.75}));
}

TEST(EpisodeContexts, AnAnswerInPiecesIsOneTurn) {
  Stage stage;
  stage.engine->cuts = true;
  stage.spec.script = {{{"a", "x", 1}}, {{"a", "x", 1}}};
  stage.spec.pays.turns = {{"a", 1, 1, 0.75}};
  const auto record = stage.play();
  ASSERT_TRUE(record) << record.error().message;
  const auto& segments = record->trajectories.at(0).segments;
  ASSERT_EQ(segments.size(), 6U);
  EXPECT_EQ(segments[2].reward, 0);
  EXPECT_EQ(segments[4].reward, 0);
  EXPECT_EQ(segments[5].reward, 0.75);
  EXPECT_EQ(record->exchanges[1].action.text, "yy");
  EXPECT_DOUBLE_EQ(record->exchanges[1].action.logprob, -1.25);
}

TEST(EpisodeContexts, RewardsForWhatWasNotPlayedAreTheEnvironmentsFault) {
  const auto error_of = [](const Outcome& pays) {
    Stage stage;
    stage.spec.script = {{{"a", "x", 1}}};
    stage.spec.pays = pays;
    const auto record = stage.play();
    return record ? "none" : record.error().message;
  };
  EXPECT_EQ(error_of({{0, 0}, false, {{"a", 1, 1.0}}, {{"a", 1, 0, 1.0}}}), "none");
  EXPECT_NE(error_of({{0, 0}, false, {{"a", 0, 1.0}}, {}}).find("context 0"), std::string::npos);
  EXPECT_NE(error_of({{0, 0}, false, {}, {{"a", 1, 1, 1.0}}}).find("turn 1"), std::string::npos);
}

TEST(EpisodeContexts, PromptingOneTwiceInATurnIsTheEnvironmentsFault) {
  Stage stage;
  stage.spec.script = {{{"a", "x", 1}, {"a", "x", 1}}};
  const auto record = stage.play();
  ASSERT_FALSE(record);
  EXPECT_NE(record.error().message.find("twice"), std::string::npos) << record.error().message;
}

// Contexts that answered hold no memory that others wait for.
TEST(EpisodeContexts, ManyShareFewSessions) {
  Stage stage;
  stage.engine->most = 1;
  stage.spec.script = {{{"a", "x", 0}, {"a", "x", 1}, {"a", "x", 2}, {"a", "x", 3}},
                       {{"a", "x", 2}},
                       {{"b", "x", 0}, {"b", "x", 1}}};
  const auto record = stage.play();
  ASSERT_TRUE(record) << record.error().message;
  EXPECT_EQ(record->trajectories.size(), 6U);
}

TEST(EpisodeContexts, AnAgentWithOneKeepsItsSession) {
  Stage stage;
  stage.spec.script = {{{"a", "x"}}, {{"b", "x"}}, {{"a", "x"}}, {{"b", "x"}}};
  ASSERT_TRUE(stage.play());
  EXPECT_EQ(stage.engine->opened, 2);
}

}  // namespace
}  // namespace troupe
