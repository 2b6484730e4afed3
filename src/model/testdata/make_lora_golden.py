#!/usr/bin/env python3
"""Writes lora_golden.json and lora-peft/: logits and adapter gradients of small models with LoRA adapters, as the
PEFT library computes them, in double precision (rotary angles are transformers' fp32).

lora-peft/ is the first case's adapter as PEFT saves it, in fp32.

Base weights, prompts and scored positions are those of make_decoder_golden.py. Element n of an
adapter's tensor is the n-th draw of the generator in base/rng.h seeded with the tensor's name, times
0.6 / sqrt(columns), so that the test can make the same ones.

    pip install torch transformers peft
    python src/model/testdata/make_lora_golden.py
"""

import json
import math
import os

import numpy as np
import torch
from make_decoder_golden import draws, make_weights, numbers, seed_join
from peft import LoraConfig, get_peft_model
from transformers import LlamaConfig, LlamaForCausalLM
from transformers import Qwen2Config, Qwen2ForCausalLM, Qwen3Config, Qwen3ForCausalLM

KINDS = {"llama": (LlamaConfig, LlamaForCausalLM), "qwen2": (Qwen2Config, Qwen2ForCausalLM),
         "qwen3": (Qwen3Config, Qwen3ForCausalLM)}


def make_base(c, seed):
    config_class, model_class = KINDS[c["family"]]
    config = config_class(
        vocab_size=c["vocab"], hidden_size=c["width"], num_hidden_layers=c["layers"],
        num_attention_heads=c["heads"], num_key_value_heads=c["kv_heads"], head_dim=c["head_dim"],
        intermediate_size=c["ffn"], max_position_embeddings=32, rms_norm_eps=c["norm_eps"],
        tie_word_embeddings=c["tied"], attn_implementation="eager",
        rope_parameters={"rope_type": "default", "rope_theta": c["rope_theta"]})
    model = model_class(config).double().eval()
    missing, unexpected = model.load_state_dict(make_weights(c, seed), strict=False)
    assert not unexpected and set(missing) <= {"lm_head.weight"}, (missing, unexpected)
    model.tie_weights()
    return model


HERE = os.path.dirname(os.path.abspath(__file__))


def make_case(c, seed, targets, rank, alpha, rslora, save_as=None):
    lora = LoraConfig(task_type="CAUSAL_LM", r=rank, lora_alpha=alpha, use_rslora=rslora,
                      target_modules=[t + "_proj" for t in targets])
    model = get_peft_model(make_base(c, seed), lora).double().eval()
    trained = {}
    for name, parameter in model.named_parameters():
        if not parameter.requires_grad:
            continue
        name = name.replace(".default", "")  # as PEFT writes it to files
        u = 2.0 * np.array(draws(seed_join(seed, name), parameter.numel())) - 1.0
        values = (u * (0.6 / math.sqrt(parameter.shape[1]))).astype(np.float32).astype(np.float64)
        parameter.data = torch.tensor(values).reshape(parameter.shape)
        trained[name] = parameter
    sequences, loss = [], 0.0
    for index, length in enumerate((21, 2, 18)):
        tokens = [int(u * c["vocab"]) for u in draws(seed_join(seed, f"tokens {index}"), length)]
        scored = [i for i in range(length - 1) if (i + index) % 3 != 1]
        logits = model(input_ids=torch.tensor([tokens])).logits[0][scored]
        picked = torch.log_softmax(logits, -1)[range(len(scored)), [tokens[i + 1] for i in scored]]
        loss = loss - picked.sum()
        sequences.append({"tokens": tokens, "scored": scored, "logits": numbers(logits)})
    loss.backward()
    gradients = {name: numbers(parameter.grad) for name, parameter in trained.items()}
    if save_as:
        model.float().save_pretrained(os.path.join(HERE, save_as))
        os.remove(os.path.join(HERE, save_as, "README.md"))  # an empty model card
    return {"config": c, "seed": seed, "targets": targets, "rank": rank, "alpha": alpha,
            "rslora": rslora, "sequences": sequences, "gradients": gradients}


def main():
    common = {"vocab": 13, "width": 12, "layers": 2, "heads": 4, "kv_heads": 2, "head_dim": 6,
              "ffn": 20, "rope_theta": 100.0, "norm_eps": 1e-5, "tied": True}
    cases = [
        make_case({**common, "family": "llama", "kv_heads": 4, "tied": False}, 1,
                  ["q", "k", "v", "o", "gate", "up", "down"], 3, 6, False, "lora-peft"),
        make_case({**common, "family": "qwen2"}, 2, ["q", "v"], 5, 4, True),
        make_case({**common, "family": "qwen3", "head_dim": 8, "kv_heads": 1}, 3,
                  ["k", "o", "up"], 2, 4, False),
    ]
    with open(os.path.join(HERE, "lora_golden.json"), "w", encoding="utf-8") as file:
        json.dump({"made_by": "make_lora_golden.py", "cases": cases}, file, separators=(",", ":"))
        file.write("\n")


if __name__ == "__main__":
    main()
