#include "observe/observers.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <stdexcept>

#include "observe/test_support.h"

namespace troupe {
namespace {

using testing::Collected;
using testing::lines_of;
using testing::sample_eval;
using testing::sample_final;
using testing::sample_info;
using testing::sample_step;
using testing::sample_transcript;

struct Streams {
  Collected out, err;
  ObserveOptions options() {
    ObserveOptions options;
    options.out = out.sink();
    options.err = err.sink();
    options.unix_time = [] { return 1700000000.0; };
    options.gnuplot = [](const std::string&) -> Result<std::string> { return "<svg/>"; };
    return options;
  }
};

void play(RunObserver& run) {
  run.on_start(sample_info());
  for (int step = 1; step <= 40; ++step) {
    run.on_transcript(sample_transcript(step, 1, true));
    run.on_step(sample_step(step));
  }
  run.on_eval(sample_eval("final", 40, 0.9));
  run.on_note("a note");
  run.on_finish(sample_final());
}

TEST(Observers, WriteEveryFileOfTheRunFolder) {
  MemoryDisk disk;
  Streams streams;
  play(*make_observers(streams.options(), disk));
  for (const char* path : {"run/metrics.jsonl", "run/report.md", "run/reward.svg",
                           "run/transcripts/step-000040.txt"}) {
    EXPECT_TRUE(disk.exists(path)) << path;
  }
  EXPECT_EQ(disk.list("run/tensorboard")->size(), 1U);
  const auto lines = lines_of(streams.out.text);
  ASSERT_FALSE(lines.empty());
  EXPECT_EQ(lines.front(),
            "finished after 40 steps in 1:23; success 41% -> 97% on 1000 held-out episodes");
  EXPECT_EQ(lines.back(), "report: run/report.md");
  EXPECT_NE(streams.err.text.find("rl 40/40"), std::string::npos);
}

TEST(Observers, OptionsSwitchOutputsOff) {
  MemoryDisk disk;
  Streams streams;
  ObserveOptions options = streams.options();
  options.tensorboard = false;
  options.report = false;
  options.transcripts_per_step = 0;
  options.quiet = true;
  play(*make_observers(options, disk));
  EXPECT_EQ(*disk.list("run"), std::vector<std::string>{"metrics.jsonl"});
  EXPECT_EQ(streams.err.text, "");
  EXPECT_EQ(streams.out.text.find("report"), std::string::npos);
}

TEST(Observers, JsonIsAloneOnStandardOutput) {
  MemoryDisk disk;
  Streams streams;
  ObserveOptions options = streams.options();
  options.json = true;
  options.terminal = true;
  play(*make_observers(options, disk));
  const auto object = nlohmann::json::parse(streams.out.text);
  EXPECT_EQ(object["steps_log"].size(), 40U);
  EXPECT_NE(streams.err.text.find("finished after"), std::string::npos);
}

TEST(Observers, AFullDiskIsOneNoteAndTheRunGoesOn) {
  MemoryDisk disk;
  disk.fail_from(0, ErrorCode::kNoSpace);
  for (const bool terminal : {false, true}) {
    Streams streams;
    ObserveOptions options = streams.options();
    options.terminal = terminal;
    options.json = true;
    play(*make_observers(options, disk));
    std::size_t notes = 0;
    for (std::size_t at = 0; (at = streams.err.text.find("note: ", at)) != std::string::npos;
         ++at) {
      ++notes;
    }
    EXPECT_EQ(notes, 1U) << streams.err.text;
    EXPECT_EQ(nlohmann::json::parse(streams.out.text)["steps_log"].size(), 40U);
  }
}

class Thrower : public RunObserver {
 public:
  void on_step(const StepReport&) override { throw std::runtime_error("broken"); }
};

class Counter : public RunObserver {
 public:
  explicit Counter(int& count) : count_(count) {}
  void on_step(const StepReport&) override { ++count_; }

 private:
  int& count_;
};

TEST(Observers, AnExceptionOfOneIsNotedOnceAndTheOthersHear) {
  Collected errors;
  int heard = 0;
  Observers all(errors.sink());
  all.add(std::make_unique<Thrower>());
  all.add(std::make_unique<Counter>(heard));
  for (int step = 1; step <= 3; ++step) all.on_step(sample_step(step));
  EXPECT_EQ(heard, 3);
  EXPECT_EQ(lines_of(errors.text).size(), 1U);
  EXPECT_NE(errors.text.find("broken"), std::string::npos);
}

TEST(ObserveOptions, DeclaresItsTable) {
  ObserveOptions options;
  OptionSet set("observe");
  options.declare(set);
  std::vector<std::string> keys;
  for (const Option& option : set.options()) keys.push_back(option.key);
  EXPECT_EQ(keys, (std::vector<std::string>{
                      "observe.transcripts_every", "observe.transcripts_per_step",
                      "observe.progress_seconds", "observe.tensorboard", "observe.report"}));
}

}  // namespace
}  // namespace troupe
