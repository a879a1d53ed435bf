"""How many near duplicates are found, how exactly, and how fast, beside other tools, the theory, and brute force.

    python benchmarks/duplicates/recall.py NEARDUP.jsonl.zst [--slow-peers]

NEARDUP has labelled pairs: records with `id`, `text` and `meta: {role, base, jaccard, edit}`; a `variant` names its
base's `id`, and `jaccard` is the exact similarity of the two by character 5-grams; a `distractor` resembles nothing.
Rows are shuffled. Ours is a whole run, from JSON lines to verdicts, with one worker, once more with `verify: false`;
peers get the texts in memory, in an environment of their own (`environments.py`). A pair is found if links connect the
two; true clusters are those of all pairs that brute force finds. `--slow-peers`: datatrove too, some five minutes.
Compilation is not counted. Prints tables, and writes them as a section of RESULTS.md.
"""

from __future__ import annotations

import argparse
import itertools
import json
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import polars as pl
from labelled import SHINGLE, Corpus, Rows, Scores, joined, read, scored, true_links, write

import curate
from curate.filters.near_duplicates import bands_for, share_met

sys.path.append(str(Path(__file__).parents[1]))

import results
from contest import Program, ProgramError, one_line, take_core
from environments import PEERS, InstallError, python_of

PIPELINE = """
name: recall
read:
  - jsonl: {{paths: [{file}]}}
filters:
  - near_duplicates: {{similarity: {similarity}, shingle: {shingle}, permutations: {permutations}, verify: {verify}}}
"""
SIMILARITY, PERMUTATIONS = 0.8, 128
OPTIONS = {"similarity": SIMILARITY, "permutations": PERMUTATIONS, "shingle": SHINGLE}
"""Given to every tool."""
TOOLS = (
    ("datasketch", "use_datasketch", "near_duplicate_links"),
    ("rensa R", "use_rensa", "r_near_duplicate_links"),
    ("rensa C", "use_rensa", "c_near_duplicate_links"),
)
SLOW_TOOLS = (("datatrove 14 × 8", "use_datatrove", "near_duplicate_links"),)
SLOW_SECONDS = 1_800
"""How long a peer may take."""
WARM_UP = 50
"""Texts of a run that is not counted."""
BINS = (0.0, 0.3, 0.4, 0.5, 0.55, 0.6, 0.65, 0.7, 0.75, 0.8, 0.85, 0.9, 0.95, 1.01)
OURS = "curate"


class Found(NamedTuple):
    """What a tool found."""

    tool: str
    links: Rows
    """`int64[n, 2]`, the smaller row first, sorted, each once."""
    seconds: float
    """From texts to links; ours: from a file to verdicts."""
    version: str = ""


def ours(corpus: Corpus, folder: Path, verify: bool) -> Found:
    """Run a pipeline of one filter, after a small one that compiles."""
    for name, first in (("warm-up", WARM_UP), ("run", None)):
        write(corpus, folder / "corpus.jsonl", first)
        file = folder / f"{name}-{verify}.yaml"
        values = OPTIONS | {"file": folder / "corpus.jsonl", "verify": str(verify).lower()}
        file.write_text(PIPELINE.format(**values), encoding="utf-8")
        start = time.perf_counter()
        run = curate.run_pipeline(file, out=folder / file.stem, workers=1)
        seconds = time.perf_counter() - start
    groups = pl.read_parquet(run.groups_file(run.plan.corpus_filters[0])).select("group", "row")
    pairs = groups.join(groups, on="group").filter(pl.col("row") < pl.col("row_right")).select("row", "row_right")
    links = pairs.unique().sort(pl.all()).to_numpy()
    survivors = len(np.unique(joined(links, len(corpus.texts))))
    if run.counts()["kept"] != survivors:
        raise SystemExit(f"{run.counts()['kept']} documents were kept, and links leave {survivors}")
    return Found(OURS if verify else f"{OURS}, verify: false", links, seconds, curate.__version__)


