#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <bit>
#include <nlohmann/json.hpp>
#include <queue>

#include "model/json_fields.h"
#include "model/tokenizer_model.h"

// Byte-level byte pair encoding: a word begins as its bytes; the adjacent pair that comes first in
// the list of merges becomes one token, again and again (Sennrich et al. 2016, GPT-2).

namespace troupe {
namespace {

using nlohmann::json;

/// From a pair of tokens to its merge: open addressing, at most half full. A lookup is most of what
/// encoding does, and here it is one cache line.
class MergeTable {
 public:
  struct Merge {
    int rank = 0;  ///< -1: no such merge
    TokenId result = 0;
  };
  void reserve(std::size_t count) { slots_.assign(std::bit_ceil(2 * count + 2), Slot()); }
  void put(TokenId left, TokenId right, Merge merge) {
    Slot& slot = slots_[place(key(left, right))];
    slot.key = key(left, right);
    slot.merge = merge;
  }
  [[nodiscard]] Merge find(TokenId left, TokenId right) const {
    return slots_[place(key(left, right))].merge;
  }

 private:
  static constexpr std::uint64_t kFree = ~std::uint64_t{0};
  struct Slot {
    std::uint64_t key = kFree;
    Merge merge{-1, -1};
  };
  static std::uint64_t key(TokenId left, TokenId right) {
    return (static_cast<std::uint64_t>(left) << 32) | static_cast<std::uint32_t>(right);
  }
  /// The slot of the key, or the free one where it would go.
  [[nodiscard]] std::size_t place(std::uint64_t key) const {
    std::uint64_t hash = key * 0x9e3779b97f4a7c15ULL;  // the golden ratio: Fibonacci hashing
    hash ^= hash >> 32;
    for (std::size_t at = hash;; ++at) {
      const std::uint64_t there = slots_[at & (slots_.size() - 1)].key;
      if (there == key || there == kFree) return at & (slots_.size() - 1);
    }
  }
  std::vector<Slot> slots_;
};
using Merge = MergeTable::Merge;

class Bpe : public WordModel {
 public:
  std::unordered_map<std::string, TokenId> tokens;
  MergeTable merges;
  std::array<TokenId, 256> byte_ids{};  ///< -1: the vocabulary lacks this byte
  bool whole_words = false;             ///< ignore_merges: a word that is a token stays whole

  Status encode(std::string_view word, std::vector<TokenId>& out) const override;
  const std::unordered_map<std::string, TokenId>& vocabulary() const override { return tokens; }

 private:
  void merge_short(std::vector<TokenId>& out, std::size_t first) const;
  void merge_long(std::vector<TokenId>& out, std::size_t first) const;
};

Status Bpe::encode(std::string_view word, std::vector<TokenId>& out) const {
  constexpr std::size_t kShort = 24;  // bytes; longer words take the way without square time
  if (whole_words) {
    std::string symbols;
    for (char c : word) symbols += byte_symbols().at(static_cast<unsigned char>(c));
    const auto found = tokens.find(symbols);
    if (found != tokens.end()) {
      out.push_back(found->second);
      return {};
    }
  }
  const std::size_t first = out.size();
  for (char c : word) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte_ids.at(byte) < 0) {
      out.resize(first);
      return fail(ErrorCode::kInvalid,
                  fmt::format("{} holds byte {}, which the tokenizer's vocabulary lacks; use other "
                              "texts or another tokenizer",
                              brief_json(std::string(word)), byte));
    }
    out.push_back(byte_ids.at(byte));
  }
  if (word.size() <= kShort) {
    merge_short(out, first);
  } else {
    merge_long(out, first);
  }
  return {};
}

/// The definition: the leftmost pair of the lowest rank, found by looking at all of them.
void Bpe::merge_short(std::vector<TokenId>& out, std::size_t first) const {
  std::array<Merge, 32> pairs;  // pairs[i]: the merge of tokens i and i + 1 of the word
  TokenId* ids = out.data() + first;
  std::size_t size = out.size() - first;
  for (std::size_t i = 0; i + 1 < size; ++i) pairs.at(i) = merges.find(ids[i], ids[i + 1]);
  while (size > 1) {
    std::size_t best = size;
    for (std::size_t i = 0; i + 1 < size; ++i) {
      if (pairs[i].rank >= 0 && (best == size || pairs[i].rank < pairs[best].rank)) best = i;
    }
    if (best == size) break;
    ids[best] = pairs[best].result;
    for (std::size_t i = best + 1; i + 1 < size; ++i) {
      ids[i] = ids[i + 1];
      pairs[i] = pairs[i + 1];
    }
    --size;
    if (best > 0) pairs[best - 1] = merges.find(ids[best - 1], ids[best]);
    if (best + 1 < size) pairs[best] = merges.find(ids[best], ids[best + 1]);
  }
  out.resize(first + size);
}

/// A token in the word's chain; a merge makes the left one grow and the right one vanish.
struct Link {
  TokenId id;
  int previous;
  int next;
};

struct Candidate {
  Merge merge;
  int left;  // index of the left link
  TokenId left_id, right_id;
  /// The priority queue gives the lowest rank first, and of these the leftmost.
  bool operator<(const Candidate& other) const {
    return std::tie(merge.rank, left) > std::tie(other.merge.rank, other.left);
  }
};

