#include "model/lora_packed.h"

#include <cassert>
#include <utility>

namespace troupe {
namespace {

// Where a target's columns begin in the product that it adds to: k and v share one with q.
int first_output(const ModelConfig& c, LoraTarget target) {
  if (target == LoraTarget::kK) return c.heads * c.head_dim;
  if (target == LoraTarget::kV) return (c.heads + c.kv_heads) * c.head_dim;
  return 0;
}

void append_rows(const float* matrix, int rows, int columns, std::vector<const float*>& out) {
  for (int i = 0; i < rows; ++i) out.push_back(matrix + static_cast<std::ptrdiff_t>(i) * columns);
}

}  // namespace

PackedLora::PackedLora(const Kernels& table, const LoraSettings& chosen,
                       std::shared_ptr<const Weights> adapter)
    : settings(chosen),
      scale(static_cast<float>(chosen.scale())),
      weights(std::move(adapter)),
      layers(static_cast<std::size_t>(weights->config.layers)) {
  const ModelConfig& c = weights->config;
  const float* values = weights->values.data();
  const std::vector<float> zeros(static_cast<std::size_t>(settings.rank), 0.0F);
  std::vector<const float*> rows;
  for (int l = 0; l < c.layers; ++l) {
    Layer& layer = layers[static_cast<std::size_t>(l)];
    const auto offset = [&](LoraTarget target, char which) {
      const TensorSpec* spec = weights->layout.find(lora_tensor_name(l, target, which));
      assert(spec != nullptr);
      return spec->offset;
    };
    for (int i = 0; i < kLoraInputs; ++i) {
      const LoraReaders readers = lora_readers(static_cast<LoraInput>(i));
      rows.clear();
      int inputs = 0;
      for (int t = readers.first; t < readers.first + readers.count; ++t) {
        const auto target = static_cast<LoraTarget>(t);
        if (!settings.has(target)) continue;
        inputs = linear_shape(c, target).inputs;
        layer.a_at[t] = offset(target, 'A');
        append_rows(values + layer.a_at[t], settings.rank, inputs, rows);
      }
      if (!rows.empty()) layer.down[i] = PanelMatrix(table, rows, inputs);
    }
    for (int t = 0; t < kLoraTargets; ++t) {
      const auto target = static_cast<LoraTarget>(t);
      if (!settings.has(target)) continue;
      layer.b_at[t] = offset(target, 'B');
      const int first = first_output(c, target);
      Up& up = layer.up[t];
      up.first_column = first / kPanel * kPanel;
      rows.assign(static_cast<std::size_t>(first - up.first_column), zeros.data());
      append_rows(values + layer.b_at[t], linear_shape(c, target).outputs, settings.rank, rows);
      up.b = PanelMatrix(table, rows, settings.rank);
    }
  }
}

}  // namespace troupe
