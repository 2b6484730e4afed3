#include "simulate/simulation.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/rng.h"
#include "experience/selection/selection.h"
#include "orchestrate/pipeline.h"
#include "orchestrate/tail/make_tail.h"
#include "simulate/bound.h"
#include "simulate/team/forever.h"
#include "simulate/team/host_thread.h"
#include "simulate/team/simulated_team.h"
#include "simulate/workload/planned_workflow.h"
#include "simulate/workload/workload_environment.h"

namespace troupe {
namespace {

/// One run, from its parts to its result.
class Run {
 public:
  Run(const SimulationOptions& options, TeamCosts costs, const OnSimulatedStep& on_step)
      : options_(options),
        on_step_(on_step),
        executor_(make_clock()),
        host_(*executor_, options.measured.turn * options.relief.host),
        workflow_(
            options.pipeline.lockstep ? &lockstep_ : nullptr,
            [this](const std::string& task) { generated(task); },
            options.measured.turn > 0 ? &host_ : nullptr),
        tail_(make_tail(options.pipeline.tail, options.pipeline.tail_factor, options.run.groups,
                        options.run.group_size)),
        bound_(least_costs(costs), costs.training,
               options.instances() + static_cast<int>(options.serving.instances), options.slots(),
               options.cluster.shared),
        costs_(std::move(costs)),
        environment_(options.mix(), static_cast<int>(options.team.agents),
                     static_cast<std::uint64_t>(options.run.seed),
                     [this](std::uint64_t place, const Chain& chain) { hear(place, chain); }) {}

  Result<SimulationResult> result() {
    TROUPE_ASSIGN(team_, SimulatedTeam::make(*executor_, options_, costs_));
    if (!options_.reward.none()) {
      reward_ = make_simulated_reward(*executor_, options_.reward, options_.team.agents);
    }
    if (reward_ != nullptr && options_.reward.when == "step") {
      step_rewards_ = std::make_unique<StepRewards>(*executor_, *reward_, options_.run.groups,
                                                    static_cast<std::uint64_t>(options_.run.seed));
      team_->score_with(*step_rewards_);
    }
    TROUPE_TRY(open_store());
    TROUPE_TRY(executor_->run(steps()));
    finish();
    return std::move(out_);
  }

 private:
  std::unique_ptr<Executor> make_clock() {
    VirtualOptions clock;
    clock.seed = static_cast<std::uint64_t>(options_.run.seed);
    clock.job_time = [](const Job&) { return Nanos{0}; };  // the journal's writes are not modelled
    clock.watch = [this](Nanos now, std::uint64_t asked) {
      ++events_;
      digest_ = mix64(mix64(digest_ ^ static_cast<std::uint64_t>(now)) ^ asked);
    };
    return make_virtual_executor(std::move(clock));
  }

  void hear(std::uint64_t place, const Chain& chain) {
    out_.turns += static_cast<std::int64_t>(chain.turns.size());
    ++out_.episodes;
    if (team_->shared() != nullptr) team_->shared()->begun(place);
    if (tail_ != nullptr) return;
    const auto group = static_cast<std::int64_t>(place);
    bound_.add(group / options_.run.groups, group, chain);
  }

  Status open_store() {
    JournalOptions journal;
    journal.folder = "/experience";
    journal.segment_bytes = 16U << 20;
    ExperienceStore::Setting setting{*executor_, disk_, journal, {}, {}};
    setting.backlog_bytes = UINT64_MAX / 2;
    for (const PolicyLane& lane : team_->lanes()) {
      ExperienceStore::Policy table;
      table.name = lane.policy;
      table.agents = lane.agents;
      table.byte_budget = UINT64_MAX / 2;
      // As in a run: with a tail policy the flow admits.
      if (tail_ == nullptr) table.admission = lane.admission(options_.run.groups);
      TROUPE_ASSIGN(table.selector, make_selector(options_.experience.selection, 0));
      setting.policies.push_back(std::move(table));
    }
    TROUPE_ASSIGN(store_, ExperienceStore::open(std::move(setting)));
    return store_->restart(
        0, 0, std::vector<std::int64_t>(static_cast<std::size_t>(options_.team.agents), 0));
  }

