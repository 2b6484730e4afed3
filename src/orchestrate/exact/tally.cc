#include "orchestrate/exact/tally.h"

#include <algorithm>
#include <bit>
#include <numeric>

namespace troupe::exact {
namespace {

constexpr std::size_t kKept = 8;  // mismatches of a case that are told one by one

constexpr std::array<const char*, kKinds> kNames = {
    "decode one token at a time",  "chunks of prefill",
    "batch size and position",     "prefix copied from another cache",
    "truncated shared cache",      "aborted and resumed",
    "threads of a pass",           "packing of training",
    "recomputed activations",      "gradient of a group, any company",
    "sum of gradients, any order", "optimizer step, any schedule",
    "recorded when sampled",       "samples, any schedule",
};

/// The bits of a value that is missing.
constexpr std::uint32_t kMissing = 0xffffffffU;

std::uint32_t bits_at(std::span<const float> values, std::size_t i) {
  return i < values.size() ? std::bit_cast<std::uint32_t>(values[i]) : kMissing;
}

}  // namespace

const char* kind_name(Kind kind) { return kNames.at(static_cast<std::size_t>(kind)); }

void Counts::add(const Counts& other) {
  for (std::size_t k = 0; k < kKinds; ++k) {
    values[k] += other.values[k];
    mismatches[k] += other.mismatches[k];
  }
}

std::int64_t Counts::all_mismatches() const {
  return std::accumulate(mismatches.begin(), mismatches.end(), std::int64_t{0});
}

void Tally::compare(Kind kind, std::span<const float> expected, std::span<const float> got,
                    const Where& where) {
  const auto k = static_cast<std::size_t>(kind);
  const std::size_t size = std::max(expected.size(), got.size());
  counts_.values[k] += static_cast<std::int64_t>(size);
  std::int64_t different = 0;
  for (std::size_t i = 0; i < size; ++i) {
    const std::uint32_t a = bits_at(expected, i);
    const std::uint32_t b = bits_at(got, i);
    if (a == b && i < std::min(expected.size(), got.size())) continue;
    if (different++ == 0 && mismatches_.size() < kKept) {
      mismatches_.push_back({kind, where(), i, a, b});
    }
  }
  counts_.mismatches[k] += different;
}

}  // namespace troupe::exact
