#include "model/regex.h"

#include <fmt/format.h>

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

namespace troupe {

struct Regex::Code {
  pcre2_code* compiled = nullptr;
  ~Code() { pcre2_code_free(compiled); }
};

Result<Regex> Regex::compile(const std::string& pattern, bool literal) {
  // A line ends at "\n" alone, as for the `tokenizers` library; PCRE2's default is a build option.
  const std::unique_ptr<pcre2_compile_context, void (*)(pcre2_compile_context*)> context(
      pcre2_compile_context_create(nullptr), pcre2_compile_context_free);
  pcre2_set_newline(context.get(), PCRE2_NEWLINE_LF);
  const std::uint32_t flags =
      literal ? PCRE2_UTF | PCRE2_LITERAL : PCRE2_UTF | PCRE2_UCP | PCRE2_NEVER_BACKSLASH_C;
  int error = 0;
  std::size_t where = 0;
  auto code = std::make_shared<Code>();
  code->compiled = pcre2_compile(reinterpret_cast<PCRE2_SPTR>(pattern.data()), pattern.size(),
                                 flags, &error, &where, context.get());
  if (code->compiled == nullptr) {
    PCRE2_UCHAR text[256] = {};
    pcre2_get_error_message(error, text, sizeof text);
    return fail(ErrorCode::kInvalid,
                fmt::format("the pattern {} is wrong at character {}: {}", pattern, where,
                            reinterpret_cast<const char*>(text)));
  }
  return Regex(std::move(code));
}

Result<std::vector<Regex::Span>> Regex::split(std::string_view text) const {
  const std::unique_ptr<pcre2_match_data, void (*)(pcre2_match_data*)> found(
      pcre2_match_data_create_from_pattern(code_->compiled, nullptr), pcre2_match_data_free);
  std::vector<Span> spans;
  std::size_t at = 0;
  while (at < text.size()) {
    const int count =
        pcre2_match(code_->compiled, reinterpret_cast<PCRE2_SPTR>(text.data()), text.size(), at,
                    PCRE2_NOTEMPTY | PCRE2_NO_UTF_CHECK, found.get(), nullptr);
    if (count == PCRE2_ERROR_NOMATCH) break;
    if (count < 0) {
      return fail(ErrorCode::kInvalid,
                  fmt::format("the tokenizer's pattern gives up on a text of {} bytes (PCRE2 error "
                              "{}); use shorter texts",
                              text.size(), count));
    }
    const std::size_t* place = pcre2_get_ovector_pointer(found.get());
    if (place[1] <= place[0]) {  // \K may move the start
      return fail(ErrorCode::kInvalid,
                  "the tokenizer's pattern uses \\K, which is not implemented");
    }
    if (place[0] > at) spans.push_back({at, place[0], false});
    spans.push_back({place[0], place[1], true});
    at = place[1];
  }
  if (at < text.size()) spans.push_back({at, text.size(), false});
  return spans;
}

}  // namespace troupe
