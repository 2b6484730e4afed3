#include <fmt/format.h>

#include <algorithm>

#include "model/checkpoint_files.h"
#include "model/lora_folder.h"
#include "model/model_folder_names.h"

namespace troupe {
namespace {

/// Files that say how to talk to the model, which the weights' format does not change.
constexpr const char* kKept[] = {
    kGenerationFile,       kTokenizerConfigFile, "special_tokens_map.json",
    "chat_template.jinja", "chat_template.json", "added_tokens.json",
    "vocab.json",          "merges.txt"};

Status refuse_used_folder(Disk& disk, const std::string& folder, const char* remedy) {
  if (!disk.exists(folder)) return {};
  TROUPE_ASSIGN(const auto names, disk.list(folder));
  if (names.empty()) return {};
  return fail(ErrorCode::kInvalid,
              fmt::format("{} is not empty (it holds {}); {}", folder, names.front(), remedy));
}

Status write_draft(Disk& disk, const std::string& from, const std::string& draft,
                   const ModelFolder& model, const WeightFormat& format) {
  TROUPE_TRY(disk.make_folders(draft));
  TROUPE_TRY(write_model_folder(disk, draft, model.weights, *model.tokenizer, format));
  for (const char* name : kKept) {
    const std::string path = from + "/" + name;
    if (!disk.exists(path)) continue;
    TROUPE_ASSIGN(const std::string bytes, disk.read(path));
    TROUPE_TRY(disk.write(draft + "/" + name, bytes, true));
  }
  return disk.sync_folder(draft);
}

}  // namespace

Result<ModelConfig> convert_model_folder(Disk& disk, const std::string& from, const std::string& to,
                                         const WeightFormat& format, const std::string& adapter) {
  std::string target = to;
  while (target.size() > 1 && target.ends_with('/')) target.pop_back();
  const std::string draft = target + ".writing";
  TROUPE_TRY(refuse_used_folder(disk, target, "choose another folder"));
  TROUPE_TRY(refuse_used_folder(
      disk, draft,
      "it may be left from a run that was stopped: remove it, or choose another folder"));
  TROUPE_ASSIGN(ModelFolder model, read_model_folder(disk, from, ""));
  if (!adapter.empty()) {
    TROUPE_ASSIGN(const LoraAdapter lora, read_lora_folder(disk, adapter, model.weights.config));
    model.weights = merge_lora(model.weights, lora.settings, lora.weights);
  }
  const auto replace = [&]() -> Status {
    TROUPE_TRY(write_draft(disk, from, draft, model, format));
    return disk.rename(draft, target);
  };
  const Status replaced = replace();
  if (!replaced) {
    (void)disk.remove(draft);
    return tl::unexpected(replaced.error());
  }
  const std::size_t slash = target.rfind('/');
  TROUPE_TRY(disk.sync_folder(slash == std::string::npos ? "." : target.substr(0, slash + 1)));
  return model.weights.config;
}

}  // namespace troupe
