#include "model/chat.h"

#include <fmt/format.h>

#include <algorithm>

#include "model/utf8.h"

namespace troupe {

using Ids = std::vector<TokenId>;

/// A format as special tokens and the plain text between them; "" for what it does not have.
struct ChatFormat::Kind {
  const char* name;
  const char* first;
  const char* head;
  const char* head_end;
  const char* end;
  const char* after_role;  ///< text between role and content
  const char* after_end;   ///< text after a message
  bool trim;               ///< no white space around the content
};

namespace {

constexpr const char* kAssistant = "assistant";
constexpr const char* kRemedy = "use a chat model's tokenizer, or model.chat = \"none\"";

/// The text without white space around it, as Python's str.strip().
std::string_view strip(std::string_view text) {
  const auto is_space = [](char32_t c) { return is_white_space(c) || (c >= 0x1c && c <= 0x1f); };
  while (!text.empty()) {
    const Utf8Step step = utf8_step(text);
    if (!step.valid || !is_space(step.code)) break;
    text.remove_prefix(step.size);
  }
  while (!text.empty()) {
    const std::size_t at = utf8_before(text, text.size());
    const Utf8Step step = utf8_step(text.substr(at));
    if (!step.valid || !is_space(step.code)) break;
    text.remove_suffix(text.size() - at);
  }
  return text;
}

}  // namespace

Result<std::shared_ptr<const ChatFormat>> ChatFormat::make(
    const std::string& name, std::shared_ptr<const Tokenizer> tokenizer, std::string system) {
  static constexpr Kind kKinds[] = {
      {"chatml", "", "<|im_start|>", "", "<|im_end|>", "\n", "\n", false},
      {"llama3", "<|begin_of_text|>", "<|start_header_id|>", "<|end_header_id|>", "<|eot_id|>",
       "\n\n", "", true}};
  std::vector<std::shared_ptr<ChatFormat>> found;
  Status missing;
  for (const Kind& kind : kKinds) {
    if (name != "auto" && name != kind.name) continue;
    auto format = std::make_shared<ChatFormat>();
    format->kind_ = &kind;
    format->tokenizer_ = tokenizer;
    format->system_ = system;
    missing = format->find_tokens();
    if (missing) found.push_back(std::move(format));
    if (!missing && name != "auto") return tl::unexpected(missing.error());
  }
  if (found.size() != 1) {
    return fail(ErrorCode::kInvalid,
                fmt::format("chat = \"{}\": the tokenizer has the special tokens of {}; {}", name,
                            found.empty() ? "no known chat format" : "more than one chat format",
                            found.empty() ? kRemedy : "name the one"));
  }
  if (found.front()->end_ != tokenizer->end()) {
    const Kind& kind = *found.front()->kind_;
    return fail(ErrorCode::kInvalid,
                fmt::format("chat = \"{}\" ends an answer with {}, and model.end_token names "
                            "another token: set model.end_token = \"{}\"",
                            kind.name, kind.end, kind.end));
  }
  return found.front();
}

Status ChatFormat::find_tokens() {
  const std::pair<const char*, TokenId*> wanted[] = {{kind_->first, &first_},
                                                     {kind_->head, &head_},
                                                     {kind_->head_end, &head_end_},
                                                     {kind_->end, &end_}};
  for (const auto& [text, id] : wanted) {
    *id = tokenizer_->special(text);
    if (*text == '\0' || *id >= 0) continue;
    return fail(ErrorCode::kInvalid,
                fmt::format("chat = \"{}\" needs the special token {}, which the tokenizer lacks; "
                            "{}",
                            kind_->name, text, kRemedy));
  }
  return {};
}

Status ChatFormat::append_plain(std::string_view text, Ids& out) const {
  TROUPE_ASSIGN(const Ids ids, tokenizer_->encode_plain(text));
  out.insert(out.end(), ids.begin(), ids.end());
  return {};
}

/// A message up to its end. Text between two special tokens is encoded in one piece, because a
/// line's end and the text after it may share a token.
Status ChatFormat::append_head(const std::string& role, std::string_view rest, Ids& out) const {
  out.push_back(head_);
  std::string text = role;
  if (head_end_ >= 0) {
    TROUPE_TRY(append_plain(text, out));
    out.push_back(head_end_);
    text.clear();
  }
  text += kind_->after_role;
  text += rest;
  return append_plain(text, out);
}

Status ChatFormat::append_message(const ChatMessage& message, Ids& out) const {
  const std::string_view content = message.content;
  TROUPE_TRY(append_head(message.role, kind_->trim ? strip(content) : content, out));
  out.push_back(end_);
  return append_plain(kind_->after_end, out);
}

Result<Ids> ChatFormat::render(std::span<const ChatMessage> messages, bool answer_next) const {
  Ids out;
  if (first_ >= 0 && !messages.empty()) out.push_back(first_);
  for (const ChatMessage& message : messages) TROUPE_TRY(append_message(message, out));
  if (answer_next) TROUPE_TRY(append_head(kAssistant, "", out));
  return out;
}

Result<Ids> ChatFormat::first_prompt(std::string_view text) const {
  std::vector<ChatMessage> messages;
  if (!system_.empty()) messages.push_back({"system", system_});
  messages.push_back({"user", std::string(text)});
  return render(messages, true);
}

Result<Ids> ChatFormat::next_prompt(std::string_view text, bool ended) const {
  Ids out;
  if (!ended) out.push_back(end_);
  TROUPE_TRY(append_plain(kind_->after_end, out));
  TROUPE_TRY(append_message({"user", std::string(text)}, out));
  TROUPE_TRY(append_head(kAssistant, "", out));
  return out;
}

Result<Ids> encode_prompt(const Tokenizer& tokenizer, const ChatFormat* chat, std::string_view text,
                          PromptPlace place) {
  if (chat != nullptr) {
    if (place == PromptPlace::kFirst) return chat->first_prompt(text);
    return chat->next_prompt(text, place == PromptPlace::kAfterEnd);
  }
  TROUPE_ASSIGN(Ids ids, tokenizer.encode(text));
  const Ids& opening = tokenizer.opening();
  const bool opened =
      ids.size() >= opening.size() && std::equal(opening.begin(), opening.end(), ids.begin());
  if (place == PromptPlace::kFirst && !opened) {
    ids.insert(ids.begin(), opening.begin(), opening.end());
  }
  return ids;
}

Result<Ids> encode_answer(const Tokenizer& tokenizer, const ChatFormat* chat,
                          std::string_view text) {
  TROUPE_ASSIGN(Ids ids, chat == nullptr ? tokenizer.encode(text) : tokenizer.encode_plain(text));
  ids.push_back(chat == nullptr ? tokenizer.end() : chat->turn_end());
  return ids;
}

}  // namespace troupe
