#include "base/bytes.h"

#include <gtest/gtest.h>

namespace troupe {
namespace {

TEST(Bytes, ReadsBackWhatWasWritten) {
  std::string bytes;
  ByteWriter(bytes)
      .number(std::uint8_t{7})
      .number(-2.5)
      .text("abc")
      .text("")
      .number(std::int64_t{-1});
  ByteReader in(bytes);
  EXPECT_EQ(in.number<std::uint8_t>(), 7);
  EXPECT_EQ(in.number<double>(), -2.5);
  EXPECT_EQ(in.text(), "abc");
  EXPECT_EQ(in.text(), "");
  EXPECT_EQ(in.number<std::int64_t>(), -1);
  EXPECT_TRUE(in.ok());
  EXPECT_EQ(in.left(), 0U);
}

TEST(Bytes, CutAnywhereItSaysSoAndReadsNothingBehindTheEnd) {
  std::string bytes;
  ByteWriter(bytes).number(std::uint32_t{9}).text("hello").number(1.0);
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    ByteReader in(std::string_view(bytes).substr(0, size));
    in.number<std::uint32_t>();
    in.text();
    in.number<double>();
    EXPECT_FALSE(in.ok()) << size;
  }
}

}  // namespace
}  // namespace troupe
