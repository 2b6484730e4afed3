#pragma once

#include <string_view>

#include "troupe/result.h"

namespace troupe {

/// What a policy computes in, on the rollout and on the training side alike. Sums are always fp32.
///   fp32: weights, activations and KV cache in fp32.
///   bf16: weights (rounded from fp32 masters), the inputs of every matrix product and the KV cache
///         are rounded to bf16, to nearest, ties to even; the residual stream stays fp32.
enum class Dtype { kFp32, kBf16 };

constexpr const char* dtype_name(Dtype dtype) { return dtype == Dtype::kFp32 ? "fp32" : "bf16"; }

/// kInvalid for anything but "fp32" and "bf16".
Result<Dtype> parse_dtype(std::string_view name);

}  // namespace troupe
