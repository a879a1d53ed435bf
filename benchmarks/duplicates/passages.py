"""Three ways to find passages that documents share: runs of sentences, winnowed hashes, a suffix array.

    python benchmarks/duplicates/passages.py CORPUS.jsonl.zst [--megabytes 30] [--runs 1000]

CORPUS is JSON lines with `text`. Runs of whole sentences (100 to 400 characters, divided by a pattern of their own, not
by the kernel that is tried) are copied out of documents drawn by chance into others, between two sentences. Each way
runs in a process of its own. Prints for each:

    found     planted runs of which the copy is known to stand elsewhere
    covered   characters of planted runs that lie in what was found, without looking at text again
    torn      borders of what would be cut that lie inside a sentence
    bytes     stored for a document until all have been compared
    MB/s      of text to what is stored, in time of one core; then seconds to compare all, and memory beyond the text

`winnowing k, w` (Schleimer, Wilkerson and Aiken 2003): hashes of k-grams of characters, of w neighbours the least is
kept: any common run of k + w - 1 = 100 characters is met. What it finds are places, not runs: to cut at sentence
borders the texts must be read again. `suffix array`: pydivsufsort (libdivsufsort and Kasai's algorithm), all text in
memory; its speed is that of the whole.
"""

from __future__ import annotations

import argparse
import json
import random
import re
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any, NamedTuple

import numba
import numpy as np
import numpy.typing as npt
import polars as pl

sys.path.insert(0, str(Path(__file__).parents[1]))

from environments import PEERS, python_of
from texts import load

from curate import disk, units
from curate.contracts import Documents, Utf8
from curate.filters.repeated import RepeatedPassages

RUN_CHARS = 100
LONGEST = 400
BATCH_BYTES = 8_000_000
WINNOWED = ((50, 51), (20, 81))
_SENTENCE = re.compile(r"[^。！？\n]+[。！？]+[”』」）]*|\n+|[^。！？\n]+$", re.MULTILINE)
_CODE = re.compile(r"[`{};=]\s*$|^(?:import|from|class|def) ", re.MULTILINE)
"""Documents with code receive no run: inside a program none is looked for."""

Integers = npt.NDArray[np.int64]


class Planted(NamedTuple):
    texts: list[str]
    row: Integers
    """Text of each planted run."""
    start: Integers
    """Its first character."""
    stop: Integers


def sentences(text: str) -> list[str]:
    return _SENTENCE.findall(text)


def runs_in(pieces: list[str], rng: random.Random) -> str | None:
    """A run of whole sentences of Chinese prose that has `RUN_CHARS`, or None."""
    first = rng.randrange(len(pieces)) if pieces else 0
    run = ""
    for piece in pieces[first:]:
        if not re.fullmatch(r"[\u4e00-\u9fff，、：“”‘’；（）《》0-9]+[。！？]+[”』」）]*", piece):
            break
        run += piece
        if sum(len(character.encode()) for character in run if character.isalnum()) >= 3 * RUN_CHARS:
            return run if len(run) <= LONGEST else None
    return None


def plant(texts: list[str], n: int) -> Planted:
    """Copy `n` runs into other texts, one each, behind a sentence."""
    rng = random.Random(0)
    texts = list(texts)
    hosts = [row for row, text in enumerate(texts) if len(sentences(text)) > 3 and not _CODE.search(text)]
    rng.shuffle(hosts)
    rows, starts, stops = [], [], []
    while len(rows) < n and hosts:
        run = runs_in(sentences(texts[rng.randrange(len(texts))]), rng)
        if run is None:
            continue
        host = hosts.pop()
        pieces = [piece for piece in sentences(texts[host])]
        ends = [place for place, piece in enumerate(pieces) if piece[-1] in "。！？\n"]
        if not ends or "".join(pieces) != texts[host]:
            continue
        place = rng.choice(ends) + 1
        start = sum(map(len, pieces[:place]))
        texts[host] = texts[host][:start] + run + texts[host][start:]
        rows.append(host), starts.append(start), stops.append(start + len(run))
    return Planted(texts, np.array(rows), np.array(starts), np.array(stops))


