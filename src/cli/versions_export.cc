#include <fmt/format.h>

#include "cli/run_folder.h"
#include "cli/versions.h"
#include "model/checkpoint_files.h"

namespace troupe {
namespace {

/// Shape, tokenizer and adapter's form: payloads have only the weights, a checkpoint has the rest.
Result<PolicyCheckpoint> form_of(Disk& disk, const std::string& run, const std::string& policy) {
  CheckpointStore store(disk, run + "/checkpoints");
  TROUPE_ASSIGN(const std::string name, choose_checkpoint(store, ""));
  TROUPE_ASSIGN(Checkpoint checkpoint, store.load(name, ""));
  for (PolicyCheckpoint& entry : checkpoint.policies) {
    if (entry.policy == policy) return std::move(entry);
  }
  return fail(ErrorCode::kInvalid,
              fmt::format("{}/{} has no policy \"{}\"", store.folder(), name, policy));
}

/// Complete, or not there.
Status write_folder(Disk& disk, const std::string& out, const Weights& weights,
                    const Tokenizer& tokenizer, Dtype dtype) {
  const std::string draft = out + ".writing";
  const auto write = [&]() -> Status {
    TROUPE_TRY(disk.remove(draft));
    TROUPE_TRY(disk.make_folders(draft));
    WeightFormat format;
    format.dtype = dtype;
    TROUPE_TRY(write_model_folder(disk, draft, weights, tokenizer, format));
    TROUPE_TRY(disk.sync_folder(draft));
    return disk.rename(draft, out);
  };
  const Status written = write();
  if (!written) (void)disk.remove(draft);
  return written;
}

}  // namespace

Status export_version(const VersionsArguments& arguments) {
  const auto disk = make_posix_disk();
  const auto there = disk->list(arguments.out);
  if ((there && !there->empty()) || (!there && disk->exists(arguments.out))) {
    return fail(ErrorCode::kInvalid, arguments.out + " is not empty: choose a new folder");
  }
  PublishedFolder folder(*disk, arguments.run + "/versions");
  TROUPE_ASSIGN(const Catalogue catalogue, choose_published(folder, arguments.policy));
  TROUPE_ASSIGN(const StateId version, choose_version(catalogue, arguments.version));
  TROUPE_ASSIGN(const StateCopy state, materialise(folder, catalogue, version));
  Dtype dtype = state.forms.empty() ? Dtype::kFp32 : state.forms.front().dtype;
  if (!arguments.dtype.empty()) {
    TROUPE_ASSIGN(dtype, parse_dtype(arguments.dtype));
  }
  TROUPE_ASSIGN(const PolicyCheckpoint form, form_of(*disk, arguments.run, catalogue.policy));
  Weights weights = *form.weights;
  TROUPE_TRY(put_state(state, weights));
  const AdapterForm& adapter = form.adapter;
  if (adapter.settings.rank > 0) {
    TROUPE_ASSIGN(const ModelFolder base, read_model_folder(*disk, adapter.base, ""));
    weights = merge_lora(base.weights, adapter.settings, weights);
  }
  TROUPE_TRY(write_folder(*disk, arguments.out, weights, *form.tokenizer, dtype));
  fmt::print("{}: {} parameters of policy {} in {}, {}{}\n", arguments.out,
             weights.config.parameters(), catalogue.policy, dtype_name(dtype), version.text(),
             adapter.settings.rank > 0 ? ", its adapter merged into " + adapter.base : "");
  return {};
}

}  // namespace troupe
