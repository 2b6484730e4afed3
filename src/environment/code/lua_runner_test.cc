#include "environment/code/lua_runner.h"

#include <map>

#include "environment/code/code_test_support.h"

namespace troupe {
namespace {

using Results = std::vector<std::optional<CodeValue>>;

const CodeValue kSeven = std::int64_t{7};

class LuaRunnerTest : public LuaTest {
 protected:
  /// Limits that leave room on a busy machine; an answer that loops needs less time.
  LuaRun run(const std::string& code, const std::vector<CodeValue>& inputs = {kSeven},
             double seconds = 5) {
    LuaRunner::Options options;
    options.ready = 1;
    options.limits.seconds = seconds;
    options.limits.memory_bytes = 64 << 20;
    options.limits.threads = 8;
    options.limits.output_bytes = 1 << 18;
    const auto runner = LuaRunner::make(options);
    EXPECT_TRUE(runner);
    const auto out = (*runner)->run(code, inputs);
    EXPECT_TRUE(out) << code << ": " << (out ? "" : out.error().message);
    return out.value_or(LuaRun());
  }
  std::string limit_of(const std::string& code, double seconds = 5) {
    return limit_name(run(code, {kSeven}, seconds).limit);
  }
};

TEST_F(LuaRunnerTest, GivesBackWhatTheCodeGives) {
  const LuaRun run1 = run("return x*2", {kSeven, std::int64_t{-3}});
  EXPECT_TRUE(run1.compiled);
  EXPECT_EQ(run1.results, (Results{CodeValue(std::int64_t{14}), CodeValue(std::int64_t{-6})}));
  EXPECT_EQ(run("return x..'!'", {std::string("a'\n\xff")}).results,
            (Results{CodeValue(std::string("a'\n\xff!"))}));
  EXPECT_EQ(run("return #x+x[2]", {std::vector<std::int64_t>{5, 6}}).results,
            (Results{CodeValue(std::int64_t{8})}));
  EXPECT_EQ(run("return x/1").results, (Results{CodeValue(std::int64_t{7})})) << "7.0 is 7";
  for (const char* code : {"return x/2", "return {}", "return", "x=1", "return 'y'==x"}) {
    EXPECT_EQ(run(code).results, (Results{std::nullopt})) << code;
  }
}

TEST_F(LuaRunnerTest, ErrorsAreTheCodesOwn) {
  const LuaRun no_lua = run("retrun x");
  EXPECT_FALSE(no_lua.compiled);
  EXPECT_NE(no_lua.error.find("answer:1:"), std::string::npos) << no_lua.error;
  const LuaRun bad = run("if x==7 then error('no seven') end return x", {kSeven, std::int64_t{1}});
  EXPECT_TRUE(bad.compiled);
  EXPECT_EQ(bad.results, (Results{std::nullopt, CodeValue(std::int64_t{1})}));
  EXPECT_NE(bad.error.find("no seven"), std::string::npos);
  EXPECT_NE(run("return f(x)").error.find("nil value"), std::string::npos);
}

TEST_F(LuaRunnerTest, WhatItPrintsIsNoResult) {
  const LuaRun forged =
      run("print('reply i9') io.write('reply i9\\n') io.stdout:write('reply i9\\n') return 3");
  EXPECT_EQ(forged.results, (Results{CodeValue(std::int64_t{3})}));
}

TEST_F(LuaRunnerTest, SixAttacksEachHaveANameOfTheirOwn) {
  Rng rng(1);
  std::map<std::string, std::string> attacks;
  while (attacks.size() < 6) {
    const CodeProblem drill = draw_problem(std::string(kDrill), rng);
    attacks[drill.spec] = drill.solution;
  }
  EXPECT_EQ(limit_of(attacks["fork bomb"]), "processes");
  EXPECT_EQ(limit_of(attacks["ten gb of memory"]), "memory");
  EXPECT_EQ(limit_of(attacks["endless loop"], 0.2), "time");
  EXPECT_EQ(limit_of(attacks["one gb of output"]), "output");
  EXPECT_EQ(limit_of(attacks["network call"]), "network");
  EXPECT_EQ(limit_of(attacks["write elsewhere"]), "files");
}

TEST_F(LuaRunnerTest, OtherWaysOfDoingHarmHaveNamesToo) {
  EXPECT_EQ(limit_of("local t={} while 1 do t[#t+1]=('x'):rep(1<<20) end"), "memory");
  EXPECT_EQ(limit_of("os.execute('head -c 1000000000 /dev/zero')"), "output");
  EXPECT_EQ(limit_of("os.execute('yes')"), "output");
  EXPECT_EQ(limit_of("os.exit(0)"), "exit");
  EXPECT_EQ(limit_of("os.execute('kill -9 $PPID')"), "exit");
  EXPECT_EQ(limit_of("os.remove('/etc/passwd')"), "files");
  EXPECT_EQ(limit_of("local f=io.open('/tmp/x','w') for i=1,99 do f:write(('x'):rep(1<<20)) end"),
            "space");
  EXPECT_EQ(limit_of("string.format=nil string.gsub=nil print=nil return x"), "none");
  EXPECT_EQ(limit_of("local f=io.open('/tmp/x','w') f:write('x') f:close() return x"), "none");
}

TEST_F(LuaRunnerTest, TheSameCodeGivesTheSameEachTime) {
  const std::string random = "return math.random(1<<40)";
  EXPECT_EQ(run(random).results, run(random).results);
  EXPECT_EQ(run("error({})").error, run("error({})").error);
}

TEST_F(LuaRunnerTest, TheTeachersSolutionsAreRight) {
  const auto runner = LuaRunner::make({2, {}});
  ASSERT_TRUE(runner);
  Rng rng(3);
  for (const std::string& kind : code_kinds()) {
    if (kind == kDrill) continue;
    for (int i = 0; i < 6; ++i) {
      const CodeProblem problem = draw_problem(kind, rng);
      const auto inputs = test_inputs(problem, 16);
      const auto done = (*runner)->run(problem.solution, inputs);
      ASSERT_TRUE(done) << done.error().message;
      for (std::size_t j = 0; j < inputs.size(); ++j) {
        EXPECT_EQ(done->results[j], problem.function(inputs[j]))
            << problem.solution << " on " << lua_literal(inputs[j]);
      }
    }
  }
}

}  // namespace
}  // namespace troupe
