"""Which tokens top-k, top-p and min-p keep, by another implementation, for truncation_test.cc.

    pip install torch transformers
    python src/model/testdata/make_sampling_golden.py > src/model/testdata/sampling_golden.json

Runs the logits processors of `transformers` in the order of its generate() (temperature, top-k,
top-p, min-p) on made-up logits, in double precision. The logits are a function of (seed, vocab,
spread) that the test computes again: token i has spread * x^3, rounded to float, with x = h / 2^24
and h the upper 24 bits of the 32-bit product (i * 2654435761 + seed * 40503). No two are equal, and no
sum that decides comes within 1e-6 of its limit: cases where one does are left out. A case holds the kept ids or, beyond
100, their count and sum.
"""

import json
import sys

import numpy as np
import torch
from transformers import generation

MARGIN = 1e-6


def logits_of(seed, vocab, spread):
    i = np.arange(vocab, dtype=np.uint64)
    h = ((i * np.uint64(2654435761) + np.uint64(seed * 40503)) & np.uint64(0xFFFFFFFF)) >> np.uint64(8)
    x = h.astype(np.float64) / 2.0**24
    return (spread * x * x * x).astype(np.float32)


def kept_ids(logits, temperature, top_k, top_p, min_p):
    scores = torch.tensor(logits.astype(np.float64))[None]
    scores = generation.TemperatureLogitsWarper(temperature)(None, scores)
    if top_k > 0:
        scores = generation.TopKLogitsWarper(top_k)(None, scores)
    if top_p < 1:
        ranked = torch.softmax(scores, -1).sort(descending=True).values.cumsum(-1)
        if (ranked - top_p).abs().min() < MARGIN:
            return None
        scores = generation.TopPLogitsWarper(top_p)(None, scores)
    if min_p > 0:
        likely = torch.softmax(scores, -1)
        if (likely / likely.max() - min_p).abs().min() < MARGIN * min_p:
            return None
        scores = generation.MinPLogitsWarper(min_p)(None, scores)
    return torch.nonzero(torch.isfinite(scores[0])).flatten().tolist()


def main():
    settings = [
        (1.0, 5, 1.0, 0.0), (1.0, 0, 0.9, 0.0), (1.0, 0, 1.0, 0.05), (0.7, 40, 0.95, 0.0),
        (1.3, 0, 0.5, 0.0), (1.0, 0, 0.99, 0.01), (0.6, 20, 0.8, 0.1), (2.0, 100, 0.97, 0.001),
        (1.0, 1, 1.0, 0.0), (1.0, 0, 0.001, 0.0), (1.0, 0, 0.9999, 0.0), (1.0, 300, 0.5, 0.0),
        (1.0, 0, 1.0, 0.9), (0.1, 0, 0.9, 0.0), (5.0, 0, 0.999, 0.5), (3.0, 7, 1.0, 0.2),
    ]
    cases = []
    for vocab, spread in ((7, 3.0), (60, 4.0), (500, 12.0), (2000, 0.5), (16384, 30.0), (151936, 40.0)):
        for number, (temperature, top_k, top_p, min_p) in enumerate(settings):
            if top_k >= vocab:
                continue
            ids = None  # of the first of 50 seeds whose sums stay clear of the limits
            for seed in range(vocab + 61 * number, vocab + 61 * number + 50):
                logits = logits_of(seed, vocab, spread)
                assert len(np.unique(logits)) == vocab, ("equal logits", vocab)
                ids = kept_ids(logits, temperature, top_k, top_p, min_p)
                if ids is not None:
                    break
            if ids is None:
                print("left out:", vocab, settings[number], file=sys.stderr)
                continue
            case = {"vocab": vocab, "spread": spread, "seed": seed, "temperature": temperature,
                    "top_k": top_k, "top_p": top_p, "min_p": min_p, "count": len(ids), "sum": sum(ids)}
            if len(ids) <= 100:
                case["ids"] = ids
            cases.append(case)
    print("[" + ",\n ".join(json.dumps(case) for case in cases) + "]")


main()
