#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "model/dtype.h"

namespace troupe {

/// Most values in one tensor: their places are 32-bit numbers.
constexpr std::uint64_t kMostTensorValues = 0xffffffffULL;

/// What a tensor is, without its values.
struct TensorForm {
  std::string name;
  Dtype dtype = Dtype::kFp32;
  std::vector<std::int64_t> shape;

  /// Bytes of one value.
  [[nodiscard]] unsigned width() const { return dtype == Dtype::kFp32 ? 4 : 2; }
  /// Product of the shape (1 of an empty one); more than kMostTensorValues if it is too large, or
  /// if a dimension is negative.
  [[nodiscard]] std::uint64_t values() const;
  [[nodiscard]] std::uint64_t bytes() const { return values() * width(); }
  [[nodiscard]] bool operator==(const TensorForm& other) const = default;
};

/// A tensor's values as bits, row-major, little-endian; borrowed.
struct StateTensor {
  TensorForm form;
  std::string_view bits;  ///< [form.bytes()]
};

/// The same, to be written.
struct MutableTensor {
  TensorForm form;
  std::span<char> bits;  ///< [form.bytes()]
};

/// Which version of a policy's weights some bits are. Versions count within an incarnation (one
/// timeline of a run); the digest makes sure.
struct StateId {
  std::int64_t incarnation = 0;
  std::int64_t number = 0;
  std::string digest;  ///< state_digest(), 32 hexadecimal digits

  [[nodiscard]] bool operator==(const StateId& other) const = default;
  /// "version 7", or "version 2.7" of another incarnation than 0.
  [[nodiscard]] std::string text() const;
};

/// XXH3, 128 bits, of a tensor's bits: 32 hexadecimal digits.
std::string tensor_digest(std::string_view bits);

/// Of a whole state, from each tensor's name, dtype, shape and tensor_digest(), in their order.
/// Both lists are equally long. Tensors can so be digested side by side.
std::string state_digest(const std::vector<TensorForm>& forms,
                         const std::vector<std::string>& digests);

}  // namespace troupe
