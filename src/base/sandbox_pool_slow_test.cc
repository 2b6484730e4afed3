#include <unistd.h>

#include <chrono>
#include <fstream>
#include <vector>

#include "base/sandbox_pool_test_support.h"

namespace troupe {
namespace {

/// What may be used by lines that mean harm.
SandboxLimits tight() {
  SandboxLimits limits;
  limits.seconds = 5;
  limits.memory_bytes = 48 << 20;
  limits.threads = 12;
  limits.output_bytes = 1 << 20;
  return limits;
}

TEST_F(SandboxPoolTest, SixAttacksEachEndWithANameOfTheirOwn) {
  const auto sandboxes = pool(2);
  const std::string canary = "/var/tmp/troupe-canary-" + std::to_string(getpid());
  const std::vector<std::pair<std::string, SandboxLimit>> attacks = {
      {"f() { f | f & }; f; sleep 20", SandboxLimit::kThreads},
      {"x=$(head -c 10000000000 /dev/zero | tr '\\0' x)", SandboxLimit::kMemory},
      {"while :; do :; done", SandboxLimit::kTime},
      {"head -c 1000000000 /dev/zero", SandboxLimit::kOutput},
      {"yes | head -c 1000000000", SandboxLimit::kOutput},
      {"head -c 1000000000 /dev/zero >&2; sleep 20", SandboxLimit::kOutput},
      {"bash -c ': > /dev/tcp/192.0.2.1/80'; echo =done", SandboxLimit::kNetwork},
      {"export LC_ALL=C; touch " + canary + "; echo =done", SandboxLimit::kFiles}};
  for (const auto& [line, wanted] : attacks) {
    const auto began = std::chrono::steady_clock::now();
    SandboxLimits limits = tight();
    if (wanted == SandboxLimit::kTime) limits.seconds = 0.2;
    const auto reply = sandboxes->ask(line, limits, "=");
    ASSERT_TRUE(reply) << line << ": " << reply.error().message;
    const bool went_on = reply->line == "done";
    EXPECT_EQ(limit_name(went_on ? refused_by(reply->errors) : reply->limit),
              std::string(limit_name(wanted)))
        << line << ": " << reply->errors;
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - began;
    EXPECT_LT(took.count(), 8) << line;
  }
  EXPECT_FALSE(std::ifstream(canary).good());
  const auto after = sandboxes->ask("echo well", {});
  ASSERT_TRUE(after) << after.error().message;
  EXPECT_EQ(after->line, "well");
}

TEST_F(SandboxPoolTest, TheKernelEndsWhatNobodyWatches) {
  SandboxFence fence;
  fence.cpu_seconds = 1;
  auto fenced = shell(fence);
  ASSERT_TRUE(fenced);
  SandboxPool sandboxes(std::move(*fenced), {});
  const auto busy = sandboxes.ask("while :; do :; done", {});
  ASSERT_TRUE(busy) << busy.error().message;
  EXPECT_EQ(busy->limit, SandboxLimit::kTime);
}

}  // namespace
}  // namespace troupe
