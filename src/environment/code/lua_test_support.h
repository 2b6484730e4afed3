#pragma once

#include <gtest/gtest.h>

#include "environment/code/lua_runner.h"

namespace troupe {

/// Skips the test where Lua, or bubblewrap, cannot work.
class LuaTest : public ::testing::Test {
 protected:
  void SetUp() override {
    const auto runner = LuaRunner::make({1, {}});
    if (!runner) GTEST_SKIP() << runner.error().message;
  }
};

}  // namespace troupe
