// Any bytes as a config.json: what is accepted is a valid model, comes back from its own JSON, and
// has a layout and angles.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "model/config.h"
#include "model/decoder_angles.h"
#include "model/weights.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto config =
      troupe::ModelConfig::from_json(std::string_view(reinterpret_cast<const char*>(data), size));
  if (!config) {
    if (config.error().message.empty()) std::abort();
    return 0;
  }
  if (!config->validate()) std::abort();
  const auto again = troupe::ModelConfig::from_json(config->to_json());
  if (!again || !(*again == *config)) std::abort();
  if (config->parameters() <= 0) std::abort();
  // A file of a few bytes may ask for 4,096 layers and heads of 4,096; these need little.
  const troupe::ParameterLayout layout(*config);
  if (layout.size() < static_cast<std::size_t>(config->parameters())) std::abort();
  if (troupe::rope_frequencies(*config).size() != static_cast<std::size_t>(config->head_dim / 2)) {
    std::abort();
  }
  return 0;
}
