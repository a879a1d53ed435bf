"""Encode whole corpora with our tokenizers and with the libraries that define the ids: how many documents differ?

Usage: python benchmarks/encoding.py TOKENIZER... --text FILE.jsonl[.zst]... [--megabytes 20]

Prints, per tokenizer and file, documents whose ids differ from those of `tokenizers` (or SentencePiece). How fast each
is, `bench.py` says.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import polars as pl
import texts

from curate.contracts import Utf8
from curate.tokenizer import Tokenizer, load_tokenizer

BATCH = 1_000


def library(tokenizer: Tokenizer) -> Callable[[str], list[int]]:
    """One text to ids, by the library that defines them, with no control ids."""
    if tokenizer.path.suffix == ".model":
        import sentencepiece

        model = sentencepiece.SentencePieceProcessor(model_file=str(tokenizer.path))
        return lambda text: model.encode(text)
    import tokenizers

    spec = json.loads(tokenizer.path.read_bytes()) | {"added_tokens": []}
    whole = tokenizers.Tokenizer.from_str(json.dumps(spec))
    return lambda text: whole.encode(text, add_special_tokens=False).ids


def compare(where: str, path: Path, megabytes: float) -> None:
    """Print how many documents of a file differ."""
    drawn = texts.load(path, megabytes)
    tokenizer = load_tokenizer(where)
    encode = library(tokenizer)
    tokens = differing = 0
    for start in range(0, len(drawn.texts), BATCH):
        batch = drawn.texts[start : start + BATCH]
        values, offsets = tokenizer.encode(Utf8.of(pl.Series(batch, dtype=pl.String)))
        ids = np.split(values, offsets[1:-1])
        differing += sum(ours.tolist() != encode(text) for ours, text in zip(ids, batch, strict=True))
        tokens += len(values)
    print(
        f"{where} ({tokenizer.kind}), {path.name}: {len(drawn.texts):,} documents, {drawn.ends[-1] / 1e6:.1f} MB, "
        f"{tokens:,} tokens, {differing} documents differ",
        flush=True,
    )


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("tokenizers", nargs="+")
    arguments.add_argument("--text", nargs="+", type=Path, required=True)
    arguments.add_argument("--megabytes", type=float, default=20)
    options = arguments.parse_args()
    for where in options.tokenizers:
        for path in options.text:
            compare(where, path, options.megabytes)


if __name__ == "__main__":
    main()
