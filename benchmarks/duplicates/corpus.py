"""Millions of documents, a part of them near copies of others, and the truth about each.

    python benchmarks/duplicates/corpus.py OUT --corpora zh_web.jsonl.zst en_web.jsonl.zst [--documents 10000000]

An original is 9 to 16 sentences drawn from the corpora (about 310 characters of Chinese); 30 % of the documents are
copies (`composed.NAMES`) of originals of their own file or of an earlier one. So the first files of a large corpus are
a whole corpus of their own, and the same bytes as one made smaller. Which original is copied goes by the square of a
number by chance: clusters have from two to some thousand members; beside them stand four templates, of which the
largest is 0.5 % of all documents. Copies lie anywhere in their file.

OUT/documents/00000.parquet … (`id`, the row number over all files; `text`), and OUT/truth/00000.parquet …, the same
rows: `kind` (UInt8), `base` (Int64, the number of the original), `jaccard` (Float64, of the sets of character 5-grams
of the copy and its original; null for originals). The same seed, corpora and number of rows in a file make the same
bytes. 10 million: 9 GB of text, 6 GB on disk, three minutes on one core; 1.4 GB of memory, for the sentences.
"""

import argparse
import shutil
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import composed
import numpy as np
import numpy.typing as npt
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
from composed import BASE, FILLED, Pool, Wanted

from curate.contracts import Utf8
from curate.kernels.shingles import jaccard, shingle_sets

sys.path.append(str(Path(__file__).parents[1]))

import texts

FILE_DOCUMENTS = 250_000
GROUP_DOCUMENTS = 25_000
"""Documents in a row group of Parquet, and what is composed at a time."""
SHINGLE = 5
COPIES = 0.3
"""Share of the documents that are copies."""
TEMPLATES = (0.005, 0.0025, 0.001, 0.0005)
"""Share of the documents that are copies of each of the first originals, with their blanks filled."""
KINDS = (0.2, 0.4, 0.2, 0.2)
"""Shares of the other copies: exact, edited, shortened, framed."""
FAR = 0.25
"""Share of the edited copies that shall have a similarity between 0.6 and 0.8; the others have more."""


class Crawl(NamedTuple):
    """The layout of a corpus."""

    documents: int
    copies: float = COPIES
    file_documents: int = FILE_DOCUMENTS
    first_row: int = 0
    first_base: int = 0
    """Number of the first row and of the first original: those of an earlier crawl come before."""
    earlier: bool = False
    """Whether the copies are of the earlier crawl's originals, and not of its own."""

    @property
    def bases(self) -> int:
        """How many originals there are."""
        return sum(_fresh(self, size) for size in self.sizes())

    def sizes(self) -> list[int]:
        """Documents of each file."""
        whole, rest = divmod(self.documents, self.file_documents)
        return [self.file_documents] * whole + [rest] * (rest > 0)


