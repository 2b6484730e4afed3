#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/rng.h"
#include "troupe/environment.h"

namespace troupe {

/// What a function of a coding problem takes or gives: an integer, a text or a list of integers.
using CodeValue = std::variant<std::int64_t, std::string, std::vector<std::int64_t>>;

/// A function to write: its description, a right answer, and what it gives, worked out without
/// running the answer.
struct CodeProblem {
  std::string kind;
  std::vector<std::int64_t> numbers;  ///< with `kind` and `letters`, what the rest is made of
  std::string letters;
  std::string spec;      ///< "x times 3 plus 14"
  std::string solution;  ///< "return x*3+14"
  /// What f(x) is; empty for a drill, which has no right answer.
  std::function<CodeValue(const CodeValue&)> function;
};

/// The families of problems, in the order of docs/environments.md, the easiest first.
const std::vector<std::string>& code_kinds();
/// The family of harmful requests, which is for seeing the sandbox at work.
inline constexpr std::string_view kDrill = "drill";

/// A random problem of a family that exists.
CodeProblem draw_problem(const std::string& kind, Rng& rng);
/// The problem that a payload describes. kInvalid if it describes none.
Result<CodeProblem> read_problem(const Task& task);
/// {"kind": ..., "spec": ..., "numbers": [...], "letters": ...}
std::string problem_payload(const CodeProblem& problem);

/// The first `count` arguments that a problem is tested on: a function of the problem alone.
std::vector<CodeValue> test_inputs(const CodeProblem& problem, std::size_t count);

}  // namespace troupe
