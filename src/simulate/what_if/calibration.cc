#include "simulate/what_if/calibration.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "config/run_file.h"
#include "orchestrate/run_options.h"
#include "simulate/simulation.h"
#include "simulate/workload/workload_files.h"

namespace troupe {
namespace {

constexpr std::int64_t kSkipped = 1;     ///< the first step finds caches cold
constexpr std::size_t kFewestSteps = 8;  ///< after it
constexpr int kRounds = 8;               ///< of fitting the thread's time
constexpr double kNear = 0.005;          ///< of a step
constexpr std::int64_t kSimulated = 20;  ///< steps of each simulation

/// Parameters of each policy, by the cluster file's way to them.
using Sizes = std::map<std::string, double>;

double state(const StepReport& report, const std::string& name) {
  const auto found = report.states.find(name);
  return found == report.states.end() ? 0 : found->second;
}

/// With the workers that joined another's.
double work(const StepReport& report, const std::string& name) {
  return state(report, name) + state(report, "help: " + name);
}

StepWork work_of(const StepReport& report, const Sizes& sizes, double reference) {
  StepWork out;
  out.seconds = report.seconds;
  double all = 0;
  for (const auto& [name, seconds] : report.states) all += seconds;
  const double scale = all > 0 ? report.seconds / all : 0;  // all workers together are the machine
  out.generate = scale * work(report, "generate");
  out.backward = scale * work(report, "backward");
  out.optimizer = scale * work(report, "optimizer");
  out.others = report.seconds - out.generate - out.backward - out.optimizer -
               scale * state(report, "wait: rollout");
  for (const PolicyStep& policy : report.policies) {
    const double size = sizes.at(policy.policy) / reference;
    const auto sampled = static_cast<double>(policy.tokens_generated);
    const auto trained = static_cast<double>(policy.tokens_trained);
    out.decoded += size * sampled;
    out.prefilled += size * (trained - sampled);
    out.trained += size * trained;
    out.updates += size;
  }
  return out;
}

std::string costs_toml(const MeasuredCosts& c) {
  return fmt::format(
      "[measured]\nparameters = {}\ndecode_token = {:.6g}\nprefill_token = {:.6g}\n"
      "backward_token = {:.6g}\noptimizer = {:.6g}\nstep = {:.6g}\nturn = {:.6g}\n",
      std::llround(c.parameters), c.decode_token, c.prefill_token, c.backward_token, c.optimizer,
      c.step, c.turn);
}

/// One machine, as many shares of it as there are policies: each engine has one, and training all.
std::string cluster_toml(const std::string& folder, std::size_t policies, const MeasuredCosts& c) {
  return fmt::format(
      "# Fitted by `troupe simulate calibrate {0}`. What the run file would take here:\n"
      "# troupe simulate {0}/run.toml --cluster THIS\n\n"
      "[cluster]\ndevice = \"cpu\"\ndevices = {1}            # shares of one machine\n"
      "training_devices = {1}\nshared = true\n\n{2}\n[workload]\nlengths = \"empirical\"\n"
      "from_run = \"{0}\"\n\n[simulation]\nsteps = {3}\n",
      folder, policies, costs_toml(c), kSimulated);
}

/// The run on the machine; the workload is that of some of its steps, or all if these are gone.
Result<WhatIf> on_machine(Disk& disk, const std::string& folder, const RunOptions& run,
                          const MeasuredCosts& costs, const RecordedSteps& steps, bool* all) {
  TROUPE_ASSIGN(RunFile file,
                RunFile::parse(cluster_toml(folder, run.policies.size(), costs), "calibration"));
  TROUPE_ASSIGN(WhatIf out, read_what_if(disk, file, run));
  auto episodes = read_recorded_episodes(disk, folder, steps);
  *all = !episodes;
  if (episodes) {
    TROUPE_TRY(take_episodes(std::move(*episodes), static_cast<int>(run.policies.size()),
                             out.options.workload));
  }
  return out;
}

class Fit {
 public:
  Fit(Disk& disk, const std::string& folder, const RunOptions& run)
      : disk_(disk), folder_(folder), run_(run) {}

