#include "model/dtype.h"

#include <string>

namespace troupe {

Result<Dtype> parse_dtype(std::string_view name) {
  if (name == "fp32") return Dtype::kFp32;
  if (name == "bf16") return Dtype::kBf16;
  return fail(ErrorCode::kInvalid, "dtype is \"" + std::string(name) + "\"; expected fp32 or bf16");
}

}  // namespace troupe
