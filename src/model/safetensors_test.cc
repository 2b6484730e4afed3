#include <fmt/format.h>
#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <cstring>

#include "model/half.h"
#include "model/safetensors.h"

namespace troupe {
namespace {

using Shape = std::vector<std::int64_t>;

/// A file with a given header text and data, whatever they say.
std::string raw(const std::string& header, const std::string& data) {
  const std::uint64_t length = header.size();
  std::string out(8, '\0');
  std::memcpy(out.data(), &length, 8);
  return out + header + data;
}

std::vector<float> values(const TensorView& tensor) {
  std::vector<float> out(tensor.size());
  tensor.read(0, out);
  return out;
}

std::string error_of(const std::string& bytes) {
  const auto file = parse_safetensors(bytes);
  if (file) return "accepted";
  EXPECT_EQ(file.error().code, ErrorCode::kInvalid);
  EXPECT_EQ(file.error().message.find('\n'), std::string::npos);
  return file.error().message;
}

TEST(Safetensors, ComesBackAsWritten) {
  const std::vector<float> a = {1.0F, -0.0F, 1e-45F, INFINITY, 3.5F, -2.0F};
  const std::vector<float> b = {7.0F};
  const std::string bytes =
      encode_safetensors({{"z", {2, 3}, a}, {"a", {}, b}, {"none", {0, 4}, {}}},
                         {{"format", "pt"}, {"quote", "\"\n"}});
  EXPECT_EQ((bytes.size() - 7 * sizeof(float)) % 8, 0U);  // the data begins at a multiple of 8
  const auto file = parse_safetensors(bytes);
  ASSERT_TRUE(file) << file.error().message;
  ASSERT_EQ(file->tensors.size(), 3U);
  EXPECT_EQ(file->find("z")->shape, Shape({2, 3}));
  EXPECT_EQ(std::memcmp(values(*file->find("z")).data(), a.data(), a.size() * sizeof(float)), 0);
  EXPECT_EQ(file->find("a")->shape, Shape({}));
  EXPECT_EQ(values(*file->find("a")), b);
  EXPECT_TRUE(values(*file->find("none")).empty());
  EXPECT_EQ(file->find("b"), nullptr);
  EXPECT_EQ(file->metadata.size(), 2U);
  EXPECT_EQ(encode_safetensors({}, {}), raw("{}      ", ""));
}

TEST(Safetensors, RefusesDamagedHeaders) {
  const std::string good = R"({"t":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}})";
  const std::string data(8, '\0');
  EXPECT_EQ(error_of(raw(good, data)), "accepted");
  EXPECT_EQ(error_of(""),
            "0 bytes are no safetensors file; the file is damaged or truncated; copy "
            "it again");
  std::string huge = raw(good, data);
  huge[7] = '\x7f';
  EXPECT_NE(error_of(huge).find("the header claims"), std::string::npos);
  EXPECT_NE(error_of(raw("[]", "")).find("no JSON object"), std::string::npos);
  EXPECT_NE(error_of(raw("{\"t\":", "")).find("not valid JSON"), std::string::npos);
  EXPECT_NE(error_of(raw("{\"t\":3}", "")).find("tensor t"), std::string::npos);
  EXPECT_NE(error_of(raw(R"({"__metadata__":{"a":1}})", "")).find("__metadata__.a"),
            std::string::npos);
  // Every prefix of a good file is refused.
  const std::string whole = raw(good, data);
  for (std::size_t n = 0; n < whole.size(); ++n) {
    EXPECT_NE(error_of(whole.substr(0, n)), "accepted") << n;
  }
}

TEST(Safetensors, RefusesBadTensorsByName) {
  auto tensor = [](const char* dtype, const char* shape, const char* offsets) {
    return fmt::format(R"({{"bad":{{"dtype":"{}","shape":{},"data_offsets":{}}}}})", dtype, shape,
                       offsets);
  };
  const std::string data(16, '\0');
  const std::string cases[] = {
      tensor("I64", "[2]", "[0,16]"),
      tensor("F32", "[4]", "[0,17]"),                    // beyond the end
      tensor("F32", "[4]", "[16,0]"),                    // backwards
      tensor("F32", "[5]", "[0,16]"),                    // too small for its shape
      tensor("F32", "[-4]", "[0,16]"),                   // negative
      tensor("F32", "[4.0]", "[0,16]"),                  // no integer
      tensor("F32", "[4]", "[0]"),                       // one offset
      tensor("F32", "[4]", "[0,18446744073709551615]"),  // no signed 64-bit number
      tensor("F32", "[4611686018427387904,4611686018427387904]", "[0,16]"),  // product overflows
      tensor("F32", "[4611686018427387908]", "[0,16]"),                      // bytes overflow to 16
      tensor("F32", "[2]", "[8,16]"),                                        // a gap before it
      R"({"a":{"dtype":"F32","shape":[3],"data_offsets":[0,12]},)"
      R"("bad":{"dtype":"F32","shape":[3],"data_offsets":[4,16]}})",  // overlap
      R"({"bad":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},)"
      R"("bad":{"dtype":"F32","shape":[2],"data_offsets":[8,16]}})",  // twice
  };
  for (const std::string& header : cases) {
    EXPECT_NE(error_of(raw(header, data)).find("tensor bad"), std::string::npos)
        << header << ": " << error_of(raw(header, data));
  }
  EXPECT_NE(error_of(raw(tensor("F32", "[2]", "[0,8]"), data)).find("8 bytes follow"),
            std::string::npos);
  EXPECT_EQ(error_of(raw(cases[0], data)),
            "tensor bad has type I64; Troupe reads F32, F16 and BF16: convert it");
}

TEST(Safetensors, ConvertsEveryHalf) {
  for (std::uint32_t bits = 0; bits < 0x10000; ++bits) {
    const int exponent = static_cast<int>((bits >> 10) & 31);
    const int fraction = static_cast<int>(bits & 1023);
    const float found = half_to_float(static_cast<std::uint16_t>(bits));
    if (exponent == 31 && fraction != 0) {
      EXPECT_TRUE(std::isnan(found));
      continue;
    }
    double expected =
        exponent == 0 ? std::ldexp(fraction, -24) : std::ldexp(1024 + fraction, exponent - 25);
    if (exponent == 31) expected = INFINITY;
    if (bits >= 0x8000) expected = -expected;
    ASSERT_EQ(std::bit_cast<std::uint32_t>(found),
              std::bit_cast<std::uint32_t>(static_cast<float>(expected)))
        << bits;
  }
}

TEST(Safetensors, ReadsHalfAndBfloat) {
  const std::string halves("\x00\x3c\x00\xc0", 4);   // 1, -2
  const std::string bfloats("\x80\x3f\x20\xc1", 4);  // 1, -10
  const std::string bytes = raw(R"({"h":{"dtype":"F16","shape":[2],"data_offsets":[0,4]},)"
                                R"("b":{"dtype":"BF16","shape":[1,2],"data_offsets":[4,8]}})",
                                halves + bfloats);
  const auto file = parse_safetensors(bytes);
  ASSERT_TRUE(file) << file.error().message;
  EXPECT_EQ(values(*file->find("h")), (std::vector<float>{1.0F, -2.0F}));
  EXPECT_EQ(values(*file->find("b")), (std::vector<float>{1.0F, -10.0F}));
  std::vector<float> last(1);
  file->find("h")->read(1, last);
  EXPECT_EQ(last, std::vector<float>{-2.0F});
  file->find("b")->read(1, last);
  EXPECT_EQ(last, std::vector<float>{-10.0F});
}

// The nearest bfloat16 in value; of two that are as near, the one whose last bit is 0.
TEST(Safetensors, RoundsToTheNearestBfloat) {
  for (std::uint32_t upper = 0; upper < 0x7f80; ++upper) {
    const float low = bfloat_to_float(static_cast<std::uint16_t>(upper));
    const float high = bfloat_to_float(static_cast<std::uint16_t>(upper + 1));
    for (const std::uint32_t lower : {0x0U, 0x1U, 0x7fffU, 0x8000U, 0x8001U, 0xffffU}) {
      const float value = std::bit_cast<float>(upper << 16 | lower);
      bool up = lower > 0x8000U || (lower == 0x8000U && upper % 2 == 1);
      if (std::isfinite(high)) {
        const double below = static_cast<double>(value) - low;
        const double above = static_cast<double>(high) - value;
        ASSERT_EQ(up, above < below || (above == below && upper % 2 == 1));
      }
      const std::uint32_t expected = upper + (up ? 1 : 0);
      ASSERT_EQ(float_to_bfloat(value), expected) << value;
      ASSERT_EQ(float_to_bfloat(-value), expected | 0x8000U) << value;
    }
  }
  EXPECT_EQ(float_to_bfloat(INFINITY), 0x7f80);
  for (const std::uint32_t nan : {0x7f800001U, 0xffffffffU, 0x7fc00000U, 0xff80ffffU}) {
    EXPECT_TRUE(std::isnan(bfloat_to_float(float_to_bfloat(std::bit_cast<float>(nan))))) << nan;
  }
}

TEST(Safetensors, WritesBfloat) {
  const std::vector<float> a = {1.0F, 1.00390625F, -10.0F, 0.3F};
  const std::string bytes = encode_safetensors({{"a", {2, 2}, a}}, {}, Dtype::kBf16);
  const auto file = parse_safetensors(bytes);
  ASSERT_TRUE(file) << file.error().message;
  EXPECT_EQ(file->find("a")->bytes, std::string("\x80\x3f\x80\x3f\x20\xc1\x9a\x3e", 8));
  EXPECT_EQ(file->find("a")->type, TensorView::Type::kBf16);
}

TEST(Safetensors, AHeaderThatLiesTooDeepIsRefused) {
  std::string deep = "{\"t\":{\"dtype\":";
  for (int i = 0; i < 1000000; ++i) deep += '[';
  EXPECT_NE(error_of(raw(deep, "")).find("the header: more than"), std::string::npos);
}

}  // namespace
}  // namespace troupe