def report(
    name: str, found: float, covered: float, torn: str, stored: float, speed: float, seconds: float, memory: float
) -> None:
    print(
        f"{name:22}{found:8.4f}{covered:9.4f}{torn:>8}{stored:8.0f}{speed:7.0f}{seconds:9.2f} s{memory / 1e6:8.0f} MB",
        flush=True,
    )


def share_covered(planted: Planted, spans: list[tuple[int, int, int]]) -> tuple[float, float]:
    """Share of planted runs of which something is covered by `spans` (row, start, stop in characters), and of their
    characters."""
    marks = {row: np.zeros(len(planted.texts[row]), np.bool_) for row in planted.row.tolist()}
    for row, start, stop in spans:
        if row in marks:
            marks[row][start:stop] = True
    held = [marks[row][start:stop] for row, start, stop in zip(planted.row, planted.start, planted.stop, strict=True)]
    return float(np.mean([one.any() for one in held])), float(np.concatenate(held).mean())


def batches(texts: list[str]) -> list[list[str]]:
    found, size = [[]], 0
    for text in texts:
        if size > BATCH_BYTES:
            found, size = [*found, []], 0
        found[-1].append(text)
        size += len(text.encode())
    return found


# Runs of sentences.


def by_sentences(planted: Planted, megabytes: float) -> None:
    step = RepeatedPassages(min_chars=RUN_CHARS)
    warm = Documents.of(["编译。"])
    units.found(step, warm, "filter")
    base = peak()
    prepared = [Documents.of(batch) for batch in batches(planted.texts)]
    for one in prepared:
        _ = one.utf8
    started = time.process_time()
    stored = units.Stored.together([units.found(step, one, "filter") for one in prepared])
    with tempfile.TemporaryDirectory() as folder:
        files = [Path(folder) / name for name in ("keys", "pieces", "rows")]
        disk.write_columns(stored.keys(), files[0])
        disk.write_frame(units.packed(stored.segments), files[1])
        disk.write_frame(stored.rows(), files[2])
        size = sum(file.stat().st_size for file in files)
    measured = time.process_time() - started
    started = time.process_time()
    marks = units.compared(step, stored)
    spans = units.spans(stored.segments, units.covered(stored.segments, marks["segment"].to_numpy()))
    seconds = time.process_time() - started
    found = share_covered(planted, spans.select("row", "start_char", "end_char").rows())
    report(
        "runs of sentences",
        *found,
        f"{torn(planted, spans):.3f}",
        size / len(planted.texts),
        megabytes / measured,
        seconds,
        peak() - base,
    )


def torn(planted: Planted, spans: pl.DataFrame) -> float:
    """Share of borders of cuts that lie inside a sentence, by the pattern."""
    inside = total = 0
    for row, start, stop in spans.select("row", "start_char", "end_char").rows():
        text = planted.texts[row]
        for place in (start, stop):
            total += 1
            inside += not _is_border(text, place)
    return inside / max(total, 1)


def _is_border(text: str, place: int) -> bool:
    before, behind = text[:place].rstrip(" \u3000"), text[place:].lstrip(" \u3000")
    return not before or not behind or before[-1] in '。！？；…!?.\n”』」）)"' or behind[0] == "\n"


# Winnowing.


