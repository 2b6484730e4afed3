#include "versions/transfer/received_payloads.h"

#include <fmt/format.h>

#include <set>

#include "versions/published/head.h"

namespace troupe {
namespace {

constexpr std::size_t kPiece = std::size_t{1} << 20;

/// Digests a view piece by piece and gives its memory back.
void add_to(Digest& digest, const FileView& view) {
  for (std::string_view rest = view.bytes(); !rest.empty();) {
    const std::string_view piece = rest.substr(0, kPiece);
    digest.add(piece);
    view.release(piece);
    rest.remove_prefix(piece.size());
  }
}

std::string part_name(const PayloadEntry& payload) {
  return fmt::format(".{}.{}.part", payload.name, payload.digest);
}

}  // namespace

bool ReceivedPayloads::has(const PayloadEntry& payload) {
  const auto known = good_.find(payload.name);
  if (known != good_.end() && known->second == payload.digest) return true;
  const std::string path = place() + "/" + payload.name;
  if (!disk_.exists(path)) return false;
  if (const auto view = disk_.map(path); view && (*view)->bytes().size() == payload.bytes) {
    Digest digest;
    add_to(digest, **view);
    if (digest.hex() == payload.digest) {
      good_[payload.name] = payload.digest;
      return true;
    }
  }
  good_.erase(payload.name);
  (void)disk_.remove(path);  // if it stays, finish() replaces it
  return false;
}

Result<ReceivedPayloads::Download> ReceivedPayloads::begin(const PayloadEntry& payload) {
  TROUPE_TRY(disk_.make_folders(place()));
  Download out{payload, place() + "/" + part_name(payload), 0, std::make_unique<Digest>()};
  if (!disk_.exists(out.path)) return out;
  TROUPE_ASSIGN(const auto view, disk_.map(out.path));
  out.bytes = view->bytes().size();
  if (out.bytes > payload.bytes) {
    out.bytes = 0;
    TROUPE_TRY(disk_.remove(out.path));
    return out;
  }
  add_to(*out.digest, *view);
  return out;
}

Status ReceivedPayloads::append(Download& download, std::string_view bytes) {
  if (bytes.size() > download.payload.bytes - download.bytes) {
    return fail(ErrorCode::kUnavailable,
                fmt::format("more bytes came of {} than it has", download.payload.name));
  }
  Status written = disk_.append(download.path, bytes);
  if (!written) {  // some of them may be there
    (void)disk_.remove(download.path);
    return written;
  }
  download.digest->add(bytes);
  download.bytes += bytes.size();
  return {};
}

Status ReceivedPayloads::finish(Download& download) {
  const PayloadEntry& payload = download.payload;
  if (download.bytes != payload.bytes || download.digest->hex() != payload.digest) {
    TROUPE_TRY(disk_.remove(download.path));
    return fail(ErrorCode::kUnavailable,
                fmt::format("{} came damaged: its digest is not {}", payload.name, payload.digest));
  }
  if (payload.bytes == 0) TROUPE_TRY(disk_.write(download.path, "", false));
  TROUPE_TRY(disk_.rename(download.path, place() + "/" + payload.name));
  good_[payload.name] = payload.digest;
  return {};
}

Status ReceivedPayloads::publish(const Catalogue& catalogue) {
  Catalogue mine{policy_, catalogue.head, {}};
  std::set<std::string> wanted = {kHeadFile};
  for (const PayloadEntry& payload : catalogue.payloads) {
    wanted.insert(part_name(payload));
    if (!has(payload)) continue;
    mine.payloads.push_back(payload);
    wanted.insert(payload.name);
  }
  const std::string text = head_text(mine);
  if (text != head_) {
    TROUPE_TRY(disk_.make_folders(place()));
    TROUPE_TRY(write_atomic(disk_, place() + "/" + kHeadFile, text));
    head_ = text;
  }
  TROUPE_ASSIGN(const auto names, disk_.list(place()));
  for (const std::string& name : names) {
    if (wanted.count(name) > 0) continue;
    good_.erase(name);
    TROUPE_TRY(disk_.remove(place() + "/" + name));
  }
  return {};
}

}  // namespace troupe
