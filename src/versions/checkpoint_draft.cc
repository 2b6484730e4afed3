#include "versions/checkpoint_draft.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/digest.h"

namespace troupe {
namespace {

/// Its memory goes back piece by piece: the file may be larger than what is free.
std::string digest_of(const FileView& view) {
  constexpr std::size_t kPiece = 16U << 20;
  Digest digest;
  for (std::string_view rest = view.bytes(); !rest.empty();) {
    const std::string_view piece = rest.substr(0, kPiece);
    digest.add(piece);
    view.release(piece);
    rest.remove_prefix(piece.size());
  }
  return digest.hex();
}

}  // namespace

std::string KnownFiles::find(const CheckpointFile& file) const {
  const auto at = places_.find({file.digest, file.bytes});
  return at == places_.end() ? "" : at->second;
}

void KnownFiles::add(const CheckpointFile& file, std::string path) {
  places_[{file.digest, file.bytes}] = std::move(path);
}

void KnownFiles::add_all(const CheckpointFiles& files, const std::string& place) {
  for (const auto& [name, file] : files) add(file, fmt::format("{}/{}", place, name));
}

void KnownFiles::forget(const std::string& folder) {
  std::erase_if(places_, [&](const auto& one) { return one.second.starts_with(folder + "/"); });
}

Status CheckpointDraft::write(const std::string& path, std::string_view bytes, bool durable) {
  CheckpointFile file;
  file.bytes = bytes.size();
  file.digest = Digest().add(bytes).hex();
  std::string same = known_.find(file);
  if (same.empty()) same = here_.find(file);
  file.linked = durable && !same.empty() && below_.link(same, path);
  if (!file.linked) {
    TROUPE_TRY(below_.write(path, bytes, durable));
    if (durable) here_.add(file, path);
  }
  if (path.starts_with(folder_)) files_[path.substr(folder_.size())] = std::move(file);
  return {};
}

Status check_files(Disk& disk, const std::string& place, const CheckpointFiles& files,
                   const std::string& recorded_in) {
  for (const auto& [name, file] : files) {
    const std::string path = fmt::format("{}/{}", place, name);
    const auto view = disk.map(path);
    if (!view) return tl::unexpected(view.error());
    const std::uint64_t size = (*view)->bytes().size();
    if (size != file.bytes) {
      return fail(ErrorCode::kInvalid,
                  fmt::format("{}: it has {} bytes, {} records {}: the file was changed or damaged",
                              path, size, recorded_in, file.bytes));
    }
    if (digest_of(**view) != file.digest) {
      return fail(ErrorCode::kInvalid,
                  fmt::format("{}: its digest is not the one that {} records: the file was changed "
                              "or damaged",
                              path, recorded_in));
    }
  }
  return {};
}

}  // namespace troupe
