#include "simulate/studies/sparse_sync.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "simulate/studies/our_weights.h"
#include "simulate/studies/sparse_sync_ranges.h"

namespace troupe {
namespace {

TEST(SparseSyncStudy, PayloadsAreThoseThatWereMeasured) {
  // bench/weights at 0.6% (docs/benchmarks.md): 200 MB over what each format had.
  EXPECT_NEAR(1 / raw_payload(0.006), 56, 1);
  EXPECT_NEAR(1 / packed_payload(0.006), 103, 3);
  EXPECT_NEAR(1 / our_payload(0.006), 238, 3);
  // The published factors of the paper's smallest and largest deltas.
  EXPECT_NEAR(1 / raw_payload(1.0 / 162), 54, 1e-9);
}

TEST(SparseSyncStudy, RowsDifferInTheirSyncAndNotInTheirWork) {
  for (const SparseSyncSetting& setting : sparse_sync_settings()) {
    StudyDraw draw = draw_ranges(kSparseSyncRanges, 1, 0);
    draw["answer_median"] = 100;
    std::int64_t tokens = -1;
    double whole = 0;
    for (const std::string& row : sparse_sync_rows()) {
      const auto out = simulate(sparse_sync_options(setting, draw, row, 1));
      ASSERT_TRUE(out) << setting.name << ", " << row << ": " << out.error().message;
      if (tokens < 0) {
        tokens = out->trained;
        whole = out->weight_sync;
      }
      EXPECT_EQ(out->trained, tokens) << row;
      EXPECT_GT(out->weight_sync, 0) << row;
      if (row == "raw deltas, broadcast") {
        EXPECT_LT(out->weight_sync, whole);
      }
    }
  }
}

TEST(SparseSyncStudy, KeepsWhatMatchesTheWholeSyncAlone) {
  SparseSyncSetting setting = sparse_sync_settings().front();
  const StudyDraw draw = draw_ranges(kSparseSyncRanges, 2048, 2);
  const auto whole = simulate(sparse_sync_options(setting, draw, sparse_sync_rows().front(), 1));
  ASSERT_TRUE(whole);
  setting.whole = whole->weight_sync;
  StudySize size;
  size.draws = 4;
  size.steps = 1;
  const auto found = study_sparse_sync(size, {setting});
  ASSERT_TRUE(found) << found.error().message;
  const auto row = std::find_if(found->rows.begin(), found->rows.end(), [](const StudyRow& r) {
    return r.quantity == "seconds of a weight sync";
  });
  ASSERT_NE(row, found->rows.end());
  ASSERT_FALSE(row->values.empty());
  EXPECT_LT(row->values.size(), 4U);
  for (const double seconds : row->values) {
    EXPECT_NEAR(seconds / setting.whole, 1, kSparseSyncMatch);
  }
}

}  // namespace
}  // namespace troupe
