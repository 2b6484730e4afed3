#include "simulate/soak/life.h"

#include <fmt/format.h>

#include <cmath>
#include <map>
#include <memory>

#include "orchestrate/run.h"
#include "simulate/soak/laws.h"
#include "simulate/soak/life_observer.h"
#include "simulate/soak/logged_disk.h"
#include "simulate/soak/train_witness.h"
#include "simulate/soak/unsound_link.h"
#include "simulate/soak/watched_executor.h"

namespace troupe {
namespace {

/// No run that is as small and makes headway needs so long, whatever fails.
constexpr Nanos kLongest = 30LL * 24 * 3600 * kSecond;
constexpr std::int64_t kMostEvents = 3'000'000;

/// How long jobs take: up to a millisecond, or with a heavy tail.
std::function<Nanos(const Job&)> job_times(std::uint64_t seed, bool slow) {
  auto rng = std::make_shared<Rng>(seed_join(seed, "jobs"));
  return [rng, slow](const Job&) {
    if (!slow) return static_cast<Nanos>(rng->below(kMillisecond));
    return static_cast<Nanos>(std::exp(3.0 * rng->normal()) * static_cast<double>(kMillisecond));
  };
}

std::unique_ptr<Executor> make_clock(const LifeSetting& s) {
  VirtualOptions options;
  options.seed = s.seed;
  options.workers = 1 + static_cast<int>(s.seed % 3);
  options.job_time = job_times(s.seed, s.faults.slow);
  return make_virtual_executor(std::move(options));
}

class Life {
 public:
  explicit Life(LifeSetting& s)
      : s_(s),
        executor_(make_clock(s), s.log),
        disk_(s.disk, executor_, s.log),
        observer_(executor_, s),
        over_(executor_) {
    arm_seams();
    run_ = std::make_unique<Run>(Run::Setting{executor_, disk_, s.options, observer_, kSoakFolder,
                                              s.resume, false, [this] { return told_to_stop(); }});
    laws_ = std::make_unique<RunLaws>(*run_, s.options, s.verdict);
    executor_.after = [this] { look(); };
  }

  LifeEnd play() {
    const Status loop = executor_.inner().run(main());
    LifeEnd end;
    end.status = status_.value_or(loop);
    if (!status_) {
      s_.verdict.broken("progress", loop.error().message);
    } else {
      end.finished = status_->has_value();
      if (end.finished && !s_.disk.crashed()) laws_->check_end(s_.ledger);
      check_explanation(*status_);
    }
    if (!end.finished || !s_.verdict.good()) say_what_is_left();
    end.died = s_.disk.crashed();
    end.events = executor_.events();
    end.extent = {executor_.now(), s_.disk.calls(), computations_};
    end.failed_groups = observer_.failed_groups();
    end.durable_step = observer_.durable_step();
    end.report = observer_.report();
    count();
    return end;
  }

 private:
  Async<Status> main() {
    arm_faults();
    spawn(live());
    while (!status_ && executor_.events() < kMostEvents && executor_.now() < kLongest) {
      const bool ended = co_await over_.wait(Wait(kLongest / 100, "the end of a life"));
      (void)ended;
    }
    if (!status_) {
      co_return fail(
          ErrorCode::kDeadline,
          fmt::format("it has not ended after {} events and {:.0f} s; {}", executor_.events(),
                      static_cast<double>(executor_.now()) / kSecond, waiting()));
    }
    co_return Status();
  }

  Async<void> live() {
    try {
      status_ = co_await run_->main();
    } catch (const std::exception& e) {
      s_.verdict.broken("explains itself", fmt::format("it threw: {}", e.what()));
      status_ = fail(ErrorCode::kInternal, e.what());
    }
    over_.notify_all();
  }

  /// What its workers do.
  std::string waiting() {
    std::string out = "workers:";
    for (const auto& worker : executor_.worker_states()) {
      for (const auto& [state, nanos] : worker) {
        out += fmt::format(" {} {:.1f} s,", state, static_cast<double>(nanos) / kSecond);
      }
    }
    return out;
  }

  /// The groups that are not through, for whoever reads the log.
  void say_what_is_left() {
    if (run_->store() == nullptr) return;
    for (const auto& table : run_->store()->state().tables()) {
      for (const auto& [key, entry] : table->entries()) {
        if (ended(entry.state)) continue;
        s_.log.say(executor_.now(),
                   fmt::format("left: policy {}, group {}.{} (place {}) is {}, {} members, step {}",
                               table->policy(), key.step, key.index, entry.place,
                               to_string(entry.state), entry.members.size(), entry.step));
      }
    }
  }

