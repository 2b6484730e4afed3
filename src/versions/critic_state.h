#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "model/weights.h"

namespace troupe {

/// Everything about a policy's critic that a checkpoint must hold.
struct CriticState {
  std::shared_ptr<const Weights> weights;  ///< null: there is no critic
  std::int64_t optimizer_steps = 0;
  std::vector<float> first, second;  ///< AdamW moments, in the weights' layout
};

}  // namespace troupe
