#include "orchestrate/exact/step_check.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "train/loss/registry.h"
#include "train/trainer.h"

namespace troupe::exact {
namespace {

using Groups = std::vector<std::shared_ptr<const Group>>;

struct Settings {
  AlgorithmOptions algorithm;
  float temperature = 1.0F;
  std::int64_t pack_tokens = 4096;
};

struct Schedule {
  VirtualOptions clock;
  Groups order;
  std::size_t micro_batch = 1;  ///< groups that are under way at once
  bool recompute = false;
};

Async<void> accumulate(Trainer& trainer, std::shared_ptr<const Group> group, Gate::Pass pass) {
  const Gate::Pass held = std::move(pass);
  (void)co_await trainer.accumulate(std::move(group));  // the step tells what it lacks
}

Async<Status> one_step(Executor& executor, Trainer& trainer, const Schedule& schedule,
                       bool& skipped) {
  const Groups& groups = schedule.order;
  for (std::size_t first = 0; first < groups.size(); first += schedule.micro_batch) {
    Gate gate(executor);
    for (std::size_t i = first; i < std::min(groups.size(), first + schedule.micro_batch); ++i) {
      spawn(accumulate(trainer, groups[i], Gate::Pass(gate)));
    }
    Status done = co_await gate.drain(Wait(3600 * kSecond, "backward of the check"));
    if (!done) co_return done;
  }
  const auto result = co_await trainer.step(static_cast<std::int64_t>(groups.size()), 1e-2);
  if (!result) co_return tl::unexpected(result.error());
  skipped = result->skipped;
  co_return Status();
}

struct Outcome {
  std::vector<float> weights, first, second;
  std::string error;
};

Outcome train(const Case& drawn, const Settings& settings, const Schedule& schedule) {
  const auto executor = make_virtual_executor(schedule.clock);
  Trainer trainer(*executor, "checked", {}, settings.algorithm, drawn.weights, drawn.table->dtype);
  trainer.configure(settings.temperature, 8, settings.pack_tokens, schedule.recompute);
  bool skipped = true;
  const Status status = executor->run(one_step(*executor, trainer, schedule, skipped));
  if (!status) return {{}, {}, {}, status.error().message};
  if (skipped) return {{}, {}, {}, "the step was not finite"};
  TrainerState state = trainer.export_state();
  return {trainer.weights()->values, std::move(state.first), std::move(state.second), ""};
}

}  // namespace

void check_step(const Case& drawn, const Groups& groups, float temperature, Tally& tally) {
  Rng rng = drawn.rng("step");
  constexpr std::array kNormalizers = {"sequence", "token", "constant"};
  Settings settings;
  settings.algorithm.loss = loss_entries()[rng.below(loss_entries().size())].name;
  settings.algorithm.normalizer = kNormalizers[rng.below(kNormalizers.size())];
  settings.algorithm.entropy_coefficient = rng.below(2) == 0 ? 0.0 : 0.01;
  settings.temperature = temperature;
  settings.pack_tokens = static_cast<std::int64_t>(1 + rng.below(120));
  Schedule plain;
  plain.clock.workers = 1;
  plain.order = groups;
  Schedule random;
  random.clock.seed = rng.next();
  random.clock.workers = static_cast<int>(1 + rng.below(4));
  random.order = groups;
  for (std::size_t i = groups.size(); i > 1; --i) {
    std::swap(random.order[i - 1], random.order[rng.below(i)]);
  }
  random.micro_batch = 1 + rng.below(groups.size());
  random.recompute = rng.below(2) == 0;
  const Outcome expected = train(drawn, settings, plain);
  const Outcome got = train(drawn, settings, random);
  const auto where = [&](const char* what) {
    return [&, what] {
      const std::string& error = expected.error.empty() ? got.error : expected.error;
      return error.empty() ? fmt::format("{} after a step, in the layout of the weights", what)
                           : "no step: " + error;
    };
  };
  tally.compare(Kind::kStep, expected.weights, got.weights, where("weights"));
  tally.compare(Kind::kStep, expected.first, got.first, where("first moments"));
  tally.compare(Kind::kStep, expected.second, got.second, where("second moments"));
  if (!expected.error.empty() && !got.error.empty()) {
    tally.compare(Kind::kStep, drawn.weights->values, {}, where(""));
  }
}

}  // namespace troupe::exact
