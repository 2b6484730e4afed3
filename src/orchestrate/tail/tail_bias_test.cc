#include <cstdio>

#include "orchestrate/tail/tail_test_support.h"

namespace troupe {
namespace {

/// Mean lengths over a run, in tokens.
struct Lengths {
  double population = 0;  ///< of all tasks that the run began, all members that a group needs
  double trained = 0;
  double short_rounds = 0, long_rounds = 0;  ///< trained, by kind of round; 0: there was none
  std::int64_t population_tokens = 0, trained_tokens = 0, queued_tokens = 0;
  std::int64_t begun = 0, put_off = 0;  ///< tasks; those still put off at the end
};

std::int64_t whole_group(std::int64_t place) {
  std::int64_t out = 0;
  for (int member = 0; member < TailStage::kMembers; ++member) out += length_of(place, member);
  return out;
}

double mean(std::int64_t tokens, std::int64_t samples) {
  return samples == 0 ? 0 : static_cast<double>(tokens) / static_cast<double>(samples);
}

Async<Status> all_steps(TailStage& stage, std::int64_t steps, Lengths& out) {
  stage.setting->steps = steps;
  Pipeline pipeline(*stage.setting, 0);
  Status status;
  for (std::int64_t step = 0; step < steps && status; ++step) {
    auto done = co_await pipeline.step(step, std::vector<double>(1, 1e-3));
    if (!done) status = tl::unexpected(done.error());
  }
  for (const std::int64_t place : pipeline.queue_of(steps)) {
    out.queued_tokens += whole_group(place);
    ++out.put_off;
  }
  out.begun = stage.store->state().next_place();
  co_await pipeline.stop();
  co_return status;
}

Lengths run(const TailStageOptions& options, std::int64_t steps) {
  TailStage stage(options);
  Lengths out;
  const Status status = stage.executor->run(all_steps(stage, steps, out));
  EXPECT_TRUE(status) << status.error().message;
  std::int64_t tokens[2] = {0, 0};
  std::int64_t samples[2] = {0, 0};
  std::int64_t newest = -1;
  for (const auto& [step, trained] : stage.trainer->trained) {
    // All tasks of a long round are older than any that a short round has begun.
    std::int64_t last = -1;
    for (const auto& sample : trained) last = std::max(last, sample.place);
    const std::size_t kind = last <= newest ? 1 : 0;
    newest = std::max(newest, last);
    for (const auto& sample : trained) {
      EXPECT_LE(sample.age, options.staleness);
      tokens[kind] += sample.tokens;
      ++samples[kind];
    }
  }
  for (std::int64_t place = 0; place < out.begun; ++place) {
    out.population_tokens += whole_group(place);
  }
  out.trained_tokens = tokens[0] + tokens[1];
  EXPECT_EQ(samples[0] + samples[1], steps * TailStage::kGroups * TailStage::kMembers);
  out.population = mean(out.population_tokens, out.begun * TailStage::kMembers);
  out.trained = mean(out.trained_tokens, samples[0] + samples[1]);
  out.short_rounds = mean(tokens[0], samples[0]);
  out.long_rounds = mean(tokens[1], samples[1]);
  std::printf("%-18s %-13s population %5.1f, trained %5.1f (short rounds %5.1f, long %5.1f)\n",
              options.tail.c_str(), options.selection, out.population, out.trained,
              out.short_rounds, out.long_rounds);
  return out;
}

// Log-normal lengths, sigma 0.99, 60 steps of 8 groups of 4: the mean of all has a deviation of
// about 3%.
constexpr std::int64_t kSteps = 60;

TEST(TailBias, WithoutAPolicyThereIsNone) {
  const Lengths lengths = run({}, kSteps);
  EXPECT_EQ(lengths.trained_tokens, lengths.population_tokens);
}

TEST(TailBias, RedundantGroupsOnlyChangeTheOrder) {
  TailStageOptions options;
  options.tail = "redundant_groups";
  const Lengths lengths = run(options, kSteps);
  EXPECT_EQ(lengths.trained_tokens + lengths.queued_tokens, lengths.population_tokens);
  EXPECT_LE(lengths.put_off, TailStage::kGroups + 2) << "the queue is played as soon as it is full";
  // The order is biased, which is why the long rounds must not be left out.
  EXPECT_LT(lengths.short_rounds, 0.9 * lengths.population);
  EXPECT_GT(lengths.long_rounds, 1.3 * lengths.population);
}

TEST(TailBias, RedundantMembersPreferShortAnswers) {
  TailStageOptions options;
  options.tail = "redundant_members";
  const Lengths lengths = run(options, kSteps);
  EXPECT_EQ(lengths.put_off, 0);
  // The longest of five is left out; the mean of the four others is 0.64 of that of all, for a
  // log-normal with this sigma.
  EXPECT_LT(lengths.trained, 0.70 * lengths.population);
  EXPECT_GT(lengths.trained, 0.58 * lengths.population);
}

TEST(TailBias, TailBatchingPrefersShortAnswersInItsShortRounds) {
  TailStageOptions options;
  options.tail = "tail_batching";
  const Lengths lengths = run(options, kSteps);
  EXPECT_LT(lengths.short_rounds, 0.7 * lengths.population);
  EXPECT_GT(lengths.long_rounds, lengths.population);
  EXPECT_LT(lengths.trained + 0.1 * lengths.population, lengths.population)
      << "long rounds make up for whole tasks, not for the answers that short rounds ended";
}

TEST(TailBias, OverlapWithTheOldestFirstHasNone) {
  TailStageOptions options;
  options.staleness = 1;
  options.selection = "oldest_first";
  const Lengths lengths = run(options, kSteps);
  EXPECT_EQ(lengths.begun, kSteps * TailStage::kGroups);
  EXPECT_EQ(lengths.trained_tokens, lengths.population_tokens);
}

}  // namespace
}  // namespace troupe
