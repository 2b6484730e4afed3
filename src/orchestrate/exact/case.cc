#include "orchestrate/exact/case.h"

#include <fmt/format.h>

#include <array>
#include <cmath>
#include <cstring>

namespace troupe::exact {
namespace {

int between(Rng& rng, int low, int high) {
  return low + static_cast<int>(rng.below(static_cast<std::uint64_t>(high - low + 1)));
}

bool one_in(Rng& rng, std::uint64_t n) { return rng.below(n) == 0; }

RopeScaling draw_scaling(Rng rng) {
  constexpr std::array kKinds = {RopeScaling::Kind::kNone, RopeScaling::Kind::kLinear,
                                 RopeScaling::Kind::kLlama3, RopeScaling::Kind::kYarn};
  RopeScaling scaling;
  scaling.kind = kKinds[rng.below(kKinds.size())];
  if (scaling.kind == RopeScaling::Kind::kNone) return scaling;
  scaling.factor = between(rng, 2, 8);
  if (scaling.kind == RopeScaling::Kind::kLinear) return scaling;
  scaling.original_max_positions = between(rng, 12, 48);
  if (scaling.kind == RopeScaling::Kind::kYarn) scaling.attention_factor = 1.0 + rng.uniform();
  return scaling;
}

ModelConfig draw_config(Rng& rng) {
  constexpr std::array kFamilies = {ModelConfig::Family::kLlama, ModelConfig::Family::kQwen2,
                                    ModelConfig::Family::kQwen3};
  ModelConfig c;
  c.family = kFamilies[rng.below(kFamilies.size())];
  c.tied = one_in(rng, 2);
  c.layers = between(rng, 1, 3);
  c.kv_heads = between(rng, 1, 3);
  c.heads = c.kv_heads * between(rng, 1, 3);
  c.head_dim = 2 * between(rng, 1, one_in(rng, 6) ? 20 : 9);
  // Mostly small; now and then one size is beyond the 64 columns of a panel.
  c.width = between(rng, 3, one_in(rng, 6) ? 90 : 33);
  c.ffn = between(rng, 1, one_in(rng, 6) ? 150 : 60);
  c.vocab = between(rng, 5, one_in(rng, 6) ? 200 : 40);
  c.max_positions = 96;
  c.rope_theta = one_in(rng, 3) ? 1e6F : 1e4F;
  c.norm_eps = one_in(rng, 2) ? 1e-6F : 1e-5F;
  return c;
}

/// Weights that make every part matter: matrices of deviation 1.5 / sqrt(inputs), norms around 1,
/// biases around 0.
std::shared_ptr<const Weights> draw_weights(const ModelConfig& config, Rng rng) {
  auto weights = std::make_shared<Weights>(config);
  for (const TensorSpec& spec : weights->layout.tensors()) {
    const double deviation =
        spec.is_matrix() ? 1.5 / std::sqrt(static_cast<double>(spec.shape[1])) : 0.2;
    const double mean = spec.name.ends_with("norm.weight") ? 1.0 : 0.0;
    for (float& x : weights->tensor(spec)) {
      x = static_cast<float>(mean + deviation * rng.normal());
    }
  }
  return weights;
}

void append_random(Rng& rng, const ModelConfig& c, int count, std::vector<TokenId>& tokens) {
  for (int i = 0; i < count; ++i) tokens.push_back(between(rng, 0, c.vocab - 1));
}

std::vector<CaseSequence> draw_sequences(const ModelConfig& c, Rng rng) {
  std::vector<CaseSequence> all;
  const int roots = between(rng, 1, 3);
  for (int i = 0; i < roots; ++i) {
    CaseSequence root;
    append_random(rng, c, between(rng, 2, one_in(rng, 8) ? 80 : 34), root.tokens);
    all.push_back(std::move(root));
  }
  const int forks = between(rng, 1, 2);
  for (int i = 0; i < forks; ++i) {
    CaseSequence fork;
    fork.parent = between(rng, 0, static_cast<int>(all.size()) - 1);
    const auto& from = all[static_cast<std::size_t>(fork.parent)].tokens;
    fork.shared = between(rng, 1, static_cast<int>(from.size()) - 1);
    fork.tokens.assign(from.begin(), from.begin() + fork.shared);
    append_random(rng, c, between(rng, 1, 12), fork.tokens);
    all.push_back(std::move(fork));
  }
  return all;
}

}  // namespace

std::vector<const Kernels*> machine_tables() {
  std::vector<const Kernels*> tables;
  for (const Dtype dtype : {Dtype::kFp32, Dtype::kBf16}) {
    for (const char* isa : {"portable", "avx2", "avx512", "avx512bf16"}) {
      const Kernels* table = find_kernels(isa, dtype);
      if (table != nullptr && std::strcmp(table->name, isa) == 0) tables.push_back(table);
    }
  }
  return tables;
}

std::string Case::shape() const {
  constexpr std::array kFamilies = {"llama", "qwen2", "qwen3"};
  constexpr std::array kRope = {"", ", linear RoPE", ", llama3 RoPE", ", yarn RoPE"};
  const ModelConfig& c = config();
  return fmt::format(
      "{} {} {}: vocabulary {}, width {}, {} layers, {} heads, {} kv heads of {}, ffn {}, {}{}",
      kFamilies.at(static_cast<std::size_t>(c.family)), dtype_name(table->dtype), table->name,
      c.vocab, c.width, c.layers, c.heads, c.kv_heads, c.head_dim, c.ffn,
      c.tied ? "tied" : "not tied", kRope.at(static_cast<std::size_t>(c.rope_scaling.kind)));
}

Case draw_case(std::uint64_t seed, std::int64_t number) {
  Case drawn;
  drawn.seed = seed_join(seed_join(seed, "check exact"), static_cast<std::uint64_t>(number));
  drawn.number = number;
  const auto tables = machine_tables();
  drawn.table = tables[static_cast<std::size_t>(number) % tables.size()];
  Rng shape = drawn.rng("shape");
  ModelConfig config = draw_config(shape);
  config.rope_scaling = draw_scaling(drawn.rng("rope"));
  drawn.weights = draw_weights(config, drawn.rng("weights"));
  drawn.sequences = draw_sequences(drawn.config(), drawn.rng("sequences"));
  return drawn;
}

}  // namespace troupe::exact
