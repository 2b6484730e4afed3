#pragma once

// The table of one instruction set; included once, after its lanes.
#include "model/kernels/kernels.h"
// clang-format off
#include "model/kernels/gemm_body.h"
#include "model/kernels/row_body.h"
#include "model/kernels/attention_body.h"
// clang-format on

namespace troupe {
namespace {

constexpr Kernels make_table(const char* name) {
  return {name,
          gemm,
          rms_norm,
          rms_norm_backward,
          rope,
          swiglu,
          swiglu_backward,
          attention,
          attention_probabilities,
          softmax_backward,
          add_row,
          max_row,
          sum_exp,
          exp_row,
          entropy_row,
          peak,
          kPeakVectors};
}

}  // namespace
}  // namespace troupe
