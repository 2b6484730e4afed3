#pragma once

// The tables of one instruction set; included once, after its lanes.
#include <cstdint>
#include <cstring>

#include "model/kernels/kernels.h"

#if defined(__clang__)
#define TROUPE_UNROLL _Pragma("unroll")
#else
#define TROUPE_UNROLL _Pragma("GCC unroll 12")
#endif

// clang-format off
#include "model/kernels/operand_body.h"
#include "model/kernels/gemm_body.h"
#include "model/kernels/row_body.h"
#include "model/kernels/attention_body.h"
// clang-format on

namespace troupe {
namespace {

template <class D>
constexpr Kernels make_table(const char* name) {
  return {name,
          D::kDtype,
          gemm<D>,
          pack<D>,
          D::pair,
          D::pair_words,
          D::round,
          D::store_value,
          rms_norm<Fp32>,
          rms_norm<D>,
          rms_norm_backward,
          rope,
          swiglu<D>,
          swiglu_backward,
          attention<D>,
          attention_probabilities<D>,
          softmax_backward,
          add_row,
          max_row,
          sum_exp,
          exp_row,
          entropy_row,
          peak<D>,
          kPeakVectors};
}

}  // namespace
}  // namespace troupe
