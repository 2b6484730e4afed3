#pragma once

#include <initializer_list>
#include <memory>
#include <span>
#include <utility>
#include <vector>

#include "model/tokenizer.h"

namespace troupe {

/// All tokens of an agent's context, which requests carry from hand to hand: copies share the
/// tokens, and append() makes a copy of its own first if another one shares them. So a request
/// that has ended costs its context no copy. Not thread-safe, but copies may be read anywhere.
class TokenContext {
 public:
  TokenContext() = default;
  TokenContext(std::vector<TokenId> tokens)  // NOLINT(google-explicit-constructor): is its tokens
      : tokens_(std::make_shared<std::vector<TokenId>>(std::move(tokens))) {}
  TokenContext(std::initializer_list<TokenId> tokens)
      : TokenContext(std::vector<TokenId>(tokens)) {}

  [[nodiscard]] std::span<const TokenId> tokens() const {
    return tokens_ ? std::span<const TokenId>(*tokens_) : std::span<const TokenId>();
  }
  operator std::span<const TokenId>() const {  // NOLINT(google-explicit-constructor): as above
    return tokens();
  }
  [[nodiscard]] std::vector<TokenId> copy() const { return {tokens().begin(), tokens().end()}; }
  [[nodiscard]] std::size_t size() const { return tokens().size(); }
  [[nodiscard]] bool empty() const { return tokens().empty(); }
  TokenId operator[](std::size_t i) const { return tokens()[i]; }

  void append(std::span<const TokenId> more) {
    if (!tokens_) {
      tokens_ = std::make_shared<std::vector<TokenId>>();
    } else if (tokens_.use_count() > 1) {
      tokens_ = std::make_shared<std::vector<TokenId>>(*tokens_);
    }
    tokens_->insert(tokens_->end(), more.begin(), more.end());
  }

 private:
  std::shared_ptr<std::vector<TokenId>> tokens_;  ///< null: none
};

}  // namespace troupe
