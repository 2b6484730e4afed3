// In place of sqlite.cc where there is no SQLite.
#include "store/contender.h"

namespace troupe::bench {

std::vector<Entry> sqlite_entries(std::int64_t sample_bytes) {
  return {{"sqlite", "", "", sample_bytes, 16, nullptr,
           "built without SQLite (Debian's libsqlite3-dev)"}};
}

}  // namespace troupe::bench
