#include "versions/tiers/state_file.h"

#include <fmt/format.h>

#include <algorithm>

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

std::string path_of(const std::string& folder, const std::string& key) {
  return folder + '/' + escaped(key).append(kEnding);
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

StateWriter::StateWriter(Disk& disk, std::string folder, std::string key, const StateBytes& state)
    : disk_(disk),
      folder_(std::move(folder)),
      key_(std::move(key)),
      state_(state),
      path_(path_of(folder_, key_)),
      draft_(path_ + std::string(kDraft)) {}

void StateWriter::digest() { digest_ = Digest().add(text(state_.bytes())).hex(); }

void StateWriter::write() {
  const auto body = [&]() -> Status {
    TROUPE_TRY(disk_.remove(draft_));  // what an attempt that failed could not remove
    TROUPE_ASSIGN(file_, disk_.create_large(draft_, state_file_bytes(state_.size())));
    return file_->append_large(text(state_.pages()), [](std::uint64_t) {});
  };
  written_ = body();
}

Status StateWriter::close() {
  TROUPE_TRY(written_);
  Pages last(Pages::kPage);
  fill(last.bytes(), {{key_, state_.size()}, digest_});
  TROUPE_TRY(file_->append(text(last.bytes())));
  TROUPE_TRY(file_->sync());
  file_.reset();
  return disk_.rename(draft_, path_);
}

Status StateWriter::finish() {
  Status closed = close();
  if (closed) return disk_.sync_folder(folder_);
  file_.reset();
  (void)disk_.remove(draft_);
  return no_room(folder_, state_file_bytes(state_.size()), std::move(closed.error()));
}

Result<StateFile> look_at_state(Disk& disk, const std::string& folder, const std::string& key) {
  TROUPE_ASSIGN(Closing closing, read_closing(disk, path_of(folder, key)));
  return std::move(closing.state);
}

Status read_state(Disk& disk, const std::string& folder, const std::string& key, StateBytes& into) {
  const std::string path = path_of(folder, key);
  TROUPE_ASSIGN(const Closing closing, read_closing(disk, path));
  if (closing.state.key != key || closing.state.size != into.size()) {
    return fail(ErrorCode::kIo, fmt::format("{} is another state than '{}'", path, key));
  }
  PassingDigest digest(into.bytes());
  TROUPE_TRY(disk.read_large(path, 0, into.pages(), digest.progress()));
  if (digest.hex() == closing.digest) return {};
  return fail(
      ErrorCode::kIo,
      fmt::format("{} is damaged: its bytes do not have the digest it was written with", path));
}

Status remove_state(Disk& disk, const std::string& folder, const std::string& key) {
  TROUPE_TRY(disk.remove(path_of(folder, key)));
  return disk.sync_folder(folder);
}

Result<std::vector<StateFile>> open_state_folder(Disk& disk, const std::string& folder) {
  TROUPE_TRY(disk.make_folders(folder));
  TROUPE_ASSIGN(const std::vector<std::string> names, disk.list(folder));
  std::vector<StateFile> out;
  for (const std::string& name : names) {
    const std::string path = folder + '/' + name;
    if (name.ends_with(kDraft)) {
      TROUPE_TRY(disk.remove(path));
    } else if (name.ends_with(kEnding)) {
      TROUPE_ASSIGN(Closing closing, read_closing(disk, path));
      if (path_of(folder, closing.state.key) != path) {
        return fail(ErrorCode::kIo,
                    fmt::format("{} is the state '{}' under a wrong name: remove it", path,
                                closing.state.key));
      }
      out.push_back(std::move(closing.state));
    }
  }
  return out;
}

}  // namespace troupe
