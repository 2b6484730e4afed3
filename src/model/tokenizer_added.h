#pragma once

#include <map>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "model/tokenizer.h"

namespace troupe {

/// The added_tokens of a tokenizer.json: texts that become one token each wherever they stand,
/// before the model sees anything. Immutable, thread-safe.
class AddedTokens {
 public:
  struct Token {
    std::string text;
    TokenId id = 0;
    bool special = false;
    bool normalized = false;
  };
  /// A stretch of text: one added token, or text for the model (id -1).
  struct Part {
    std::string_view text;
    TokenId id;
  };

  /// `value` is the list, or null. Refuses single_word, lstrip and rstrip by name.
  static Result<AddedTokens> parse(const nlohmann::json& value);
  [[nodiscard]] const std::vector<Token>& tokens() const { return tokens_; }
  /// Cuts `text` at added tokens: leftmost first, then longest. As in the `tokenizers` library,
  /// tokens that are not normalized are cut out before those that are.
  [[nodiscard]] std::vector<Part> cut(std::string_view text) const;

 private:
  /// Indices into tokens_ by first byte, longest text first.
  using Table = std::map<char, std::vector<std::size_t>>;
  void cut_with(const Table& table, std::string_view text, std::vector<Part>& out) const;
  std::vector<Token> tokens_;
  Table first_;   // not normalized
  Table second_;  // normalized
};

}  // namespace troupe
