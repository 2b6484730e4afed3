#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "simulate/what_if/calibration.h"

namespace troupe {
namespace {

constexpr std::size_t kShown = 10;  // held-out steps

}  // namespace

std::string calibration_text(const Calibration& c) {
  const MeasuredCosts& m = c.costs;
  std::string out = fmt::format(
      "fitted to {} steps, {:.4g} s on average; seconds of the whole machine, {:.3g}M parameters:\n"
      "  decode {:.3g} a token, prefill {:.3g} a token, backward {:.3g} a token\n"
      "  optimizer {:.3g} a step and policy, {:.3g} at a step's end, its own thread {:.3g} a "
      "turn\n",
      c.fitted, c.fitted_seconds, m.parameters / 1e6, m.decode_token, m.prefill_token,
      m.backward_token, m.optimizer, m.step, m.turn);
  out += fmt::format("\n{:>6}{:>14}{:>14}{:>9}\n", "step", "measured s", "predicted s", "");
  const std::size_t stride = (c.steps.size() + kShown - 1) / kShown;
  for (std::size_t i = 0; i < c.steps.size(); i += stride) {
    const HeldOutStep& step = c.steps[i];
    out += fmt::format("{:>6}{:>14.4g}{:>14.4g}{:>+8.1f}%\n", step.step, step.measured,
                       step.predicted, 100 * (step.predicted / step.measured - 1));
  }
  out += fmt::format(
      "\n{} held-out steps: measured {:.4g} s (median; mean {:.4g}), simulated {:.4g} s: {:+.1f}%; "
      "median error of a single step {:.1f}%\n",
      c.steps.size(), c.measured, c.measured_mean, c.predicted, 100 * c.error(),
      100 * c.step_error());
  for (const std::string& note : c.notes) out += "note: " + note + "\n";
  return out;
}

std::string calibration_json(const Calibration& c) {
  nlohmann::ordered_json out;
  out["costs"] = {{"parameters", c.costs.parameters},
                  {"decode_token", c.costs.decode_token},
                  {"prefill_token", c.costs.prefill_token},
                  {"backward_token", c.costs.backward_token},
                  {"optimizer", c.costs.optimizer},
                  {"step", c.costs.step},
                  {"turn", c.costs.turn}};
  out["fitted_steps"] = c.fitted;
  out["fitted_seconds"] = c.fitted_seconds;
  out["measured_seconds"] = c.measured;
  out["measured_mean_seconds"] = c.measured_mean;
  out["predicted_seconds"] = c.predicted;
  out["error"] = c.error();
  out["step_error"] = c.step_error();
  out["held_out"] = nlohmann::ordered_json::array();
  for (const HeldOutStep& step : c.steps) {
    out["held_out"].push_back(
        {{"step", step.step}, {"measured", step.measured}, {"predicted", step.predicted}});
  }
  out["notes"] = c.notes;
  return out.dump(2);
}

}  // namespace troupe
