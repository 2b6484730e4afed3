#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "base/options.h"
#include "config/run_file.h"

namespace troupe {

/// One option of each type, as a room would declare them.
struct Sample {
  bool shuffle = false;
  std::int64_t group_size = 8;
  double rate = 1e-3;
  double max_seconds = std::numeric_limits<double>::infinity();
  std::string mode = "overlap";
  std::string note;
  std::vector<std::string> stages = {"sft", "rl"};
  std::vector<double> betas = {0.9, 0.95};
  OptionSet rollout{"rollout"};
  OptionSet train{"train"};
  OptionSet policy{"policy.first"};
  std::int64_t layers = 2;

  Sample() {
    rollout.add("group_size", &group_size, "Episodes compared with each other.").range(2, 1024);
    rollout.add("shuffle", &shuffle, "Mix the tasks.");
    rollout.add("mode", &mode, "When to generate.").one_of({"barrier", "overlap"});
    train.add("rate", &rate, "Learning rate.").range(0, 1);
    train.add("max_seconds", &max_seconds, "Stop after so many seconds.").at_least(0);
    train.add("betas", &betas, "Decay of the two moments.").range(0, 1);
    train.add("stages", &stages, "What to do,\nin order.").one_of({"sft", "rl"});
    train.add("note", &note, "Free text.");
    policy.add("layers", &layers, "Decoder layers.").at_least(1);
  }

  Status bind(RunFile& file) {
    TROUPE_TRY(file.bind(rollout));
    TROUPE_TRY(file.bind(train));
    TROUPE_TRY(file.bind(policy));
    return file.finish();
  }
};

inline RunFile parsed(const std::string& text) {
  auto file = RunFile::parse(text, "run.toml");
  EXPECT_TRUE(file) << file.error().message;
  return std::move(*file);
}

/// The message of the first error on the way from text to bound options, or "".
inline std::string error_of(const std::string& text, const std::vector<std::string>& sets = {}) {
  auto file = RunFile::parse(text, "run.toml");
  if (!file) return file.error().message;
  for (const auto& assignment : sets) {
    auto status = file->set(assignment);
    if (!status) return status.error().message;
  }
  Sample sample;
  auto status = sample.bind(*file);
  if (status) return "";
  EXPECT_EQ(status.error().code, ErrorCode::kInvalid);
  EXPECT_EQ(status.error().message.find('\n'), std::string::npos);
  return status.error().message;
}

}  // namespace troupe
