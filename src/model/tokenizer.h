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
  /// The ids of `text`; added tokens that stand in it, special ones too, become their ids. Nothing
  /// is put before or after it (opening() says what a text may begin with). kInvalid names the
  /// first text that the vocabulary cannot express, or the first byte that is not UTF-8.
  virtual Result<std::vector<TokenId>> encode(std::string_view text) const = 0;
  /// The same, but the names of special tokens are plain text: what others wrote cannot bring one
  /// in. Added tokens that are not special still become their ids, as with `encode_special_tokens`
  /// of the `tokenizers` library.
  virtual Result<std::vector<TokenId>> encode_plain(std::string_view text) const = 0;
  /// Special tokens are left out. Any id decodes; ids out of range decode to nothing. Bytes that
  /// are not UTF-8, e.g. a character cut off at the end, become U+FFFD.
  virtual std::string decode(std::span<const TokenId> ids) const = 0;
  /// The same, with the texts of special tokens.
  virtual std::string decode_all(std::span<const TokenId> ids) const = 0;
  /// The largest id plus one.
  virtual int size() const = 0;
  /// The id that ends an answer; -1 if none is known.
  virtual TokenId end() const = 0;
  /// What the file's post_processor puts before a text, e.g. Llama 3's <|begin_of_text|>.
  virtual const std::vector<TokenId>& opening() const = 0;
  /// The id of a special token by its text; -1 if there is none.
  virtual TokenId special(std::string_view text) const = 0;
  /// The tokenizer.json text that makes this tokenizer again.
  virtual const std::string& json() const = 0;
};

/// Reads tokenizer.json: models WordLevel and byte-level BPE. Anything not understood is refused by
/// name. `end_token`: the text of the token that ends an answer; empty picks the first known of
/// "<end>", "<|im_end|>", "<|eot_id|>", "<|endoftext|>", "</s>". Takes memory in proportion to the
/// text, whatever the ids in it.
Result<std::unique_ptr<Tokenizer>> parse_tokenizer(std::string_view json,
                                                   const std::string& end_token);

/// A symbol-level tokenizer: id 0 is "<end>", then one id per character of `alphabet` (ASCII).
/// Written as a WordLevel model with a Split pre-tokenizer, which `tokenizers` loads.
std::unique_ptr<Tokenizer> make_symbol_tokenizer(const std::string& alphabet);

}  // namespace troupe
