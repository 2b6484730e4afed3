#include "model/kernels/kernels.h"

#include <cstdlib>
#include <cstring>
#include <string>

#include "model/decoder.h"

namespace troupe {

extern const Kernels kKernelsPortable, kKernelsPortableBf16;
extern const Kernels kKernelsAvx2, kKernelsAvx2Bf16;
extern const Kernels kKernelsAvx512, kKernelsAvx512Bf16, kKernelsAvx512Dot;

namespace {

bool has_avx2() { return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"); }

bool has_avx512() {
  return has_avx2() && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") &&
         __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl");
}

bool has_avx512bf16() { return has_avx512() && __builtin_cpu_supports("avx512bf16"); }

struct Isa {
  const char* name;
  bool (*here)();
  const Kernels* fp32;
  const Kernels* bf16;
};

// Best first. The fp32 kernels of avx512bf16 are those of avx512.
constexpr Isa kIsas[] = {
    {"avx512bf16", has_avx512bf16, &kKernelsAvx512, &kKernelsAvx512Dot},
    {"avx512", has_avx512, &kKernelsAvx512, &kKernelsAvx512Bf16},
    {"avx2", has_avx2, &kKernelsAvx2, &kKernelsAvx2Bf16},
    {"portable", [] { return true; }, &kKernelsPortable, &kKernelsPortableBf16},
};

const Isa& choose() {
  const char* wanted = std::getenv("TROUPE_ISA");
  for (const Isa& isa : kIsas) {
    if (wanted != nullptr && std::strcmp(wanted, isa.name) == 0 && isa.here()) return isa;
  }
  for (const Isa& isa : kIsas) {
    if (isa.here()) return isa;
  }
  return kIsas[3];
}

}  // namespace

const Kernels* find_kernels(const char* name, Dtype dtype) {
  for (const Isa& isa : kIsas) {
    if (std::strcmp(name, isa.name) != 0 || !isa.here()) continue;
    return dtype == Dtype::kFp32 ? isa.fp32 : isa.bf16;
  }
  return nullptr;
}

const Kernels& kernels(Dtype dtype) {
  static const Isa& chosen = choose();
  return dtype == Dtype::kFp32 ? *chosen.fp32 : *chosen.bf16;
}

const char* kernel_isa(Dtype dtype) { return kernels(dtype).name; }

Status check_kernel_isa() {
  const char* wanted = std::getenv("TROUPE_ISA");
  if (wanted == nullptr || find_kernels(wanted) != nullptr) return {};
  return fail(ErrorCode::kInvalid,
              std::string("TROUPE_ISA=") + wanted +
                  ": this machine has no such kernels; unset it, or use portable, avx2, "
                  "avx512 or avx512bf16 as the CPU allows");
}

}  // namespace troupe
