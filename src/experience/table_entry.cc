#include "experience/table_entry.h"

#include <algorithm>

namespace troupe {

bool TableEntry::has_member(int member) const {
  return std::find(members.begin(), members.end(), member) != members.end();
}

bool TableEntry::complete() const {
  return closed && std::all_of(rows.begin(), rows.end(), [](const Row& r) { return r.complete(); });
}

std::int64_t TableEntry::oldest_version() const {
  std::int64_t out = version;
  for (const Row& row : rows) out = std::min(out, row.oldest.number);
  return out;
}

std::int64_t TableEntry::newest_version() const {
  std::int64_t out = version;
  for (const Row& row : rows) out = std::max(out, row.last.number);
  return out;
}

std::uint64_t TableEntry::response_bytes() const {
  std::uint64_t out = 0;
  for (const Row& row : rows) out += row.response.bytes ? row.response.size : 0;
  return out;
}

void TableEntry::forget_responses() {
  for (Row& row : rows) row.response.bytes.reset();
}

}  // namespace troupe
