#pragma once

#include <string>
#include <vector>

#include "simulate/studies/ranges.h"
#include "simulate/studies/study.h"

namespace troupe {

/// A published weight sync (SparseRL-Sync, arXiv 2605.07330): seconds whole and as deltas; 0: not
/// published. On as many devices for training as for rollout.
struct SparseSyncSetting {
  std::string name;
  std::string model;
  std::string link;  ///< the range that has its GB/s
  std::int64_t devices = 0;
  std::int64_t tensor_parallel = 0;
  double whole = 0, deltas = 0;
  bool matched = false;  ///< draws are kept by `whole`; else by the setting of the same link
  const char* remark = "";
};
const std::vector<SparseSyncSetting>& sparse_sync_settings();

/// The most by which a kept draw's whole sync may differ from the published one.
constexpr double kSparseSyncMatch = 0.1;

/// Bytes of a delta over those of all values in bf16, if this share of them changed.
double raw_payload(double changed);     ///< a place of 4 bytes and a value of 2 each
double packed_payload(double changed);  ///< gaps of 2 bytes, values at 0.65 of their size (PULSE)

std::vector<std::string> sparse_sync_rows();
/// One schedule on one draw.
SimulationOptions sparse_sync_options(const SparseSyncSetting& setting, const StudyDraw& draw,
                                      const std::string& row, std::int64_t steps);

/// Keeps the draws whose whole sync takes the published seconds within kSparseSyncMatch, link by
/// link, and predicts deltas, other plans and the larger model with those. Blocks.
Result<Study> study_sparse_sync(const StudySize& size);
/// Of these settings.
Result<Study> study_sparse_sync(const StudySize& size,
                                const std::vector<SparseSyncSetting>& settings);

}  // namespace troupe