  Result<Calibration> result(const std::vector<StepReport>& reports) {
    TROUPE_TRY(read_sizes());
    for (const StepReport& report : reports) {
      if (report.phase != "rl" || report.step <= kSkipped) continue;
      bool known = report.seconds > 0;
      for (const PolicyStep& policy : report.policies)
        known = known && sizes_.contains(policy.policy);
      if (!known) return fail(ErrorCode::kInvalid, folder_ + ": its metrics are of another run");
      steps_.push_back(report.step);
      work_.push_back(work_of(report, sizes_, out_.costs.parameters));
    }
    if (work_.size() < kFewestSteps) {
      return fail(ErrorCode::kInvalid,
                  fmt::format("{}: {} steps after the first are too few to fit half of them and "
                              "predict the rest; run at least {}",
                              folder_, work_.size(), kFewestSteps + kSkipped));
    }
    half_ = work_.size() / 2;
    TROUPE_TRY(fit());
    TROUPE_TRY(predict());
    out_.cluster_file = cluster_toml(folder_, run_.policies.size(), out_.costs);
    return std::move(out_);
  }

 private:
  /// Sizes of the policies; the largest is the reference.
  Status read_sizes() {
    MeasuredCosts any;
    any.parameters = any.decode_token = any.backward_token = 1;
    bool all = false;
    TROUPE_ASSIGN(const WhatIf asked, on_machine(disk_, folder_, run_, any, {}, &all));
    for (const ModelShape& shape : asked.options.team.shapes) {
      sizes_[shape.name] = shape.parameters;
      out_.costs.parameters = std::max(out_.costs.parameters, shape.parameters);
    }
    out_.notes = asked.notes;
    return {};
  }

  /// Mean step of a simulation of the episodes of these steps, and turns in a step.
  Result<double> simulated(const RecordedSteps& steps, double* turns) {
    bool all = false;
    TROUPE_ASSIGN(const WhatIf asked, on_machine(disk_, folder_, run_, out_.costs, steps, &all));
    if (all && !noted_) {
      noted_ = true;
      out_.notes.emplace_back(
          "the journal lacks episodes of some steps: those that it has were simulated");
    }
    TROUPE_ASSIGN(const SimulationResult result, simulate(asked.options));
    *turns = static_cast<double>(result.turns) / static_cast<double>(result.steps.size());
    return result.step_seconds();
  }

  Status fit() {
    const std::vector<StepWork> first =
        without_outliers({work_.begin(), work_.begin() + static_cast<std::ptrdiff_t>(half_)});
    const double parameters = out_.costs.parameters;
    out_.costs = fit_costs(first);
    out_.costs.parameters = parameters;
    out_.fitted = static_cast<std::int64_t>(first.size());
    for (const StepWork& step : first) {
      out_.fitted_seconds += step.seconds / static_cast<double>(first.size());
    }
    RecordedSteps recorded;
    recorded.to = steps_[half_] - 1;  // journals count from 0
    // Some of the thread's time is hidden behind the devices', so that one division is not enough.
    for (int round = 0; round < kRounds; ++round) {
      double turns = 0;
      TROUPE_ASSIGN(const double seconds, simulated(recorded, &turns));
      const double lacking = out_.fitted_seconds - seconds;
      if (std::abs(lacking) < kNear * out_.fitted_seconds) break;
      out_.costs.turn = std::max(0.0, out_.costs.turn + lacking / turns);
    }
    return {};
  }

  Status predict() {
    RecordedSteps recorded;
    recorded.from = steps_[half_] - 1;
    double turns = 0;
    TROUPE_ASSIGN(out_.predicted, simulated(recorded, &turns));
    const std::vector<StepWork> second(work_.begin() + static_cast<std::ptrdiff_t>(half_),
                                       work_.end());
    const auto count = static_cast<double>(second.size());
    out_.measured = median_seconds(second);
    double mean = 0;
    for (const StepWork& step : second) {
      out_.measured_mean += step.seconds / count;
      mean += device_seconds(out_.costs, step) / count;
    }
    for (std::size_t i = 0; i < second.size(); ++i) {
      const double more = device_seconds(out_.costs, second[i]) - mean;
      out_.steps.push_back({steps_[half_ + i], second[i].seconds, out_.predicted + more});
    }
    return {};
  }

  Disk& disk_;
  const std::string& folder_;
  const RunOptions& run_;
  Sizes sizes_;
  std::vector<std::int64_t> steps_;
  std::vector<StepWork> work_;
  std::size_t half_ = 0;
  bool noted_ = false;
  Calibration out_;
};

}  // namespace

double Calibration::step_error() const {
  std::vector<double> errors;
  for (const HeldOutStep& s : steps) errors.push_back(std::abs(s.predicted / s.measured - 1));
  const auto middle = errors.begin() + static_cast<std::ptrdiff_t>(errors.size() / 2);
  std::nth_element(errors.begin(), middle, errors.end());
  return *middle;
}

Result<Calibration> calibrate(Disk& disk, const std::string& folder, const RunOptions& run,
                              const std::vector<StepReport>& reports) {
  return Fit(disk, folder, run).result(reports);
}

}  // namespace troupe
