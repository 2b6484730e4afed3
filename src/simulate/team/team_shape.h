#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "base/options.h"
#include "simulate/costs/model_shape.h"
#include "troupe/result.h"

namespace troupe {

/// Who plays: one policy for each agent.
struct TeamShape {
  std::int64_t agents = 4;
  std::vector<std::string> models = {"qwen2.5-7b"};
  std::vector<ModelShape> shapes;  ///< of each policy, in place of models. Not an option

  void declare(OptionSet& options);
  /// kInvalid: no model at all.
  [[nodiscard]] Status check() const;
  /// kInvalid: an unknown name.
  [[nodiscard]] Result<ModelShape> shape(std::size_t policy) const;
};

}  // namespace troupe
