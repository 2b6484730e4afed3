#!/usr/bin/env python3
"""Loads an adapter in PEFT and compares its logits with Troupe's own, in fp32, on a base model's folder.

    pip install torch transformers peft
    cmake --build build/release --target print_logits
    python tools/compare_lora.py build/release/print_logits BASE ADAPTER 'cdab?b>'

ADAPTER is a policy's folder in a checkpoint, e.g. runs/mine/checkpoints/step-000100/policy-first. With
--make ADAPTER is made first, by PEFT, with random A and B, to compare the other way. Exit code 1 if the
largest difference of a logit is above --tolerance, or if the adapter does not change the logits.
"""

import argparse
import json
import subprocess
import sys

import torch
from peft import LoraConfig, PeftModel, get_peft_model
from transformers import AutoModelForCausalLM


def load_base(folder):
    return AutoModelForCausalLM.from_pretrained(folder).float().eval()


def make(base, folder):
    torch.manual_seed(7)
    lora = LoraConfig(task_type="CAUSAL_LM", r=6, lora_alpha=9, use_rslora=True,
                      init_lora_weights=False, target_modules=["q_proj", "o_proj", "up_proj"])
    get_peft_model(load_base(base), lora).save_pretrained(folder)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("print_logits")
    parser.add_argument("base")
    parser.add_argument("adapter")
    parser.add_argument("text")
    parser.add_argument("--tolerance", type=float, default=1e-4)
    parser.add_argument("--make", action="store_true")
    args = parser.parse_args()
    if args.make:
        make(args.base, args.adapter)

    command = [args.print_logits, args.base, args.text, args.adapter]
    ours = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    ids = torch.tensor([ours["ids"]])
    with torch.no_grad():
        alone = load_base(args.base)(ids).logits[0].double()
        model = PeftModel.from_pretrained(load_base(args.base), args.adapter).eval()
        theirs = model(ids).logits[0].double()
    difference = (theirs - torch.tensor(ours["logits"], dtype=torch.float64)).abs().max().item()
    effect = (theirs - alone).abs().max().item()
    print(f"{ids.shape[1]} tokens, the adapter changes logits by up to {effect:.3g}, "
          f"largest difference {difference:.3g}")
    sys.exit(difference > args.tolerance or effect == 0)


if __name__ == "__main__":
    main()
