#include "base/sandbox_pool.h"

#include <unistd.h>

#include <thread>
#include <vector>

#include "base/sandbox_pool_test_support.h"

namespace troupe {
namespace {

TEST_F(SandboxPoolTest, AnswersFromSandboxesThatWereStartedBefore) {
  const auto sandboxes = pool(2);
  ASSERT_TRUE(sandboxes->wait_ready(10));
  for (int i = 0; i < 6; ++i) {
    ASSERT_TRUE(sandboxes->wait_ready(10));
    const auto reply = sandboxes->ask("echo $((6 * 7))", {});
    ASSERT_TRUE(reply) << reply.error().message;
    EXPECT_EQ(reply->line, "42");
  }
  EXPECT_EQ(sandboxes->counts().warm, 6);
  EXPECT_EQ(sandboxes->counts().cold, 0);
}

TEST_F(SandboxPoolTest, ALineLeavesNothingForTheNext) {
  const auto sandboxes = pool(1);
  const std::string line = "[ -e /tmp/mine ] && echo seen || { echo x > /tmp/mine; echo new; }";
  for (int i = 0; i < 3; ++i) EXPECT_EQ(sandboxes->ask(line, {})->line, "new");
}

TEST_F(SandboxPoolTest, MoreLinesThanSandboxesStartTheirOwn) {
  const auto sandboxes = pool(1);
  ASSERT_TRUE(sandboxes->wait_ready(10));
  std::vector<std::thread> callers;
  std::vector<std::string> said(6);
  for (std::size_t i = 0; i < said.size(); ++i) {
    callers.emplace_back([&, i] {
      const auto reply = sandboxes->ask("sleep 0.2; echo " + std::to_string(i), {});
      said[i] = reply ? reply->line : reply.error().message;
    });
  }
  for (std::thread& caller : callers) caller.join();
  for (std::size_t i = 0; i < said.size(); ++i) EXPECT_EQ(said[i], std::to_string(i));
  EXPECT_EQ(sandboxes->counts().warm + sandboxes->counts().cold, 6);
  EXPECT_GT(sandboxes->counts().cold, 0);
}

TEST_F(SandboxPoolTest, AFileThatGrowsTooLargeEndsItsWriter) {
  SandboxFence fence;
  fence.file_bytes = 1 << 20;
  auto fenced = shell(fence);
  ASSERT_TRUE(fenced);
  SandboxPool sandboxes(std::move(*fenced), {});
  const auto large = sandboxes.ask("exec head -c 3000000 /dev/zero > /tmp/x", {});
  ASSERT_TRUE(large) << large.error().message;
  EXPECT_EQ(large->limit, SandboxLimit::kSpace);
}

TEST_F(SandboxPoolTest, TheKernelBoundsProcessesAlsoForRoot) {
  const auto sandboxes = pool(1);
  // No more than 64 at the worst, whatever the fence does.
  const std::string crowd =
      "for i in 1 2 3 4 5 6 7 8; do (for j in 1 2 3 4 5 6 7; do sleep 0.3 & done; wait) & done; "
      "wait";
  SandboxLimits wide;
  wide.threads = 1000;
  const auto reply = sandboxes->ask(crowd + "; echo through", wide);
  ASSERT_TRUE(reply) << reply.error().message;
  EXPECT_EQ(refused_by(reply->errors), SandboxLimit::kThreads) << reply->errors;
  const auto user = sandboxes->ask("id -u", {});
  EXPECT_EQ(user->line, std::to_string(geteuid() == 0 ? 65534 : geteuid()));
}

TEST_F(SandboxPoolTest, AnEndWithoutAReplyIsTheLinesDoing) {
  const auto sandboxes = pool(1);
  for (const char* line : {"exit 0", "exit 3", "kill -9 $$", "exec true"}) {
    const auto reply = sandboxes->ask(line, {});
    ASSERT_TRUE(reply) << line << ": " << reply.error().message;
    EXPECT_EQ(reply->limit, SandboxLimit::kExit) << line;
  }
}

TEST_F(SandboxPoolTest, AProgramThatDoesNotComeUpIsNotTheLinesDoing) {
  for (const char* script : {"exit 3", "echo hello; sleep 5", "sleep 5"}) {
    auto made = Sandbox::make(Sandbox::Kind::kBubblewrap, {"/bin/sh", "-c", script});
    ASSERT_TRUE(made);
    SandboxPool::Options options;
    options.start_seconds = 0.2;
    SandboxPool broken(std::move(*made), options);
    const auto reply = broken.ask("echo well", {});
    ASSERT_FALSE(reply) << script;
    EXPECT_EQ(reply.error().code, ErrorCode::kUnavailable) << script;
  }
}

TEST(SandboxLimits, NamesWhatWasRefusedLast) {
  EXPECT_EQ(refused_by(""), SandboxLimit::kNone);
  EXPECT_EQ(refused_by("lua: attempt to index a nil value"), SandboxLimit::kNone);
  EXPECT_EQ(refused_by("touch: cannot touch '/x': Read-only file system"), SandboxLimit::kFiles);
  EXPECT_EQ(refused_by("/x: Read-only file system\nbash: connect: Network is unreachable"),
            SandboxLimit::kNetwork);
  EXPECT_EQ(refused_by("Network is unreachable\nhead: write error: No space left on device"),
            SandboxLimit::kSpace);
}

}  // namespace
}  // namespace troupe
