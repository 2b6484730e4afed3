#!/usr/bin/env python3
"""Writes what `transformers` says of small models, for model_parity_test.cc and config_rope_test.cc.

    pip install torch transformers
    python src/model/testdata/make_model_golden.py src/model/testdata

golden/NAME/ is a tiny random model that `transformers` saved, with golden.json: logits at some
positions of three prompts, a greedy continuation of each, and the gradient of the first prompt's
loss (per tensor its square sum and its first values). rope_golden.json: the frequencies and the
attention factor of scaled RoPE, for the scalings of published models among others.

The prompts are longer than the original context of the scaled models, so that every frequency
matters. A seed is taken only if at every greedy step the best token leads by MARGIN. Weights depend
on torch's generator; run it again only when the tests need other data.
"""

import json
import os
import shutil
import sys

import torch
import transformers
from transformers import LlamaConfig, LlamaForCausalLM
from transformers import Qwen2Config, Qwen2ForCausalLM, Qwen3Config, Qwen3ForCausalLM
from transformers.modeling_rope_utils import ROPE_INIT_FUNCTIONS

MARGIN = 0.02
NEW_TOKENS = 24
SYMBOLS = "abcdefghijklmnopqrstuvwxyz0123456789+-*/=()?.,: "
SCORED = {8: [0, 3, 7], 45: [20, 44], 120: [60, 119]}  # prompt length: positions


def rope(kind, theta, **more):
    return {"rope_type": kind, "rope_theta": theta, **more}


SMALL = dict(vocab_size=80, hidden_size=32, intermediate_size=48, num_hidden_layers=2,
             num_attention_heads=4, max_position_embeddings=256)

MODELS = {
    "llama-llama3": (LlamaForCausalLM, LlamaConfig, dict(
        SMALL, num_key_value_heads=2, tie_word_embeddings=False, rms_norm_eps=1e-5,
        eos_token_id=[0, 5, 9], bos_token_id=1,
        rope_parameters=rope("llama3", 10000.0, factor=8.0, low_freq_factor=1.0, high_freq_factor=4.0,
                             original_max_position_embeddings=32)), torch.float32, "40KB"),
    "llama-linear": (LlamaForCausalLM, LlamaConfig, dict(
        SMALL, num_key_value_heads=4, tie_word_embeddings=True, eos_token_id=0,
        rope_parameters=rope("linear", 10000.0, factor=4.0)), torch.float16, "5GB"),
    "qwen2": (Qwen2ForCausalLM, Qwen2Config, dict(
        SMALL, num_key_value_heads=2, tie_word_embeddings=True, eos_token_id=0,
        rope_parameters=rope("default", 1000000.0)), torch.bfloat16, "5GB"),
    "qwen3": (Qwen3ForCausalLM, Qwen3Config, dict(
        SMALL, num_key_value_heads=2, head_dim=12, tie_word_embeddings=False, eos_token_id=0,
        rope_parameters=rope("default", 1000000.0)), torch.float32, "5GB"),
    "qwen2-yarn": (Qwen2ForCausalLM, Qwen2Config, dict(
        SMALL, num_attention_heads=2, num_key_value_heads=1, tie_word_embeddings=False, eos_token_id=0,
        rope_parameters=rope("yarn", 10000.0, factor=4.0,
                             original_max_position_embeddings=64)), torch.float32, "5GB"),
}  # fmt: skip

# name: (head_dim, max_position_embeddings, rope_parameters). The first four are those of Llama 3.1 8B,
# Llama 3.2 1B, and the longer contexts that Qwen2.5 and Qwen3 describe.
ROPES = {
    "llama-3.1": (128, 131072, rope("llama3", 500000.0, factor=8.0, low_freq_factor=1.0,
                                    high_freq_factor=4.0, original_max_position_embeddings=8192)),
    "llama-3.2": (64, 131072, rope("llama3", 500000.0, factor=32.0, low_freq_factor=1.0,
                                   high_freq_factor=4.0, original_max_position_embeddings=8192)),
    "qwen2.5": (128, 32768, rope("yarn", 1000000.0, factor=4.0,
                                 original_max_position_embeddings=32768)),
    "qwen3": (128, 40960, rope("yarn", 1000000.0, factor=4.0, original_max_position_embeddings=32768)),
    "plain": (10, 2048, rope("default", 10000.0)),
    "linear": (64, 4096, rope("linear", 10000.0, factor=2.5)),
    "yarn-betas": (96, 8192, rope("yarn", 50000.0, factor=16.0, beta_fast=20.0, beta_slow=2.0,
                                  original_max_position_embeddings=2048)),
    "yarn-real-bounds": (64, 131072, rope("yarn", 150000.0, factor=32.0, truncate=False,
                                          original_max_position_embeddings=4096)),
    "yarn-mscale": (64, 163840, rope("yarn", 10000.0, factor=40.0, mscale=1.0, mscale_all_dim=0.8,
                                     original_max_position_embeddings=4096)),
    "yarn-attention-factor": (64, 4096, rope("yarn", 10000.0, factor=2.0, attention_factor=0.75,
                                             original_max_position_embeddings=2048)),
    "yarn-one-bound": (8, 64, rope("yarn", 10000.0, factor=4.0, original_max_position_embeddings=4)),
}  # fmt: skip


