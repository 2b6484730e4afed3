#include "simulate/workload/workload_environment.h"

#include <fmt/format.h>

#include <map>

#include "base/rng.h"
#include "simulate/workload/planned_turn.h"

namespace troupe {
namespace {

constexpr char kText = 'x';

class Playing final : public Environment {
 public:
  Playing(const WorkloadMix& options, int agents, std::size_t speakers, std::uint64_t run_seed,
          const WorkloadEnvironment::OnEpisode& hears)
      : options_(options),
        agents_(agents),
        speakers_(speakers),
        run_seed_(run_seed),
        hears_(hears) {}

  Result<Turn> reset(const Task& task, std::uint64_t seed) override {
    seed_ = seed;
    const std::uint64_t place = std::stoull(task.id);
    chain_ = draw_chain(options_.at(place), agents_, run_seed_, place, seed);
    heard_.clear();
    if (hears_) hears_(place, chain_);
    return next();
  }
  Result<Turn> step(const std::vector<Action>&) override { return next(); }
  Outcome outcome() const override {
    Outcome out;
    out.rewards.assign(static_cast<std::size_t>(speakers_),
                       Rng(seed_join(seed_, "reward")).uniform());
    out.success = true;
    return out;
  }
  Result<std::string> demonstrate(const Prompt&, double, Rng&) const override {
    return fail(ErrorCode::kNotFound, "nobody teaches a workload");
  }

 private:
  Result<Turn> next() {
    if (turn_ == chain_.turns.size()) return Turn{};
    const ChainTurn& turn = chain_.turns[turn_++];
    said_ += turn.fed;
    std::int64_t& heard = heard_[{turn.policy, turn.speaker}];
    const std::int64_t fed = chain_.shared_text ? said_ - heard : turn.fed;
    const std::string plan = plan_text(PlannedTurn{turn.answer, turn.tool_seconds});
    std::string text;
    text.reserve(static_cast<std::size_t>(fed) + plan.size());
    text.assign(static_cast<std::size_t>(fed - 1), kText);
    text += plan;  // a token (byte_tokenizer.h)
    said_ += turn.answer;
    heard = said_;
    Turn out;
    out.prompts.push_back(Prompt{agent_name(turn.policy, turn.speaker), std::move(text)});
    return out;
  }

  const WorkloadMix& options_;
  const int agents_;
  const std::size_t speakers_;
  const std::uint64_t run_seed_;
  const WorkloadEnvironment::OnEpisode& hears_;
  std::uint64_t seed_ = 0;
  Chain chain_;
  std::size_t turn_ = 0;
  std::int64_t said_ = 0;                              ///< tokens, by everyone
  std::map<std::pair<int, int>, std::int64_t> heard_;  ///< of these, by each agent
};

}  // namespace

std::string agent_name(int policy, int speaker) {
  return speaker == 0 ? fmt::format("agent{}", policy) : fmt::format("agent{}.{}", policy, speaker);
}

std::string WorkloadEnvironment::alphabet() const { return kPlanAlphabet + std::string(1, kText); }

std::unique_ptr<Environment> WorkloadEnvironment::make() const {
  return std::make_unique<Playing>(options_, agents_, agents().size(), seed_, hears_);
}

}  // namespace troupe
