#pragma once

#include <malloc.h>

#include <cstdint>

namespace troupe::bench {

/// Bytes that this process has allocated and not freed.
inline std::uint64_t allocated() {
  const struct mallinfo2 info = ::mallinfo2();
  return info.uordblks + info.hblkhd;
}

}  // namespace troupe::bench
