#pragma once

#include "model/tokenizer.h"
#include "simulate/workload/planned_turn.h"

namespace troupe {

/// A token for each byte, which is its id; 0 ends an answer. Text and ids of a million tokens are
/// then a copy apart, which matters where nobody reads them. A plan at the end of a text
/// (planned_turn.h) is one token, which says how long the answer is: kPlan and so many more. So a
/// prompt can have as few tokens as a real one.
class ByteTokenizer final : public Tokenizer {
 public:
  static constexpr TokenId kEnd = 0;
  static constexpr TokenId kPlan = 256;

  Result<std::vector<TokenId>> encode(std::string_view text) const override {
    const std::size_t plan = text.rfind('>');
    const std::string_view plain = text.substr(0, plan);
    std::vector<TokenId> out;
    out.reserve(plain.size() + 1);
    out.assign(plain.begin(), plain.end());
    if (plan != std::string_view::npos) {
      out.push_back(kPlan + planned(std::string(text.substr(plan))).tokens);
    }
    return out;
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
  int size() const override { return 1 << 30; }
  TokenId end() const override { return kEnd; }
  const std::vector<TokenId>& opening() const override { return nothing_; }
  TokenId special(std::string_view) const override { return -1; }
  const std::string& json() const override { return json_; }

 private:
  std::vector<TokenId> nothing_;
  std::string json_ = "{}";
};

}  // namespace troupe
