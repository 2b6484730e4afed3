#include "versions/checkpoint.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/digest.h"
#include "model/checkpoint_files.h"
#include "model/lora_folder.h"

namespace troupe {
namespace {

using nlohmann::json;

constexpr const char* kOptimizerFile = "optimizer.safetensors";
constexpr const char* kStateFile = "state.json";

std::string policy_folder(const std::string& folder, const std::string& policy) {
  return folder + "/policy-" + policy;
}

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

/// Of everything but the weights that a policy's model folder says.
std::string form_digest(const PolicyCheckpoint& policy) {
  Digest digest;
  digest.add(policy.weights->config.to_json()).add(policy.tokenizer->json());
  const LoraSettings& lora = policy.adapter.settings;
  if (lora.rank > 0) digest.add(fmt::format("{} {:.17g}", lora.text(), lora.scale()));
  return digest.hex();
}

/// Empty if there are no moments.
std::string moments_digest(const std::vector<float>& first, const std::vector<float>& second) {
  if (first.empty()) return "";
  Digest digest;
  for (const auto* values : {&first, &second}) {
    digest.add(values->data(), values->size() * sizeof(float));
  }
  return digest.hex();
}

Status check_digest(const std::string& path, const std::string& found,
                    const std::string& recorded) {
  if (found == recorded) return {};
  return fail(ErrorCode::kInvalid,
              fmt::format("{}: its digest is not the one that {} records: the file was changed or "
                          "damaged",
                          path, kStateFile));
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

/// The critic as a model folder of its own. Its logit of id 0 is the value.
Status write_critic(Disk& disk, const std::string& place, const PolicyCheckpoint& policy) {
  const CriticState& critic = policy.critic;
  TROUPE_TRY(disk.make_folders(place));
  TROUPE_TRY(write_model_folder(disk, place, *critic.weights, *policy.tokenizer));
  const std::string moments = encode_moments(critic.weights->layout, critic.first, critic.second);
  TROUPE_TRY(disk.write(place + "/" + kOptimizerFile, moments, true));
  return disk.sync_folder(place);
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

json describe(const Checkpoint& checkpoint) {
  json out;
  out["format"] = "troupe-checkpoint-1";
  out["step"] = checkpoint.step;
  out["run_digest"] = checkpoint.run_digest;
  out["isa"] = checkpoint.isa;
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
  out["digest"] = Digest().add(out.dump()).hex();  // of all the rest
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

Result<Checkpoint> read_checkpoint(Disk& disk, const std::string& place,
                                   const std::string& end_token) {
  const std::string path = place + "/" + kStateFile;
  TROUPE_ASSIGN(const std::string text, disk.read(path));
  Checkpoint checkpoint;
  try {
    json state = json::parse(text);
    if (state.at("format") != "troupe-checkpoint-1") {
      return fail(ErrorCode::kInvalid, path + ": a format of another version of Troupe");
    }
    const auto digest = state.at("digest").get<std::string>();
    state.erase("digest");
    if (Digest().add(state.dump()).hex() != digest) {
      return fail(ErrorCode::kInvalid,
                  path + ": its digest is not its own: the file was changed or damaged");
    }
    checkpoint.step = state.at("step").get<std::int64_t>();
    checkpoint.run_digest = state.at("run_digest").get<std::string>();
    checkpoint.isa = state.at("isa").get<std::string>();
    checkpoint.extra = state.at("orchestrator").dump();
    for (const json& entry : state.at("policies")) {
      auto policy = read_policy(disk, place, entry, end_token);
      if (!policy) return tl::unexpected(policy.error());
      checkpoint.policies.push_back(std::move(*policy));
    }
  } catch (const json::exception& e) {
    return fail(ErrorCode::kInvalid, fmt::format("{}: damaged or truncated: {}", path, e.what()));
  }
  return checkpoint;
}

}  // namespace

Result<std::string> CheckpointStore::save(const Checkpoint& checkpoint, const std::string& kind) {
  const std::string place = fmt::format("{}/{}-{:06d}", folder_, kind, checkpoint.step);
  const std::string draft = place + ".writing";
  auto write = [&]() -> Status {
    TROUPE_TRY(disk_.remove(draft));
    TROUPE_TRY(disk_.make_folders(draft));
    for (const auto& policy : checkpoint.policies) TROUPE_TRY(write_policy(disk_, draft, policy));
    TROUPE_TRY(disk_.write(draft + "/" + kStateFile, describe(checkpoint).dump(2) + "\n", true));
    TROUPE_TRY(disk_.sync_folder(draft));
    TROUPE_TRY(disk_.remove(place));
    TROUPE_TRY(disk_.rename(draft, place));
    return disk_.sync_folder(folder_);
  };
  const Status written = write();
  if (!written) {
    (void)disk_.remove(draft);
    return within("checkpoint " + place, written.error());
  }
  return place;
}

Result<std::vector<std::string>> CheckpointStore::list(const std::string& kind) {
  std::vector<std::string> out;
  auto names = disk_.list(folder_);
  if (!names) {
    if (names.error().code == ErrorCode::kNotFound) return out;
    return tl::unexpected(names.error());
  }
  for (const std::string& name : *names) {
    if (name.starts_with(kind + "-") && name.find('.') == std::string::npos) out.push_back(name);
  }
  std::sort(out.rbegin(), out.rend());
  return out;
}

Result<Checkpoint> CheckpointStore::load(const std::string& name, const std::string& end_token) {
  const std::string place = folder_ + "/" + name;
  auto checkpoint = read_checkpoint(disk_, place, end_token);
  if (checkpoint) return checkpoint;
  Error error = checkpoint.error();
  error.message += fmt::format("; or remove {} to go on from an older checkpoint", place);
  return tl::unexpected(std::move(error));
}

Status CheckpointStore::prune(std::int64_t keep, const std::string& kind) {
  TROUPE_ASSIGN(const auto all, disk_.list(folder_));
  for (const std::string& name : all) {
    if (name.ends_with(".writing")) TROUPE_TRY(disk_.remove(folder_ + "/" + name));
  }
  TROUPE_ASSIGN(const auto names, list(kind));
  for (std::size_t i = static_cast<std::size_t>(keep); i < names.size(); ++i) {
    TROUPE_TRY(disk_.remove(folder_ + "/" + names[i]));
  }
  return {};
}

}  // namespace troupe
