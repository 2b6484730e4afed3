#pragma once

#include <array>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "model/tokenizer.h"

namespace troupe {

/// The model of a tokenizer.json: one word to token ids. Immutable, thread-safe.
class WordModel {
 public:
  virtual ~WordModel() = default;
  /// Appends the ids of a word, which is not empty. kInvalid names what has no id.
  virtual Status encode(std::string_view word, std::vector<TokenId>& out) const = 0;
  /// Every token of the model's own vocabulary, as tokenizer.json spells it.
  virtual const std::unordered_map<std::string, TokenId>& vocabulary() const = 0;
};

/// `value` is the "model" object. A BPE model must be byte-level: `byte_level` says whether the
/// pre-tokenizer is.
Result<std::unique_ptr<WordModel>> parse_word_model(const nlohmann::json& value, bool byte_level);
/// The kinds of model; `type` has been looked at.
Result<std::unique_ptr<WordModel>> parse_word_level(const nlohmann::json& value);
Result<std::unique_ptr<WordModel>> parse_bpe(const nlohmann::json& value);

/// The printable character that stands for each byte in a byte-level vocabulary (GPT-2's
/// bytes_to_unicode), as UTF-8.
const std::array<std::string, 256>& byte_symbols();
/// The bytes that a token spells; false, and nothing in `out`, if a character stands for no byte.
bool spelt_bytes(std::string_view token, std::string& out);
/// The bytes that a token of a byte-level vocabulary stands for. A token with any other character
/// stands for itself.
std::string byte_level_bytes(std::string_view token);

/// Reads {"token": id, ...}: ids are different integers from 0 to 2^22 - 1.
Result<std::unordered_map<std::string, TokenId>> parse_vocabulary(const nlohmann::json* value);

}  // namespace troupe
