"""Texts that resemble each other, and the steps of a comparison; used by the tests of both filters of duplicates."""

import numpy as np
import polars as pl

from curate import clusters, grouping
from curate.contracts import CorpusFilter, Documents, Utf8


def invented(number: int, chars: int = 600) -> str:
    """Text that shares no shingle with that of another number."""
    points = np.random.default_rng(number).integers(0x4E00, 0x9FFF, chars)
    return "".join(map(chr, points))


def edited(text: str, share: float) -> str:
    """`text` with that share of its characters replaced."""
    generator = np.random.default_rng(len(text))
    changed = set(generator.choice(len(text), round(share * len(text)), replace=False).tolist())
    return "".join("改" if place in changed else character for place, character in enumerate(text))


def similarity(a: str, b: str) -> float:
    """Jaccard similarity by Python's sets."""
    first, second = ({text[i : i + 5] for i in range(len(text) - 4)} for text in (a, b))
    return len(first & second) / len(first | second)


def compared(filter_: CorpusFilter, texts: list[str], batch: int = 1_000) -> pl.DataFrame:
    """Groups (`group`, `row`, perhaps `similarity`) of documents."""
    batches = [filter_.measure(Documents.of(texts[start : start + batch])) for start in range(0, len(texts), batch)]
    return grouping.compared(filter_, pl.concat(batches), Utf8.of(pl.Series(texts, dtype=pl.String)))


def surviving(filter_: CorpusFilter, texts: list[str], kept: list[bool] | None = None) -> list[int]:
    """The row that stands for each: its own, or that of the first kept document in its cluster."""
    n = len(texts)
    mask = np.ones(n, np.bool_) if kept is None else np.array(kept)
    return [int(row) for row in clusters.connected([compared(filter_, texts)], mask)]
