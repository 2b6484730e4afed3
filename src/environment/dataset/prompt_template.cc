#include "environment/dataset/prompt_template.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <set>

namespace troupe {
std::string fill_placeholders(const std::string& text,
                              const std::function<std::string(const std::string&)>& value) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const std::size_t end =
        text[i] == '{' ? text.find_first_not_of("abcdefghijklmnopqrstuvwxyz_", i + 1) : 0;
    if (text[i] == '{' && end != std::string::npos && text[end] == '}' && end > i + 1) {
      out += value(text.substr(i + 1, end - i - 1));
      i = end;
    } else {
      out += text[i];
    }
  }
  return out;
}

Result<PromptTemplate> PromptTemplate::make(std::string text, Layout layout) {
  const bool question = layout == Layout::kQuestion;
  if (text.empty()) text = question ? "{question}\nAnswer: " : "{nums}={target}>";
  const std::set<std::string> known =
      question ? std::set<std::string>{"question"} : std::set<std::string>{"nums", "target"};
  std::set<std::string> used;
  fill_placeholders(text, [&](const std::string& word) {
    used.insert(word);
    return "";
  });
  if (used.count("answer") > 0) {
    return fail(ErrorCode::kInvalid,
                "environment.template: {answer} would show the answer to the agent; remove it");
  }
  const std::string wanted = question ? "{question}" : "{nums} and {target}";
  for (const std::string& word : used) {
    if (known.count(word) == 0) {
      return fail(ErrorCode::kInvalid,
                  fmt::format("environment.template: {{{}}} is not known for this file; use {}",
                              word, wanted));
    }
  }
  if (used != known) {
    return fail(
        ErrorCode::kInvalid,
        fmt::format("environment.template: the prompt does not show the task; use {}", wanted));
  }
  return PromptTemplate(std::move(text));
}

std::string PromptTemplate::render(const DatasetRow& row) const {
  return fill_placeholders(text_, [&](const std::string& word) -> std::string {
    if (word == "question") return row.question;
    if (word == "nums") return fmt::format("{}", fmt::join(row.nums, ","));
    return std::to_string(row.target);
  });
}

}  // namespace troupe
