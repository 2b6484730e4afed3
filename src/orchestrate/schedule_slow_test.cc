#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cmath>

#include "orchestrate/pipeline_test_support.h"
#include "orchestrate/tail/make_tail.h"

// Random schedules on virtual time: whatever the modes, the lengths, the failures and the order of
// events, no sample is staler than its policy's bound, none is trained on twice, and each step
// trains on as many groups as it should.

namespace troupe {
namespace {

constexpr int kSchedules = 10000;
constexpr int kSteps = 5;

/// A drawn run file, as far as the pipeline is concerned.
struct Draw {
  explicit Draw(std::uint64_t seed) : rng(seed_join(seed, "draw")) {
    groups = 1 + static_cast<std::int64_t>(rng.below(6));
    members = 1 + static_cast<std::int64_t>(rng.below(3));
    micro_batch = 1 + static_cast<std::int64_t>(rng.below(static_cast<std::uint64_t>(groups)));
    failures = rng.below(3) == 0 ? 0.05 : 0.0;
    bool all_overlap = true;
    for (int i = 0; i < 2; ++i) {
      PolicyLane lane;
      const auto mode = rng.below(4);
      lane.mode = mode == 0   ? PipelineMode::kBarrier
                  : mode == 1 ? PipelineMode::kMicroBatch
                              : PipelineMode::kOverlap;
      if (lane.mode == PipelineMode::kOverlap) {
        // A part of a step, at least a group of it, up to three steps.
        const auto most = static_cast<std::uint64_t>(3 * groups);
        lane.staleness = static_cast<double>(1 + rng.below(most)) / static_cast<double>(groups);
        lane.update = static_cast<WeightUpdate>(rng.below(4));
      }
      all_overlap = all_overlap && lane.mode == PipelineMode::kOverlap;
      lanes.push_back(lane);
    }
    any_overlap =
        lanes[0].mode == PipelineMode::kOverlap || lanes[1].mode == PipelineMode::kOverlap;
    if (all_overlap && rng.below(2) == 0) {
      selection = rng.below(2) == 0 ? "oldest_first" : "arrival";
    }
    if (!any_overlap && rng.below(2) == 0) {
      const char* tails[] = {"redundant_groups", "redundant_members", "tail_batching"};
      tail = make_tail(tails[rng.below(3)], 1.5, groups, members);
    }
  }
  /// True if timing may change nothing but when things happen.
  [[nodiscard]] bool deterministic() const {
    for (const PolicyLane& lane : lanes) {
      if (lane.mode == PipelineMode::kOverlap && lane.update != WeightUpdate::kPin) return false;
    }
    return tail == nullptr && selection == "admission" && failures == 0;
  }

  [[nodiscard]] std::string text() const {
    std::string out = fmt::format(
        "groups {} of {}, micro-batch {}, failures {}, selection {}, tail {}", groups, members,
        micro_batch, failures, selection, tail == nullptr ? "none" : tail->name());
    for (const PolicyLane& lane : lanes) {
      out += fmt::format("; mode {} staleness {} update {}", static_cast<int>(lane.mode),
                         lane.staleness, static_cast<int>(lane.update));
    }
    return out;
  }

  Rng rng;
  std::int64_t groups, members, micro_batch;
  double failures;
  std::vector<PolicyLane> lanes;
  bool any_overlap = false;
  std::string selection = "admission";
  std::unique_ptr<TailPolicy> tail;
};

struct Played {
  std::vector<std::map<GroupKey, SeenGroup>> seen;  ///< by policy
  std::int64_t worst = 0;
  std::int64_t put_off = 0;
};

/// Plays the drawn run; `timing` decides how long everything takes.
Played play(std::uint64_t seed, std::uint64_t timing) {
  const Draw draw(seed);
  PipelineStage stage(seed_join(timing, "timing"), draw.failures);
  stage.duration = [&stage](const GenerateRequest&) {
    const double heavy = std::exp(2.0 * stage.rng.normal());
    return static_cast<Nanos>(heavy * static_cast<double>(kMillisecond)) + 1;
  };
  for (std::size_t i = 0; i < 2; ++i) {
    stage.lanes[i].mode = draw.lanes[i].mode;
    stage.lanes[i].staleness = draw.lanes[i].staleness;
    stage.lanes[i].update = draw.lanes[i].update;
    stage.trainers[i]->bound = staleness_bound(stage.lanes[i].admission(draw.groups));
  }
  stage.open_store(0, draw.selection, draw.tail == nullptr, draw.groups);
  PipelineSetting setting = stage.setting();
  setting.groups = setting.refill.batch = draw.groups;
  setting.group_size = draw.members;
  setting.micro_batch = draw.micro_batch;
  setting.tail = draw.tail.get();
  setting.retries = 50;
  std::vector<StepOutcome> outcomes;
  const Status status = stage.executor->run(run_pipeline(setting, kSteps, outcomes));
  EXPECT_TRUE(status) << status.error().message;
  Played out;
  for (const auto& trainer : stage.trainers) {
    out.seen.push_back(trainer->seen);
    out.worst = std::max(out.worst, trainer->worst);
    EXPECT_EQ(static_cast<std::int64_t>(trainer->seen.size()), kSteps * draw.groups);
    std::map<std::int64_t, std::int64_t> by_step;
    std::set<std::string> samples;
    for (const auto& [key, group] : trainer->seen) {
      ++by_step[group.step];
      for (const std::string& id : group.sample_ids) {
        EXPECT_TRUE(samples.insert(id).second) << id << " was trained on twice";
      }
    }
    for (const auto& [step, count] : by_step) EXPECT_EQ(count, draw.groups) << "step " << step;
  }
  for (const StepOutcome& outcome : outcomes) out.put_off += outcome.flow.put_off_groups;
  return out;
}

TEST(Schedule, NoRandomScheduleBreaksTheBoundOfStaleness) {
  std::map<std::int64_t, int> worst;
  std::int64_t put_off = 0;
  int same = 0;
  for (std::uint64_t seed = 1; seed <= kSchedules; ++seed) {
    SCOPED_TRACE(testing::Message() << "schedule " << seed << ": " << Draw(seed).text());
    const Played first = play(seed, seed);
    ++worst[first.worst];
    put_off += first.put_off;
    if (seed % 4 == 0 && Draw(seed).deterministic()) {
      const Played second = play(seed, seed + kSchedules);
      EXPECT_EQ(first.seen, second.seen) << "timing changed what was trained on";
      ++same;
    }
    if (testing::Test::HasFailure()) break;
  }
  for (const auto& [staleness, runs] : worst) {
    std::cout << "largest staleness " << staleness << ": " << runs << " schedules\n";
  }
  std::cout << put_off << " groups put off; " << same << " schedules twice with other timing\n";
  EXPECT_GT(worst[3], 0);
  EXPECT_GT(put_off, 0);
  EXPECT_GT(same, 100);
}

}  // namespace
}  // namespace troupe
