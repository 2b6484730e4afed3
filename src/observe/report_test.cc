#include "observe/report.h"

#include <gtest/gtest.h>

#include "observe/curve.h"
#include "observe/interval.h"
#include "observe/markdown.h"
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
using testing::sample_warm_step;

struct Written {
  std::string report;
  std::string script;
  bool has_svg = false;
  std::string errors;
};

Written write_report(Result<std::string> svg, RunInfo info = sample_info()) {
  MemoryDisk disk;
  Collected errors;
  Complaints complaints(errors.sink());
  RunHistory history(disk, complaints);
  Written written;
  ReportWriter writer(history, disk, complaints, [&](const std::string& script) {
    written.script += script;
    return svg;
  });
  history.on_start(info);
  history.on_step(sample_warm_step(1));
  history.on_eval(sample_eval("warm_start", 0, 0.412));
  for (int step = 1; step <= 40; ++step) {
    StepReport report = sample_step(step);
    if (info.environment == "kuhn") report.exact = {{"nash_conv", 1.0 / step}};
    history.on_step(report);
    for (int i = 0; i < 4; ++i) writer.on_transcript(sample_transcript(step, i, i % 2 == 0));
  }
  history.on_eval(sample_eval("final", 40, 0.973));
  FinalReport final = sample_final();
  if (info.environment == "kuhn") {
    final.warm_start.exact = {{"nash_conv", 0.917}};
    final.final.exact = {{"average_nash_conv", 0.05}, {"nash_conv", 0.0625}};
  }
  writer.on_finish(final);
  written.report = *disk.read("run/report.md");
  written.has_svg = disk.exists("run/reward.svg") && disk.exists("run/waterfall.svg");
  written.errors = errors.text;
  return written;
}

/// Each table's lines must have as many cells as its head.
void expect_whole_tables(const std::string& text) {
  const auto cells = [](const std::string& line) {
    int bars = 0;
    for (std::size_t i = 0; i < line.size(); ++i) {
      bars += line[i] == '|' && (i == 0 || line[i - 1] != '\\') ? 1 : 0;
    }
    return bars;
  };
  int head = 0;
  for (const std::string& line : lines_of(text)) {
    if (line.rfind("| ", 0) != 0) {
      head = 0;
      continue;
    }
    if (head == 0) head = cells(line);
    EXPECT_EQ(cells(line), head) << line;
  }
}

TEST(Report, TellsTheRunFromTheHeadlineToTheFiles) {
  const Written written = write_report(std::string("<svg/>"));
  EXPECT_EQ(written.errors, "");
  EXPECT_TRUE(written.has_svg);
  for (const char* part :
       {"from **41.2%** to **97.3%**", "![reward and success by step](reward.svg)",
        "The best that is possible on this task: reward 1, success 100%.", "1,234,567",
        "llama d96 L2 H4 f256 V16", "## Evaluations", "### second", "40 steps taken, 0 skipped.",
        "![when the stages of the last steps ran](waterfall.svg)",
        "## How rollout and training ran together", "## Where the time went",
        "The workers waited most for **orders**", "wait: orders", "10.1%",
        "## What the agents said", "4 episodes of step 40",
        "run/checkpoints/best-000030/policy-first",
        "troupe train run/run.toml --output run --resume\ntroupe eval run --checkpoint best\n"}) {
    EXPECT_NE(written.report.find(part), std::string::npos) << part << "\n" << written.report;
  }
  EXPECT_EQ(written.report.find("gnuplot"), std::string::npos);
  expect_whole_tables(written.report);
}

TEST(Report, ShowsExactNumbersByStepIfThereAreAny) {
  EXPECT_EQ(write_report(std::string("<svg/>")).report.find("Exact numbers"), std::string::npos);
  RunInfo info = sample_info();
  info.environment = "kuhn";
  const std::string report = write_report(std::string("<svg/>"), info).report;
  for (const char* part :
       {"## Exact numbers", "nash\\_conv", "|   39 |    0.02564 |", "|   40 |      0.025 |",
        "| nash\\_conv          |     0.917 |     0.0625 |",
        "| average\\_nash\\_conv |         - |       0.05 |"}) {
    EXPECT_NE(report.find(part), std::string::npos) << part << "\n" << report;
  }
  EXPECT_EQ(report.find("|   38 |    0.02632 |"), std::string::npos);
  expect_whole_tables(report);
}