def peers(corpus: Corpus, folder: Path, tools: Sequence[tuple[str, str, str]]) -> Iterator[Found]:
    """Run programs of `peers/`, which leave their links in a file; one that fails is named and left out."""
    write(corpus, folder / "texts.jsonl")
    links = folder / "links.json"
    given = OPTIONS | {"links": str(links)}
    for tool, program, step in tools:
        try:
            with Program(python_of(program), PEERS / f"{program}.py", step, folder / "texts.jsonl", given) as running:
                done = running.run(len(corpus.texts), patience=SLOW_SECONDS)
                version = str(next(iter(running.ready["versions"].values())))
        except (InstallError, ProgramError) as error:
            print(f"{tool} failed: {one_line(str(error))}", file=sys.stderr)
            continue
        pairs = np.sort(np.array(json.loads(links.read_text()), np.int64).reshape(-1, 2), axis=1)
        yield Found(tool, np.unique(pairs, axis=0), done["seconds"], version)


def brute_force(corpus: Corpus) -> Found:
    start = time.perf_counter()
    links = true_links(corpus.texts, SIMILARITY)
    return Found("brute force", links, time.perf_counter() - start)


class Judged(NamedTuple):
    found: Found
    scores: Scores


def share(chosen: npt.NDArray[np.bool_], of: npt.NDArray[np.bool_]) -> float:
    return float(chosen[of].mean())


def summary(judged: Sequence[Judged], jaccard: npt.NDArray[np.float64]) -> results.Table:
    def row(found: Found, scores: Scores) -> list[str]:
        together, linked = scores.together, scores.linked
        return [
            found.tool,
            f"{share(together, jaccard >= 0.8):.4f}",
            f"{share(together, (jaccard >= 0.8) & (jaccard < 0.9)):.4f}",
            f"{share(together, jaccard >= 0.9):.4f}",
            f"{share(linked, jaccard >= 0.8):.4f}",
            f"{share(linked, (jaccard >= 0.7) & (jaccard < 0.75)):.4f}",
            f"{int((linked & (jaccard < 0.75)).sum())}",
            f"{share(together, jaccard < 0.6):.2%}",
            f"{scores.distractors}",
            f"{scores.f1:.4f}",
            f"{found.seconds:.1f}",
            found.version,
        ]

    columns = [
        *("tool", "found, >= 0.8", "0.8 to 0.9", ">= 0.9", "linked directly, >= 0.8", "linked, 0.7 to 0.75"),
        *("pairs linked below 0.75", "in one cluster below 0.6", "distractors joined", "F1 of clusters", "seconds"),
        "version",
    ]
    return results.Table(columns, [row(*one) for one in judged], "Tools")


def by_similarity(judged: Sequence[Judged], corpus: Corpus) -> results.Table:
    """Shares of pairs linked directly, by their similarity, and what the bands should find."""
    bands = bands_for(SIMILARITY, PERMUTATIONS)
    rows = []
    for least, below in itertools.pairwise(BINS):
        of = (corpus.jaccard >= least) & (corpus.jaccard < below)
        if of.any():
            theory = np.mean([share_met(at, *bands) for at in corpus.jaccard[of]])
            shares = [f"{share(scores.linked, of):.3f}" for _, scores in judged]
            rows.append([f"{least:g} to {min(below, 1):g}", f"{of.sum():,}", f"{theory:.3f}", *shares])
    title = "Pairs linked directly, by similarity"
    text = f"Theory: 1 - (1 - s^{bands[1]})^{bands[0]}, the mean over the pairs; what is verified is linked from "
    text += f"{SIMILARITY:g} on."
    return results.Table(["similarity", "pairs", "theory", *(one.found.tool for one in judged)], rows, title, text)


