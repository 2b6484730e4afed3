#include "store/contender.h"

#include <fmt/format.h>

#include <cstring>
#include <filesystem>

#include "base/rng.h"

namespace troupe::bench {

SampleBytes::SampleBytes(std::int64_t sample_bytes)
    : size_(static_cast<std::size_t>(sample_bytes)),
      count_((std::int64_t{8} << 20) / sample_bytes),
      bytes_(static_cast<std::size_t>(count_) * size_, '\0') {
  Rng rng(1);
  for (std::size_t at = 0; at + 8 <= bytes_.size(); at += 8) {
    const std::uint64_t word = rng.next();
    std::memcpy(bytes_.data() + at, &word, 8);
  }
}

std::string lost_at_power_cut() { return fmt::format("up to {:.0f} s", kSyncSeconds); }

std::uint64_t bytes_below(const std::string& folder) {
  namespace fs = std::filesystem;
  std::uint64_t sum = 0;
  std::error_code error;
  for (fs::recursive_directory_iterator at(folder, error), end; !error && at != end;
       at.increment(error)) {
    std::error_code unknown;
    if (at->is_regular_file(unknown)) sum += at->file_size(unknown);
  }
  return sum;
}

}  // namespace troupe::bench
