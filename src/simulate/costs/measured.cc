#include "simulate/costs/measured.h"

#include <fmt/format.h>

#include "orchestrate/idle_parts.h"

namespace troupe {

void MeasuredCosts::declare(OptionSet& o) {
  o.add("parameters", &parameters,
        "Parameters of the model that the seconds below are of. 0: the roofline says what things "
        "take.")
      .range(0, 1e13);
  o.add("decode_token", &decode_token, "Seconds of all devices together for a sampled token.")
      .range(0, 1e3);
  o.add("prefill_token", &prefill_token, "The same for a token of a prompt.").range(0, 1e3);
  o.add("backward_token", &backward_token,
        "The same for a token that is trained on, forward and backward.")
      .range(0, 1e3);
  o.add("optimizer", &optimizer, "The same for a policy's optimizer step.").range(0, 1e5);
  o.add("step", &step,
        "Seconds at the end of each step besides: ends of phases that not all workers share, the "
        "journal. Counted with the optimizer.")
      .range(0, 1e5);
  o.add("turn", &turn,
        "Seconds of the run's own thread for each turn of an episode, in which no device works.")
      .range(0, 1e3);
}

Status MeasuredCosts::check(const Efficiency& efficiency) const {
  if (given()) {
    if (decode_token <= 0 || backward_token <= 0) {
      return fail(ErrorCode::kInvalid,
                  "measured.parameters is given: set measured.decode_token and "
                  "measured.backward_token too");
    }
    if (efficiency == Efficiency()) return {};
    return fail(ErrorCode::kInvalid,
                "[roofline] would do nothing: measured.parameters is given; remove one of them");
  }
  const std::string why = "measured.parameters is 0";
  const std::string remedy = "set it";
  TROUPE_TRY(idle_if_given("measured.decode_token", decode_token, 0.0, why, remedy));
  TROUPE_TRY(idle_if_given("measured.prefill_token", prefill_token, 0.0, why, remedy));
  TROUPE_TRY(idle_if_given("measured.backward_token", backward_token, 0.0, why, remedy));
  TROUPE_TRY(idle_if_given("measured.optimizer", optimizer, 0.0, why, remedy));
  TROUPE_TRY(idle_if_given("measured.step", step, 0.0, why, remedy));
  return idle_if_given("measured.turn", turn, 0.0, why, remedy);
}

EmulatedOptions MeasuredCosts::rollout(double model_parameters, double share) const {
  const double scale = share * model_parameters / parameters;
  EmulatedOptions out;
  out.cost = CostModel();
  out.cost.decode_base = out.cost.prefill_base = 0;
  out.cost.decode_per_context_token = 0;  // a part of the token's
  out.cost.decode_per_sequence = decode_token * scale;
  out.cost.prefill_per_token = prefill_token * scale;
  out.cost.load_per_byte = 0;
  out.kv_tokens = 1'000'000'000;  // it fitted where it was measured
  return out;
}

TrainingCosts MeasuredCosts::training(double model_parameters, double share) const {
  const double scale = share * model_parameters / parameters;
  TrainingCosts out;
  out.per_token = backward_token * scale;
  out.optimizer = optimizer * scale;
  return out;
}

}  // namespace troupe
