#pragma once

#include <string>
#include <vector>

#include "troupe/result.h"

namespace troupe {

/// What of a model decides how long it takes.
struct ModelShape {
  std::string name;
  double parameters = 0;
  int layers = 0;
  int hidden = 0;
  int kv_heads = 0;
  int head_dim = 128;
  int bytes = 2;      ///< of a weight, an activation and a cached number: bf16
  double active = 0;  ///< parameters that a token meets in a mixture of experts; 0: all of them

  /// That a token is multiplied with.
  [[nodiscard]] double active_parameters() const { return active > 0 ? active : parameters; }
  [[nodiscard]] double weight_bytes() const { return parameters * bytes; }
  /// Of one token in the KV cache: keys and values of each layer.
  [[nodiscard]] double kv_bytes() const { return 2.0 * layers * kv_heads * head_dim * bytes; }
  /// What training holds of each parameter with Adam in mixed precision (Rajbhandari et al., ZeRO,
  /// SC 2020, section 3.1): weight and gradient in 2 bytes each, fp32 weight and two moments.
  [[nodiscard]] double training_bytes() const { return 16 * parameters; }
};

/// A preset by name. kInvalid for an unknown one, with the nearest known.
Result<ModelShape> find_model(const std::string& name);
const std::vector<ModelShape>& model_shapes();

}  // namespace troupe
