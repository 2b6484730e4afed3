#include "model/options.h"

namespace troupe {

void ModelOptions::declare(OptionSet& o) {
  o.add(
      "base", &base,
      "Folder of a base checkpoint in Hugging Face's layout; its shape and tokenizer are used and "
      "the other options of this table must be left out. Empty: a new model.");
  o.add("end_token", &end_token,
        "Text of the token that ends an answer. Empty: the first known one of the tokenizer.");
  o.add(
       "chat", &chat,
       "How prompts reach a base checkpoint: none as they are, chatml (Qwen) or llama3 as a user's "
       "message, auto by the special tokens of the tokenizer.")
      .one_of({"none", "auto", "chatml", "llama3"});
  o.add("system", &system,
        "System message before an agent's first prompt, with a chat format. Empty: none.");
  o.add("family", &family, "Architecture of a new model.").one_of({"llama", "qwen2", "qwen3"});
  o.add("width", &width, "Hidden size of a new model.").range(2, 65536);
  o.add("layers", &layers, "Decoder layers of a new model.").range(1, 1024);
  o.add("heads", &heads, "Attention heads of a new model.").range(1, 1024);
  o.add("kv_heads", &kv_heads, "Key/value heads; divides heads. 0: as many as heads.")
      .range(0, 1024);
  o.add("head_dim", &head_dim, "Size of a head, even. 0: width / heads.").range(0, 4096);
  o.add("ffn", &ffn, "Width of the feed-forward layer. 0: 3 * width.").range(0, 1048576);
  o.add("max_positions", &max_positions, "Longest context of a new model, in tokens.")
      .range(2, 1048576);
  o.add("rope_theta", &rope_theta, "Base of the rotary position embedding.").range(1, 1e9);
  o.add("tied", &tied, "Whether the output head shares the embedding's weights.");
  o.add("dtype", &dtype,
        "What the policy computes in, in rollout and training alike: bf16 rounds weights (the "
        "optimizer keeps fp32 masters), activations and KV cache; sums stay fp32.")
      .one_of({"fp32", "bf16"});
  o.add("lora_rank", &lora_rank,
        "Rank of a LoRA adapter on `base`: it alone is trained, and policies with the same base "
        "share it in memory. 0: the whole model is trained.")
      .range(0, 4096);
  o.add("lora_alpha", &lora_alpha,
        "What lora_rule makes the adapter's scale of. 0: 16; with sqrt 256, with constant 1.")
      .range(0, 1e6);
  o.add(
       "lora_rule", &lora_rule,
       "The adapter's scale for rank r: lora_alpha (constant), lora_alpha / r (rank), lora_alpha / "
       "sqrt(r) (rslora), or lora_alpha * sqrt(r) / r (sqrt, LoRA-alpha's law).")
      .one_of({"constant", "rank", "rslora", "sqrt"});
  o.add("lora_targets", &lora_targets,
        "The projections that get an adapter: some of q, k, v, o, gate, up, down.");
}

Result<LoraSettings> ModelOptions::lora() const {
  LoraSettings out;
  out.rank = static_cast<int>(lora_rank);
  if (out.rank == 0) return out;
  TROUPE_ASSIGN(out.rule, parse_lora_rule(lora_rule));
  TROUPE_ASSIGN(out.targets, parse_lora_targets(lora_targets));
  out.alpha = lora_alpha;
  if (lora_alpha == 0) {
    out.alpha = out.rule == LoraSettings::Rule::kSquareRoot ? 256 : 16;
    if (out.rule == LoraSettings::Rule::kConstant) out.alpha = 1;
  }
  return out;
}

Result<ModelConfig> ModelOptions::config(int vocab, int end) const {
  ModelConfig out;
  if (family == "qwen2") out.family = ModelConfig::Family::kQwen2;
  if (family == "qwen3") out.family = ModelConfig::Family::kQwen3;
  out.vocab = vocab;
  out.width = static_cast<int>(width);
  out.layers = static_cast<int>(layers);
  out.heads = static_cast<int>(heads);
  out.kv_heads = static_cast<int>(kv_heads == 0 ? heads : kv_heads);
  out.head_dim = static_cast<int>(head_dim == 0 ? width / heads : head_dim);
  out.ffn = static_cast<int>(ffn == 0 ? 3 * width : ffn);
  out.max_positions = static_cast<int>(max_positions);
  out.rope_theta = static_cast<float>(rope_theta);
  out.tied = tied;
  if (end >= 0) out.eos = {end};
  TROUPE_TRY(out.validate());
  return out;
}

}  // namespace troupe
