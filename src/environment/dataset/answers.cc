#include "environment/dataset/answers.h"

#include <charconv>

namespace troupe {
namespace {

bool is_digit(std::string_view text, std::size_t at) {
  return at < text.size() && text[at] >= '0' && text[at] <= '9';
}

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

/// A number's place in a text.
struct Found {
  std::size_t begin = 0;
  std::size_t end = 0;
  double value = 0.0;
};

/// The digits from `at` on, with commas between groups of three and a fraction.
std::optional<Found> unsigned_at(std::string_view text, std::size_t at) {
  std::string digits;
  std::size_t i = at;
  while (is_digit(text, i)) {
    digits += text[i++];
    const bool group = i < text.size() && text[i] == ',' && is_digit(text, i + 1) &&
                       is_digit(text, i + 2) && is_digit(text, i + 3) && !is_digit(text, i + 4);
    if (group) ++i;
  }
  if (i < text.size() && text[i] == '.' && is_digit(text, i + 1)) {
    digits += text[i++];
    while (is_digit(text, i)) digits += text[i++];
  }
  double value = 0.0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  if (error != std::errc() || end != digits.data() + digits.size()) return std::nullopt;
  return Found{at, i, value};
}

/// The first number at or after `from`.
std::optional<Found> next_number(std::string_view text, std::size_t from) {
  for (std::size_t at = from; at < text.size(); ++at) {
    if (!is_digit(text, at)) continue;
    std::optional<Found> found = unsigned_at(text, at);
    if (!found) return std::nullopt;
    std::size_t begin = at;
    if (begin > from && text[begin - 1] == '$') --begin;
    if (begin > from && (text[begin - 1] == '-' || text[begin - 1] == '+')) {
      const bool binary = begin >= 2 && (is_digit(text, begin - 2) || is_letter(text[begin - 2]) ||
                                         text[begin - 2] == ')');
      if (!binary) {
        --begin;
        if (text[begin] == '-') found->value = -found->value;
        if (begin > from && text[begin - 1] == '$') --begin;  // "$-5"
      }
    }
    found->begin = begin;
    return found;
  }
  return std::nullopt;
}

}  // namespace

std::string trimmed(std::string_view text) {
  constexpr std::string_view kBlank = " \t\r\n";
  const std::size_t begin = text.find_first_not_of(kBlank);
  if (begin == std::string_view::npos) return "";
  return std::string(text.substr(begin, text.find_last_not_of(kBlank) - begin + 1));
}

std::string final_answer(std::string_view text) {
  const std::size_t mark = text.rfind("####");
  return trimmed(mark == std::string_view::npos ? text : text.substr(mark + 4));
}

std::optional<double> last_number(std::string_view text) {
  std::optional<double> last;
  for (std::size_t at = 0;;) {
    const std::optional<Found> found = next_number(text, at);
    if (!found) return last;
    last = found->value;
    at = found->end;
  }
}

std::optional<double> whole_number_text(std::string_view text) {
  if (!text.empty() && text.back() == '%') text.remove_suffix(1);
  const std::optional<Found> found = next_number(text, 0);
  if (!found || found->begin != 0 || found->end != text.size()) return std::nullopt;
  return found->value;
}

}  // namespace troupe
