#include "environment/dataset/dataset.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <set>

#include "base/disk.h"
#include "environment/conformance.h"
#include "environment/countdown/countdown.h"
#include "environment/test_support.h"

namespace troupe {
namespace {

const std::string kFolder = std::string(TROUPE_SOURCE_DIR) + "/src/environment/";
const std::string kScript = kFolder + "testdata/count_letters.sh";

/// A dataset of one file in memory.
class Dataset : public testing::Test {
 protected:
  /// The environment over `text`, or the message of prepare()'s error.
  Result<std::unique_ptr<DatasetSpec>> open(const std::string& text, Settings chosen = {}) {
    EXPECT_TRUE(disk_.write("tasks.jsonl", text, false));
    chosen.texts.emplace("path", "tasks.jsonl");
    auto spec = std::make_unique<DatasetSpec>(EnvironmentServices{disk_});
    bind(*spec, chosen);
    if (Status status = spec->prepare(); !status) return tl::unexpected(status.error());
    return spec;
  }
  std::string refusal(const std::string& text, const Settings& chosen = {}) {
    const auto spec = open(text, chosen);
    EXPECT_FALSE(spec) << text;
    if (spec) return "";
    EXPECT_EQ(spec.error().code, ErrorCode::kInvalid);
    EXPECT_EQ(spec.error().message.find('\n'), std::string::npos) << "one line";
    return spec.error().message;
  }

  static std::string numbers(int rows) {
    std::string text;
    for (int i = 0; i < rows; ++i) {
      text += fmt::format("{{\"question\": \"{} plus 1?\", \"answer\": \"easy\\n#### {}\"}}\n", i,
                          i + 1);
    }
    return text;
  }
  static std::string words(int rows) {
    std::string text;
    for (int i = 0; i < rows; ++i) {
      text += fmt::format("{{\"question\": \"Q{}\", \"answer\": \"word {}\"}}\n", i, i);
    }
    return text;
  }
  static std::string countdowns(int rows) {
    std::string text;
    for (int i = 0; i < rows; ++i) {
      text += fmt::format("{{\"target\": {}, \"nums\": [{}, 2, 3]}}\n", i + 6, i + 1);
    }
    return text;
  }

  /// The reward of `answer` to the task of `line`, in whichever split it is.
  static double reward(const DatasetSpec& spec, int line, const std::string& answer) {
    for (Split split : {Split::kTrain, Split::kHeldOut}) {
      for (std::uint64_t i = 0; i < *spec.size(split); ++i) {
        const Task task = *spec.task(split, i);
        if (task.id == fmt::format("dataset-{}", line)) return reward_of_answer(spec, task, answer);
      }
    }
    ADD_FAILURE() << "no task for line " << line;
    return -1.0;
  }

