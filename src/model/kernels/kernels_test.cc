#include "model/kernels/kernels.h"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <cstdlib>
#include <limits>
#include <vector>

#include "base/rng.h"
#include "model/decoder_test_models.h"
#include "model/kernels/panels.h"
#include "model/kv_layout.h"

namespace troupe {
namespace {

std::vector<float> normals(Rng& rng, std::size_t n, double deviation = 1.0) {
  std::vector<float> x(n);
  for (float& v : x) v = static_cast<float>(deviation * rng.normal());
  return x;
}

// One element of a product by the contract of kernels.h: a chain of fused multiply-adds.
float chain(const Kernels& table, const std::vector<float>& a, const std::vector<float>& b, int i,
            int j, int n, int r) {
  const bool fused = std::string(table.name) != "portable";
  float sum = 0.0F;
  for (int k = 0; k < r; ++k) {
    const float x = a[static_cast<std::size_t>(i * r + k)];
    const float y = b[static_cast<std::size_t>(k * n + j)];
    sum = fused ? std::fma(x, y, sum) : sum + x * y;
  }
  return sum;
}

// Element i of a row of words.
float element(const Kernels& table, const std::vector<float>& row, int i) {
  if (table.dtype == Dtype::kFp32) return row[static_cast<std::size_t>(i)];
  const auto word = std::bit_cast<std::uint32_t>(row[static_cast<std::size_t>(i / 2)]);
  return std::bit_cast<float>(i % 2 == 0 ? word << 16 : word & 0xffff0000U);
}

class KernelsOf : public ::testing::TestWithParam<const Kernels*> {};
class Fp32KernelsOf : public KernelsOf {};
class Bf16KernelsOf : public KernelsOf {};

TEST_P(Fp32KernelsOf, GemmIsOneChainPerElementForAllShapesAndLayouts) {
  const Kernels& table = *GetParam();
  Rng rng(1);
  for (int round = 0; round < 60; ++round) {
    const int m = static_cast<int>(1 + rng.below(20));
    const int n = static_cast<int>(1 + rng.below(150));
    const int r = static_cast<int>(1 + rng.below(40));
    SCOPED_TRACE(::testing::Message() << m << " x " << n << " x " << r);
    const auto a = normals(rng, static_cast<std::size_t>(m * r));
    const auto b = normals(rng, static_cast<std::size_t>(r * n));
    std::vector<float> a_columns(a.size());  // the same A, stored by columns
    for (int i = 0; i < m; ++i) {
      for (int k = 0; k < r; ++k) {
        a_columns[static_cast<std::size_t>(k * m + i)] = a[static_cast<std::size_t>(i * r + k)];
      }
    }
    std::vector<float> b_rows(b.size());  // [n, r], as weights are stored
    for (int k = 0; k < r; ++k) {
      for (int j = 0; j < n; ++j) {
        b_rows[static_cast<std::size_t>(j * r + k)] = b[static_cast<std::size_t>(k * n + j)];
      }
    }
    std::vector<const float*> rows;
    for (int j = 0; j < n; ++j) rows.push_back(b_rows.data() + j * r);
    const PanelMatrix packed(table, rows, r);
    const auto start = normals(rng, static_cast<std::size_t>(m * (n + 3)));
    std::vector<float> workspace(gemm_workspace(r));
    for (int variant = 0; variant < 8; ++variant) {
      auto c = start;
      Gemm g;
      g.m = m;
      g.n = n;
      g.r = r;
      const bool by_columns = (variant & 1) != 0;
      g.a = by_columns ? a_columns.data() : a.data();
      g.a_row = by_columns ? 1 : r;
      g.a_col = by_columns ? m : 1;
      g.b = (variant & 2) != 0 ? packed.data.data() : b.data();
      g.b_row = (variant & 2) != 0 ? 0 : n;
      g.c = c.data();
      g.c_row = n + 3;
      g.add = (variant & 4) != 0;
      g.workspace = workspace.data();
      table.gemm(g);
      for (int i = 0; i < m; ++i) {
        for (int j = 0; j < n + 3; ++j) {
          const auto at = static_cast<std::size_t>(i * (n + 3) + j);
          float expected = start[at];
          if (j < n) {
            const float product = chain(table, a, b, i, j, n, r);
            expected = g.add ? expected + product : product;
          }
          ASSERT_EQ(c[at], expected) << "variant " << variant << " at " << i << ", " << j;
        }
      }
    }
  }
}

TEST_P(KernelsOf, ExpIsWithinTwoUlpAndSafeAtTheEnds) {
  const Kernels& table = *GetParam();
  std::vector<float> x;
  for (double v = -87.2; v < 88.2; v += 0.00071) x.push_back(static_cast<float>(v));
  std::vector<float> y(x.size());
  table.exp(x.data(), static_cast<int>(x.size()), y.data());
  double worst = 0.0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    const double exact = std::exp(static_cast<double>(x[i]));
    const auto rounded = static_cast<float>(exact);
    const double ulp = std::nextafter(rounded, INFINITY) - static_cast<double>(rounded);
    worst = std::max(worst, std::abs(static_cast<double>(y[i]) - exact) / ulp);
  }
  RecordProperty("worst_ulp", std::to_string(worst));
  EXPECT_LT(worst, 2.0);

