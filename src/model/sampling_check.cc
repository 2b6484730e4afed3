#include <fmt/format.h>

#include <cmath>
#include <set>

#include "model/sampling.h"

namespace troupe {
namespace {

tl::unexpected<Error> invalid(std::string message) {
  return fail(ErrorCode::kInvalid, std::move(message));
}

Status check_ranges(const SamplingSettings& s) {
  // Written so that NaN is out of every range.
  if (!(s.temperature == 0.0F || (s.temperature >= 0.01F && s.temperature <= 100.0F))) {
    return invalid(
        fmt::format("temperature = {}; expected 0 (greedy) or 0.01 to 100", s.temperature));
  }
  if (s.top_k < 0) return invalid(fmt::format("top_k = {}; expected 1 or more, 0: off", s.top_k));
  if (!(s.top_p > 0.0F && s.top_p <= 1.0F)) {
    return invalid(fmt::format("top_p = {}; expected more than 0 and at most 1 (off)", s.top_p));
  }
  if (!(s.min_p >= 0.0F && s.min_p <= 1.0F)) {
    return invalid(fmt::format("min_p = {}; expected 0 (off) to 1", s.min_p));
  }
  return {};
}

Status check_idle(const SamplingSettings& s, int vocab) {
  if (s.top_k >= vocab) {
    return invalid(
        fmt::format("top_k = {} would do nothing: the vocabulary has {} tokens; lower it "
                    "or leave it at 0",
                    s.top_k, vocab));
  }
  if (!s.greedy()) return {};
  const std::pair<const char*, bool> given[] = {
      {"top_k", s.top_k > 0}, {"top_p", s.top_p < 1.0F}, {"min_p", s.min_p > 0.0F}};
  for (const auto& [name, is_given] : given) {
    if (!is_given) continue;
    return invalid(
        fmt::format("{} would do nothing: temperature 0 always takes the likeliest "
                    "token; remove one of the two",
                    name));
  }
  return {};
}

Status check_bias(const SamplingSettings& s, int vocab) {
  std::set<TokenId> seen;
  for (const LogitBias& entry : s.logit_bias) {
    if (entry.token < 0 || entry.token >= vocab) {
      return invalid(fmt::format("logit_bias names token {}; the vocabulary has 0 to {}",
                                 entry.token, vocab - 1));
    }
    if (!std::isfinite(entry.bias) || entry.bias == 0.0F) {
      return invalid(fmt::format("logit_bias of token {} is {}; expected a number that is not 0",
                                 entry.token, entry.bias));
    }
    if (!seen.insert(entry.token).second) {
      return invalid(fmt::format("logit_bias names token {} twice; keep one", entry.token));
    }
  }
  return {};
}

}  // namespace

Status check_sampling(const SamplingSettings& settings, int vocab) {
  TROUPE_TRY(check_ranges(settings));
  TROUPE_TRY(check_idle(settings, vocab));
  return check_bias(settings, vocab);
}

}  // namespace troupe