  void arm_seams() {
    s_.options.seams.wrap_trainer = [this](const std::string& policy,
                                           TrainEngine& trainer) -> TrainEngine& {
      return witness(policy, trainer);
    };
    // The clock of the machine is another one each time, also an earlier one.
    s_.options.seams.unix_time = [seconds = static_cast<double>(s_.seed % 2'000'000'000)] {
      return seconds;
    };
    auto world =
        std::make_shared<LinkWorld>(LinkWorld{executor_, s_.log, s_.counts, s_.verdict,
                                              s_.faults.links, Rng(seed_join(s_.seed, "links"))});
    const bool emulated = s_.options.instances.engine == "emulated";
    if (emulated) world->kv_tokens = s_.options.emulated.kv_tokens;
    s_.options.seams.wrap_link = [world](int instance, std::unique_ptr<InstanceLink> link) {
      return std::make_unique<UnsoundLink>(instance, std::move(link), world);
    };
  }

  TrainEngine& witness(const std::string& name, TrainEngine& trainer) {
    const PolicyOptions* policy = nullptr;
    for (const auto& each : s_.options.policies) {
      if (each->name == name) policy = each.get();
    }
    TrainWitness::Setting setting{s_.options, *policy, s_.ledger, s_.verdict, executor_, s_.log};
    setting.next_step = observer_.first_step();
    setting.fault = [this] { return computed(); };
    witnesses_[name] = std::make_unique<TrainWitness>(trainer, std::move(setting));
    return *witnesses_[name];
  }

  /// The fault, if any, of the next computation of a trainer.
  Status computed() {
    const std::int64_t n = computations_++;
    for (const std::int64_t fault : s_.faults.failed_computations) {
      if (fault != n) continue;
      ++s_.counts["a trainer fails"];
      s_.log.say(executor_.now(), "fault: a computation of a trainer fails");
      return fail(ErrorCode::kUnavailable, "the device of a trainer was lost");
    }
    return {};
  }

  void arm_faults() {
    const LifeFaults& f = s_.faults;
    if (f.crash_call) s_.disk.crash_at(s_.disk.calls() + *f.crash_call);
    for (const auto& [call, code] : f.failed_calls) {
      s_.disk.fail_call(s_.disk.calls() + call, code);
    }
    if (f.crash_time) {
      executor_.at(*f.crash_time, [this] {
        if (!s_.disk.crashed()) s_.disk.crash_at(s_.disk.calls());
        dead_ = true;
        s_.log.say(executor_.now(), "fault: the process dies");
      });
    }
    if (f.interrupt_time) {
      executor_.at(*f.interrupt_time, [this] {
        interrupted_ = true;
        s_.log.say(executor_.now(), "fault: somebody asks the run to stop");
      });
    }
    for (const Outage& outage : f.outages) {
      executor_.at(outage.from, [this, outage] {
        ++s_.counts[outage.code == ErrorCode::kNoSpace ? "disk full for a while"
                                                       : "disk fails for a while"];
        s_.disk.fail_while(outage.code);
        s_.log.say(executor_.now(), "fault: the disk refuses to write");
      });
      executor_.at(outage.until, [this] {
        s_.disk.heal();
        s_.log.say(executor_.now(), "the disk works again");
      });
    }
  }

  bool told_to_stop() { return interrupted_ || dead_ || s_.disk.crashed(); }

  /// After each event.
  void look() {
    if (dead_ || s_.disk.crashed()) return;
    laws_->check();
  }

  /// Law "explains itself": errors are no bugs, and say something.
  void check_explanation(const Status& status) {
    if (status) return;
    if (status.error().code == ErrorCode::kInternal) {
      s_.verdict.broken("explains itself", "the run ended with a bug: " + status.error().message);
    }
    if (status.error().message.empty()) {
      s_.verdict.broken("explains itself", "the run failed and does not say why");
    }
  }

  void count() {
    if (s_.disk.crashed()) {
      ++s_.counts[s_.faults.crash_call && !dead_ ? "death in a disk call" : "death at an instant"];
    }
    if (interrupted_) ++s_.counts["interruption"];
    if (s_.faults.slow) ++s_.counts["slow jobs"];
    if (laws_->evictions() > 0) s_.counts["a training state goes to disk"] += laws_->evictions();
    for (const auto& [call, code] : s_.faults.failed_calls) {
      if (call < s_.disk.calls()) ++s_.counts["a disk call fails"];
    }
  }

  LifeSetting& s_;
  WatchedExecutor executor_;
  LoggedDisk disk_;
  LifeObserver observer_;
  Signal over_;
  std::map<std::string, std::unique_ptr<TrainWitness>> witnesses_;
  std::unique_ptr<Run> run_;
  std::unique_ptr<RunLaws> laws_;
  std::optional<Status> status_;
  std::int64_t computations_ = 0;
  bool dead_ = false;
  bool interrupted_ = false;
};

}  // namespace

LifeEnd play_life(LifeSetting setting) {
  Life life(setting);
  return life.play();
}

}  // namespace troupe
