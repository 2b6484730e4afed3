#include "rollout/reward/options.h"

#include <gtest/gtest.h>

namespace troupe {
namespace {

const std::vector<std::string> kAgents = {"solver"};

/// The message; "" if the options are fine.
std::string complaint(const RewardOptions& options) {
  const Status status = options.check(kAgents);
  return status ? "" : status.error().message;
}

RewardOptions of_kind(const std::string& kind) {
  RewardOptions options;
  options.kind = kind;
  if (kind == "verifier") options.command = {"true"};
  if (kind == "http") options.url = "http://localhost/";
  if (kind == "judge" || kind == "judge score") options.judge_model = "models/judge";
  // Kinds that have options of their own once more.
  if (kind == "judge score") {
    options.kind = "judge";
    options.judge_grading = "score";
    options.judge_prompt = "{answer} {reference}";
  }
  if (kind == "function numeric") {
    options.kind = "function";
    options.function = "numeric";
  }
  return options;
}

const std::vector<std::string> kKinds = {"environment", "function", "function numeric", "verifier",
                                         "http",        "judge",    "judge score"};

TEST(RewardOptions, EveryKindIsFineByItself) {
  for (const std::string& kind : kKinds) EXPECT_EQ(complaint(of_kind(kind)), "") << kind;
}

/// Every option that is set for a kind without any use for it is refused by name, so that a new one
/// cannot be forgotten in the check.
TEST(RewardOptions, AnOptionThatDoesNothingIsRefused) {
  RewardOptions names;
  OptionSet set("reward");
  names.declare(set);
  for (std::size_t i = 0; i < set.options().size(); ++i) {
    const std::string key = set.options()[i].key;
    if (key == "reward.kind") continue;
    int refused = 0;
    for (const std::string& kind : kKinds) {
      RewardOptions options = of_kind(kind);
      OptionSet own("reward");
      options.declare(own);
      const Option::Target target = own.options()[i].target;
      if (auto* const* number = std::get_if<std::int64_t*>(&target)) {
        **number += 1;
      } else if (auto* const* real = std::get_if<double*>(&target)) {
        **real += 0.25;
      } else if (auto* const* text = std::get_if<std::string*>(&target)) {
        **text = **text == "bubblewrap"    ? "none"
                 : **text == "exact_match" ? "contains"
                 : **text == "yes_no"      ? "score"
                 : **text == "score"       ? "yes_no"
                                           : "solver";
      } else if (auto* const* list = std::get_if<std::vector<std::string>*>(&target)) {
        **list = {"false"};
      }
      refused += complaint(options).find(key + " would do nothing") != std::string::npos ? 1 : 0;
    }
    EXPECT_GE(refused, 2) << key;
    EXPECT_LT(refused, static_cast<int>(kKinds.size())) << key;
  }
}

TEST(RewardOptions, WhatIsMissingOrContradictsIsNamed) {
  const auto lacks = [](RewardOptions options, const std::string& part) {
    const std::string said = complaint(options);
    EXPECT_NE(said.find(part), std::string::npos) << part << ": " << said;
  };
  for (const auto& [kind, part] : {std::pair{"verifier", "reward.command"},
                                   {"http", "reward.url"},
                                   {"judge", "reward.judge_model"}}) {
    RewardOptions options;
    options.kind = kind;
    lacks(options, part);
  }
  RewardOptions regex = of_kind("function");
  regex.function = "regex";
  lacks(regex, "reward.pattern");
  RewardOptions pattern = of_kind("function");
  pattern.pattern = "x";
  lacks(pattern, "reward.pattern would do nothing");
  RewardOptions agent = of_kind("function");
  agent.agent = "critic";
  lacks(agent, "critic");
  RewardOptions bounds = of_kind("http");
  bounds.min = 1;
  lacks(bounds, "reward.min");
  RewardOptions times = of_kind("verifier");
  times.t_min = 40;
  lacks(times, "reward.t_min");
  RewardOptions impatient = of_kind("http");
  impatient.timeout = 10;
  lacks(impatient, "reward.timeout");
}

}  // namespace
}  // namespace troupe
