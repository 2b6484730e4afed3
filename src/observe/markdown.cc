#include "observe/markdown.h"

#include <algorithm>
#include <cstddef>

#include "observe/progress_text.h"
#include "observe/transcript_text.h"

namespace troupe {

std::string markdown_table(const std::vector<std::string>& head,
                           const std::vector<std::vector<std::string>>& rows, int text_columns) {
  std::vector<int> widths;
  for (std::size_t c = 0; c < head.size(); ++c) {
    int width = std::max(columns(head[c]), 3);
    for (const auto& row : rows) {
      if (c < row.size()) width = std::max(width, columns(row[c]));
    }
    widths.push_back(width);
  }
  const auto is_text = [&](std::size_t c) { return static_cast<int>(c) < text_columns; };
  const auto line = [&](const std::vector<std::string>& cells) {
    std::string out = "|";
    for (std::size_t c = 0; c < widths.size(); ++c) {
      const std::string cell = c < cells.size() ? cells[c] : "";
      out += " " + (is_text(c) ? pad_right(cell, widths[c]) : pad_left(cell, widths[c])) + " |";
    }
    return out + "\n";
  };
  std::string out = line(head) + "|";
  for (std::size_t c = 0; c < widths.size(); ++c) {
    const std::string dashes(static_cast<std::size_t>(widths[c]), '-');
    out += is_text(c) ? " " + dashes + " |" : " " + dashes + ":|";
  }
  out += "\n";
  for (const auto& row : rows) out += line(row);
  return out;
}

std::string markdown_text(std::string_view text) {
  std::string out;
  for (const char c : visible(text)) {
    if (std::string_view("|*_`<>[]#").find(c) != std::string_view::npos) out.push_back('\\');
    out.push_back(c);
  }
  return out;
}

std::string markdown_block(std::string_view text, std::string_view language) {
  std::size_t longest = 0;
  std::size_t run = 0;
  for (const char c : text) {
    run = c == '`' ? run + 1 : 0;
    longest = std::max(longest, run);
  }
  const std::string fence(std::max<std::size_t>(longest + 1, 3), '`');
  std::string out = fence + std::string(language) + "\n" + std::string(text);
  if (!text.empty() && text.back() != '\n') out += "\n";
  return out + fence + "\n";
}

}  // namespace troupe
