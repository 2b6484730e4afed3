#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "model/weights.h"
#include "versions/delta/apply.h"
#include "versions/delta/state.h"

namespace troupe {

/// A policy's weights as bits that it owns.
struct StateCopy {
  std::vector<TensorForm> forms;
  std::vector<std::string> bits;  ///< of each form, form.bytes() many

  [[nodiscard]] std::vector<StateTensor> tensors() const;
  /// The same bits, to be written: as of version `id` of `policy`.
  HeldState held(const std::string& policy, const StateId& id);
  [[nodiscard]] std::uint64_t values() const;
  [[nodiscard]] std::uint64_t bytes() const;
};

/// The bits that a policy computes with: the masters themselves, or rounded to bf16, to nearest,
/// ties to even, as a decoder rounds them. Tensors in the layout's order.
StateCopy state_of(const Weights& weights, Dtype dtype);

/// The other way; bf16 becomes fp32 exactly. kInvalid if the state has not the layout's tensors.
Status put_state(const StateCopy& state, Weights& weights);

}  // namespace troupe
