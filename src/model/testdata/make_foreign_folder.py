"""Makes model folders with other people's tools, for foreign_folder_test.cc.

    pip install numpy tokenizers safetensors transformers
    python src/model/testdata/make_foreign_folder.py src/model/testdata

Writes two tiny random models. `foreign-llama`: bf16, two shards, untied, a byte-level BPE in the
style of Llama 3 (Split by regex, then ByteLevel; ignore_merges; a template that adds a first
token). `foreign-qwen3`: f16, one file, tied, a byte-level BPE in the style of GPT-2. Each holds
golden.json: texts with the ids and the decoded text that `tokenizers` gives, and some tensor values.
The weights depend on numpy's generator and the vocabulary on the trainer; run it again only when
the test needs other data.
"""

import json
import os
import sys

import numpy as np
from safetensors import TensorSpec, serialize_file
from safetensors.numpy import save_file
from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, pre_tokenizers, processors
from tokenizers import trainers
from transformers import LlamaConfig, Qwen3Config

CORPUS = [
    "The quick brown fox jumps over the lazy dog. It's what they've said, isn't it? I'll see.",
    "Der schnelle braune Fuchs springt über den faulen Hund. Größe, Straße, Äpfel und Öl.",
    "Le vif renard brun saute par-dessus le chien paresseux. Où est l'élève ? Ça va très bien.",
    "敏捷的棕色狐狸跳过懒狗。今天天气很好，我们去公园。",
    "Быстрая коричневая лиса перепрыгивает через ленивую собаку.",
    "素早い茶色の狐がのろまな犬を飛び越える。",
    "12 + 34 = 46; 7 * (8 - 3) = 35; 100 / 4 = 25. 3.14159, 2718281828",
    "def add(a, b):\n    return a + b\n\n\nprint(add(1, 2))  # 3\n",
] * 4

TEXTS = [
    "",
    " ",
    "Hello, world!",
    "It's what they've SAID, they'LL see: I'm, you're, we'd.",
    "  two  spaces\tand a tab \n\n and lines\r\n  ",
    "12 + 34 = 46; 1234567 * 89",
    "Größe, l'élève, naïve café",
    "e\u0301 is not \u00e9",
    "敏捷的棕色狐狸, 今天天气 123",
    "Привет, лиса! हिन्दी में नमस्ते",
    "emoji 😀👩‍👩‍👧 and \u00a0nbsp\u3000ideographic space",
    "<|im_start|>user\nWhat is 2+2?<|im_end|>\n<think>4</think><|endoftext|>",
    "<|im_start|<|im_end|> <|im_end|><|im_end|>x",
    "def add(a, b):\n    return a + b\n",
    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
    "ſ'ſ 's 'S ²³½ Ⅷ ١٢٣ _under_score_",
    "a\x00b\x7f\u200b\u2028c\u0085d",
]

LLAMA3 = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}|"
    r" ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)


def train(pre_tokenizer, ignore_merges, vocab_size):
    tokenizer = Tokenizer(models.BPE(ignore_merges=ignore_merges))
    tokenizer.pre_tokenizer = pre_tokenizer
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=vocab_size,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        special_tokens=["<|endoftext|>", "<|im_start|>", "<|im_end|>"],
        show_progress=False,
    )
    tokenizer.train_from_iterator(CORPUS, trainer)
    # Text that stays visible, as Qwen3 has it.
    tokenizer.add_tokens([AddedToken(t, normalized=False) for t in ("<think>", "</think>")])
    return tokenizer


def random_tensors(config, tied):
    rng = np.random.default_rng(11)
    d, f, hd = config.hidden_size, config.intermediate_size, config.head_dim
    q, kv = config.num_attention_heads * hd, config.num_key_value_heads * hd
    shapes = {"model.embed_tokens.weight": (config.vocab_size, d)}
    for i in range(config.num_hidden_layers):
        p = f"model.layers.{i}."
        shapes[p + "input_layernorm.weight"] = (d,)
        shapes[p + "post_attention_layernorm.weight"] = (d,)
        shapes[p + "self_attn.q_proj.weight"] = (q, d)
        shapes[p + "self_attn.k_proj.weight"] = (kv, d)
        shapes[p + "self_attn.v_proj.weight"] = (kv, d)
        shapes[p + "self_attn.o_proj.weight"] = (d, q)
        if config.model_type == "qwen3":
            shapes[p + "self_attn.q_norm.weight"] = (hd,)
            shapes[p + "self_attn.k_norm.weight"] = (hd,)
        shapes[p + "mlp.gate_proj.weight"] = (f, d)
        shapes[p + "mlp.up_proj.weight"] = (f, d)
        shapes[p + "mlp.down_proj.weight"] = (d, f)
    shapes["model.norm.weight"] = (d,)
    if not tied:
        shapes["lm_head.weight"] = (config.vocab_size, d)
    out = {}
    for name, shape in shapes.items():
        value = rng.normal(size=shape) * 0.1 + (1.0 if name.endswith("norm.weight") else 0.0)
        out[name] = value.astype(np.float32)
    return out


