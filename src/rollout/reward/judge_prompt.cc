#include "rollout/reward/judge_prompt.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <set>

#include "environment/dataset/answers.h"
#include "environment/dataset/prompt_template.h"
#include "rollout/reward/function_reward.h"

namespace troupe {
namespace {

const char* const kYesNo =
    "Question:\n{prompt}\n\nAnswer:\n{answer}\n\nIs the answer right? Say yes or no.\n";
const char* const kScore =
    "Question:\n{prompt}\n\nAnswer:\n{answer}\n\nGrade the answer with a number from 0 (useless) "
    "to "
    "{scale} (perfect).\nGrade: ";

std::string transcript(const std::vector<Exchange>& exchanges) {
  std::string out;
  for (const Exchange& e : exchanges) {
    out += fmt::format("[{}]\n{}\n[{}]\n{}\n", e.action.agent + " is shown", e.prompt.text,
                       e.action.agent + " says", e.action.text);
  }
  return out;
}

}  // namespace

Result<JudgePrompt> JudgePrompt::make(JudgePromptOptions options) {
  JudgePrompt out;
  if (options.text.empty()) options.text = options.grading == "score" ? kScore : kYesNo;
  std::set<std::string> used;
  fill_placeholders(options.text, [&](const std::string& word) {
    used.insert(word);
    return "";
  });
  const std::set<std::string> known = {"prompt", "answer", "transcript", "reference", "scale"};
  for (const std::string& word : used) {
    if (known.count(word) > 0) continue;
    return fail(ErrorCode::kInvalid, fmt::format("{{{}}} is not known; there are {{{}}}", word,
                                                 fmt::join(known, "}, {")));
  }
  if (used.count("answer") + used.count("transcript") == 0) {
    return fail(ErrorCode::kInvalid,
                "the judge would not see what it judges; use {answer} or {transcript}");
  }
  out.wants_reference_ = used.count("reference") > 0;
  out.options_ = std::move(options);
  TROUPE_ASSIGN(out.number_, Pattern::compile("-?[0-9]+(?:\\.[0-9]+)?"));
  return out;
}

Result<std::string> JudgePrompt::render(const RewardRequest& request) const {
  std::string reference;
  if (wants_reference_) {
    TROUPE_ASSIGN(reference, payload_answer(request.task, options_.field));
  }
  const Exchange* exchange = last_exchange(request.exchanges, options_.agent);
  return fill_placeholders(options_.text, [&](const std::string& word) -> std::string {
    if (word == "transcript") return transcript(request.exchanges);
    if (word == "reference") return reference;
    if (word == "scale") return fmt::format("{}", options_.scale);
    if (exchange == nullptr) return "";
    return word == "prompt" ? exchange->prompt.text : exchange->action.text;
  });
}

std::optional<double> JudgePrompt::grade(const std::string& words) const {
  const auto found = number_->find(words);
  const auto value = found ? whole_number_text(*found) : std::nullopt;
  if (!value || *value < 0 || *value > options_.scale) return std::nullopt;
  return *value / options_.scale;
}

}  // namespace troupe
