#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "orchestrate/run_options.h"
#include "simulate/soak/event_log.h"
#include "simulate/soak/ledger.h"
#include "train/engine.h"

namespace troupe {

/// A trainer that looks at what it is given and hands it on. It checks the laws of samples and
/// groups, and enters each step into the ledger. What it hands on to must outlive it. Lives on the
/// strand.
class TrainWitness final : public TrainEngine {
 public:
  struct Setting {
    const RunOptions& options;
    const PolicyOptions& policy;
    Ledger& ledger;
    Violations& verdict;
    Executor& executor;
    EventLog& log;
    std::int64_t next_step = 0;          ///< of the run
    std::function<Status()> fault = {};  ///< of the next computation, drawn; may be empty
  };
  TrainWitness(TrainEngine& below, Setting setting) : below_(below), s_(std::move(setting)) {}

  Async<Status> accumulate(std::shared_ptr<const Group> group) override;
  Async<Result<StepResult>> step(std::int64_t groups, double learning_rate) override;
  [[nodiscard]] Version version() const override { return below_.version(); }

 private:
  void look_at(const Group& group);
  void look_at(const Trajectory& row, const Group& group);
  void broken(const std::string& law, const Group& group, const std::string& what);

  TrainEngine& below_;
  Setting s_;
  Ledger::Step step_;  ///< so far
  std::set<GroupKey> keys_;
};

}  // namespace troupe