  const float infinity = std::numeric_limits<float>::infinity();
  const float ends[5] = {-infinity, -1000.0F, 0.0F, 1000.0F, NAN};
  float out[5];
  table.exp(ends, 5, out);
  EXPECT_EQ(out[0], 0.0F);
  EXPECT_EQ(out[1], 0.0F);
  EXPECT_EQ(out[2], 1.0F);
  EXPECT_GT(out[3], 1e38F);
  EXPECT_TRUE(std::isfinite(out[3]));
  EXPECT_TRUE(std::isnan(out[4]));
}

TEST_P(KernelsOf, AttentionEqualsTheDefinition) {
  const Kernels& table = *GetParam();
  Rng rng(2);
  for (int round = 0; round < 40; ++round) {
    const int count = static_cast<int>(1 + rng.below(90));
    const int dim = static_cast<int>(2 * (1 + rng.below(40)));
    ModelConfig shape;
    shape.layers = 1;
    shape.kv_heads = 1;
    shape.head_dim = dim;
    const KvLayout layout(shape, table.dtype);
    auto q = normals(rng, static_cast<std::size_t>(dim), 0.5);
    table.round(q.data(), dim);
    std::vector<float> q_words(static_cast<std::size_t>(dim));
    table.pack(q.data(), dim, q_words.data());
    // What lies beyond `count` must not matter, even if it is not a number.
    const int page_count = round_up(count, kLanes) / kLanes;
    std::vector<float> memory(static_cast<std::size_t>(page_count * layout.page_words()), NAN);
    std::vector<const float*> pages;
    for (int p = 0; p < page_count; ++p) pages.push_back(memory.data() + p * layout.page_words());
    std::vector<float> value_of(static_cast<std::size_t>(count * dim));
    std::vector<float> key_words(static_cast<std::size_t>(dim));
    std::vector<double> probabilities;
    double most = -1e30;
    for (int t = 0; t < count; ++t) {
      double score = 0.0;
      auto key = normals(rng, static_cast<std::size_t>(dim));
      auto value = normals(rng, static_cast<std::size_t>(dim));
      table.round(key.data(), dim);
      table.round(value.data(), dim);
      float* page = memory.data() + t / kLanes * layout.page_words();
      table.pack(key.data(), dim, key_words.data());
      for (int d = 0; d < words(table.dtype, dim); ++d) {
        page[layout.keys(0) + d * kLanes + t % kLanes] = key_words[static_cast<std::size_t>(d)];
      }
      table.store_value(
          value.data(), dim, t,
          page + layout.values(0) + t % kLanes / elements_per_word(table.dtype) * layout.padded());
      std::copy(value.begin(), value.end(), value_of.begin() + t * dim);
      for (int d = 0; d < dim; ++d) {
        score += static_cast<double>(q[static_cast<std::size_t>(d)]) *
                 static_cast<double>(key[static_cast<std::size_t>(d)]);
      }
      probabilities.push_back(score);
      most = std::max(most, score);
    }
    double sum = 0.0;
    for (double& p : probabilities) sum += p = std::exp(p - most);
    std::vector<float> scores(static_cast<std::size_t>(round_up(count, kLanes)));
    std::vector<float> out_words(static_cast<std::size_t>(dim));
    AttentionStats stats;
    AttentionRow row;
    row.pages = pages.data();
    row.keys = layout.keys(0);
    row.values = layout.values(0);
    row.count = count;
    row.head_dim = dim;
    row.heads = 1;
    row.q = q_words.data();
    row.scores = scores.data();
    row.scores_head = round_up(count, kLanes);
    row.out = out_words.data();
    row.stats = &stats;
    table.attention(row);
    std::vector<float> out;
    for (int d = 0; d < dim; ++d) out.push_back(element(table, out_words, d));
    // In bf16 the probabilities and the result are rounded to 8 bits.
    const bool exact = table.dtype == Dtype::kFp32;
    EXPECT_NEAR(stats.max, most, 1e-5);
    EXPECT_NEAR(stats.inverse, 1.0 / sum, 1e-5);
    for (int d = 0; d < dim; ++d) {
      double expected = 0.0;
      for (int t = 0; t < count; ++t) {
        expected += probabilities[static_cast<std::size_t>(t)] / sum *
                    static_cast<double>(value_of[static_cast<std::size_t>(t * dim + d)]);
      }
      ASSERT_NEAR(out[static_cast<std::size_t>(d)], expected, exact ? 5e-6 : 2e-2);
    }
    const int width = round_up(count, kLanes) + kLanes;
    std::vector<float> p(static_cast<std::size_t>(width), 7.0F);
    table.attention_probabilities(row, stats, width, p.data());
    for (int t = 0; t < width; ++t) {
      const double expected = t < count ? probabilities[static_cast<std::size_t>(t)] / sum : 0.0;
      ASSERT_NEAR(p[static_cast<std::size_t>(t)], expected, t < count ? 1e-6 : 0.0);
    }
  }
}

TEST_P(KernelsOf, RopeTurnsPairsAndBack) {
  const Kernels& table = *GetParam();
  Rng rng(3);
  for (const int half : {1, 3, 8, 16, 21}) {
    const auto x = normals(rng, static_cast<std::size_t>(6 * half));
    std::vector<float> cosines;
    std::vector<float> sines;
    for (int i = 0; i < half; ++i) {
      cosines.push_back(std::cos(0.3F * static_cast<float>(i)));
      sines.push_back(std::sin(0.3F * static_cast<float>(i)));
    }
    auto y = x;
    table.rope(y.data(), 3, cosines.data(), sines.data(), half, 0.5F, false);
    for (int i = 0; i < 3 * half; ++i) {
      const auto angle = static_cast<std::size_t>(i % half);
      const auto a = static_cast<std::size_t>(i / half * 2 * half + i % half);
      const auto b = a + static_cast<std::size_t>(half);
      EXPECT_NEAR(y[a], 0.5F * (x[a] * cosines[angle] - x[b] * sines[angle]), 1e-6);
      EXPECT_NEAR(y[b], 0.5F * (x[b] * cosines[angle] + x[a] * sines[angle]), 1e-6);
    }
    table.rope(y.data(), 3, cosines.data(), sines.data(), half, 2.0F, true);
    for (std::size_t i = 0; i < x.size(); ++i) EXPECT_NEAR(y[i], x[i], 2e-6);
  }
}

TEST_P(KernelsOf, RowsOfAnyLengthStayInsideTheirMemory) {
  const Kernels& table = *GetParam();
  Rng rng(4);
  for (int n = 1; n < 50; ++n) {
    const auto x = normals(rng, static_cast<std::size_t>(n));  // asan watches the ends
    const auto w = normals(rng, static_cast<std::size_t>(n));
    std::vector<float> y(static_cast<std::size_t>(n));
    const float s = table.rms_norm(x.data(), w.data(), n, 1e-6F, y.data());
    std::vector<float> y_words(static_cast<std::size_t>(words(table.dtype, n)));
    EXPECT_EQ(table.rms_norm_words(x.data(), w.data(), n, 1e-6F, y_words.data()), s);
    std::vector<float> gated_words(static_cast<std::size_t>(words(table.dtype, n)));
    double squares = 0.0;
    double gated = 0.0;
    float most = x[0];
    for (const float v : x) {
      squares += static_cast<double>(v) * static_cast<double>(v);
      gated += std::exp(0.5 * static_cast<double>(v) - 0.25);
      most = std::max(most, v);
    }
    EXPECT_NEAR(s, 1.0 / std::sqrt(squares / n + 1e-6), 1e-6 * static_cast<double>(s));
    EXPECT_EQ(table.max(x.data(), n), most);
    EXPECT_NEAR(table.sum_exp(x.data(), n, 0.5F, 0.25F), gated, 1e-6 * gated);
    for (int i = 0; i < n; ++i) {
      const auto at = static_cast<std::size_t>(i);
      EXPECT_NEAR(y[at], x[at] * s * w[at], 1e-6);
      float rounded = y[at];
      table.round(&rounded, 1);
      EXPECT_EQ(element(table, y_words, i), rounded);
    }
    table.swiglu(x.data(), w.data(), n, gated_words.data());
    for (int i = 0; i < n; ++i) {
      const auto at = static_cast<std::size_t>(i);
      const double g = static_cast<double>(x[at]);
      const double expected = g / (1.0 + std::exp(-g)) * static_cast<double>(w[at]);
      EXPECT_NEAR(element(table, gated_words, i), expected,
                  table.dtype == Dtype::kFp32 ? 2e-6 : 5e-3 * std::abs(expected) + 1e-6);
    }
  }
}

// Random bit patterns, so that ties, subnormals, infinities and NaN come up.
TEST_P(KernelsOf, RoundingToBf16IsToNearestTiesToEven) {
  const Kernels& table = *GetParam();
  Rng rng(6);
  std::vector<float> x;
  for (int i = 0; i < 5000; ++i)
    x.push_back(std::bit_cast<float>(static_cast<std::uint32_t>(rng.next())));
  for (std::uint32_t high : {0x3f80U, 0x3f81U, 0x0001U, 0xff7fU, 0x7f80U}) {
    for (std::uint32_t low : {0x0000U, 0x7fffU, 0x8000U, 0x8001U}) {
      x.push_back(std::bit_cast<float>(high << 16 | low));
    }
  }
  auto rounded = x;
  table.round(rounded.data(), static_cast<int>(x.size()));
  std::vector<float> packed(
      static_cast<std::size_t>(words(table.dtype, static_cast<int>(x.size()))));
  table.pack(x.data(), static_cast<int>(x.size()), packed.data());
  for (std::size_t i = 0; i < x.size(); ++i) {
    float expected = x[i];
    if (table.dtype == Dtype::kBf16 && !std::isnan(x[i])) {
      const auto bits = std::bit_cast<std::uint32_t>(x[i]);
      const std::uint32_t low = bits & 0xffffU;
      const bool up = low > 0x8000U || (low == 0x8000U && (bits >> 16 & 1U) != 0);
      expected = std::bit_cast<float>((bits & 0xffff0000U) + (up ? 0x10000U : 0U));
    }
    if (std::isnan(x[i])) {
      EXPECT_TRUE(std::isnan(rounded[i]));
    } else {
      EXPECT_EQ(std::bit_cast<std::uint32_t>(rounded[i]), std::bit_cast<std::uint32_t>(expected));
      EXPECT_EQ(std::bit_cast<std::uint32_t>(element(table, packed, static_cast<int>(i))),
                std::bit_cast<std::uint32_t>(expected));
    }
  }
}

TEST_P(Bf16KernelsOf, GemmSumsRoundedProducts) {
  const Kernels& table = *GetParam();
  Rng rng(7);
  for (int round = 0; round < 60; ++round) {
    const int m = static_cast<int>(1 + rng.below(20));
    const int n = static_cast<int>(1 + rng.below(150));
    const int inputs = static_cast<int>(1 + rng.below(60));
    auto a = normals(rng, static_cast<std::size_t>(m * inputs));
    auto b = normals(rng, static_cast<std::size_t>(n * inputs));
    std::vector<const float*> rows;
    for (int j = 0; j < n; ++j) rows.push_back(b.data() + j * inputs);
    const PanelMatrix packed(table, rows, inputs);
    std::vector<float> a_words(static_cast<std::size_t>(m * packed.r));
    for (int i = 0; i < m; ++i) {
      table.pack(a.data() + i * inputs, inputs, a_words.data() + i * packed.r);
    }
    std::vector<float> c(static_cast<std::size_t>(m * n), 100.0F);
    Gemm g;
    g.m = m;
    g.n = n;
    g.r = packed.r;
    g.a = a_words.data();
    g.a_row = packed.r;
    g.b = packed.data.data();
    g.c = c.data();
    g.c_row = n;
    table.gemm(g);
    table.round(a.data(), m * inputs);
    table.round(b.data(), n * inputs);
    for (int i = 0; i < m; ++i) {
      for (int j = 0; j < n; ++j) {
        double expected = 0.0;
        for (int k = 0; k < inputs; ++k) {
          expected += static_cast<double>(a[static_cast<std::size_t>(i * inputs + k)]) *
                      static_cast<double>(b[static_cast<std::size_t>(j * inputs + k)]);
        }
        ASSERT_NEAR(c[static_cast<std::size_t>(i * n + j)], expected, 2e-5) << i << ", " << j;
      }
    }
  }
}

TEST_P(KernelsOf, PairsOfRowsHoldBothRows) {
  const Kernels& table = *GetParam();
  Rng rng(8);
  for (const int n : {1, 2, 15, 16, 17, 33, 64}) {
    auto first = normals(rng, static_cast<std::size_t>(n));
    auto second = normals(rng, static_cast<std::size_t>(n));
    table.round(first.data(), n);
    table.round(second.data(), n);
    std::vector<float> pairs(static_cast<std::size_t>(n));
    std::vector<float> word_pairs(static_cast<std::size_t>(n));
    std::vector<float> first_words(static_cast<std::size_t>(words(table.dtype, n)));
    auto second_words = first_words;
    table.pack(first.data(), n, first_words.data());
    table.pack(second.data(), n, second_words.data());
    for (const bool whole : {true, false}) {
      table.pair_rows(first.data(), whole ? second.data() : nullptr, n, pairs.data());
      table.pair_word_rows(first_words.data(), whole ? second_words.data() : nullptr, n,
                           word_pairs.data());
      for (int i = 0; i < n; ++i) {
        const auto at = static_cast<std::size_t>(i);
        const int step = elements_per_word(table.dtype);
        EXPECT_EQ(element(table, pairs, step * i), first[at]);
        EXPECT_EQ(element(table, word_pairs, step * i), first[at]);
        if (step == 1) continue;
        EXPECT_EQ(element(table, pairs, 2 * i + 1), whole ? second[at] : 0.0F);
        EXPECT_EQ(element(table, word_pairs, 2 * i + 1), whole ? second[at] : 0.0F);
      }
    }
  }
}

std::string table_name(const ::testing::TestParamInfo<const Kernels*>& test) {
  return std::string(test.param->name) + "_" + dtype_name(test.param->dtype);
}
INSTANTIATE_TEST_SUITE_P(Isa, KernelsOf, ::testing::ValuesIn(all_kernels()), table_name);
INSTANTIATE_TEST_SUITE_P(Isa, Fp32KernelsOf, ::testing::ValuesIn(machine_kernels(Dtype::kFp32)),
                         table_name);
INSTANTIATE_TEST_SUITE_P(Isa, Bf16KernelsOf, ::testing::ValuesIn(machine_kernels(Dtype::kBf16)),
                         table_name);

TEST(Kernels, AnUnknownInstructionSetInTheEnvironmentIsRefusedByName) {
  const char* before = std::getenv("TROUPE_ISA");
  const std::string kept = before == nullptr ? "" : before;
  setenv("TROUPE_ISA", "sse9", 1);
  const Status refused = check_kernel_isa();
  setenv("TROUPE_ISA", "portable", 1);
  const Status accepted = check_kernel_isa();
  if (before == nullptr) {
    unsetenv("TROUPE_ISA");
  } else {
    setenv("TROUPE_ISA", kept.c_str(), 1);
  }
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().code, ErrorCode::kInvalid);
  EXPECT_NE(refused.error().message.find("TROUPE_ISA=sse9"), std::string::npos);
  EXPECT_TRUE(accepted.has_value());
}

TEST(Kernels, AnUnknownNameHasNoTable) {
  EXPECT_EQ(find_kernels("sse9"), nullptr);
  ASSERT_NE(find_kernels("portable"), nullptr);
}

}  // namespace
}  // namespace troupe
