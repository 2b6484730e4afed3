// clang-format off
#include "model/kernels/lanes_portable.h"
#include "model/kernels/table_body.h"
// clang-format on

// Everything else in this file has internal linkage: code for this instruction set must not leak
// into functions that other files share.
namespace troupe {

extern const Kernels kKernelsPortable;
const Kernels kKernelsPortable = make_table("portable");

}  // namespace troupe
