#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/options.h"
#include "troupe/result.h"

namespace troupe {

/// Where rewards come from: table [reward].
struct RewardOptions {
  std::string kind = "environment";
  // function, judge
  std::string agent;
  std::string field = "answer";
  // function
  std::string function = "exact_match";
  std::string pattern;
  double tolerance = 1e-6;
  // verifier
  std::vector<std::string> command;
  std::string sandbox = "bubblewrap";
  std::int64_t memory_megabytes = 1024;
  std::int64_t processes = 64;
  // http
  std::string url;
  std::string token_variable;
  double timeout = 60;
  // verifier, http: the rule of adaptive_timeout.h
  double lambda = 1.5;
  double t_min = 2;
  double t_max = 30;
  // judge
  std::string judge_model;
  std::string judge_grading = "yes_no";
  std::string judge_prompt;
  std::string judge_yes = "yes";
  std::string judge_no = "no";
  double judge_scale = 10;
  std::int64_t judge_tokens = 8;
  double judge_temperature = 0;
  double judge_pass = 0.5;
  std::string judge_chat = "none";
  std::string judge_end_token;
  std::string judge_dtype = "fp32";
  std::int64_t judge_kv_megabytes = 256;
  // all but environment and function
  double min = 0;
  double max = 1;
  std::int64_t concurrency = 4;
  std::int64_t retries = 3;

  void declare(OptionSet& options);
  /// kInvalid: an option that would do nothing, one that is missing, or two that do not go
  /// together. `agents`: the environment's.
  [[nodiscard]] Status check(const std::vector<std::string>& agents) const;
  /// Names of the options that change no reward.
  static const std::vector<std::string>& harmless();
};

}  // namespace troupe
