"""The verdicts of a run beside the truth about a made corpus."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import polars as pl
from composed import BASE

from curate.run import Run


class Scores(NamedTuple):
    """How well copies were found. A pair is a copy and its original; it is found if both are in one cluster."""

    pairs: int
    """Pairs with a Jaccard similarity of 0.8 or more."""
    recall: float
    """Share of them that was found."""
    recall_near: float
    """Share of those from 0.8 to 0.9."""
    recall_far: float
    """Share of the pairs from 0.7 to 0.8: what is found beyond the threshold, by chains or unverified."""
    recall_farther: float
    """Share of the pairs from 0.6 to 0.7."""
    joined: int
    """Documents dropped for a document of another original: unrelated ones that were taken for near."""
    clusters: int
    """Clusters of two documents or more."""
    largest_cluster: int
    """Documents of the largest."""


def survivors(folder: Path) -> npt.NDArray[np.int64]:
    """What survives for each row of a made corpus: itself, or the document that it is a duplicate of."""
    run = Run.open(folder)
    parts = []
    for part in run.parts:
        verdicts = pl.read_parquet(run.verdicts_file(part), columns=["id", "duplicate_of"])
        parts.append(verdicts.select(pl.coalesce("duplicate_of", "id").cast(pl.Int64)).to_series())
    return pl.concat(parts).to_numpy()


def scored(survivor: npt.NDArray[np.int64], truth: pl.DataFrame) -> Scores:
    """Compare survivors, one a row of `truth`, with it."""
    base = truth["base"].to_numpy()
    original = np.zeros(base.max() + 1, np.int64)
    rows = np.flatnonzero(truth["kind"].to_numpy() == BASE)
    original[base[rows]] = rows
    found = survivor == survivor[original[base]]
    jaccard = truth["jaccard"].fill_null(-1).to_numpy()

    def share(least: float, below: float) -> float:
        chosen = (jaccard >= least) & (jaccard < below)
        return float(found[chosen].mean()) if chosen.any() else float("nan")

    sizes = np.bincount(survivor)
    return Scores(
        pairs=int((jaccard >= 0.8).sum()),
        recall=share(0.8, 2),
        recall_near=share(0.8, 0.9),
        recall_far=share(0.7, 0.8),
        recall_farther=share(0.6, 0.7),
        joined=int((base[survivor] != base).sum()),
        clusters=int((sizes > 1).sum()),
        largest_cluster=int(sizes.max()),
    )


def verdicts_digest(folder: Path) -> str:
    """SHA-256 over all bytes of the verdicts of a run, in the order of its parts."""
    run, digest = Run.open(folder), hashlib.sha256()
    for part in run.parts:
        digest.update(run.verdicts_file(part).read_bytes())
    return digest.hexdigest()