def write(folder: Path, pool: Pool, seed: int, crawl: Crawl) -> None:
    """Write all files of a crawl."""
    for name in ("documents", "truth"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    row, base = crawl.first_row, crawl.first_base
    for number, size in enumerate(crawl.sizes()):
        fresh = _fresh(crawl, size)
        wanted = layout(np.random.default_rng([seed, row]), crawl, row, base, size)
        frames = _write_documents(folder / "documents" / f"{number:05}.parquet", pool, seed, wanted)
        pl.concat(frames).write_parquet(folder / "truth" / f"{number:05}.parquet")
        row, base = row + size, base + fresh


def _fresh(crawl: Crawl, size: int) -> int:
    return size - round(size * crawl.copies)


def layout(chance: np.random.Generator, crawl: Crawl, row: int, base: int, size: int) -> Wanted:
    """Decide what each of `size` documents is, `row` and `base` being the next numbers."""
    fresh = _fresh(crawl, size)
    of_templates = sum(TEMPLATES) / crawl.copies
    shares = [*(share * (1 - of_templates) for share in KINDS), of_templates]
    kinds = np.full(size, BASE, np.uint8)
    kinds[fresh:] = 1 + chance.choice(len(shares), size - fresh, p=shares)
    kinds = chance.permutation(kinds)
    bases = base + np.cumsum(kinds == BASE) - 1
    copied = kinds != BASE
    known = crawl.first_base if crawl.earlier else base + fresh
    bases[copied] = (known * chance.random(copied.sum()) ** 2).astype(np.int64)
    filled = kinds == FILLED
    bases[filled] = chance.choice(len(TEMPLATES), filled.sum(), p=np.array(TEMPLATES) / sum(TEMPLATES))
    far, similarity = chance.random(size) < FAR, chance.random(size)
    wanted = np.where(far, 0.6 + 0.2 * similarity, 0.8 + 0.2 * similarity)
    return Wanted(kinds, bases, np.arange(row, row + size), wanted)


def _write_documents(path: Path, pool: Pool, seed: int, wanted: Wanted) -> list[pl.DataFrame]:
    """Write one file; return its truth."""
    schema = pa.schema([("id", pa.string()), ("text", pa.large_string())])
    truth = []
    with pq.ParquetWriter(path, schema, compression="zstd", compression_level=1, use_dictionary=False) as writer:
        for part in _groups(wanted):
            texts = composed.composed(pool, seed, part)
            ids = pl.Series(part.numbers).cast(pl.String).str.zfill(9).to_arrow().cast(pa.string())
            writer.write_table(pa.table([ids, _arrow(*texts)], schema))
            truth.append(_truth(pool, seed, part, texts))
    return truth


def _groups(wanted: Wanted) -> Iterator[Wanted]:
    for start in range(0, len(wanted.kinds), GROUP_DOCUMENTS):
        yield Wanted(*(column[start : start + GROUP_DOCUMENTS] for column in wanted))


def _arrow(data: npt.NDArray[np.uint8], offsets: npt.NDArray[np.int64]) -> pa.Array:
    return pa.LargeStringArray.from_buffers(len(offsets) - 1, pa.py_buffer(offsets), pa.py_buffer(data))


def _truth(pool: Pool, seed: int, wanted: Wanted, texts: tuple[npt.NDArray[np.uint8], npt.NDArray[np.int64]]
) -> pl.DataFrame:  # fmt: skip
    """The truth about some documents: each copy is compared with its original, which is composed again."""
    copied = np.flatnonzero(wanted.kinds != BASE)
    bases, places = np.unique(wanted.bases[copied], return_inverse=True)
    hashes, starts = shingle_sets(*texts, SHINGLE)
    more, more_starts = shingle_sets(*originals(pool, seed, bases), SHINGLE)
    starts = np.concatenate([starts, starts[-1] + more_starts[1:]])
    similarity = np.full(len(wanted.kinds), np.nan)
    similarity[copied] = jaccard(np.concatenate([hashes, more]), starts, copied, len(wanted.kinds) + places)
    columns = {"kind": wanted.kinds, "base": wanted.bases, "jaccard": similarity}
    return pl.DataFrame(columns).with_columns(pl.col("jaccard").fill_nan(None))


def originals(pool: Pool, seed: int, bases: npt.NDArray[np.int64]) -> Utf8:
    """Compose originals by their numbers."""
    kinds = np.full(len(bases), BASE, np.uint8)
    return Utf8(*composed.composed(pool, seed, Wanted(kinds, bases, bases, np.ones(len(bases)))))


def read_truth(folder: Path, files: int | None = None) -> pl.DataFrame:
    """The truth about the documents of a corpus, or of its first files, in the order of rows."""
    return pl.concat([pl.read_parquet(file) for file in sorted((folder / "truth").iterdir())[:files]])


def unrelated(pool: Pool, seed: int, bases: int, pairs: int = 200_000) -> npt.NDArray[np.float64]:
    """Jaccard similarities of originals with the next one, a sample: all pairs are alike, each original by chance."""
    chosen = np.arange(min(bases, pairs), dtype=np.int64)
    hashes, starts = shingle_sets(*originals(pool, seed, chosen), SHINGLE)
    similarity: npt.NDArray[np.float64] = jaccard(hashes, starts, chosen[:-1], chosen[1:])
    return similarity


def read_pool(corpora: Sequence[Path]) -> Pool:
    """Sentences of corpora that `texts.read` takes."""
    return composed.pool_of([text for corpus in corpora for text in texts.read(corpus)])


def described(truth: pl.DataFrame, similarities: npt.NDArray[np.float64]) -> Iterator[str]:
    """What was made, in lines."""
    copies = truth.filter(pl.col("kind") != BASE)
    near = copies.filter(pl.col("jaccard") >= 0.8).height
    yield f"{truth.height:,} documents, {copies.height:,} copies, of which {near:,} have a Jaccard of 0.8 or more"
    by_kind = copies.group_by("kind").agg(
        pl.len(), *(pl.quantile("jaccard", q).alias(f"{q}") for q in (0.05, 0.5, 0.95))
    )
    for kind, count, low, middle, high in by_kind.sort("kind").iter_rows():
        name = composed.NAMES[kind]
        yield f"  {name:9} {count:>9,}  Jaccard 5 % {low:.3f}, median {middle:.3f}, 95 % {high:.3f}"
    sizes = truth.group_by("base").len()["len"]
    largest = ", ".join(f"{size:,}" for size in sizes.sort(descending=True).head(8))
    yield f"{(sizes > 1).sum():,} clusters of two or more; the largest: {largest}"
    yield f"unrelated originals: Jaccard {similarities.mean():.4f} on average, at most {similarities.max():.3f} of "\
          f"{len(similarities):,} pairs"  # fmt: skip


def main() -> None:
    """Make a corpus."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", type=Path)
    parser.add_argument("--corpora", type=Path, nargs="+", required=True)
    parser.add_argument("--documents", type=int, default=10_000_000)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    started = time.perf_counter()
    pool = read_pool(options.corpora)
    crawl = Crawl(options.documents)
    shutil.rmtree(options.out, ignore_errors=True)
    write(options.out, pool, options.seed, crawl)
    print(f"{len(pool.starts) - 1:,} sentences; {time.perf_counter() - started:.1f} s")
    print(*described(read_truth(options.out), unrelated(pool, options.seed, crawl.bases)), sep="\n")


if __name__ == "__main__":
    main()
