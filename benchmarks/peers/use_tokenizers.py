# /// script
# dependencies = ["tokenizers>=0.23.1"]
# ///
"""Hugging Face's tokenizers (Rust): text by text, and in batches by the call that leaves out offsets.

Added tokens are taken out of the file: no program here looks for control tokens in text. The tokenizer keeps what it
remembers of words from one run to the next.
"""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from serve import Work, each, serve

BATCH = 1_000


def load(options: dict[str, Any]) -> Any:
    from tokenizers import Tokenizer

    spec = json.loads(Path(options["tokenizer"]).read_text(encoding="utf-8"))
    return Tokenizer.from_str(json.dumps(spec | {"added_tokens": []}))


def encode(options: dict[str, Any]) -> Work:
    tokenizer = load(options)

    def ids(text: str) -> list[int]:
        return tokenizer.encode(text, add_special_tokens=False).ids

    return each(ids)._replace(answers=lambda texts: list(map(ids, texts)))


def encode_batch_fast(options: dict[str, Any]) -> Work:
    tokenizer = load(options)

    def batch_ids(texts: list[str]) -> list[list[int]]:
        return [encoding.ids for encoding in tokenizer.encode_batch_fast(texts, add_special_tokens=False)]

    def prepare(texts: list[str]) -> Callable[[], None]:
        def work() -> None:
            for start in range(0, len(texts), BATCH):
                batch_ids(texts[start : start + BATCH])

        return work

    return Work(prepare, batch_ids)


if __name__ == "__main__":
    serve(["tokenizers"], encode, encode_batch_fast)