void Bpe::merge_long(std::vector<TokenId>& out, std::size_t first) const {
  std::vector<Link> chain;
  const int size = static_cast<int>(out.size() - first);
  chain.reserve(out.size() - first);
  for (int i = 0; i < size; ++i) {
    chain.push_back({out[first + static_cast<std::size_t>(i)], i - 1, i + 1 < size ? i + 1 : -1});
  }
  std::priority_queue<Candidate> candidates;
  auto at = [&](int i) -> Link& { return chain[static_cast<std::size_t>(i)]; };
  auto consider = [&](int left) {
    if (left < 0 || at(left).next < 0) return;
    const TokenId a = at(left).id;
    const TokenId b = at(at(left).next).id;
    const Merge merge = merges.find(a, b);
    if (merge.rank >= 0) candidates.push({merge, left, a, b});
  };
  for (int i = 0; i < size; ++i) consider(i);
  while (!candidates.empty()) {
    const Candidate best = candidates.top();
    candidates.pop();
    Link& left = at(best.left);
    // A candidate is stale when either side has changed since it was found.
    if (left.id != best.left_id || left.next < 0 || at(left.next).id != best.right_id) continue;
    Link& right = at(left.next);
    left.id = best.merge.result;
    left.next = right.next;
    right.id = -1;
    if (left.next >= 0) at(left.next).previous = best.left;
    consider(best.left);
    consider(left.previous);
  }
  out.resize(first);
  for (int i = 0; i >= 0 && i < size; i = at(i).next) out.push_back(at(i).id);
}

/// One merge: "left right", or ["left", "right"].
bool split_merge(const json& value, std::string& left, std::string& right) {
  if (value.is_array() && value.size() == 2 && value[0].is_string() && value[1].is_string()) {
    left = value[0].get<std::string>();
    right = value[1].get<std::string>();
    return true;
  }
  if (!value.is_string()) return false;
  const std::string text = value.get<std::string>();
  const std::size_t space = text.find(' ');
  if (space == std::string::npos || text.find(' ', space + 1) != std::string::npos) return false;
  left = text.substr(0, space);
  right = text.substr(space + 1);
  return true;
}

Status add_merges(const json* list, Bpe& bpe) {
  if (list == nullptr || !list->is_array()) {
    return fail(ErrorCode::kInvalid, "model.merges is missing; expected a list of pairs");
  }
  bpe.merges.reserve(list->size());
  std::string left, right;
  for (std::size_t rank = 0; rank < list->size(); ++rank) {
    if (!split_merge((*list)[rank], left, right)) {
      return fail(ErrorCode::kInvalid,
                  fmt::format("model.merges[{}] is {}; expected \"left right\" or [\"left\", "
                              "\"right\"]",
                              rank, brief_json((*list)[rank])));
    }
    for (const std::string& token : {left, right, left + right}) {
      if (bpe.tokens.contains(token)) continue;
      return fail(ErrorCode::kInvalid, fmt::format("model.merges[{}] needs the token {}, which "
                                                   "model.vocab lacks",
                                                   rank, brief_json(token)));
    }
    // If a pair is there twice, its last place counts, as in the `tokenizers` library.
    bpe.merges.put(bpe.tokens.at(left), bpe.tokens.at(right),
                   {static_cast<int>(rank), bpe.tokens.at(left + right)});
  }
  return {};
}

/// Accepts an absent field, null and any of the values given.
Status only(JsonFields& fields, const char* key, const std::vector<json>& wanted) {
  const json* value = fields.take_value(key);
  if (value == nullptr || std::count(wanted.begin(), wanted.end(), *value) > 0) return {};
  return fields.wrong(key, "null or " + wanted.front().dump());
}

}  // namespace

Result<std::unique_ptr<WordModel>> parse_bpe(const json& value) {
  JsonFields fields(value, "model");
  fields.ignore("type");
  // What an unknown byte becomes; Troupe refuses text with such bytes instead of replacing them.
  fields.ignore("unk_token");
  TROUPE_TRY(only(fields, "fuse_unk", {false}));
  TROUPE_TRY(only(fields, "dropout", {0.0}));
  TROUPE_TRY(only(fields, "continuing_subword_prefix", {""}));
  TROUPE_TRY(only(fields, "end_of_word_suffix", {""}));
  TROUPE_TRY(only(fields, "byte_fallback", {false}));
  auto bpe = std::make_unique<Bpe>();
  TROUPE_TRY(fields.read_bool("ignore_merges", bpe->whole_words));
  TROUPE_ASSIGN(bpe->tokens, parse_vocabulary(fields.take("vocab")));
  TROUPE_TRY(add_merges(fields.take("merges"), *bpe));
  TROUPE_TRY(fields.refuse_others("use a checkpoint with another tokenizer"));
  for (std::size_t byte = 0; byte < 256; ++byte) {
    const auto found = bpe->tokens.find(byte_symbols().at(byte));
    bpe->byte_ids.at(byte) = found == bpe->tokens.end() ? -1 : found->second;
  }
  return bpe;
}

}  // namespace troupe
