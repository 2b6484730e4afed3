#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>

#include "observe/live_view.h"
#include "observe/plain_view.h"
#include "observe/policy_table.h"
#include "observe/progress_text.h"
#include "observe/run_text.h"
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

/// What a terminal shows after `text`: knows newlines, "cursor up n" and "clear to the end".
std::vector<std::string> screen(const std::string& text) {
  std::vector<std::string> rows = {""};
  std::size_t row = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\n') {
      if (++row == rows.size()) rows.emplace_back();
    } else if (text[i] == '\x1b') {
      char* end = nullptr;
      const long count = std::strtol(text.c_str() + i + 2, &end, 10);
      i = static_cast<std::size_t>(end - text.c_str());
      if (text[i] == 'F') {
        EXPECT_LE(static_cast<std::size_t>(count), row);
        row -= static_cast<std::size_t>(count);
      } else {
        EXPECT_EQ(text[i], 'J');
        rows.resize(row + 1);
        rows[row].clear();
      }
    } else {
      rows[row].push_back(text[i]);
    }
  }
  return rows;
}

int count_of(const std::vector<std::string>& rows, const std::string& part) {
  int count = 0;
  for (const std::string& row : rows) count += row.find(part) != std::string::npos ? 1 : 0;
  return count;
}

TEST(PolicyTable, AWarmStartHasNoRewards) {
  StepReport report = sample_warm_step(1);
  report.policies[0].gradient_norm = 0.25;
  const std::vector<std::string> lines = policy_table(report, 80);
  EXPECT_EQ(lines.at(1).find('%'), std::string::npos) << lines[1];
  EXPECT_NE(lines[1].find("     -"), std::string::npos) << lines[1];
  EXPECT_NE(lines[1].find("0.250"), std::string::npos) << lines[1];
}

TEST(ProgressText, Durations) {
  EXPECT_EQ(duration_text(8.44), "8.4 s");
  EXPECT_EQ(duration_text(59.96), "1:00");
  EXPECT_EQ(duration_text(96), "1:36");
  EXPECT_EQ(duration_text(7510), "2:05:10");
  EXPECT_EQ(duration_text(-1), "?");
  EXPECT_EQ(duration_text(std::nan("")), "?");
}

TEST(ProgressText, Numbers) {
  EXPECT_EQ(count_text(950), "950");
  EXPECT_EQ(count_text(12345), "12.3k");
  EXPECT_EQ(count_text(123456), "123k");
  EXPECT_EQ(count_text(4500000), "4.5M");
  EXPECT_EQ(value_text(0.41234, 3), "0.412");
  EXPECT_EQ(value_text(0, 3), "0");
  EXPECT_EQ(value_text(1.2e-5, 3), "1e-05");
  EXPECT_EQ(value_text(std::nan(""), 3), "-");
  EXPECT_EQ(percent_text(0.414), "41%");
  EXPECT_EQ(percent_text(0.996), "99.6%");
  EXPECT_EQ(percent_text(1), "100%");
  EXPECT_EQ(progress_bar(0.5, 12), "[#####.....]");
  EXPECT_EQ(progress_bar(7, 12), "[##########]");
  EXPECT_EQ(progress_bar(std::nan(""), 12), "[..........]");
  EXPECT_EQ(fit("caf\xc3\xa9s here", 5), "caf\xc3\xa9~");
  EXPECT_EQ(columns("caf\xc3\xa9"), 4);
}

TEST(PolicyTable, ShowsAllColumnsAt80AndTheMainOnesAt60) {
  const auto wide = policy_table(sample_step(10), 80);
  ASSERT_EQ(wide.size(), 3U);
  for (const char* head :
       {"reward", "solved", "length", "entropy", "|grad|", "KL", "clip", "ESS", "tok/s", "diff"}) {
    EXPECT_NE(wide[0].find(head), std::string::npos) << head;
  }
  EXPECT_NE(wide[1].find("6.0k"), std::string::npos) << wide[1];  // 3000 tokens in 0.5 s
  EXPECT_NE(wide[2].find("0.250"), std::string::npos) << wide[2];
  for (const std::string& line : wide) EXPECT_EQ(columns(line), columns(wide[0]));

  const auto narrow = policy_table(sample_step(10), 60);
  for (const char* head : {"reward", "solved", "entropy", "|grad|", "KL"}) {
    EXPECT_NE(narrow[0].find(head), std::string::npos) << head;
  }
  StepReport odd = sample_step(10);
  odd.policies[0].policy = "a very long name of a policy";
  odd.policies[0].gradient_norm = 1.23456e300;
  odd.policies[1].skipped = true;
  odd.policies[1].skip_reason = "the gradient of embed_tokens.weight is not finite, it is nan";
  for (const int width : {20, 40, 60, 80, 200}) {
    for (const std::string& line : policy_table(odd, width)) EXPECT_LE(columns(line), width);
  }
}

