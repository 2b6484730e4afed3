#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "model/tokenizer.h"

namespace troupe {

/// What ends an answer besides the model's own end token: tokens, and texts.
///
/// A stop text is looked for in the decoded answer, as bytes, wherever token borders lie. The
/// answer ends with the token that completes one; its tokens stay in the answer (tokens in, tokens
/// out), only the view of it as text is cut. Immutable, thread-safe.
class StopRule {
 public:
  /// kInvalid: nothing to stop at, a token that the vocabulary lacks or the end token, an empty
  /// text or one that is not UTF-8, or one that is listed twice.
  static Result<std::shared_ptr<const StopRule>> make(std::shared_ptr<const Tokenizer> tokenizer,
                                                      std::vector<TokenId> tokens,
                                                      std::vector<std::string> texts);

  [[nodiscard]] bool has_token(TokenId token) const;
  /// The answer as text, cut before the stop that ended it, if one did.
  [[nodiscard]] std::string text(std::span<const TokenId> answer) const;
  /// Where the first stop text in `text` begins, npos if there is none.
  [[nodiscard]] std::size_t find(std::string_view text) const;
  /// How much of `text` can be shown while the answer still grows: all but an ending that could be
  /// the beginning of a stop text.
  [[nodiscard]] std::size_t certain(std::string_view text) const;

 private:
  friend class StopWatch;
  std::shared_ptr<const Tokenizer> tokenizer_;
  std::vector<TokenId> tokens_;
  std::vector<std::string> texts_;
  std::size_t longest_ = 0;  // bytes
};

/// Stop tokens, and the ends that a checkpoint's config.json names besides the tokenizer's own end
/// token (Llama 3 has three): an answer ends at any of them. Each once.
std::vector<TokenId> with_model_ends(std::vector<TokenId> tokens, std::span<const int> eos,
                                     const Tokenizer& tokenizer);

/// Follows one answer, token by token. Not thread-safe.
class StopWatch {
 public:
  explicit StopWatch(std::shared_ptr<const StopRule> rule) : rule_(std::move(rule)) {}
  /// True if `token`, the next of the answer, ends it.
  bool push(TokenId token);

 private:
  std::shared_ptr<const StopRule> rule_;
  std::vector<TokenId> recent_;  // the last tokens, as many as a stop text may need
};

/// `text` without the incomplete character that decoding shows as U+FFFD at its end: the next token
/// may complete it.
std::string_view without_incomplete(std::string_view text);

}  // namespace troupe
