#pragma once

#include <map>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "model/regex.h"
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
    bool normalized = false;   ///< looked for in the normalized text
    bool single_word = false;  ///< only where no word character stands beside it
    bool lstrip = false;       ///< takes the white space before it
    bool rstrip = false;       ///< takes the white space after it
  };
  /// A stretch of text: one added token, or text for the model (id -1).
  struct Part {
    std::string_view text;  ///< empty for a token
    TokenId id;
  };
  enum class Pass { kRaw, kNormalized };

  /// `value` is the list, or null. `nfc`: the tokenizer normalizes to NFC, and so do the texts of
  /// the tokens that are looked for in normalized text.
  static Result<AddedTokens> parse(const nlohmann::json& value, bool nfc);
  [[nodiscard]] const std::vector<Token>& tokens() const { return tokens_; }
  /// The token with this text, or nullptr.
  [[nodiscard]] const Token* find(std::string_view text) const;
  /// Appends `text` cut at the added tokens of one pass: leftmost first, then longest. As in the
  /// `tokenizers` library, those that are not normalized are cut out of the raw text, the others
  /// out of what is left after it was normalized. Without `match_special`, special tokens are text.
  void cut(Pass pass, std::string_view text, bool match_special, std::vector<Part>& out) const;
  /// Whether a pass has nothing to look for.
  [[nodiscard]] bool empty(Pass pass) const {
    return (pass == Pass::kRaw ? raw_ : normalized_).empty();
  }

 private:
  struct Entry {
    std::string text;
    std::size_t token;  ///< index into tokens_
  };
  /// By first byte, longest text first.
  using Table = std::map<char, std::vector<Entry>>;
  [[nodiscard]] bool word_beside(std::string_view text, std::size_t begin, std::size_t end) const;
  std::vector<Token> tokens_;
  std::map<std::string, std::size_t, std::less<>> by_text_;
  Table raw_, normalized_;
  std::optional<Regex> word_;  ///< one word character; set if any token is a single_word
};

}  // namespace troupe
