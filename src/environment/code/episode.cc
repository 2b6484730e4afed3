#include "environment/code/episode.h"

#include <fmt/format.h>

#include <cctype>

#include "environment/common.h"

namespace troupe {
namespace {

/// A value as a prompt shows it.
std::string example_text(const CodeValue& value) {
  if (const auto* text = std::get_if<std::string>(&value)) return fmt::format("'{}'", *text);
  return lua_literal(value);
}

}  // namespace

Result<Turn> CodeEpisode::reset(const Task& task, std::uint64_t) {
  TROUPE_ASSIGN(problem_, read_problem(task));
  inputs_ = test_inputs(problem_, kExamples + static_cast<std::size_t>(rules_.tests));
  turn_ = Turn{{{"coder", problem_.spec + ":"}}};
  return turn_;
}

Result<Turn> CodeEpisode::step(const std::vector<Action>& actions) {
  TROUPE_TRY(check_actions(turn_, actions));
  TROUPE_ASSIGN(const LuaRun done, runner_->run(actions[0].text, inputs_));
  ++taken_;
  int passed = 0;
  for (std::size_t i = kExamples; i < inputs_.size(); ++i) passed += right(done, i) ? 1 : 0;
  const bool success = passed == rules_.tests;
  outcome_ = {{static_cast<double>(passed) / rules_.tests}, success};
  if (!success && done.limit != SandboxLimit::kNone) outcome_.limit = limit_name(done.limit);
  const std::string wrong = taken_ < rules_.turns ? complaint(done) : "";
  turn_ = wrong.empty() ? Turn{} : Turn{{{"coder", wrong + ":"}}};
  return turn_;
}

bool CodeEpisode::right(const LuaRun& run, std::size_t input) const {
  return problem_.function && run.results[input] == problem_.function(inputs_[input]);
}

std::string CodeEpisode::complaint(const LuaRun& run) const {
  if (run.limit != SandboxLimit::kNone) return fmt::format("limit: {}", limit_name(run.limit));
  if (!run.error.empty()) return shown(run.error);
  for (std::size_t i = 0; i < kExamples; ++i) {
    if (right(run, i) || !problem_.function) continue;
    const auto& got = run.results[i];
    return shown(fmt::format("f({})={}, not {}", example_text(inputs_[i]),
                             example_text(problem_.function(inputs_[i])),
                             got ? example_text(*got) : "that"));
  }
  return "";
}

std::string CodeEpisode::shown(const std::string& text) const {
  constexpr std::size_t kLongest = 48;
  std::string out;
  for (const char c : text.substr(0, kLongest)) {
    const char small = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    out += rules_.alphabet.find(small) == std::string::npos ? '?' : small;
  }
  return out;
}

Result<std::string> CodeEpisode::demonstrate(const Prompt&, double noise, Rng& rng) const {
  if (rng.uniform() < noise) return draw_problem(problem_.kind, rng).solution;
  return problem_.solution;
}

}  // namespace troupe
