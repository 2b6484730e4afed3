#include "model/kernels/kernels.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>
#include <limits>
#include <vector>

#include "base/rng.h"
#include "model/decoder_test_models.h"
#include "model/kernels/panels.h"

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

class KernelsOf : public ::testing::TestWithParam<const Kernels*> {};

TEST_P(KernelsOf, GemmIsOneChainPerElementForAllShapesAndLayouts) {
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
    PanelMatrix packed(r, n);
    const int part = static_cast<int>(rng.below(static_cast<std::uint64_t>(n)));
    packed.put_transposed(b_rows.data(), part, 0);
    packed.put_transposed(b_rows.data() + part * r, n - part, part);
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
    const int dim = static_cast<int>(1 + rng.below(40));
    const int padded = round_up(dim, kLanes);
    const auto q = normals(rng, static_cast<std::size_t>(dim), 0.5);
    // What lies beyond `count` must not matter, even if it is not a number.
    std::vector<float> keys(static_cast<std::size_t>(round_up(count, kLanes) * dim), NAN);
    std::vector<float> values(static_cast<std::size_t>(count * padded), NAN);
    std::vector<double> probabilities;
    double most = -1e30;
    for (int t = 0; t < count; ++t) {
      double score = 0.0;
      for (int d = 0; d < dim; ++d) {
        const auto key = static_cast<float>(rng.normal());
        keys[static_cast<std::size_t>(((t / kLanes) * dim + d) * kLanes + t % kLanes)] = key;
        values[static_cast<std::size_t>(t * padded + d)] = static_cast<float>(rng.normal());
        score += static_cast<double>(q[static_cast<std::size_t>(d)]) * static_cast<double>(key);
      }
      probabilities.push_back(score);
      most = std::max(most, score);
    }
    double sum = 0.0;
    for (double& p : probabilities) sum += p = std::exp(p - most);
    std::vector<float> scores(static_cast<std::size_t>(round_up(count, kLanes)));
    std::vector<float> out(static_cast<std::size_t>(dim));
    const AttentionStats stats = table.attention(q.data(), keys.data(), values.data(), count, dim,
                                                 scores.data(), out.data());
    EXPECT_NEAR(stats.max, most, 1e-5);
    EXPECT_NEAR(stats.inverse, 1.0 / sum, 1e-5);
    for (int d = 0; d < dim; ++d) {
      double expected = 0.0;
      for (int t = 0; t < count; ++t) {
        expected += probabilities[static_cast<std::size_t>(t)] / sum *
                    static_cast<double>(values[static_cast<std::size_t>(t * padded + d)]);
      }
      ASSERT_NEAR(out[static_cast<std::size_t>(d)], expected, 5e-6);
    }
    const int width = round_up(count, kLanes) + kLanes;
    std::vector<float> p(static_cast<std::size_t>(width), 7.0F);
    table.attention_probabilities(q.data(), keys.data(), count, dim, stats, width, p.data());
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
    }
    table.swiglu(x.data(), w.data(), n, y.data());
    for (int i = 0; i < n; ++i) {
      const auto at = static_cast<std::size_t>(i);
      const double g = static_cast<double>(x[at]);
      EXPECT_NEAR(y[at], g / (1.0 + std::exp(-g)) * static_cast<double>(w[at]), 2e-6);
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Isa, KernelsOf, ::testing::ValuesIn(machine_kernels()),
                         [](const auto& test) { return std::string(test.param->name); });

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
