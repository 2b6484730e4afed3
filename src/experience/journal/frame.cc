#include "experience/journal/frame.h"

#include <cstring>

#include "base/bytes.h"
#include "base/digest.h"

namespace troupe {
namespace {

constexpr std::uint16_t kMagic = 0x7a51;
constexpr std::size_t kSum = sizeof(std::uint64_t);

constexpr std::size_t padded(std::size_t payload) {
  return (kFrameHeader + payload + kFrameAlign - 1) / kFrameAlign * kFrameAlign;
}

}  // namespace

Lsn Frame::payload_lsn() const { return lsn + kFrameHeader; }

std::size_t begin_frame(std::string& out) {
  const std::size_t at = out.size();
  out.append(kFrameHeader, '\0');
  return at;
}

void end_frame(std::string& out, std::size_t at, Lsn lsn, std::uint8_t type) {
  const std::size_t payload = out.size() - at - kFrameHeader;
  out.resize(at + padded(payload));
  std::string header;
  ByteWriter(header)
      .number(static_cast<std::uint32_t>(payload))
      .number(kMagic)
      .number(type)
      .number(std::uint8_t{0});
  std::memcpy(out.data() + at + kSum, header.data(), header.size());
  const std::uint64_t sum = checksum64(std::string_view(out).substr(at + kSum), lsn);
  std::memcpy(out.data() + at, &sum, kSum);
}

std::optional<Frame> read_frame(std::string_view bytes, Lsn lsn) {
  ByteReader in(bytes.substr(0, kFrameHeader));
  const auto sum = in.number<std::uint64_t>();
  const auto size = in.number<std::uint32_t>();
  const auto magic = in.number<std::uint16_t>();
  const auto type = in.number<std::uint8_t>();
  if (!in.ok() || magic != kMagic || padded(size) > bytes.size()) return std::nullopt;
  if (checksum64(bytes.substr(kSum, padded(size) - kSum), lsn) != sum) return std::nullopt;
  return Frame{lsn, type, bytes.substr(kFrameHeader, size), lsn + padded(size)};
}

}  // namespace troupe
