#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "troupe/result.h"

namespace troupe {

using TokenId = std::int32_t;

/// Text to token ids and back, from a Hugging Face tokenizer.json. Immutable, thread-safe.
class Tokenizer {
 public:
  virtual ~Tokenizer() = default;
  /// kInvalid names the first text that the vocabulary cannot express.
  virtual Result<std::vector<TokenId>> encode(std::string_view text) const = 0;
  /// Special tokens are left out. Any id decodes; ids out of range decode to nothing.
  virtual std::string decode(std::span<const TokenId> ids) const = 0;
  virtual int size() const = 0;
  /// The id that ends an answer; -1 if none is known.
  virtual TokenId end() const = 0;
  /// The tokenizer.json text that makes this tokenizer again.
  virtual const std::string& json() const = 0;
};

/// Reads tokenizer.json: models WordLevel (over single symbols) and byte-level BPE. Anything not
/// understood is refused by name. `end_token`: the text of the token that ends an answer; empty
/// picks the first known of "<end>", "<|im_end|>", "<|eot_id|>", "<|endoftext|>", "</s>".
Result<std::unique_ptr<Tokenizer>> parse_tokenizer(std::string_view json,
                                                   const std::string& end_token);

/// A symbol-level tokenizer: id 0 is "<end>", then one id per character of `alphabet` (ASCII).
/// Written as a WordLevel model with a Split pre-tokenizer, which `tokenizers` loads.
std::unique_ptr<Tokenizer> make_symbol_tokenizer(const std::string& alphabet);

}  // namespace troupe
