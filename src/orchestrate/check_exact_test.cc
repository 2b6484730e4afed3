#include "orchestrate/check_exact.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <bit>

#include "orchestrate/exact/case.h"

namespace troupe {
namespace {

using exact::Kind;

std::int64_t found(const ExactReport& report, Kind kind) {
  return report.counts.mismatches[static_cast<std::size_t>(kind)];
}

/// True if a worker's sum already holds a group.
bool used(const TrainWorkspace& workspace) {
  std::vector<float> sum(workspace.gradient.size());
  workspace.sum.read(1.0, sum);
  return std::any_of(sum.begin(), sum.end(), [](float x) { return x != 0.0F; });
}

void flip_last_bit(float& x) { x = std::bit_cast<float>(std::bit_cast<std::uint32_t>(x) ^ 1U); }

TEST(CheckExact, ComparesEveryKindAndFindsNothing) {
  exact::Counts counts;
  for (std::int64_t number = 0; number < 14; ++number) {
    const ExactReport report = check_exact_case(3, number);
    EXPECT_TRUE(report.failures.empty()) << exact_text(report, true);
    counts.add(report.counts);
  }
  for (std::size_t k = 0; k < exact::kKinds; ++k) {
    EXPECT_GT(counts.values[k], 0) << kind_name(static_cast<Kind>(k));
  }
}

// An engine whose logits depend on the batch: the last bit of one value, in batches of three.
TEST(CheckExact, FindsABitThatDependsOnTheBatch) {
  exact::Seams seams;
  seams.extend = [](const Decoder& decoder, std::span<const Decoder::Chunk> chunks,
                    Decoder::Scratch& scratch, std::span<float> logits) {
    decoder.extend(chunks, scratch, logits);
    if (chunks.size() == 3) flip_last_bit(logits[logits.size() - 2]);
  };
  std::int64_t batch = 0;
  for (std::int64_t number = 0; number < 5; ++number) {
    const ExactReport report = check_exact_case(3, number, seams);
    EXPECT_EQ(found(report, Kind::kDecode), 0);
    EXPECT_EQ(found(report, Kind::kPacking), 0);
    batch += found(report, Kind::kBatch);
    for (const ExactFailure& failure : report.failures) {
      const exact::Mismatch& first = failure.mismatches.front();
      EXPECT_EQ(std::popcount(first.expected ^ first.got), 1);
      EXPECT_EQ(first.position,
                static_cast<std::size_t>(exact::draw_case(3, number).config().vocab - 2));
      const std::string text = exact_text(report, true);
      EXPECT_NE(text.find("troupe check exact --seed 3 --case " + std::to_string(number)),
                std::string::npos);
    }
  }
  EXPECT_GT(batch, 0);
}

// Decode that differs from prefill at one length of the cache.
TEST(CheckExact, FindsABitThatDependsOnTheChunk) {
  exact::Seams seams;
  seams.extend = [](const Decoder& decoder, std::span<const Decoder::Chunk> chunks,
                    Decoder::Scratch& scratch, std::span<float> logits) {
    decoder.extend(chunks, scratch, logits);
    if (chunks.front().tokens.size() == 1 && chunks.front().cache->length() == 17) {
      flip_last_bit(logits[0]);
    }
  };
  std::int64_t decode = 0;
  for (std::int64_t number = 0; number < 5; ++number) {
    decode += found(check_exact_case(3, number, seams), Kind::kDecode);
  }
  EXPECT_GT(decode, 0);
}

// A workspace that carries something over from one group to the next.
TEST(CheckExact, FindsAGradientThatDependsOnTheCompany) {
  exact::Seams seams;
  seams.accumulate = [](const GradientJob& job, const Group& group, TrainWorkspace& workspace) {
    const bool second = used(workspace);
    const TokenStats stats = accumulate_group(job, group, workspace);
    if (second) flip_last_bit(workspace.gradient[1]);
    return stats;
  };
  const ExactReport report = check_exact_case(3, 1, seams);
  EXPECT_GT(found(report, Kind::kGroupGradient), 0);
  EXPECT_EQ(report.counts.all_mismatches(), found(report, Kind::kGroupGradient));
}

// A sum that takes in something small with each group but a worker's first.
TEST(CheckExact, FindsASumThatDependsOnTheOrder) {
  exact::Seams seams;
  seams.accumulate = [](const GradientJob& job, const Group& group, TrainWorkspace& workspace) {
    const bool second = used(workspace);
    const TokenStats stats = accumulate_group(job, group, workspace);
    if (second) {
      std::vector<float> unit(workspace.gradient.size(), 0.0F);
      unit[0] = 0x1.0p-20F;
      workspace.sum.add(unit);
    }
    return stats;
  };
  EXPECT_GT(found(check_exact_case(3, 1, seams), Kind::kGradientSum), 0);
}

TEST(CheckExact, ACaseIsAFunctionOfItsNumber) {
  const exact::Case a = exact::draw_case(5, 9);
  const exact::Case b = exact::draw_case(5, 9);
  EXPECT_EQ(a.shape(), b.shape());
  EXPECT_EQ(a.weights->digest(), b.weights->digest());
  EXPECT_EQ(check_exact_case(5, 9).counts.values, check_exact_case(5, 9).counts.values);
  EXPECT_NE(a.weights->digest(), exact::draw_case(5, 10).weights->digest());
  EXPECT_NE(a.weights->digest(), exact::draw_case(6, 9).weights->digest());
  for (std::int64_t number = 0; number < 200; ++number) {
    const Status fits = exact::draw_case(5, number).config().validate();
    EXPECT_TRUE(fits) << fits.error().message;
  }
}

Async<Status> check_all(Executor& executor, ExactOptions options, ExactReport& report) {
  std::int64_t told = 0;
  auto checked = co_await check_exact(
      executor, options, [&](std::int64_t done) { told = done; }, [] { return false; });
  if (!checked) co_return tl::unexpected(checked.error());
  EXPECT_EQ(told, checked->cases);
  report = std::move(*checked);
  co_return Status();
}

TEST(CheckExact, WorkersShareTheCases) {
  ExactOptions options;
  options.cases = 5;
  options.seed = 4;
  ExactReport report;
  const auto executor = make_live_executor(2);
  ASSERT_TRUE(executor->run(check_all(*executor, options, report)));
  exact::Counts expected;
  for (std::int64_t i = 0; i < 5; ++i) expected.add(check_exact_case(4, i).counts);
  EXPECT_EQ(report.counts.values, expected.values);
  EXPECT_TRUE(exact_text(report, true).ends_with("5 cases, 0 mismatches\n"));
  options.only = 3;
  ASSERT_TRUE(executor->run(check_all(*executor, options, report)));
  EXPECT_EQ(report.cases, 1);
  EXPECT_EQ(report.counts.values, check_exact_case(4, 3).counts.values);
}

TEST(CheckExact, StopsWhenAsked) {
  const auto executor = make_virtual_executor({});
  ExactReport report;
  const auto stopped = [](Executor& on) -> Async<Status> {
    auto checked = co_await check_exact(
        on, ExactOptions(), [](std::int64_t) {}, [] { return true; });
    if (!checked) co_return tl::unexpected(checked.error());
    co_return Status();
  };
  const Status status = executor->run(stopped(*executor));
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().code, ErrorCode::kCancelled);
}

}  // namespace
}  // namespace troupe
