#include "simulate/soak/seed_play.h"

#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <utility>

#include "simulate/soak/disk_laws.h"
#include "simulate/soak/life.h"

namespace troupe {
namespace {

/// The lives of one drawn run.
class SeedPlay {
 public:
  SeedPlay(DrawnRun run, std::uint64_t seed, bool keep_log)
      : seed_(seed), log_(keep_log), drawn_(std::move(run)) {}

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
    if (!bind({})) return;
    count_options();
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
      if (resume && !change_options()) return;
      log_.say(0, fmt::format("== life {}: {}", lives_, faults_text(faults)));
      const LifeEnd end = live(*disk, ledger, faults, resume);
      if (!verdict_.good()) return;
      harmed = harmed || end.failed_groups > 0;
      disk = leave(*disk, faults.loss, end, ledger);
      if (!verdict_.good()) return;
      resume = true;
    }
    log_.say(0, "== a life without faults");
    const LifeEnd last = live(*disk, ledger, {}, resume);
    if (!ended_well(last, ledger)) return;
    if (repeatable(*options_) && !harmed && last.failed_groups == 0) {
      compare(reference, plain, last, ledger);
    }
    if (seed_ % 4 == 0 && verdict_.good()) once_more(*disk, last, ledger);
  }

  bool bind(const std::vector<std::string>& changes) {
    auto options = bind_run(drawn_, changes, services_, trouble_);
    if (!options) {
      verdict_.broken("draw", options.error().message);
      return false;
    }
    options_ = std::move(*options);
    return true;
  }

  /// What was drawn, so that one sees that it is.
  void count_options() {
    const RunOptions& o = *options_;
    const auto count = [this](bool drawn, const std::string& what) {
      if (drawn) ++counts_["run: " + what];
    };
    count(true, o.environment_name);
    count(true, o.policies.front()->pipeline.mode);
    count(o.policies.size() > 1, "several policies");
    count(o.policies.front()->pipeline.update != "pin", "weights change in flight");
    count(o.experience.selection != "admission", "groups out of their order");
    count(o.pipeline.tail != "none", "tail policy");
    count(o.experience.refill, "refill");
    count(o.experience.tasks == "difficulty", "tasks by difficulty");
    count(o.experience.store == "memory", "experience in memory");
    count(o.workflow_name == "self_play", "self-play");
    count(o.instances.count > 0, o.instances.engine + " instances");
    count(o.training.slots > 0, "training slots");
    count(o.versions.publish, "published versions");
    count(o.warm_steps() > 0, "warm start");
    count(!repeatable(o), "not repeatable");
  }

  /// A resume may be started with other options, as long as they decide nothing.
  bool change_options() {
    const std::uint64_t seed = seed_join(seed_, static_cast<std::uint64_t>(lives_));
    if (seed % 2 == 0) return bind({});
    const auto changes = draw_changes(seed, *options_);
    for (const std::string& change : changes) log_.say(0, "option: " + change);
    ++counts_["other options"];
    return bind(changes);
  }

  /// What a new process finds.
  std::unique_ptr<SimulatedDisk> leave(SimulatedDisk& disk, SimulatedDisk::Loss loss,
                                       const LifeEnd& end, const Ledger& ledger) {
    ++counts_[loss_name(loss)];
    log_.say(0, std::string("== the process is gone; ") + loss_name(loss));
    auto found = disk.after_crash(loss, seed_join(seed_, static_cast<std::uint64_t>(lives_)));
    durable_ = std::max(durable_, end.durable_step);
    check_disk(*found, *options_, ledger, durable_, verdict_);
    return found;
  }

  /// Law "stays": what has ended well is there after a power loss, and a resume has nothing to do.
  void once_more(SimulatedDisk& disk, const LifeEnd& last, Ledger& ledger) {
    const auto found = leave(disk, SimulatedDisk::Loss::kAll, last, ledger);
    if (!verdict_.good()) return;
    log_.say(0, "== a resume of the finished run");
    const Ledger::Policies before = ledger.policies();
    const LifeEnd again = live(*found, ledger, {}, true);
    if (!ended_well(again, ledger)) return;
    if (again.report.weights_digest != last.report.weights_digest || ledger.policies() != before) {
      verdict_.broken("stays",
                      fmt::format("the finished run had weights {}, its resume has {}",
                                  last.report.weights_digest, again.report.weights_digest));
    }
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
  Violations verdict_;
  FaultCounts counts_;
  std::int64_t events_ = 0, lives_ = 0, compared_ = 0;
  std::int64_t durable_ = -1;  ///< the newest checkpoint that was told to be
};

}  // namespace

SeedReport play_run(const DrawnRun& run, std::uint64_t seed, bool keep_log) {
  return SeedPlay(run, seed, keep_log).play();
}

SeedReport play_seed(std::uint64_t seed, bool keep_log) {
  return play_run(draw_run(seed), seed, keep_log);
}

}  // namespace troupe
