#include "environment/dataset/grader.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "environment/command/line_program.h"
#include "environment/countdown/countdown.h"
#include "environment/countdown/expression.h"
#include "environment/dataset/answers.h"

namespace troupe {
namespace {

using nlohmann::json;

tl::unexpected<Error> useless(const std::string& option, const std::string& verifier) {
  return fail(ErrorCode::kInvalid,
              fmt::format("environment.{} does nothing with {}; remove it", option,
                          verifier == "command" ? "a reward_command"
                                                : fmt::format("verifier = \"{}\"", verifier)));
}

/// Numeric if every answer is a number, else exact.
std::string natural_verifier(const Rows& rows) {
  if (rows.layout == Layout::kCountdown) return "countdown";
  const bool numbers = std::all_of(rows.rows.begin(), rows.rows.end(), [](const DatasetRow& row) {
    return whole_number_text(row.answer).has_value();
  });
  return numbers ? "numeric" : "exact";
}

Outcome scored(bool right) { return {{right ? 1.0 : 0.0}, right}; }

}  // namespace

Result<std::unique_ptr<Grader>> Grader::make(const GraderOptions& options, const Rows& rows,
                                             const std::string& path) {
  std::unique_ptr<Grader> grader(new Grader());
  grader->options_ = options;
  std::string& verifier = grader->options_.verifier;
  if (!options.reward_command.empty()) {
    if (verifier != "auto") return useless("verifier", "command");
    verifier = "command";
  } else if (verifier == "auto") {
    verifier = natural_verifier(rows);
  }
  TROUPE_TRY(grader->check_unused());
  if (verifier != "command" && (verifier == "countdown") != (rows.layout == Layout::kCountdown)) {
    return fail(
        ErrorCode::kInvalid,
        fmt::format("environment.verifier = \"{}\" does not fit '{}', whose rows have {}; use "
                    "{}",
                    verifier, path,
                    rows.layout == Layout::kCountdown ? "nums and target" : "questions",
                    rows.layout == Layout::kCountdown ? "\"countdown\""
                                                      : "\"exact\", \"numeric\" or \"regex\""));
  }
  if (verifier == "numeric") {
    for (const DatasetRow& row : rows.rows) {
      if (whole_number_text(row.answer)) continue;
      return fail(ErrorCode::kInvalid,
                  fmt::format("{}:{}: the answer '{}' is not a number; use verifier = \"exact\"",
                              path, row.line, row.answer));
    }
  }
  if (verifier == "countdown") {
    TROUPE_TRY(check_operators(options.operators, "environment.operators"));
  }
  if (!options.pattern.empty()) {
    Result<std::unique_ptr<Pattern>> pattern = Pattern::compile(options.pattern);
    if (!pattern) return within("environment.pattern", pattern.error());
    grader->pattern_ = std::move(*pattern);
  }
  if (verifier == "command") {
    if (options.reward_min >= options.reward_max) {
      return fail(ErrorCode::kInvalid,
                  "environment.reward_min must be below environment.reward_max");
    }
    grader->pool_ = std::make_shared<ChildPool>(options.reward_command);
    Result<ChildPool::Child> first = grader->pool_->start();
    if (!first) return within("environment.reward_command", first.error());
    grader->pool_->give(std::move(first->process));
  }
  return grader;
}

Status Grader::check_unused() const {
  const GraderOptions defaults;
  const std::string& verifier = options_.verifier;
  if (verifier == "regex" && options_.pattern.empty()) {
    return fail(ErrorCode::kInvalid,
                "environment.verifier = \"regex\" needs environment.pattern, whose first group is "
                "compared with the answer");
  }
  if (!options_.pattern.empty() && (verifier == "exact" || verifier == "command")) {
    return useless("pattern", verifier);
  }
  if (options_.tolerance != defaults.tolerance && verifier != "numeric") {
    return useless("tolerance", verifier);
  }
  if (options_.operators != defaults.operators && verifier != "countdown") {
    return useless("operators", verifier);
  }
  if (verifier == "command") return {};
  for (const auto& [name, set] :
       {std::pair{"reward_min", options_.reward_min != defaults.reward_min},
        {"reward_max", options_.reward_max != defaults.reward_max},
        {"reward_timeout_seconds",
         options_.reward_timeout_seconds != defaults.reward_timeout_seconds}}) {
    if (set) {
      return fail(
          ErrorCode::kInvalid,
          fmt::format("environment.{} does nothing without environment.reward_command", name));
    }
  }
  return {};
}

std::pair<double, double> Grader::range() const {
  if (options_.verifier != "command") return {0.0, 1.0};
  return {options_.reward_min, options_.reward_max};
}

Result<Outcome> Grader::grade(const DatasetRow& row, const Task& task,
                              const std::string& answer) const {
  const std::string& verifier = options_.verifier;
  if (verifier == "command") return ask_command(task, answer);
  if (verifier == "exact") return scored(final_answer(answer) == row.answer);
  std::string text = answer;
  if (pattern_) {
    std::optional<std::string> found = pattern_->find(answer);
    if (!found) return scored(false);
    text = trimmed(*found);
  }
  if (verifier == "regex") return scored(text == row.answer);
  if (verifier == "numeric") {
    const std::optional<double> got = last_number(final_answer(text));
    const std::optional<double> wanted = whole_number_text(row.answer);
    return scored(got && wanted && std::abs(*got - *wanted) <= options_.tolerance);
  }
  const ExpressionGrade grade = grade_expression(text, row.nums, row.target, options_.operators);
  return Outcome{{reward_of(grade)}, grade == ExpressionGrade::kCorrect};
}

Result<Outcome> Grader::ask_command(const Task& task, const std::string& answer) const {
  const std::string expected = R"({"reward": number, "success": true or false})";
  LineProgram program(pool_, options_.reward_timeout_seconds);
  const json payload = json::parse(task.payload, nullptr, false);
  Result<json> reply = program.ask("reward", json{{"task", payload}, {"answer", answer}}, expected);
  if (!reply) return tl::unexpected(reply.error());
  const auto wrong = [&](const std::string& what) {
    return tl::unexpected(program.violation("reward", what, expected));
  };
  if (reply->contains("error"))
    return wrong("it reports the error " + json_line(reply->at("error")));
  if (!reply->contains("reward") || !reply->at("reward").is_number() ||
      !reply->contains("success") || !reply->at("success").is_boolean()) {
    return wrong("it replied " + json_line(*reply));
  }
  const double reward = reply->at("reward").get<double>();
  if (!(reward >= options_.reward_min && reward <= options_.reward_max)) {
    return wrong(fmt::format("its reward {} is outside reward_min {} .. reward_max {}", reward,
                             options_.reward_min, options_.reward_max));
  }
  return Outcome{{reward}, reply->at("success").get<bool>()};
}

}  // namespace troupe
