#include "versions/published/state_copy.h"

#include <fmt/format.h>

#include <cstring>
#include <span>

#include "model/half.h"

namespace troupe {

std::vector<StateTensor> StateCopy::tensors() const {
  std::vector<StateTensor> out;
  for (std::size_t i = 0; i < forms.size(); ++i) out.push_back({forms[i], bits[i]});
  return out;
}

HeldState StateCopy::held(const std::string& policy, const StateId& id) {
  HeldState out{policy, id, {}};
  for (std::size_t i = 0; i < forms.size(); ++i) out.tensors.push_back({forms[i], bits[i]});
  return out;
}

std::uint64_t StateCopy::values() const {
  std::uint64_t out = 0;
  for (const TensorForm& form : forms) out += form.values();
  return out;
}

std::uint64_t StateCopy::bytes() const {
  std::uint64_t out = 0;
  for (const std::string& tensor : bits) out += tensor.size();
  return out;
}

StateCopy state_of(const Weights& weights, Dtype dtype) {
  StateCopy out;
  for (const TensorSpec& spec : weights.layout.tensors()) {
    out.forms.push_back({spec.name, dtype, spec.shape});
    const std::span<const float> values = weights.tensor(spec);
    std::string bits(out.forms.back().bytes(), '\0');
    if (dtype == Dtype::kFp32) {
      std::memcpy(bits.data(), values.data(), bits.size());
    } else {
      for (std::size_t i = 0; i < values.size(); ++i) {
        const std::uint16_t rounded = float_to_bfloat(values[i]);
        std::memcpy(bits.data() + 2 * i, &rounded, 2);
      }
    }
    out.bits.push_back(std::move(bits));
  }
  return out;
}

Status put_state(const StateCopy& state, Weights& weights) {
  const auto& specs = weights.layout.tensors();
  bool same = specs.size() == state.forms.size();
  for (std::size_t i = 0; same && i < specs.size(); ++i) {
    const TensorForm& form = state.forms[i];
    same = form.name == specs[i].name && form.shape == specs[i].shape;
  }
  if (!same) {
    return fail(ErrorCode::kInvalid,
                "the published version has other tensors than the model that it is put into");
  }
  for (std::size_t i = 0; i < specs.size(); ++i) {
    const std::span<float> values = weights.tensor(specs[i]);
    const std::string& bits = state.bits[i];
    if (state.forms[i].dtype == Dtype::kFp32) {
      std::memcpy(values.data(), bits.data(), bits.size());
      continue;
    }
    for (std::size_t k = 0; k < values.size(); ++k) {
      std::uint16_t rounded = 0;
      std::memcpy(&rounded, bits.data() + 2 * k, 2);
      values[k] = bfloat_to_float(rounded);
    }
  }
  return {};
}

}  // namespace troupe
