#include "experience/journal/frame.h"

#include <gtest/gtest.h>

#include "base/bytes.h"
#include "base/rng.h"

namespace troupe {
namespace {

std::string framed(const std::string& payload, Lsn lsn, std::uint8_t type) {
  std::string out;
  const std::size_t at = begin_frame(out);
  out += payload;
  end_frame(out, at, lsn, type);
  return out;
}

TEST(Frame, RoundTripsEverySizeAndLeavesTheNextOneAligned) {
  for (std::size_t size = 0; size < 40; ++size) {
    const std::string payload(size, static_cast<char>(size + 1));
    const Lsn lsn = 8 * size;
    const std::string bytes = framed(payload, lsn, 200);
    EXPECT_EQ(bytes.size() % kFrameAlign, 0U);
    EXPECT_LT(bytes.size(), kFrameHeader + size + kFrameAlign);
    const std::string more = bytes + "what follows";
    const auto frame = read_frame(more, lsn);
    ASSERT_TRUE(frame) << size;
    EXPECT_EQ(frame->payload, payload);
    EXPECT_EQ(frame->type, 200);
    EXPECT_EQ(frame->lsn, lsn);
    EXPECT_EQ(frame->payload_lsn(), lsn + kFrameHeader);
    EXPECT_EQ(frame->next, lsn + bytes.size());
  }
}

TEST(Frame, SeveralLieBehindEachOther) {
  std::string bytes;
  for (std::uint8_t type = 1; type < 9; ++type) {
    const std::size_t at = begin_frame(bytes);
    ByteWriter(bytes).number(type);
    end_frame(bytes, at, 1000 + at, type);
  }
  Lsn lsn = 1000;
  for (std::uint8_t type = 1; type < 9; ++type) {
    const auto frame = read_frame(std::string_view(bytes).substr(lsn - 1000), lsn);
    ASSERT_TRUE(frame);
    EXPECT_EQ(frame->type, type);
    EXPECT_EQ(ByteReader(frame->payload).number<std::uint8_t>(), type);
    lsn = frame->next;
  }
  EXPECT_EQ(lsn - 1000, bytes.size());
}

TEST(Frame, EveryFlippedBitIsFound) {
  const std::string bytes = framed("thirteen long", 64, 17);  // three bytes of padding
  ASSERT_EQ(bytes.size(), 32U);
  for (std::size_t i = 0; i < bytes.size() * 8; ++i) {
    std::string flipped = bytes;
    flipped[i / 8] = static_cast<char>(flipped[i / 8] ^ (1 << (i % 8)));
    EXPECT_FALSE(read_frame(flipped, 64)) << "bit " << i;
  }
}

TEST(Frame, ACutOrMovedOneIsNone) {
  const std::string bytes = framed("some payload", 64, 17);
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    EXPECT_FALSE(read_frame(std::string_view(bytes).substr(0, size), 64)) << size;
  }
  EXPECT_FALSE(read_frame(bytes, 72)) << "bytes of another place were taken for this one's";
  EXPECT_TRUE(read_frame(bytes, 64));
}

TEST(Frame, BytesByChanceAreNone) {
  Rng rng(1);
  for (int i = 0; i < 10'000; ++i) {
    std::string bytes(rng.below(100), '\0');
    for (char& c : bytes) c = static_cast<char>(rng.next());
    EXPECT_FALSE(read_frame(bytes, rng.next()));
  }
  EXPECT_FALSE(read_frame(std::string(64, '\0'), 0));
}

}  // namespace
}  // namespace troupe
