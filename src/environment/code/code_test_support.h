#pragma once

#include <gtest/gtest.h>

#include <memory>

#include "environment/code/code.h"
#include "environment/test_support.h"

namespace troupe {

/// Skips the test where Lua, or bubblewrap, cannot work.
class LuaTest : public ::testing::Test {
 protected:
  void SetUp() override {
    const auto runner = LuaRunner::make({1, {}});
    if (!runner) GTEST_SKIP() << runner.error().message;
  }
};

/// A spec with the chosen options and, unless they say otherwise, time to spare.
class CodeTest : public LuaTest {
 protected:
  std::unique_ptr<CodeSpec> ready(const Settings& settings = {}) {
    auto spec = std::make_unique<CodeSpec>();
    Settings chosen = settings;
    chosen.numbers.emplace("seconds", 5.0);
    bind(*spec, chosen);
    const Status status = spec->prepare();
    EXPECT_TRUE(status) << status.error().message;
    return spec;
  }
};

}  // namespace troupe
