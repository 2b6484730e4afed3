// GCC 12's own headers for AVX-512 start from registers that it then calls uninitialized.
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic ignored "-Wuninitialized"
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#endif
// clang-format off
#define TROUPE_BF16_DOT
#include "model/kernels/lanes_avx512.h"
#include "model/kernels/table_body.h"
// clang-format on

// Everything else in this file has internal linkage: code for this instruction set must not leak
// into functions that other files share.
namespace troupe {

extern const Kernels kKernelsAvx512Dot;
const Kernels kKernelsAvx512Dot = make_table<Bf16>("avx512bf16");

}  // namespace troupe
