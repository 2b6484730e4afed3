#include "rollout/sampling_options.h"

#include <fmt/format.h>

#include <charconv>

namespace troupe {

void SamplingOptions::declare(OptionSet& o) {
  const bool eval = o.prefix() == "eval";
  const auto meaning = [eval](const char* text, const char* off, const char* name) {
    if (eval) return std::string(text);
    return fmt::format(
        "Must be {}: training needs the whole distribution. eval.{} is for evaluations.", off,
        name);
  };
  o.add("temperature", &temperature,
        eval ? "Sampling temperature of evaluations. 0: greedy, always the likeliest token."
             : "Sampling temperature; log-probs are taken after it, on both sides.")
      .range(0, 100);
  o.add("top_k", &top_k,
        meaning("Evaluations sample from this many likeliest tokens. 0: from all.", "0", "top_k"))
      .range(0, 4194303);
  o.add("top_p", &top_p,
        meaning("Evaluations sample from the likeliest tokens that hold this probability together. "
                "1: from all.",
                "1", "top_p"))
      .range(1e-6, 1);
  o.add("min_p", &min_p,
        meaning("Evaluations sample from tokens at least this many times as likely as the "
                "likeliest. 0: from all.",
                "0", "min_p"))
      .range(0, 1);
  o.add("logit_bias", &logit_bias,
        meaning("What evaluations add to logits: a list of \"ID=BIAS\", with ids of tokens.",
                "empty", "logit_bias"));
}

Result<LogitBias> parse_logit_bias(const std::string& text) {
  LogitBias out;
  const char* end = text.data() + text.size();
  const auto id = std::from_chars(text.data(), end, out.token);
  if (id.ec == std::errc() && id.ptr != end && *id.ptr == '=') {
    const auto bias = std::from_chars(id.ptr + 1, end, out.bias);
    if (bias.ec == std::errc() && bias.ptr == end) return out;
  }
  return fail(ErrorCode::kInvalid,
              fmt::format("logit_bias \"{}\": expected ID=BIAS, such as 17=-2.5", text));
}

Result<SamplingSettings> SamplingOptions::settings() const {
  SamplingSettings out;
  out.temperature = static_cast<float>(temperature);
  out.top_k = static_cast<int>(top_k);
  out.top_p = static_cast<float>(top_p);
  out.min_p = static_cast<float>(min_p);
  for (const std::string& text : logit_bias) {
    TROUPE_ASSIGN(const LogitBias entry, parse_logit_bias(text));
    out.logit_bias.push_back(entry);
  }
  return out;
}

Status check_trainable(const SamplingOptions& o) {
  const auto refuse = [](const std::string& option, const std::string& remedy) -> Status {
    return fail(ErrorCode::kInvalid,
                fmt::format("{}: training would be wrong, because the recorded log-probs are those "
                            "of the whole distribution and not of the one sampled from; {}",
                            option, remedy));
  };
  if (o.temperature == 0) {
    return fail(ErrorCode::kInvalid,
                "rollout.temperature = 0 would train nothing: all episodes of a group would be the "
                "same; use more than 0, eval.temperature = 0 makes evaluations greedy");
  }
  if (o.temperature < 0.01) {
    return fail(ErrorCode::kInvalid,
                fmt::format("rollout.temperature = {}; expected 0.01 to 100", o.temperature));
  }
  const auto off = [](const std::string& name) {
    return fmt::format("remove it; eval.{} changes evaluations only", name);
  };
  if (o.top_k > 0) return refuse(fmt::format("rollout.top_k = {}", o.top_k), off("top_k"));
  if (o.top_p < 1) return refuse(fmt::format("rollout.top_p = {}", o.top_p), off("top_p"));
  if (o.min_p > 0) return refuse(fmt::format("rollout.min_p = {}", o.min_p), off("min_p"));
  if (!o.logit_bias.empty()) return refuse("rollout.logit_bias", off("logit_bias"));
  return {};
}

std::string sampling_text(const SamplingSettings& s) {
  std::string out = fmt::format("temperature {}", s.temperature);
  if (s.top_k > 0) out += fmt::format(", top_k {}", s.top_k);
  if (s.top_p < 1) out += fmt::format(", top_p {}", s.top_p);
  if (s.min_p > 0) out += fmt::format(", min_p {}", s.min_p);
  if (!s.logit_bias.empty()) out += fmt::format(", logit_bias of {} tokens", s.logit_bias.size());
  return out;
}

}  // namespace troupe
