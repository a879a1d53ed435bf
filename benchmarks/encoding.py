"""Encode corpora with our tokenizers and with the libraries: are the ids equal, and how fast is each?

Usage: python benchmarks/encoding.py TOKENIZER... --text FILE.jsonl[.zst]... [--megabytes 20] [--repeat 3]

Prints, per tokenizer and file, documents whose ids differ from those of `tokenizers` (or SentencePiece), and megabytes
of UTF-8 a second on one thread: CPU time, because that is what is left of the numbers on a machine that others use;
best of `--repeat`. The first of our runs starts with an empty table of units ("cold"). tiktoken and kitoken take part
where they are installed (kitoken reads `tokenizer.json`; tiktoken is given the vocabulary and the splitting of Qwen2).
"""

from __future__ import annotations

import argparse
import io
import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import zstandard

from curate.contracts import Utf8
from curate.tokenizer import Tokenizer, _load, load_tokenizer
from curate.tokenizer.byte_level import _QWEN2_PATTERN, spelt_bytes


def read(path: Path, megabytes: float) -> list[str]:
    texts, size = [], 0
    with path.open("rb") as raw:
        plain: Any = zstandard.ZstdDecompressor().stream_reader(raw) if path.suffix == ".zst" else raw
        for line in io.TextIOWrapper(plain, "utf-8"):
            texts.append(json.loads(line)["text"])
            size += len(texts[-1].encode())
            if size >= megabytes * 1e6:
                break
    return texts


def batches(texts: list[str], size: int = 4_000_000) -> Iterator[list[str]]:
    """Batches as a reader makes them: a few megabytes."""
    batch: list[str] = []
    waiting = 0
    for text in texts:
        batch.append(text)
        waiting += len(text.encode())
        if waiting >= size:
            yield batch
            batch, waiting = [], 0
    if batch:
        yield batch


def utf8(texts: list[str]) -> Utf8:
    return Utf8.of(pl.Series(texts, dtype=pl.String))


def seconds(work: Callable[[], Any], repeat: int) -> tuple[list[float], Any]:
    times = []
    for _ in range(repeat):
        start = time.process_time()
        result = work()
        times.append(time.process_time() - start)
    return times, result


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


def others(tokenizer: Tokenizer) -> Iterator[tuple[str, Callable[[str], Any]]]:
    """The fastest public encoders, where they are installed."""
    if tokenizer.path.suffix == ".model":
        return
    spec = json.loads(tokenizer.path.read_bytes())
    try:
        import kitoken

        encoder = kitoken.Kitoken.from_file(str(tokenizer.path))
        yield "kitoken", lambda text: encoder.encode(text, False)
    except ImportError:
        pass
    try:
        import tiktoken
    except ImportError:
        return
    if _QWEN2_PATTERN in json.dumps(spec["pre_tokenizer"], ensure_ascii=False).replace("\\\\", "\\"):
        ranks = {spelt_bytes(token): number for token, number in spec["model"]["vocab"].items()}
        encoding = tiktoken.Encoding("qwen2", pat_str=_QWEN2_PATTERN, mergeable_ranks=ranks, special_tokens={})
        yield "tiktoken", encoding.encode_ordinary


def measure(where: str, path: Path, megabytes: float, repeat: int) -> None:
    texts = read(path, megabytes)
    size = sum(len(text.encode()) for text in texts) / 1e6
    load_tokenizer(where).encode(utf8(["e\u0301 compile"]))
    _load.cache_clear()
    tokenizer = load_tokenizer(where)
    encode = library(tokenizer)
    parts = [utf8(batch) for batch in batches(texts)]
    ours, encoded = seconds(lambda: [tokenizer.encode(part) for part in parts], repeat)
    theirs = 0.0
    tokens = differing = 0
    for batch, (values, offsets) in zip(batches(texts), encoded, strict=True):
        (taken,), rows = seconds(lambda batch=batch: [encode(text) for text in batch], 1)  # type: ignore[misc]
        theirs += taken
        tokens += len(values)
        differing += sum(mine.tolist() != row for mine, row in zip(np.split(values, offsets[1:-1]), rows, strict=True))
    print(
        f"{where} ({tokenizer.kind}), {path.name}: {len(texts):,} documents, {size:.1f} MB, "
        f"{tokens:,} tokens, {differing} documents differ\n"
        f"  curate {size / ours[0]:.1f} MB/s cold, {size / min(ours):.1f} best; library {size / theirs:.2f} MB/s; "
        f"{theirs / ours[0]:.1f} times as fast",
        flush=True,
    )
    for name, encode_other in others(tokenizer):
        times, _ = seconds(lambda encode_other=encode_other: [encode_other(text) for text in texts], repeat)  # type: ignore[misc]
        print(f"  {name} {size / min(times):.1f} MB/s; {min(times) / ours[0]:.1f} times as fast", flush=True)


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("tokenizers", nargs="+")
    arguments.add_argument("--text", nargs="+", type=Path, required=True)
    arguments.add_argument("--megabytes", type=float, default=20)
    arguments.add_argument("--repeat", type=int, default=3)
    options = arguments.parse_args()
    for where in options.tokenizers:
        for path in options.text:
            measure(where, path, options.megabytes, options.repeat)


if __name__ == "__main__":
    main()
