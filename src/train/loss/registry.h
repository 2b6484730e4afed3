#pragma once

#include <memory>
#include <string>
#include <vector>

#include "train/loss/loss.h"
#include "train/options.h"

namespace troupe {

/// A loss that a run file can name.
struct LossEntry {
  std::string name;
  /// Names of the loss numbers in [algorithm] that it reads.
  std::vector<std::string> numbers;
  std::shared_ptr<const Loss> (*make)(const AlgorithmOptions& options);

  [[nodiscard]] bool reads(const std::string& number) const;
};

/// All of them, in the order in which `troupe explain` names them.
const std::vector<LossEntry>& loss_entries();
/// Null if there is none of that name.
const LossEntry* find_loss(const std::string& name);
/// The loss that `options` describe; options.loss names one of loss_entries().
std::shared_ptr<const Loss> make_loss(const AlgorithmOptions& options);

/// A number of [algorithm] that some losses read.
struct LossNumber {
  std::string name;
  double AlgorithmOptions::*value;
  bool stale_only;  ///< without effect as long as every token is of the version that is trained
};
const std::vector<LossNumber>& loss_numbers();

}  // namespace troupe