TEST(LiveView, RedrawsInPlaceAndKeepsTheWarmStartsBar) {
  for (const int width : {80, 60}) {
    Collected out;
    LiveView view(out.sink(), width);
    view.on_start(sample_info());
    for (int step = 1; step <= 20; ++step) view.on_step(sample_warm_step(step));
    view.on_eval(sample_eval("warm_start", 0, 0.412));
    for (int step = 1; step <= 40; ++step) {
      view.on_step(sample_step(step));
      if (step == 17) view.on_note("a note");
      for (const std::string& row : screen(out.text)) {
        EXPECT_LE(columns(row), 100);
      }
    }
    view.on_finish(sample_final());
    const auto rows = screen(out.text);
    EXPECT_EQ(count_of(rows, "warm start 20/20"), 1) << out.text;
    EXPECT_EQ(count_of(rows, "rl 40/40"), 1);
    EXPECT_EQ(count_of(rows, "rl 39/40"), 0);
    EXPECT_EQ(count_of(rows, "policy reward"), 2);  // one table of each phase
    EXPECT_EQ(count_of(rows, "a note"), 1);
    EXPECT_EQ(count_of(rows, "eval (warm start): success 41%"), 1);
    EXPECT_EQ(count_of(rows, "[####"), 2);
    for (const std::string& row : rows) {
      if (row.find("eval (") == std::string::npos && row.find("chain:") == std::string::npos) {
        EXPECT_LE(columns(row), width) << row;
      }
    }
  }
}

TEST(LiveView, DrawsAtMostTenTimesASecondButAlwaysTheLast) {
  Collected out;
  int writes = 0;
  LiveView view(
      [&](std::string_view text) {
        ++writes;
        out.text.append(text);
      },
      80);
  for (int step = 1; step <= 1000; ++step) {
    StepReport report = sample_step(step, 1000);
    report.elapsed = 0.001 * step;
    if (step == 1000) report.steps = 2000;  // stopped early: not known to be the last
    view.on_step(report);
  }
  EXPECT_LE(writes, 12);
  view.on_finish(sample_final());
  EXPECT_EQ(count_of(screen(out.text), "rl 1000/2000"), 1);
}

TEST(RunText, ExactNumbersAreSpoken) {
  EXPECT_EQ(exact_text({}), "");
  const NamedNumbers numbers = {{"nash_conv", 0.09161}, {"value_player_0", -1.0 / 18}};
  EXPECT_EQ(exact_text(numbers), "nash conv 0.0916, value player 0 -0.0556");
  StepReport step = sample_step(3);
  EXPECT_EQ(plain_line(step).find("nash"), std::string::npos);
  step.exact = numbers;
  EXPECT_NE(plain_line(step).find("| nash conv 0.0916, value"), std::string::npos);
  EvalReport eval = testing::sample_eval("final", 40, 0.5);
  eval.exact = numbers;
  EXPECT_NE(eval_text(eval).find("; nash conv 0.0916"), std::string::npos);
  FinalReport report = testing::sample_final();
  EXPECT_EQ(finish_lines(report).size(), 2U);
  report.final.exact = numbers;
  EXPECT_EQ(finish_lines(report).at(1), "exact: nash conv 0.0916, value player 0 -0.0556");
}

TEST(PlainView, OneLineNowAndThenWithoutEscapes) {
  Collected out;
  PlainView view(out.sink(), 5);
  view.on_start(sample_info());
  for (int step = 1; step <= 20; ++step) view.on_step(sample_warm_step(step));
  for (int step = 1; step <= 40; ++step) view.on_step(sample_step(step));
  EXPECT_EQ(out.text.find('\x1b'), std::string::npos);
  const auto lines = lines_of(out.text);
  // 0.5 s a step: the first, every tenth after it and the last.
  EXPECT_EQ(count_of(lines, "warm start "), 3);
  EXPECT_EQ(count_of(lines, "rl "), 5);
  EXPECT_EQ(count_of(lines, "rl 40/40"), 1);
  EXPECT_EQ(count_of(lines, "second reward"), 5);
  EXPECT_EQ(count_of(lines, "overlap, staleness 1"), 1);
  // 4,000 tokens of the current version and 2,000 of the one before; the warm start has them too.
  EXPECT_EQ(count_of(lines, "staleness 0.33 (at most 1)"), 8);
}

}  // namespace
}  // namespace troupe
