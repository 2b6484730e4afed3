#pragma once

#include "model/tokenizer.h"

namespace troupe {

/// A token for each byte, which is its id; 0 ends an answer. Text and ids of a million tokens are
/// then a copy apart, which matters where nobody reads them.
class ByteTokenizer final : public Tokenizer {
 public:
  static constexpr TokenId kEnd = 0;

  Result<std::vector<TokenId>> encode(std::string_view text) const override {
    return std::vector<TokenId>(text.begin(), text.end());
  }
  Result<std::vector<TokenId>> encode_plain(std::string_view text) const override {
    return encode(text);
  }
  std::string decode(std::span<const TokenId> ids) const override {
    std::string out = decode_all(ids);
    std::erase(out, '\0');
    return out;
  }
  std::string decode_all(std::span<const TokenId> ids) const override {
    return {ids.begin(), ids.end()};
  }
  int size() const override { return 128; }
  TokenId end() const override { return kEnd; }
  const std::vector<TokenId>& opening() const override { return nothing_; }
  TokenId special(std::string_view) const override { return -1; }
  const std::string& json() const override { return json_; }

 private:
  std::vector<TokenId> nothing_;
  std::string json_ = "{}";
};

}  // namespace troupe
