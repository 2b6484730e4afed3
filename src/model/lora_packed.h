#pragma once

#include <memory>
#include <vector>

#include "model/kernels/panels.h"
#include "model/lora.h"

namespace troupe {

/// The activations that linear layers read: one product computes A x for all that read the same.
enum class LoraInput { kAttention, kMixed, kFeedForward, kActivation };
constexpr int kLoraInputs = 4;
/// The targets that read an input: first..first+count-1.
struct LoraReaders {
  int first;
  int count;
};
constexpr LoraReaders lora_readers(LoraInput input) {
  switch (input) {
    case LoraInput::kAttention:
      return {static_cast<int>(LoraTarget::kQ), 3};
    case LoraInput::kMixed:
      return {static_cast<int>(LoraTarget::kO), 1};
    case LoraInput::kFeedForward:
      return {static_cast<int>(LoraTarget::kGate), 2};
    case LoraInput::kActivation:
      break;
  }
  return {static_cast<int>(LoraTarget::kDown), 1};
}
/// The most targets that read one input.
constexpr int kLoraReaders = 3;

/// One version of an adapter, laid out for the kernels. Immutable.
struct PackedLora {
  /// The B of one target. A product of it writes the columns first_column.. of the base's product
  /// (of q, k and v together); first_column is a multiple of kPanel, and columns before the
  /// target's own are zeros.
  struct Up {
    PanelMatrix b;  ///< [rank, columns]
    int first_column = 0;
  };
  struct Layer {
    PanelMatrix down[kLoraInputs];  ///< [inputs, rank * targets that read it]; empty without any
    Up up[kLoraTargets];            ///< empty for what is no target
    std::size_t a_at[kLoraTargets] = {};  ///< offsets in the adapter's arena
    std::size_t b_at[kLoraTargets] = {};
  };

  LoraSettings settings;
  float scale;
  std::shared_ptr<const Weights> weights;
  std::vector<Layer> layers;

  PackedLora(const Kernels& table, const LoraSettings& chosen,
             std::shared_ptr<const Weights> adapter);
};

}  // namespace troupe
