#include "simulate/team/simulated_reward.h"

#include <fmt/format.h>

#include "orchestrate/idle_parts.h"
#include "simulate/team/forever.h"
#include "simulate/workload/draws.h"

namespace troupe {
namespace {

class TimedReward final : public RewardSource {
 public:
  TimedReward(Executor& executor, SimulatedReward options)
      : executor_(executor), options_(std::move(options)) {}

  Async<Result<Score>> score(RewardRequest request) override {
    const RewardWork work = reward_work(options_, request.seed);
    Score out;
    if (work.hangs || work.seconds > request.seconds) out.limit = "time";
    out.seconds = out.limit.empty() ? work.seconds : request.seconds;
    co_await sleep_for(executor_, static_cast<Nanos>(out.seconds * kSecond));
    out.outcome = request.outcome;
    co_return out;
  }

 private:
  Executor& executor_;
  SimulatedReward options_;
};

}  // namespace

void SimulatedReward::declare(OptionSet& o) {
  o.add("seconds", &seconds,
        "Median seconds of scoring an episode, which are log-normal. 0, and no hang: scoring takes "
        "no time.")
      .range(0, 1e4);
  o.add("sigma", &sigma, "Standard deviation of the logarithm of these seconds.").range(0, 3);
  o.add("hang", &hang,
        "Share of the episodes whose scoring does not end before its time limit: programs that "
        "loop.")
      .range(0, 1);
  o.add("when", &when,
        "sample: each episode is scored as it ends, while others generate. step: all of a step's "
        "when the last of them has ended; for mode barrier.")
      .one_of({"sample", "step"});
  o.add("lambda", &lambda,
        "Scoring may take so many times the longest that ended by itself so far.")
      .range(1, 1000);
  o.add("t_min", &t_min, "But at least so many seconds.").range(0.01, 86400);
  o.add("t_max", &t_max,
        "And at most so many, as before the first that ended. Equal to t_min: a fixed time limit.")
      .range(0.01, 86400);
  o.add("concurrency", &concurrency, "Episodes that are scored at once.").range(1, 1e6);
}

Status SimulatedReward::check() const {
  const SimulatedReward standard;
  if (t_min > t_max) {
    return fail(ErrorCode::kInvalid,
                fmt::format("reward.t_min = {} exceeds reward.t_max = {}", t_min, t_max));
  }
  if (none()) {
    const std::string why = "scoring takes no time";
    const std::string remedy = "set reward.seconds";
    TROUPE_TRY(idle_if_given("reward.sigma", sigma, standard.sigma, why, remedy));
    TROUPE_TRY(idle_if_given("reward.when", when, standard.when, why, remedy));
    TROUPE_TRY(idle_if_given("reward.t_min", t_min, standard.t_min, why, remedy));
    TROUPE_TRY(idle_if_given("reward.t_max", t_max, standard.t_max, why, remedy));
    TROUPE_TRY(idle_if_given("reward.concurrency", concurrency, standard.concurrency, why, remedy));
  }
  if (none() || t_min == t_max) {
    TROUPE_TRY(idle_if_given("reward.lambda", lambda, standard.lambda,
                             "the time limit is always the same", "set reward.t_min"));
  }
  return {};
}

RewardWork reward_work(const SimulatedReward& o, std::uint64_t seed) {
  Rng rng(seed_join(seed, "seconds"));
  RewardWork out;
  out.hangs = rng.uniform() < o.hang;
  out.seconds = log_normal(rng, o.seconds, o.sigma);
  return out;
}

std::unique_ptr<RewardStage> make_simulated_reward(Executor& executor, const SimulatedReward& o,
                                                   std::int64_t agents) {
  RewardStage::Settings settings;
  settings.agents = static_cast<std::size_t>(agents);
  settings.concurrency = static_cast<int>(o.concurrency);
  settings.time = AdaptiveTimeout::Rule{o.lambda, o.t_min, o.t_max};
  settings.turn = Wait(kForever, "a place in the reward stage");
  return std::make_unique<RewardStage>(executor, std::make_unique<TimedReward>(executor, o),
                                       settings);
}

}  // namespace troupe
