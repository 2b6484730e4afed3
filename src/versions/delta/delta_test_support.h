#pragma once

#include <cstring>
#include <string>
#include <vector>

#include "base/rng.h"
#include "versions/delta/apply.h"
#include "versions/delta/encode.h"

namespace troupe::delta_test {

/// A state that owns its bits.
struct Owned {
  std::vector<TensorForm> forms;
  std::vector<std::string> bits;

  void add(std::string name, Dtype dtype, std::vector<std::int64_t> shape) {
    forms.push_back({std::move(name), dtype, std::move(shape)});
    bits.emplace_back(forms.back().bytes(), '\0');
  }
  [[nodiscard]] std::vector<StateTensor> tensors() const {
    std::vector<StateTensor> out;
    for (std::size_t i = 0; i < forms.size(); ++i) out.push_back({forms[i], bits[i]});
    return out;
  }
  [[nodiscard]] StateId id(std::int64_t number) const { return {0, number, digest_of(tensors())}; }
  HeldState held(const StateId& id) {
    HeldState out{"p", id, {}};
    for (std::size_t i = 0; i < forms.size(); ++i) out.tensors.push_back({forms[i], bits[i]});
    return out;
  }
};

inline void set(std::string& bits, unsigned width, std::size_t i, std::uint32_t value) {
  std::memcpy(bits.data() + i * width, &value, width);
}

inline std::uint32_t get(const std::string& bits, unsigned width, std::size_t i) {
  std::uint32_t value = 0;
  std::memcpy(&value, bits.data() + i * width, width);
  return value;
}

/// All bits at random: NaNs, infinities and denormals among them.
inline void fill(Owned& state, Rng& rng) {
  for (std::string& bits : state.bits) {
    for (char& c : bits) c = static_cast<char>(rng.next());
  }
}

/// A small state of both dtypes, with odd sizes and empty tensors.
inline Owned small_state(std::uint64_t seed) {
  Owned out;
  out.add("matrix", Dtype::kBf16, {37, 11});
  out.add("norm", Dtype::kFp32, {13});
  out.add("none", Dtype::kBf16, {0, 5});
  out.add("scalar", Dtype::kFp32, {});
  out.add("row", Dtype::kBf16, {1, 301});
  Rng rng(seed);
  fill(out, rng);
  return out;
}

}  // namespace troupe::delta_test
