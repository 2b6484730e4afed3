#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

namespace troupe::exact {

/// What is compared; names and explanations are in tally.cc and docs/exactness.md.
enum class Kind {
  kDecode,
  kChunks,
  kBatch,
  kPrefix,
  kTruncate,
  kResume,
  kThreads,
  kPacking,
  kRecompute,
  kGroupGradient,
  kGradientSum,
  kStep,
  kRecorded,
  kSamples,
};
constexpr std::size_t kKinds = 14;
const char* kind_name(Kind kind);

/// The first difference of one comparison.
struct Mismatch {
  Kind kind{};
  std::string where;
  std::size_t position = 0;  ///< of the first differing value of the comparison
  std::uint32_t expected = 0;
  std::uint32_t got = 0;
};

/// Values compared and found different, by kind.
struct Counts {
  std::array<std::int64_t, kKinds> values{};
  std::array<std::int64_t, kKinds> mismatches{};

  void add(const Counts& other);
  [[nodiscard]] std::int64_t all_mismatches() const;
};

/// Compares and counts. Not thread-safe.
class Tally {
 public:
  using Where = std::function<std::string()>;
  /// Bit by bit; arrays of different sizes differ from the first missing value on. `where` is asked
  /// only if there is a difference.
  void compare(Kind kind, std::span<const float> expected, std::span<const float> got,
               const Where& where);

  [[nodiscard]] const Counts& counts() const { return counts_; }
  /// The first few.
  [[nodiscard]] const std::vector<Mismatch>& mismatches() const { return mismatches_; }

 private:
  Counts counts_;
  std::vector<Mismatch> mismatches_;
};

}  // namespace troupe::exact
