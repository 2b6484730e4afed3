#include "environment/code/code.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <set>

#include "base/options.h"
#include "environment/code/episode.h"
#include "environment/common.h"

namespace troupe {

std::string CodeSpec::optimum() const {
  return has_drill() ? "reward 0 on a drill, which has no right answer; else 1, success 1"
                     : "reward 1, success 1: every problem has a short answer";
}

std::optional<double> CodeSpec::best_reward() const {
  return has_drill() ? std::nullopt : std::optional<double>(1.0);
}

bool CodeSpec::has_drill() const {
  return std::find(families_.begin(), families_.end(), kDrill) != families_.end();
}

void CodeSpec::declare(OptionSet& options) {
  options.add("families", &families_,
              "Kinds of functions to write, some of linear, bound, repeat, count, list and drill.");
  options.add("tests", &tests_, "Hidden tests of an answer.").range(1, 32);
  options
      .add("turns", &turns_,
           "Answers before the last one counts; after each the agent sees what was wrong.")
      .range(1, 8);
  options.add("seconds", &seconds_, "Time that an answer may take on all tests together.")
      .range(0.05, 3600);
  options.add("memory_megabytes", &memory_megabytes_, "Memory that an answer may use, in MiB.")
      .range(16, 65536);
  options.add("processes", &processes_, "Processes and threads that an answer may have at once.")
      .range(1, 32768);
  options.add("output_kilobytes", &output_kilobytes_, "What an answer may print, in KiB.")
      .range(1, 1 << 20);
  options.add("warm", &warm_, "Sandboxes kept started ahead of the answers that will need them.")
      .range(1, 256);
}

Status CodeSpec::prepare() {
  const auto& known = code_kinds();
  for (const std::string& family : families_) {
    if (std::find(known.begin(), known.end(), family) != known.end()) continue;
    return fail(ErrorCode::kInvalid,
                fmt::format("environment.families: there is no family '{}', only {}", family,
                            fmt::join(known, ", ")));
  }
  if (families_.empty() ||
      std::set<std::string>(families_.begin(), families_.end()).size() != families_.size()) {
    return fail(ErrorCode::kInvalid,
                "environment.families must name one or more different families");
  }
  LuaRunner::Options options;
  options.ready = static_cast<int>(warm_);
  options.limits.seconds = seconds_;
  options.limits.memory_bytes = static_cast<std::uint64_t>(memory_megabytes_) << 20;
  options.limits.threads = static_cast<int>(processes_);
  options.limits.output_bytes = static_cast<std::uint64_t>(output_kilobytes_) << 10;
  auto runner = LuaRunner::make(options);
  if (!runner) return within("environment 'code'", runner.error());
  runner_ = std::move(*runner);
  return {};
}

std::string CodeSpec::alphabet() const {
  return "abcdefghijklmnopqrstuvwxyz0123456789 !\"#%&'()*+,-./:;<=>?[]^_{|}~";
}

Result<Task> CodeSpec::task(Split split, std::uint64_t index) const {
  Rng rng(task_seed("code", split, index));
  CodeProblem problem;
  do {
    problem = draw_problem(families_[rng.below(families_.size())], rng);
  } while (problem.kind != kDrill && split_of(problem.spec) != split);
  return Task{task_id("code", split, index), problem_payload(problem)};
}

std::unique_ptr<Environment> CodeSpec::make() const {
  return std::make_unique<CodeEpisode>(
      CodeRules{static_cast<int>(tests_), static_cast<int>(turns_), alphabet()}, runner_);
}

}  // namespace troupe
