#include "observe/metrics_jsonl.h"

#include <gtest/gtest.h>

#include <map>
#include <nlohmann/json.hpp>

#include "observe/run_history.h"
#include "observe/test_support.h"

namespace troupe {
namespace {

using testing::Collected;
using testing::lines_of;
using testing::sample_eval;
using testing::sample_final;
using testing::sample_info;
using testing::sample_step;
using testing::sample_warm_step;

void play(RunObserver& observer, int from, int to) {
  for (int step = from; step <= to; ++step) {
    observer.on_step(sample_step(step));
    if (step % 5 == 0) observer.on_eval(sample_eval("step " + std::to_string(step), step, 0.5));
  }
}

TEST(MetricsJsonl, AResumedRunLeavesTheSameFileAsOneLeftAlone) {
  Collected errors;
  Complaints complaints(errors.sink());
  std::string alone;
  {
    MemoryDisk disk;
    MetricsJsonl file(disk, complaints);
    file.on_start(sample_info());
    file.on_step(sample_warm_step(1));
    file.on_step(sample_warm_step(2));
    file.on_eval(sample_eval("warm_start", 0, 0.3));
    play(file, 1, 12);
    file.on_finish(sample_final());
    alone = *disk.read("run/metrics.jsonl");
  }
  MemoryDisk disk;
  {
    MetricsJsonl file(disk, complaints);
    file.on_start(sample_info());
    file.on_step(sample_warm_step(1));
    file.on_step(sample_warm_step(2));
    file.on_eval(sample_eval("warm_start", 0, 0.3));
    play(file, 1, 8);
    ASSERT_TRUE(disk.append("run/metrics.jsonl", "{\"kind\":\"step\",\"st"));  // killed here
  }
  RunInfo info = sample_info();
  info.resumed = true;
  info.start_step = 5;
  {
    RunHistory history(disk, complaints);
    MetricsJsonl file(disk, complaints);
    history.on_start(info);
    EXPECT_EQ(history.steps().size(), 2U + 5);
    EXPECT_EQ(history.evals().size(), 2U);
    file.on_start(info);
    file.on_eval(sample_eval("step 5", 5, 0.5));  // evaluated again after the resume
    history.on_eval(sample_eval("step 5", 5, 0.5));
    EXPECT_EQ(history.evals().size(), 2U);
    play(file, 6, 12);
    file.on_finish(sample_final());
  }
  EXPECT_EQ(*disk.read("run/metrics.jsonl"), alone);
  EXPECT_EQ(errors.text, "");
}

TEST(MetricsJsonl, AFreshRunStartsAnEmptyFile) {
  MemoryDisk disk;
  ASSERT_TRUE(disk.make_folders("run"));
  ASSERT_TRUE(disk.write("run/metrics.jsonl", "old\n", false));
  Collected errors;
  Complaints complaints(errors.sink());
  MetricsJsonl file(disk, complaints);
  file.on_start(sample_info());
  file.on_step(sample_step(1));
  const auto lines = lines_of(*disk.read("run/metrics.jsonl"));
  ASSERT_EQ(lines.size(), 1U);
  EXPECT_EQ(nlohmann::json::parse(lines[0])["step"], 1);
}

TEST(MetricsJsonl, AFullDiskIsNotedOnceAndHealsLater) {
  MemoryDisk disk;
  Collected errors;
  Complaints complaints(errors.sink());
  MetricsJsonl file(disk, complaints);
  file.on_start(sample_info());
  disk.fail_from(0, ErrorCode::kNoSpace);
  file.on_step(sample_step(1));
  file.on_step(sample_step(2));
  EXPECT_EQ(lines_of(errors.text).size(), 1U) << errors.text;
  EXPECT_NE(errors.text.find("metrics.jsonl"), std::string::npos) << errors.text;
  disk.heal();
  file.on_step(sample_step(3));
  EXPECT_EQ(lines_of(*disk.read("run/metrics.jsonl")).size(), 1U);
}

}  // namespace
}  // namespace troupe
