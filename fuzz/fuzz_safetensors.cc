// Any bytes as a safetensors file: every tensor that its header promises can be read to the end.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>
#include <vector>

#include "model/safetensors.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const auto file = troupe::parse_safetensors(bytes);
  if (!file) {
    if (file.error().message.empty()) std::abort();
    return 0;
  }
  std::size_t held = 0;
  for (const troupe::TensorView& tensor : file->tensors) {
    std::vector<float> values(tensor.size());
    tensor.read(0, values);
    held += tensor.bytes.size();
    // The view's bytes lie inside the file's.
    if (!tensor.bytes.empty() &&
        (tensor.bytes.data() < bytes.data() ||
         tensor.bytes.data() + tensor.bytes.size() > bytes.data() + size)) {
      std::abort();
    }
    if (file->find(tensor.name) == nullptr) std::abort();
  }
  if (held > size) std::abort();
  return 0;
}
