#include "environment/solver_verifier/solver_verifier.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "base/options.h"
#include "environment/common.h"
#include "environment/solver_verifier/episode.h"

namespace troupe {
namespace {

/// "environment.KEY would do nothing: WHY"; none if it has its default.
template <class T>
Status refuse(const char* key, const T& value, const T& standard, const char* why) {
  if (value == standard) return {};
  return fail(ErrorCode::kInvalid,
              fmt::format("environment.{} = {} would do nothing: {}; leave it at {}", key, value,
                          why, standard));
}

}  // namespace

void SolverVerifierSpec::declare(OptionSet& options) {
  tasks_.declare(options);
  options
      .add("variant", &variant_,
           "select: the verifier's verdicts pick one of several candidates. retry: the solver "
           "answers again if the verifier says no.")
      .one_of({"select", "retry"});
  options.add("mode", &mode_, "team: solver and verifier. single: the solver alone.")
      .one_of({"team", "single"});
  options
      .add("pick", &pick_,
           "What is taken on held-out tasks: the verifier's choice, the first candidate, the "
           "majority's, or any (right if one is). auto: verifier in a team, else first.")
      .one_of({"auto", "verifier", "first", "majority", "any"});
  options
      .add("held_out", &held_out_,
           "Which held-out problems are played: all, or one of two halves: validation to choose "
           "settings on, test to report.")
      .one_of({"all", "validation", "test"});
  options.add("candidates", &candidates_, "Candidates of a training task.").range(1, 64);
  options.add("eval_candidates", &eval_candidates_, "Candidates of a held-out task.").range(1, 64);
}

Status SolverVerifierSpec::prepare() {
  const SolverVerifierSpec standard;
  if (retries()) {
    const char* why = "environment.variant is \"retry\"";
    TROUPE_TRY(refuse("mode", mode_, standard.mode_, why));
    TROUPE_TRY(refuse("pick", pick_, standard.pick_, why));
    TROUPE_TRY(refuse("candidates", candidates_, standard.candidates_, why));
    TROUPE_TRY(refuse("eval_candidates", eval_candidates_, standard.eval_candidates_, why));
  }
  const bool team = mode_ == "team";
  if (!team && pick_ == "verifier") {
    return fail(ErrorCode::kInvalid,
                "environment.pick = \"verifier\" needs a verifier, and environment.mode is "
                "\"single\": choose first, majority or any, or mode = \"team\"");
  }
  if (pick_ == "auto") pick_ = team ? "verifier" : "first";
  if (pick_ == "first") {
    TROUPE_TRY(
        refuse("eval_candidates", eval_candidates_, standard.eval_candidates_,
               "only the first candidate of a held-out task is taken, and no other sampled"));
  }
  TROUPE_TRY(tasks_.prepare());
  TROUPE_TRY(task(Split::kHeldOut, 0));
  return {};
}

std::vector<std::string> SolverVerifierSpec::agents() const {
  if (mode_ == "single") return {kSolver};
  return {kSolver, kVerifier};
}

std::string SolverVerifierSpec::alphabet() const {
  std::string out = tasks_.alphabet();
  for (const char c : std::string("-/?xyn")) {
    if (out.find(c) == std::string::npos) out += c;
  }
  return out;
}

Result<Task> SolverVerifierSpec::held_out_task(std::uint64_t index) const {
  // The half decides alone whether a draw is kept, so tries end soon: 64 fail once in 2^64.
  constexpr std::uint64_t kTries = 64;
  constexpr std::uint64_t kStride = 1ULL << 48;
  for (std::uint64_t i = 0; i < kTries; ++i) {
    TROUPE_ASSIGN(Task task, tasks_.task(Split::kHeldOut, index + i * kStride));
    TROUPE_ASSIGN(std::vector<std::int64_t> numbers, payload_integers(task, "nums"));
    TROUPE_ASSIGN(const std::int64_t target, payload_integer(task, "target"));
    std::sort(numbers.begin(), numbers.end());
    const std::string problem = fmt::format("half {}={}", fmt::join(numbers, ","), target);
    const bool test = split_of(problem, 0.5) == Split::kHeldOut;
    if (held_out_ == "all" || test == (held_out_ == "test")) return task;
  }
  return fail(
      ErrorCode::kInvalid,
      fmt::format("environment.held_out = \"{}\" leaves no held-out task: the options leave "
                  "too few problems; choose all",
                  held_out_));
}

Result<Task> SolverVerifierSpec::task(Split split, std::uint64_t index) const {
  const bool train = split == Split::kTrain;
  TROUPE_ASSIGN(Task task, train ? tasks_.task(split, index) : held_out_task(index));
  const std::string taught = mode_ == "team" ? "verifier" : "first";
  const std::string& pick = train ? taught : pick_;
  std::int64_t candidates = train ? candidates_ : eval_candidates_;
  if (retries() || (!train && pick == "first")) candidates = 1;
  task.id = task_id(name(), split, index);
  task.payload.pop_back();  // the closing brace
  task.payload += fmt::format(R"(,"candidates":{},"pick":"{}"}})", candidates, pick);
  return task;
}

std::unique_ptr<Environment> SolverVerifierSpec::make() const {
  SolverVerifierRules rules;
  rules.operators = tasks_.operators();
  rules.alphabet = alphabet();
  rules.longest_answer = static_cast<std::size_t>(max_answer());
  rules.retry = retries();
  rules.team = mode_ == "team";
  return std::make_unique<SolverVerifier>(std::move(rules));
}

int SolverVerifierSpec::max_answer() const {
  // No value is larger than the product of the largest numbers; fractions have two such parts.
  const auto digits = static_cast<std::int64_t>(std::to_string(tasks_.number_max()).size());
  const bool fractions = tasks_.operators().find('/') != std::string::npos;
  const std::int64_t value =
      1 + tasks_.count() * digits * (fractions ? 2 : 1) + (fractions ? 1 : 0);
  const std::int64_t trace = (tasks_.count() - 1) * (value + 1) + 1;
  return std::max(tasks_.max_answer(), static_cast<int>(trace));
}

int SolverVerifierSpec::contexts_per_agent() const {
  if (retries()) return 1;
  const std::int64_t held_out = pick_ == "first" ? 1 : eval_candidates_;
  return static_cast<int>(std::max(candidates_, held_out));
}

}  // namespace troupe
