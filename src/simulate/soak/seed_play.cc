#include "simulate/soak/seed_play.h"

#include <fmt/format.h>

#include <memory>
#include <utility>

#include "simulate/soak/drawn_run.h"
#include "simulate/soak/life.h"

namespace troupe {
namespace {

/// The lives of one drawn run.
class SeedPlay {
 public:
  SeedPlay(std::uint64_t seed, bool keep_log)
      : seed_(seed), log_(keep_log), drawn_(draw_run(seed)) {}

  SeedReport play() {
    play_all();
    SeedReport out;
    out.seed = seed_;
    out.file = drawn_.file;
    out.violations = verdict_.violations();
    out.digest = log_.digest();
    out.events = events_;
    out.lives = lives_;
    out.compared = compared_;
    out.counts = std::move(counts_);
    out.log = log_.lines();
    return out;
  }

 private:
  void play_all() {
    auto options = bind_run(drawn_, services_, trouble_);
    if (!options) {
      verdict_.broken("draw", options.error().message);
      return;
    }
    options_ = std::move(*options);
    log_.say(0, "== without faults");
    auto disk = std::make_unique<SimulatedDisk>(seed_);
    Ledger plain;
    const LifeEnd reference = live(*disk, plain, {}, false);
    if (!ended_well(reference, plain)) return;
    disk = std::make_unique<SimulatedDisk>(seed_join(seed_, "disk"));
    Ledger ledger;
    bool harmed = reference.failed_groups > 0;  // a group failed, and with it the promise
    bool resume = false;
    for (const LifeFaults& faults : draw_faults(seed_, reference.extent)) {
      log_.say(0, fmt::format("== life {}: {}", lives_, faults_text(faults)));
      const LifeEnd end = live(*disk, ledger, faults, resume);
      if (!verdict_.good()) return;
      harmed = harmed || end.failed_groups > 0;
      ++counts_[loss_name(faults.loss)];
      log_.say(0, std::string("== the process is gone; ") + loss_name(faults.loss));
      disk = disk->after_crash(faults.loss, seed_join(seed_, lives_));
      resume = true;
    }
    log_.say(0, "== the last life, without faults");
    const LifeEnd last = live(*disk, ledger, {}, resume);
    if (!ended_well(last, ledger)) return;
    if (!options_->run.deterministic || harmed || last.failed_groups > 0) return;
    compare(reference, plain, last, ledger);
  }

  LifeEnd live(SimulatedDisk& disk, Ledger& ledger, const LifeFaults& faults, bool resume) {
    const std::uint64_t seed =
        seed_join(seed_join(seed_, "life"), static_cast<std::uint64_t>(lives_));
    trouble_->rng = Rng(seed_join(seed, "environment"));
    trouble_->failing = faults.environment;
    trouble_->counts = &counts_;
    const LifeEnd end = play_life(
        LifeSetting{*options_, disk, seed, resume, faults, log_, ledger, verdict_, counts_});
    ++lives_;
    events_ += end.events;
    return end;
  }

  /// Law "completes": a run without faults, or behind them, comes to its end.
  bool ended_well(const LifeEnd& end, const Ledger& ledger) {
    if (!end.finished && verdict_.good()) {
      verdict_.broken("completes", end.status ? "it did not end" : end.status.error().message);
    }
    if (!verdict_.good()) return false;
    std::vector<std::string> names;
    for (const auto& policy : options_->policies) names.push_back(policy->name);
    ledger.finished(names, options_->run.steps, verdict_);
    return verdict_.good();
  }

  /// Laws "same result" and "same samples": faults that a repeatable run survives change nothing.
  void compare(const LifeEnd& reference, const Ledger& plain, const LifeEnd& last,
               const Ledger& ledger) {
    compared_ = 1;
    if (reference.report.weights_digest != last.report.weights_digest) {
      verdict_.broken("same result",
                      fmt::format("weights {} after the faults, {} without them",
                                  last.report.weights_digest, reference.report.weights_digest));
    }
    if (plain.policies() != ledger.policies()) {
      verdict_.broken("same samples", "other samples were trained on than without the faults");
    }
  }

  std::uint64_t seed_;
  EventLog log_;
  DrawnRun drawn_;
  MemoryDisk services_;
  std::shared_ptr<EnvironmentTrouble> trouble_ = std::make_shared<EnvironmentTrouble>();
  std::unique_ptr<RunOptions> options_;
  Verdict verdict_;
  FaultCounts counts_;
  std::int64_t events_ = 0, lives_ = 0, compared_ = 0;
};

}  // namespace

SeedReport play_seed(std::uint64_t seed, bool keep_log) { return SeedPlay(seed, keep_log).play(); }

}  // namespace troupe
