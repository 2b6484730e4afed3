// How fast the experience store is beside plain writes to the same disk, Redis Streams and SQLite.
// docs/benchmarks.md explains the output.
#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <optional>

#include "base/disk.h"
#include "base/interrupt.h"
#include "base/memory.h"
#include "store/report.h"
#include "store/resident.h"

using namespace troupe;
using namespace troupe::bench;

namespace {

// Redis holds all samples in memory, and the page cache holds them too.
Status check_memory(std::uint64_t payload) {
  const std::uint64_t free = free_memory(*make_posix_disk());
  if (free == 0 || free >= 3 * payload) return {};
  return fail(ErrorCode::kExhausted,
              fmt::format("{} MiB of memory are free, {} are needed; choose a smaller --mib",
                          free >> 20, 3 * payload >> 20));
}

Status run(const Options& options) {
  const std::uint64_t payload = static_cast<std::uint64_t>(options.mebibytes) << 20;
  TROUPE_TRY(check_memory(payload));
  // A database holds a sample twice while its log is copied; a resident sample takes about 2 KB.
  const std::uint64_t need =
      std::max(payload * 5 / 2, static_cast<std::uint64_t>(options.rows) << 11);
  TROUPE_ASSIGN(Scratch scratch, Scratch::make(options.folder, need));
  std::vector<Entry> entries;
  for (const std::int64_t size : options.sample_bytes) {
    const auto add = [&](const char* system, std::vector<Entry> more) {
      if (!options.wants(system)) return;
      std::move(more.begin(), more.end(), std::back_inserter(entries));
    };
    add("raw", raw_entries(size));
    add("troupe", our_entries(size));
    add("redis", redis_entries(size));
    add("sqlite", sqlite_entries(size));
  }
  const Report report(options.json);
  const auto progress = [&](const std::string& text) { report.progress(text); };
  TROUPE_ASSIGN(const auto rows, run_rounds(options, scratch, entries, progress));
  std::optional<Resident> resident;
  if (options.wants("troupe")) {
    TROUPE_ASSIGN(resident, measure_resident(options, scratch, progress));
  }
  report.finish({scratch.file_system(), options.rounds}, rows, resident);
  return {};
}

}  // namespace

int main(int argc, char** argv) {
  Options options;
  if (const auto code = read_options(argc, argv, options)) return *code;
  watch_interrupts();
  give_large_blocks_back();  // as the program does
  const Status done = run(options);
  if (done) return 0;
  fmt::print(stderr, "store: {}\n", done.error().message);
  return 1;
}
