#include "model/regex_syntax.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>

namespace troupe {
namespace {

/// Goes through the pattern once; `at_` is the next character to read.
class Translator {
 public:
  explicit Translator(std::string_view pattern) : in_(pattern) {}

  Result<std::string> run() {
    while (at_ < in_.size()) TROUPE_TRY(in_class_ ? step_class() : step());
    return std::move(out_);
  }

 private:
  [[nodiscard]] bool ahead(std::string_view text) const {
    return in_.substr(at_).starts_with(text);
  }
  void copy(std::size_t count) {
    out_ += in_.substr(at_, count);
    at_ += count;
  }
  [[nodiscard]] tl::unexpected<Error> refuse(std::size_t count) const {
    return fail(ErrorCode::kInvalid,
                fmt::format("the pattern uses {} at character {}, which Troupe does not "
                            "implement; use a checkpoint with another tokenizer",
                            in_.substr(at_, count), at_));
  }

  Status step() {
    if (in_[at_] == '\\') return escape();
    if (in_[at_] == '[') {
      in_class_ = true;
      copy(1);
      if (at_ < in_.size() && in_[at_] == '^') copy(1);
      return at_ < in_.size() && in_[at_] == ']' ? Status(refuse(1)) : Status();
    }
    if (ahead("(?")) return group();
    if (ahead("(*")) return refuse(2);  // a verb of PCRE2
    if (ahead("}+")) return refuse(2);  // Ruby: a repeat of a repeat; PCRE2: possessive
    if (ahead("{,")) return refuse(2);  // Ruby: from 0; PCRE2: plain text
    copy(1);
    return {};
  }

  /// After "(?": look-around, atomic and plain groups are alike; of the flags only i is.
  Status group() {
    for (const char* same : {"(?:", "(?=", "(?!", "(?<=", "(?<!", "(?>", "(?i:", "(?-i:"}) {
      if (!ahead(same)) continue;
      if (ahead("(?i:")) TROUPE_TRY(check_folds());
      copy(std::string_view(same).size());
      return {};
    }
    return refuse(std::min<std::size_t>(4, in_.size() - at_));
  }

  /// Without case, Oniguruma takes one ligature for these two letters; PCRE2 does not.
  [[nodiscard]] Status check_folds() const {
    std::string body(in_.substr(at_, in_.find(')', at_) - at_));
    for (char& c : body) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    for (const char* pair : {"ss", "st", "ff", "fi", "fl"}) {
      if (body.find(pair) != std::string::npos) return refuse(body.size());
    }
    return {};
  }

  /// Inside [...]: nested classes and && are set operations for Oniguruma and text for PCRE2.
  Status step_class() {
    if (in_[at_] == '\\') return escape();
    if (in_[at_] == '[') return refuse(1);
    if (ahead("&&")) return refuse(2);
    if (in_[at_] == ']') in_class_ = false;
    copy(1);
    return {};
  }

  Status escape() {
    if (at_ + 1 >= in_.size()) return refuse(1);
    const char c = in_[at_ + 1];
    const std::string_view same_everywhere = "dDrntfe";
    if (std::isalnum(static_cast<unsigned char>(c)) == 0 ||
        same_everywhere.find(c) != std::string_view::npos) {
      copy(2);
      return {};
    }
    if (c == 'p' || c == 'P') return property();
    if (c == 'x') return hexadecimal();
    std::string spelt;
    if (c == 's') spelt = R"(\p{White_Space})";
    if (c == 'S') spelt = R"(\P{White_Space})";
    if (c == 'w') spelt = in_class_ ? kWordClass : fmt::format("[{}]", kWordClass);
    if (c == 'W' && !in_class_) spelt = fmt::format("[^{}]", kWordClass);
    if (c == 'v') spelt = R"(\x0b)";
    if ((c == 'A' || c == 'z') && !in_class_) spelt = std::string(in_.substr(at_, 2));
    if (spelt.empty()) return refuse(2);
    out_ += spelt;
    at_ += 2;
    return {};
  }

  /// \xHH or \x{H...}.
  Status hexadecimal() {
    std::size_t size = 4;
    if (at_ + 2 < in_.size() && in_[at_ + 2] == '{') size = in_.find('}', at_) - at_ + 1;
    if (size > in_.size() - at_) return refuse(2);
    const std::string_view digits = in_.substr(at_ + 2, size - 2);
    const bool braces = digits.starts_with('{');
    const std::string_view inner = braces ? digits.substr(1, digits.size() - 2) : digits;
    const bool good = !inner.empty() && std::all_of(inner.begin(), inner.end(), [](char c) {
      return std::isxdigit(static_cast<unsigned char>(c)) != 0;
    });
    // \x80 and above are bytes for Oniguruma.
    if (!good || (!braces && inner[0] >= '8')) return refuse(size);
    copy(size);
    return {};
  }

  /// \p{...}: categories of one or two letters are alike. A longer name is a script, which PCRE2
  /// takes for the script extensions unless told otherwise, or a binary property.
  Status property() {
    const std::size_t close = in_.find('}', at_);
    if (at_ + 2 >= in_.size() || in_[at_ + 2] != '{' || close == std::string_view::npos) {
      return refuse(3);
    }
    std::string_view name = in_.substr(at_ + 3, close - at_ - 3);
    const bool inverted = name.starts_with('^');
    if (inverted) name.remove_prefix(1);
    const bool good = !name.empty() && std::all_of(name.begin(), name.end(), [](char c) {
      return std::isalpha(static_cast<unsigned char>(c)) != 0 || c == '_';
    });
    if (!good) return refuse(close - at_ + 1);
    const bool same = name.size() <= 2 || name == "Alphabetic" || name == "White_Space" ||
                      name == "Uppercase" || name == "Lowercase" || name == "Emoji";
    out_ +=
        fmt::format("\\{}{{{}{}{}}}", in_[at_ + 1], inverted ? "^" : "", same ? "" : "sc:", name);
    at_ = close + 1;
    return {};
  }

  std::string_view in_;
  std::size_t at_ = 0;
  bool in_class_ = false;
  std::string out_;
};

}  // namespace

Result<std::string> pcre2_from_oniguruma(std::string_view pattern) {
  return Translator(pattern).run();
}

}  // namespace troupe
