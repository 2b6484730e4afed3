#include "rollout/credit/options.h"

namespace troupe {

void CreditOptions::declare(OptionSet& o) {
  o.add("kind", &kind,
        "What each agent's reward is. agent: its own. team: the mean over the agents. difference: "
        "the team's less the team's without it. turn: each answer's own. command: what a program "
        "says.")
      .one_of({"agent", "team", "difference", "turn", "command"});
  o.add("discount", &discount,
        "kind = turn: what the next answer's return counts in the one before it.")
      .range(0, 1);
  o.add("command", &command,
        "kind = command: the program and its arguments, as a list. No shell is involved.");
  o.add("timeout_seconds", &timeout_seconds,
        "kind = command: longest wait for one reply, in seconds.")
      .range(0.01, 3600);
  o.add("retries", &retries,
        "kind = command: how often a reply that failed is asked for again, before the group fails.")
      .range(0, 1000);
}

}  // namespace troupe
