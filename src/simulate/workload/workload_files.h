#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "simulate/workload/workload.h"

namespace troupe {

class Disk;

/// Which of a run's episodes: those that were admitted for these optimizer steps, from 0 on.
struct RecordedSteps {
  std::int64_t from = 0;
  std::int64_t to = INT64_MAX;  ///< not included
  std::int64_t most = 20'000;   ///< episodes: the newest
};

/// Episodes that a run has played, as work.
struct RecordedEpisodes {
  std::vector<std::string> policies;      ///< in the order of the chains' indices
  std::vector<std::vector<Chain>> tasks;  ///< by group
  std::vector<int> speakers;              ///< of each policy
  std::int64_t episodes = 0, turns = 0;   ///< turns: most of an episode
  std::int64_t answer = 1, context = 1;   ///< the longest, tokens
};

/// The episodes in the experience journal of a run's folder. A turn is what was shown to the agent
/// and the answer to it; each agent, and each of its contexts, reads only what was shown to it.
/// Which of two agents spoke first is not recorded: their turns alternate. A journal keeps what its
/// segments hold, which of a long run is the end. Blocks. kNotFound, kInvalid: no such run, or no
/// such episodes in it.
Result<RecordedEpisodes> read_recorded_episodes(Disk& disk, const std::string& run,
                                                const RecordedSteps& steps = {});

/// Reads the files that the workload names, if any, and sets what follows from them: with a run,
/// turns, answer_cap, max_context and the speakers of each of `policies` policies. Of a trace,
/// requests that max_context does not hold are left out. Blocks. kInvalid, kNotFound, kIo.
Status load_workload(Disk& disk, int policies, WorkloadOptions& options);
/// The same with a run's episodes that have been read.
Status take_episodes(RecordedEpisodes episodes, int policies, WorkloadOptions& options);

}  // namespace troupe
