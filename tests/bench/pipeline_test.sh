#!/bin/bash
# The pipeline benchmark: its flags, that its figures add up, and that its bound is the one that its
# docstring derives. Says nothing about speed.
#   tests/bench/pipeline_test.sh PIPELINE
bench=$1
. "$(dirname "$0")/bench.sh"
refused "--steps: .*not in range" --steps 1
refused "--workers" --workers 0

"$bench" --quick --json > "$work/out.json" || fail "a quick run ended with $?"
"$bench" --quick --steps 2 | grep -qE '^overlap 1, pin +[0-9.]+ +[0-9.]+ +[0-9]+% +[0-9]+% +[01] ' || fail "the table's line"

python3 - "$work/out.json" <<'P' || fail "figures, see above"
import json, sys
out = json.load(open(sys.argv[1]))
near = lambda a, b, by=1e-6: abs(a - b) <= by * abs(b) + 1e-9
w = out["workload"]
assert near(w["answer_tokens_p50"], 40, 0.05) and near(w["answer_tokens_p99"] / w["answer_tokens_p50"], 10, 0.1), w
# What is published: TraceLab's p50, p90, p99 and mean of a tool call.
for name, seconds in (("p50", 0.3), ("p90", 13.6), ("p99", 216), ("mean", 18.4)):
    assert near(w["tool_seconds_" + name], seconds, 0.05), (name, w)

def least(steps, workers):
    """The bound as a longest path: an edge (from, to, weight) says T(to) >= T(from) + weight."""
    edges = []
    begins = [min([g["begins"] for g in s["groups"]] + [i]) for i, s in enumerate(steps)]
    ahead = any(b < i for i, b in enumerate(begins) if i > 0)
    for i, s in enumerate(steps):
        edges.append((i, i + 1, s["backward"] / workers + s["optimizer"]))
        if not ahead:
            edges.append((i, i + 1, (s["generate"] + s["backward"]) / workers + s["optimizer"]))
        for g in s["groups"]:
            edges.append((g["begins"], i + 1, g["chain"] + s["optimizer"]))
        for r in range(i + 1):
            busy = sum(x["generate"] + x["backward"] + x["optimizer"] for x in steps[r:i + 1])
            edges.append((min(begins[r:i + 1]), i + 1, busy / workers))
    t = [0.0] * (len(steps) + 1)
    for a, b, weight in sorted(edges, key=lambda e: e[1]):
        t[b] = max(t[b], t[max(a, 0)] + weight)
    return t[-1]

modes = {m["mode"]: m for m in out["modes"]}
assert list(modes) == ["barrier", "micro_batch", "overlap 1, pin", "overlap 1, abort, oldest_first",
                       "redundant_groups", "redundant_members", "tail_batching"], list(modes)
trained = set()
for name, m in modes.items():
    (run,) = m["rounds"]
    assert len(run["step_seconds"]) == len(run["steps"]) == out["steps"] == 3, name
    assert all(len(s["groups"]) == out["groups"] for s in run["steps"]), name
    seconds = sum(run["step_seconds"])
    assert near(m["seconds"], seconds) and near(m["first_step_seconds"], run["step_seconds"][0]), name
    # All time of the workers has a name, and the busy part is shared among the steps.
    total = sum(run["states"].values())
    assert near(total, out["workers"] * seconds, 0.02), (name, total, seconds)
    idle = sum(s for n, s in run["states"].items() if n.startswith("wait: "))
    assert near(m["idle_share"], idle / total), name
    for kind in ("generate", "backward", "optimizer"):
        assert near(sum(s[kind] for s in run["steps"]), run["states"][kind], 1e-3), (name, kind)
    bound = least(run["steps"], out["workers"])
    assert near(run["bound_seconds"], bound), (name, run["bound_seconds"], bound)
    assert bound <= 1.25 * seconds, (name, bound, seconds)  # rates are those of the whole run
    tail = name in ("redundant_groups", "redundant_members", "tail_batching")
    assert ("share_of_bound" in m) == (not tail), name
    assert m["staleness"] <= m["staleness_bound"] == (1 if name.startswith("overlap") else 0), m
    assert run["tokens_sampled_and_trained"] <= run["tokens_sampled"], name
    assert (m["wasted_token_share"] > 0) == tail, (name, m["wasted_token_share"])
    if not tail:
        trained.add(run["tokens_trained"])
assert len(trained) == 1, "the modes did not do the same work: %s" % trained
assert modes["barrier"]["rounds"][0]["weights_digest"] == modes["micro_batch"]["rounds"][0]["weights_digest"]
assert modes["barrier"]["rounds"][0]["weights_digest"] != modes["overlap 1, pin"]["rounds"][0]["weights_digest"]
P
finish
