#!/usr/bin/env python3
"""Writes what all-MiniLM-L6-v2 makes of some texts, for EmbeddingsTests to compare with.

    python3 -m venv /tmp/references && /tmp/references/bin/pip install tokenizers numpy
    /tmp/references/bin/python scripts/embedding-references.py MODEL_FOLDER Tests/EmbeddingsTests/Fixtures/minilm.json

Pieces come from the library `tokenizers`, vectors from BERT's formulae in 64-bit numbers here, written apart from the product's own code.
MODEL_FOLDER holds model.safetensors and tokenizer.json as they are published.
"""
import json
import math
import struct
import sys

import numpy
from tokenizers import Tokenizer

HEADS, LAYERS, EPSILON, WINDOW = 12, 6, 1e-12, 256

EMBEDDED = [
    "When does the last ferry leave?",
    "Ferries leave the harbour every forty minutes; the last one at a quarter past nine.",
    "Expense claims are filed within thirty days, with the receipts, by the person who paid.",
    "x",
    "naïve café — “Straße”, ﬁnally: 1,234.56 € (100 %)",
    "func embed(_ texts: [String]) async throws -> [[Float]] { /* … */ }",
    "항구 사무소는 아침 일곱 시에 문을 엽니다.",
    " ".join(
        f"Rule {n}: whoever borrows book number {n * 7} from shelf {n % 9} brings it back before day {n + 20}, or asks for longer."
        for n in range(1, 16)
    ),
]
CUT = EMBEDDED + [
    "", "   \t\n", "Hello, World!", "unaffable unaffordability", "don't can't won't", "a" * 100, "a" * 101, "supercalifragilisticexpialidocious",
    "[CLS] [SEP] [UNK] [MASK] ##ing", "e\u0301tude étude ETUDE É", "İstanbul ıĞ ẞ ß", "東京都の天気", "カタカナ ひらがな ｶﾀｶﾅ", "한국어 문장입니다",
    "zero\u200bwidth soft\u00adhyphen non\u00a0breaking", "\u0000null \ufffd replacement \u0007bell \u0085next", "line\u2028separator\u2029paragraph",
    "emoji 👍🏽 family 👨‍👩‍👧 flag 🇯🇵", "$100 ^ `code` ~ | + = < >", "¡Hola! ¿Qué tal? «oui» „ja“", "१२३ ٣٤٥ ⅷ ½ ²", "ﷺ ﬃ Ǆ",
    "Ελληνικά Русский עברית العربية ไทย", "q\u0307\u0323 combining", "a\u0332b\u20dd", "\ue000private\uf8ff", "\U00020000\U0002F800 ideographs", "tab\tand\rreturn\nline",
]


def tensors(path):
    with open(path, "rb") as file:
        header = json.loads(file.read(struct.unpack("<Q", file.read(8))[0]))
        data = file.read()
    return {
        name: numpy.frombuffer(data[slice(*entry["data_offsets"])], "<f4").reshape(entry["shape"]).astype(numpy.float64)
        for name, entry in header.items()
        if name != "__metadata__" and entry["dtype"] == "F32"
    }


def encode(weights, pieces):
    def linear(x, name):
        return x @ weights[name + ".weight"].T + weights[name + ".bias"]

    def norm(x, name):
        x = x - x.mean(-1, keepdims=True)
        return x / numpy.sqrt((x * x).mean(-1, keepdims=True) + EPSILON) * weights[name + ".weight"] + weights[name + ".bias"]

    erf = numpy.vectorize(math.erf)
    embeddings = "embeddings."
    x = weights[embeddings + "word_embeddings.weight"][pieces] + weights[embeddings + "position_embeddings.weight"][: len(pieces)]
    x = norm(x + weights[embeddings + "token_type_embeddings.weight"][0], embeddings + "LayerNorm")
    for number in range(LAYERS):
        layer = f"encoder.layer.{number}."
        query, key, value = (
            linear(x, f"{layer}attention.self.{name}").reshape(len(pieces), HEADS, -1).transpose(1, 0, 2) for name in ("query", "key", "value")
        )
        scores = query @ key.transpose(0, 2, 1) / math.sqrt(query.shape[-1])
        scores = numpy.exp(scores - scores.max(-1, keepdims=True))
        attended = (scores / scores.sum(-1, keepdims=True) @ value).transpose(1, 0, 2).reshape(len(pieces), -1)
        x = norm(x + linear(attended, layer + "attention.output.dense"), layer + "attention.output.LayerNorm")
        wide = linear(x, layer + "intermediate.dense")
        wide = wide * 0.5 * (1 + erf(wide / math.sqrt(2)))
        x = norm(x + linear(wide, layer + "output.dense"), layer + "output.LayerNorm")
    mean = x.mean(0)
    return mean / numpy.linalg.norm(mean)


def main(folder, target):
    tokenizer = Tokenizer.from_file(f"{folder}/tokenizer.json")
    tokenizer.no_truncation()
    tokenizer.no_padding()
    start, end = tokenizer.token_to_id("[CLS]"), tokenizer.token_to_id("[SEP]")
    weights = tensors(f"{folder}/model.safetensors")

    def pieces(text):
        # Special pieces inside a text are text: whoever writes "[SEP]" means these letters, which are cut in the same way with spaces.
        for name in ("CLS", "SEP", "UNK", "MASK", "PAD"):
            text = text.replace(f"[{name}]", f"[ {name} ]")
        return tokenizer.encode(text, add_special_tokens=False).ids

    def vector(text):
        ids, room = pieces(text), WINDOW - 2
        count = -(-len(ids) // room)
        parts = [ids[n * len(ids) // count : (n + 1) * len(ids) // count] for n in range(count)]
        total = sum(encode(weights, [start, *part, end]) for part in parts)
        return total / numpy.linalg.norm(total)

    with open(target, "w") as file:
        json.dump(
            {
                "pieces": [{"text": text, "ids": pieces(text)} for text in CUT],
                "vectors": [{"text": text, "vector": [round(float(x), 7) for x in vector(text)]} for text in EMBEDDED],
            },
            file,
            ensure_ascii=False,
            indent=None,
        )
        file.write("\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
