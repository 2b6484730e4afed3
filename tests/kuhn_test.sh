#!/bin/bash
# The exact measure of Kuhn poker says what episodes find: value and forfeits of a policy that was
# hardly taught. An equilibrium as the teacher is learned and measured as one. Self-play that was
# taught nothing but the rules comes much nearer to one (from 0.9; two seeds came to 0.14).
#   kuhn_test.sh PROGRAM SOURCE_DIR
program=$1 source=$2
. "$source/tests/program.sh"
train() { # train NAME [MORE...]
  local name=$1
  shift
  "$program" train "$source/examples/kuhn.toml" --output "$work/$name" --json \
    --set warm_start.cache= --set observe.report=false "$@" > "$work/$name.json" 2> "$work/log" ||
    { cat "$work/log"; fail "the run $name"; }
}
train rough --steps 3 --set warm_start.steps=8 --set eval.final_episodes=20000
python3 - "$work/rough.json" <<'P'
import json, math, sys
r = json.load(open(sys.argv[1]))
for when in ("warm_start", "final"):
    e = r[when]
    exact, n = e["exact"], e["episodes"]
    assert n == 20000
    played, said = 1 - e["success"], exact["forfeits"]
    assert 0.02 < said < 0.98, said  # else this compares little
    assert abs(played - said) < 4 * math.sqrt(said * (1 - said) / n), (played, said)
    won, value = e["agent_rewards"]["player_0"], exact["value_player_0"]
    assert abs(won - value) < 4 * 2 / math.sqrt(n), (won, value)
    assert e["agent_rewards"]["player_1"] == -won
    print(f"{when}: forfeits {played:.4f} played, {said:.4f} exact; value {won:.4f}, {value:.4f}")
steps = [s["exact"] for s in r["steps_log"] if s["phase"] == "rl"]
assert len(steps) == 3 and all(len(s) >= 3 for s in steps)
assert "average_nash_conv" not in r["warm_start"]["exact"]
assert steps[-1] == r["final"]["exact"]
P
train taught --steps 0 --set warm_start.steps=600 --set warm_start.noise=0 --set warm_start.batch=512 \
  --set rollout.groups=6 --set eval.final_episodes=100
json "$work/taught.json" 'r["warm_start"]["exact"]'
[[ $(json "$work/taught.json" 'r["warm_start"]["exact"]["nash_conv"] < 0.1') == True ]] ||
  fail "a taught equilibrium is measured as $(json "$work/taught.json" 'r["warm_start"]["exact"]')"
train self --steps 200 --set eval.final_episodes=100
[[ $(json "$work/self.json" 'r["warm_start"]["exact"]["nash_conv"] > 0.7') == True ]] ||
  fail "the warm start taught the play: $(json "$work/self.json" 'r["warm_start"]["exact"]')"
[[ $(json "$work/self.json" 'r["final"]["exact"]["average_nash_conv"] < 0.3') == True ]] ||
  fail "self-play came to $(json "$work/self.json" 'r["final"]["exact"]')"
json "$work/self.json" 'r["final"]["exact"]'
eval=$("$program" eval "$work/self" --episodes 10 --json)
[[ $(python3 -c 'import json, sys; print(json.loads(sys.argv[1])["exact"])' "$eval") == \
   $(json "$work/self.json" 'r["final"]["exact"]') ]] || fail "the checkpoint is measured as $eval"
