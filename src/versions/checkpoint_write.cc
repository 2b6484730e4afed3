#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "base/digest.h"
#include "model/checkpoint_files.h"
#include "model/lora_folder.h"
#include "versions/checkpoint_content.h"

namespace troupe {
namespace {

using nlohmann::json;

/// The moments as tensors with the weights' names, so that they load into any layout.
std::string encode_moments(const ParameterLayout& layout, const std::vector<float>& first,
                           const std::vector<float>& second) {
  std::vector<NamedTensor> tensors;
  for (const auto& [prefix, values] :
       {std::make_pair("first.", &first), std::make_pair("second.", &second)}) {
    for (const TensorSpec& spec : layout.tensors()) {
      NamedTensor tensor;
      tensor.name = prefix + spec.name;
      tensor.shape = spec.shape;
      tensor.data = std::span(*values).subspan(spec.offset, spec.size);
      tensors.push_back(std::move(tensor));
    }
  }
  return encode_safetensors(tensors, {{"format", "troupe-adamw"}});
}

/// Weights of a policy in the layout that other programs read: a model folder, or an adapter's with
/// the tokenizer beside it.
Status write_weights(Disk& disk, const std::string& place, const PolicyCheckpoint& policy,
                     const Weights& weights) {
  const AdapterForm& adapter = policy.adapter;
  if (adapter.settings.rank == 0) {
    return write_model_folder(disk, place, weights, *policy.tokenizer);
  }
  TROUPE_TRY(disk.write(place + "/tokenizer.json", policy.tokenizer->json(), true));
  return write_lora_folder(disk, place, adapter.settings, weights, adapter.base);
}

/// The critic as a model folder of its own. Its logit of id 0 is the value.
Status write_critic(Disk& disk, const std::string& place, const PolicyCheckpoint& policy) {
  const CriticState& critic = policy.critic;
  TROUPE_TRY(disk.make_folders(place));
  TROUPE_TRY(write_model_folder(disk, place, *critic.weights, *policy.tokenizer));
  const std::string moments = encode_moments(critic.weights->layout, critic.first, critic.second);
  TROUPE_TRY(disk.write(place + "/" + kOptimizerFile, moments, true));
  return disk.sync_folder(place);
}

Status write_policy(Disk& disk, const std::string& folder, const PolicyCheckpoint& policy) {
  const std::string place = policy_folder(folder, policy.policy);
  TROUPE_TRY(disk.make_folders(place));
  TROUPE_TRY(write_weights(disk, place, policy, *policy.weights));
  if (!policy.first.empty()) {
    TROUPE_TRY(disk.write(place + "/" + kOptimizerFile,
                          encode_moments(policy.weights->layout, policy.first, policy.second),
                          true));
  }
  if (policy.reference) {
    TROUPE_TRY(disk.make_folders(place + "/reference"));
    TROUPE_TRY(write_weights(disk, place + "/reference", policy, *policy.reference));
    TROUPE_TRY(disk.sync_folder(place + "/reference"));
  }
  if (policy.critic.weights) TROUPE_TRY(write_critic(disk, place + "/critic", policy));
  return disk.sync_folder(place);
}

}  // namespace

std::string policy_folder(const std::string& folder, const std::string& policy) {
  return folder + "/policy-" + policy;
}

std::string form_digest(const PolicyCheckpoint& policy) {
  Digest digest;
  digest.add(policy.weights->config.to_json()).add(policy.tokenizer->json());
  const LoraSettings& lora = policy.adapter.settings;
  if (lora.rank > 0) digest.add(fmt::format("{} {:.17g}", lora.text(), lora.scale()));
  return digest.hex();
}

std::string moments_digest(const std::vector<float>& first, const std::vector<float>& second) {
  if (first.empty()) return "";
  Digest digest;
  for (const auto* values : {&first, &second}) {
    digest.add(values->data(), values->size() * sizeof(float));
  }
  return digest.hex();
}

Status write_policies(Disk& disk, const std::string& folder, const Checkpoint& checkpoint) {
  for (const auto& policy : checkpoint.policies) TROUPE_TRY(write_policy(disk, folder, policy));
  return {};
}

std::string state_text(const Checkpoint& checkpoint, const CheckpointFiles& files) {
  json out;
  out["format"] = "troupe-checkpoint-1";
  out["step"] = checkpoint.step;
  out["run_digest"] = checkpoint.run_digest;
  out["isa"] = checkpoint.isa;
  out["saved"] = checkpoint.saved;
  out["orchestrator"] = checkpoint.extra.empty() ? json::object() : json::parse(checkpoint.extra);
  out["policies"] = json::array();
  for (const auto& policy : checkpoint.policies) {
    out["policies"].push_back(
        {{"name", policy.policy},
         {"version", policy.version},
         {"optimizer_steps", policy.optimizer_steps},
         {"skips_in_row", policy.skips_in_row},
         {"entropy_coefficient", policy.entropy_coefficient},
         {"weights_digest", policy.weights->digest()},
         {"form_digest", form_digest(policy)},
         {"reference_digest", policy.reference ? policy.reference->digest() : ""},
         {"optimizer_digest", moments_digest(policy.first, policy.second)}});
    json& entry = out["policies"].back();
    if (!policy.role_baselines.empty()) entry["role_baselines"] = policy.role_baselines;
    if (const CriticState& critic = policy.critic; critic.weights) {
      entry["critic"] = {{"optimizer_steps", critic.optimizer_steps},
                         {"weights_digest", critic.weights->digest()},
                         {"optimizer_digest", moments_digest(critic.first, critic.second)}};
    }
    if (policy.adapter.settings.rank == 0) continue;
    entry["adapter"] = {{"base_config", policy.weights->config.to_json()},
                        {"base_digest", policy.adapter.base_digest}};
  }
  out["files"] = json::object();
  for (const auto& [name, file] : files) {
    out["files"][name] = {{"bytes", file.bytes}, {"digest", file.digest}, {"linked", file.linked}};
  }
  out["digest"] = Digest().add(out.dump()).hex();  // of all the rest
  return out.dump(2) + "\n";
}

}  // namespace troupe
