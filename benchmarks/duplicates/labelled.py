"""Labelled near duplicates: the corpus, its true clusters by brute force, and how links fare beside them.

The truth is exact and owes nothing to MinHash: of two texts with a Jaccard similarity of t or more, the rarest
1 - t of the shingles of each share at least one (Bayardo, Ma and Srikant, "Scaling up all pairs similarity search",
2007, and Xiao et al., "Efficient similarity joins for near duplicate detection", 2008: prefix filtering). All such
pairs are compared shingle by shingle.
"""

from __future__ import annotations

import io
import json
import math
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import polars as pl
import zstandard

from curate.contracts import Utf8
from curate.kernels.shingles import jaccard, shingle_sets
from curate.kernels.unionfind import clusters

SHINGLE = 5
"""Characters in the shingles that the labels are made of."""
BLOCKS = 16
"""Blocks of shingles whose pairs are made at a time."""
Rows = npt.NDArray[np.int64]


class Corpus(NamedTuple):
    """Texts in an order by chance."""

    texts: list[str]
    left: Rows
    """Row of the base of each labelled pair."""
    right: Rows
    """Row of its variant."""
    jaccard: npt.NDArray[np.float64]
    edit: list[str]
    """What was done to the base."""
    distractor: npt.NDArray[np.bool_]


def read(path: Path) -> Corpus:
    """Read JSON lines: `id`, `text`, `meta: {role, base, jaccard, edit}`; a `variant` names its base."""
    with path.open("rb") as file:
        lines = io.TextIOWrapper(zstandard.ZstdDecompressor().stream_reader(file), "utf-8")
        records = [json.loads(line) for line in lines]
    records = [records[i] for i in np.random.default_rng(0).permutation(len(records))]
    base = {record["id"]: row for row, record in enumerate(records) if record["meta"]["role"] == "base"}
    variants = [(row, record["meta"]) for row, record in enumerate(records) if record["meta"]["role"] == "variant"]
    return Corpus(
        texts=[record["text"] for record in records],
        left=np.array([base[meta["base"]] for _, meta in variants]),
        right=np.array([row for row, _ in variants]),
        jaccard=np.array([meta["jaccard"] for _, meta in variants]),
        edit=[meta["edit"] for _, meta in variants],
        distractor=np.array([record["meta"]["role"] == "distractor" for record in records]),
    )


def write(corpus: Corpus, path: Path, first: int | None = None) -> None:
    """Write the texts (the first of them) as JSON lines, which every program reads."""
    with path.open("w", encoding="utf-8") as file:
        file.writelines(json.dumps({"text": text}, ensure_ascii=False) + "\n" for text in corpus.texts[:first])


def true_links(texts: list[str], similarity: float) -> Rows:
    """All pairs of texts with that Jaccard similarity or more, `int64[n, 2]`, sorted."""
    hashes, starts = shingle_sets(*Utf8.of(pl.Series(texts, dtype=pl.String)), SHINGLE)
    pairs = sharing_rare_ones(hashes, starts, similarity)
    exact = jaccard(hashes, starts, np.ascontiguousarray(pairs[:, 0]), np.ascontiguousarray(pairs[:, 1]))
    return pairs[exact >= similarity]


def sharing_rare_ones(hashes: npt.NDArray[np.uint64], starts: Rows, similarity: float) -> Rows:
    """Pairs of sets that may be so similar, `int64[n, 2]`, sorted: the rarest of each share one."""
    sizes = np.diff(starts)
    least = np.array([math.ceil(similarity * size - 1e-9) for size in range(int(sizes.max(initial=0)) + 1)])
    frame = pl.DataFrame({"hash": hashes, "row": np.repeat(np.arange(len(sizes)), sizes)})
    frame = frame.with_columns(times=pl.len().over("hash")).sort("row", "times", "hash")
    place = np.arange(len(hashes)) - np.repeat(starts[:-1], sizes)
    rare = frame.filter(pl.Series(place <= np.repeat(sizes - least[sizes], sizes)) & (pl.col("times") > 1))
    found = [pl.DataFrame(schema={"row": pl.Int64, "row_right": pl.Int64})]
    for block in range(BLOCKS):
        some = rare.filter(pl.col("hash") % BLOCKS == block).select("hash", "row")
        pairs = some.join(some, on="hash").filter(pl.col("row") < pl.col("row_right"))
        found.append(pairs.select("row", "row_right").unique())
    return pl.concat(found).unique().sort("row", "row_right").to_numpy()


def joined(links: Rows, n: int) -> Rows:
    """The cluster of each of `n` rows: the least row that links connect it with."""
    return clusters(np.ascontiguousarray(links[:, 0]), np.ascontiguousarray(links[:, 1]), n)


def f1(found: Rows, truth: Rows) -> float:
    """F1 of the pairs that stand in one cluster, 0..1; two clusterings without such pairs agree."""
    both = pl.DataFrame({"found": found, "truth": truth})
    together, ours, theirs = (_pairs(both, columns) for columns in (["found", "truth"], ["found"], ["truth"]))
    return 2 * together / (ours + theirs) if ours + theirs else 1.0


def _pairs(frame: pl.DataFrame, columns: list[str]) -> int:
    sizes = frame.group_by(columns).len()["len"].cast(pl.Int64)
    return int((sizes * (sizes - 1) // 2).sum())


class Scores(NamedTuple):
    """How a tool fares; shares of the labelled pairs of which the column speaks."""

    linked: npt.NDArray[np.bool_]
    """Labelled pairs that the tool linked directly."""
    together: npt.NDArray[np.bool_]
    """Labelled pairs that stand in one cluster."""
    distractors: int
    """Distractors in a cluster with anything else."""
    f1: float
    """Of the clusters, beside the true ones."""


def scored(links: Rows, corpus: Corpus, truth: Rows) -> Scores:
    """Hold links (`int64[n, 2]`, the smaller row first) against the labels and the true clusters."""
    n = len(corpus.texts)
    left, right = np.minimum(corpus.left, corpus.right), np.maximum(corpus.left, corpus.right)
    found = joined(links, n)
    alone = np.bincount(found, minlength=n)[found] == 1
    return Scores(
        linked=np.isin(left * n + right, links[:, 0] * n + links[:, 1]),
        together=found[left] == found[right],
        distractors=int((corpus.distractor & ~alone).sum()),
        f1=f1(found, truth),
    )
