#!/usr/bin/env python3
"""Loads a model folder with other people's tools and says whether they accept it.

    pip install numpy safetensors tokenizers [transformers [torch]]
    tools/check_hf_folder.py FOLDER [TEXT ...]

Checks that config.json and model.safetensors (or its shards) agree (with `transformers`' own model when torch is
there), that `tokenizers` loads tokenizer.json, and prints the ids of each TEXT. Exit code 0: all
checks passed; 1: one failed, with one line that says which.
"""

import json
import os
import sys

import numpy as np
from safetensors import safe_open
from tokenizers import Tokenizer


def expected_shapes(c):
    d, f, vocab = c["hidden_size"], c["intermediate_size"], c["vocab_size"]
    q = c["num_attention_heads"] * c["head_dim"]
    kv = c["num_key_value_heads"] * c["head_dim"]
    shapes = {"model.embed_tokens.weight": (vocab, d), "model.norm.weight": (d,)}
    if not c["tie_word_embeddings"]:
        shapes["lm_head.weight"] = (vocab, d)
    layer = {
        "input_layernorm.weight": (d,),
        "post_attention_layernorm.weight": (d,),
        "self_attn.q_proj.weight": (q, d),
        "self_attn.k_proj.weight": (kv, d),
        "self_attn.v_proj.weight": (kv, d),
        "self_attn.o_proj.weight": (d, q),
        "mlp.gate_proj.weight": (f, d),
        "mlp.up_proj.weight": (f, d),
        "mlp.down_proj.weight": (d, f),
    }
    if c["model_type"] == "qwen2":
        layer |= {f"self_attn.{p}_proj.bias": (n,) for p, n in (("q", q), ("k", kv), ("v", kv))}
    if c["model_type"] == "qwen3":
        layer |= {f"self_attn.{p}_norm.weight": (c["head_dim"],) for p in "qk"}
    for i in range(c["num_hidden_layers"]):
        shapes |= {f"model.layers.{i}.{name}": shape for name, shape in layer.items()}
    return shapes


def weight_files(folder):
    index = os.path.join(folder, "model.safetensors.index.json")
    if not os.path.exists(index):
        return ["model.safetensors"]
    with open(index, encoding="utf-8") as f:
        return sorted(set(json.load(f)["weight_map"].values()))


def check_weights(folder, config):
    try:
        import torch  # numpy has no bf16

        framework, read = "pt", lambda value: value.to(torch.float32).numpy()
    except ImportError:
        framework, read = "np", lambda value: value
    found = {}
    for file in weight_files(folder):
        with safe_open(os.path.join(folder, file), framework=framework) as f:
            assert (f.metadata() or {}).get("format") == "pt", f"{file}: format is not pt"
            for name in f.keys():
                assert name not in found, f"{name}: in two shards"
                value = read(f.get_tensor(name))
                assert np.isfinite(value).all(), f"{name}: not finite"
                found[name] = value.shape
    expected = expected_shapes(config)
    assert found == expected, f"tensors differ: {set(found.items()) ^ set(expected.items())}"
    print(f"weights: {len(found)} tensors, {sum(np.prod(s, dtype=int) for s in found.values())} values")


def check_tokenizer(folder, config, texts):
    tokenizer = Tokenizer.from_file(os.path.join(folder, "tokenizer.json"))
    assert tokenizer.get_vocab_size() <= config["vocab_size"], "more tokens than embeddings"
    for text in texts:
        try:
            ids = tokenizer.encode(text, add_special_tokens=False).ids
        except Exception as e:  # the library raises bare exceptions for unknown words
            raise AssertionError(f"tokenizer.json cannot encode {text!r}: {e}") from e
        print(f"ids {json.dumps(text)} {json.dumps(ids)} {json.dumps(tokenizer.decode(ids))}")
    return tokenizer


def check_transformers(folder, config, tokenizer, texts):
    try:
        from transformers import AutoConfig, AutoTokenizer, GenerationConfig
        from transformers import PreTrainedTokenizerFast
    except ImportError:
        print("transformers: not installed, skipped")
        return
    read = AutoConfig.from_pretrained(folder)
    assert read.model_type == config["model_type"]
    for key in ("hidden_size", "head_dim", "num_key_value_heads", "tie_word_embeddings"):
        assert getattr(read, key) == config[key], f"transformers reads another {key}"
    rope = getattr(read, "rope_parameters", None) or {"rope_theta": getattr(read, "rope_theta", None)}
    assert rope["rope_theta"] == config["rope_theta"], "transformers reads another rope_theta"
    GenerationConfig.from_pretrained(folder)
    fast = PreTrainedTokenizerFast.from_pretrained(folder)
    auto = AutoTokenizer.from_pretrained(folder)
    for text in texts:
        ids = tokenizer.encode(text, add_special_tokens=False).ids
        assert fast.encode(text, add_special_tokens=False) == ids, "PreTrainedTokenizerFast differs"
        if auto.encode(text, add_special_tokens=False) != ids:
            # transformers 5 gives some model types (qwen2) their own tokenizer class, whatever
            # tokenizer_config.json says.
            print(f"note: AutoTokenizer makes a {type(auto).__name__} that gives other ids; load "
                  "this folder with PreTrainedTokenizerFast.from_pretrained")
            break
    print(f"transformers: config and tokenizer read, eos {fast.eos_token!r}")
    try:
        import torch
        from transformers import AutoModelForCausalLM
    except ImportError:
        print("torch: not installed, the model itself was not built")
        return
    model, report = AutoModelForCausalLM.from_pretrained(folder, output_loading_info=True)
    problems = {k: v for k, v in report.items() if v}
    assert not problems, f"transformers complains: {problems}"
    ids = torch.tensor([[0, min(1, config["vocab_size"] - 1)]])
    print(f"torch: logits {model(ids).logits[0, -1, :4].tolist()} ...")


def main():
    folder, texts = sys.argv[1], sys.argv[2:]
    with open(os.path.join(folder, "config.json"), encoding="utf-8") as f:
        config = json.load(f)
    check_weights(folder, config)
    tokenizer = check_tokenizer(folder, config, texts)
    check_transformers(folder, config, tokenizer, texts)
    print("ok")


if __name__ == "__main__":
    try:
        main()
    except AssertionError as e:
        sys.exit(f"{sys.argv[1]}: {e}")