  [[nodiscard]] PipelineSetting setting() {
    PipelineSetting out{*executor_, environment_, team_->bindings(), team_->lanes(), *store_};
    out.steps = options_.run.steps;
    out.groups = out.refill.batch = options_.run.groups;
    out.group_size = options_.run.group_size;
    out.tail = tail_.get();
    out.micro_batch = options_.pipeline.micro_batch;
    out.seed = static_cast<std::uint64_t>(options_.run.seed);
    out.turn_wait = Wait(kForever, "room in an engine");
    out.group_wait = Wait(kForever, "a complete micro-batch");
    out.workflow = &workflow_;
    if (step_rewards_ == nullptr) out.reward = reward_.get();
    if (team_->shared() != nullptr) out.on_version = [this](int) { return step_over(); };
    return out;
  }

  Async<Status> step_over() { return team_->shared()->step_over(); }
  void generated(const std::string& task) {
    if (team_->shared() != nullptr) team_->shared()->generated(std::stoull(task));
  }

  [[nodiscard]] double seconds() const { return static_cast<double>(executor_->now()) / kSecond; }

  Async<Status> steps() {
    co_await wait_for_weights();
    Pipeline pipeline(setting(), 0);
    Status status;
    for (std::int64_t step = 0; step < options_.run.steps && status; ++step) {
      begin_step();
      auto done = co_await pipeline.step(
          step, std::vector<double>(static_cast<std::size_t>(options_.team.agents), 1e-6));
      if (!done) {
        status = tl::unexpected(done.error());
        break;
      }
      // What follows a synchronous step waits for its weights; after the last one nothing would.
      if (step + 1 == options_.run.steps && options_.pipeline.mode.mode != "overlap") {
        co_await sleep_for(*executor_,
                           static_cast<Nanos>(team_->weight_sync().longest() * kSecond));
      }
      end_step(step, *done);
      status = store_->retire(step + 1);  // so that memory holds no more than a live run's disk
    }
    co_await pipeline.stop();
    co_await team_->stop();
    co_return status;
  }

  [[nodiscard]] Nanos longest_load() const {
    double longest = 0;
    for (const EmulatedOptions& one : costs_.rollout) longest = std::max(longest, one.cost.load());
    return static_cast<Nanos>(longest * kSecond);
  }

  /// The instances load their first weights, as when a live run starts.
  Async<void> wait_for_weights() {
    co_await sleep_for(*executor_, longest_load() + kMillisecond);
    out_.loading = seconds();
    counted_ = team_->device_seconds();
    waited_ = team_->times().states();
    first_ = waited_;
    first_devices_ = counted_;
    team_->start_serving();
  }

  void begin_step() {
    began_ = seconds();
    if (team_->serving() != nullptr) team_->serving()->new_step();
    team_->times().idle_reason("first complete group");
  }

  static double busy(const std::map<std::string, double>& states) {
    double out = 0;
    for (const auto& [state, spent] : states) {
      if (state == "backward" || state == "optimizer") out += spent;
    }
    return out;
  }

  void end_step(std::int64_t step, const StepOutcome& outcome) {
    const DeviceSeconds devices = team_->device_seconds();
    const auto states = team_->times().states();
    SimulatedStep now;
    now.seconds = seconds() - began_;
    const double rollout = devices.decode + devices.prefill + devices.load - counted_.decode -
                           counted_.prefill - counted_.load;
    now.rollout_busy = rollout / (now.seconds * options_.instances());
    now.training_busy = (busy(states) - busy(waited_)) / (now.seconds * options_.slots());
    const std::int64_t sampled = team_->tokens_sampled();
    now.tokens = sampled - sampled_;
    sampled_ = sampled;
    counted_ = devices;
    waited_ = states;
    // After the step's last group rollout has nothing to do, unless it runs ahead.
    const StageSpan span = outcome.numbers.front().stages.generate;
    if (options_.pipeline.mode.mode != "overlap" && span.end > 0) {
      after_ += seconds() - std::max(began_, static_cast<double>(span.end) / kSecond);
    }
    out_.steps.push_back(now);
    if (on_step_) on_step_(step, now);
  }

