#include "versions/delta/apply.h"

#include <fmt/format.h>

#include <algorithm>
#include <cassert>
#include <utility>

#include "versions/delta/positions.h"
#include "versions/delta/values.h"

namespace troupe {
namespace {

template <unsigned kWidth>
void exchange_places(TensorPatch& patch, char* bits) {
  char* with = patch.bits.data();
  for (const std::uint32_t place : patch.places) {
    std::swap_ranges(with, with + kWidth, bits + std::size_t{place} * kWidth);
    with += kWidth;
  }
}

std::string_view view(const MutableTensor& tensor) {
  return {tensor.bits.data(), tensor.bits.size()};
}

Status check_order(const DeltaHeader& header, const HeldState& state) {
  if (header.policy != state.policy) {
    return fail(ErrorCode::kInvalid, fmt::format("a weight delta of policy {} came to policy {}",
                                                 header.policy, state.policy));
  }
  if (!header.base) {
    const auto order = [](const StateId& id) { return std::pair(id.incarnation, id.number); };
    if (state.id.digest.empty() || order(header.target) >= order(state.id)) return {};
    return fail(ErrorCode::kInvalid,
                fmt::format("policy {}: a full anchor out of order: it is {}, and {} is held",
                            state.policy, header.target.text(), state.id.text()));
  }
  if (*header.base == state.id) return {};
  const bool same_number = header.base->text() == state.id.text();
  return fail(ErrorCode::kInvalid,
              fmt::format("policy {}: a weight delta out of order: it leads from {} to {}, and {} "
                          "is held{}; get what lies between, or a full anchor",
                          state.policy, header.base->text(), header.target.text(), state.id.text(),
                          same_number ? " with other bits (its digest differs)" : ""));
}

Status check_forms(const DeltaView& delta, const HeldState& state) {
  bool same = delta.tensors.size() == state.tensors.size();
  for (std::size_t i = 0; same && i < state.tensors.size(); ++i) {
    const MutableTensor& held = state.tensors[i];
    same = delta.tensors[i].form == held.form && held.bits.size() == held.form.bytes();
  }
  if (same) return {};
  return fail(ErrorCode::kInvalid,
              fmt::format("policy {}: a weight delta of another model: the tensors that it names "
                          "are not those held",
                          state.policy));
}

}  // namespace

Result<TensorPatch> unpack_tensor(const TensorRecord& record, std::string_view now) {
  assert(now.size() == record.form.bytes());
  const unsigned width = record.form.width();
  TensorPatch out;
  if (record.code == TensorCode::kUntouched) return out;
  std::string there;
  if (record.code == TensorCode::kDense) {
    out.all = true;
    TROUPE_ASSIGN(out.bits, unpack_values(record.values, record.changed, now, width));
    return out;
  }
  TROUPE_ASSIGN(const std::string high, unpack_stream(record.high, record.high_bytes));
  TROUPE_ASSIGN(const std::string low,
                unpack_stream(record.low, low_bytes(record.changed, record.low_bits)));
  TROUPE_ASSIGN(out.places,
                join_places(record.low_bits, high, low, record.changed, record.form.values()));
  if (record.values.code == ValueCode::kDifference) {
    gather_values(now, out.places, width, there);
  }
  TROUPE_ASSIGN(out.bits, unpack_values(record.values, record.changed, there, width));
  return out;
}

void exchange(TensorPatch& patch, std::span<char> bits, unsigned width) {
  if (patch.all) {
    std::swap_ranges(bits.begin(), bits.end(), patch.bits.begin());
  } else if (width == 2) {
    exchange_places<2>(patch, bits.data());
  } else {
    exchange_places<4>(patch, bits.data());
  }
}

Status apply_delta(std::string_view payload, HeldState& state) {
  TROUPE_ASSIGN(const DeltaView delta, parse_delta(payload));
  if (delta.header.policy == state.policy && delta.header.target == state.id) return {};
  TROUPE_TRY(check_order(delta.header, state));
  TROUPE_TRY(check_forms(delta, state));

  std::vector<TensorPatch> patches;
  for (std::size_t i = 0; i < delta.tensors.size(); ++i) {
    auto patch = unpack_tensor(delta.tensors[i], view(state.tensors[i]));
    if (!patch) return within("tensor " + delta.tensors[i].form.name, patch.error());
    patches.push_back(std::move(*patch));
  }

  const auto exchange_first = [&](std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) {
      exchange(patches[i], state.tensors[i].bits, state.tensors[i].form.width());
    }
  };
  // Written and digested tensor by tensor, so that small ones are still in the cache.
  for (std::size_t i = 0; i < patches.size(); ++i) {
    const MutableTensor& tensor = state.tensors[i];
    exchange(patches[i], tensor.bits, tensor.form.width());
    if (tensor_digest(view(tensor)) == delta.tensors[i].digest) continue;
    exchange_first(i + 1);
    return fail(
        ErrorCode::kInternal,
        fmt::format("policy {}: tensor {} has not the digest that {} gives it: the bits "
                    "held were not {}, or memory failed; nothing was changed; get a full "
                    "anchor",
                    state.policy, tensor.form.name, delta.header.target.text(), state.id.text()));
  }
  state.id = delta.header.target;
  return {};
}

}  // namespace troupe
