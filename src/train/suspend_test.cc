#include <gtest/gtest.h>

#include <cmath>
#include <cstring>

#include "train/trainer.h"
#include "train/trainer_test_groups.h"

namespace troupe {
namespace {

/// Takes the state out into other memory and puts it back, as a slot does.
void swap(Trainer& trainer) {
  StateParts room;
  const auto parts = trainer.parts();
  for (const StatePart& part : parts) {
    if (part.gathered) room[part.name] = StateBytes(part.bytes);
  }
  StateParts taken = trainer.suspend(std::move(room));
  StateParts elsewhere;
  for (auto& [name, block] : taken) {
    StateBytes copy(block.size());
    if (!block.empty()) std::memcpy(copy.bytes().data(), block.bytes().data(), block.size());
    elsewhere[name] = std::move(copy);
  }
  taken.clear();
  Workspaces workspaces = trainer.give_workspaces();
  for (const auto& workspace : workspaces) {
    std::fill(workspace->gradient.begin(), workspace->gradient.end(), NAN);  // of no account
  }
  ASSERT_EQ(trainer.parts().size(), parts.size()) << "a suspended trainer asks for what it gave";
  for (const StatePart& part : trainer.parts()) {
    StateBytes& block = elsewhere[part.name];
    if (block.empty()) block = StateBytes(part.bytes);
    ASSERT_EQ(block.size(), part.bytes) << part.name;
  }
  trainer.take_workspaces(std::move(workspaces));
  trainer.resume(std::move(elsewhere));
}

struct Outcome {
  std::string digest;
  TrainerState state;
};

/// Three steps; with `swaps`, the state goes away before, between and after all computations.
Outcome train(const AlgorithmOptions& algorithm, bool swaps, int workers) {
  VirtualOptions clock;
  clock.workers = workers;
  const auto executor = make_virtual_executor(clock);
  const auto weights = std::make_shared<const Weights>(random_weights(tiny(), 3));
  Trainer trainer(*executor, "p", {}, algorithm, weights);
  trainer.configure(1.0F, 8, 64);
  trainer.set_reference(weights);
  Outcome out;
  for (int step = 0; step < 3; ++step) {
    const auto groups = sampled_groups(weights, 6, static_cast<std::uint64_t>(40 + step));
    const auto run = [&]() -> Async<Status> {
      if (swaps) swap(trainer);
      for (std::size_t half = 0; half < 6; half += 3) {
        Gate gate(*executor);
        for (std::size_t i = half; i < half + 3; ++i) {
          spawn(accumulate(trainer, groups[i], Gate::Pass(gate)));
        }
        Status done = co_await gate.wait_empty(Wait(60 * kSecond, "backward"));
        if (!done) co_return done;
        if (swaps) swap(trainer);
      }
      const auto stepped = co_await trainer.step(6, 1e-2);
      if (!stepped) co_return tl::unexpected(stepped.error());
      EXPECT_FALSE(stepped->skipped) << stepped->skip_reason;
      co_return Status();
    };
    EXPECT_TRUE(executor->run(run()));
  }
  if (swaps) swap(trainer);
  out.digest = trainer.weights()->digest();
  out.state = trainer.export_state();
  return out;
}

TEST(Suspend, ChangesNoBitInTheMiddleOfAStep) {
  AlgorithmOptions plain;
  AlgorithmOptions critic;
  critic.advantage = "gae";
  for (const AlgorithmOptions& algorithm : {plain, critic}) {
    const Outcome expected = train(algorithm, false, 2);
    const Outcome swapped = train(algorithm, true, 3);
    EXPECT_EQ(swapped.digest, expected.digest) << algorithm.advantage;
    EXPECT_EQ(swapped.state.first, expected.state.first);
    EXPECT_EQ(swapped.state.second, expected.state.second);
    EXPECT_EQ(swapped.state.critic.first, expected.state.critic.first);
    EXPECT_EQ(swapped.state.critic.second, expected.state.critic.second);
  }
}

TEST(Suspend, ARestartedTrainerAsksForNothingOfItsPast) {
  const auto executor = make_virtual_executor({});
  const auto weights = std::make_shared<const Weights>(random_weights(tiny(), 3));
  Trainer trainer(*executor, "p", {}, {}, weights);
  trainer.configure(1.0F, 8, 64);
  EXPECT_TRUE(trainer.fresh());
  const auto groups = sampled_groups(weights, 3, 7);
  StepResult result;
  EXPECT_TRUE(executor->run(one_step(*executor, trainer, groups, result)));
  EXPECT_FALSE(trainer.fresh());
  const auto parts = trainer.parts();
  ASSERT_EQ(parts.size(), 1U) << "no sums: the step has used them up";
  EXPECT_EQ(parts.front().bytes, 2 * weights->layout.size() * sizeof(float));
  const StateParts away = trainer.suspend({});
  trainer.restart(weights);
  EXPECT_TRUE(trainer.fresh());
  EXPECT_EQ(trainer.parts().size(), 1U);
}

TEST(Suspend, ASumThatWasNotFiniteStaysSo) {
  GradientSum sum(3);
  sum.add(std::vector<float>{1, 2000, -1});
  ASSERT_FALSE(sum.finite());
  std::vector<char> bytes(sum.bytes());
  sum.store(bytes);
  GradientSum other(3);
  other.load(bytes);
  EXPECT_FALSE(other.finite());
  std::vector<float> values(3);
  other.read(1, values);
  EXPECT_EQ(values, (std::vector<float>{1, 0, -1}));
}

}  // namespace
}  // namespace troupe
