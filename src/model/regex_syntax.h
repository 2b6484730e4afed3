#pragma once

#include <string>
#include <string_view>

#include "troupe/result.h"

namespace troupe {

/// A pattern of a tokenizer.json, written for Oniguruma with Ruby's syntax, as PCRE2 (compiled with
/// UTF, UCP and MULTILINE) understands it. What the two read alike stays; `\s`, `\w` and scripts
/// are spelt out, because their Unicode classes differ in some characters; what PCRE2 would read as
/// something else (`\h`, `(?m:`, `a{2}+`, nested classes, `&&`) is refused by name, kInvalid.
/// Sources: doc/RE of Oniguruma 6.9.8, pcre2pattern(3) of PCRE2 10.42.
Result<std::string> pcre2_from_oniguruma(std::string_view pattern);

/// The characters of `\w` in Oniguruma and, with the joiners, in Rust (Unicode's annex 18), as the
/// inside of a PCRE2 class.
inline constexpr const char* kWordClass = R"(\p{Alphabetic}\p{M}\p{Nd}\p{Pc})";
inline constexpr const char* kRustWordClass = R"(\p{Alphabetic}\p{M}\p{Nd}\p{Pc}\x{200c}\x{200d})";

}  // namespace troupe
