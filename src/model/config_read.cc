#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "model/config.h"
#include "model/config_rope.h"
#include "model/json_fields.h"

// Reading a Hugging Face config.json. A field is read, or is on the list of those that change no
// result, or is refused by name. Defaults are those of the `transformers` config classes.

namespace troupe {
namespace {

using nlohmann::json;
using Family = ModelConfig::Family;

constexpr int kMost = 0x7fffffff;

/// Fields that do not change what the decoder computes.
constexpr const char* kHarmless[] = {"_name_or_path",
                                     "transformers_version",
                                     "torch_dtype",
                                     "dtype",
                                     "use_cache",
                                     "tokenizer_class",
                                     "initializer_range",
                                     "pad_token_id",
                                     "unk_token_id",
                                     "sep_token_id",
                                     "cls_token_id",
                                     "decoder_start_token_id",
                                     "return_dict",
                                     "output_attentions",
                                     "output_hidden_states",
                                     "id2label",
                                     "label2id",
                                     "problem_type",
                                     "task_specific_params",
                                     "max_window_layers",
                                     "unsloth_version",
                                     "unsloth_fixed",
                                     "attn_implementation",
                                     "_attn_implementation",
                                     "_attn_implementation_autoset",
                                     "is_decoder",  // there is no encoder to attend to
                                     "torchscript",
                                     "finetuning_task",
                                     "chunk_size_feed_forward"};

Result<Family> read_family(JsonFields& fields) {
  std::string name;
  std::string source = "model_type";
  TROUPE_TRY(fields.read_text("model_type", name));
  const json* list = fields.take_value("architectures");
  if (list != nullptr) {
    if (!list->is_array() || list->size() != 1 || !list->at(0).is_string()) {
      return fields.wrong("architectures", "a list of one name");
    }
    const std::string architecture = list->at(0).get<std::string>();
    std::string type;
    if (architecture == "LlamaForCausalLM") type = "llama";
    if (architecture == "Qwen2ForCausalLM") type = "qwen2";
    if (architecture == "Qwen3ForCausalLM") type = "qwen3";
    if (type.empty() || (!name.empty() && type != name)) {
      return fields.not_implemented("architectures", *list,
                                    type.empty() ? "use a LlamaForCausalLM, Qwen2ForCausalLM or "
                                                   "Qwen3ForCausalLM checkpoint"
                                                 : "it contradicts model_type " + name);
    }
    name = type;
  }
  if (name == "llama") return Family::kLlama;
  if (name == "qwen2") return Family::kQwen2;
  if (name == "qwen3") return Family::kQwen3;
  return fail(ErrorCode::kInvalid,
              fmt::format("model_type {}; expected llama, qwen2 or qwen3",
                          name.empty() ? "is missing" : "is \"" + name + "\""));
}

Status read_attention(JsonFields& fields, const ModelConfig& config) {
  const bool qwen = config.family != Family::kLlama;
  const std::string full = "use a checkpoint with full attention in every layer";
  bool sliding = !qwen;  // for Qwen, sliding_window does nothing unless it is switched on
  TROUPE_TRY(fields.read_bool("use_sliding_window", sliding));
  const json* window = fields.take_value("sliding_window");
  if (sliding && window != nullptr) return fields.not_implemented("sliding_window", *window, full);
  const json* types = fields.take_value("layer_types");
  if (types != nullptr) {
    if (!types->is_array()) return fields.wrong("layer_types", "a list");
    for (const json& type : *types) {
      if (type != "full_attention") return fields.not_implemented("layer_types", type, full);
    }
  }
  TROUPE_TRY(fields.only("attention_bias", config.family == Family::kQwen2,
                         config.family == Family::kQwen2
                             ? "Qwen2 has query, key and value biases"
                             : "use a checkpoint without attention biases"));
  TROUPE_TRY(fields.only("mlp_bias", false, "use a checkpoint without MLP biases"));
  TROUPE_TRY(fields.only("pretraining_tp", 1, "use a checkpoint with pretraining_tp 1"));
  TROUPE_TRY(fields.only("rope_interleaved", false, "use a checkpoint with plain RoPE"));
  TROUPE_TRY(fields.only("partial_rotary_factor", 1.0, "use a checkpoint with plain RoPE"));
  TROUPE_TRY(fields.only("attention_dropout", 0.0, "set it to 0"));
  TROUPE_TRY(fields.only("hidden_act", "silu", "use a checkpoint with the silu activation"));
  for (const char* key : {"is_encoder_decoder", "add_cross_attention", "use_mrope"}) {
    TROUPE_TRY(fields.only(key, false, "use a checkpoint of a plain decoder"));
  }
  const json* quantization = fields.take_value("quantization_config");
  if (quantization == nullptr) return {};
  return fields.not_implemented("quantization_config", *quantization,
                                "use an unquantized checkpoint");
}

Status read_sizes(JsonFields& fields, ModelConfig& config) {
  const std::pair<const char*, int*> required[] = {{"vocab_size", &config.vocab},
                                                   {"hidden_size", &config.width},
                                                   {"intermediate_size", &config.ffn},
                                                   {"num_hidden_layers", &config.layers},
                                                   {"num_attention_heads", &config.heads}};
  for (const auto& [key, target] : required) {
    if (fields.take_value(key) == nullptr) return fields.wrong(key, "a positive integer");
    TROUPE_TRY(fields.read_int(key, *target, 1, kMost));
  }
  const bool llama = config.family == Family::kLlama;
  config.kv_heads = config.heads;
  if (!llama && fields.take("num_key_value_heads") == nullptr) {
    return fields.wrong("num_key_value_heads", "a positive integer");
  }
  TROUPE_TRY(fields.read_int("num_key_value_heads", config.kv_heads, 1, kMost));
  config.head_dim = config.family == Family::kQwen3 ? 128 : config.width / config.heads;
  TROUPE_TRY(fields.read_int("head_dim", config.head_dim, 1, kMost));
  config.max_positions = llama ? 2048 : 32768;
  return fields.read_int("max_position_embeddings", config.max_positions, 1, kMost);
}

/// An id, null, or a list of ids; null and an empty list say that there is none.
Status read_token_ids(JsonFields& fields, const std::string& key, std::vector<int>& out) {
  const json* value = fields.take(key);
  if (value == nullptr) return {};
  out.clear();
  if (value->is_null()) return {};
  const json ids = value->is_array() ? *value : json::array({*value});
  for (const json& id : ids) {
    const json one = {{key, id}};
    int number = -1;
    if (id.is_null()) return fields.wrong(key, "an id, a list of ids, or null");
    TROUPE_TRY(JsonFields(one, "").read_int(key, number, -1, kMost));
    if (number >= 0) out.push_back(number);
  }
  return {};
}

Status read_token_id(JsonFields& fields, const std::string& key, int& out) {
  std::vector<int> ids;
  if (out >= 0) ids.push_back(out);
  TROUPE_TRY(read_token_ids(fields, key, ids));
  if (ids.size() > 1) return fields.wrong(key, "one id or null");
  out = ids.empty() ? -1 : ids.front();
  return {};
}

}  // namespace

Result<ModelConfig> ModelConfig::from_json(std::string_view text) {
  TROUPE_ASSIGN(const json object, parse_json_object(text));
  JsonFields fields(object, "");
  ModelConfig config;
  TROUPE_ASSIGN(config.family, read_family(fields));
  TROUPE_TRY(read_sizes(fields, config));
  config.tied = false;
  TROUPE_TRY(fields.read_bool("tie_word_embeddings", config.tied));
  TROUPE_TRY(fields.read_float("rms_norm_eps", config.norm_eps));
  TROUPE_TRY(read_rope(fields, config));
  TROUPE_TRY(read_attention(fields, config));
  const bool llama = config.family == Family::kLlama;
  config.bos = llama ? 1 : -1;
  if (llama) config.eos = {2};
  TROUPE_TRY(read_token_id(fields, "bos_token_id", config.bos));
  TROUPE_TRY(read_token_ids(fields, "eos_token_id", config.eos));
  for (const char* key : kHarmless) fields.ignore(key);
  TROUPE_TRY(fields.refuse_others("remove it if it changes nothing, or use another checkpoint"));
  TROUPE_TRY(config.validate());
  return config;
}

}  // namespace troupe
