#pragma once

#include <functional>
#include <string>

#include "environment/dataset/rows.h"
#include "troupe/result.h"

namespace troupe {

/// Copies `text`, with each {word} replaced by what `value` gives for it. Braces around anything
/// but a lower-case word are text.
std::string fill_placeholders(const std::string& text,
                              const std::function<std::string(const std::string&)>& value);

/// The prompt of a row: a text with {question}, or {nums} (joined by commas) and {target}. Braces
/// around anything but a lower-case word are text. Immutable, thread-safe.
class PromptTemplate {
 public:
  /// `text` empty: "{question}\nAnswer: ", or "{nums}={target}>" as the countdown environment has.
  /// kInvalid: {answer}, an unknown placeholder, one of the other layout, or none.
  static Result<PromptTemplate> make(std::string text, Layout layout);
  [[nodiscard]] std::string render(const DatasetRow& row) const;

 private:
  explicit PromptTemplate(std::string text) : text_(std::move(text)) {}
  std::string text_;
};

}  // namespace troupe
