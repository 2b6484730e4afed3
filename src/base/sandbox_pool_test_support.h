#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <optional>

#include "base/sandbox_pool.h"

namespace troupe {

/// A shell that comes up, says so, and does what its line says.
inline Result<Sandbox> shell(SandboxFence fence = {}) {
  fence.as_nobody = true;
  fence.processes = 24;  // a crowd of processes must never get out
  return Sandbox::make(Sandbox::Kind::kBubblewrap,
                       {"/bin/sh", "-c", "echo ready; read -r line; eval \"$line\""}, fence);
}

class SandboxPoolTest : public ::testing::Test {
 protected:
  void SetUp() override {
    auto made = shell();
    if (!made) GTEST_SKIP() << made.error().message;
    sandbox_.emplace(std::move(*made));
  }
  std::unique_ptr<SandboxPool> pool(int ready) {
    SandboxPool::Options options;
    options.ready = ready;
    return std::make_unique<SandboxPool>(*sandbox_, options);
  }
  std::optional<Sandbox> sandbox_;
};

}  // namespace troupe
