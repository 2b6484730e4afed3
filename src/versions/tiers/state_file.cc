#include "versions/tiers/state_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <map>

#include "base/bytes.h"
#include "base/digest.h"

namespace troupe {
namespace {

constexpr std::string_view kMagic = "TRPTIER1";
constexpr std::uint64_t kSeed = 0x7469657273;  // "tiers"
constexpr std::string_view kEnding = ".state";
constexpr std::string_view kDraft = ".writing";
constexpr std::size_t kMostName = 200;

/// Letters, digits and "-_" stay; each other byte becomes % and two digits, so that any key is a
/// name and two keys are two names.
std::string escaped(const std::string& key) {
  std::string out;
  for (const char c : key) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       c == '-' || c == '_';
    out += plain ? std::string(1, c) : fmt::format("%{:02x}", static_cast<unsigned char>(c));
  }
  return out;
}

std::string path_of(const std::string& folder, const std::string& key, std::uint64_t version) {
  return fmt::format("{}/{}.{}{}", folder, escaped(key), version, kEnding);
}

/// The name of a state's file without its version.
std::string stem_of(const std::string& name) {
  return name.substr(0, name.rfind('.', name.size() - kEnding.size() - 1));
}

/// 0 of what is no such name.
std::uint64_t version_of(std::string_view name) {
  name.remove_suffix(kEnding.size());
  const std::size_t dot = name.rfind('.');
  std::uint64_t version = 0;
  if (dot == std::string_view::npos) return 0;
  const auto end = name.data() + name.size();
  const auto [rest, error] = std::from_chars(name.data() + dot + 1, end, version);
  return error == std::errc() && rest == end ? version : 0;
}

std::string spare_path(const std::string& folder) {
  return folder + "/spare" + std::string(kDraft);
}

std::string_view text(std::span<const char> bytes) { return {bytes.data(), bytes.size()}; }

/// The digest of a state that comes block by block, taken while other blocks are on their way.
class PassingDigest {
 public:
  explicit PassingDigest(std::span<const char> state) : state_(text(state)) {}
  /// For a read of the state's pages; goes with this object.
  Progress progress() {
    return [this](std::uint64_t front) {
      const std::uint64_t end = std::min<std::uint64_t>(front, state_.size());
      if (end <= done_) return;  // a transfer that began again another way
      digest_.add(state_.substr(done_, end - done_));
      done_ = end;
    };
  }
  [[nodiscard]] std::string hex() const { return digest_.hex(); }

 private:
  std::string_view state_;
  std::uint64_t done_ = 0;
  Digest digest_;
};

/// The last page of a file.
struct Closing {
  StateFile state;
  std::string digest;
};

void fill(std::span<char> page, const Closing& closing) {
  std::string out(kMagic);
  ByteWriter writer(out);
  writer.number(closing.state.size).raw(closing.digest.data(), 32).text(closing.state.key);
  out.resize(Pages::kPage - sizeof(std::uint64_t), '\0');
  writer.number(checksum64(out, kSeed));
  std::copy(out.begin(), out.end(), page.begin());
}

Result<Closing> read_closing(Disk& disk, const std::string& path) {
  const auto broken = [&] {
    return fail(ErrorCode::kIo, fmt::format("{} is not a whole training state: remove it", path));
  };
  TROUPE_ASSIGN(const std::uint64_t bytes, disk.size(path));
  if (bytes < Pages::kPage) return broken();
  TROUPE_ASSIGN(const std::string page, disk.read_at(path, bytes - Pages::kPage, Pages::kPage));
  ByteReader reader(page);
  Closing out;
  const std::string_view magic = reader.raw(kMagic.size());
  out.state.size = reader.number<std::uint64_t>();
  out.digest = reader.raw(32);
  out.state.key = reader.text();
  const std::string_view front(page.data(), Pages::kPage - sizeof(std::uint64_t));
  ByteReader end(std::string_view(page).substr(front.size()));
  if (!reader.ok() || magic != kMagic || end.number<std::uint64_t>() != checksum64(front, kSeed) ||
      state_file_bytes(out.state.size) != bytes) {
    return broken();
  }
  return out;
}

/// A disk that is full says which state had no room, and where.
tl::unexpected<Error> no_room(const std::string& folder, std::uint64_t bytes, Error error) {
  if (error.code != ErrorCode::kNoSpace) return tl::unexpected(std::move(error));
  return within(fmt::format("no room for {} bytes in {}", bytes, folder), std::move(error));
}

}  // namespace

std::uint64_t state_file_bytes(std::uint64_t size) { return Pages::whole(size) + Pages::kPage; }

Status check_state_key(const std::string& key) {
  if (!key.empty() && escaped(key).size() <= kMostName) return {};
  return fail(ErrorCode::kInvalid,
              key.empty() ? std::string("a training state needs a key")
                          : fmt::format("the key of a training state is too long for a file's "
                                        "name, choose a shorter one: {}",
                                        key));
}