def tokenizer_json():
    """A tokenizer of single symbols; id 0 ends an answer."""
    vocab = {"<end>": 0} | {c: i + 1 for i, c in enumerate(SYMBOLS)}
    return {
        "version": "1.0",
        "added_tokens": [{"id": 0, "content": "<end>", "single_word": False, "lstrip": False,
                          "rstrip": False, "normalized": False, "special": True}],
        "pre_tokenizer": {"type": "Split", "pattern": {"Regex": "[\\s\\S]"}, "behavior": "Isolated",
                          "invert": False},
        "decoder": {"type": "Fuse"},
        "model": {"type": "WordLevel", "vocab": vocab, "unk_token": "<unk>"},
    }  # fmt: skip


def randomize(model, seed):
    """Weights that make every part matter, with logits far enough apart."""
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for name, value in model.named_parameters():
            noise = torch.randn(value.shape, generator=generator)
            if value.dim() == 1:
                value.copy_(0.2 * noise + (1.0 if name.endswith("norm.weight") else 0.0))
            else:
                value.copy_(noise * 1.5 / value.shape[1] ** 0.5)


def greedy(model, prompt):
    """The continuation, and the smallest lead of its tokens over the next best."""
    out = model.generate(torch.tensor([prompt]), max_new_tokens=NEW_TOKENS, min_new_tokens=NEW_TOKENS,
                         do_sample=False, eos_token_id=None, pad_token_id=0, output_logits=True,
                         return_dict_in_generate=True)  # fmt: skip
    best = torch.stack(out.logits)[:, 0].topk(2).values
    return out.sequences[0, len(prompt):].tolist(), (best[:, 0] - best[:, 1]).min().item()


def rounded(values):
    return [float(f"{x:.7g}") for x in values.tolist()]


def gradients(model, tokens):
    ids = torch.tensor([tokens])
    logits = model(ids).logits[0]
    loss = torch.nn.functional.cross_entropy(logits[:-1], ids[0, 1:], reduction="sum")
    model.zero_grad()
    loss.backward()
    return {name: rounded(torch.cat([p.grad.square().sum()[None], p.grad.flatten()[:3]]))
            for name, p in model.named_parameters()}  # fmt: skip


def make_model(folder, name):
    model_class, config_class, fields, dtype, shard = MODELS[name]
    for seed in range(100):
        model = model_class._from_config(config_class(**fields), attn_implementation="eager")
        randomize(model, seed)
        model.to(dtype).save_pretrained(folder, max_shard_size=shard)
        model = model_class.from_pretrained(folder, attn_implementation="eager", dtype=torch.float32)
        generator = torch.Generator().manual_seed(seed)
        prompts = [torch.randint(1, fields["vocab_size"], (n,), generator=generator).tolist()
                   for n in SCORED]  # fmt: skip
        continued = [greedy(model, prompt) for prompt in prompts]
        margin = min(lead for _, lead in continued)
        if margin >= MARGIN:
            break
    else:
        raise SystemExit(f"{name}: no seed has a margin of {MARGIN}")
    golden = {"seed": seed, "margin": margin, "prompts": []}
    for prompt, (tokens, _), positions in zip(prompts, continued, SCORED.values()):
        with torch.no_grad():
            logits = model(torch.tensor([prompt])).logits[0]
        golden["prompts"].append({"tokens": prompt, "positions": positions, "greedy": tokens,
                                  "logits": [rounded(logits[i]) for i in positions]})  # fmt: skip
    golden["gradients"] = gradients(model, prompts[2])
    for file, content in (("golden.json", golden), ("tokenizer.json", tokenizer_json())):
        with open(os.path.join(folder, file), "w", encoding="utf-8") as f:
            json.dump(content, f)
            f.write("\n")
    bytes_in_all = sum(os.path.getsize(os.path.join(folder, f)) for f in os.listdir(folder))
    print(f"{name}: seed {seed}, smallest lead {margin:.3g}, {bytes_in_all} bytes")


def rope_golden():
    cases = {}
    for name, (head_dim, positions, parameters) in ROPES.items():
        config = LlamaConfig(hidden_size=head_dim, num_attention_heads=1, head_dim=head_dim,
                             max_position_embeddings=positions, rope_parameters=dict(parameters))  # fmt: skip
        if parameters["rope_type"] == "default":
            factor = 1.0
            even = torch.arange(0, head_dim, 2).float()
            frequencies = 1.0 / parameters["rope_theta"] ** (even / head_dim)
        else:
            frequencies, factor = ROPE_INIT_FUNCTIONS[parameters["rope_type"]](config, "cpu")
        cases[name] = {"head_dim": head_dim, "max_position_embeddings": positions,
                       "rope_parameters": parameters, "attention_factor": factor,
                       "frequencies": [float(f"{x:.9g}") for x in frequencies.tolist()]}  # fmt: skip
    return cases


def main():
    target = sys.argv[1]
    torch.set_num_threads(1)
    transformers.logging.disable_progress_bar()
    with open(os.path.join(target, "rope_golden.json"), "w", encoding="utf-8") as f:
        json.dump({"transformers": transformers.__version__, "cases": rope_golden()}, f)
        f.write("\n")
    for name in MODELS:
        folder = os.path.join(target, "golden", name)
        shutil.rmtree(folder, ignore_errors=True)
        make_model(folder, name)


if __name__ == "__main__":
    main()
