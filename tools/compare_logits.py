#!/usr/bin/env python3
"""Loads a checkpoint in `transformers` and compares its logits with Troupe's own, in fp32.

    pip install torch transformers
    cmake --build build/release --target print_logits
    python tools/compare_logits.py build/release/print_logits runs/chain/checkpoints/step-000100/policy-first 'cdab?b>'

Also checks that both tokenize the text to the same ids. Exit code 1 if the largest difference of a
logit is above --tolerance. With --make KIND it first saves a tiny random model of `transformers`'
own (llama, qwen2, qwen3) into FOLDER, which must hold a tokenizer.json, to compare the other way.
"""

import argparse
import json
import os
import subprocess
import sys

import torch
import transformers


def make(kind, folder):
    """A random model whose vocabulary fits the folder's tokenizer.json."""
    torch.manual_seed(5)
    tokenizer = transformers.PreTrainedTokenizerFast(tokenizer_file=os.path.join(folder, "tokenizer.json"))
    classes = {
        "llama": (transformers.LlamaConfig, transformers.LlamaForCausalLM),
        "qwen2": (transformers.Qwen2Config, transformers.Qwen2ForCausalLM),
        "qwen3": (transformers.Qwen3Config, transformers.Qwen3ForCausalLM),
    }
    config_class, model_class = classes[kind]
    sizes = dict(vocab_size=len(tokenizer), hidden_size=48, intermediate_size=80, num_hidden_layers=3,
                 num_attention_heads=6, num_key_value_heads=2, max_position_embeddings=128,
                 initializer_range=0.2, tie_word_embeddings=kind == "qwen2")
    if kind == "qwen3":
        sizes["head_dim"] = 12
    model_class(config_class(**sizes)).save_pretrained(folder)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("print_logits")
    parser.add_argument("folder")
    parser.add_argument("text")
    parser.add_argument("--tolerance", type=float, default=1e-4)
    parser.add_argument("--make", metavar="KIND", choices=["llama", "qwen2", "qwen3"])
    args = parser.parse_args()
    if args.make:
        make(args.make, args.folder)

    ours = json.loads(subprocess.run([args.print_logits, args.folder, args.text], check=True,
                                     capture_output=True, text=True).stdout)
    tokenizer = transformers.PreTrainedTokenizerFast(
        tokenizer_file=os.path.join(args.folder, "tokenizer.json"))
    ids = tokenizer.encode(args.text, add_special_tokens=False)
    if ids != ours["ids"]:
        sys.exit(f"token ids differ: {ids} in transformers, {ours['ids']} in Troupe")
    model = transformers.AutoModelForCausalLM.from_pretrained(args.folder).float().eval()
    with torch.no_grad():
        theirs = model(torch.tensor([ids])).logits[0].double()
    difference = (theirs - torch.tensor(ours["logits"], dtype=torch.float64)).abs().max().item()
    print(f"{type(model).__name__}: {len(ids)} tokens, logits up to {theirs.abs().max().item():.3g}, "
          f"largest difference {difference:.3g}")
    sys.exit(difference > args.tolerance)


if __name__ == "__main__":
    main()
