"""Makes tiny tokenizers in the file layouts of published families, and what `tokenizers` and
`transformers` say about texts, for tokenizer_parity_test.cc and chat_parity_test.cc.

    pip install tokenizers transformers jinja2
    python src/model/testdata/make_tokenizer_golden.py src/model/testdata/tokenizers

Writes gpt2.json, llama3.json and qwen2.json (tokenizer.json files, about 700 tokens each),
golden.json (ids and decoded texts, of these and of variants with other stages) and chat.json
(conversations). `--random N` adds N random texts to each family, for a longer look by hand. The
vocabularies depend on the trainer; run it again only when a test needs other data.
"""

import argparse
import json
import os
import random

import tokenizers
import transformers
from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers
from tokenizers import pre_tokenizers, processors, trainers

# fmt: off
CORPUS = [
    "The quick brown fox jumps over the lazy dog. It's what they've said, isn't it? I'll see you're right.",
    "You are a helpful assistant. The user asks a question and the assistant answers it in a few words.",
    "Der schnelle braune Fuchs springt über den faulen Hund. Größe, Straße, Äpfel und Öl für fünf Euro.",
    "Le vif renard brun saute par-dessus le chien paresseux. Où est l'élève ? Ça va très bien, merci.",
    "Быстрая коричневая лиса перепрыгивает через ленивую собаку. Сегодня хорошая погода.",
    "Η γρήγορη καφέ αλεπού πηδάει πάνω από τον τεμπέλη σκύλο. Καλημέρα κόσμε.",
    "الثعلب البني السريع يقفز فوق الكلب الكسول. مرحبا بالعالم، كيف حالك؟",
    "השועל החום המהיר קופץ מעל הכלב העצלן. שלום עולם, מה שלומך?",
    "तेज़ भूरी लोमड़ी आलसी कुत्ते के ऊपर कूदती है। नमस्ते दुनिया, आप कैसे हैं?",
    "สุนัขจิ้งจอกสีน้ำตาลกระโดดข้ามสุนัขขี้เกียจ สวัสดีชาวโลก",
    "敏捷的棕色狐狸跳过懒狗。今天天气很好，我们去公园散步。",
    "素早い茶色の狐がのろまな犬を飛び越える。こんにちは、世界。カタカナもあります。",
    "빠른 갈색 여우가 게으른 개를 뛰어넘는다. 안녕하세요 세계, 오늘 날씨가 좋네요.",
    "12 + 34 = 46; 7 * (8 - 3) = 35; 100 / 4 = 25. 3.14159, 2718281828, 1,000,000",
    "def add(a, b):\n    return a + b\n\n\nfor i in range(10):\n\tprint(add(i, 2))  # 3\n",
    "😀 👍 🎉 👩‍👩‍👧 🏳️‍🌈 ❤️",
] * 4