  void finish() {
    out_.seconds = seconds() - out_.loading;
    out_.instances = options_.instances();
    out_.slots = options_.slots();
    out_.rollout_devices = static_cast<double>(options_.rollout_devices());
    out_.training_devices = static_cast<double>(options_.cluster.training_devices);
    out_.tokens = sampled_;
    out_.trained = team_->tokens_trained();
    out_.pool = team_->pool().counts();
    out_.swaps = team_->swaps();
    out_.weight_sync = team_->weight_sync().mean_seconds();
    if (team_->serving() != nullptr) out_.serving = team_->serving()->counts();
    out_.events = events_;
    out_.digest = fmt::format("{:016x}", digest_);
    const double rollout = out_.seconds * out_.instances;
    const DeviceSeconds& d = counted_;
    out_.rollout["decode"] = (d.decode - first_devices_.decode) / rollout;
    out_.rollout["prefill"] = (d.prefill - first_devices_.prefill) / rollout;
    out_.rollout["load"] = (d.load - first_devices_.load) / rollout;
    double left = 1;
    for (const auto& [state, share] : out_.rollout) left -= share;
    // New weights are loaded in that time, too.
    const double training = std::min(after_ / out_.seconds, left);
    out_.rollout["wait: training"] = training;
    out_.rollout["wait: requests"] = left - training;
    for (const auto& [state, spent] : team_->times().states()) {
      const double own = spent - (first_.contains(state) ? first_.at(state) : 0);
      if (own > 0) out_.training[state] = own / (out_.seconds * out_.slots);
    }
    if (tail_ == nullptr) {
      out_.bound = options_.pipeline.mode.mode == "overlap"
                       ? bound_.overlapped(options_.run.steps)
                       : bound_.synchronous(options_.run.steps);
    }
  }

  const SimulationOptions& options_;
  const OnSimulatedStep& on_step_;
  std::int64_t events_ = 0;
  std::uint64_t digest_ = 0;  ///< of every event: when, and in which order it was asked for
  std::unique_ptr<Executor> executor_;
  Lockstep lockstep_{*executor_};
  HostThread host_;
  PlannedWorkflow workflow_;
  MemoryDisk disk_;
  std::unique_ptr<TailPolicy> tail_;
  WorkBound bound_;
  TeamCosts costs_;
  WorkloadEnvironment environment_;
  std::unique_ptr<SimulatedTeam> team_;
  std::unique_ptr<RewardStage> reward_;        ///< null: scoring takes no time
  std::unique_ptr<StepRewards> step_rewards_;  ///< null: each episode is scored as it ends
  std::unique_ptr<ExperienceStore> store_;
  SimulationResult out_;
  double began_ = 0, after_ = 0;
  std::int64_t sampled_ = 0;
  DeviceSeconds counted_, first_devices_;
  std::map<std::string, double> waited_, first_;
};

}  // namespace

Result<SimulationResult> simulate(const SimulationOptions& options,
                                  const OnSimulatedStep& on_step) {
  TROUPE_TRY(options.check());
  if (options.workload.lengths != "lognormal" && options.workload.data == nullptr) {
    return fail(ErrorCode::kInternal, "the files of the workload were not read");
  }
  TROUPE_ASSIGN(TeamCosts costs, team_costs(options));
  const double began = unix_time();
  Run run(options, std::move(costs), on_step);
  auto out = run.result();
  if (out) out->wall_seconds = unix_time() - began;
  return out;
}

}  // namespace troupe
