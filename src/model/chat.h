#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "model/tokenizer.h"

namespace troupe {

/// One message of a conversation; roles are "system", "user" and "assistant".
struct ChatMessage {
  std::string role;
  std::string content;
};

/// How a chat model was taught to tell messages apart. Immutable, thread-safe.
///
///   chatml (Qwen2 to Qwen3):  <|im_start|>ROLE\nCONTENT<|im_end|>\n
///   llama3 (Llama 3):         <|begin_of_text|> once, then
///                             <|start_header_id|>ROLE<|end_header_id|>\n\nCONTENT<|eot_id|>,
///                             with the white space around CONTENT removed
///
/// Only this class brings in the special tokens: whatever role and content say is encoded as plain
/// text, so no content can end a turn or begin one. Otherwise the ids are those of `transformers`'
/// apply_chat_template with the official templates, of which Troupe leaves out what they add
/// unasked: the system message of Qwen2.5's ("You are Qwen, ..."), the dates of Llama 3.1's.
/// Sources: the chat_template of Qwen2.5-7B-Instruct, Qwen3-8B and Meta-Llama-3-8B-Instruct.
class ChatFormat {
 public:
  /// `name` is "chatml", "llama3" or "auto" (the one whose special tokens the tokenizer has).
  /// `system` is the content of a system message before the first prompt; "" for none. kInvalid
  /// names a missing token, or an end token that is not the one that ends a turn.
  static Result<std::shared_ptr<const ChatFormat>> make(const std::string& name,
                                                        std::shared_ptr<const Tokenizer> tokenizer,
                                                        std::string system);

  /// A whole conversation; `answer_next` adds the opening of the assistant's next message.
  Result<std::vector<TokenId>> render(std::span<const ChatMessage> messages,
                                      bool answer_next) const;
  /// What opens a context: the system message if there is one, the prompt as the user's message and
  /// the opening of an answer.
  Result<std::vector<TokenId>> first_prompt(std::string_view text) const;
  /// What follows an answer: the end of its turn, the next prompt and the opening of an answer.
  /// `ended`: the answer's last token is turn_end(); if not, the turn is ended here.
  Result<std::vector<TokenId>> next_prompt(std::string_view text, bool ended) const;
  /// The token that ends a message.
  [[nodiscard]] TokenId turn_end() const { return end_; }
  [[nodiscard]] const Tokenizer& tokenizer() const { return *tokenizer_; }

 private:
  struct Kind;
  using Ids = std::vector<TokenId>;
  Status find_tokens();
  Status append_plain(std::string_view text, Ids& out) const;
  Status append_head(const std::string& role, std::string_view rest, Ids& out) const;
  Status append_message(const ChatMessage& message, Ids& out) const;

  const Kind* kind_ = nullptr;
  std::shared_ptr<const Tokenizer> tokenizer_;
  std::string system_;
  TokenId first_ = -1;     // of a conversation; -1: none
  TokenId head_ = -1;      // opens a message
  TokenId head_end_ = -1;  // follows the role; -1: none
  TokenId end_ = -1;       // ends a message
};

/// Where a prompt stands in an agent's context: at its start, after an answer that ended, or after
/// one that lacks its end token.
enum class PromptPlace { kFirst, kAfterEnd, kAfterCut };

/// The ids to append for a prompt. With `chat` it is a user's message. Without (nullptr) it is the
/// text as it stands, special tokens in it included, and a context begins with the tokenizer's
/// opening(), unless the text brings that itself.
Result<std::vector<TokenId>> encode_prompt(const Tokenizer& tokenizer, const ChatFormat* chat,
                                           std::string_view text, PromptPlace place);
/// The ids of an answer that somebody else wrote, its end token included.
Result<std::vector<TokenId>> encode_answer(const Tokenizer& tokenizer, const ChatFormat* chat,
                                           std::string_view text);

}  // namespace troupe
