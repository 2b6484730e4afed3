#include "simulate/studies/study.h"

#include <algorithm>

#include "simulate/studies/april.h"
#include "simulate/studies/flexmarl.h"
#include "simulate/studies/roll_flash.h"
#include "simulate/studies/rollart.h"
#include "simulate/studies/rollpacker.h"
#include "simulate/studies/rose.h"
#include "simulate/studies/sparse_sync.h"

namespace troupe {

const std::vector<StudyEntry>& all_studies() {
  static const std::vector<StudyEntry> studies = {
      {"flexmarl", "FlexMARL's ablations (arXiv 2602.09578) beside its published seconds",
       study_flexmarl},
      {"rollart", "two kinds of accelerators, trajectories, the ladder from Sync to RollArt",
       study_rollart},
      {"rose", "rollout on instances that serve users, within their objectives (ROSE)", study_rose},
      {"sparse-sync", "weight syncs whole and as deltas over links of all speeds (SparseRL-Sync)",
       study_sparse_sync},
      {"rollpacker", "RollPacker's parts (arXiv 2509.21009) beside their published speedups",
       study_rollpacker},
      {"roll-flash", "ROLL Flash's rollout and asynchronous ratio (arXiv 2510.11345)",
       study_roll_flash},
      {"april", "APRIL's partial rollouts (arXiv 2509.18521) beside their published throughput",
       study_april},
  };
  return studies;
}

const std::vector<double>& seconds_of(const Study& study, const std::string& setting,
                                      const std::string& schedule) {
  static const std::vector<double> none;
  const auto row = std::find_if(study.rows.begin(), study.rows.end(), [&](const StudyRow& r) {
    return r.setting == setting && r.schedule == schedule && r.quantity == kStepSeconds;
  });
  return row == study.rows.end() ? none : row->values;
}

std::vector<double> times_faster(const std::vector<double>& slow, const std::vector<double>& fast) {
  std::vector<double> out;
  for (std::size_t i = 0; i < std::min(slow.size(), fast.size()); ++i) {
    out.push_back(slow[i] / fast[i]);
  }
  return out;
}

double quantile(std::vector<double> values, double share) {
  if (values.empty()) return 0;
  std::sort(values.begin(), values.end());
  const double at = share * static_cast<double>(values.size() - 1);
  const auto low = static_cast<std::size_t>(at);
  const std::size_t high = std::min(low + 1, values.size() - 1);
  return values[low] + (at - static_cast<double>(low)) * (values[high] - values[low]);
}

}  // namespace troupe
