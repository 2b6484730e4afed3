#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "experience/group.h"
#include "experience/journal/frame.h"
#include "experience/trajectory.h"

namespace troupe {

/// The columns of a row. The response is kept by reference, the others by value.
enum class Column : std::uint8_t {
  kResponse,  ///< the trajectory's segments: tokens, log-probs, versions
  kReward,
  kSuccess,    ///< 0 or 1
  kTruncated,  ///< 0 or 1
  kEntropy,    ///< nats, summed over sampled tokens
  kAdvantage,
};
constexpr std::size_t kColumns = 6;
const char* to_string(Column column);

/// absent: nobody has promised it; pending: a stage is working on it; ready: it is there.
enum class ColumnStatus : std::uint8_t { kAbsent, kPending, kReady };

/// Bytes by reference: in the journal at `lsn`, and in memory while `bytes` is set.
struct Blob {
  Lsn lsn = 0;
  std::uint32_t size = 0;
  std::uint64_t checksum = 0;
  std::shared_ptr<const std::string> bytes;
};

/// One agent's part of one episode, in one of its contexts.
struct Row {
  std::string sample_id;  ///< {input}_{turn}_{trajectory}
  std::string agent;
  std::string replay_of;  ///< the sample that this one repeats; empty: it was generated for the run
  std::int32_t member = 0;
  std::int32_t context = 0;     ///< which of the agent's
  Version first, last, oldest;  ///< among its sampled tokens
  std::array<ColumnStatus, kColumns> status{};
  std::array<double, kColumns> numbers{};  ///< [kResponse] is not used
  Blob response;

  [[nodiscard]] double number(Column column) const {
    return numbers[static_cast<std::size_t>(column)];
  }
  [[nodiscard]] bool complete() const {
    for (const ColumnStatus s : status) {
      if (s == ColumnStatus::kPending) return false;
    }
    return true;
  }
};

/// Who earned what, row by row.
std::vector<Scored> scores(const std::vector<Row>& rows);

/// A finished trajectory as a row: response, reward, success, truncated and entropy are ready, the
/// advantage is pending (it needs the whole group).
Row make_row(const Trajectory& trajectory);
/// The trajectory of a row whose response is `bytes`. kInvalid if they are none.
Result<Trajectory> read_row(const Row& row, std::string_view bytes);

}  // namespace troupe
