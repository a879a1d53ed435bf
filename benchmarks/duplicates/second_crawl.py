"""A second crawl, half of which repeats a first one: which repeats are found, and which old document they are told of.

    python benchmarks/duplicates/second_crawl.py --corpora zh_web.jsonl.zst [--documents 1000000] [--second 500000]

A made corpus (see corpus.py) is run with near_duplicates. A second crawl of `--second` documents (as many as half of
the first) follows: half of them are new originals, half copies of the first crawl's originals, exact and edited. It is
run with `against: [first run]`. A repeat is found if the rule `in_earlier_run` drops it; its old document is right if
`duplicate_of` is a document of the first crawl that stems from the same original, and `duplicate_run` the first run.
`--index` makes an index of the first run, and runs the second against that. `--memory 100MB` compares within so much.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

import corpus
import numpy as np
import numpy.typing as npt
import polars as pl
import scores
import watched
from composed import BASE, EXACT

from curate.indexing import index_runs
from curate.run import Run

sys.path.append(str(Path(__file__).parents[1]))

import results

PIPELINE = """
name: {name}
read:
  - parquet: {{id: id, paths: ["{corpus}/documents/*.parquet"]}}
filters:
  - near_duplicates: {parameters}
"""
IN_EARLIER_RUN = "near_duplicates.in_earlier_run"
LEAST_FOUND = 0.99
MOST_BYTES = 2e9


class Found(NamedTuple):
    """What the second run says, beside the truth; arrays of Booleans have a row per document of the second crawl."""

    repeats: npt.NDArray[np.bool_]
    """Dropped as a repeat of the first run."""
    right: npt.NDArray[np.bool_]
    """And the old document stems from the same original, and the first run is named."""
    kept: npt.NDArray[np.bool_]
    truth: pl.DataFrame
    survives: npt.NDArray[np.bool_]
    """Whether the original of a repeat is itself what survived in the first run, and not one of its copies."""


def verdicts(folder: Path) -> pl.DataFrame:
    """Verdicts of the second run, in the order of rows."""
    run = Run.open(folder)
    columns = ["kept", IN_EARLIER_RUN, "duplicate_of", "duplicate_run"]
    return pl.concat([pl.read_parquet(run.verdicts_file(part), columns=columns) for part in run.parts])


def found(first: Path, second: Path, first_truth: pl.DataFrame, truth: pl.DataFrame) -> Found:
    """Read what the second run says, and what is true."""
    told = verdicts(second)
    repeats = told[IN_EARLIER_RUN].to_numpy()
    old_base, base = first_truth["base"].to_numpy(), truth["base"].to_numpy()
    old = told["duplicate_of"].cast(pl.Int64).fill_null(-1).to_numpy()
    is_old = repeats & (old >= 0) & (old < len(old_base))
    same = is_old & (old_base[np.where(is_old, old, 0)] == base)
    named = told["duplicate_run"].fill_null("").map_elements(lambda name: Path(name).name, return_dtype=pl.String)
    survivor = scores.survivors(first)
    rows = np.flatnonzero(first_truth["kind"].to_numpy() == BASE)
    alone = survivor[rows] == rows  # by the number of the original: originals are numbered in the order of rows
    survives = (truth["kind"].to_numpy() != BASE) & alone[np.minimum(base, len(rows) - 1)]
    return Found(repeats, same & (named == first.name).to_numpy(), told["kept"].to_numpy(), truth, survives)


def rows_of(said: Found) -> list[list[str]]:
    """What was found, in rows of a table."""
    jaccard, kind = said.truth["jaccard"].fill_null(-1).to_numpy(), said.truth["kind"].to_numpy()
    near, new = jaccard >= 0.8, kind == BASE
    return [
        share("repeats of a survivor, Jaccard >= 0.8: found", said.repeats, near & said.survives, LEAST_FOUND),
        share("the same, with the right old document", said.right, near & said.survives, LEAST_FOUND),
        share("exact repeats of a survivor: found", said.repeats, (kind == EXACT) & said.survives, LEAST_FOUND),
        share("repeats of any original, Jaccard >= 0.8: found", said.repeats, near),
        share("repeats of any original, 0.6 to 0.8: found", said.repeats, ~new & ~near),
        share("documents said to be repeats: right old document", said.right, said.repeats, LEAST_FOUND),
        share("new originals: kept", said.kept, new, LEAST_FOUND),
        [f"new originals said to be repeats, of {new.sum():,}", f"{(said.repeats & new).sum():,}", "0",
         met((said.repeats & new).sum() == 0)],
    ]  # fmt: skip


def share(name: str, holds: npt.NDArray[np.bool_], of: npt.NDArray[np.bool_], least: float | None = None) -> list[str]:
    """A row: how often something holds among some documents."""
    value = float(holds[of].mean()) if of.any() else float("nan")
    must = ["stated", ""] if least is None else [f">= {least:g}", met(value >= least)]
    return [f"{name}, of {of.sum():,}", f"{value:.5f}", *must]


def met(holds: bool) -> str:
    return "met" if holds else "**not met**"


def costs(name: str, done: watched.Watched) -> list[list[str]]:
    """What a run took, in rows of the same table."""
    whole, memory = float(done.record["wall_seconds"]), done.peak("whole")
    return [
        [f"{name}: seconds, of which from band keys to verdicts", f"{whole:.1f}, {sum(done.seconds().values()):.1f}",
         "stated", ""],
        [f"{name}: GB of all processes (PSS) meanwhile", f"{memory / 1e9:.2f}", f"<= {MOST_BYTES / 1e9:g}",
         met(memory <= MOST_BYTES)],
    ]  # fmt: skip


def indexed(folder: Path) -> list[list[str]]:
    """Make an index of the first run; what that takes, in rows of the same table."""
    started = time.perf_counter()
    done = index_runs([folder / "first"], folder / "index")
    seconds = f"{time.perf_counter() - started:.1f}, {done.size / done.documents:.0f}"
    return [[f"index: seconds, and bytes a document, of {done.documents:,}", seconds, "stated", ""]]


def measure(options: argparse.Namespace, folder: Path) -> results.Table:
    """Make both crawls, run both, compare with the truth."""
    pool = corpus.read_pool(options.corpora)
    first = corpus.Crawl(options.documents)
    second = corpus.Crawl(options.second or options.documents // 2, 0.5, first_row=first.documents,
                          first_base=first.bases, earlier=True)  # fmt: skip
    done: list[watched.Watched] = []
    index_rows: list[list[str]] = []
    for name, crawl in (("first", first), ("second", second)):
        corpus.write(folder / f"{name}-corpus", pool, options.seed, crawl)
        pipeline = folder / f"{name}.yaml"
        parameters = {"memory": options.memory} if options.memory else {}
        if name == "second":
            parameters |= {"against": [str(folder / ("index" if options.index else "first"))]}
        text = PIPELINE.format(name=name, corpus=folder / f"{name}-corpus", parameters=json.dumps(parameters))
        pipeline.write_text(text, encoding="utf-8")
        done.append(watched.run(pipeline, folder / name, options.workers))
        if name == "first" and options.index:
            index_rows = indexed(folder)
    truths = [corpus.read_truth(folder / f"{name}-corpus") for name in ("first", "second")]
    said = found(folder / "first", folder / "second", *truths)
    rows = [*rows_of(said), *costs("first crawl", done[0]), *index_rows, *costs("second crawl", done[1])]
    text = (
        f"First crawl {first.documents:,} documents, second {second.documents:,}, against the first "
        f"{'by its index' if options.index else 'run'}; memory {options.memory or 'default'}."
    )
    return results.Table(["what", "measured", "must", ""], rows, "", text)


def main() -> None:
    """Measure and show."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--corpora", type=Path, nargs="+", required=True)
    parser.add_argument("--documents", type=int, default=1_000_000, help="of the first crawl")
    parser.add_argument("--second", type=int, help="documents of the second [default: half of the first]")
    parser.add_argument("--index", action="store_true", help="compare with an index of the first run")
    parser.add_argument("--memory", help="`memory` of the filter")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--work", type=Path, help="where the temporary folder is made")
    parser.add_argument("--out", type=Path, help="folder of RESULTS.md [default: print only]")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="curate-crawl-", dir=options.work) as folder:
        table = measure(options, Path(folder))
    print(table.text, results.markdown(table), sep="\n\n")
    if options.out:
        options.out.mkdir(parents=True, exist_ok=True)
        results.put("second crawl", section(table, options), options.out)


def section(table: results.Table, options: argparse.Namespace) -> results.Section:
    """The table as a part of the results, with what was done."""
    corpora = " ".join(one.name for one in options.corpora)
    command = f"second_crawl.py --corpora {corpora} --documents {options.documents}{' --index' * options.index}"
    told = f"{results.machine()}, {results.today()}, commit {results.state()}, {options.workers} workers"
    text = f"`python benchmarks/duplicates/{command}`, {told}."
    return results.Section("A second crawl against the first", text, [table])


if __name__ == "__main__":
    main()
