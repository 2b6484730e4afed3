#include "engine/shapes.h"

namespace troupe::bench {
namespace {

Shape shape(const char* name, int width, int layers, int heads, int kv_heads, int ffn, int vocab,
            int new_tokens, int sequences) {
  ModelConfig c;
  c.width = width;
  c.layers = layers;
  c.heads = heads;
  c.kv_heads = kv_heads;
  c.head_dim = width / heads;
  c.ffn = ffn;
  c.vocab = vocab;
  c.max_positions = 4096;
  c.tied = false;
  return {name, c, new_tokens, sequences};
}

// Elements of the matrices that every token passes in the layers.
double layer_elements(const ModelConfig& c) {
  const double q = c.heads * c.head_dim;
  const double kv = c.kv_heads * c.head_dim;
  return c.layers * (c.width * (2 * q + 2 * kv + 3.0 * c.ffn));
}

}  // namespace

const std::vector<Shape>& shapes() {
  static const std::vector<Shape> all = {
      shape("1M", 128, 4, 4, 2, 384, 512, 240, 32),
      shape("10M", 256, 8, 4, 2, 1024, 4096, 240, 32),
      shape("100M", 768, 12, 12, 4, 2048, 16384, 48, 4),
  };
  return all;
}

double product_flops(double m, double n, double r) { return 2.0 * m * n * r; }

double forward_flops(const ModelConfig& c, double context) {
  return 2.0 * layer_elements(c) + c.layers * 4.0 * context * c.heads * c.head_dim;
}

double head_flops(const ModelConfig& c) { return 2.0 * c.width * c.vocab; }

Cost decode_step_cost(const ModelConfig& c, int element_bytes, int batch, int new_tokens) {
  const double context = kPrompt + (new_tokens + 1) / 2.0;
  const double weights = layer_elements(c) + static_cast<double>(c.width) * c.vocab;
  const double position = 2.0 * c.layers * c.kv_heads * c.head_dim;
  return {batch * (forward_flops(c, context) + head_flops(c)),
          element_bytes * (weights + batch * context * position)};
}

Cost packing_cost(const ModelConfig& c, int element_bytes) {
  const double head = static_cast<double>(c.width) * c.vocab;
  return {0, (layer_elements(c) + head) * (4 + element_bytes)};
}

Cost training_cost(const ModelConfig& c, int sequences, int length) {
  return {3.0 * sequences *
              (length * forward_flops(c, (length + 1) / 2.0) + (length - 1) * head_flops(c)),
          0};
}

const std::vector<Formula>& formulas() {
  static const std::vector<Formula> all = {
      {"product", "2 m n r"},
      {"forward",
       "layers (2 width (2 q + 2 kv + 3 ffn) + 4 context q) + 2 width vocab a token; "
       "q = heads head_dim, kv = kv_heads head_dim"},
      {"training", "3 forward, with the head's term for all positions but each last"},
      {"decode_bytes",
       "element (layers width (2 q + 2 kv + 3 ffn) + width vocab + batch context "
       "2 layers kv) a step"},
      {"packing_bytes", "(layers width (2 q + 2 kv + 3 ffn) + width vocab) (4 + element)"},
      {"decode_context", "prompt + (new_tokens + 1) / 2"},
      {"training_context", "(length + 1) / 2"},
      {"limit", "max(FLOP / GEMM peak, bytes / read bandwidth over as many bytes)"},
  };
  return all;
}

}  // namespace troupe::bench
