#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "model/dtype.h"
#include "troupe/result.h"

namespace troupe {

/// A tensor inside the bytes of a safetensors file, which are borrowed. Values are fp32, whatever
/// the file holds; the conversion is exact.
struct TensorView {
  enum class Type { kF32, kF16, kBf16 };

  std::string name;
  std::vector<std::int64_t> shape;
  Type type = Type::kF32;
  std::string_view bytes;

  /// Number of values.
  [[nodiscard]] std::size_t size() const { return bytes.size() / (type == Type::kF32 ? 4 : 2); }
  /// Values first, first + 1, ... into `out`; first + out.size() <= size().
  void read(std::size_t first, std::span<float> out) const;
};

/// What a safetensors file holds: a parsed header, and views into the file's bytes.
struct SafetensorsView {
  std::vector<TensorView> tensors;  ///< in the order of their data
  std::vector<std::pair<std::string, std::string>> metadata;
  /// nullptr if there is no such tensor.
  [[nodiscard]] const TensorView* find(const std::string& name) const;
};

/// Reads the header only; tensors may be F32, F16 and BF16. `bytes` are the whole file and must
/// outlive the result. Never reads beyond them, and allocates a small multiple of the header's
/// length at most, whatever shapes it claims. kInvalid says what is wrong.
Result<SafetensorsView> parse_safetensors(std::string_view bytes);

/// A tensor of a file to be written, without its values.
struct SafetensorsForm {
  std::string name;
  TensorView::Type type = TensorView::Type::kF32;
  std::vector<std::int64_t> shape;
};

/// What stands before the values: 8-byte little-endian header length, JSON header (padded with
/// spaces to 8). The values of all tensors, row-major, follow in the given order without gaps.
/// `metadata` entries are text pairs.
std::string safetensors_header(const std::vector<SafetensorsForm>& tensors,
                               const std::vector<std::pair<std::string, std::string>>& metadata);

/// A named fp32 tensor to write; `data` is borrowed.
struct NamedTensor {
  std::string name;
  std::vector<std::int64_t> shape;
  std::span<const float> data;
};

/// A whole safetensors file: safetensors_header() and the data in the given order. With kBf16
/// values are rounded to nearest, ties to even.
std::string encode_safetensors(const std::vector<NamedTensor>& tensors,
                               const std::vector<std::pair<std::string, std::string>>& metadata,
                               Dtype dtype = Dtype::kFp32);

}  // namespace troupe
