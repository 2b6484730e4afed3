#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "troupe/result.h"
#include "versions/delta/payload.h"
#include "versions/delta/state.h"

namespace troupe {

/// One tensor on its way into a payload.
struct EncodedTensor {
  std::string record;  ///< what seal_delta() wants
  std::string digest;  ///< tensor_digest() of the new bits
  TensorCode code = TensorCode::kUntouched;
  std::uint64_t changed = 0;  ///< values whose bits differ from the base's; all, without a base
};

/// Compares and writes one tensor, in the code that takes the fewest bytes. `base` holds the base
/// version's bits, as many as `now`, and is not looked at if `anchor`. Reads both once, a cache's
/// size at a time. Pure, so tensors can be encoded side by side; needs memory for what changed.
EncodedTensor encode_tensor(const StateTensor& now, std::string_view base, bool anchor);

/// A payload, and what its version is called.
struct EncodedDelta {
  std::string payload;
  StateId target;
  std::uint64_t changed = 0;  ///< values, over all tensors
};

/// The delta from `base`, which is version `from`, to `now`, which shall be the version
/// (incarnation, number). kInvalid if the two have not the same tensors, or bits of another size
/// than their forms say. Source: the exchange of positions and values of SparseRL-Sync (arXiv
/// 2605.07330), with digests per tensor and state as in PULSE (arXiv 2602.03839). Pure.
Result<EncodedDelta> encode_delta(const std::string& policy, const StateId& from,
                                  const std::vector<StateTensor>& base, std::int64_t incarnation,
                                  std::int64_t number, const std::vector<StateTensor>& now);

/// The same without a base: all values, for whoever holds none of the versions before.
Result<EncodedDelta> encode_anchor(const std::string& policy, std::int64_t incarnation,
                                   std::int64_t number, const std::vector<StateTensor>& now);

/// What state_digest() says of these bits.
std::string digest_of(const std::vector<StateTensor>& state);

}  // namespace troupe