TEST(Report, WithoutGnuplotItSaysSoAndShowsTheNumbers) {
  const Written written = write_report(fail(ErrorCode::kNotFound, "gnuplot: not found"));
  EXPECT_FALSE(written.has_svg);
  EXPECT_NE(written.report.find("apt-get install gnuplot-nox"), std::string::npos);
  EXPECT_NE(written.report.find("| second reward |"), std::string::npos) << written.report;
  EXPECT_NE(written.report.find("\n40 first "), std::string::npos) << written.report;
  EXPECT_EQ(written.report.find(".svg)"), std::string::npos);
  EXPECT_EQ(written.errors, "");
  expect_whole_tables(written.report);
}

TEST(Report, NamesThatMarkdownOrGnuplotWouldActOnAreHarmless) {
  RunInfo info = sample_info();
  info.name = "it's `rm -rf /` | <b>";
  const Written written = write_report(std::string("<svg/>"), info);
  EXPECT_NE(written.script.find("it''s \"rm -rf /\" | <b>"), std::string::npos) << written.script;
  EXPECT_EQ(written.script.find('`'), std::string::npos);
  EXPECT_NE(written.report.find("\\`rm -rf /\\` \\| \\<b\\>"), std::string::npos);
  expect_whole_tables(written.report);
}

TEST(Curve, LeavesTheWarmStartOutAndDrawsEveryPolicy) {
  std::vector<StepReport> steps = {sample_warm_step(1), sample_step(1), sample_step(2)};
  const std::string script = curve_script("t", steps, {sample_eval("final", 2, 0.5)});
  EXPECT_NE(script.find("title 'first'"), std::string::npos);
  EXPECT_NE(script.find("title 'second'"), std::string::npos);
  EXPECT_NE(script.find("$evals << EOD\n2 0.5 0.5\nEOD\n"), std::string::npos) << script;
  const std::size_t at = script.find("$p0 << EOD\n");
  EXPECT_EQ(lines_of(script.substr(at, script.find("EOD\n", at + 11) - at)).size(), 3U);
  EXPECT_EQ(curve_script("t", {sample_warm_step(1)}, {}), "");
}

TEST(Curve, RunningMeanShrinksAtTheEndsAndSkipsNan) {
  EXPECT_EQ(running_mean({1, 2, 6, 4}, 1), (std::vector<double>{1.5, 3, 4, 5}));
  EXPECT_EQ(running_mean({1, NAN, 3}, 1)[1], 2);
  EXPECT_TRUE(running_mean({}, 3).empty());
}

TEST(Markdown, TablesArePaddedAndFencesHold) {
  EXPECT_EQ(markdown_table({"name", "n"}, {{"a", "1"}, {"longer", "12345"}}, 1),
            "| name   |     n |\n"
            "| ------ | -----:|\n"
            "| a      |     1 |\n"
            "| longer | 12345 |\n");
  EXPECT_EQ(markdown_block("a ``` b"), "````text\na ``` b\n````\n");
}

// Reference values: the formula evaluated in Python with z = 1.959963984540054.
TEST(Interval, Wilson) {
  const auto [low, high] = wilson_interval(0.9, 10);
  EXPECT_NEAR(low, 0.595850, 1e-5);
  EXPECT_NEAR(high, 0.982124, 1e-5);
  EXPECT_NEAR(wilson_interval(1.0, 1000).first, 0.996173, 1e-5);
  EXPECT_NEAR(wilson_interval(1.0, 1000).second, 1.0, 1e-12);
}

}  // namespace
}  // namespace troupe