@numba.njit(cache=True)
def winnow(points, starts, k, w):  # type: ignore[no-untyped-def]
    """Hashes and places of the k-grams that winnowing keeps, of texts `points[starts[i]:starts[i + 1]]`."""
    hashes, places, n = np.empty(len(points), np.uint64), np.empty(len(points), np.int64), 0
    base, top = np.uint64(0x9E3779B97F4A7C15), np.uint64(1)
    for _ in range(k - 1):
        top *= base
    window = np.empty(w, np.uint64)
    for text in range(len(starts) - 1):
        h, least, last = np.uint64(0), 0, -1
        for i in range(starts[text], starts[text + 1]):
            if i - starts[text] >= k:
                h -= top * np.uint64(points[i - k] + 1)
            h = h * base + np.uint64(points[i] + 1)
            gram = i - starts[text] - k + 1
            if gram < 0:
                continue
            mixed = (h ^ (h >> np.uint64(31))) * np.uint64(0xFF51AFD7ED558CCD)
            window[gram % w] = mixed ^ (mixed >> np.uint64(33))
            if least <= gram - w:  # it has left the window: look at all of it, the rightmost of equal ones
                least = gram - w + 1
                for back in range(gram - w + 2, gram):
                    if window[back % w] <= window[least % w]:
                        least = back
            if window[gram % w] <= window[least % w]:
                least = gram
            if gram >= w - 1 and least != last:
                hashes[n], places[n] = window[least % w], starts[text] + least
                last, n = least, n + 1
    return hashes[:n].copy(), places[:n].copy()


def by_winnowing(planted: Planted, megabytes: float, k: int, w: int) -> None:
    lengths = np.array([len(text) for text in planted.texts])
    starts = np.concatenate([[0], np.cumsum(lengths)])
    points = np.frombuffer("".join(planted.texts).encode("utf-32-le"), np.uint32)
    winnow(points[:200].copy(), np.array([0, 200]), k, w)
    base = peak()
    started = time.process_time()
    hashes, places = winnow(points.copy(), starts, k, w)
    measured = time.process_time() - started
    started = time.process_time()
    row = np.searchsorted(starts, places, "right") - 1
    frame = pl.DataFrame({"hash": hashes, "row": row, "place": places - starts[row]})
    shared = frame.filter(pl.col("row").n_unique().over("hash") > 1)
    seconds = time.process_time() - started
    spans = [(one, place, place + k) for one, place in shared.select("row", "place").iter_rows()]
    found = share_covered(planted, spans)
    size = 12 * len(hashes) / len(planted.texts)
    report(f"winnowing {k}, {w}", *found, "-", size, megabytes / measured, seconds, peak() - base)


# The suffix array.


def by_suffix_array(planted: Planted, megabytes: float) -> None:
    text = Utf8.of(pl.Series(planted.texts, dtype=pl.String))
    first = text.offsets[planted.row]
    before = [len(planted.texts[row][:place].encode()) for row, place in zip(planted.row, planted.start, strict=True)]
    sizes = [
        len(planted.texts[row][a:b].encode())
        for row, a, b in zip(planted.row, planted.start, planted.stop, strict=True)
    ]
    starts = first + np.array(before)
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "texts.npz"
        np.savez(file, data=text.data, starts=starts, stops=starts + np.array(sizes))
        command = [str(python_of("suffix_array")), str(PEERS / "suffix_array.py"), str(file)]
        answer = json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
    found = answer["found"] / len(starts)
    stored = answer["memory"] / len(planted.texts)
    report(
        "suffix array", found, found, "-", stored, megabytes / answer["seconds"], answer["seconds"], answer["memory"]
    )


def peak() -> int:
    return 1024 * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


WAYS: dict[str, Any] = {
    "sentences": by_sentences,
    **{
        f"winnowing-{k}-{w}": lambda planted, megabytes, k=k, w=w: by_winnowing(planted, megabytes, k, w)
        for k, w in WINNOWED
    },
    "suffixes": by_suffix_array,
}


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("corpus", type=Path)
    parser.add_argument("--megabytes", type=float, default=30)
    parser.add_argument("--runs", type=int, default=1000)
    parser.add_argument("--way", choices=WAYS, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.way is None:
        print(
            f"{'':22}{'found':>8}{'covered':>9}{'torn':>8}{'bytes':>8}{'MB/s':>7}{'compare':>11}{'memory':>11}",
            flush=True,
        )
        for way in WAYS:
            subprocess.run([sys.executable, __file__, *sys.argv[1:], "--way", way], check=True)
        return
    corpus = load(options.corpus, options.megabytes)
    planted = plant(corpus.texts[: corpus.first(options.megabytes)], options.runs)
    WAYS[options.way](planted, sum(len(text.encode()) for text in planted.texts) / 1e6)


if __name__ == "__main__":
    main()
