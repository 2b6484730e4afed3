#include "model/kernels/kernels.h"

#include <cstdlib>
#include <cstring>
#include <string>

#include "model/decoder.h"

namespace troupe {

extern const Kernels kKernelsPortable;
extern const Kernels kKernelsAvx2;
extern const Kernels kKernelsAvx512;

namespace {

bool has_avx2() { return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"); }

bool has_avx512() {
  return has_avx2() && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") &&
         __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl");
}

const Kernels& choose() {
  const char* wanted = std::getenv("TROUPE_ISA");
  if (wanted != nullptr) {
    const Kernels* named = find_kernels(wanted);
    if (named != nullptr) return *named;
  }
  if (has_avx512()) return kKernelsAvx512;
  if (has_avx2()) return kKernelsAvx2;
  return kKernelsPortable;
}

}  // namespace

const Kernels* find_kernels(const char* name) {
  if (std::strcmp(name, "portable") == 0) return &kKernelsPortable;
  if (std::strcmp(name, "avx2") == 0 && has_avx2()) return &kKernelsAvx2;
  if (std::strcmp(name, "avx512") == 0 && has_avx512()) return &kKernelsAvx512;
  return nullptr;
}

const Kernels& kernels() {
  static const Kernels& chosen = choose();
  return chosen;
}

const char* kernel_isa() { return kernels().name; }

Status check_kernel_isa() {
  const char* wanted = std::getenv("TROUPE_ISA");
  if (wanted == nullptr || find_kernels(wanted) != nullptr) return {};
  return fail(ErrorCode::kInvalid,
              std::string("TROUPE_ISA=") + wanted +
                  ": this machine has no such kernels; unset it, or use portable, avx2 or avx512 "
                  "as the CPU allows");
}

}  // namespace troupe
