#include "observe/transcripts.h"

#include <gtest/gtest.h>

#include "observe/test_support.h"
#include "observe/transcript_text.h"

namespace troupe {
namespace {

using testing::Collected;
using testing::sample_eval;
using testing::sample_final;
using testing::sample_info;
using testing::sample_step;
using testing::sample_transcript;

TEST(Visible, EscapesWhatATerminalWouldActOn) {
  EXPECT_EQ(visible("plain 1+2=3"), "plain 1+2=3");
  EXPECT_EQ(visible("a\nb\tc\\d"), "a\\nb\\tc\\\\d");
  EXPECT_EQ(visible("a\nb", true), "a\nb");
  EXPECT_EQ(visible("\x1b[31mred\r\x7f"), "\\x1b[31mred\\x0d\\x7f");
  EXPECT_EQ(visible(std::string_view("\0", 1)), "\\x00");
  EXPECT_EQ(visible("caf\xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80"),
            "caf\xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80");
  EXPECT_EQ(visible("\xff\xc3"), "\\xff\\xc3");
  EXPECT_EQ(visible("\xc0\x80\xed\xa0\x80"), "\\xc0\\x80\\xed\\xa0\\x80");  // overlong, surrogate
  EXPECT_EQ(visible("\xc2\x9b"
                    "31m"),
            "\\xc2\\x9b31m");  // a C1 control that some terminals obey
}

TEST(TranscriptText, NamesTheLimitThatDecided) {
  Transcript transcript = sample_transcript(3, 12, false);
  transcript.limit = "memory";
  const std::string text = transcript_text(transcript, "episode 1");
  EXPECT_NE(text.find("chain/12  not solved (limit: memory)  reward:"), std::string::npos) << text;
}

TEST(TranscriptText, ReadsLikeAConversation) {
  Transcript transcript = sample_transcript(3, 12, false);
  transcript.turns[1].truncated = true;
  EXPECT_EQ(transcript_text(transcript, "episode 1"),
            "episode 1  task chain/12  not solved  reward: first 0, second 0\n"
            "  turn 1, first\n"
            "  prompt | table: a>c b>a\n"
            "         | message: b\n"
            "  answer | a\n"
            "  turn 2, second (cut by a length limit)\n"
            "  prompt | table: a>b c>a\n"
            "         | message: a\n"
            "  answer | c\n");
}

TEST(TranscriptPicker, TakesHalfOfEachKindAndFillsUp) {
  TranscriptPicker picker(4);
  for (int i = 0; i < 10; ++i) picker.add(sample_transcript(1, i, i >= 9));
  const auto picked = picker.picked();
  ASSERT_EQ(picked.size(), 4U);
  EXPECT_EQ(picked[0].task, "chain/9");
  EXPECT_EQ(picked[1].task, "chain/0");
  EXPECT_EQ(picker.seen(), 10U);
  EXPECT_EQ(picker.solved(), 1U);

  TranscriptPicker even(4);
  for (int i = 0; i < 10; ++i) even.add(sample_transcript(1, i, i % 2 == 0));
  int solved = 0;
  for (const Transcript& each : even.picked()) solved += each.success ? 1 : 0;
  EXPECT_EQ(solved, 2);

  TranscriptPicker good(3);
  for (int i = 0; i < 10; ++i) good.add(sample_transcript(1, i, true));
  EXPECT_EQ(good.picked().size(), 3U);

  TranscriptPicker one(1);
  one.add(sample_transcript(1, 0, true));
  one.add(sample_transcript(1, 1, false));
  EXPECT_EQ(one.picked().size(), 1U);
}

TEST(Transcripts, WritesEveryFewStepsAndEvaluations) {
  MemoryDisk disk;
  Collected errors;
  Complaints complaints(errors.sink());
  Transcripts files(disk, complaints, 4, 2);
  files.on_start(sample_info());
  for (int step = 1; step <= 8; ++step) {
    for (int i = 0; i < 6; ++i) files.on_transcript(sample_transcript(step, i, i % 2 == 0));
    files.on_step(sample_step(step));
  }
  Transcript eval = sample_transcript(8, 99, true);
  eval.phase = "eval";
  files.on_transcript(eval);
  files.on_eval(sample_eval("step 8", 8, 1));
  files.on_transcript(sample_transcript(12, 0, true));  // a step that did not end
  files.on_finish(sample_final());
  EXPECT_EQ(errors.text, "");
  EXPECT_EQ(*disk.list("run/transcripts"),
            (std::vector<std::string>{"eval-000008.txt", "step-000001.txt", "step-000004.txt",
                                      "step-000008.txt", "step-000012.txt"}));
  const std::string text = *disk.read("run/transcripts/step-000004.txt");
  EXPECT_NE(text.find("Step 4: 2 of the 6 episodes that were reported; 3 of them were solved."),
            std::string::npos)
      << text;
  EXPECT_NE(text.find("task chain/0  SOLVED"), std::string::npos) << text;
  EXPECT_NE(text.find("task chain/1  not solved"), std::string::npos) << text;
}

TEST(Transcripts, AResumedRunRemovesWhatTheLostStepsWrote) {
  MemoryDisk disk;
  Collected errors;
  Complaints complaints(errors.sink());
  ASSERT_TRUE(disk.make_folders("run/transcripts"));
  for (const char* name : {"step-000001.txt", "step-000010.txt", "step-000020.txt", "notes.txt"}) {
    ASSERT_TRUE(disk.write(std::string("run/transcripts/") + name, "x", false));
  }
  RunInfo info = sample_info();
  info.resumed = true;
  info.start_step = 10;
  Transcripts files(disk, complaints, 10, 2);
  files.on_start(info);
  EXPECT_EQ(*disk.list("run/transcripts"),
            (std::vector<std::string>{"notes.txt", "step-000001.txt", "step-000010.txt"}));
}

}  // namespace
}  // namespace troupe
