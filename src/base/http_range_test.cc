#include "base/http_range.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "base/rng.h"

namespace troupe {
namespace {

HttpRange of(std::string_view range, std::uint64_t size = 100) {
  return choose_range(range, "", "\"a\"", size);
}

void expect(const HttpRange& got, int status, std::uint64_t first, std::uint64_t size) {
  EXPECT_EQ(got.status, status);
  EXPECT_EQ(got.first, first);
  EXPECT_EQ(got.size, size);
}

TEST(HttpRange, TheExamplesOfTheRule) {  // RFC 9110, section 14.1.2
  expect(of("bytes=0-499", 10000), 206, 0, 500);
  expect(of("bytes=500-999", 10000), 206, 500, 500);
  expect(of("bytes=-500", 10000), 206, 9500, 500);
  expect(of("bytes=9500-", 10000), 206, 9500, 500);
  expect(of("bytes=0-0", 10000), 206, 0, 1);
}

TEST(HttpRange, WhatReachesBeyondTheEndIsCutAndWhatBeginsThereIsRefused) {
  expect(of("bytes=90-1000"), 206, 90, 10);
  expect(of("bytes=-1000"), 206, 0, 100);
  expect(of("bytes=100-"), 416, 0, 0);
  expect(of("bytes=-0"), 416, 0, 0);
  expect(of("bytes=0-", 0), 416, 0, 0);
}

TEST(HttpRange, WhatCannotBeReadIsIgnored) {
  for (const char* text : {"", "bytes", "bytes=", "bytes=-", "bytes=5", "bytes=5-4", "bytes=a-b",
                           "bytes=0-1,5-6", "lines=1-2", "bytes=1-2 ", "bytes=+1-2", "bytes=--1",
                           "bytes=99999999999999999999-", "bytes=0-99999999999999999999"}) {
    SCOPED_TRACE(text);
    expect(of(text), 200, 0, 100);
  }
}

TEST(HttpRange, AnotherBodyIsSentWhole) {
  expect(choose_range("bytes=5-6", "\"a\"", "\"a\"", 100), 206, 5, 2);
  expect(choose_range("bytes=5-6", "\"b\"", "\"a\"", 100), 200, 0, 100);
  expect(choose_range("bytes=5-6", "W/\"a\"", "W/\"a\"", 100), 206, 5, 2);
  expect(choose_range("bytes=5-6", "\"a\"", "", 100), 200, 0, 100);
}

TEST(HttpRange, NeverLeavesTheBody) {
  Rng rng(5);
  constexpr std::string_view kLetters = "0123456789-,= b";
  for (int i = 0; i < 20000; ++i) {
    std::string text = "bytes=";
    for (std::uint64_t n = rng.below(8); n > 0; --n) text += kLetters[rng.below(kLetters.size())];
    const std::uint64_t size = rng.below(20);
    const HttpRange got = of(text, size);
    ASSERT_EQ(got.status == 206, got.size > 0 && got.status != 200) << text;
    ASSERT_LE(got.first + got.size, size) << text;
  }
}

}  // namespace
}  // namespace troupe
