#include "base/sandbox.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <thread>

#include "base/process.h"
#include "base/process_tree.h"

namespace troupe {
namespace {

/// A shell script that is given one line as $line.
Result<Sandbox> script(Sandbox::Kind kind, const std::string& text) {
  return Sandbox::make(kind, {"/bin/sh", "-c", "read -r line; " + text});
}

class EverySandbox : public ::testing::TestWithParam<Sandbox::Kind> {
 protected:
  void SetUp() override {
    const auto made = Sandbox::make(GetParam(), {"/bin/true"});
    if (!made) GTEST_SKIP() << made.error().message;
  }
  Result<SandboxReply> ask(const std::string& text, const SandboxLimits& limits = {}) {
    auto sandbox = script(GetParam(), text);
    if (!sandbox) return tl::unexpected(sandbox.error());
    return sandbox->ask("hello", limits);
  }
  SandboxLimit limit_of(const std::string& text, const SandboxLimits& limits = {}) {
    const auto reply = ask(text, limits);
    EXPECT_TRUE(reply) << reply.error().message;
    return reply ? reply->limit : SandboxLimit::kNone;
  }
};

INSTANTIATE_TEST_SUITE_P(BubblewrapAndNone, EverySandbox,
                         ::testing::Values(Sandbox::Kind::kBubblewrap, Sandbox::Kind::kNone));

TEST_P(EverySandbox, AnswersALine) {
  const auto reply = ask("echo \"<$line>\"; echo more");
  ASSERT_TRUE(reply) << reply.error().message;
  EXPECT_EQ(reply->line, "<hello>");
  EXPECT_EQ(reply->limit, SandboxLimit::kNone);
  EXPECT_LT(reply->seconds, 5);
}

TEST_P(EverySandbox, EachLimitHasAName) {
  SandboxLimits short_time;
  short_time.seconds = 0.1;
  EXPECT_EQ(limit_of("sleep 20", short_time), SandboxLimit::kTime);
  EXPECT_EQ(limit_of("while :; do :; done", short_time), SandboxLimit::kTime);
  SandboxLimits few;
  few.threads = 6;
  EXPECT_EQ(limit_of("for i in 1 2 3 4 5 6 7 8 9; do sleep 20 & done; wait", few),
            SandboxLimit::kThreads);
  SandboxLimits small;
  small.memory_bytes = 32 << 20;
  EXPECT_EQ(limit_of("x=$(head -c 90000000 /dev/zero | tr '\\0' x); sleep 20", small),
            SandboxLimit::kMemory);
  EXPECT_EQ(limit_of("head -c 3000000 /dev/zero"), SandboxLimit::kOutput);
}

TEST_P(EverySandbox, AProgramThatEndsWithoutALineFailed) {
  const auto reply = ask("echo broken >&2; exit 3");
  ASSERT_FALSE(reply);
  EXPECT_EQ(reply.error().code, ErrorCode::kUnavailable);
  EXPECT_NE(reply.error().message.find("status 3"), std::string::npos) << reply.error().message;
  EXPECT_NE(reply.error().message.find("broken"), std::string::npos) << reply.error().message;
}

TEST_P(EverySandbox, AProgramThatDoesNotExistIsNamed) {
  const auto made = Sandbox::make(GetParam(), {"no-such-program"});
  ASSERT_FALSE(made);
  EXPECT_EQ(made.error().code, ErrorCode::kNotFound);
  EXPECT_NE(made.error().message.find("no-such-program"), std::string::npos);
}

/// What only bubblewrap promises.
class Bubblewrap : public EverySandbox {};
INSTANTIATE_TEST_SUITE_P(Only, Bubblewrap, ::testing::Values(Sandbox::Kind::kBubblewrap));

TEST_P(Bubblewrap, FilesAreReadOnlyAndScratchIsEmptyAndBounded) {
  // In the working folder, which is seen as it is, also where it lies below /tmp.
  const std::string canary =
      std::filesystem::current_path().string() + "/canary-" + std::to_string(getpid());
  const auto reply = ask("(echo x > " + canary + ") 2>/dev/null && echo wrote || echo kept");
  ASSERT_TRUE(reply) << reply.error().message;
  EXPECT_EQ(reply->line, "kept");
  EXPECT_FALSE(std::ifstream(canary).good());
  const std::string shared = "/tmp/troupe-canary-" + std::to_string(getpid());
  ASSERT_EQ(std::system(("touch " + shared).c_str()), 0);
  EXPECT_EQ(ask("[ -e " + shared + " ] && echo seen || echo empty")->line, "empty");
  ASSERT_EQ(std::system(("rm " + shared).c_str()), 0);
  EXPECT_EQ(ask("echo $(ls -A /dev/shm)")->line, "");
  EXPECT_EQ(ask("pwd")->line, std::filesystem::current_path().string());
  EXPECT_EQ(ask("head -c 100000000 /dev/zero > /tmp/x 2>/dev/null && echo all || echo full")->line,
            "full");
  EXPECT_EQ(ask("(echo x > /dev/x) 2>/dev/null && echo wrote || echo kept")->line, "kept");
}

TEST_P(Bubblewrap, HasNoNetworkNoSecretsAndNoOtherProcesses) {
  setenv("TROUPE_TEST_SECRET", "open sesame", 1);
  EXPECT_EQ(ask("echo \"[$TROUPE_TEST_SECRET]\"")->line, "[]");
  unsetenv("TROUPE_TEST_SECRET");
  // The loopback device and nothing else: two lines of head, one of it.
  EXPECT_EQ(ask("echo $(($(wc -l < /proc/net/dev) - 2))")->line, "1");
  EXPECT_EQ(ask("[ -d /proc/" + std::to_string(getppid() > 99 ? getppid() : getpid()) +
                "/root ] && echo seen || echo alone")
                ->line,
            "alone");
}

TEST_P(Bubblewrap, WhatItLeftBehindDiesWithIt) {
  const auto reply = ask("setsid sleep 1234.5 > /dev/null 2>&1 & echo done");
  ASSERT_TRUE(reply) << reply.error().message;
  bool gone = false;
  for (int i = 0; i < 100 && !gone; ++i) {
    gone = std::system("pgrep -f 'sleep 1234[.]5' > /dev/null") != 0;
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  EXPECT_TRUE(gone);
}

TEST(ProcessTree, CountsDescendants) {
  const auto child = ChildProcess::start({"/bin/sh", "-c", "sleep 20 & sleep 20 & echo up; wait"});
  ASSERT_TRUE(child);
  ASSERT_TRUE((*child)->read_line(5));
  const TreeUsage usage = tree_usage((*child)->pid());
  EXPECT_EQ(usage.processes, 3);
  EXPECT_EQ(usage.threads, 3);
  EXPECT_GT(usage.resident_bytes, 0U);
  EXPECT_EQ(tree_usage(0x3fffffff).processes, 0);
}

}  // namespace
}  // namespace troupe
