#pragma once

#include <nlohmann/json_fwd.hpp>

#include "model/config.h"
#include "model/json_fields.h"

namespace troupe {

/// Reads rope_theta and the scaling of RoPE, from rope_scaling (older files, with `type` or
/// `rope_type`) or rope_parameters (newer ones), into `config`, whose sizes must be there already.
/// Two fields that contradict each other, and kinds that Troupe does not implement, are kInvalid.
Status read_rope(JsonFields& fields, ModelConfig& config);

/// The value of rope_scaling in a config.json; null without scaling.
nlohmann::json rope_scaling_json(const RopeScaling& scaling);

}  // namespace troupe
