#include "model/regex.h"

#include <fmt/format.h>

#include "model/regex_syntax.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

namespace troupe {
namespace {

/// Limits of one match, so that a hostile pattern fails instead of eating time and memory. The
/// published patterns need a handful of steps per character and no heap.
constexpr std::uint32_t kMatchSteps = 1'000'000;
constexpr std::uint32_t kHeapKibibytes = 20 * 1024;

template <class T, void (*Free)(T*)>
struct Deleter {
  void operator()(T* value) const { Free(value); }
};
using CompileContext = std::unique_ptr<pcre2_compile_context,
                                       Deleter<pcre2_compile_context, pcre2_compile_context_free>>;
using MatchContext =
    std::unique_ptr<pcre2_match_context, Deleter<pcre2_match_context, pcre2_match_context_free>>;
using MatchData =
    std::unique_ptr<pcre2_match_data, Deleter<pcre2_match_data, pcre2_match_data_free>>;

PCRE2_SPTR units(std::string_view text) { return reinterpret_cast<PCRE2_SPTR>(text.data()); }

}  // namespace

struct Regex::Code {
  pcre2_code* compiled = nullptr;
  MatchContext context{pcre2_match_context_create(nullptr)};
  Code() = default;
  Code(const Code&) = delete;
  Code& operator=(const Code&) = delete;
  ~Code() { pcre2_code_free(compiled); }

  int match(std::string_view text, std::size_t at, std::uint32_t flags,
            pcre2_match_data* found) const {
    flags |= PCRE2_NO_UTF_CHECK;
    const int count =
        pcre2_match(compiled, units(text), text.size(), at, flags, found, context.get());
    if (count != PCRE2_ERROR_JIT_STACKLIMIT) return count;
    // Machine code has 32 KiB to backtrack in; the interpreter gives the same matches in more.
    return pcre2_match(compiled, units(text), text.size(), at, flags | PCRE2_NO_JIT, found,
                       context.get());
  }
};

Result<Regex> Regex::compile(const std::string& pattern, Syntax syntax) {
  // A line ends at "\n" alone, as in Oniguruma; PCRE2's default is a build option.
  const CompileContext context(pcre2_compile_context_create(nullptr));
  pcre2_set_newline(context.get(), PCRE2_NEWLINE_LF);
  std::string text = pattern;
  if (syntax == Syntax::kOniguruma) {
    TROUPE_ASSIGN(text, pcre2_from_oniguruma(pattern));
  }
  const std::uint32_t flags = syntax == Syntax::kLiteral
                                  ? PCRE2_UTF | PCRE2_LITERAL
                                  : PCRE2_UTF | PCRE2_UCP | PCRE2_NEVER_BACKSLASH_C |
                                        (syntax == Syntax::kOniguruma ? PCRE2_MULTILINE : 0U);
  int error = 0;
  std::size_t where = 0;
  auto code = std::make_shared<Code>();
  pcre2_set_match_limit(code->context.get(), kMatchSteps);
  pcre2_set_heap_limit(code->context.get(), kHeapKibibytes);
  code->compiled = pcre2_compile(units(text), text.size(), flags, &error, &where, context.get());
  if (code->compiled == nullptr) {
    PCRE2_UCHAR reason[256] = {};
    pcre2_get_error_message(error, reason, sizeof reason);
    return fail(ErrorCode::kInvalid,
                fmt::format("the pattern {} is wrong at character {}: {}", text, where,
                            reinterpret_cast<const char*>(reason)));
  }
  std::uint32_t empty = 0;
  pcre2_pattern_info(code->compiled, PCRE2_INFO_MATCHEMPTY, &empty);
  if (empty != 0) {
    return fail(ErrorCode::kInvalid,
                fmt::format("the pattern {} matches the empty text, which Troupe does not "
                            "implement",
                            pattern));
  }
  // Without machine code (a locked-down kernel, another processor) the interpreter does the same.
  pcre2_jit_compile(code->compiled, PCRE2_JIT_COMPLETE);
  return Regex(std::move(code));
}

Result<std::vector<Regex::Span>> Regex::split(std::string_view text) const {
  const MatchData found(pcre2_match_data_create(1, nullptr));
  std::vector<Span> spans;
  std::size_t at = 0;
  while (at < text.size()) {
    const int count = code_->match(text, at, PCRE2_NOTEMPTY, found.get());
    if (count == PCRE2_ERROR_NOMATCH) break;
    if (count < 0) {
      return fail(ErrorCode::kInvalid,
                  fmt::format("the tokenizer's pattern gives up on a text of {} bytes (PCRE2 error "
                              "{}); use shorter texts",
                              text.size(), count));
    }
    const std::size_t* place = pcre2_get_ovector_pointer(found.get());
    if (place[1] <= place[0] || place[0] < at) {  // a look-around with \K may move the start
      return fail(ErrorCode::kInvalid, "the tokenizer's pattern moves the start of its match");
    }
    if (place[0] > at) spans.push_back({at, place[0], false});
    spans.push_back({place[0], place[1], true});
    at = place[1];
  }
  if (at < text.size()) spans.push_back({at, text.size(), false});
  return spans;
}

bool Regex::starts(std::string_view text) const {
  const MatchData found(pcre2_match_data_create(1, nullptr));
  return code_->match(text, 0, PCRE2_ANCHORED, found.get()) >= 0;
}

}  // namespace troupe
