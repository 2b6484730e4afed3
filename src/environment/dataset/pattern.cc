#define PCRE2_CODE_UNIT_WIDTH 8
#include "environment/dataset/pattern.h"

#include <fmt/format.h>
#include <pcre2.h>

namespace troupe {

struct Pattern::Code {
  pcre2_code* code = nullptr;
  pcre2_match_context* limits = nullptr;
  ~Code() {
    pcre2_match_context_free(limits);
    pcre2_code_free(code);
  }
};

Pattern::Pattern(std::unique_ptr<Code> code) : code_(std::move(code)) {}
Pattern::~Pattern() = default;

Result<std::unique_ptr<Pattern>> Pattern::compile(const std::string& pattern) {
  int error = 0;
  PCRE2_SIZE at = 0;
  auto code = std::make_unique<Code>();
  code->code = pcre2_compile(reinterpret_cast<PCRE2_SPTR>(pattern.data()), pattern.size(),
                             PCRE2_UTF | PCRE2_MATCH_INVALID_UTF, &error, &at, nullptr);
  if (code->code == nullptr) {
    PCRE2_UCHAR text[200] = {};
    pcre2_get_error_message(error, text, sizeof text);
    return fail(ErrorCode::kInvalid,
                fmt::format("the regular expression '{}' is wrong at byte {}: {}", pattern, at,
                            reinterpret_cast<char*>(text)));
  }
  code->limits = pcre2_match_context_create(nullptr);
  pcre2_set_match_limit(code->limits, 1'000'000);
  pcre2_set_depth_limit(code->limits, 10'000);
  pcre2_set_heap_limit(code->limits, 64 * 1024);  // KiB
  return std::unique_ptr<Pattern>(new Pattern(std::move(code)));
}

std::optional<std::string> Pattern::find(std::string_view text) const {
  pcre2_match_data* data = pcre2_match_data_create_from_pattern(code_->code, nullptr);
  const int groups = pcre2_match(code_->code, reinterpret_cast<PCRE2_SPTR>(text.data()),
                                 text.size(), 0, 0, data, code_->limits);
  std::uint32_t captures = 0;
  pcre2_pattern_info(code_->code, PCRE2_INFO_CAPTURECOUNT, &captures);
  std::optional<std::string> out;
  if (groups > 0 && (captures == 0 || groups > 1)) {
    const PCRE2_SIZE* ends = pcre2_get_ovector_pointer(data) + (captures == 0 ? 0 : 2);
    // \K in a lookahead can put the start behind the end.
    if (ends[0] != PCRE2_UNSET && ends[0] <= ends[1]) out = text.substr(ends[0], ends[1] - ends[0]);
  }
  pcre2_match_data_free(data);
  return out;
}

}  // namespace troupe
