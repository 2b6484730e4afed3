#include "rollout/episodes.h"

#include <fmt/format.h>
#include <malloc.h>
#include <sys/resource.h>
#include <unistd.h>

#include <fstream>

#include "base/rng.h"
#include "common/allocated.h"
#include "model/tokenizer.h"
#include "rollout/fleet.h"
#include "rollout/group_runner.h"

namespace troupe::bench {
namespace {

constexpr int kTurns = 8;
constexpr int kPrompt = 40;
constexpr int kAnswer = 32;
// A tenth of an instance's and a tool's real time, so that the strand is busy: a strand that mostly
// sleeps pays for waking up with cold caches, and no rollout is slower for that.
constexpr double kScale = 0.1;
constexpr int kContext = kTurns * (kPrompt + kAnswer + 8);

double cpu_now() {
  rusage usage;
  ::getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& t) {
    return static_cast<double>(t.tv_sec) + 1e-6 * static_cast<double>(t.tv_usec);
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

double resident_now() {
  std::ifstream file("/proc/self/statm");
  double size = 0, resident = 0;
  file >> size >> resident;
  return resident * static_cast<double>(::sysconf(_SC_PAGESIZE));
}

class ToolEnvironment final : public Environment {
 public:
  Result<troupe::Turn> reset(const Task&, std::uint64_t) override { return next(); }
  Result<troupe::Turn> step(const std::vector<Action>&) override { return next(); }
  Outcome outcome() const override { return {{1.0}, true}; }
  Result<std::string> demonstrate(const Prompt&, double, Rng&) const override {
    return fail(ErrorCode::kNotFound, "nobody teaches this environment");
  }

 private:
  Result<troupe::Turn> next() {
    if (turn_ == kTurns) return troupe::Turn{};
    ++turn_;
    return troupe::Turn{{Prompt{"agent", std::string(kPrompt, static_cast<char>('0' + turn_))}}};
  }
  int turn_ = 0;
};

class ToolSpec final : public EnvironmentSpec {
 public:
  std::string name() const override { return "tools"; }
  std::string summary() const override { return "turns behind tools"; }
  std::string optimum() const override { return "none: all earn the same"; }
  void declare(OptionSet&) override {}
  Status prepare() override { return {}; }
  std::vector<std::string> agents() const override { return {"agent"}; }
  std::string alphabet() const override { return "0123456789"; }
  std::optional<std::uint64_t> size(Split) const override { return std::nullopt; }
  Result<Task> task(Split, std::uint64_t index) const override {
    return Task{std::to_string(index), ""};
  }
  std::unique_ptr<Environment> make() const override { return std::make_unique<ToolEnvironment>(); }
  int max_answer() const override { return kAnswer; }
  int max_turns() const override { return kTurns; }
  std::pair<double, double> reward_range() const override { return {0.0, 1.0}; }
};

struct Counts {
  std::int64_t turns = 0;
  double token_bytes = 0;  ///< of the episodes that are being played
};

/// Lets the agent answer after a tool, turn by turn.
class ToolWorkflow final : public Workflow {
 public:
  explicit ToolWorkflow(Counts& counts) : counts_(counts) {}
  std::string name() const override { return "tools"; }
  std::string summary() const override { return "a tool before each turn"; }
  Async<Result<Outcome>> play(Episode& episode, Task task) const override {
    double held = 0;
    Rng rng(seed_join(0, task.id));
    auto turn = co_await episode.reset(std::move(task));
    while (turn && !turn->done()) {
      const double tool = kScale * (1 + 4 * rng.uniform());
      co_await sleep_for(episode.executor(), static_cast<Nanos>(tool * kSecond));
      Prompt prompt = std::move(turn->prompts.front());
      auto action = co_await episode.act(std::move(prompt));
      if (!action) co_return tl::unexpected(action.error());
      ++counts_.turns;
      const double bytes = kPrompt * sizeof(TokenId) + kAnswer * (sizeof(TokenId) + sizeof(float));
      held += bytes;
      counts_.token_bytes += bytes;
      std::vector<Action> actions(1, std::move(*action));
      turn = co_await episode.step(std::move(actions));
    }
    counts_.token_bytes -= held;
    if (!turn) co_return tl::unexpected(turn.error());
    co_return episode.finish();
  }

 private:
  Counts& counts_;
};

struct Playing {
  EpisodeSetting setting;
  Nanos until = 0;
  std::uint64_t next = 0;
  Status status;
};

Async<void> play_next(Playing& playing, Gate::Pass pass) {
  const Gate::Pass held = std::move(pass);
  while (playing.setting.executor.now() < playing.until && playing.status) {
    EpisodeId id;
    id.seed = playing.next++;
    id.input = std::to_string(id.seed);
    Task task{id.input, ""};
    auto record = co_await play_episode(playing.setting, std::move(task), std::move(id));
    if (!record) playing.status = tl::unexpected(record.error());
  }
}

Async<Status> play_all(Playing& playing, Counts& counts, EpisodesRow& row) {
  Executor& executor = playing.setting.executor;
  const Nanos began = executor.now();
  const auto length = playing.until;
  playing.until += began;
  ::malloc_trim(0);
  const double resident = resident_now();
  const auto held = static_cast<double>(allocated());
  const double cpu = cpu_now();
  {
    Gate gate(executor);
    for (int i = 0; i < row.episodes; ++i) spawn(play_next(playing, Gate::Pass(gate)));
    co_await sleep_for(executor, length * 3 / 4);
    const auto each = static_cast<double>(row.episodes);
    row.resident = (resident_now() - resident) / each;
    row.allocated = (static_cast<double>(allocated()) - held) / each;
    row.tokens = counts.token_bytes / each;
    Status ended = co_await gate.wait_empty(Wait(3600 * kSecond, "episodes"));
    if (!ended) co_return ended;
  }
  row.seconds = static_cast<double>(executor.now() - began) / kSecond;
  row.cpu_seconds = cpu_now() - cpu;
  row.turns = counts.turns;
  co_return playing.status;
}

}  // namespace

Result<EpisodesRow> measure_episodes(const Options& options) {
  const auto executor = make_live_executor(1);
  FleetSetting fleet;
  fleet.instances = options.instances;
  fleet.loads = {1};
  fleet.balancer.kind = "none";
  fleet.time_scale = kScale;
  TROUPE_ASSIGN(const auto pool,
                make_fleet(*executor, fleet, FleetWork{kAnswer, kContext},
                           [](const GenerateRequest&) { return plain_answer(kAnswer); }));
  const auto engine = pool->engine(0);
  const ToolSpec spec;
  AgentBinding binding;
  binding.policy = "0";
  binding.engine = engine.get();
  binding.tokenizer = make_symbol_tokenizer(spec.alphabet());
  binding.max_answer_tokens = kAnswer;
  binding.max_context = kContext;
  const AgentBindings agents = {{"agent", binding}};
  Counts counts;
  const ToolWorkflow workflow(counts);
  Playing playing{EpisodeSetting{*executor, spec, agents}, 0, 0, {}};
  playing.setting.workflow = &workflow;
  playing.until = static_cast<Nanos>(options.seconds * kSecond);
  EpisodesRow row;
  row.episodes = options.episodes;
  TROUPE_TRY(executor->run(play_all(playing, counts, row)));
  return row;
}

}  // namespace troupe::bench
