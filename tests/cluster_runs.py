"""Runs whose clusters are known: invented texts, and the filters to compare them."""

from __future__ import annotations

import json
from pathlib import Path

import duplicate_texts
import numpy as np

from curate.run import Run
from curate.work.passes import run_pipeline


def invented(number: int, chars: int = 120) -> str:
    """Text that shares no shingle with that of another number."""
    return duplicate_texts.invented(number, chars)


def run_of(folder: Path, rows: dict[str, str], filters: list[str]) -> Run:
    """Run filters (a line of YAML each) over texts by id, four documents a file."""
    folder.mkdir()
    for place, some in enumerate(np.array_split(np.array(list(rows), object), -(-len(rows) // 4))):
        lines = (json.dumps({"id": id, "text": rows[id]}, ensure_ascii=False) + "\n" for id in some)
        (folder / f"{place}.jsonl").write_text("".join(lines), encoding="utf-8")
    listed = "".join(f"  - {line}\n" for line in ["length: {drop: {too_short: chars < 20}}", *filters])
    text = f"read:\n  - jsonl: {{paths: ['{folder}/*.jsonl'], id: id}}\nfilters:\n{listed}"
    (folder / "p.yaml").write_text(text, encoding="utf-8")
    return run_pipeline(folder / "p.yaml", folder / "run", workers=1)
