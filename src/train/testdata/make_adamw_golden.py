#!/usr/bin/env python3
"""Makes adamw_golden.txt with PyTorch: five AdamW steps on one small matrix, in float64.

Run: python3 make_adamw_golden.py > adamw_golden.txt   (needs torch)
Lines: the values of the matrix after each step. Gradient of step t, element i: sin(t + 2 * i) / 3.
"""
import math
import torch

w = torch.tensor([0.1 * i - 0.4 for i in range(12)], dtype=torch.float64).reshape(3, 4)
w.requires_grad_(True)
opt = torch.optim.AdamW([w], lr=0.01, betas=(0.9, 0.99), eps=1e-8, weight_decay=0.1)
for t in range(5):
    w.grad = torch.tensor([math.sin(t + 2 * i) / 3 for i in range(12)], dtype=torch.float64).reshape(3, 4)
    opt.step()
    print(" ".join(repr(x) for x in w.detach().flatten().tolist()))
