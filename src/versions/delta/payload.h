#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "troupe/result.h"
#include "versions/delta/state.h"
#include "versions/delta/stream.h"
#include "versions/delta/values.h"

namespace troupe {

/// How a tensor is written in a payload.
enum class TensorCode : std::uint8_t {
  kUntouched = 0,  ///< as in the base
  kSparse = 1,     ///< places and values of what changed
  kDense = 2,      ///< all values
};

/// One tensor of a payload, not unpacked; its streams point into the payload's bytes.
struct TensorRecord {
  TensorForm form;
  std::string digest;  ///< tensor_digest() of the new bits
  TensorCode code = TensorCode::kUntouched;
  std::uint32_t changed = 0;  ///< values that are written
  unsigned low_bits = 0;      ///< of gaps (positions.h)
  std::uint64_t high_bytes = 0;
  StreamView high, low;
  ValuesView values;
};

/// Says which version of which policy a payload makes out of which.
struct DeltaHeader {
  std::string policy;
  std::optional<StateId> base;  ///< none: a full anchor, which needs no version before it
  StateId target;
};

/// A payload (docs/formats/delta.md) whose checksum, sizes and digests fit; `bytes` are borrowed.
struct DeltaView {
  DeltaHeader header;
  std::vector<TensorRecord> tensors;
};

/// Reads all but the streams' contents. Never reads beyond `bytes`, and allocates a small multiple
/// of their number at most. kIo: cut, damaged, or of a format that is not known; fetch it again.
/// Pure.
Result<DeltaView> parse_delta(std::string_view bytes);

/// Makes a payload of the records of its tensors (EncodedTensor::record), in their order. Pure.
std::string seal_delta(const DeltaHeader& header, const std::vector<std::string>& records);

/// Puts the checksum and the length into bytes that have room for them, in place of what stands
/// there.
void sign_payload(std::string& payload);

/// Bytes before the first field that is not fixed: checksum, magic, format, flags, length.
constexpr std::size_t kDeltaPrefix = 32;

}  // namespace troupe
