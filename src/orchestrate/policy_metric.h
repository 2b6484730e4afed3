#pragma once

#include <memory>
#include <string>
#include <vector>

#include "orchestrate/behaviour_average.h"
#include "orchestrate/team.h"
#include "troupe/metric.h"

namespace troupe {

/// How a policy answers for its agents: what reads their prompts, its limits and its weights.
struct ProbedPolicy {
  std::vector<std::string> agents;
  std::shared_ptr<const Tokenizer> tokenizer;
  std::shared_ptr<const ChatFormat> chat;  ///< none: prompts are plain text
  std::shared_ptr<const StopRule> stop;    ///< may be null; its texts are not looked at
  std::shared_ptr<const Decoder> decoder;
  int max_answer = 0;       ///< tokens
  int max_context = 0;      ///< tokens
  float temperature = 1.0;  ///< of the rollout, > 0
};

/// Writes the rows of `out` ([probes]) that belong to the policy's agents; the others stay.
///
/// A probe's context is fed as an episode would feed it. The chance of a candidate is that of its
/// tokens (as the tokenizer encodes it) and then of any token that ends an answer, or of its tokens
/// alone if max_answer cuts them off there: the log-probs that an episode would record. Whatever
/// else the policy may say is left to the rest; with a tokenizer that can write a text in several
/// ways, the others count as the rest too.
/// kInvalid if a probe cannot be tokenized or fills the context. One pass over all rows; off the
/// strand.
Status probe_policy(const ProbedPolicy& policy, const std::vector<Probe>& probes, Behaviour& out);

/// The environment's exact numbers (troupe/metric.h) of the team at its trainers' versions; none if
/// it offers none. `join`: the team's behaviour joins `average` first. With a team in the average
/// the same numbers of the average follow, with "average_" before their names.
Async<Result<NamedNumbers>> measure_team(Executor& executor, const EnvironmentSpec& spec,
                                         const Team& team, BehaviourAverage& average, bool join);

}  // namespace troupe
