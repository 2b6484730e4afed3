#include "environment/solver_verifier/solver_verifier.h"

#include <fmt/format.h>

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
  return tasks_.prepare();
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

Result<Task> SolverVerifierSpec::task(Split split, std::uint64_t index) const {
  TROUPE_ASSIGN(Task task, tasks_.task(split, index));
  const bool train = split == Split::kTrain;
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
