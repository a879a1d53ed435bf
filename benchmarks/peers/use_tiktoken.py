# /// script
# dependencies = ["tiktoken>=0.14"]
# ///
"""tiktoken (Rust), given the vocabulary of the tokenizer.json as ranks, and its splitting. It does not normalise."""

import json
from pathlib import Path
from typing import Any

from serve import Work, each, serve

GPT2 = r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"
"""What a ByteLevel pre-tokenizer splits by if no pattern is given."""


def spelling() -> dict[str, int]:
    """The character by which byte-level vocabularies spell each byte."""
    printable = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    others = [byte for byte in range(256) if byte not in printable]
    return {chr(byte): byte for byte in printable} | {chr(0x100 + i): byte for i, byte in enumerate(others)}


def pattern(splitting: dict[str, Any]) -> str:
    """The regular expression of the first Split, if there is one."""
    parts = splitting.get("pretokenizers", [splitting])
    return next((part["pattern"]["Regex"] for part in parts if part["type"] == "Split"), GPT2)


def encode(options: dict[str, Any]) -> Work:
    from tiktoken import Encoding

    spec = json.loads(Path(options["tokenizer"]).read_text(encoding="utf-8"))
    control, letters = {added["content"] for added in spec["added_tokens"]}, spelling()
    ranks = {
        bytes(letters[letter] for letter in token): number
        for token, number in spec["model"]["vocab"].items()
        if token not in control
    }
    encoding = Encoding("given", pat_str=pattern(spec["pre_tokenizer"]), mergeable_ranks=ranks, special_tokens={})
    return each(encoding.encode_ordinary)._replace(answers=lambda texts: list(map(encoding.encode_ordinary, texts)))


if __name__ == "__main__":
    serve(["tiktoken"], encode)
