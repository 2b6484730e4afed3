#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace troupe {

/// A Markdown table that also reads well as plain text: cells are padded to their column's width.
/// The first `text_columns` columns are aligned to the left, the rest (numbers) to the right.
std::string markdown_table(const std::vector<std::string>& head,
                           const std::vector<std::vector<std::string>>& rows, int text_columns);

/// Text inside a Markdown sentence: control characters visible, and the marks that Markdown or HTML
/// would act on (| * _ ` < > [ ] #) escaped.
std::string markdown_text(std::string_view text);

/// A fenced block whose fence is longer than any run of backticks inside.
std::string markdown_block(std::string_view text, std::string_view language = "text");

}  // namespace troupe
