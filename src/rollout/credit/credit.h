#pragma once

#include <string>
#include <vector>

#include "experience/trajectory.h"
#include "troupe/environment.h"
#include "troupe/result.h"

namespace troupe {

/// How an episode's outcome becomes the rewards that its trajectories learn from.
enum class CreditKind { kAgent, kTeam, kDifference, kTurn, kCommand };

/// The mean over the agents: what a team that shares everything maximises.
double team_reward(const Outcome& outcome);

/// The rewards of kTeam and kDifference, in the order of the environment's agents.
///   kTeam:       R_i = G = team_reward()
///   kDifference: R_i = G - G_without_i (Wolpert and Tumer 2001, "Optimal Payoff Functions for
///                Members of Collectives"): what the team owes to agent i. It moves G and R_i the
///                same way and leaves out the noise of the others.
/// kInvalid if the outcome does not say what the team would have earned without each agent.
Result<std::vector<double>> credit_rewards(CreditKind kind, const Outcome& outcome);

/// Gives every trajectory its agent's reward, in all contexts: `rewards` are in the order of
/// `agents`.
void set_rewards(const std::vector<std::string>& agents, const std::vector<double>& rewards,
                 std::vector<Trajectory>& trajectories);

/// Maps a finished episode's outcome to the rewards of its trajectories. They come with what the
/// environment gave each agent, context and answer: kAgent leaves that as it is; kTurn also does,
/// after a look that there are rewards of answers (kInvalid if not). kCommand is not for here
/// (credit_stage.h). A pure function.
Status assign_credit(CreditKind kind, const std::vector<std::string>& agents,
                     const Outcome& outcome, std::vector<Trajectory>& trajectories);

}  // namespace troupe
