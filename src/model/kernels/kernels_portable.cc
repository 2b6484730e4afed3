// clang-format off
#include "model/kernels/lanes_portable.h"
#include "model/kernels/table_body.h"
// clang-format on

// Everything else in this file has internal linkage: code for this instruction set must not leak
// into functions that other files share.
namespace troupe {

extern const Kernels kKernelsPortable;
extern const Kernels kKernelsPortableBf16;
const Kernels kKernelsPortable = make_table<Fp32>("portable");
const Kernels kKernelsPortableBf16 = make_table<Bf16>("portable");

}  // namespace troupe
