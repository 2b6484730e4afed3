#include "versions/transfer/version_file.h"

#include <fmt/format.h>

#include <cstdlib>
#include <map>

#include "base/digest.h"
#include "model/safetensors.h"
#include "versions/delta/encode.h"

namespace troupe {
namespace {

using Type = TensorView::Type;

std::string folder_of(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  return slash == std::string::npos ? "." : path.substr(0, slash);
}

/// The metadata have a digest of their own: that of the weights does not cover them.
std::string digest_of_names(const std::string& policy, const StateId& id) {
  return Digest()
      .add(fmt::format("{} {} {} {}", policy, id.incarnation, id.number, id.digest))
      .hex();
}

std::int64_t number_of(const std::string& text) {
  return std::strtoll(text.c_str(), nullptr, 10);  // the digest finds what is none
}

}  // namespace

Status save_version(Disk& disk, const std::string& path, const std::string& policy,
                    const HeldVersion& held) {
  std::vector<SafetensorsForm> forms;
  for (const TensorForm& form : held.state.forms) {
    forms.push_back({form.name, form.dtype == Dtype::kFp32 ? Type::kF32 : Type::kBf16, form.shape});
  }
  const std::string fresh = path + ".writing";
  TROUPE_TRY(disk.remove(fresh));
  TROUPE_ASSIGN(const auto file, disk.create(fresh));
  TROUPE_TRY(file->append(
      safetensors_header(forms, {{"format", "pt"},
                                 {"troupe.policy", policy},
                                 {"troupe.incarnation", std::to_string(held.id.incarnation)},
                                 {"troupe.number", std::to_string(held.id.number)},
                                 {"troupe.digest", held.id.digest},
                                 {"troupe.check", digest_of_names(policy, held.id)}})));
  for (const std::string& bits : held.state.bits) TROUPE_TRY(file->append(bits));
  TROUPE_TRY(file->sync());
  TROUPE_TRY(disk.rename(fresh, path));
  return disk.sync_folder(folder_of(path));
}

Result<SavedVersion> load_version(Disk& disk, const std::string& path) {
  TROUPE_ASSIGN(const auto view, disk.map(path));
  auto file = parse_safetensors(view->bytes());
  if (!file) return within(path, file.error());
  std::map<std::string, std::string> metadata(file->metadata.begin(), file->metadata.end());
  SavedVersion out;
  out.policy = metadata["troupe.policy"];
  StateId& id = out.held.id;
  id = {number_of(metadata["troupe.incarnation"]), number_of(metadata["troupe.number"]),
        metadata["troupe.digest"]};
  for (const TensorView& tensor : file->tensors) {
    if (tensor.type == Type::kF16) return fail(ErrorCode::kInvalid, path + ": it holds F16");
    out.held.state.forms.push_back(
        {tensor.name, tensor.type == Type::kF32 ? Dtype::kFp32 : Dtype::kBf16, tensor.shape});
    out.held.state.bits.emplace_back(tensor.bytes);
    view->release(tensor.bytes);
  }
  const bool named = digest_of_names(out.policy, id) == metadata["troupe.check"];
  if (named && digest_of(out.held.state.tensors()) == id.digest) return out;
  return fail(ErrorCode::kInvalid,
              fmt::format("{}: its weights are not the version that it names: it was changed or "
                          "damaged, or another program wrote it",
                          path));
}

}  // namespace troupe