StateWriter::StateWriter(Disk& disk, std::string folder, StateFile file, std::uint64_t older,
                         bool spare, const StateBytes& state)
    : disk_(disk),
      folder_(std::move(folder)),
      state_file_(std::move(file)),
      older_(older),
      spare_(spare),
      state_(state),
      draft_(spare ? spare_path(folder_) : folder_ + "/new" + std::string(kDraft)) {
  state_file_.size = state.size();
}

void StateWriter::digest() { digest_ = Digest().add(text(state_.bytes())).hex(); }

void StateWriter::write() {
  const auto body = [&]() -> Status {
    const std::uint64_t size = state_file_bytes(state_.size());
    if (!spare_) TROUPE_TRY(disk_.remove(draft_));  // what an attempt that failed could not remove
    TROUPE_ASSIGN(file_,
                  spare_ ? disk_.overwrite_large(draft_, size) : disk_.create_large(draft_, size));
    return file_->append_large(text(state_.pages()), [](std::uint64_t) {});
  };
  written_ = body();
}

Status StateWriter::close() {
  TROUPE_TRY(written_);
  Pages last(Pages::kPage);
  fill(last.bytes(), {state_file_, digest_});
  TROUPE_TRY(file_->append(text(last.bytes())));
  TROUPE_TRY(file_->sync());
  file_.reset();
  TROUPE_TRY(disk_.rename(draft_, path_of(folder_, state_file_.key, state_file_.version)));
  return disk_.sync_folder(folder_);
}

Status StateWriter::finish() {
  const std::string path = path_of(folder_, state_file_.key, state_file_.version);
  Status closed = close();
  file_.reset();
  if (closed && older_ != 0) {
    const std::string older = path_of(folder_, state_file_.key, older_);
    left_spare_ = disk_.rename(older, spare_path(folder_)).has_value();
    if (!left_spare_) (void)disk_.remove(older);  // or the next opening does
  }
  if (closed) return {};
  (void)disk_.remove(draft_);
  (void)disk_.remove(path);  // its name may not be durable
  return no_room(folder_, state_file_bytes(state_.size()), std::move(closed.error()));
}

Status read_state(Disk& disk, const std::string& folder, const StateFile& file, StateBytes& into) {
  const std::string path = path_of(folder, file.key, file.version);
  TROUPE_ASSIGN(const Closing closing, read_closing(disk, path));
  if (closing.state.key != file.key || closing.state.size != into.size()) {
    return fail(ErrorCode::kIo, fmt::format("{} is another state than '{}'", path, file.key));
  }
  PassingDigest digest(into.bytes());
  TROUPE_TRY(disk.read_large(path, 0, into.pages(), digest.progress()));
  if (digest.hex() == closing.digest) return {};
  return fail(
      ErrorCode::kIo,
      fmt::format("{} is damaged: its bytes do not have the digest it was written with", path));
}

Status remove_state(Disk& disk, const std::string& folder, const std::string& key) {
  TROUPE_TRY(disk.sync_folder(folder));  // so that an older version cannot be there again
  TROUPE_ASSIGN(const std::vector<std::string> names, disk.list(folder));
  for (const std::string& name : names) {
    if (name.ends_with(kEnding) && stem_of(name) == escaped(key)) {
      TROUPE_TRY(disk.remove(folder + '/' + name));
    }
  }
  return disk.sync_folder(folder);
}

Result<std::vector<StateFile>> open_state_folder(Disk& disk, const std::string& folder) {
  TROUPE_TRY(disk.make_folders(folder));
  TROUPE_ASSIGN(const std::vector<std::string> names, disk.list(folder));
  // The last file of each name without its version; the others may be half overwritten.
  std::map<std::string, std::uint64_t> last;
  for (const std::string& name : names) {
    if (name.ends_with(kDraft)) TROUPE_TRY(disk.remove(folder + '/' + name));
    if (!name.ends_with(kEnding)) continue;
    std::uint64_t& version = last[stem_of(name)];
    version = std::max(version, version_of(name));
  }
  std::vector<StateFile> out;
  for (const std::string& name : names) {
    if (!name.ends_with(kEnding)) continue;
    const std::string path = folder + '/' + name;
    const std::uint64_t version = version_of(name);
    if (version != last[stem_of(name)]) {
      TROUPE_TRY(disk.remove(path));
      continue;
    }
    TROUPE_ASSIGN(Closing closing, read_closing(disk, path));
    if (path_of(folder, closing.state.key, version) != path) {
      return fail(ErrorCode::kIo, fmt::format("{} is the state '{}' under a wrong name: remove it",
                                              path, closing.state.key));
    }
    closing.state.version = version;
    out.push_back(std::move(closing.state));
  }
  return out;
}

}  // namespace troupe
