"""`near_duplicates`: documents that say most of what another one says.

No signal is measured: what is known about one document alone other filters measure, and likeness is a matter of two.
Key columns are 8 bytes a band.
Near duplicates are found by MinHash and locality-sensitive hashing (Leskovec, Rajaraman and Ullman, "Mining of Massive
Datasets", 3.4), then compared shingle by shingle, so that a link is a true Jaccard similarity and not an estimate.
Cost on one core: keys 320 MB/s of text.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt
import polars as pl
from pydantic import Field, model_validator

from curate.contracts import CorpusFilter, Documents, Utf8
from curate.filters.shingle_lengths import long_enough

BAND_RECALL = 0.99
"""Share of the pairs of exactly the wanted similarity that bands must bring together."""
SHOWN = (0.7, 0.75, 0.8, 0.85, 0.9, 0.95)
"""Similarities for which `curate check` says how many pairs are found."""


def share_met(similarity: float, bands: int, rows: int) -> float:
    """Share of the pairs of that Jaccard similarity whose signatures agree in all rows of a band (Leskovec et al.,
    3.4.2): what of them is found."""
    return 1 - (1 - similarity**rows) ** bands


def bands_for(similarity: float, permutations: int, recall: float = BAND_RECALL) -> tuple[int, int]:
    """Choose `(bands, rows)`: two signatures meet if they agree in all rows of any band.

    More rows mean fewer bands and fewer false candidates: takes the most rows with which bands of `permutations` find
    `recall` of the pairs of exactly that similarity, and of these bands the fewest. 0.8 with 128: 16 bands of 6 rows,
    0.992, and 96 permutations do; 0.7: 17 of 4.

    Raises:
        ValueError: not even bands of one row reach it.
    """
    for rows in range(permutations, 0, -1):
        for bands in range(1, permutations // rows + 1):
            if share_met(similarity, bands, rows) >= recall:
                return bands, rows
    raise ValueError(
        f"permutations: {permutations} are too few to find {recall:.0%} of the pairs with similarity {similarity}; "
        "raise one or the other"
    )


class NearDuplicates(CorpusFilter):
    """Documents that share most of their character shingles with another one: of each cluster, one survives.

    Documents are linked if the sets of their shingles have a Jaccard similarity of `similarity` or more, and clusters
    are what links connect, through documents that are kept. Nothing is normalised: spaces and line ends count,
    simplified and traditional characters differ. An empty text is no duplicate; a text shorter than a shingle equals
    its copies only.
    """

    version: ClassVar[int] = 2

    similarity: float = Field(default=0.8, gt=0, le=1)
    """Least Jaccard similarity (0..1) of two documents that are linked."""
    shingle: int = Field(default=5, ge=1)
    """Characters (code points) in a shingle: 5 for Chinese, 9 for English; `curate check` warns where they are too
    short."""
    permutations: int = Field(default=128, ge=1, le=4096)
    """Most values in a signature. More make fewer false candidates at the same recall of 99 % of the pairs that are
    exactly `similarity` alike; `curate check` says into how many bands they go, and 8 bytes a band are stored."""
    verify: bool = True
    """Whether candidates are compared text by text. If not, all that share a band are linked: at 0.8 with 128
    permutations half of the pairs at 0.59, so give a higher `similarity`."""

    @model_validator(mode="after")
    def _bands_exist(self) -> NearDuplicates:
        bands_for(self.similarity, self.permutations)
        return self

    def measured_parameters(self) -> dict[str, Any]:
        bands, rows = bands_for(self.similarity, self.permutations)
        return {"shingle": self.shingle, "bands": bands, "rows": rows}

    def notes(self) -> list[str]:
        bands, rows = bands_for(self.similarity, self.permutations)
        found = ", ".join(f"{at:g}: {share_met(at, bands, rows):.1%}" for at in sorted({*SHOWN, self.similarity}))
        return [
            f"{_count(bands, 'band')} of {_count(rows, 'row')}, {8 * bands} bytes of keys a document; "
            f"pairs found, by their similarity: {found}"
        ]

    def text_notes(self, first: Iterable[tuple[str, Documents]]) -> list[str]:
        wanted = {path: shingle for path, seen in first if (shingle := long_enough(seen, self.shingle)) > self.shingle}
        if not wanted:
            return []
        path, shingle = max(wanted.items(), key=lambda one: one[1])
        more = f" and {_count(len(wanted) - 1, 'other input')}" if len(wanted) > 1 else ""
        return [
            f"shingles of {self.shingle} characters are too short for the language of {path}{more}: texts that have "
            f"nothing to do with each other share many, and are compared in vain; take `shingle: {shingle}`"
        ]

    def partitions(self) -> Mapping[str, list[str]]:
        bands, _ = bands_for(self.similarity, self.permutations)
        names = [f"band_{band:02}" for band in range(bands)]
        return {name: [name] for name in names}

    def measure(self, documents: Documents) -> pl.DataFrame:
        from curate.kernels.minhash import band_keys, permutations, signatures

        bands, rows = bands_for(self.similarity, self.permutations)
        signed = signatures(*documents.utf8, self.shingle, *permutations(bands * rows))
        keys = band_keys(signed, bands, rows)
        has_text = pl.Series(np.diff(documents.utf8.offsets) > 0)
        return pl.DataFrame(dict(zip(self.partitions(), keys, strict=True))).select(pl.when(has_text).then(pl.all()))

    def least_similarity(self) -> float | None:
        return self.similarity if self.verify else None

    def similarities(self, texts: Utf8, pairs: pl.DataFrame) -> npt.NDArray[np.float64]:
        """Jaccard similarity of the sets of shingles; 8 bytes a character of `texts` are held meanwhile."""
        from curate.kernels.shingles import jaccard, shingle_sets

        hashes, starts = shingle_sets(*texts, self.shingle)
        similarity: npt.NDArray[np.float64] = jaccard(
            hashes, starts, pairs["left"].to_numpy(), pairs["right"].to_numpy()
        )
        return similarity


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