def by_edit(judged: Sequence[Judged], corpus: Corpus) -> results.Table:
    edits = np.array(corpus.edit)
    rows = []
    for edit in sorted(set(corpus.edit)):
        of = (edits == edit) & (corpus.jaccard >= SIMILARITY)
        if of.any():
            rows.append([edit, f"{of.sum():,}", *(f"{share(scores.together, of):.3f}" for _, scores in judged)])
    title = f"Pairs found from a similarity of {SIMILARITY:g} on, by what was done to the text"
    return results.Table(["edit", "pairs", *(one.found.tool for one in judged)], rows, title)


def bounds(one: Judged, jaccard: npt.NDArray[np.float64]) -> results.Table:
    """What ours must reach."""
    (found, scores), near = one, jaccard >= 0.8
    recall, recall_near = share(scores.together, near), share(scores.together, near & (jaccard < 0.9))
    wrong, far = int((scores.linked & (jaccard < 0.75)).sum()), share(scores.together, jaccard < 0.6)
    reached = [
        ("pairs of 0.8 and more found", "at least 0.99", recall, recall >= 0.99),
        ("of these below 0.9", "at least 0.985", recall_near, recall_near >= 0.985),
        ("pairs below 0.75 linked", "none", wrong, wrong == 0),
        ("share of pairs below 0.6 in one cluster", "at most 0.001", far, far <= 0.001),
        ("distractors joined", "none", scores.distractors, scores.distractors == 0),
        ("F1 of clusters", "at least 0.99", scores.f1, scores.f1 >= 0.99),
        ("seconds", "at most 10", found.seconds, found.seconds <= 10),
    ]
    rows = [[what, wanted, f"{value:.4g}", "met" if met else "missed"] for what, wanted, value, met in reached]
    return results.Table(["bound", "must", "reached", ""], rows, "Bounds")


def section(judged: Sequence[Judged], corpus: Corpus, command: str) -> results.Section:
    bands, rows = bands_for(SIMILARITY, PERMUTATIONS)
    text = (
        f"`{command}`, {results.machine()}, {results.today()}, commit {results.state()}. {len(corpus.texts):,} texts, "
        f"{len(corpus.jaccard):,} labelled pairs, similarity {SIMILARITY:g}, character {SHINGLE}-grams (datatrove: "
        f"five words). Ours: {bands} bands of {rows} rows, {8 * bands} bytes of keys a document; a whole run with one "
        "worker, from JSON lines to verdicts. Peers: their own choice of bands; texts in memory. One core. A pair "
        "is found if links connect the two; rensa links a text with those that stayed, so what it links directly is "
        "less than what it finds. F1: of the pairs inside clusters, beside those of all pairs that brute force links."
    )
    tables = [
        bounds(judged[0], corpus.jaccard),
        summary(judged, corpus.jaccard),
        by_similarity(judged, corpus),
        by_edit(judged, corpus),
    ]
    data: dict[str, Any] = {"seconds": {one.found.tool: one.found.seconds for one in judged}}
    return results.Section("Near duplicates", text, tables, data)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("corpus", type=Path)
    parser.add_argument("--slow-peers", action="store_true")
    parser.add_argument("--out", type=Path, default=results.HERE, help="folder of RESULTS.md")
    chosen = parser.parse_args()
    take_core()
    corpus = read(chosen.corpus)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        found = [ours(corpus, folder, verify) for verify in (True, False)]
        found += peers(corpus, folder, TOOLS + (SLOW_TOOLS if chosen.slow_peers else ()))
    found.append(brute_force(corpus))
    truth = joined(found[-1].links, len(corpus.texts))
    judged = [Judged(one, scored(one.links, corpus, truth)) for one in found]
    slow = " --slow-peers" if chosen.slow_peers else ""
    done = section(judged, corpus, f"python benchmarks/duplicates/recall.py {chosen.corpus.name}{slow}")
    for table in done.tables:
        print(f"\n{table.title}\n{results.markdown(table)}")
    results.put("near_duplicates", done, chosen.out)


if __name__ == "__main__":
    main()
