#pragma once

#include <fmt/format.h>

#include <string>

#include "simulate/soak/life.h"

namespace troupe {

/// Hears of a life what its user would, and writes it into the log. Lives on the strand.
class LifeObserver final : public RunObserver {
 public:
  LifeObserver(Executor& executor, LifeSetting& life) : executor_(executor), life_(life) {}

  void on_start(const RunInfo& info) override {
    first_step_ = info.start_step;
    life_.ledger.restart(info.start_step);
    say(fmt::format("the run {} after {} of {} steps", info.resumed ? "goes on" : "begins",
                    info.start_step, info.steps));
  }
  void on_step(const StepReport& report) override {
    failed_groups_ += report.flow.failed_groups;
    std::string text = fmt::format("step {} is done:", report.step);
    for (const PolicyStep& p : report.policies) {
      text += fmt::format(" {} trained on {} groups and {} tokens at version {};", p.policy,
                          p.groups, p.tokens_trained, p.version);
    }
    say(text);
  }
  void on_eval(const EvalReport& report) override {
    say(fmt::format("evaluation ({}): {} of {} tokens, success {:.3f}", report.when,
                    report.episodes, report.tokens, report.success));
  }
  void on_checkpoint(const CheckpointReport& report) override {
    const bool counts = report.name.starts_with("step-") && !life_.disk.crashed();
    if (counts && report.step > durable_step_) durable_step_ = report.step;
    say("checkpoint " + report.name);
  }
  void on_note(const std::string& text) override { say("note: " + text); }
  void on_finish(const FinalReport& report) override {
    report_ = report;
    say(fmt::format("the run is {} after {} steps, weights {}{}{}", report.status, report.steps,
                    report.weights_digest, report.message.empty() ? "" : ": ", report.message));
  }

  [[nodiscard]] std::int64_t first_step() const { return first_step_; }
  [[nodiscard]] std::int64_t failed_groups() const { return failed_groups_; }
  [[nodiscard]] std::int64_t durable_step() const { return durable_step_; }
  [[nodiscard]] const FinalReport& report() const { return report_; }

 private:
  void say(const std::string& text) { life_.log.say(executor_.now(), text); }

  Executor& executor_;
  LifeSetting& life_;
  std::int64_t first_step_ = 0;
  std::int64_t failed_groups_ = 0;
  std::int64_t durable_step_ = -1;
  FinalReport report_;
};

}  // namespace troupe
