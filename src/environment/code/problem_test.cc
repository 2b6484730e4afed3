#include "environment/code/problem.h"

#include <gtest/gtest.h>

#include <set>

namespace troupe {
namespace {

CodeProblem problem(const std::string& payload) {
  const auto read = read_problem({"t", payload});
  EXPECT_TRUE(read) << payload;
  return read ? *read : CodeProblem();
}

TEST(CodeProblem, EachFamilyIsWorkedOutByHand) {
  using List = std::vector<std::int64_t>;
  using Text = std::string;
  const auto linear = problem(R"({"kind":"linear","numbers":[3,-14],"letters":""})");
  EXPECT_EQ(linear.spec, "x times 3 minus 14");
  EXPECT_EQ(linear.solution, "return x*3-14");
  EXPECT_EQ(linear.function(std::int64_t{-5}), CodeValue(std::int64_t{-29}));
  const auto bound = problem(R"({"kind":"bound","numbers":[0,7],"letters":""})");
  EXPECT_EQ(bound.spec, "min of x and 7");
  EXPECT_EQ(bound.function(std::int64_t{9}), CodeValue(std::int64_t{7}));
  EXPECT_EQ(bound.function(std::int64_t{-9}), CodeValue(std::int64_t{-9}));
  const auto repeat = problem(R"({"kind":"repeat","numbers":[3,1],"letters":"q"})");
  EXPECT_EQ(repeat.spec, "reversed x 3 times with q");
  EXPECT_EQ(repeat.function(Text("abc")), CodeValue(Text("cbaqcbaqcba")));
  const auto count = problem(R"({"kind":"count","numbers":[],"letters":"ae"})");
  EXPECT_EQ(count.spec, "number of a and e in x");
  EXPECT_EQ(count.function(Text("sesame tea")), CodeValue(std::int64_t{5}));
  const auto list = problem(R"({"kind":"list","numbers":[1,2,5],"letters":""})");
  EXPECT_EQ(list.spec, "max of x times 2 plus 5");
  EXPECT_EQ(list.function(List{-3, 4, 1}), CodeValue(std::int64_t{13}));
  EXPECT_EQ(problem(R"({"kind":"list","numbers":[0,2,5],"letters":""})").function(List{-3, 4, 1}),
            CodeValue(std::int64_t{9}));
}

TEST(CodeProblem, APayloadBringsBackTheProblem) {
  Rng rng(5);
  for (const std::string& kind : code_kinds()) {
    std::set<std::string> specs;
    for (int i = 0; i < 200; ++i) {
      const CodeProblem drawn = draw_problem(kind, rng);
      const CodeProblem read = problem(problem_payload(drawn));
      EXPECT_EQ(read.spec, drawn.spec);
      EXPECT_EQ(read.solution, drawn.solution);
      specs.insert(drawn.spec);
    }
    EXPECT_GE(specs.size(), kind == kDrill ? 6U : 80U) << kind;
  }
}

TEST(CodeProblem, RefusesWhatIsNoProblem) {
  for (const char* payload : {"{}", R"({"kind":"linear","numbers":[3],"letters":""})",
                              R"({"kind":"linear","numbers":[3,400],"letters":""})",
                              R"({"kind":"repeat","numbers":[3,1],"letters":"'"})",
                              R"({"kind":"count","numbers":[],"letters":"]a"})",
                              R"({"kind":"drill","numbers":[6],"letters":""})",
                              R"({"kind":"magic","numbers":[],"letters":""})"}) {
    const auto read = read_problem({"t", payload});
    ASSERT_FALSE(read) << payload;
    EXPECT_EQ(read.error().code, ErrorCode::kInvalid);
  }
}

TEST(CodeProblem, TestsAreDifferentAndTheSameEachTime) {
  Rng rng(6);
  for (const std::string& kind : code_kinds()) {
    for (int i = 0; i < 50; ++i) {
      const CodeProblem drawn = draw_problem(kind, rng);
      const auto inputs = test_inputs(drawn, 34);
      EXPECT_EQ(inputs, test_inputs(drawn, 34));
      EXPECT_EQ(std::set<CodeValue>(inputs.begin(), inputs.end()).size(), 34U);
      const auto fewer = test_inputs(drawn, 5);
      EXPECT_TRUE(std::equal(fewer.begin(), fewer.end(), inputs.begin()));
    }
  }
}

}  // namespace
}  // namespace troupe
