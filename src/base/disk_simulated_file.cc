#include "base/disk_simulated_file.h"

#include <algorithm>
#include <utility>

namespace troupe {

void SimulatedFile::truncate(std::uint64_t size) {
  cached_.resize(size);
  kept_ = std::min(kept_, size);
  lost_ = std::min(lost_, size);
}

void SimulatedFile::sync() {
  durable_.resize(kept_);
  durable_.append(lost_ - kept_, '\0');
  durable_.append(cached_, lost_);
  kept_ = lost_ = cached_.size();
}

void SimulatedFile::flip(std::uint64_t offset, int bit) {
  const auto flipped = [&](char byte) { return static_cast<char>(byte ^ (1 << bit)); };
  cached_[offset] = flipped(cached_[offset]);
  if (offset < durable_.size()) durable_[offset] = flipped(durable_[offset]);
}

void SimulatedFile::settle(std::string bytes) {
  durable_ = std::move(bytes);
  cached_ = durable_;
  kept_ = lost_ = cached_.size();
}

void SimulatedFile::lose_unsynced() { settle(std::move(durable_)); }

void SimulatedFile::tear(Rng& rng) {
  if (kept_ < durable_.size() && rng.below(2) == 0) return lose_unsynced();
  const std::uint64_t unsynced = cached_.size() - kept_;
  std::uint64_t grown = rng.below(unsynced + 1);
  const std::uint64_t extreme = rng.below(4);  // often none or all: by chance alone a rare case
  if (extreme == 0) grown = 0;
  if (extreme == 1) grown = unsynced;
  // A rate per file makes every number of surviving sectors equally likely.
  const double rate = rng.uniform();
  std::string bytes = durable_.substr(0, kept_);
  bytes.resize(kept_ + grown, '\0');
  for (std::uint64_t at = kept_; at < bytes.size();) {
    const std::uint64_t end =
        std::min<std::uint64_t>((at / kSectorBytes + 1) * kSectorBytes, bytes.size());
    const std::uint64_t from = std::min(std::max(at, lost_), end);
    if (rng.uniform() < rate) bytes.replace(from, end - from, cached_, from, end - from);
    at = end;
  }
  settle(std::move(bytes));
}

}  // namespace troupe
