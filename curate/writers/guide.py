"""USE.md: what to type or set in the trainer, for somebody who has only the shard folder."""

from __future__ import annotations

import re
from pathlib import Path
from string import Template
from typing import Any

from curate.disk import whole_file

_TRAINED_NOTE = """\
* The tokenizer was trained on this corpus; keep a copy of MiniMind's own. For chat training later, copy the key
  `chat_template` of its `tokenizer_config.json` into the new one: the ids of the control tokens are the same. With more
  than 6,400 ids, set `vocab_size` in `model/model_minimind.py`."""
_NAMED_NOTE = "* Before training, hold `sha256sum minimind/model/tokenizer.json` against the hash above."


class _Text(Template):
    """`@{name}`; a shell's `$` and Python's braces stay."""

    delimiter = "@"


def write(text: str, manifest: dict[str, Any], folder: Path) -> None:
    """Fill in a target's text and write it. A name the text uses and `_values` does not know is left as it stands."""
    body = _Text(text).safe_substitute(_values(manifest)) if manifest["shards"] else _nothing(manifest)
    with whole_file(folder / "USE.md") as temporary:
        temporary.write_text(body, encoding="utf-8")


def _nothing(manifest: dict[str, Any]) -> str:
    reason = manifest.get("warning", "no text was kept")
    return f"# Nothing to train on\n\nThis folder holds no shard. The run said: {reason}.\n"


def _values(manifest: dict[str, Any]) -> dict[str, str]:
    training = [entry for entry in manifest["shards"] if entry["split"] == "train"]
    held_out = [entry for entry in manifest["shards"] if entry["split"] != "train"]
    first = training[0]["files"][0]["name"]
    numbers = ("rows", "tokens", "documents", "neutralised")
    values = {name: f"{manifest[name]:,}" for name in numbers if name in manifest}
    whole = ("sequence_length", "row_tokens")
    return values | {name: str(manifest[name]) for name in whole} | {
        "vocabulary": str(manifest["tokenizer"]["vocabulary"]),
        "minimum_tokens": str(2 * manifest["sequence_length"]),
        "bos_id": str(manifest["bos"]["id"]),
        "eos_id": str(manifest["eos"]["id"]),
        "first_file": manifest["shards"][0]["files"][0]["name"] if manifest["target"] == "whitebox" else first,
        "first_prefix": first.removesuffix(".bin"),
        "minimind_steps": f"{-(-manifest.get('rows', 0) // 256):,}",
        "tokenizer_note": _TRAINED_NOTE if manifest["tokenizer"].get("files") else _NAMED_NOTE,
        "pattern": re.sub(r"\d{5}(?=\.\w+$)", "*", first),
        "pad_percent": f"{100 * manifest.get('pad_share', 0):.1f}",
        "tail": f"{manifest['tokens_left_out']:,}",
        "tokenizer": manifest["tokenizer"]["name"],
        "tokenizer_sha256": str(manifest["tokenizer"]["sha256"]),
        "tokenizer_commands": _tokenizer_commands(manifest),
        "tokenizer_commands_v1": _tokenizer_commands(manifest),
        "megatron_data": _megatron_data(training, held_out),
        "swift_folder": "/path/to/this/folder/train" if held_out else "/path/to/this/folder",
        "swift_note": "" if {"labels", "lengths"} <= set(manifest.get("columns", [])) else "; this folder lacks them",
    }  # fmt: skip


def _tokenizer_commands(manifest: dict[str, Any]) -> str:
    files = manifest["tokenizer"].get("files")
    name, vocabulary = manifest["tokenizer"]["name"], manifest["tokenizer"]["vocabulary"]
    if manifest["target"] == "whitebox":
        source = f'"$SHARDS/{name}"' if files else name
        return f"cp {source} data/tok{vocabulary}.model"
    if files:
        sources = " ".join(f'"$SHARDS/{file}"' for file in files)
        return f"cp {sources} minimind/model/    # trained on this corpus"
    return f"# minimind/model/tokenizer.json must be the file with the sha256 below ({name})"


def _megatron_data(training: list[dict[str, Any]], held_out: list[dict[str, Any]]) -> str:
    def blend(entries: list[dict[str, Any]]) -> str:
        prefixes = [(entry["tokens"], entry["files"][0]["name"].removesuffix(".bin")) for entry in entries]
        return " ".join(f"{tokens} $SHARDS/{prefix}" for tokens, prefix in prefixes)

    if held_out:
        return f"--train-data-path {blend(training)} --valid-data-path {blend(held_out)}"
    return f"--data-path {blend(training)} --split 99,1,0"
