#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "versions/published/catalogue.h"

namespace troupe {

/// Takes bytes of a payload in their order; borrowed. An error ends the fetch.
using PayloadSink = std::function<Status(std::string_view)>;

/// A PayloadSource in another process, as a receiver reaches it: the seam under which tests break
/// connections. Calls block, have deadlines of their own and must not overlap. Errors:
///   - kUnavailable, kDeadline: it may work later;
///   - kNotFound: no such policy or payload;
///   - kInvalid: it will not work, such as a wrong token.
class RemotePayloads {
 public:
  virtual ~RemotePayloads() = default;
  /// For messages, such as http://10.0.0.5:4711.
  [[nodiscard]] virtual std::string name() const = 0;
  virtual Result<Catalogue> catalogue(const std::string& policy) = 0;
  /// The payload's bytes from `first` on, about `most` of them or all that are left; what the sink
  /// has taken before an error is what came. The bytes may be wrong: the receiver digests them.
  virtual Status fetch(const std::string& policy, const PayloadEntry& payload, std::uint64_t first,
                       std::uint64_t most, const PayloadSink& sink) = 0;
};

}  // namespace troupe
