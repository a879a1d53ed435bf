"""The text of a benchmark: drawn evenly over the user's files, or the samples multiplied until there is enough.

Documents are put into an order by chance (seed 0), so that the first n of them are an even draw from all: slower tools
get fewer of the same texts. From a large corpus at most `MOST_FILES` files and `MOST_PIECES` stretches of 64 MB are
read, spread evenly over it.
"""

from __future__ import annotations

import bisect
import itertools
import json
import random
import re
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import numpy as np
import polars as pl

from curate.contracts import Piece
from curate.readers.files import Jsonl, Parquet

SAMPLES = Path(__file__).parents[1] / "samples" / "skypile"
MOST_FILES, MOST_PIECES = 16, 8
FAR, NEAR = 0.12, 0.01
"""Share of the characters that a copy of a sample gets changed: no near duplicate (Jaccard about 0.35 to its original),
and one (0.9)."""
NEAR_EVERY = 8
"""Which of the copies are near ones."""
WORDS = 20_000

Item = TypeVar("Item")


class Texts(NamedTuple):
    """Texts in an order by chance."""

    texts: list[str]
    ends: list[int]
    """Bytes of UTF-8 up to and with each text."""
    source: str
    """Where they are from, for the reader of the results."""

    def megabytes(self, n: int) -> float:
        """Size of the first n texts, in MB of UTF-8."""
        return self.ends[n - 1] / 1e6

    def first(self, megabytes: float) -> int:
        """How many texts hold so much, at least one; all of them if they are too few."""
        return min(bisect.bisect_left(self.ends, megabytes * 1e6) + 1, len(self.texts))


def load(corpus: Path | None, megabytes: float) -> Texts:
    """Draw `megabytes` of text from a file or a folder; from the samples where there is none."""
    if corpus is None:
        return ordered(multiplied(read(SAMPLES), megabytes), megabytes, "samples/, multiplied with perturbation")
    return ordered(read(corpus), megabytes, corpus.name)


def ordered(texts: Sequence[str], megabytes: float, source: str) -> Texts:
    """Bring texts into an order by chance and take so much of them."""
    chosen: list[str] = []
    ends = [0]
    for place in np.random.default_rng(0).permutation(len(texts)):
        if ends[-1] >= megabytes * 1e6:
            break
        chosen.append(texts[place])
        ends.append(ends[-1] + len(texts[place].encode()))
    if not chosen:
        raise SystemExit(f"{source}: no text to read there")
    return Texts(chosen, ends[1:], source)


def read(corpus: Path) -> list[str]:
    """Read the documents of a file, or of a folder's JSON lines and Parquet files, with curate's own readers."""
    folder = corpus if corpus.is_dir() else corpus.parent
    names = ["**/*.jsonl", "**/*.jsonl.gz", "**/*.jsonl.zst", "**/*.parquet"] if corpus.is_dir() else [corpus.name]
    files = sorted({path.relative_to(folder).as_posix() for name in names for path in folder.glob(name)})
    with tempfile.TemporaryDirectory() as cut:
        pieces = [piece for file in spread(files, MOST_FILES) for piece in _pieces(folder, file, Path(cut))]
        frames = [batch.documents for reader, piece in spread(pieces, MOST_PIECES) for batch in reader.read(piece)]
    texts = pl.concat([pl.Series("text", [], pl.String), *(frame["text"] for frame in frames)])
    return texts.filter(texts.str.len_bytes() > 0).to_list()


def _pieces(folder: Path, file: str, cut: Path) -> Iterator[tuple[Any, Piece]]:
    reader = (Parquet if file.endswith(".parquet") else Jsonl)(paths=[file])
    for source in reader.inputs([folder]):
        for piece in reader.pieces(source, cut):
            yield reader, piece


def spread(items: Sequence[Item], most: int) -> list[Item]:
    """At most so many of the items, at even distances."""
    n = min(most, len(items))
    return [items[place * len(items) // n] for place in range(n)]


def multiplied(texts: Sequence[str], megabytes: float) -> list[str]:
    """The texts, then perturbed copies of them, until there are so many megabytes."""
    generator = np.random.default_rng(0)
    result: list[str] = []
    size = 0
    for copy in itertools.count():
        share = 0.0 if copy == 0 else NEAR if copy % NEAR_EVERY == 0 else FAR
        for text in texts:
            result.append(perturbed(text, share, generator))
            size += len(result[-1].encode())
        if size >= megabytes * 1e6:
            return result


def perturbed(text: str, share: float, generator: np.random.Generator) -> str:
    """Replace, leave out or insert that share of the characters, a third each, by characters of the text itself."""
    characters = np.array(list(text))
    draw = generator.random(len(characters))
    foreign = generator.permutation(characters)
    replaced = np.where(draw < share / 3, foreign, characters)
    times = np.where(draw < share / 3, 1, np.where(draw < share * 2 / 3, 0, np.where(draw < share, 2, 1)))
    result = np.repeat(replaced, times)
    second = np.cumsum(times)[times == 2] - 1
    result[second] = foreign[times == 2]
    return "".join(result)


def write(texts: Texts, path: Path) -> None:
    """Write the texts as JSON lines, which every program reads."""
    with path.open("w", encoding="utf-8") as file:
        file.writelines(json.dumps({"text": text}, ensure_ascii=False) + "\n" for text in texts.texts)


def write_words(texts: Sequence[str], path: Path) -> None:
    """Write `WORDS` different words of three to six Han characters, a line each, sorted.

    They are drawn from the text, and every other one is altered: so they are met about as often as a real list's. In
    20 MB of Chinese web text 8 hits in 1,000 characters; those of the built-in list of advertising, 5.
    """
    runs = [run for text in texts for run in re.findall(r"[\u4e00-\u9fff]{6,}", text)]
    if not runs:
        raise SystemExit("the text holds no Chinese words to look for")
    chance = random.Random(0)
    words: set[str] = set()
    for number in range(20 * WORDS):  # a small text has fewer
        if len(words) == WORDS:
            break
        word = _word(chance.choice(runs), chance)
        words.add(word if number % 2 else _altered(word, chance.choice(runs), chance))
    path.write_text("\n".join(sorted(words)) + "\n", encoding="utf-8")


def _word(run: str, chance: random.Random) -> str:
    length = chance.randint(3, 6)
    start = chance.randrange(len(run) - length + 1)
    return run[start : start + length]


def _altered(word: str, other: str, chance: random.Random) -> str:
    """One of its characters exchanged for one of another text."""
    place = chance.randrange(len(word))
    return word[:place] + chance.choice(other) + word[place + 1 :]
