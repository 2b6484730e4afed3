#include "experience/row.h"

#include <fmt/format.h>

#include "base/bytes.h"
#include "base/digest.h"

namespace troupe {
namespace {

constexpr std::uint64_t kBlobSeed = 0x424c4f42;  // "BLOB"

void put(Row& row, Column column, double value) {
  row.numbers[static_cast<std::size_t>(column)] = value;
  row.status[static_cast<std::size_t>(column)] = ColumnStatus::kReady;
}

// u32 segments, then per segment: u8 sampled, u32 tokens, ids (i32), and if sampled log-probs
// (f32), the version (i64, i64) and the reward (f64).
std::string encode_response(const Trajectory& trajectory) {
  std::string bytes;
  bytes.reserve(static_cast<std::size_t>(trajectory.tokens()) * 8 +
                trajectory.segments.size() * 32 + 8);
  ByteWriter out(bytes);
  out.number(static_cast<std::uint32_t>(trajectory.segments.size()));
  for (const Segment& segment : trajectory.segments) {
    out.number(static_cast<std::uint8_t>(segment.sampled))
        .number(static_cast<std::uint32_t>(segment.tokens.size()))
        .raw(segment.tokens.data(), segment.tokens.size() * sizeof(TokenId));
    if (!segment.sampled) continue;
    out.raw(segment.logprobs.data(), segment.logprobs.size() * sizeof(float))
        .number(segment.version.incarnation)
        .number(segment.version.number)
        .number(segment.reward);
  }
  return bytes;
}

}  // namespace

const char* to_string(Column column) {
  constexpr std::array<const char*, kColumns> kNames = {"response",  "reward",  "success",
                                                        "truncated", "entropy", "advantage"};
  const auto index = static_cast<std::size_t>(column);
  return index < kColumns ? kNames[index] : "?";
}

std::vector<Scored> scores(const std::vector<Row>& rows) {
  std::vector<Scored> out;
  out.reserve(rows.size());
  for (const Row& row : rows) out.push_back({row.agent, row.number(Column::kReward), row.context});
  return out;
}

Row make_row(const Trajectory& trajectory) {
  Row row;
  row.sample_id = trajectory.sample_id;
  row.agent = trajectory.agent;
  row.member = trajectory.member;
  row.context = trajectory.context;
  bool any = false;
  for (const Segment& segment : trajectory.segments) {
    if (!segment.sampled) continue;
    if (!any) row.first = row.oldest = segment.version;
    if (segment.version.number < row.oldest.number) row.oldest = segment.version;
    row.last = segment.version;
    any = true;
  }
  auto bytes = std::make_shared<const std::string>(encode_response(trajectory));
  row.response.size = static_cast<std::uint32_t>(bytes->size());
  row.response.checksum = checksum64(*bytes, kBlobSeed);
  row.response.bytes = std::move(bytes);
  row.status[static_cast<std::size_t>(Column::kResponse)] = ColumnStatus::kReady;
  put(row, Column::kReward, trajectory.reward);
  put(row, Column::kSuccess, trajectory.success ? 1 : 0);
  put(row, Column::kTruncated, trajectory.truncated ? 1 : 0);
  put(row, Column::kEntropy, trajectory.entropy_sum);
  row.status[static_cast<std::size_t>(Column::kAdvantage)] = ColumnStatus::kPending;
  return row;
}

Result<Trajectory> read_row(const Row& row, std::string_view bytes) {
  const auto damaged = [&row] {
    return fail(ErrorCode::kInvalid,
                fmt::format("sample {}: its response in the journal is damaged", row.sample_id));
  };
  if (bytes.size() != row.response.size || checksum64(bytes, kBlobSeed) != row.response.checksum) {
    return damaged();
  }
  Trajectory out;
  out.sample_id = row.sample_id;
  out.agent = row.agent;
  out.member = row.member;
  out.context = row.context;
  out.reward = row.number(Column::kReward);
  out.success = row.number(Column::kSuccess) != 0;
  out.truncated = row.number(Column::kTruncated) != 0;
  out.entropy_sum = row.number(Column::kEntropy);
  ByteReader in(bytes);
  const auto segments = in.number<std::uint32_t>();
  for (std::uint32_t i = 0; i < segments && in.ok(); ++i) {
    Segment segment;
    segment.sampled = in.number<std::uint8_t>() != 0;
    const std::size_t tokens = in.number<std::uint32_t>();
    if (tokens * sizeof(TokenId) > in.left()) return damaged();
    segment.tokens.resize(tokens);
    const std::string_view ids = in.raw(tokens * sizeof(TokenId));
    if (!ids.empty()) std::memcpy(segment.tokens.data(), ids.data(), ids.size());
    if (segment.sampled) {
      const std::string_view logprobs = in.raw(tokens * sizeof(float));
      if (!in.ok()) return damaged();
      segment.logprobs.resize(tokens);
      if (!logprobs.empty()) std::memcpy(segment.logprobs.data(), logprobs.data(), logprobs.size());
      segment.version.incarnation = in.number<std::int64_t>();
      segment.version.number = in.number<std::int64_t>();
      segment.reward = in.number<double>();
    }
    out.segments.push_back(std::move(segment));
  }
  if (!in.ok() || in.left() != 0) return damaged();
  return out;
}

}  // namespace troupe
