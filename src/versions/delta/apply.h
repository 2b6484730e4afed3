#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "troupe/result.h"
#include "versions/delta/payload.h"
#include "versions/delta/state.h"

namespace troupe {

/// The weights that somebody holds of a policy; the bits are borrowed.
struct HeldState {
  std::string policy;
  StateId id;  ///< digest "" if the bits are of no version yet: only an anchor fits
  std::vector<MutableTensor> tensors;
};

/// What a record puts into a tensor: new bits of some places, or of all.
struct TensorPatch {
  bool all = false;
  std::vector<std::uint32_t> places;  ///< rising; none if `all`
  std::string bits;                   ///< of these places, or of all values
};

/// Unpacks a record against the bits that stand there now (form.bytes() many). kIo if its streams
/// do not hold what it claims. Allocates a small multiple of the tensor's bytes at most. Pure, so
/// tensors can be unpacked side by side.
Result<TensorPatch> unpack_tensor(const TensorRecord& record, std::string_view now);

/// Exchanges a patch's bits with the tensor's: once applies it, twice undoes it.
void exchange(TensorPatch& patch, std::span<char> bits, unsigned width);

/// Turns the held state into the payload's target version, tensors and id, or leaves every bit of
/// it as it was:
///   - it is that version already: nothing to do, success;
///   - kIo: the payload is cut or damaged; fetch it again;
///   - kInvalid: it is for another policy or model, or out of order: it begins at another version
///     than the held one, or is an anchor of an older one; get what lies between, or an anchor;
///   - kInternal: the result has not the target's digest, so the held bits were not the version
///     that `id` says; stop, forget the id, and get an anchor.
/// Calls on different states may overlap.
Status apply_delta(std::string_view payload, HeldState& state);

}  // namespace troupe