TEXTS = [
    "", " ", "  ", "\n", "\t", "a", " a", "a ", "  a  ",
    "Hello, world!", "The quick brown fox jumps over the lazy dog.",
    "It's what they've SAID, they'LL see: I'm, you're, we'd; 'twas 'S 'ſ ſ'ſ O'Neill's",
    "  two  spaces\tand a tab \n\n and lines\r\n  ",
    "CRLF\r\nlines\r\n\r\nand\rmore\n\r\n \r\n\t\r\n", "\n\n\n", " \n \n ", "a\n", "a \n b", "\r\n  x",
    "12 + 34 = 46; 1234567 * 89 = 3.14, 1e-9, 0x1F, 1,000,000",
    "²³½ Ⅷ ١٢٣ १२३ 三百 𝟘𝟙𝟚", "v2.0-rc1 2024-01-31T12:00:00Z",
    "Größe, Straße, ÄÖÜ äöü ẞ", "Où est l'élève ? Ça va très bien.",
    "Ou\u0300 est l'e\u0301le\u0300ve ? C\u0327a va tre\u0300s bien.", "e\u0301 is not \u00e9; n\u0303 a\u030a",
    "q\u0307\u0323 q\u0323\u0307 \u1e9b\u0323 \u0344 \u2126 \u212b \u0958 \ufb2c \uf900\u2fa1",
    "Быстрая лиса. Привет, мир! Ёлка и й.", "и\u0306 е\u0308",
    "Καλημέρα κόσμε, ΣΊΣΥΦΟΣ ά ἄ", "مرحبا بالعالم، كَيْفَ حَالُكَ؟ ٣٫١٤", "שלום עולם, מָה שְּׁלוֹמְךָ?",
    "नमस्ते दुनिया, आप कैसे हैं? क्षत्रिय", "สวัสดีชาวโลก น้ำ ที่นี่", "敏捷的棕色狐狸，今天天气123很好。",
    "こんにちは、世界。ｶﾅ カ\u3099タカナ が", "안녕하세요 세계 \u1112\u1161\u11ab\u1100\u1173\u11af 각",
    "Tiếng Việt: Xin chào thế giới", "Türkçe: İstanbul ığüşöç", "ქართული ენა", "አማርኛ", "தமிழ் மொழி", "Zażółć gęślą jaźń",
    "emoji 😀👍🏽👩‍👩‍👧🏳️‍🌈❤️ and \u00a0nbsp\u3000ideographic\u2009thin space\u200b zero",
    "🇩🇪🇫🇷 #️⃣ \U0001fae0\U000e0067",
    "def f(x):\n\tif x > 0:\n\t\treturn x ** 2  # square\n    else:\n        return -x\n\n\n",
    "for (int i = 0; i < n; ++i) { a[i] += b[i] * 0.5f; }\t// done\n#include <vector>\n",
    "{\"key\": [1, 2.5, null], \"a_b\": \"\\n\"}", "https://example.com/a?b=c&d=%20#e", "$x^2 + \\frac{1}{2}$ -- --- ... !!!???",
    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "the" * 30, "=" * 70, " " * 41 + "x", "_under_score_ camelCase",
    "a\x00b\x7f\u200b\u2028c\u0085d\x1ce\x0bf\u180eg\ufeffh\u1680i",
    "<|im_start|>user\nWhat is 2+2?<|im_end|>\n<|im_start|>assistant\n<think>\n\n</think>\n4<|im_end|><|endoftext|>",
    "<|im_start|<|im_end|> <|im_end|><|im_end|>x <|im_ end|>",
    "<|begin_of_text|><|start_header_id|>user<|end_header_id|>\n\nHi <|eot_id|> there<|end_of_text|>",
    "x <tool_call>{}</tool_call> <think", "\u0301<|im_end|>\u0301",
]

