#!/bin/bash
# What a run says of its pipeline: stages, staleness and tokens add up, in all three modes, and a
# trace is one that a reader can rely on.
#   trace_test.sh PROGRAM SOURCE_DIR
program=$1 source=$2
. "$source/tests/program.sh"
small=(--steps 5 --quiet --set warm_start.steps=4 --set eval.every=3 --set eval.episodes=20
       --set eval.final_episodes=20 --set observe.tensorboard=false)
for mode in barrier micro_batch overlap; do
  "$program" train "$source/examples/chain.toml" "${small[@]}" --set "pipeline.mode=$mode" \
    --output "$work/$mode" --trace "$work/$mode.json" > "$work/out" 2> "$work/err" ||
    { cat "$work/err"; fail "the run in mode $mode"; }
  python3 - "$work/$mode" "$work/$mode.json" "$mode" << 'P' || fail "mode $mode"
import collections, json, sys
folder, trace_file, mode = sys.argv[1:]
lines = [json.loads(line) for line in open(folder + "/metrics.jsonl")]
steps = [line for line in lines if line["kind"] == "step" and line["phase"] == "rl"]
assert len(steps) == 5
sampled = trained = unused = ahead = 0
stepped = 0  # when the last policy took its step
for step in steps:
    began = step["elapsed"] - step["seconds"]
    sampled += step["tokens_sampled"]
    unused += sum(count for name, count in step["flow"].items() if name.endswith("_tokens"))
    for name, policy in step["policies"].items():
        trained += policy["tokens_generated"]
        bins = policy["staleness_tokens"]
        assert sum(bins) == policy["tokens_generated"], (name, bins)
        assert len(bins) == policy["staleness"] + 1, (name, bins)
        assert policy["staleness"] <= (1 if mode == "overlap" else 0)
        stages = policy["stages"]
        assert set(stages) == {"generate", "backward", "optimizer", "publish"}, stages
        for begin, end in stages.values(): assert begin <= end <= step["seconds"] + 1e-3
        assert stages["generate"][0] <= stages["backward"][0]
        assert stages["backward"][1] <= stages["optimizer"][0] <= stages["optimizer"][1]
        assert stages["optimizer"][1] <= stages["publish"][0]
        if mode == "barrier": assert stages["generate"][1] <= stages["backward"][0]
        ahead += began + stages["generate"][0] < stepped - 1e-4
    stepped = began + max(policy["stages"]["publish"][0] for policy in step["policies"].values())
assert (ahead > 0) == (mode == "overlap"), "generated before all policies had stepped: %d" % ahead
# Evaluations are not counted, and nothing is cut off or tried again in this run.
assert sampled == trained + unused > 0, (sampled, trained, unused)

report = open(folder + "/report.md").read()
for part in ["## How rollout and training ran together", "versions behind", "sampled for training",
             "The workers waited most for **"]:
    assert part in report, part

trace = json.load(open(trace_file))
assert trace["otherData"]["dropped_events"] == 0
jobs, spans, opened = collections.defaultdict(list), collections.Counter(), {}
processes = {}
for event in trace["traceEvents"]:
    phase = event["ph"]
    if phase == "M" and event["name"] == "process_name": processes[event["pid"]] = event["args"]["name"]
    if phase == "X": jobs[event["tid"]].append((event["ts"], event["ts"] + event["dur"], event["name"]))
    key = (event["pid"], event.get("cat"), event.get("id"))
    if phase == "b":
        assert key not in opened, event
        opened[key] = event
        spans[processes[event["pid"]], event["cat"]] += 1
    if phase == "e":
        assert opened.pop(key)["ts"] <= event["ts"], event
assert not opened
assert {name for worker in jobs.values() for _, _, name in worker} >= {"generate", "backward"}
for worker in jobs.values():
    worker.sort()
    for (_, end, _), (begin, _, _) in zip(worker, worker[1:]): assert end <= begin + 1e-3
groups = sum(policy["groups"] for policy in steps[0]["policies"].values()) / len(steps[0]["policies"])
assert spans["groups", "in flight"] == 5 * groups, spans
assert spans["steps", "steps"] == 5
for name in steps[0]["policies"]: assert spans["policy " + name, "backward"] == 5
P
done
if "$program" train "$source/examples/chain.toml" "${small[@]}" --output "$work/none" \
  --trace "$work/no/such/folder.json" 2> "$work/err"; then fail "a trace that cannot be written"; fi
[[ ! -e $work/none/metrics.jsonl ]] || fail "the run began although its trace cannot be written"
echo "three modes agree with their traces"
