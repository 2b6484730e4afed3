#!/bin/bash
# The engine benchmark: its flags, and that its figures add up. Says nothing about speed.
#   tests/bench/engine_test.sh ENGINE
bench=$1
. "$(dirname "$0")/bench.sh"
refused "2M not in" --shape 2M
refused "fp8 not in" --dtype fp8
refused "--shape does nothing without packing, decode or training" --only limits --shape 1M
refused "--batch does nothing without decode" --only training --batch 4
refused "--sequences does nothing without training" --only decode --sequences 4
refused "limits not among them" --bare --only limits

"$bench" --json --shape 1M --threads 1 --seconds 0 --only decode,training \
  --batch 2 --tokens 4 --sequences 2 > "$work/out.json" || fail "a small run ended with $?"
bare=$("$bench" --bare --shape 1M --dtype fp32 --threads 1 --seconds 0 --only decode --batch 1 --tokens 2)
grep -qE '^decode 1M batch 1 +fp32 +1 thread +[0-9,]+ tokens/s +[0-9.]+ GFLOP/s$' <<<"$bare" || fail "a bare run's line"
"$bench" --json --bare --only gemm --dtype bf16 --seconds 0 > "$work/gemm.json" || fail "products ended with $?"
python3 - "$work/out.json" "$work/gemm.json" <<'P' || fail "figures, see above"
import json, sys
out = json.load(open(sys.argv[1]))
rows = out["rows"]
near = lambda a, b: abs(a - b) <= 1e-6 * abs(b)
assert out["limits"] == [] and out["peak"] and out["formulas"]["limit"], out
decode, decode2 = [r for r in rows if r["part"] == "decode"]
training, training2 = [r for r in rows if r["part"] == "training"]
assert (decode["dtype"], decode2["dtype"]) == (training["dtype"], training2["dtype"]) == ("fp32", "bf16"), rows
assert decode2["flops"] == decode["flops"] and 2 * decode2["bytes"] == decode["bytes"], decode2
products = json.load(open(sys.argv[2]))["rows"]
assert len(products) > 5
for r in products:
    m, n, k = map(int, r["name"].split()[1].split("x"))
    assert r["part"] == "gemm" and r["flops"] == 2 * m * n * k and "share" not in r, r
    assert r["seconds"] > 0 and near(r["gflops"] * 1e9 * r["seconds"], r["flops"]), r
# 1M, counted by hand: a layer has q, o 2 * 128 * 128, k, v 2 * 128 * 64, gate, up, down 3 * 128 * 384
# elements, attention over t positions 4 * 128 * t FLOPs, and the head has 128 * 512.
layer, head = 2 * 128 * 128 + 2 * 128 * 64 + 3 * 128 * 384, 128 * 512
forward = lambda t: 4 * (2 * layer + 4 * 128 * t)
contexts = [17, 18, 19, 20]
assert near(decode["flops"], 2 * sum(forward(t) + 2 * head for t in contexts) / 4), decode
assert near(decode["bytes"], 4 * (4 * layer + head + 2 * sum(contexts) / 4 * 4 * 2 * 2 * 32)), decode
assert near(training["flops"], 3 * 2 * (sum(forward(t) for t in range(1, 129)) + 127 * 2 * head)), training
assert decode["tokens_per_second"] > 0 and near(decode["tokens_per_second"] * decode["seconds"], 2), decode
assert near(training["tokens_per_second"] * training["seconds"], 256), training
for r in rows:
    assert r["rounds"] >= 2 and r["slowest_seconds"] >= r["seconds"] > 0, r
    assert near(r["gflops"] * 1e9 * r["seconds"], r["flops"]), r
    times = [r["flops"] / r["peak_gflops"]]
    if "bytes" in r: times.append(r["bytes"] / r["read_gigabytes_per_second"])
    assert near(r["limit_seconds"], max(times) / 1e9) and near(r["share"], r["limit_seconds"] / r["seconds"]), r
    assert r["limit"] == ("gemm" if max(times) == times[0] else "memory"), r
P
finish
