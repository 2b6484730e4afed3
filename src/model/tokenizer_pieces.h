#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "model/tokenizer.h"

namespace troupe {

/// What decoding writes for each id. Takes memory by the number of tokens, not by the largest id.
/// Immutable once sealed, then thread-safe.
class Pieces {
 public:
  struct Piece {
    std::string_view bytes;
    bool special = false;  ///< of an added special token
  };
  /// An id that is there already gets the new piece.
  void add(TokenId id, std::string_view bytes, bool special);
  /// Call once after the last add.
  void seal();
  /// False if no token has the id.
  bool find(TokenId id, Piece& out) const;
  /// The largest id plus one.
  [[nodiscard]] int size() const { return entries_.empty() ? 0 : entries_.back().id + 1; }

 private:
  struct Entry {
    TokenId id;
    bool special;
    std::size_t begin, size;  ///< in bytes_
  };
  std::vector<Entry> entries_;  // sealed: by id, one per id
  std::string bytes_;
};

}  // namespace troupe
