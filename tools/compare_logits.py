#!/usr/bin/env python3
"""Loads a checkpoint in `transformers` and compares its logits with Troupe's own, in fp32.

    pip install torch transformers
    cmake --build build/release --target print_logits
    python tools/compare_logits.py build/release/print_logits runs/chain/checkpoints/step-000100/policy-first 'cdab?b>'

Also checks that both tokenize the text to the same ids. Exit code 1 if the largest difference of a
logit is above --tolerance. With --make KIND it first saves a tiny random model of `transformers`'
own (llama, qwen2, qwen3) into FOLDER, which must hold a tokenizer.json, to compare the other way.
With --convert TROUPE, the program, the model is also written again by `troupe convert` as fp32, fp32 in
shards and bf16, and each of these folders is compared too.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile

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


WRITTEN = {
    "written in fp32": [],
    "written in fp32 shards": ["--shard-bytes", "20000"],
    "written in bf16": ["--dtype", "bf16"],
}


def compare(print_logits, folder, text, name):
    """The largest difference of a logit."""
    ours = json.loads(subprocess.run([print_logits, folder, text], check=True, capture_output=True,
                                     text=True).stdout)
    tokenizer = transformers.PreTrainedTokenizerFast(
        tokenizer_file=os.path.join(folder, "tokenizer.json"))
    ids = tokenizer.encode(text, add_special_tokens=False)
    if ids != ours["ids"]:
        sys.exit(f"token ids differ: {ids} in transformers, {ours['ids']} in Troupe")
    model, report = transformers.AutoModelForCausalLM.from_pretrained(
        folder, attn_implementation="eager", output_loading_info=True)
    problems = {k: v for k, v in report.items() if v}
    if problems:
        sys.exit(f"{folder}: transformers complains: {problems}")
    dtype = str(model.dtype).removeprefix("torch.")
    with torch.no_grad():
        theirs = model.float().eval()(torch.tensor([ids])).logits[0].double()
    difference = (theirs - torch.tensor(ours["logits"], dtype=torch.float64)).abs().max().item()
    print(f"{type(model).__name__} {name}, {dtype}: {len(ids)} tokens, "
          f"logits up to {theirs.abs().max().item():.3g}, largest difference {difference:.3g}")
    return difference


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("print_logits")
    parser.add_argument("folder")
    parser.add_argument("text")
    parser.add_argument("--tolerance", type=float, default=1e-4)
    parser.add_argument("--convert", metavar="TROUPE")
    parser.add_argument("--make", metavar="KIND", choices=["llama", "qwen2", "qwen3"])
    args = parser.parse_args()
    if args.make:
        make(args.make, args.folder)

    worst = compare(args.print_logits, args.folder, args.text, "as it is")
    if args.convert:
        for name, options in WRITTEN.items():
            with tempfile.TemporaryDirectory() as parent:
                folder = os.path.join(parent, "written")
                subprocess.run([args.convert, "convert", args.folder, folder, *options], check=True,
                               capture_output=True)
                worst = max(worst, compare(args.print_logits, folder, args.text, name))
    sys.exit(worst > args.tolerance)


if __name__ == "__main__":
    main()
