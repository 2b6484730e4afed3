#!/usr/bin/env python3
"""Makes advantage_golden.txt from the definitions, with Python's statistics and exact fractions.

Run: python3 make_advantage_golden.py > advantage_golden.txt
A line: kind, count, then that many inputs, then the results.
  grpo|dr_grpo|rloo n r_1..r_n A_1..A_n
  gae n discount lambda r_1..r_n V_1..V_n A_1..A_n     (sum over l of (discount lambda)^l d_{t+l})
  returns n discount r_1..r_n R_1..R_n                 (sum over k of discount^k r_{t+k})
  baseline n decay r_1..r_n b                          (b written out as one weighted sum)
"""
import random
import statistics
from fractions import Fraction as F

random.seed(7)


def line(kind, *lists):
    print(kind, " ".join(repr(float(x)) if not isinstance(x, int) else str(x) for part in lists for x in part))


def numbers(n):
    return [random.choice([0.0, 1.0, 0.1, 0.05, random.gauss(0, 2)]) for _ in range(n)]


for n in (2, 3, 4, 8, 16):
    r = numbers(n)
    r[0] += 1.25  # never all equal
    exact = [F(x) for x in r]
    mean = statistics.mean(exact)
    line("dr_grpo", [n], r, [x - mean for x in exact])
    deviation = statistics.pstdev(r)
    line("grpo", [n], r, [float(x - mean) / (deviation + 1e-6) for x in exact])
    line("rloo", [n], r, [x - statistics.mean(exact[:i] + exact[i + 1:]) for i, x in enumerate(exact)])

for n, discount, lam in ((1, 0.9, 0.8), (5, 1.0, 0.95), (9, 0.99, 0.5), (6, 1.0, 0.0), (7, 1.0, 1.0)):
    r, v = numbers(n), [random.gauss(0, 1) for _ in range(n)]
    g, l = F(discount), F(lam)
    values = [F(x) for x in v] + [F(0)]
    delta = [F(r[t]) + g * values[t + 1] - values[t] for t in range(n)]
    line("gae", [n], [discount, lam], r, v,
         [sum((g * l) ** k * delta[t + k] for k in range(n - t)) for t in range(n)])

for n, discount in ((1, 0.5), (4, 0.9), (6, 1.0)):
    r = numbers(n)
    line("returns", [n], [discount], r,
         [sum(F(discount) ** k * F(r[t + k]) for k in range(n - t)) for t in range(n)])

for n, decay in ((1, 0.95), (5, 0.9), (12, 0.0)):
    r, d = numbers(n), F(decay)
    line("baseline", [n], [decay], r, [sum((1 - d) * d ** (n - 1 - i) * F(r[i]) for i in range(n))])
