"""How many near duplicates are found, and how fast, beside datasketch's LSH.

    python benchmarks/duplicates/recall.py CORPUS.jsonl.zst [--similarity 0.8] [--permutations 128]

The corpus has labelled pairs: records with `text` and `meta: {role, base, jaccard}`; a `variant` names its base's `id`,
and `jaccard` is the exact similarity of the two by character 5-grams; a `distractor` resembles nothing. Rows are
shuffled. A pair is linked if the two are found as a pair (datasketch: one query returns the other), clustered if links
connect them. One process, no compilation counted; datasketch gets the same shingles, and xxh32 as its hash if xxhash is
installed.
"""

import argparse
import io
import json
import time
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import polars as pl
import zstandard

from curate.contracts import Documents, Utf8
from curate.filters.near_duplicates import NearDuplicates
from curate.kernels.unionfind import clusters

BATCH = 1_000
Rows = npt.NDArray[np.int64]


class Corpus(NamedTuple):
    texts: list[str]
    megabytes: float
    left: Rows
    """Row of the base of each labelled pair."""
    right: Rows
    """Row of its variant."""
    jaccard: npt.NDArray[np.float64]
    distractor: npt.NDArray[np.bool_]


class Found(NamedTuple):
    name: str
    links: Rows
    """Linked pairs, `int64[n, 2]`."""
    signing: float
    """Seconds spent on signatures (and band keys)."""
    seconds: float
    """Seconds from texts to links."""


def read(path: Path) -> Corpus:
    with path.open("rb") as file:
        lines = io.TextIOWrapper(zstandard.ZstdDecompressor().stream_reader(file), "utf-8")
        records = [json.loads(line) for line in lines]
    records = [records[i] for i in np.random.default_rng(0).permutation(len(records))]
    base = {record["id"]: row for row, record in enumerate(records) if record["meta"]["role"] == "base"}
    variants = [(row, record["meta"]) for row, record in enumerate(records) if record["meta"]["role"] == "variant"]
    texts = [record["text"] for record in records]
    return Corpus(
        texts=texts,
        megabytes=sum(len(text.encode()) for text in texts) / 1e6,
        left=np.array([base[meta["base"]] for _, meta in variants]),
        right=np.array([row for row, _ in variants]),
        jaccard=np.array([meta["jaccard"] for _, meta in variants]),
        distractor=np.array([record["meta"]["role"] == "distractor" for record in records]),
    )


def ours(filter_: NearDuplicates, corpus: Corpus) -> Found:
    batches = [Documents.of(corpus.texts[start : start + BATCH]) for start in range(0, len(corpus.texts), BATCH)]
    start = time.perf_counter()
    measured = pl.concat([filter_.measure(batch) for batch in batches])
    signed = time.perf_counter()
    keys = measured.with_columns(row=pl.int_range(pl.len(), dtype=pl.Int64))
    groups = [filter_.group(keys.select("row", *columns)) for columns in filter_.partitions().values()]
    pairs = filter_.candidates(groups)
    if pairs is None:
        raise SystemExit("groups without verification are not links: leave `verify` on")
    rows = np.unique(pairs.to_numpy())
    positions = pl.DataFrame({name: np.searchsorted(rows, pairs[name].to_numpy()) for name in pairs.columns})
    texts = Utf8.of(pl.Series([corpus.texts[row] for row in rows]))
    verified = pairs.with_columns(similarity=pl.Series(filter_.similarities(texts, positions)))
    links = filter_.confirmed(verified)["row"].to_numpy().reshape(-1, 2)
    seconds = time.perf_counter() - start
    print(f"{len(groups)} bands, {pairs.height:,} candidates, {len(links):,} links; verification and grouping "
          f"{seconds - (signed - start):.2f} s")  # fmt: skip
    return Found("curate", links, signed - start, seconds)


def datasketchs(similarity: float, permutations: int, corpus: Corpus) -> Found | None:
    try:
        from datasketch import MinHash, MinHashLSH
    except ImportError:
        return None
    try:
        from xxhash import xxh32_intdigest as hashfunc
    except ImportError:
        hashfunc = None  # type: ignore[assignment]
    start = time.perf_counter()
    sketches = [MinHash(permutations, hashfunc=hashfunc, scheme="affine32") for _ in corpus.texts]
    for sketch, text in zip(sketches, corpus.texts, strict=True):
        sketch.update_batch([text[i : i + 5].encode() for i in range(max(1, len(text) - 4))])
    signed = time.perf_counter()
    index = MinHashLSH(similarity, permutations)
    for row, sketch in enumerate(sketches):
        index.insert(row, sketch)
    links = [(min(row, other), max(row, other)) for row, sketch in enumerate(sketches) for other in index.query(sketch)]
    pairs = np.unique(np.array([link for link in links if link[0] < link[1]]).reshape(-1, 2), axis=0)
    return Found(f"datasketch {index.b} x {index.r}", pairs, signed - start, time.perf_counter() - start)


def scored(found: Found, corpus: Corpus) -> dict[str, str]:
    n = len(corpus.texts)
    left, right = np.minimum(corpus.left, corpus.right), np.maximum(corpus.left, corpus.right)
    linked = np.isin(left * n + right, found.links[:, 0] * n + found.links[:, 1])
    roots = clusters(np.ascontiguousarray(found.links[:, 0]), np.ascontiguousarray(found.links[:, 1]), n)
    together = roots[left] == roots[right]
    dropped = (roots != np.arange(n)) & corpus.distractor

    def share(least: float, below: float) -> str:
        chosen = (corpus.jaccard >= least) & (corpus.jaccard < below)
        return f"{linked[chosen].mean():.4f} ({together[chosen].mean():.4f} clustered) of {chosen.sum():,}"

    return {
        "recall >= 0.8": share(0.8, 2),
        "recall 0.8-0.9": share(0.8, 0.9),
        "recall >= 0.9": share(0.9, 2),
        "linked 0.7-0.8": share(0.7, 0.8),
        "linked < 0.75": share(0, 0.75),
        "linked < 0.6": share(0, 0.6),
        "distractors dropped": f"{dropped.sum():,} of {corpus.distractor.sum():,}",
        "MB/s of signatures": f"{corpus.megabytes / found.signing:.1f}",
        "seconds in all": f"{found.seconds:.2f}",
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("corpus", type=Path)
    parser.add_argument("--similarity", type=float, default=0.8)
    parser.add_argument("--permutations", type=int, default=128)
    chosen = parser.parse_args()
    corpus = read(chosen.corpus)
    filter_ = NearDuplicates(similarity=chosen.similarity, permutations=chosen.permutations)
    ours(filter_, corpus._replace(texts=["compile first", "compile first"]))
    results = [ours(filter_, corpus), datasketchs(chosen.similarity, chosen.permutations, corpus)]
    for found in filter(None, results):
        print(f"\n{found.name}")
        for name, value in scored(found, corpus).items():
            print(f"  {name:20} {value}")
    pairs = pl.DataFrame({"left": corpus.left, "right": corpus.right})
    error = np.abs(filter_.similarities(Utf8.of(pl.Series(corpus.texts)), pairs) - corpus.jaccard).max()
    print(f"\nlargest difference between verified similarity and label: {error:.1e}")


if __name__ == "__main__":
    main()
