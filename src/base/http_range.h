#pragma once

#include <cstdint>
#include <string_view>

namespace troupe {

/// Which bytes of a body answer a request.
struct HttpRange {
  int status = 200;  ///< 200: all; 206: size bytes from first on; 416: none of them is there
  std::uint64_t first = 0;
  std::uint64_t size = 0;
};

/// What the headers Range and If-Range ("" if absent) ask of a body of `size` bytes with the strong
/// entity tag `etag` (with its quotes; "" if it has none). One range of bytes is served; several,
/// other units and what cannot be read are ignored, and so is a range whose If-Range names another
/// body (RFC 9110, sections 13.1.5, 14.1.2 and 14.2). Pure.
HttpRange choose_range(std::string_view range, std::string_view if_range, std::string_view etag,
                       std::uint64_t size);

}  // namespace troupe
