"""`near_duplicates`: documents that say most of what another one says.

No signal is measured: what is known about one document alone other filters measure, and likeness is a matter of two.
Key columns are 8 bytes a band.
Near duplicates are found by MinHash and locality-sensitive hashing (Leskovec, Rajaraman and Ullman, "Mining of Massive
Datasets", 3.4), then compared shingle by shingle, so that a link is a true Jaccard similarity and not an estimate.
Cost on one core: keys 250 MB/s of text.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
import polars as pl
from pydantic import Field, model_validator

from curate.contracts import CorpusFilter, Documents, Utf8

BAND_RECALL = 0.99
"""Share of the pairs of exactly the wanted similarity that bands must bring together."""


def bands_for(similarity: float, permutations: int, recall: float = BAND_RECALL) -> tuple[int, int]:
    """Choose `(bands, rows)`: two signatures meet if they agree in all rows of any band.

    A pair of that Jaccard similarity meets with probability 1 - (1 - similarity ** rows) ** bands (Leskovec et al.,
    3.4.2). More rows mean fewer bands and fewer false candidates: takes the most rows with which `permutations //
    rows` bands reach `recall`, and all of these bands. 0.8 with 128: 21 bands of 6 rows, 0.998; with 96: 16 of 6,
    0.992.

    Raises:
        ValueError: not even bands of one row reach it.
    """
    for rows in range(permutations, 0, -1):
        bands = permutations // rows
        if 1 - (1 - similarity**rows) ** bands >= recall:
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

    similarity: float = Field(default=0.8, gt=0, le=1)
    """Least Jaccard similarity (0..1) of two documents that are linked."""
    shingle: int = Field(default=5, ge=1)
    """Characters (code points) in a shingle."""
    permutations: int = Field(default=128, ge=1)
    """Length of a signature. More find more; `bands_for` says how they are used, and 8 bytes a band are stored."""
    verify: bool = True
    """Whether candidates are compared text by text. If not, all that share a band are linked: at 0.8 with 128
    permutations half of the pairs at 0.56, so give a higher `similarity`."""

    @model_validator(mode="after")
    def _bands_exist(self) -> NearDuplicates:
        bands_for(self.similarity, self.permutations)
        return self

    def partitions(self) -> Mapping[str, list[str]]:
        bands, _ = bands_for(self.similarity, self.permutations)
        names = [f"band_{band:02}" for band in range(bands)]
        return {name: [name] for name in names}

    def measure(self, documents: Documents) -> pl.DataFrame:
        from curate.kernels.minhash import band_keys, permutations, signatures

        signed = signatures(*documents.utf8, self.shingle, *permutations(self.permutations))
        keys = band_keys(signed, *bands_for(self.similarity, self.permutations))
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