# Of the tokenizers themselves: Llama 3's and Qwen2's split patterns, as their files have them.
LLAMA3_SPLIT = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*"
    r"|\s*[\r\n]+|\s+(?!\S)|\s+"
)
QWEN2_SPLIT = LLAMA3_SPLIT.replace(r"\p{N}{1,3}", r"\p{N}")
# o200k and DeepSeek-V3, for variants: other features of the pattern language.
O200K_SPLIT = (
    r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+(?i:'s|'t|'re|'ve|'m|'ll|'d)?"
    r"|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*(?i:'s|'t|'re|'ve|'m|'ll|'d)?"
    r"|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)
DEEPSEEK_SPLIT = (
    r"[!\"#$%&'()*+,\-./:;<=>?@\[\\\]^_`{|}~][A-Za-z]+|[^\r\n\p{L}\p{P}\p{S}]?[\p{L}\p{M}]+"
    r"| ?[\p{P}\p{S}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)

# The essential part of the official chat templates: no tools, no dates.
CHATML = (
    "{% for message in messages %}<|im_start|>{{ message.role }}\n{{ message.content }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)
QWEN25 = (  # Qwen2.5: a system message of its own if there is none
    "{% if messages[0].role != 'system' %}<|im_start|>system\nYou are Qwen, created by Alibaba Cloud."
    " You are a helpful assistant.<|im_end|>\n{% endif %}" + CHATML
)
LLAMA3 = (
    "{% for message in messages %}{% if loop.index0 == 0 %}{{ bos_token }}{% endif %}<|start_header_id|>"
    "{{ message.role }}<|end_header_id|>\n\n{{ message.content | trim }}<|eot_id|>{% endfor %}"
    "{% if add_generation_prompt %}<|start_header_id|>assistant<|end_header_id|>\n\n{% endif %}"
)
# fmt: on


def special(text, **flags):
    return AddedToken(text, special=True, normalized=flags.pop("normalized", False), **flags)


def train(pre_tokenizer, normalizer, vocab_size, **model):
    tokenizer = Tokenizer(models.BPE(**model))
    tokenizer.pre_tokenizer = pre_tokenizer
    if normalizer is not None:
        tokenizer.normalizer = normalizer
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=vocab_size,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(CORPUS, trainer)
    return tokenizer


def make_gpt2():
    level = pre_tokenizers.ByteLevel(add_prefix_space=False, trim_offsets=True, use_regex=True)
    out = train(level, None, 700, continuing_subword_prefix="", end_of_word_suffix="")
    out.post_processor = processors.ByteLevel(trim_offsets=False)
    out.add_special_tokens([special("<|endoftext|>", normalized=True)])
    return out


def make_llama3():
    split = pre_tokenizers.Split(Regex(LLAMA3_SPLIT), behavior="isolated")
    level = pre_tokenizers.ByteLevel(add_prefix_space=False, trim_offsets=True, use_regex=False)
    out = train(pre_tokenizers.Sequence([split, level]), None, 720, ignore_merges=True)
    names = "begin_of_text end_of_text reserved_special_token_0 start_header_id end_header_id eot_id"
    out.add_special_tokens([special(f"<|{name}|>") for name in names.split()])
    template = processors.TemplateProcessing(
        single="<|begin_of_text|> $A",
        pair="<|begin_of_text|> $A <|begin_of_text|>:1 $B:1",
        special_tokens=[("<|begin_of_text|>", out.token_to_id("<|begin_of_text|>"))],
    )
    out.post_processor = processors.Sequence([processors.ByteLevel(trim_offsets=False), template])
    return out


def make_qwen2():
    split = pre_tokenizers.Split(Regex(QWEN2_SPLIT), behavior="isolated")
    level = pre_tokenizers.ByteLevel(add_prefix_space=False, trim_offsets=False, use_regex=False)
    sequence = pre_tokenizers.Sequence([split, level])
    out = train(sequence, normalizers.NFC(), 740, continuing_subword_prefix="", end_of_word_suffix="")
    out.post_processor = processors.ByteLevel(add_prefix_space=False, trim_offsets=False, use_regex=False)
    out.add_special_tokens([special(f"<|{name}|>") for name in ("endoftext", "im_start", "im_end")])
    plain = ("<tool_call>", "</tool_call>", "<think>", "</think>")
    out.add_tokens([AddedToken(text, normalized=False) for text in plain])
    return out


def split_stage(pattern, behavior="Isolated", invert=False):
    stage = {"type": "Split", "pattern": pattern, "behavior": behavior, "invert": invert}
    level = {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": False}
    return {"pre_tokenizer": {"type": "Sequence", "pretokenizers": [stage, level]}}


def added(id, content, **flags):
    token = dict(single_word=False, lstrip=False, rstrip=False, normalized=False, special=False)
    return {"id": id, "content": content, **token, **flags}


def variants():
    """(name, family, top-level fields to replace, texts)."""
    level = {"type": "ByteLevel", "add_prefix_space": True, "trim_offsets": True, "use_regex": True}
    yield "prefix space", "gpt2", {"pre_tokenizer": level}, TEXTS[:16] + TEXTS[-5:]
    for individual in (False, True):
        digits = {"type": "Digits", "individual_digits": individual}
        inner = {**level, "add_prefix_space": False}
        sequence = {"type": "Sequence", "pretokenizers": [digits, inner]}
        yield f"digits {individual}", "gpt2", {"pre_tokenizer": sequence}, TEXTS[19:22]
    some = ["xxaxbbxx", "a.b..c", "...", " 1 22 ", "x", "", "12 monkeys  and\n3 dogs", "ab,cd"]
    behaviors = "Removed Isolated MergedWithPrevious MergedWithNext Contiguous"
    for behavior in behaviors.split():
        for invert in (False, True):
            patch = split_stage({"Regex": r"x|\s|\."}, behavior, invert)
            yield f"{behavior} {invert}", "gpt2", patch, some
    yield "literal", "gpt2", split_stage({"String": "."}, "Removed"), some
    rich = TEXTS[9:]
    yield "o200k", "llama3", split_stage({"Regex": O200K_SPLIT}), rich
    yield "deepseek", "llama3", split_stage({"Regex": DEEPSEEK_SPLIT}), rich
    words = r"\w+|\W|\b"[:-3]  # \b alone would match the empty text
    yield "word class", "llama3", split_stage({"Regex": words}), rich
    yield "script", "llama3", split_stage({"Regex": r"\p{Han}+|\p{^Greek}\p{Hiragana}|\P{L}+|^x"}), rich
    flags = [
        ("[L]", dict(lstrip=True)), ("[R]", dict(rstrip=True)), ("[LR]", dict(lstrip=True, rstrip=True, special=True)),
        ("word", dict(single_word=True)), ("words", {}), ("Cafe\u0301", dict(normalized=True)),
        ("[N]", dict(normalized=True)), ("N] x", dict(special=True)), ("wo", {}), ("<|s", dict(special=True)), ("s|>", {}),
    ]  # fmt: skip

    def tokens(first):  # ids go on after the vocabulary; other ids would be numbered anew
        return [added(first + i, text, **set_) for i, (text, set_) in enumerate(flags)]

    texts = [
        "a [L] b", "a\u3000 [L][L] b", "a [R] \n b", "a [R]  [L] b", "[LR]", " \t[LR]\u2003\u00a0x", "[R] ", " [L]",
        "word", "a word.", "words", "sword", "word word wordword", "word\u0301 word\u200d _word \u00e9word word\u2060",
        "Caf\u00e9 Cafe\u0301 Cafe", "[N] x", "[N]", "a[N]b word_ <|s|> two", "[R] word [L] word",
    ]  # fmt: skip
    yield "added tokens", "qwen2", {"added_tokens": tokens(740), "post_processor": None}, texts
    yield "added tokens, no NFC", "gpt2", {"added_tokens": tokens(700)}, texts
    yield "normalizer sequence", "gpt2", {
        "normalizer": {"type": "Sequence", "normalizers": [{"type": "NFC"}]}
    }, TEXTS[22:30]


def case(tokenizer, text):
    tokenizer.encode_special_tokens = False
    ids = tokenizer.encode(text, add_special_tokens=False).ids
    tokenizer.encode_special_tokens = True
    plain = tokenizer.encode(text, add_special_tokens=False).ids
    decoded = tokenizer.decode(ids)
    out = {"text": text, "ids": ids}
    if plain != ids:
        out["plain"] = plain
    if decoded != text:
        out["decoded"] = decoded
    full = tokenizer.decode(ids, skip_special_tokens=False)
    if full != decoded:
        out["decoded_all"] = full
    return out


def opening(tokenizer):
    tokenizer.encode_special_tokens = False
    ids = tokenizer.encode("a", add_special_tokens=True).ids
    return ids[: len(ids) - len(tokenizer.encode("a", add_special_tokens=False).ids)]


def random_texts(count):
    rng = random.Random(5)
    alphabet = list(" \n\t\r'sStTdDlL.,0189aZ<|>_-") + ["<|im_end|>", "<|eot_id|>", "<think>", "\r\n", "  "]
    for text in TEXTS:
        alphabet += list(text)
    ranges = [(0, 0x250), (0x300, 0x36f), (0x370, 0x600), (0x900, 0xd00), (0x1100, 0x1200), (0x1e00, 0x2200),
              (0x3000, 0x3400), (0xac00, 0xd7a4), (0xf900, 0xfb50), (0x1f300, 0x1f700), (0x2f800, 0x2fa1e)]  # fmt: skip
    for _ in range(count):
        yield "".join(
            rng.choice(alphabet) if rng.random() < 0.6 else chr(rng.randrange(*rng.choice(ranges)))
            for _ in range(rng.randrange(1, 40))
        )


def broken(tokenizer, count):
    """Ids whose bytes are not UTF-8, and ids of a character cut off at its end."""
    rng = random.Random(7)
    size = tokenizer.get_vocab_size()
    whole = tokenizer.encode("x 😀 界", add_special_tokens=False).ids
    lists = [whole[:n] for n in range(1, len(whole))]
    lists += [[rng.randrange(size) for _ in range(12)] for _ in range(count)]
    return [{"ids": ids, "text": tokenizer.decode(ids)} for ids in lists]


def write(folder, name, value, **layout):
    layout.setdefault("ensure_ascii", False)
    with open(os.path.join(folder, name), "w", encoding="utf-8") as f:
        json.dump(value, f, **layout)
        f.write("\n")


def conversations():
    user, system, said = ({"role": r} for r in ("user", "system", "assistant"))
    ask = {**user, "content": "What is 2+2?"}
    rules = {**system, "content": "Answer in one word.\n"}
    yield [ask]
    yield [rules, ask]
    yield [ask, {**said, "content": "4."}, {**user, "content": "\n\n  and 3+3? \n"}]
    yield [rules, {**user, "content": "今天天气 Où e\u0301"}, {**said, "content": " ok "}, ask]
    yield [{**user, "content": ""}]
    yield [{**user, "content": "<think>no</think> 'S\r\n"}, {**said, "content": "x\n"}]


def chat_cases(files):
    templates = [("chatml", "qwen2", CHATML), ("qwen2.5", "qwen2", QWEN25), ("llama3", "llama3", LLAMA3)]
    for name, family, template in templates:
        tokenizer = transformers.PreTrainedTokenizerFast(
            tokenizer_object=Tokenizer.from_str(json.dumps(files[family])),
            bos_token="<|begin_of_text|>" if family == "llama3" else None,
        )
        for messages in conversations():
            for prompt in (False, True):
                ids = tokenizer.apply_chat_template(
                    messages, chat_template=template, add_generation_prompt=prompt, return_dict=False
                )
                yield {"template": name, "tokenizer": family, "messages": messages,
                       "generation_prompt": prompt, "ids": list(ids)}  # fmt: skip


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("folder")
    parser.add_argument("--random", type=int, default=0)
    arguments = parser.parse_args()
    os.makedirs(arguments.folder, exist_ok=True)
    files, golden = {}, []
    for name, make in (("gpt2", make_gpt2), ("llama3", make_llama3), ("qwen2", make_qwen2)):
        file = json.loads(make().to_str())
        if name != "llama3":  # published files have both ways to write a merge
            file["model"]["merges"] = [" ".join(pair) for pair in file["model"]["merges"]]
        files[name] = file
        write(arguments.folder, name + ".json", file, separators=(",", ":"))
        tokenizer = Tokenizer.from_str(json.dumps(file))
        texts = TEXTS + list(random_texts(arguments.random))
        golden.append({
            "name": name, "base": name, "patch": {}, "opening": opening(tokenizer),
            "encode": [case(tokenizer, text) for text in texts],
            "decode": broken(tokenizer, 10 + arguments.random),
        })  # fmt: skip
    for name, family, patch, texts in variants():
        tokenizer = Tokenizer.from_str(json.dumps({**files[family], **patch}))
        texts = texts + list(random_texts(arguments.random))
        golden.append({
            "name": name, "base": family, "patch": patch, "opening": opening(tokenizer),
            "encode": [case(tokenizer, text) for text in texts], "decode": [],
        })  # fmt: skip
    made = {"tokenizers": tokenizers.__version__, "transformers": transformers.__version__}
    write(arguments.folder, "golden.json", {"made_with": made, "cases": golden}, separators=(",", ":"))
    chats = list(chat_cases(files))
    write(arguments.folder, "chat.json", {"made_with": made, "cases": chats}, separators=(",", ":"))


if __name__ == "__main__":
    main()
