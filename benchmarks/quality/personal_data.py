"""How well the cleaner of personal data finds what it should, and how fast it is.

    python benchmarks/quality/personal_data.py [CORPUS.jsonl.zst] [--blind] [--lines] [--show KIND] [--seed 0]

Without a corpus: precision and recall by span (place and kind must agree) of each kind on the test set of our own,
`tests/data/personal_data.jsonl`; `--blind` looks only at lines written after the patterns; `--lines` prints the lines
that go wrong. With a corpus (JSON lines with `text`, and `meta.kind` where known): MB of text per second of one core
(processor time, best of three), replacements per 1,000 documents of each kind; `--show KIND` prints 20 of them with
their surroundings, to be read by eye.
"""

from __future__ import annotations

import argparse
import io
import json
import random
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import polars as pl
import zstandard

from curate.cleaners.personal_data import PLACEHOLDERS, Found, PersonalData, locate

LINES = Path(__file__).parents[2] / "tests/data/personal_data.jsonl"
BATCH_ROWS = 3_000


def records(path: Path) -> Iterator[tuple[str, str]]:
    """Yield (kind, text)."""
    with path.open("rb") as file:
        stream = zstandard.ZstdDecompressor().stream_reader(file) if path.suffix == ".zst" else file
        for line in io.TextIOWrapper(stream, encoding="utf-8"):
            record = json.loads(line)
            yield (record.get("meta") or {}).get("kind", "-"), record["text"]


def spans(texts: list[str]) -> list[set[tuple[int, int, str]]]:
    """What the cleaner finds in each text, in characters."""
    found: list[set[tuple[int, int, str]]] = [set() for _ in texts]
    for one in locate(pl.Series(texts)):
        data = texts[one.row].encode()
        found[one.row].add((len(data[: one.start].decode()), len(data[: one.end].decode()), one.kind))
    return found


def print_scores(lines: list[dict[str, Any]], show: bool) -> None:
    """Print precision and recall of each kind, and of all."""
    counts: Counter[tuple[str, str]] = Counter()
    for line, found in zip(lines, spans([line["text"] for line in lines]), strict=True):
        wanted = {tuple(span) for span in line["spans"]}
        for what, group in (("right", found & wanted), ("false", found - wanted), ("missed", wanted - found)):
            counts.update((kind, what) for _, _, kind in group)
            counts["all", what] += len(group)
            if show and what != "right":
                for start, end, kind in sorted(group):
                    print(f"{what:6} {kind:11} {line['text'][start:end]!r} in {line['text']!r}")
    positive = sum(bool(line["spans"]) for line in lines)
    print(f"{positive} lines with something, {len(lines) - positive} without")
    print(f"{'kind':12} {'spans':>6} {'precision':>10} {'recall':>8}")
    for kind in (*PLACEHOLDERS, "all"):
        right, false, missed = (counts[kind, what] for what in ("right", "false", "missed"))
        precision, recall = right / max(1, right + false), right / max(1, right + missed)
        print(f"{kind:12} {right + missed:6} {precision:10.3f} {recall:8.3f}")


def print_speed(text: pl.Series) -> None:
    """Print MB per second of processor time."""
    cleaner, megabytes, times = PersonalData(), text.str.len_bytes().sum() / 1e6, []
    cleaner.clean(text[:10])  # compile
    for _ in range(3):
        start = time.process_time()
        for row in range(0, len(text), BATCH_ROWS):
            cleaner.clean(text[row : row + BATCH_ROWS])
        times.append(time.process_time() - start)
    print(f"{megabytes:.1f} MB, {megabytes / min(times):.0f} MB/s of one core")


def print_rates(frame: pl.DataFrame, found: list[Found]) -> None:
    """Print replacements per 1,000 documents, by kind of document and of personal data."""
    counts = Counter((frame["kind"][one.row], one.kind) for one in found)
    print(f"{'':20} {'documents':>9} " + " ".join(f"{kind:>11}" for kind in PLACEHOLDERS))
    for kind, documents in frame["kind"].value_counts().sort("kind").iter_rows():
        rates = " ".join(f"{counts[kind, one] / documents * 1000:11.2f}" for one in PLACEHOLDERS)
        print(f"{kind:20} {documents:9} {rates}")
    total = Counter(one.kind for one in found)
    print(f"{'all, number':20} {len(frame):9} " + " ".join(f"{total[one]:11}" for one in PLACEHOLDERS))


def show(frame: pl.DataFrame, found: list[Found], seed: int) -> None:
    """Print 20 replacements with what stands around them."""
    for one in random.Random(seed).sample(found, min(20, len(found))):
        data = frame["text"][one.row].encode()
        before = data[max(0, one.start - 60) : one.start].decode(errors="ignore")
        after = data[one.end : one.end + 40].decode(errors="ignore")
        print(f"{frame['kind'][one.row]:16} {f'{before}⟦{data[one.start : one.end].decode()}⟧{after}'!r}")


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("corpus", type=Path, nargs="?")
    parser.add_argument("--blind", action="store_true")
    parser.add_argument("--lines", action="store_true")
    parser.add_argument("--show", choices=sorted(PLACEHOLDERS))
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    if options.corpus is None:
        lines = [json.loads(line) for line in LINES.read_text(encoding="utf-8").splitlines()]
        print_scores([line for line in lines if line.get("blind") or not options.blind], options.lines)
        return
    frame = pl.DataFrame(list(records(options.corpus)), schema=["kind", "text"], orient="row")
    if options.show:
        show(frame, [one for one in locate(frame["text"]) if one.kind == options.show], options.seed)
        return
    print_speed(frame["text"])
    print_rates(frame, list(locate(frame["text"])))


if __name__ == "__main__":
    main()
