#include "model/tokenizer_pieces.h"

#include <algorithm>

namespace troupe {

void Pieces::add(TokenId id, std::string_view bytes, bool special) {
  entries_.push_back({id, special, bytes_.size(), bytes.size()});
  bytes_ += bytes;
}

void Pieces::seal() {
  // The newest entry of an id comes first and stays.
  std::reverse(entries_.begin(), entries_.end());
  std::stable_sort(entries_.begin(), entries_.end(),
                   [](const Entry& a, const Entry& b) { return a.id < b.id; });
  const auto end = std::unique(entries_.begin(), entries_.end(),
                               [](const Entry& a, const Entry& b) { return a.id == b.id; });
  entries_.erase(end, entries_.end());
}

bool Pieces::find(TokenId id, Piece& out) const {
  if (id < 0 || id >= size()) return false;
  auto found = entries_.begin();
  if (entries_.size() == static_cast<std::size_t>(size())) {  // no gaps
    found += id;
  } else {
    found = std::lower_bound(entries_.begin(), entries_.end(), id,
                             [](const Entry& entry, TokenId wanted) { return entry.id < wanted; });
    if (found->id != id) return false;
  }
  out = {std::string_view(bytes_).substr(found->begin, found->size), found->special};
  return true;
}

}  // namespace troupe
