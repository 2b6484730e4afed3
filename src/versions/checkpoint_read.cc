#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "base/digest.h"
#include "model/checkpoint_files.h"
#include "model/lora_folder.h"
#include "versions/checkpoint_content.h"

namespace troupe {
namespace {

using nlohmann::json;

Status read_moments(Disk& disk, const std::string& path, const ParameterLayout& layout,
                    std::vector<float>& first, std::vector<float>& second) {
  TROUPE_ASSIGN(const auto view, disk.map(path));
  auto file = parse_safetensors(view->bytes());
  if (!file) return within(path, file.error());
  for (const auto& [prefix, values] :
       {std::make_pair("first.", &first), std::make_pair("second.", &second)}) {
    values->assign(layout.size(), 0.0F);
    for (const TensorSpec& spec : layout.tensors()) {
      const auto* tensor = file->find(prefix + spec.name);
      if (tensor == nullptr || tensor->size() != spec.size) {
        return fail(ErrorCode::kInvalid, fmt::format("{}: moment {}{} is missing or misshapen",
                                                     path, prefix, spec.name));
      }
      tensor->read(0, std::span(*values).subspan(spec.offset, spec.size));
      view->release(tensor->bytes);
    }
  }
  return {};
}

Status check_digest(const std::string& path, const std::string& found,
                    const std::string& recorded) {
  if (found == recorded) return {};
  return fail(ErrorCode::kInvalid,
              fmt::format("{}: its digest is not the one that {} records: the file was changed or "
                          "damaged",
                          path, kCheckpointState));
}

/// The other way; `policy.tokenizer` becomes the folder's.
Result<std::shared_ptr<const Weights>> read_weights(Disk& disk, const std::string& place,
                                                    const json& entry, const std::string& end_token,
                                                    PolicyCheckpoint& policy) {
  if (!entry.contains("adapter")) {
    TROUPE_ASSIGN(ModelFolder model, read_model_folder(disk, place, end_token));
    policy.tokenizer = model.tokenizer;
    return std::make_shared<const Weights>(std::move(model.weights));
  }
  const json& form = entry.at("adapter");
  TROUPE_ASSIGN(const ModelConfig base,
                ModelConfig::from_json(form.at("base_config").get<std::string>()));
  const std::string path = place + "/tokenizer.json";
  TROUPE_ASSIGN(const std::string text, disk.read(path));
  auto tokenizer = parse_tokenizer(text, end_token);
  if (!tokenizer) return within(path, tokenizer.error());
  policy.tokenizer = std::move(*tokenizer);
  TROUPE_ASSIGN(LoraAdapter adapter, read_lora_folder(disk, place, base));
  policy.adapter = {adapter.settings, adapter.base, form.at("base_digest").get<std::string>()};
  return std::make_shared<const Weights>(std::move(adapter.weights));
}

Result<CriticState> read_critic(Disk& disk, const std::string& place, const json& entry,
                                const std::string& end_token) {
  TROUPE_ASSIGN(ModelFolder model, read_model_folder(disk, place, end_token));
  CriticState out;
  out.weights = std::make_shared<const Weights>(std::move(model.weights));
  out.optimizer_steps = entry.at("optimizer_steps").get<std::int64_t>();
  TROUPE_TRY(check_digest(place + "/model.safetensors", out.weights->digest(),
                          entry.at("weights_digest").get<std::string>()));
  const std::string path = place + "/" + kOptimizerFile;
  TROUPE_TRY(read_moments(disk, path, out.weights->layout, out.first, out.second));
  TROUPE_TRY(check_digest(path, moments_digest(out.first, out.second),
                          entry.at("optimizer_digest").get<std::string>()));
  return out;
}

Result<PolicyCheckpoint> read_policy(Disk& disk, const std::string& folder, const json& entry,
                                     const std::string& end_token) {
  PolicyCheckpoint policy;
  policy.policy = entry.at("name").get<std::string>();
  policy.version = entry.at("version").get<std::int64_t>();
  policy.optimizer_steps = entry.at("optimizer_steps").get<std::int64_t>();
  policy.skips_in_row = entry.at("skips_in_row").get<std::int64_t>();
  policy.entropy_coefficient = entry.at("entropy_coefficient").get<double>();
  const std::string place = policy_folder(folder, policy.policy);
  TROUPE_ASSIGN(policy.weights, read_weights(disk, place, entry, end_token, policy));
  const std::string file =
      entry.contains("adapter") ? "/adapter_model.safetensors" : "/model.safetensors";
  TROUPE_TRY(check_digest(place + file, policy.weights->digest(),
                          entry.at("weights_digest").get<std::string>()));
  const std::string forms = entry.contains("adapter") ? "/adapter_config.json" : "/config.json";
  TROUPE_TRY(check_digest(place + forms + " or tokenizer.json", form_digest(policy),
                          entry.at("form_digest").get<std::string>()));
  const auto moments = entry.at("optimizer_digest").get<std::string>();
  if (!moments.empty()) {
    const std::string path = place + "/" + kOptimizerFile;
    TROUPE_TRY(read_moments(disk, path, policy.weights->layout, policy.first, policy.second));
    TROUPE_TRY(check_digest(path, moments_digest(policy.first, policy.second), moments));
  }
  if (entry.contains("role_baselines")) entry.at("role_baselines").get_to(policy.role_baselines);
  if (entry.contains("critic")) {
    TROUPE_ASSIGN(policy.critic,
                  read_critic(disk, place + "/critic", entry.at("critic"), end_token));
  }
  const auto kept = entry.at("reference_digest").get<std::string>();
  if (!kept.empty()) {
    PolicyCheckpoint same;  // takes what the policy has already
    TROUPE_ASSIGN(policy.reference,
                  read_weights(disk, place + "/reference", entry, end_token, same));
    TROUPE_TRY(check_digest(place + "/reference" + file, policy.reference->digest(), kept));
  }
  return policy;
}

/// state.json as it was written; its digest is right.
Status parse_state(Disk& disk, const std::string& path, json& state) {
  TROUPE_ASSIGN(const std::string text, disk.read(path));
  state = json::parse(text);
  if (state.at("format") != "troupe-checkpoint-1") {
    return fail(ErrorCode::kInvalid, path + ": a format of another version of Troupe");
  }
  const auto digest = state.at("digest").get<std::string>();
  state.erase("digest");
  if (Digest().add(state.dump()).hex() != digest) {
    return fail(ErrorCode::kInvalid,
                path + ": its digest is not its own: the file was changed or damaged");
  }
  return {};
}

/// Empty of a checkpoint from before files were recorded.
CheckpointFiles files_of(const json& state) {
  CheckpointFiles out;
  const json files = state.value("files", json::object());
  for (const auto& [name, file] : files.items()) {
    out[name] = {file.at("bytes").get<std::uint64_t>(), file.at("digest").get<std::string>(),
                 file.at("linked").get<bool>()};
  }
  return out;
}

tl::unexpected<Error> unreadable(const std::string& path, const json::exception& e) {
  return fail(ErrorCode::kInvalid, fmt::format("{}: damaged or truncated: {}", path, e.what()));
}

}  // namespace

Result<CheckpointState> read_state(Disk& disk, const std::string& place) {
  const std::string path = place + "/" + kCheckpointState;
  try {
    json state;
    TROUPE_TRY(parse_state(disk, path, state));
    CheckpointState out;
    out.files = files_of(state);
    out.summary.step = state.at("step").get<std::int64_t>();
    out.summary.saved = state.value("saved", 0.0);
    for (const auto& [name, file] : out.files) {
      (file.linked ? out.summary.linked : out.summary.written) += file.bytes;
    }
    return out;
  } catch (const json::exception& e) {
    return unreadable(path, e);
  }
}

Result<Checkpoint> read_checkpoint(Disk& disk, const std::string& place,
                                   const std::string& end_token, CheckpointFiles& files) {
  const std::string path = place + "/" + kCheckpointState;
  try {
    json state;
    TROUPE_TRY(parse_state(disk, path, state));
    files = files_of(state);
    TROUPE_TRY(check_files(disk, place, files, kCheckpointState));
    Checkpoint checkpoint;
    checkpoint.step = state.at("step").get<std::int64_t>();
    checkpoint.run_digest = state.at("run_digest").get<std::string>();
    checkpoint.isa = state.at("isa").get<std::string>();
    checkpoint.saved = state.value("saved", 0.0);
    checkpoint.extra = state.at("orchestrator").dump();
    for (const json& entry : state.at("policies")) {
      auto policy = read_policy(disk, place, entry, end_token);
      if (!policy) return tl::unexpected(policy.error());
      checkpoint.policies.push_back(std::move(*policy));
    }
    return checkpoint;
  } catch (const json::exception& e) {
    return unreadable(path, e);
  }
}

}  // namespace troupe
