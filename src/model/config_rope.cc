#include "model/config_rope.h"

#include <fmt/format.h>

#include <cmath>
#include <nlohmann/json.hpp>
#include <optional>

namespace troupe {
namespace {

using nlohmann::json;
using Kind = RopeScaling::Kind;

constexpr const char* kPlain = "use a checkpoint with default, linear, llama3 or yarn RoPE";

/// What rope_scaling or rope_parameters says.
struct RopeFields {
  RopeScaling scaling;
  std::optional<float> theta;
};

Result<Kind> read_kind(JsonFields& rope) {
  std::string name;
  std::string type;
  TROUPE_TRY(rope.read_text("rope_type", name));
  TROUPE_TRY(rope.read_text("type", type));
  if (!name.empty() && !type.empty() && name != type) {
    return fail(ErrorCode::kInvalid,
                fmt::format("{} is \"{}\", but {} is \"{}\"; keep one of them", rope.path("type"),
                            type, rope.path("rope_type"), name));
  }
  const char* key = name.empty() && !type.empty() ? "type" : "rope_type";
  if (name.empty()) name = type;
  if (name.empty() || name == "default") return Kind::kNone;
  if (name == "linear") return Kind::kLinear;
  if (name == "llama3") return Kind::kLlama3;
  if (name == "yarn") return Kind::kYarn;
  if (name == "dynamic" || name == "longrope" || name == "su") {
    return fail(ErrorCode::kInvalid,
                fmt::format("{} is \"{}\", which Troupe does not implement: a token's angles would "
                            "depend on how long the sequence gets, so that cached keys would "
                            "become wrong; {}",
                            rope.path(key), name, kPlain));
  }
  return rope.not_implemented(key, name, kPlain);
}

Status need(JsonFields& rope, const char* key) {
  if (rope.take_value(key) != nullptr) return {};
  return rope.wrong(key, "a number");
}

/// How much longer contexts sharpen attention: Peng et al. 2023 (YaRN), section 3.4, as
/// `transformers` generalizes it.
double mscale(double factor, double weight) {
  return factor <= 1.0 ? 1.0 : 0.1 * weight * std::log(factor) + 1.0;
}

Status read_yarn(JsonFields& rope, RopeScaling& out) {
  TROUPE_TRY(rope.read_double("beta_fast", out.beta_fast));
  TROUPE_TRY(rope.read_double("beta_slow", out.beta_slow));
  TROUPE_TRY(rope.read_bool("truncate", out.truncate));
  double weight = 0.0;
  double weight_all = 0.0;
  TROUPE_TRY(rope.read_double("mscale", weight));
  TROUPE_TRY(rope.read_double("mscale_all_dim", weight_all));
  const bool both = weight != 0.0 && weight_all != 0.0;
  out.attention_factor =
      both ? mscale(out.factor, weight) / mscale(out.factor, weight_all) : mscale(out.factor, 1.0);
  return rope.read_double("attention_factor", out.attention_factor);
}

Status read_scaling(JsonFields& rope, int max_positions, RopeScaling& out) {
  TROUPE_ASSIGN(out.kind, read_kind(rope));
  if (out.kind == Kind::kNone) return {};
  TROUPE_TRY(need(rope, "factor"));
  TROUPE_TRY(rope.read_double("factor", out.factor));
  if (out.kind == Kind::kLinear) return {};
  if (out.kind == Kind::kLlama3) {
    for (const char* key :
         {"low_freq_factor", "high_freq_factor", "original_max_position_embeddings"}) {
      TROUPE_TRY(need(rope, key));
    }
    TROUPE_TRY(rope.read_double("low_freq_factor", out.low_freq_factor));
    TROUPE_TRY(rope.read_double("high_freq_factor", out.high_freq_factor));
  }
  out.original_max_positions = max_positions;  // if the file does not say
  TROUPE_TRY(
      rope.read_int("original_max_position_embeddings", out.original_max_positions, 1, 0x7fffffff));
  return out.kind == Kind::kYarn ? read_yarn(rope, out) : Status();
}

Result<std::optional<RopeFields>> read_object(JsonFields& fields, const std::string& key,
                                              int max_positions) {
  const json* value = fields.take_value(key);
  if (value == nullptr) return std::nullopt;
  if (!value->is_object()) return fields.wrong(key, "an object or null");
  JsonFields rope(*value, key);
  RopeFields out;
  TROUPE_TRY(rope.only("partial_rotary_factor", 1.0, kPlain));
  if (rope.take_value("rope_theta") != nullptr) {
    out.theta = 0.0F;
    TROUPE_TRY(rope.read_float("rope_theta", *out.theta));
  }
  TROUPE_TRY(read_scaling(rope, max_positions, out.scaling));
  TROUPE_TRY(rope.refuse_others("remove it if it changes nothing, or use another checkpoint"));
  return out;
}

Status positive(const char* field, double value, double at_least) {
  if (std::isfinite(value) && value > 0.0 && value >= at_least) return {};
  return fail(ErrorCode::kInvalid,
              fmt::format("rope_scaling.{} is {}; it must be a number {}", field, value,
                          at_least > 0.0 ? fmt::format("of at least {}", at_least) : "above 0"));
}

}  // namespace

Status RopeScaling::validate(float rope_theta) const {
  if (kind == Kind::kNone) return {};
  TROUPE_TRY(positive("factor", factor, 1.0));
  if (kind == Kind::kLinear) return {};
  TROUPE_TRY(positive("original_max_position_embeddings", original_max_positions, 1.0));
  if (kind == Kind::kLlama3) {
    TROUPE_TRY(positive("low_freq_factor", low_freq_factor, 0.0));
    TROUPE_TRY(positive("high_freq_factor", high_freq_factor, 0.0));
    if (low_freq_factor < high_freq_factor) return {};
    return fail(ErrorCode::kInvalid,
                fmt::format("rope_scaling.high_freq_factor is {}; it must be above "
                            "low_freq_factor ({})",
                            high_freq_factor, low_freq_factor));
  }
  TROUPE_TRY(positive("beta_slow", beta_slow, 0.0));
  TROUPE_TRY(positive("beta_fast", beta_fast, beta_slow));
  TROUPE_TRY(positive("attention_factor", attention_factor, 0.0));
  if (rope_theta > 1.0F) return {};
  return fail(ErrorCode::kInvalid,
              fmt::format("rope_theta is {}; yarn needs one above 1", rope_theta));
}

Status read_rope(JsonFields& fields, ModelConfig& config) {
  TROUPE_ASSIGN(const auto older, read_object(fields, "rope_scaling", config.max_positions));
  TROUPE_ASSIGN(const auto newer, read_object(fields, "rope_parameters", config.max_positions));
  if (older && newer && older->scaling != newer->scaling) {
    return fail(ErrorCode::kInvalid,
                "rope_scaling and rope_parameters say different things; keep the right one");
  }
  if (older || newer) config.rope_scaling = (newer ? newer : older)->scaling;
  bool given = fields.take_value("rope_theta") != nullptr;
  TROUPE_TRY(fields.read_float("rope_theta", config.rope_theta));
  for (const auto& [key, object] :
       {std::pair("rope_scaling", &older), std::pair("rope_parameters", &newer)}) {
    if (!*object || !(*object)->theta) continue;
    const float theta = *(*object)->theta;
    if (given && theta != config.rope_theta) {
      return fail(ErrorCode::kInvalid,
                  fmt::format("{}.rope_theta is {}, but rope_theta is {}; keep one of them", key,
                              theta, config.rope_theta));
    }
    given = true;
    config.rope_theta = theta;
  }
  return {};
}

json rope_scaling_json(const RopeScaling& scaling) {
  if (scaling.kind == Kind::kNone) return nullptr;
  json out;
  out["factor"] = scaling.factor;
  if (scaling.kind == Kind::kLinear) {
    out["rope_type"] = "linear";
    return out;
  }
  out["original_max_position_embeddings"] = scaling.original_max_positions;
  if (scaling.kind == Kind::kLlama3) {
    out["rope_type"] = "llama3";
    out["low_freq_factor"] = scaling.low_freq_factor;
    out["high_freq_factor"] = scaling.high_freq_factor;
    return out;
  }
  out["rope_type"] = "yarn";
  out["beta_fast"] = scaling.beta_fast;
  out["beta_slow"] = scaling.beta_slow;
  out["attention_factor"] = scaling.attention_factor;
  if (!scaling.truncate) out["truncate"] = false;
  return out;
}

}  // namespace troupe
