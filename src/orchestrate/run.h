#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/disk.h"
#include "experience/store.h"
#include "orchestrate/pipeline.h"
#include "orchestrate/publications.h"
#include "orchestrate/run_observer.h"
#include "orchestrate/run_options.h"
#include "orchestrate/run_state.h"
#include "orchestrate/team.h"
#include "rollout/concurrency.h"
#include "rollout/reward/reward_stage.h"
#include "versions/checkpoint_writer.h"

namespace troupe {

/// One training run from its first note to its report: warm start, evaluation, steps, checkpoints.
///
/// Stops at the end of a step when `interrupted` turns true or run.max_seconds have passed, with a
/// checkpoint that a resume continues from to the same bits. After an error the last complete
/// checkpoint is still good. Checkpoints are written beside the training; the run waits for the
/// last one before it ends. Lives on the strand.
class Run {
 public:
  struct Setting {
    Executor& executor;
    Disk& disk;
    const RunOptions& options;
    RunObserver& observer;
    std::string folder;  ///< of the run; exists
    bool resume = false;
    bool skip_damaged = false;          ///< a resume may pass over damaged checkpoints
    std::function<bool()> interrupted;  ///< may be empty
  };
  explicit Run(Setting setting);

  /// kCancelled: interrupted, checkpointed. Other errors say what failed; observers have heard the
  /// final report in each case but an error before the start.
  Async<Status> main();

  // For whoever watches the run, on the strand; null: not there yet.
  [[nodiscard]] const ExperienceStore* store() const { return store_.get(); }
  [[nodiscard]] const Team* team() const { return team_.get(); }
  [[nodiscard]] const Pipeline* pipeline() const { return pipeline_.get(); }

 private:
  Async<Status> begin();
  [[nodiscard]] Wait disk_wait(std::string reason) const;
  Status open_store();
  Async<Status> open_publications(bool fresh);
  Async<Status> publish_first();
  Async<Status> publish_next(int policy);
  Async<Status> wait_for_disk();
  void make_pipeline();
  Async<Status> rl();
  Async<Status> all_steps();
  Status restore_newest();
  Status restore(const std::string& name, Checkpoint checkpoint);
  Async<Status> save_opponents();
  Status restore_opponents();
  Async<Status> one_step(std::int64_t step);
  [[nodiscard]] std::int64_t tokens_sampled() const;
  Async<Result<EvalReport>> evaluate_now(std::string when, std::int64_t step,
                                         std::int64_t episodes);
  [[nodiscard]] KeepRules keep_rules(const std::string& kind, std::int64_t step) const;
  Async<Result<Checkpoint>> snapshot(std::int64_t step, bool whole);
  Async<Status> save(std::int64_t step, std::string kind);
  Status kept(CheckpointReport& report, const SavedCheckpoint& saved, bool includes,
              std::int64_t best);
  Async<Status> keep_if_best(EvalReport report, std::int64_t step);
  Async<void> finish(Status status);
  [[nodiscard]] RunInfo info() const;
  [[nodiscard]] bool stop_requested() const;
  void tell_episode(std::int64_t step, const char* phase, const Task& task,
                    const EpisodeRecord& record);

  Setting s_;
  CheckpointStore checkpoints_;
  CheckpointWriter writer_;
  std::vector<std::string> notes_;  ///< to be told when the observers have heard of the run
  std::unique_ptr<Team> team_;
  std::unique_ptr<RewardStage> reward_;  ///< none: the environment's outcomes stand
  std::unique_ptr<CreditStage> credit_;
  std::unique_ptr<Concurrency> concurrency_;  ///< null: no limit
  std::unique_ptr<Opponents> opponents_;      ///< null: agents play with current versions alone
  MemoryDisk memory_;  ///< of the experience, with experience.store = "memory"
  std::unique_ptr<ExperienceStore> store_;
  std::unique_ptr<Publications> publications_;  ///< null: versions are not published
  std::unique_ptr<TailPolicy> tail_;
  std::unique_ptr<Pipeline> pipeline_;
  RunState state_;
  EvalReport final_;
  std::int64_t step_ = 0;             ///< steps done
  std::int64_t first_step_ = 0;       ///< steps done before this process
  std::int64_t saved_step_ = -1;      ///< the last that was given to the writer
  std::int64_t saved_best_ = -1;      ///< the best step that this one speaks of
  std::int64_t resumable_best_ = -1;  ///< the same of the last that is durable
  std::string last_checkpoint_, best_checkpoint_;
  double rl_seconds_here_ = 0;
  std::int64_t tokens_told_ = 0;  ///< sampled, and in a report already
  Nanos began_ = 0;
};

}  // namespace troupe
