// Which tokens are kept, against `transformers` (testdata/make_sampling_golden.py, written with
// transformers 5.23) and against the definition; and how often each is drawn.
#include "model/truncation.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <limits>
#include <nlohmann/json.hpp>
#include <numeric>

#include "base/rng.h"

namespace troupe {
namespace {

using nlohmann::json;

/// The logits of the golden file; the script has the formula.
std::vector<float> golden_logits(std::uint32_t seed, std::uint32_t vocab, double spread) {
  std::vector<float> out(vocab);
  for (std::uint32_t i = 0; i < vocab; ++i) {
    const double x = static_cast<double>((i * 2654435761U + seed * 40503U) >> 8) * 0x1.0p-24;
    out[i] = static_cast<float>(spread * x * x * x);
  }
  return out;
}

std::vector<TokenId> kept_ids(const Truncation& truncation) {
  std::vector<TokenId> out;
  for (const auto& candidate : truncation.kept()) out.push_back(candidate.token);
  return out;
}

TEST(Truncation, KeepsWhatTransformersKeeps) {
  std::ifstream file(std::string(TROUPE_SOURCE_DIR) + "/src/model/testdata/sampling_golden.json");
  const json cases = json::parse(file);
  ASSERT_GE(cases.size(), 80U);
  Truncation truncation;
  for (const json& item : cases) {
    SCOPED_TRACE(item.dump());
    const auto logits = golden_logits(item.at("seed").get<std::uint32_t>(),
                                      item.at("vocab").get<std::uint32_t>(), item.at("spread"));
    SamplingSettings settings;
    settings.temperature = item.at("temperature");
    settings.top_k = item.at("top_k");
    settings.top_p = item.at("top_p");
    settings.min_p = item.at("min_p");
    truncation.choose(logits, settings);
    const auto ids = kept_ids(truncation);
    EXPECT_EQ(ids.size(), item.at("count").get<std::size_t>());
    EXPECT_EQ(std::accumulate(ids.begin(), ids.end(), std::int64_t{0}), item.at("sum"));
    if (!item.contains("ids")) continue;
    EXPECT_EQ(ids, item.at("ids").get<std::vector<TokenId>>());
  }
}

/// The definition, with the whole vocabulary sorted, in double precision.
std::vector<TokenId> kept_by_definition(const std::vector<float>& logits,
                                        const SamplingSettings& s) {
  std::vector<TokenId> ranking(logits.size());
  std::iota(ranking.begin(), ranking.end(), 0);
  const auto logit = [&](TokenId id) { return double{logits[static_cast<std::size_t>(id)]}; };
  std::stable_sort(ranking.begin(), ranking.end(),
                   [&](TokenId a, TokenId b) { return logit(a) > logit(b); });
  const double most = logit(ranking.front());
  const auto weight = [&](TokenId id) {
    return std::exp((logit(id) - most) / double{s.temperature});
  };
  if (s.top_k > 0 && static_cast<std::size_t>(s.top_k) < ranking.size()) {
    ranking.resize(static_cast<std::size_t>(s.top_k));
  }
  double total = 0;
  for (const TokenId id : ranking) total += weight(id);
  std::vector<TokenId> kept;
  double above = 0;
  for (const TokenId id : ranking) {
    if (s.top_p < 1.0F && above >= double{s.top_p} * total) break;
    if (weight(id) < double{s.min_p}) break;
    kept.push_back(id);
    above += weight(id);
  }
  std::sort(kept.begin(), kept.end());
  return kept;
}

TEST(Truncation, EqualScoresAreTakenByTheLowestIds) {
  // Few different values, so that every limit falls among equal ones.
  Rng rng(3);
  const float unit = std::log(2.0F);
  Truncation truncation;
  int cases = 0;
  for (const std::size_t vocab : {5U, 64U, 300U, 5000U}) {
    for (int repeat = 0; repeat < 40; ++repeat) {
      std::vector<float> logits(vocab);
      for (float& x : logits) x = unit * static_cast<float>(rng.below(4));
      SamplingSettings settings;
      if (repeat % 2 == 0) settings.top_k = static_cast<int>(1 + rng.below(vocab));
      if (repeat % 3 > 0) settings.top_p = static_cast<float>(0.05 + 0.9 * rng.uniform());
      if (repeat % 5 == 0) settings.min_p = 0.3F;
      if (!settings.truncated()) continue;
      truncation.choose(logits, settings);
      ASSERT_EQ(kept_ids(truncation), kept_by_definition(logits, settings))
          << "vocab " << vocab << " top_k " << settings.top_k << " top_p " << settings.top_p
          << " min_p " << settings.min_p;
      ++cases;
    }
  }
  EXPECT_GT(cases, 100);
}

TEST(Truncation, AFlatDistributionOfALargeVocabularyIsCutByIds) {
  const std::vector<float> logits(50'000, 1.5F);
  Truncation truncation;
  SamplingSettings settings;
  settings.top_k = 700;
  truncation.choose(logits, settings);
  EXPECT_EQ(truncation.kept().size(), 700U);
  EXPECT_EQ(truncation.kept().back().token, 699);
  settings.top_k = 0;
  settings.top_p = 0.50001F;
  truncation.choose(logits, settings);
  EXPECT_EQ(truncation.kept().size(), 25'001U);
  EXPECT_EQ(truncation.kept().back().token, 25'000);
}

TEST(Truncation, AtLeastTheFirstTokenStays) {
  const float nothing = -std::numeric_limits<float>::infinity();
  Truncation truncation;
  SamplingSettings settings;
  settings.top_p = 1e-6F;
  settings.min_p = 1.0F;
  truncation.choose(std::vector<float>{1.0F, 3.0F, nothing, 3.0F}, settings);
  EXPECT_EQ(kept_ids(truncation), (std::vector<TokenId>{1}));
  EXPECT_EQ(truncation.draw(0.0), 1);
  EXPECT_EQ(truncation.draw(std::nextafter(1.0, 0.0)), 1);
  const std::vector<float> broken(9, std::numeric_limits<float>::quiet_NaN());
  truncation.choose(broken, settings);
  EXPECT_EQ(truncation.kept().size(), 1U);
}

TEST(Truncation, DrawsFollowTheProbabilitiesOfWhatIsKept) {
  Rng rng(5);
  std::vector<float> logits(400);
  for (float& x : logits) x = static_cast<float>(1.5 * rng.normal());
  SamplingSettings settings;
  settings.temperature = 0.9F;
  settings.top_k = 60;
  settings.top_p = 0.9F;
  settings.min_p = 0.05F;
  const auto kept = kept_by_definition(logits, settings);
  ASSERT_GT(kept.size(), 10U);
  ASSERT_LT(kept.size(), 60U);
  double total = 0;
  std::vector<double> weight(logits.size(), 0.0);
  for (const TokenId id : kept) {
    const auto i = static_cast<std::size_t>(id);
    total += weight[i] = std::exp(double{logits[i]} / double{settings.temperature});
  }
  Truncation truncation;
  truncation.choose(logits, settings);
  constexpr int kDraws = 100'000;
  std::vector<int> counts(logits.size());
  for (int i = 0; i < kDraws; ++i) {
    ++counts[static_cast<std::size_t>(
        truncation.draw(token_uniform(11, static_cast<std::uint64_t>(i))))];
  }
  double chi_square = 0;
  for (std::size_t i = 0; i < logits.size(); ++i) {
    if (weight[i] == 0) {
      EXPECT_EQ(counts[i], 0) << "token " << i << " was cut and is drawn";
      continue;
    }
    const double expected = kDraws * weight[i] / total;
    chi_square += (counts[i] - expected) * (counts[i] - expected) / expected;
  }
  // Mean and variance of chi-square: d and 2 d; five deviations either way.
  const double freedom = static_cast<double>(kept.size()) - 1;
  EXPECT_LT(chi_square, freedom + 5 * std::sqrt(2 * freedom));
  EXPECT_GT(chi_square, freedom - 5 * std::sqrt(2 * freedom));
}

}  // namespace
}  // namespace troupe
