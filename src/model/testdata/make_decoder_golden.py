#!/usr/bin/env python3
"""Writes decoder_golden.json: logits and gradients of small random models, in double precision.

An independent definition of the Llama, Qwen2 and Qwen3 decoders in PyTorch, after the papers and the
Hugging Face conventions (weights [out, in], rotary embedding over the pairs i, i + head_dim / 2).
Weights are not stored: element n of a tensor is the n-th draw of the generator in base/rng.h, seeded
with the tensor's name, so that the test can make the same ones.

Run with Debian's python3-torch and python3-numpy:  python3 make_decoder_golden.py
"""

import json
import math
import os

import numpy as np
import torch

MASK = (1 << 64) - 1


def mix64(x):
    x = (x + 0x9E3779B97F4A7C15) & MASK
    x = ((x ^ (x >> 30)) * 0xBF58476D1CE4E5B9) & MASK
    x = ((x ^ (x >> 27)) * 0x94D049BB133111EB) & MASK
    return x ^ (x >> 31)


def seed_join(seed, name):
    h = 0xCBF29CE484222325
    for byte in name.encode():
        h = ((h ^ byte) * 0x100000001B3) & MASK
    return mix64(mix64(seed) ^ ((h + 0x632BE59BD9B4E019) & MASK))


def draws(seed, n):
    """The first n uniforms of Rng(seed)."""
    base = mix64(seed)
    return [(mix64((base + 0x9E3779B97F4A7C15 * i) & MASK) >> 11) * 2.0**-53 for i in range(n)]


def tensor(seed, name, shape):
    """fp32 values in double: norms 1 + u / 4, vectors u / 2, matrices u * 2.5 / sqrt(inputs)."""
    n = int(np.prod(shape))
    u = 2.0 * np.array(draws(seed_join(seed, name), n)) - 1.0
    if name.endswith("norm.weight"):
        values = 1.0 + 0.25 * u
    elif len(shape) == 1:
        values = 0.5 * u
    else:
        values = u * (2.5 / math.sqrt(shape[1]))
    return torch.tensor(values.astype(np.float32).astype(np.float64)).reshape(shape)


def make_weights(c, seed):
    q, kv = c["heads"] * c["head_dim"], c["kv_heads"] * c["head_dim"]
    shapes = {"model.embed_tokens.weight": (c["vocab"], c["width"])}
    for layer in range(c["layers"]):
        p = f"model.layers.{layer}."
        shapes[p + "input_layernorm.weight"] = (c["width"],)
        shapes[p + "self_attn.q_proj.weight"] = (q, c["width"])
        shapes[p + "self_attn.k_proj.weight"] = (kv, c["width"])
        shapes[p + "self_attn.v_proj.weight"] = (kv, c["width"])
        if c["family"] == "qwen2":
            shapes[p + "self_attn.q_proj.bias"] = (q,)
            shapes[p + "self_attn.k_proj.bias"] = (kv,)
            shapes[p + "self_attn.v_proj.bias"] = (kv,)
        if c["family"] == "qwen3":
            shapes[p + "self_attn.q_norm.weight"] = (c["head_dim"],)
            shapes[p + "self_attn.k_norm.weight"] = (c["head_dim"],)
        shapes[p + "self_attn.o_proj.weight"] = (c["width"], q)
        shapes[p + "post_attention_layernorm.weight"] = (c["width"],)
        shapes[p + "mlp.gate_proj.weight"] = (c["ffn"], c["width"])
        shapes[p + "mlp.up_proj.weight"] = (c["ffn"], c["width"])
        shapes[p + "mlp.down_proj.weight"] = (c["width"], c["ffn"])
    shapes["model.norm.weight"] = (c["width"],)
    if not c["tied"]:
        shapes["lm_head.weight"] = (c["vocab"], c["width"])
    return {name: tensor(seed, name, shape).requires_grad_() for name, shape in shapes.items()}


def rms_norm(x, weight, eps):
    return weight * x / torch.sqrt((x * x).mean(-1, keepdim=True) + eps)


