#include "store/resident.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>

#include "common/allocated.h"
#include "store/our_store.h"

namespace troupe::bench {
namespace {

// Drops a folder's files from the page cache; they are on the disk afterwards.
void forget_cached(const std::string& folder) {
  std::error_code error;
  for (std::filesystem::recursive_directory_iterator at(folder, error), end; !error && at != end;
       at.increment(error)) {
    const int file = ::open(at->path().c_str(), O_RDONLY | O_CLOEXEC);
    if (file < 0) continue;
    ::fdatasync(file);
    ::posix_fadvise(file, 0, 0, POSIX_FADV_DONTNEED);
    ::close(file);
  }
}

// Rows of groups that are ready or have been given to a step.
std::int64_t rows_in(const ExperienceStore& store) {
  std::int64_t rows = 0;
  for (const auto& [key, entry] : store.table(0).entries()) {
    rows += static_cast<std::int64_t>(entry.rows.size());
  }
  return rows;
}

}  // namespace

Result<Resident> measure_resident(const Options& options, Scratch& scratch,
                                  const std::function<void(const std::string&)>& progress) {
  Resident out;
  OurStore::Setting setting;
  setting.sample_bytes = out.sample_bytes;
  setting.group = out.group;
  setting.groups_per_step = 1;
  TROUPE_ASSIGN(const std::string folder, scratch.fresh("resident"));

  progress(fmt::format("{} samples in memory", options.rows));
  std::uint64_t before = allocated();
  TROUPE_ASSIGN(auto ours, OurStore::open(folder, setting));
  double start = now();
  TROUPE_ASSIGN(out.rows, ours->append(options.rows, 1e9));
  out.append_seconds = now() - start;
  const auto each = [&out](std::uint64_t bytes) {
    return static_cast<double>(bytes) / static_cast<double>(out.rows) -
           static_cast<double>(out.sample_bytes);
  };
  out.memory_beyond = each(allocated() - before);
  out.disk_beyond = each(bytes_below(folder));
  TROUPE_ASSIGN(Taken taken, ours->take(options.resident_takes));
  out.takes = std::move(taken.seconds);
  std::sort(out.takes.begin(), out.takes.end());
  out.longest_pause = ours->longest_pause();

  progress(fmt::format("{} samples: again after a crash", options.rows));
  ours.reset();  // nothing is ended in good order
  forget_cached(folder);
  start = now();
  TROUPE_ASSIGN(ours, OurStore::open(folder, setting));
  out.open_after_crash = now() - start;
  out.rows_behind = rows_in(ours->store());

  progress(fmt::format("{} samples: again after a close", options.rows));
  TROUPE_TRY(ours->close());
  ours.reset();
  forget_cached(folder);
  start = now();
  TROUPE_ASSIGN(ours, OurStore::open(folder, setting));
  out.open_after_close = now() - start;
  out.rows_behind = std::min(out.rows_behind, rows_in(ours->store()));
  ours.reset();
  scratch.clear(folder);
  return out;
}

}  // namespace troupe::bench
