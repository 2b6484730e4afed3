#!/usr/bin/env python3
"""Makes loss_golden.txt with PyTorch's autograd, in float64.

Run: python3 make_loss_golden.py > loss_golden.txt   (needs torch)
Blocks: a line "NAME TOKENS KEY=VALUE ...", the loss and its numbers in [algorithm], then one line a
token: turn, logprob, behaviour, proximal, advantage, loss, d(sum of losses)/d(logprob).
The losses are written as their papers write them, with .detach() where a paper stops the gradient.
"""
import random

import torch


def clipped(ratio, a, low, high):
    return -torch.minimum(ratio * a, torch.clamp(ratio, 1 - low, 1 + high) * a)


def ppo(row, low, high, dual=0.0):
    ratio = torch.exp(row.lp - row.b)
    loss = clipped(ratio, row.a, low, high)
    if dual > 0:
        loss = torch.where(row.a < 0, torch.minimum(loss, -dual * row.a), loss)
    return loss


def gspo(row, low, high):
    s = torch.exp((row.lp - row.b).mean())
    if (row.a == row.a[0]).all():
        return clipped(s, row.a[0], low, high).expand(len(row.a))
    return clipped(s.detach() * torch.exp(row.lp - row.lp.detach()), row.a, low, high)


def cispo(row, low, high):
    return -torch.clamp(torch.exp(row.lp - row.b), 1 - low, 1 + high).detach() * row.a * row.lp


def sapo(row, positive, negative):
    tau = torch.where(row.a > 0, torch.full_like(row.a, positive), torch.full_like(row.a, negative))
    return -4 / tau * torch.sigmoid(tau * (torch.exp(row.lp - row.b) - 1)) * row.a


def tis(row, cap):
    return -torch.clamp(torch.exp(row.lp - row.b), 0, cap).detach() * row.a * row.lp


def topr(row, cap, positive, negative):
    weight = negative * torch.clamp(torch.exp(row.lp - row.b), 0, cap)
    weight = torch.where(row.a > 0, torch.full_like(row.a, positive), weight).detach()
    return -weight * row.a * row.lp


def decoupled_ppo(row, cap, low, high):
    weight = torch.clamp(torch.exp(row.p - row.b), 0, cap).detach()
    return weight * clipped(torch.exp(row.lp - row.p), row.a, low, high)


def ipa(row, cap, mask, discount):
    out = torch.zeros_like(row.lp)
    last = max(row.turns)
    for turn in sorted(set(row.turns)):
        at = torch.tensor([t == turn for t in row.turns])
        ratio = torch.exp((row.lp[at] - row.b[at]).mean()).detach()
        if ratio > mask:
            continue
        returns = discount ** (last - turn) * row.a[at]
        weight = torch.where(row.a[at] > 0, torch.ones_like(returns), torch.clamp(ratio, 0, cap))
        out = out.masked_scatter(at, -weight * returns * row.lp[at])
    return out


class Row:
    """One row's tokens; `spread` is how far the ratios are from 1."""

    def __init__(self, rng, spread, one_advantage):
        n = rng.randint(1, 7)
        self.turns = sorted(rng.randint(0, 2) for _ in range(n))
        self.turns = [sorted(set(self.turns)).index(t) for t in self.turns]
        b = [-rng.uniform(0.05, 4) for _ in range(n)]
        shift = spread * rng.gauss(0, 1)
        lp = [min(x + shift + spread * rng.gauss(0, 1), -1e-3) for x in b]
        p = [x + 0.1 * rng.gauss(0, 1) for x in lp]
        a = [rng.gauss(0, 1) for _ in range(n)]
        if one_advantage:
            a = [a[0]] * n
        self.b, self.p, self.a = (torch.tensor(x, dtype=torch.float64) for x in (b, p, a))
        self.lp = torch.tensor(lp, dtype=torch.float64, requires_grad=True)


CASES = [
    ("grpo", ppo, dict(clip_low=0.2, clip_high=0.2)),
    ("ppo", ppo, dict(clip_low=0.3, clip_high=0.1, dual_clip=1.5)),
    ("dapo", ppo, dict(clip_low=0.2, clip_high=0.28)),
    ("gspo", gspo, dict(clip_low=0.2, clip_high=0.3)),
    ("gspo", gspo, dict(clip_low=3e-4, clip_high=4e-4)),
    ("cispo", cispo, dict(clip_low=0.1, clip_high=0.1)),
    ("sapo", sapo, dict(gate_positive=1.0, gate_negative=1.05)),
    ("sapo", sapo, dict(gate_positive=2.0, gate_negative=5.0)),
    ("tis", tis, dict(ratio_cap=1.0)),
    ("tis", tis, dict(ratio_cap=1.7)),
    ("topr", topr, dict(ratio_cap=1.0, positive_weight=1.0, negative_weight=1.0)),
    ("topr", topr, dict(ratio_cap=1.2, positive_weight=0.7, negative_weight=0.4)),
    ("decoupled_ppo", decoupled_ppo, dict(ratio_cap=1.3, clip_low=0.2, clip_high=0.2)),
    ("ipa", ipa, dict(ratio_cap=1.0, mask_ratio=1.2, chunk_discount=0.9)),
]

rng = random.Random(1)
for name, loss, numbers in CASES:
    for case in range(12):
        row = Row(rng, [0.0, 0.1, 0.5][case % 3], case % 4 != 3)
        terms = loss(row, *numbers.values())
        if terms.requires_grad:
            terms.sum().backward()
        slopes = row.lp.grad if row.lp.grad is not None else torch.zeros_like(row.lp)
        print(name, len(row.turns), *[f"{k}={v!r}" for k, v in numbers.items()])
        for i, turn in enumerate(row.turns):
            values = (row.lp[i], row.b[i], row.p[i], row.a[i], terms[i], slopes[i])
            print(turn, *[repr(v.item()) for v in values])