def rope(x, theta):
    """x: [heads, tokens, head_dim]."""
    n, dim = x.shape[1], x.shape[2]
    frequency = theta ** (-torch.arange(0, dim, 2, dtype=torch.float64) / dim)
    angle = torch.arange(n, dtype=torch.float64)[:, None] * frequency
    cos, sin = torch.cos(angle).repeat(1, 2), torch.sin(angle).repeat(1, 2)
    left, right = x[..., : dim // 2], x[..., dim // 2 :]
    return x * cos + torch.cat((-right, left), -1) * sin


def forward(c, w, tokens):
    n, dim = len(tokens), c["head_dim"]
    x = w["model.embed_tokens.weight"][tokens]
    mask = torch.full((n, n), -math.inf, dtype=torch.float64).triu(1)
    for layer in range(c["layers"]):
        p = f"model.layers.{layer}."
        h = rms_norm(x, w[p + "input_layernorm.weight"], c["norm_eps"])
        parts = []
        for part, heads in (("q", c["heads"]), ("k", c["kv_heads"]), ("v", c["kv_heads"])):
            y = h @ w[p + f"self_attn.{part}_proj.weight"].T
            if c["family"] == "qwen2":
                y = y + w[p + f"self_attn.{part}_proj.bias"]
            y = y.reshape(n, heads, dim).transpose(0, 1)
            if c["family"] == "qwen3" and part != "v":
                y = rms_norm(y, w[p + f"self_attn.{part}_norm.weight"], c["norm_eps"])
            parts.append(y if part == "v" else rope(y, c["rope_theta"]))
        q, k, v = parts
        share = c["heads"] // c["kv_heads"]
        k, v = k.repeat_interleave(share, 0), v.repeat_interleave(share, 0)
        probabilities = torch.softmax(q @ k.transpose(1, 2) / math.sqrt(dim) + mask, -1)
        attention = (probabilities @ v).transpose(0, 1).reshape(n, -1)
        x = x + attention @ w[p + "self_attn.o_proj.weight"].T
        h = rms_norm(x, w[p + "post_attention_layernorm.weight"], c["norm_eps"])
        gate = h @ w[p + "mlp.gate_proj.weight"].T
        up = h @ w[p + "mlp.up_proj.weight"].T
        x = x + (gate * torch.sigmoid(gate) * up) @ w[p + "mlp.down_proj.weight"].T
    x = rms_norm(x, w["model.norm.weight"], c["norm_eps"])
    return x @ w["model.embed_tokens.weight" if c["tied"] else "lm_head.weight"].T


def numbers(values):
    return [float(f"{float(v):.7g}") for v in values.reshape(-1)]


def make_case(c, seed):
    w = make_weights(c, seed)
    sequences = []
    loss = 0.0
    for index, length in enumerate((21, 2, 18)):
        tokens = [int(u * c["vocab"]) for u in draws(seed_join(seed, f"tokens {index}"), length)]
        scored = [i for i in range(length - 1) if (i + index) % 3 != 1]
        logits = forward(c, w, tokens)[scored]
        picked = torch.log_softmax(logits, -1)[range(len(scored)), [tokens[i + 1] for i in scored]]
        loss = loss - picked.sum()
        sequences.append({"tokens": tokens, "scored": scored, "logits": numbers(logits)})
    loss.backward()
    gradients = {name: numbers(value.grad) for name, value in w.items()}
    return {"config": c, "seed": seed, "loss": float(loss), "sequences": sequences,
            "gradients": gradients}


def main():
    common = {"vocab": 13, "width": 12, "layers": 2, "heads": 4, "kv_heads": 2, "head_dim": 6,
              "ffn": 20, "rope_theta": 100.0, "norm_eps": 1e-5, "tied": True}
    cases = [
        make_case({**common, "family": "llama", "kv_heads": 4, "tied": False}, 1),
        make_case({**common, "family": "qwen2"}, 2),
        make_case({**common, "family": "qwen3", "head_dim": 8, "kv_heads": 1}, 3),
    ]
    path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "decoder_golden.json")
    with open(path, "w", encoding="utf-8") as file:
        json.dump({"made_by": "make_decoder_golden.py", "cases": cases}, file,
                  separators=(",", ":"))
        file.write("\n")


if __name__ == "__main__":
    main()
