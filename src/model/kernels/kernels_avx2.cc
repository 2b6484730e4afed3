// clang-format off
#include "model/kernels/lanes_avx2.h"
#include "model/kernels/table_body.h"
// clang-format on

// Everything else in this file has internal linkage: code for this instruction set must not leak
// into functions that other files share.
namespace troupe {

extern const Kernels kKernelsAvx2;
extern const Kernels kKernelsAvx2Bf16;
const Kernels kKernelsAvx2 = make_table<Fp32>("avx2");
const Kernels kKernelsAvx2Bf16 = make_table<Bf16>("avx2");

}  // namespace troupe
