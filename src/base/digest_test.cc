#include "base/digest.h"

#include <gtest/gtest.h>

namespace troupe {
namespace {

// Reference values: xxh3_128_hexdigest of the Python package xxhash.
TEST(Digest, MatchesTheReferenceLibrary) {
  EXPECT_EQ(Digest().hex(), "99aa06d3014798d86001c324468d497f");
  EXPECT_EQ(Digest().add("troupe").hex(), "71698ef7b4dce30b6673611043649e53");
  EXPECT_EQ(Digest().add(std::string(1000, 'x')).hex(), "50a1af5a5f2dcf01c0a4877b962cba82");
}

TEST(Digest, DoesNotDependOnHowTheBytesAreCut) {
  std::string text;
  for (int i = 0; i < 1000; ++i) text += static_cast<char>(i * 7);
  Digest parts;
  for (std::size_t at = 0; at < text.size(); at += 37) parts.add(text.substr(at, 37));
  EXPECT_EQ(parts.hex(), Digest().add(text).hex());
  EXPECT_EQ(parts.hex(), parts.hex());  // looking does not end it
  EXPECT_NE(parts.add("x").hex(), Digest().add(text).hex());
}

}  // namespace
}  // namespace troupe
