#include "versions/delta/state.h"

#include <fmt/format.h>

#include <algorithm>
#include <cassert>

#include "base/bytes.h"
#include "base/digest.h"

namespace troupe {

std::uint64_t TensorForm::values() const {
  std::uint64_t product = 1;
  bool zero = false;
  for (const std::int64_t n : shape) {
    if (n < 0 || static_cast<std::uint64_t>(n) > kMostTensorValues) return kMostTensorValues + 1;
    if (n == 0) zero = true;
    // Below 2^64: both factors are below 2^32, or the product was cut to 2^32.
    if (n > 0) product = std::min(product * static_cast<std::uint64_t>(n), kMostTensorValues + 1);
  }
  return zero ? 0 : product;
}

std::string StateId::text() const {
  return incarnation == 0 ? fmt::format("version {}", number)
                          : fmt::format("version {}.{}", incarnation, number);
}

std::string tensor_digest(std::string_view bits) { return Digest().add(bits).hex(); }

std::string state_digest(const std::vector<TensorForm>& forms,
                         const std::vector<std::string>& digests) {
  assert(forms.size() == digests.size());
  Digest digest;
  std::string line;
  for (std::size_t i = 0; i < forms.size(); ++i) {
    line.clear();
    ByteWriter out(line);
    out.text(forms[i].name).text(dtype_name(forms[i].dtype));
    out.number(static_cast<std::uint32_t>(forms[i].shape.size()));
    for (const std::int64_t n : forms[i].shape) out.number(n);
    out.text(digests[i]);
    digest.add(line);
  }
  return digest.hex();
}

}  // namespace troupe
