#include "pipeline/workload.h"

#include <algorithm>

#include "base/rng.h"
#include "simulate/workload/draws.h"

namespace troupe::bench {
namespace {

class Played final : public Environment {
 public:
  explicit Played(double time_scale) : time_scale_(time_scale) {}
  Result<Turn> reset(const Task&, std::uint64_t seed) override {
    seed_ = seed;
    return next();
  }
  Result<Turn> step(const std::vector<Action>&) override { return next(); }
  Outcome outcome() const override { return {{Rng(seed_join(seed_, "reward")).uniform()}, true}; }
  Result<std::string> demonstrate(const Prompt&, double, Rng&) const override {
    return fail(ErrorCode::kNotFound, "nobody teaches a workload");
  }

 private:
  Result<Turn> next() {
    if (turn_ == WorkloadSpec::kTurns) return Turn{};
    const std::uint64_t seed = seed_join(seed_, static_cast<std::uint64_t>(turn_));
    double tool = 0;
    if (turn_ > 0) tool = tool_seconds(Rng(seed_join(seed, "tool")).uniform()) * time_scale_;
    ++turn_;
    return Turn{{Prompt{"agent", plan_text(PlannedTurn{answer_tokens(seed), tool})}}};
  }

  double time_scale_;
  std::uint64_t seed_ = 0;
  int turn_ = 0;
};

}  // namespace

int answer_tokens(std::uint64_t seed) {
  Rng rng(seed_join(seed, "answer"));
  const double tokens = log_normal(rng, 40, 0.99);
  return std::clamp(static_cast<int>(tokens), 1, kLongestAnswer);
}

WorkloadNumbers workload_numbers() {
  constexpr std::size_t kCount = 100000;
  std::vector<double> answers, tools;
  WorkloadNumbers out;
  for (std::size_t i = 0; i < kCount; ++i) {
    answers.push_back(answer_tokens(i));
    tools.push_back(tool_seconds((static_cast<double>(i) + 0.5) / kCount));
    out.answer_mean += answers.back() / kCount;
    out.tool_mean += tools.back() / kCount;
  }
  std::sort(answers.begin(), answers.end());
  out.answer_p50 = answers[kCount / 2];
  out.answer_p99 = answers[kCount * 99 / 100];
  out.tool_p50 = tools[kCount / 2];
  out.tool_p90 = tools[kCount * 9 / 10];
  out.tool_p99 = tools[kCount * 99 / 100];
  return out;
}

std::unique_ptr<Environment> WorkloadSpec::make() const {
  return std::make_unique<Played>(time_scale_);
}

}  // namespace troupe::bench
