#include <gtest/gtest.h>

#include "base/bytes.h"
#include "versions/delta/delta_test_support.h"

// Payloads that were cut, damaged or made by somebody else: an error, and the state untouched.

namespace troupe {
namespace {

using namespace delta_test;

struct Case {
  Owned base = small_state(1);
  std::string payload;
  Case() {
    Owned now = base;
    Rng rng(2);
    for (int i = 0; i < 90; ++i) set(now.bits[4], 2, rng.below(301), rng.below(1U << 16U));
    for (int i = 0; i < 30; ++i) set(now.bits[0], 2, rng.below(407), rng.below(1U << 16U));
    for (char& c : now.bits[1]) c = static_cast<char>(rng.next());
    payload = encode_delta("p", base.id(1), base.tensors(), 0, 2, now.tensors())->payload;
  }
  /// The error's code; checks that nothing was touched.
  [[nodiscard]] ErrorCode refusal(std::string_view bytes) const {
    Owned copy = base;
    HeldState held = copy.held(base.id(1));
    const Status status = apply_delta(bytes, held);
    EXPECT_FALSE(status);
    EXPECT_EQ(copy.bits, base.bits);
    EXPECT_EQ(held.id, base.id(1));
    return status ? ErrorCode::kCancelled : status.error().code;
  }
};

TEST(DeltaDamage, IsRefusedWhereverItIsCut) {
  const Case c;
  for (std::size_t size = 0; size < c.payload.size(); ++size) {
    ASSERT_EQ(c.refusal(std::string_view(c.payload).substr(0, size)), ErrorCode::kIo) << size;
  }
  EXPECT_EQ(c.refusal(c.payload + '\0'), ErrorCode::kIo);
}

TEST(DeltaDamage, IsFoundInEveryByte) {
  const Case c;
  for (std::size_t at = 0; at < c.payload.size(); ++at) {
    std::string bytes = c.payload;
    bytes[at] = static_cast<char>(bytes[at] ^ (1 << (at % 8)));
    ASSERT_EQ(c.refusal(bytes), ErrorCode::kIo) << at;
  }
}

/// With a right checksum: what only a faulty or hostile writer makes.
TEST(DeltaDamage, IsHarmlessUnderARightChecksum) {
  const Case c;
  Owned now = c.base;
  HeldState good = now.held(c.base.id(1));
  ASSERT_TRUE(apply_delta(c.payload, good));
  Rng rng(11);
  for (std::size_t at = kDeltaPrefix; at < c.payload.size(); ++at) {
    std::string bytes = c.payload;
    bytes[at] = static_cast<char>(rng.next());
    if (at % 7 == 0) bytes.resize(at);
    sign_payload(bytes);
    Owned copy = c.base;
    HeldState held = copy.held(c.base.id(1));
    const Status status = apply_delta(bytes, held);
    // Other digits in a version's number change no bits; all else is refused.
    ASSERT_EQ(copy.bits, status ? now.bits : c.base.bits) << at;
  }
}

/// Written by hand as docs/formats/delta.md says, but for checksum and length.
TEST(DeltaDamage, ReadsBytesThatTheFormatPageDescribes) {
  Owned base;
  base.add("w", Dtype::kBf16, {2, 300});
  Owned now = base;
  set(now.bits[0], 2, 3, 0xffff);    // one below 0: difference -1, written as 1
  set(now.bits[0], 2, 564, 0x0001);  // 560 left out between them
  std::string bytes(8, '\0');
  ByteWriter out(bytes);
  out.raw("TRPWTD01", 8).number(1U).number(0U).number(std::uint64_t{0}).text("p");
  out.number(std::int64_t{0}).number(std::int64_t{1}).text(base.id(1).digest);
  out.number(std::int64_t{0}).number(std::int64_t{2}).text(now.id(2).digest);
  out.number(1U).text("w").number(std::uint8_t{1}).number(std::uint8_t{2});
  out.number(std::int64_t{2}).number(std::int64_t{300}).text(tensor_digest(now.bits[0]));
  out.number(std::uint8_t{1}).number(2U).number(std::uint8_t{1}).number(std::uint64_t{3});
  out.number(std::uint64_t{3 << 1}).raw("\x01\xff\x19", 3);  // 3 >> 1, 560 >> 1 = 255 + 25
  out.number(std::uint64_t{1 << 1}).raw("\x01", 1);          // low bits 1, 0
  out.number(std::uint8_t{1});
  out.number(std::uint64_t{2 << 1}).raw("\x01\x02", 2);
  out.number(std::uint64_t{2 << 1}).raw("\x00\x00", 2);
  sign_payload(bytes);
  HeldState held = base.held(base.id(1));
  const Status status = apply_delta(bytes, held);
  ASSERT_TRUE(status) << status.error().message;
  EXPECT_EQ(base.bits, now.bits);
}

}  // namespace
}  // namespace troupe
