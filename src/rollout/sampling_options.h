#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/options.h"
#include "model/sampling.h"

namespace troupe {

/// How tokens are sampled, as the tables [rollout] and [eval] of a run file say it.
struct SamplingOptions {
  double temperature = 1.0;
  std::int64_t top_k = 0;
  double top_p = 1.0;
  double min_p = 0.0;
  std::vector<std::string> logit_bias;  ///< "ID=BIAS"

  void declare(OptionSet& options);
  /// kInvalid for a bias that is not of the form ID=BIAS; the message begins with "logit_bias".
  [[nodiscard]] Result<SamplingSettings> settings() const;
};

/// "17=-2.5": a token id and what is added to its logit.
Result<LogitBias> parse_logit_bias(const std::string& text);

/// kInvalid if episodes that are sampled so cannot be trained on, with the option of [rollout] that
/// is to blame, the reason and the remedy.
Status check_trainable(const SamplingOptions& options);

/// The settings that differ from plain sampling, and the temperature: "temperature 0.7, top_p 0.9".
std::string sampling_text(const SamplingSettings& settings);

}  // namespace troupe
