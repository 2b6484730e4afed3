#include "rollout/reward/options.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

namespace troupe {

void RewardOptions::declare(OptionSet& o) {
  o.add(
       "kind", &kind,
       "What scores an episode that has ended: the environment itself, a function of the answer, a "
       "verifier (a program), an endpoint (http), or a judge (a frozen model).")
      .one_of({"environment", "function", "verifier", "http", "judge"});
  o.add("agent", &agent,
        "Whose last answer a function or judge looks at. Empty: the last of the episode.");
  o.add("field", &field,
        "The field of the task that a function compares with, and a judge's {reference}.");
  o.add("function", &function,
        "How a function compares the answer with the task's field: as the dataset environment's "
        "verifiers do, or whether the answer contains it.")
      .one_of({"exact_match", "contains", "regex", "numeric"});
  o.add("pattern", &pattern,
        "A regular expression that picks the answer out of the text: its first group, or the whole "
        "match. For functions regex and numeric.");
  o.add("tolerance", &tolerance, "Largest absolute difference that function numeric accepts.")
      .at_least(0);
  o.add("command", &command, "The verifier, as a list: program, arguments.");
  o.add("sandbox", &sandbox,
        "Where the verifier runs: bubblewrap, without network and with read-only files, or none, "
        "with your own rights.")
      .one_of({"bubblewrap", "none"});
  o.add("memory_megabytes", &memory_megabytes,
        "Memory that a verifier may use for one episode, in MiB, all its processes together.")
      .range(8, 1048576);
  o.add("processes", &processes,
        "Processes and threads that a verifier may have at once for one episode.")
      .range(1, 32768);
  o.add("url", &url, "The endpoint: http://HOST:PORT/PATH or https://...");
  o.add("token_variable", &token_variable,
        "The environment variable that holds the endpoint's bearer token. Empty: no token.");
  o.add("timeout", &timeout, "Longest wait for the endpoint's reply, in seconds.")
      .range(0.01, 86400);
  o.add(
       "lambda", &lambda,
       "An answer may keep its verifier busy for this many times the longest run of a right answer "
       "so far.")
      .range(1, 1000);
  o.add("t_min", &t_min, "But for at least so many seconds.").range(0.01, 86400);
  o.add("t_max", &t_max, "And at most so many, as before the first right answer.")
      .range(0.01, 86400);
  o.add("judge_model", &judge_model, "Folder of the judge's model.");
  o.add("judge_grading", &judge_grading,
        "yes_no: how much likelier the judge is to go on with yes than with no. score: the first "
        "number in its answer.")
      .one_of({"yes_no", "score"});
  o.add(
      "judge_prompt", &judge_prompt,
      "What the judge is asked, with {answer} and, if wanted, {prompt}, {transcript}, {reference} "
      "and {scale}. Empty: a question that fits the grading.");
  o.add("judge_yes", &judge_yes, "The word for a right answer; its first token counts.");
  o.add("judge_no", &judge_no, "The word for a wrong answer; its first token counts.");
  o.add("judge_scale", &judge_scale, "The best score; 0 is the worst.").range(1e-6, 1e9);
  o.add("judge_tokens", &judge_tokens, "Most tokens of an answer that holds a score.")
      .range(1, 4096);
  o.add("judge_temperature", &judge_temperature, "Of an answer that holds a score. 0: greedy.")
      .range(0, 100);
  o.add("judge_pass", &judge_pass, "Share of the best grade from which an answer is a success.")
      .range(0, 1);
  o.add("judge_chat", &judge_chat, "How the judge is addressed, as model.chat.")
      .one_of({"none", "auto", "chatml", "llama3"});
  o.add("judge_end_token", &judge_end_token, "The judge's end token, as model.end_token.");
  o.add("judge_dtype", &judge_dtype, "What the judge computes in.").one_of({"fp32", "bf16"});
  o.add("judge_kv_megabytes", &judge_kv_megabytes, "Budget of the judge's KV caches, in MiB.")
      .range(1, 1048576);
  o.add("min", &min, "Lowest reward, which an answer that ran into a limit gets, too.")
      .range(-1e9, 1e9);
  o.add("max", &max, "Highest reward.").range(-1e9, 1e9);
  o.add("concurrency", &concurrency, "Episodes that are scored at once.").range(1, 64);
  o.add("retries", &retries,
        "How often a reward is asked for again after a failure that the answer did not cause.")
      .range(0, 100);
}

namespace {

struct Use {
  const char* name;
  bool given;         // not the default
  const char* kinds;  // that use it
};

tl::unexpected<Error> invalid(std::string message) {
  return fail(ErrorCode::kInvalid, std::move(message));
}

tl::unexpected<Error> idle(const std::string& name, const std::string& why,
                           const std::string& remedy) {
  return invalid(fmt::format("reward.{} would do nothing: {}; remove it{}", name, why, remedy));
}

Status check_kind(const RewardOptions& r) {
  const RewardOptions d;
  const Use uses[] = {
      {"agent", r.agent != d.agent, "function judge"},
      {"field", r.field != d.field, "function judge"},
      {"function", r.function != d.function, "function"},
      {"pattern", r.pattern != d.pattern, "function"},
      {"tolerance", r.tolerance != d.tolerance, "function"},
      {"command", r.command != d.command, "verifier"},
      {"sandbox", r.sandbox != d.sandbox, "verifier"},
      {"memory_megabytes", r.memory_megabytes != d.memory_megabytes, "verifier"},
      {"processes", r.processes != d.processes, "verifier"},
      {"url", r.url != d.url, "http"},
      {"token_variable", r.token_variable != d.token_variable, "http"},
      {"timeout", r.timeout != d.timeout, "http"},
      {"lambda", r.lambda != d.lambda, "verifier http"},
      {"t_min", r.t_min != d.t_min, "verifier http"},
      {"t_max", r.t_max != d.t_max, "verifier http"},
      {"judge_model", r.judge_model != d.judge_model, "judge"},
      {"judge_grading", r.judge_grading != d.judge_grading, "judge"},
      {"judge_prompt", r.judge_prompt != d.judge_prompt, "judge"},
      {"judge_yes", r.judge_yes != d.judge_yes, "judge"},
      {"judge_no", r.judge_no != d.judge_no, "judge"},
      {"judge_scale", r.judge_scale != d.judge_scale, "judge"},
      {"judge_tokens", r.judge_tokens != d.judge_tokens, "judge"},
      {"judge_temperature", r.judge_temperature != d.judge_temperature, "judge"},
      {"judge_pass", r.judge_pass != d.judge_pass, "judge"},
      {"judge_chat", r.judge_chat != d.judge_chat, "judge"},
      {"judge_end_token", r.judge_end_token != d.judge_end_token, "judge"},
      {"judge_dtype", r.judge_dtype != d.judge_dtype, "judge"},
      {"judge_kv_megabytes", r.judge_kv_megabytes != d.judge_kv_megabytes, "judge"},
      {"min", r.min != d.min, "verifier http judge"},
      {"max", r.max != d.max, "verifier http judge"},
      {"concurrency", r.concurrency != d.concurrency, "verifier http judge"},
      {"retries", r.retries != d.retries, "verifier http judge"},
  };
  for (const Use& use : uses) {
    if (!use.given || std::string(use.kinds).find(r.kind) != std::string::npos) continue;
    return idle(use.name, fmt::format("reward.kind is \"{}\"", r.kind),
                fmt::format(" or choose another kind ({})", use.kinds));
  }
  return {};
}

Status check_function(const RewardOptions& r) {
  const RewardOptions d;
  if (r.function == "regex" && r.pattern.empty()) {
    return invalid("reward.function = \"regex\" needs reward.pattern");
  }
  const std::string why = fmt::format("reward.function is \"{}\"", r.function);
  if (!r.pattern.empty() && r.function != "regex" && r.function != "numeric") {
    return idle("pattern", why, "");
  }
  if (r.tolerance != d.tolerance && r.function != "numeric") return idle("tolerance", why, "");
  return {};
}

Status check_judge(const RewardOptions& r) {
  const RewardOptions d;
  if (r.judge_model.empty()) return invalid("reward.kind = \"judge\" needs reward.judge_model");
  const std::string why = fmt::format("reward.judge_grading is \"{}\"", r.judge_grading);
  const bool score = r.judge_grading == "score";
  const std::pair<const char*, bool> idle_here[] = {
      {"judge_yes", score && r.judge_yes != d.judge_yes},
      {"judge_no", score && r.judge_no != d.judge_no},
      {"judge_tokens", !score && r.judge_tokens != d.judge_tokens},
      {"judge_temperature", !score && r.judge_temperature != d.judge_temperature},
      {"judge_scale", !score && r.judge_scale != d.judge_scale}};
  for (const auto& [name, given] : idle_here) {
    if (given) return idle(name, why, "");
  }
  const bool asks_reference = r.judge_prompt.find("{reference}") != std::string::npos;
  if (r.field != d.field && !asks_reference) {
    return idle("field", "reward.judge_prompt has no {reference}", "");
  }
  return {};
}

}  // namespace

Status RewardOptions::check(const std::vector<std::string>& agents) const {
  TROUPE_TRY(check_kind(*this));
  if (!agent.empty() && std::find(agents.begin(), agents.end(), agent) == agents.end()) {
    return invalid(fmt::format("reward.agent = \"{}\": the environment has {}", agent,
                               fmt::join(agents, ", ")));
  }
  if (!(min < max)) return invalid("reward.min must be below reward.max");
  if (t_min > t_max) return invalid("reward.t_min must not be above reward.t_max");
  if (kind == "function") return check_function(*this);
  if (kind == "judge") return check_judge(*this);
  if (kind == "verifier" && command.empty()) {
    return invalid("reward.kind = \"verifier\" needs reward.command");
  }
  if (kind == "http" && url.empty()) return invalid("reward.kind = \"http\" needs reward.url");
  if (kind == "http" && timeout < t_max) {
    return invalid(
        fmt::format("reward.timeout = {} is less than reward.t_max = {}, which the "
                    "endpoint may give an answer: raise it or lower reward.t_max",
                    timeout, t_max));
  }
  return {};
}

const std::vector<std::string>& RewardOptions::harmless() {
  static const std::vector<std::string> names = {"reward.token_variable", "reward.timeout",
                                                 "reward.judge_kv_megabytes", "reward.concurrency",
                                                 "reward.retries"};
  return names;
}

}  // namespace troupe
