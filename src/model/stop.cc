#include "model/stop.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "model/json_fields.h"
#include "model/utf8.h"

namespace troupe {
namespace {

tl::unexpected<Error> invalid(std::string message) {
  return fail(ErrorCode::kInvalid, std::move(message));
}

template <class T>
bool listed_twice(std::vector<T> values) {
  std::sort(values.begin(), values.end());
  return std::adjacent_find(values.begin(), values.end()) != values.end();
}

}  // namespace

Result<std::shared_ptr<const StopRule>> StopRule::make(std::shared_ptr<const Tokenizer> tokenizer,
                                                       std::vector<TokenId> tokens,
                                                       std::vector<std::string> texts) {
  if (tokens.empty() && texts.empty()) return invalid("a stop rule needs a token or a text");
  for (const TokenId token : tokens) {
    if (token < 0 || token >= tokenizer->size()) {
      return invalid(fmt::format("stop token {} is not in the vocabulary, which has 0 to {}", token,
                                 tokenizer->size() - 1));
    }
    if (token == tokenizer->end()) {
      return invalid(fmt::format(
          "stop token {} would do nothing: it is the end token, which ends answers anyway; "
          "remove it",
          token));
    }
  }
  for (const std::string& text : texts) {
    if (text.empty()) return invalid("a stop text is empty; remove it");
    if (utf8_error(text) != std::string::npos) {
      return invalid(
          fmt::format("the stop text {} is not valid UTF-8; save it as UTF-8", brief_json(text)));
    }
  }
  if (listed_twice(tokens)) return invalid("a stop token is listed twice; keep one");
  if (listed_twice(texts)) return invalid("a stop text is listed twice; keep one");
  auto out = std::make_shared<StopRule>();
  for (const std::string& text : texts) out->longest_ = std::max(out->longest_, text.size());
  out->tokenizer_ = std::move(tokenizer);
  out->tokens_ = std::move(tokens);
  out->texts_ = std::move(texts);
  return out;
}

std::vector<TokenId> with_model_ends(std::vector<TokenId> tokens, std::span<const int> eos,
                                     const Tokenizer& tokenizer) {
  for (const int id : eos) {
    const bool known = id == tokenizer.end() || id < 0 || id >= tokenizer.size() ||
                       std::find(tokens.begin(), tokens.end(), id) != tokens.end();
    if (!known) tokens.push_back(id);
  }
  return tokens;
}

bool StopRule::has_token(TokenId token) const {
  return std::find(tokens_.begin(), tokens_.end(), token) != tokens_.end();
}

std::string StopRule::text(std::span<const TokenId> answer) const {
  if (!answer.empty() && has_token(answer.back())) answer = answer.first(answer.size() - 1);
  std::string out = tokenizer_->decode(answer);
  out.resize(std::min(out.size(), find(out)));
  return out;
}

std::size_t StopRule::find(std::string_view text) const {
  std::size_t first = std::string_view::npos;
  for (const std::string& stop : texts_) first = std::min(first, text.find(stop));
  return first;
}

std::size_t StopRule::certain(std::string_view text) const {
  for (std::size_t at = text.size() - std::min(text.size(), longest_); at < text.size(); ++at) {
    const std::string_view ending = text.substr(at);
    for (const std::string& stop : texts_) {
      if (stop.starts_with(ending)) return at;
    }
  }
  return text.size();
}

bool StopWatch::push(TokenId token) {
  if (rule_->has_token(token)) return true;
  if (rule_->texts_.empty()) return false;
  recent_.push_back(token);
  if (rule_->find(rule_->tokenizer_->decode(recent_)) != std::string::npos) return true;
  // Forgets what no later match can reach. Decoding shows a byte of an incomplete character as the
  // three of U+FFFD, so a third of the decoded length is certain to be there.
  const std::span<const TokenId> all(recent_);
  std::size_t drop = 0;
  while (drop + 1 < all.size() &&
         rule_->tokenizer_->decode(all.subspan(drop + 1)).size() >= 3 * rule_->longest_) {
    ++drop;
  }
  recent_.erase(recent_.begin(), recent_.begin() + static_cast<std::ptrdiff_t>(drop));
  return false;
}

std::string_view without_incomplete(std::string_view text) {
  constexpr std::string_view kReplacement = "\xef\xbf\xbd";
  while (text.ends_with(kReplacement)) text.remove_suffix(kReplacement.size());
  return text;
}

}  // namespace troupe
