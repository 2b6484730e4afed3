// In place of redis.cc where there is no hiredis.
#include "store/contender.h"

namespace troupe::bench {

std::vector<Entry> redis_entries(std::int64_t sample_bytes) {
  return {{"redis", "", "", sample_bytes, 16, nullptr,
           "built without hiredis (Debian's libhiredis-dev)"}};
}

}  // namespace troupe::bench