def to_bf16(value):
    """The upper half of the bits, as numpy has no bfloat16: (fp32 values, raw bits)."""
    bits = (value.view(np.uint32) >> 16).astype(np.uint16)
    return (bits.astype(np.uint32) << 16).view(np.float32), bits


def save_bf16(tensors, path):
    """numpy has no bfloat16, so the raw bits go to safetensors (0.8 or newer)."""
    bits = {name: np.ascontiguousarray(to_bf16(v)[1]) for name, v in tensors.items()}
    specs = {
        name: TensorSpec(dtype="bfloat16", shape=v.shape, data_ptr=v.ctypes.data, data_len=v.nbytes)
        for name, v in bits.items()
    }
    serialize_file(specs, path, {"format": "pt"})


def golden(tokenizer, tensors, texts):
    encoded = [(t, tokenizer.encode(t, add_special_tokens=False).ids) for t in texts]
    broken = [[5, 200, 100], [250, 251, 252, 0, 253], [180, 30, 190]]  # invalid UTF-8 among them
    return {
        "encode": [{"text": t, "ids": ids, "decoded": tokenizer.decode(ids)} for t, ids in encoded],
        "decode": [{"ids": ids, "text": tokenizer.decode(ids)} for ids in broken],
        "values": {n: [float(x) for x in v.ravel()[:3]] for n, v in tensors.items()},
    }


def finish(folder, config, architecture, tokenizer, tensors, texts):
    config.architectures = [architecture]
    config.save_pretrained(folder)
    tokenizer.save(os.path.join(folder, "tokenizer.json"))
    with open(os.path.join(folder, "golden.json"), "w", encoding="utf-8") as f:
        json.dump(golden(tokenizer, tensors, texts), f, ensure_ascii=True, indent=0)
        f.write("\n")


def make_llama(folder):
    os.makedirs(folder, exist_ok=True)
    split = pre_tokenizers.Split(Regex(LLAMA3), behavior="isolated")
    level = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    tokenizer = train(pre_tokenizers.Sequence([split, level]), True, 320)
    tokenizer.post_processor = processors.TemplateProcessing(
        single="<|im_start|> $A", special_tokens=[("<|im_start|>", 1)]
    )
    config = LlamaConfig(
        vocab_size=tokenizer.get_vocab_size() + 3, hidden_size=16, intermediate_size=24,
        num_hidden_layers=1, num_attention_heads=4, num_key_value_heads=2, head_dim=4,
        max_position_embeddings=128, rms_norm_eps=1e-5, bos_token_id=1, eos_token_id=[2, 0],
        dtype="bfloat16",
    )  # fmt: skip
    tensors = random_tensors(config, tied=False)
    names = list(tensors)
    shards = {"model-00001-of-00002.safetensors": names[:4], "model-00002-of-00002.safetensors": names[4:]}
    for shard, held in shards.items():
        save_bf16({n: tensors[n] for n in held}, os.path.join(folder, shard))
    index = {
        "metadata": {"total_size": sum(v.size * 2 for v in tensors.values())},
        "weight_map": {n: shard for shard, held in shards.items() for n in held},
    }
    with open(os.path.join(folder, "model.safetensors.index.json"), "w") as f:
        json.dump(index, f, indent=2)
    rounded = {n: to_bf16(v)[0] for n, v in tensors.items()}
    finish(folder, config, "LlamaForCausalLM", tokenizer, rounded, TEXTS)


def make_qwen3(folder):
    os.makedirs(folder, exist_ok=True)
    level = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=True)
    tokenizer = train(level, False, 330)
    tokenizer.post_processor = processors.ByteLevel(trim_offsets=False)
    config = Qwen3Config(
        vocab_size=tokenizer.get_vocab_size(), hidden_size=16, intermediate_size=24,
        num_hidden_layers=1, num_attention_heads=4, num_key_value_heads=2, head_dim=8,
        max_position_embeddings=128, tie_word_embeddings=True, eos_token_id=2, dtype="float16",
        rope_parameters={"rope_type": "default", "rope_theta": 1000000.0},
    )  # fmt: skip
    tensors = {n: v.astype(np.float16) for n, v in random_tensors(config, tied=True).items()}
    save_file(tensors, os.path.join(folder, "model.safetensors"), {"format": "pt"})
    finish(folder, config, "Qwen3ForCausalLM", tokenizer, tensors, TEXTS)


if __name__ == "__main__":
    target = sys.argv[1]
    make_llama(os.path.join(target, "foreign-llama"))
    make_qwen3(os.path.join(target, "foreign-qwen3"))