  MemoryDisk disk_;
};

TEST_F(Dataset, QuestionsAreNumericWhenTheirAnswersAre) {
  const auto spec = *open(numbers(40));
  EXPECT_DOUBLE_EQ(reward(*spec, 7, "7"), 1.0);
  EXPECT_DOUBLE_EQ(reward(*spec, 7, "6 + 1 is 7.0"), 1.0);
  EXPECT_DOUBLE_EQ(reward(*spec, 7, "7\n#### 8"), 0.0);
  EXPECT_DOUBLE_EQ(reward(*spec, 7, "#### 7 because 6 and 1"), 0.0);
  EXPECT_DOUBLE_EQ(reward(*spec, 7, "seven"), 0.0);
  EXPECT_DOUBLE_EQ(*spec->best_reward(), 1.0);
  const Played played = play_answers(*spec, *spec->task(Split::kTrain, 0), {"x"});
  const std::string& prompt = played.exchanges.at(0).prompt.text;
  EXPECT_NE(prompt.find(" plus 1?\nAnswer: "), std::string::npos);
  EXPECT_FALSE(spec->may_block());
}

TEST_F(Dataset, QuestionsAreComparedExactlyOtherwise) {
  const auto spec = *open(words(40), {{}, {{"template", "Say {question}: "}}, {}, {}});
  EXPECT_DOUBLE_EQ(reward(*spec, 7, "word 6"), 1.0);
  EXPECT_DOUBLE_EQ(reward(*spec, 7, " word 6\n"), 1.0);
  EXPECT_DOUBLE_EQ(reward(*spec, 7, "I think #### word 6"), 1.0);
  EXPECT_DOUBLE_EQ(reward(*spec, 7, "Word 6"), 0.0);
  EXPECT_DOUBLE_EQ(reward(*spec, 7, "6"), 0.0);
  EXPECT_EQ(spec->max_answer(), 7);
}

TEST_F(Dataset, RegexPicksTheAnswerOut) {
  const auto spec =
      *open(words(40), {{}, {{"verifier", "regex"}, {"pattern", "<a>(.*?)</a>"}}, {}, {}});
  EXPECT_DOUBLE_EQ(reward(*spec, 7, "so <a> word 6 </a> it is"), 1.0);
  EXPECT_DOUBLE_EQ(reward(*spec, 7, "word 6"), 0.0);
  EXPECT_DOUBLE_EQ(reward(*spec, 7, "<a>word 5</a><a>word 6</a>"), 0.0);
  EXPECT_DOUBLE_EQ(reward(*spec, 7, "\xff\xfe<a>word 6</a>"), 1.0);
}

TEST_F(Dataset, RegexCannotHang) {
  const auto spec = *open(words(40), {{}, {{"verifier", "regex"}, {"pattern", "^(a+)+$"}}, {}, {}});
  EXPECT_DOUBLE_EQ(reward(*spec, 7, std::string(5000, 'a') + "!"), 0.0);
}

TEST_F(Dataset, NumericTakesPatternAndTolerance) {
  const auto spec =
      *open(numbers(40),
            {{}, {{"verifier", "numeric"}, {"pattern", "\\[(.*)\\]"}}, {{"tolerance", 0.5}}, {}});
  EXPECT_DOUBLE_EQ(reward(*spec, 7, "[7.4] or 9"), 1.0);
  EXPECT_DOUBLE_EQ(reward(*spec, 7, "[7.6]"), 0.0);
  EXPECT_DOUBLE_EQ(reward(*spec, 7, "7"), 0.0);
}

TEST_F(Dataset, CountdownMatchesTheBuiltInEnvironment) {
  const auto spec = *open(countdowns(40));
  const Task task{"t", R"({"nums":[3,7,9],"target":48})"};
  CountdownSpec built_in;
  for (const char* answer : {"(9+7)*3", "9+7*3", "9*7", "9+", ""}) {
    EXPECT_DOUBLE_EQ(reward_of_answer(*spec, task, answer),
                     reward_of_answer(built_in, task, answer));
  }
  const auto ours = spec->make()->reset(task, 1);
  const auto theirs = built_in.make()->reset(task, 1);
  EXPECT_EQ(ours->prompts[0].text, theirs->prompts[0].text);
  // The same symbols first, so that a model of the built-in environment can go on with the file.
  EXPECT_EQ(spec->alphabet().substr(0, built_in.alphabet().size()), built_in.alphabet());
  EXPECT_DOUBLE_EQ(reward_of_answer(*spec, task, "9/3*7"), 0.1);
}

TEST_F(Dataset, Conforms) {
  for (const std::string& text : {numbers(60), words(60)}) {
    const auto spec = *open(text);
    EXPECT_EQ(fmt::format("{}", fmt::join(check_conformance(*spec, 60, 1).problems, "\n")), "");
  }
  const auto countdown = *open(countdowns(60));
  EXPECT_EQ(fmt::format("{}", fmt::join(check_conformance(*countdown, 20, 1).problems, "\n")), "");
  const auto posix = make_posix_disk();
  for (const char* name : {"questions", "countdown"}) {
    DatasetSpec spec({*posix});
    bind(spec,
         {{}, {{"path", kFolder + "testdata/" + name + ".jsonl"}}, {{"held_out_share", 0.4}}, {}});
    const Status status = spec.prepare();
    ASSERT_TRUE(status) << status.error().message;
    EXPECT_EQ(fmt::format("{}", fmt::join(check_conformance(spec, 8, 1).problems, "\n")), "");
  }
}

TEST_F(Dataset, SplitsEveryRowOnceAndKeepsEqualProblemsTogether) {
  std::string text = countdowns(100);
  for (int i = 0; i < 100; ++i) {  // the same problems with the numbers in another order
    text += fmt::format("{{\"nums\": [3, {}, 2], \"target\": {}}}\n", i + 1, i + 6);
  }
  const auto spec = *open(text);
  std::set<std::string> ids;
  std::set<std::string> targets[2];
  for (int s : {0, 1}) {
    const Split split = s == 0 ? Split::kTrain : Split::kHeldOut;
    for (std::uint64_t i = 0; i < *spec->size(split); ++i) {
      const Task task = *spec->task(split, i);
      ids.insert(task.id);
      targets[s].insert(task.payload.substr(task.payload.find("target")));
    }
  }
  EXPECT_EQ(ids.size(), 200U);
  EXPECT_EQ(targets[0].size() + targets[1].size(), 100U);
  EXPECT_GT(targets[1].size(), 2U);
  EXPECT_LT(targets[1].size(), 25U);
}

TEST_F(Dataset, HoldsOutAFileOfItsOwn) {
  ASSERT_TRUE(disk_.write("test.jsonl", "{\"question\": \"new\", \"answer\": 5}\n", false));
  const Settings chosen = {{}, {{"held_out_path", "test.jsonl"}}, {}, {}};
  const auto spec = *open(numbers(5), chosen);
  EXPECT_EQ(*spec->size(Split::kTrain), 5U);
  EXPECT_EQ(spec->task(Split::kHeldOut, 0)->id, "dataset-heldout-1");
  EXPECT_DOUBLE_EQ(reward_of_answer(*spec, *spec->task(Split::kHeldOut, 0), "5"), 1.0);

  ASSERT_TRUE(
      disk_.write("test.jsonl", "{\"question\": \"2 plus 1?\", \"answer\": \"3\"}\n", false));
  EXPECT_NE(refusal(numbers(5), chosen)
                .find("test.jsonl:1: the same problem is in the training file, "
                      "tasks.jsonl:3"),
            std::string::npos);
  ASSERT_TRUE(disk_.write("test.jsonl", countdowns(1), false));
  EXPECT_NE(refusal(numbers(5), chosen).find("different layouts"), std::string::npos);
  ASSERT_TRUE(disk_.write("test.jsonl", words(1), false));
  EXPECT_NE(refusal(numbers(5), chosen).find("test.jsonl:1: the answer 'word 0' is not a number"),
            std::string::npos);
}

TEST_F(Dataset, NoisyTeacherGivesAnotherRowsAnswer) {
  const auto spec = *open(words(50));
  const auto world = spec->make();
  const Prompt prompt = world->reset(*spec->task(Split::kTrain, 0), 1)->prompts.at(0);
  Rng rng(1);
  std::set<std::string> seen;
  for (int i = 0; i < 300; ++i) seen.insert(*world->demonstrate(prompt, 1.0, rng));
  EXPECT_GT(seen.size(), 30U);
  for (const std::string& text : seen) EXPECT_EQ(text.substr(0, 5), "word ");
}

TEST_F(Dataset, ARewardCommandScores) {
  const auto spec = *open(
      words(40), {{}, {}, {{"reward_min", -1.0}}, {{"reward_command", {"/bin/sh", kScript}}}});
  EXPECT_TRUE(spec->may_block());
  EXPECT_EQ(spec->reward_range(), (std::pair<double, double>(-1.0, 1.0)));
  const Task task = *spec->task(Split::kTrain, 0);
  EXPECT_DOUBLE_EQ(reward_of_answer(*spec, task, "yes"), 0.5);
  EXPECT_DOUBLE_EQ(reward_of_answer(*spec, task, "no \"quotes\" \xff"), -1.0);

  const auto wild =
      *open(words(40), {{}, {}, {}, {{"reward_command", {"/bin/sh", kScript, "reward"}}}});
  const Played played = play_answers(*wild, task, {"yes"});
  ASSERT_TRUE(played.error);
  EXPECT_EQ(played.error->code, ErrorCode::kUnavailable);
  EXPECT_NE(played.error->message.find("reward 7 is outside"), std::string::npos);
}

TEST_F(Dataset, RefusesBadFiles) {
  DatasetSpec missing({disk_});
  bind(missing, {{}, {{"path", "nowhere.jsonl"}}, {}, {}});
  EXPECT_NE(missing.prepare().error().message.find("there is no file 'nowhere.jsonl'"),
            std::string::npos);
  DatasetSpec unset({disk_});
  bind(unset, {});
  EXPECT_NE(unset.prepare().error().message.find("environment.path is missing"), std::string::npos);

  const std::string good = numbers(3);
  for (const auto& [text, wanted] : std::vector<std::pair<std::string, std::string>>{
           {"", "'tasks.jsonl' is empty"},
           {" \n\r\n", "'tasks.jsonl' is empty"},
           {good + "{\"question\": \"x\", \n", "tasks.jsonl:4: is not valid JSON"},
           {good + "\n{} {}\n", "tasks.jsonl:5: is not valid JSON"},
           {good + "[1, 2]\n", "tasks.jsonl:4: is a JSON list"},
           {"{\"question\": \"x\", \"answer\": \"\xff\"}\n", "tasks.jsonl:1: is not valid UTF-8"},
           {good + "{\"question\": \"x\"}\n",
            "tasks.jsonl:4: has the keys \"question\"; a row needs"},
           {"{}\n", "tasks.jsonl:1: has the keys none"},
           {good + countdowns(1), "tasks.jsonl:4: has \"nums\" and \"target\", but line 1 has"},
           {"{\"question\": 3, \"answer\": \"x\"}\n", "tasks.jsonl:1: \"question\" must be text"},
           {"{\"question\": \"x\", \"answer\": null}\n", "tasks.jsonl:1: \"answer\" must be"},
           {"{\"question\": \"x\", \"answer\": \"y ####\"}\n", "no final answer"},
           {"{\"nums\": [], \"target\": 3}\n", "tasks.jsonl:1: \"nums\" must be"},
           {"{\"nums\": [1, -2], \"target\": 3}\n", "tasks.jsonl:1: \"nums\" must be"},
           {"{\"nums\": [1, 2.5], \"target\": 3}\n", "tasks.jsonl:1: \"nums\" must be"},
           {"{\"nums\": [1, 2], \"target\": \"3\"}\n", "tasks.jsonl:1: \"nums\" must be"},
           {"{\"nums\": [1, 99999999999999999999], \"target\": 3}\n", "\"nums\" must be"},
           {"{\"nums\": [1, 2], \"target\": 18446744073709551615}\n", "\"nums\" must be"},
           {numbers(1), "leaves no held-out row"}}) {
    EXPECT_NE(refusal(text).find(wanted), std::string::npos) << refusal(text);
  }
}

TEST_F(Dataset, RefusesOptionsThatDoNothingOrDoNotFit) {
  const auto said = [&](const std::string& text, const Settings& chosen,
                        const std::string& wanted) {
    const std::string message = refusal(text, chosen);
    EXPECT_NE(message.find(wanted), std::string::npos) << message;
  };
  const std::string qa = words(40);
  said(qa, {{}, {{"pattern", "x"}}, {}, {}},
       "environment.pattern does nothing with verifier = \"exact\"");
  said(qa, {{}, {}, {{"tolerance", 1.0}}, {}}, "environment.tolerance does nothing");
  said(qa, {{}, {{"operators", "+"}}, {}, {}}, "environment.operators does nothing");
  said(qa, {{}, {}, {{"reward_max", 2.0}}, {}}, "reward_max does nothing without");
  said(qa, {{}, {{"verifier", "exact"}}, {}, {{"reward_command", {"cat"}}}},
       "environment.verifier does nothing with a reward_command");
  said(qa, {{}, {}, {}, {{"reward_command", {"/no/such"}}}},
       "environment.reward_command: cannot run");
  said(qa, {{}, {{"verifier", "regex"}}, {}, {}}, "needs environment.pattern");
  said(qa, {{}, {{"verifier", "regex"}, {"pattern", "(a"}}, {}, {}},
       "environment.pattern: the regular");
  said(qa, {{}, {{"verifier", "countdown"}}, {}, {}}, "whose rows have questions");
  said(qa, {{}, {{"verifier", "numeric"}}, {}, {}},
       "tasks.jsonl:1: the answer 'word 0' is not a number");
  said(countdowns(40), {{}, {{"verifier", "exact"}}, {}, {}}, "does not fit");
  said(countdowns(40), {{}, {{"operators", "%"}}, {}, {}}, "environment.operators = \"%\"");
  said(qa, {{}, {{"template", "{question} {answer}"}}, {}, {}}, "would show the answer");
  said(qa, {{}, {{"template", "{question} {nums}"}}, {}, {}}, "{nums} is not known for this file");
  said(qa, {{}, {{"template", "What is it?"}}, {}, {}}, "does not show the task; use {question}");
  said(countdowns(40), {{}, {{"template", "{nums}"}}, {}, {}}, "use {nums} and {target}");
  said(qa, {{}, {{"held_out_path", "x"}}, {{"held_out_share", 0.2}}, {}},
       "held_out_share does nothing");
}

TEST_F(Dataset, BracesThatAreNoPlaceholdersAreText) {
  const auto spec = *open(words(40), {{}, {{"template", "{question} in \\boxed{} {X} {"}}, {}, {}});
  const auto turn = spec->make()->reset({"t", R"({"question":"{target}","answer":"a"})"}, 1);
  EXPECT_EQ(turn->prompts[0].text, "{target} in \\boxed{} {X} {");
}

}  // namespace
}  // namespace troupe
