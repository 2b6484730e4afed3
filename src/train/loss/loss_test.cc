// What holds for every loss that a run file can name.
#include "train/loss/loss.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <limits>
#include <map>
#include <sstream>

#include "base/rng.h"
#include "train/loss/registry.h"

namespace troupe {
namespace {

struct GoldenRow {
  AlgorithmOptions options;
  std::vector<LossToken> tokens;
  std::vector<LossTerm> expected;
};

/// See testdata/make_loss_golden.py.
std::vector<GoldenRow> read_golden() {
  std::ifstream file(TROUPE_SOURCE_DIR "/src/train/loss/testdata/loss_golden.txt");
  std::vector<GoldenRow> rows;
  std::string line;
  while (std::getline(file, line)) {
    GoldenRow row;
    std::istringstream head(line);
    std::size_t count = 0;
    head >> row.options.loss >> count;
    for (std::string number; head >> number;) {
      const auto split = number.find('=');
      for (const LossNumber& known : loss_numbers()) {
        if (known.name != number.substr(0, split)) continue;
        row.options.*known.value = std::stod(number.substr(split + 1));
      }
    }
    for (std::size_t i = 0; i < count && std::getline(file, line); ++i) {
      std::istringstream values(line);
      LossToken t;
      LossTerm e;
      values >> t.turn >> t.logprob >> t.behaviour >> t.proximal >> t.advantage >> e.loss >>
          e.slope;
      EXPECT_TRUE(values) << line;
      row.tokens.push_back(t);
      row.expected.push_back(e);
    }
    EXPECT_EQ(row.tokens.size(), count);
    rows.push_back(std::move(row));
  }
  return rows;
}

std::vector<LossTerm> terms_of(const Loss& loss, const std::vector<LossToken>& tokens) {
  std::vector<LossTerm> out(tokens.size());
  loss.terms(tokens, out);
  return out;
}

std::vector<LossToken> draw_row(Rng& rng, double spread) {
  std::vector<LossToken> row(1 + rng.below(8));
  const double advantage = rng.normal();
  for (std::size_t i = 0; i < row.size(); ++i) {
    row[i].behaviour = -4 * rng.uniform() - 0.01;
    row[i].logprob = row[i].behaviour + spread * rng.normal();
    row[i].proximal = row[i].logprob;
    row[i].advantage = advantage;
    row[i].turn = i == 0 ? 0 : row[i - 1].turn + static_cast<int>(rng.below(3) == 0);
  }
  return row;
}

TEST(Loss, FollowsPyTorch) {
  std::map<std::string, int> rows;
  std::map<std::string, int> clipped;
  for (const GoldenRow& row : read_golden()) {
    const auto got = terms_of(*make_loss(row.options), row.tokens);
    ++rows[row.options.loss];
    for (std::size_t i = 0; i < got.size(); ++i) {
      EXPECT_NEAR(got[i].loss, row.expected[i].loss, 1e-12 * (1 + std::abs(got[i].loss)))
          << row.options.loss;
      EXPECT_NEAR(got[i].slope, row.expected[i].slope, 1e-12 * (1 + std::abs(got[i].slope)))
          << row.options.loss;
      clipped[row.options.loss] += got[i].clipped ? 1 : 0;
    }
  }
  for (const LossEntry& entry : loss_entries()) {
    EXPECT_GE(rows[entry.name], 12) << entry.name;
    if (entry.name == "sapo") continue;  // clips nothing
    EXPECT_GT(clipped[entry.name], 0) << entry.name << " was not tried";
  }
}

/// The coefficient of -A lp in a loss that does not differentiate its weight, from its formula.
double fixed_weight(const std::string& loss, const std::vector<LossToken>& row, std::size_t i) {
  const double ratio = std::exp(row[i].logprob - row[i].behaviour);
  const bool good = row[i].advantage > 0;
  if (loss == "cispo") return std::min(std::max(ratio, 0.9), 1.1);
  if (loss == "tis") return std::min(ratio, 1.0);
  if (loss == "topr") return good ? 1.0 : std::min(ratio, 1.0);
  double sum = 0;
  double count = 0;
  for (const LossToken& t : row) {
    if (t.turn != row[i].turn) continue;
    sum += t.logprob - t.behaviour;
    count += 1;
  }
  const double turn_ratio = std::exp(sum / count);
  if (turn_ratio > 2) return 0;
  return std::pow(0.8, row.back().turn - row[i].turn) * (good ? 1.0 : std::min(turn_ratio, 1.0));
}

TEST(Loss, SlopesAreThoseOfFiniteDifferences) {
  constexpr double kStep = 1e-6;
  for (const LossEntry& entry : loss_entries()) {
    AlgorithmOptions options;
    options.loss = entry.name;
    options.chunk_discount = 0.8;
    if (entry.name == "gspo") options.clip_low = options.clip_high = 0.1;
    const auto loss = make_loss(options);
    const bool fixed =
        entry.name == "cispo" || entry.name == "tis" || entry.name == "topr" || entry.name == "ipa";
    Rng rng(3);
    for (int round = 0; round < 200; ++round) {
      const auto row = draw_row(rng, round % 2 == 0 ? 0.05 : 0.5);
      const auto got = terms_of(*loss, row);
      const auto total = [&](std::size_t moved, double by) {
        auto at = row;
        at[moved].logprob += by;
        double sum = 0;
        if (!fixed) {
          for (const LossTerm& term : terms_of(*loss, at)) sum += term.loss;
          return sum;
        }
        for (std::size_t i = 0; i < row.size(); ++i) {
          sum -= fixed_weight(entry.name, row, i) * row[i].advantage * at[i].logprob;
        }
        return sum;
      };
      double value = 0;
      for (const LossTerm& term : got) value += term.loss;
      EXPECT_NEAR(value, total(0, 0), 1e-12 * (1 + std::abs(value))) << entry.name;
      for (std::size_t i = 0; i < row.size(); ++i) {
        const double up = (total(i, kStep) - total(i, 0)) / kStep;
        const double down = (total(i, 0) - total(i, -kStep)) / kStep;
        if (std::abs(up - down) > 1e-3) continue;  // a kink lies between
        EXPECT_NEAR(got[i].slope, (up + down) / 2, 1e-5 * (1 + std::abs(up))) << entry.name;
      }
    }
  }
}

TEST(Loss, WithoutADriftEverySlopeIsMinusTheAdvantageToTheBit) {
  Rng rng(5);
  for (const LossEntry& entry : loss_entries()) {
    AlgorithmOptions options;
    options.loss = entry.name;
    for (int round = 0; round < 50; ++round) {
      const auto row = draw_row(rng, 0);
      for (const LossTerm& term : terms_of(*make_loss(options), row)) {
        EXPECT_EQ(term.slope, -row[0].advantage) << entry.name;
        EXPECT_FALSE(term.clipped) << entry.name;
      }
    }
  }
}

TEST(Loss, ATokenLevelLossNeedsNoOtherToken) {
  Rng rng(7);
  int whole_rows = 0;
  for (const LossEntry& entry : loss_entries()) {
    AlgorithmOptions options;
    options.loss = entry.name;
    const auto loss = make_loss(options);
    bool same = true;
    for (int round = 0; round < 50; ++round) {
      const auto row = draw_row(rng, 0.5);
      const auto together = terms_of(*loss, row);
      for (std::size_t i = 0; i < row.size(); ++i) {
        const LossTerm alone = terms_of(*loss, {row[i]})[0];
        same = same && alone.loss == together[i].loss && alone.slope == together[i].slope;
      }
    }
    EXPECT_EQ(same, loss->token_level()) << entry.name;
    whole_rows += loss->token_level() ? 0 : 1;
  }
  EXPECT_EQ(whole_rows, 2) << "gspo and ipa";
}

TEST(Loss, ANanNeverPassesForALegalNumber) {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  for (const LossEntry& entry : loss_entries()) {
    AlgorithmOptions options;
    options.loss = entry.name;
    for (const double advantage : {-1.0, 1.0, nan}) {
      LossToken token;
      token.advantage = advantage;
      token.logprob = token.proximal = std::isnan(advantage) ? -1.0 : nan;
      token.behaviour = -1;
      const LossTerm term = terms_of(*make_loss(options), {token})[0];
      EXPECT_TRUE(std::isnan(term.loss)) << entry.name << " " << advantage;
      EXPECT_FALSE(term.clipped) << entry.name;
      EXPECT_TRUE(!std::isnan(advantage) || std::isnan(term.slope)) << entry.name;
    }
  }
}

}  // namespace
}  // namespace troupe
