#include "train/loss/registry.h"

#include <algorithm>
#include <cassert>

#include "train/loss/cispo.h"
#include "train/loss/clip.h"
#include "train/loss/decoupled_ppo.h"
#include "train/loss/gspo.h"
#include "train/loss/ipa.h"
#include "train/loss/sapo.h"
#include "train/loss/tis.h"
#include "train/loss/topr.h"

namespace troupe {
namespace {

using Made = std::shared_ptr<const Loss>;

/// A number as given, or the one that the loss was published with.
double own(double given, double published) { return given > 0 ? given : published; }

ClipRange range(const AlgorithmOptions& o, double low, double high) {
  return {own(o.clip_low, low), own(o.clip_high, high)};
}

Made make_grpo(const AlgorithmOptions& o) { return std::make_shared<ClipLoss>(range(o, 0.2, 0.2)); }
Made make_ppo(const AlgorithmOptions& o) {
  return std::make_shared<ClipLoss>(range(o, 0.2, 0.2), o.dual_clip);
}
Made make_dapo(const AlgorithmOptions& o) {
  return std::make_shared<ClipLoss>(range(o, 0.2, 0.28));
}
Made make_gspo(const AlgorithmOptions& o) {
  return std::make_shared<GspoLoss>(range(o, 3e-4, 4e-4));
}
Made make_cispo(const AlgorithmOptions& o) {
  return std::make_shared<CispoLoss>(range(o, 0.1, 0.1));
}
Made make_sapo(const AlgorithmOptions& o) {
  return std::make_shared<SapoLoss>(own(o.gate_positive, 1.0), own(o.gate_negative, 1.05));
}
Made make_tis(const AlgorithmOptions& o) {
  return std::make_shared<TisLoss>(own(o.ratio_cap, 1.0));
}
Made make_topr(const AlgorithmOptions& o) {
  return std::make_shared<ToprLoss>(own(o.ratio_cap, 1.0), o.positive_weight, o.negative_weight);
}
Made make_decoupled_ppo(const AlgorithmOptions& o) {
  return std::make_shared<DecoupledPpoLoss>(own(o.ratio_cap, 5.0), ClipRange());
}
Made make_ipa(const AlgorithmOptions& o) {
  IpaLoss::Numbers numbers;
  numbers.discount = o.chunk_discount;
  numbers.cap = own(o.ratio_cap, 1.0);
  numbers.mask = own(o.mask_ratio, 2.0);
  return std::make_shared<IpaLoss>(numbers);
}

}  // namespace

bool LossEntry::reads(const std::string& number) const {
  return std::find(numbers.begin(), numbers.end(), number) != numbers.end();
}

const std::vector<LossEntry>& loss_entries() {
  static const std::vector<LossEntry> entries = {
      {"grpo", {"clip_low", "clip_high"}, make_grpo},
      {"ppo", {"clip_low", "clip_high", "dual_clip"}, make_ppo},
      {"dapo", {"clip_low", "clip_high"}, make_dapo},
      {"gspo", {"clip_low", "clip_high"}, make_gspo},
      {"cispo", {"clip_low", "clip_high"}, make_cispo},
      {"sapo", {"gate_positive", "gate_negative"}, make_sapo},
      {"tis", {"ratio_cap"}, make_tis},
      {"topr", {"ratio_cap", "positive_weight", "negative_weight"}, make_topr},
      {"decoupled_ppo", {"ratio_cap"}, make_decoupled_ppo},
      {"ipa", {"ratio_cap", "mask_ratio", "chunk_discount"}, make_ipa},
  };
  return entries;
}

const LossEntry* find_loss(const std::string& name) {
  for (const LossEntry& entry : loss_entries()) {
    if (entry.name == name) return &entry;
  }
  return nullptr;
}

std::shared_ptr<const Loss> make_loss(const AlgorithmOptions& options) {
  const LossEntry* entry = find_loss(options.loss);
  assert(entry != nullptr);
  return entry->make(options);
}

const std::vector<LossNumber>& loss_numbers() {
  static const std::vector<LossNumber> numbers = {
      {"clip_low", &AlgorithmOptions::clip_low, true},
      {"clip_high", &AlgorithmOptions::clip_high, true},
      {"dual_clip", &AlgorithmOptions::dual_clip, true},
      {"ratio_cap", &AlgorithmOptions::ratio_cap, true},
      {"mask_ratio", &AlgorithmOptions::mask_ratio, true},
      {"gate_positive", &AlgorithmOptions::gate_positive, true},
      {"gate_negative", &AlgorithmOptions::gate_negative, true},
      {"positive_weight", &AlgorithmOptions::positive_weight, false},
      {"negative_weight", &AlgorithmOptions::negative_weight, false},
      {"chunk_discount", &AlgorithmOptions::chunk_discount, false},
  };
  return numbers;
}

}  // namespace troupe
