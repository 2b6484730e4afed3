#include "observe/gnuplot_text.h"

#include <fmt/format.h>

#include "observe/transcript_text.h"

namespace troupe {

std::string gnuplot_quoted(const std::string& text) {
  std::string out = "'";
  for (const char c : visible(text)) {
    if (c == '\'') out.push_back('\'');
    out.push_back(c == '`' ? '"' : c);
  }
  return out + "'";
}

std::string gnuplot_head(int width, int height) {
  return fmt::format(
      "set encoding utf8\n"
      "set terminal svg noenhanced size {},{} background rgb 'white' "
      "font 'Helvetica,Arial,sans-serif,15'\n",
      width, height);
}

}  // namespace troupe
