#include "pipeline/workload.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/rng.h"

namespace troupe::bench {
namespace {

struct Point {
  double quantile, seconds;
};
constexpr Point kTools[] = {{0, 0.01},    {0.5, 0.3},  {0.9, 13.6},
                            {0.9603, 60}, {0.99, 216}, {1, 3600}};

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
    return Turn{{Prompt{"agent", fmt::format(">{}:{:.0f}", answer_tokens(seed), 1e6 * tool)}}};
  }

  double time_scale_;
  std::uint64_t seed_ = 0;
  int turn_ = 0;
};

}  // namespace

int answer_tokens(std::uint64_t seed) {
  Rng rng(seed_join(seed, "answer"));
  const double tokens = 40 * std::exp(0.99 * rng.normal());
  return std::clamp(static_cast<int>(tokens), 1, kLongestAnswer);
}

double tool_seconds(double quantile) {
  for (std::size_t i = 1; i < std::size(kTools); ++i) {
    const Point& a = kTools[i - 1];
    const Point& b = kTools[i];
    if (quantile > b.quantile) continue;
    const double share = (quantile - a.quantile) / (b.quantile - a.quantile);
    return a.seconds * std::pow(b.seconds / a.seconds, share);
  }
  return kTools[std::size(kTools) - 1].seconds;
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

PlannedTurn planned(const std::string& text) {
  const std::size_t at = text.rfind('>');
  const std::size_t colon = text.rfind(':');
  PlannedTurn out;
  out.tokens = std::stoi(text.substr(at + 1));
  out.tool_seconds = 1e-6 * std::stod(text.substr(colon + 1));
  return out;
}

Async<Result<Outcome>> with_tools(Episode& episode, Task task) {
  auto turn = co_await episode.reset(std::move(task));
  while (turn && !turn->done()) {
    Prompt prompt = std::move(turn->prompts.front());
    const double tool = planned(prompt.text).tool_seconds;
    if (tool > 0) co_await sleep_for(episode.executor(), static_cast<Nanos>(tool * kSecond));
    auto action = co_await episode.act(std::move(prompt));
    if (!action) co_return tl::unexpected(action.error());
    std::vector<Action> actions(1, std::move(*action));
    turn = co_await episode.step(std::move(actions));
  }
  if (!turn) co_return tl::unexpected(turn.error());
  co_return episode.finish();
}

}  // namespace troupe::bench
