"""Near duplicates among millions of documents: time, memory, disk and recall, how they grow, and what 233 million take.

    python benchmarks/duplicates/scale.py WORK --corpora zh_web.jsonl.zst en_web.jsonl.zst
        [--sizes 1000000 2500000 5000000 10000000] [--settings off small on] [--small 100MB] [--workers 2]

A corpus with known near copies is made under WORK (see corpus.py) and run with `near_duplicates` alone. A smaller size
is the first files of a larger one, so each document is measured once; before each setting all groups and verdicts are
removed. Settings: `off`, without verification; `small`, the same with `memory` as `--small` says, for which the
verdicts must be the same bytes; `on` and `on-small`, with verification. Counted are the passes from band keys to
verdicts. Figures are kept in WORK/measured.json, so sizes and settings may be run one by one; the tables show all that
are there, and become a section of RESULTS.md under --out. 10 million take 25 GB in WORK (`--clean` removes all but the
figures).
"""

from __future__ import annotations

import argparse
import json
import math
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import corpus
import numpy as np
import scores
import watched

sys.path.append(str(Path(__file__).parents[1]))

import results

PIPELINE = """
name: scale
read:
  - parquet:
      id: id
      paths: {paths}
filters:
  - near_duplicates: {parameters}
"""
SKYPILE = 233_000_000
SETTINGS = ("off", "small", "on", "on-small")
MOST_SECONDS, MOST_BYTES, MOST_BYTES_SMALL, MOST_EXPONENT = 600, 2e9, 1e9, 1.1
"""Bounds: seconds of the largest size; memory with the default setting, and when asked; growth of time."""
LEAST_RECALL, MOST_KEY_BYTES = 0.99, 220
MEMORY = ("whole", "resident", "anonymous", "largest")
"""Columns of `watched.Sample`."""

Figures = dict[str, Any]


def pipeline_text(files: Sequence[Path], setting: str, small: str) -> str:
    """The pipeline for some files."""
    parameters: dict[str, Any] = {"verify": setting.startswith("on")}
    parameters |= {"memory": small} if setting.endswith("small") else {}
    return PIPELINE.format(paths=json.dumps(list(map(str, files))), parameters=json.dumps(parameters))


def made_corpus(options: argparse.Namespace) -> Path:
    """Make the corpus of the largest size, unless it is there."""
    folder, stamp = options.work / "corpus", options.work / "corpus.json"
    crawl = corpus.Crawl(max(options.sizes), file_documents=options.file_documents)
    wanted = {"corpora": [one.name for one in options.corpora], "seed": options.seed, "file": crawl.file_documents}
    made = json.loads(stamp.read_text(encoding="utf-8")) if stamp.exists() else {"documents": 0}
    if made["documents"] < crawl.documents or any(made[key] != value for key, value in wanted.items()):
        shutil.rmtree(folder, ignore_errors=True)
        stamp.unlink(missing_ok=True)
        corpus.write(folder, corpus.read_pool(options.corpora), options.seed, crawl)
        stamp.write_text(json.dumps(wanted | {"documents": crawl.documents}), encoding="utf-8")
    return folder


def measure(options: argparse.Namespace, made: Path, documents: int, setting: str) -> Figures:
    """Run one size with one setting."""
    out, pipeline = options.work / "run", options.work / "pipeline.yaml"
    files = sorted((made / "documents").iterdir())[: -(-documents // options.file_documents)]
    pipeline.write_text(pipeline_text(files, setting, options.small), encoding="utf-8")
    if out.exists():
        watched.forget_compared(out)
    done = watched.run(pipeline, out, options.workers)
    truth = corpus.read_truth(made, len(files))
    kept_bytes = watched.disk_bytes(out, watched.MEASURED)
    return {
        "documents": documents,
        "setting": setting,
        "memory_setting": options.small if setting.endswith("small") else "default",
        "workers": options.workers,
        "passes": done.seconds(),
        "seconds": sum(done.seconds().values()),
        "measuring": sum(one["seconds"] for one in done.record["passes"] if one["pass"] == "measure"),
        **{what: done.peak(what) for what in MEMORY},
        "worker_memory_bytes": done.record["worker_memory_bytes"],
        "keys_bytes": keys_bytes(out),
        "temporary_bytes": max(0, done.peak("disk") - kept_bytes),
        "verdicts": scores.verdicts_digest(out),
        **scores.scored(scores.survivors(out), truth)._asdict(),
        "state": results.state(),
    }


def keys_bytes(out: Path) -> int:
    """Disk that the band keys of all documents take; a folder of another setting holds those of a smaller size."""
    folders = list((out / "keys").glob("*")) or list((out / "signals").glob("near_duplicates-*"))
    return max(map(watched.disk_bytes, folders))


def exponent(grown: Sequence[Figures]) -> float:
    """How time grows: the slope of its logarithm over that of the size, by least squares."""
    if len(grown) < 2:
        return math.nan
    sizes, seconds = ([math.log(one[key]) for one in grown] for key in ("documents", "seconds"))
    return float(np.polyfit(sizes, seconds, 1)[0])


def growth_table(measured: Sequence[Figures]) -> results.Table:
    """A row for each size and setting."""
    heads = [
        "documents", "verification, memory", "seconds", "GB, PSS", "RSS", "anonymous", "largest process",
        "bytes of temporary files a document", "recall >= 0.8", "0.8 to 0.9", "0.7 to 0.8", "joined with others",
        "clusters", "largest cluster",
    ]  # fmt: skip
    text = (
        "Seconds from band keys to verdicts. Memory: most of the summed PSS of all processes, mapped files included, "
        "five samples a second; RSS counts what they share once for each. Recall: pairs of a copy and its original in "
        "one cluster, by their Jaccard similarity. Joined with others: documents dropped for one of another original."
    )
    return results.Table(heads, list(map(growth_row, measured)), "Growth", text)


def growth_row(one: Figures) -> list[str]:
    memory = [f"{one[what] / 1e9:.2f}" for what in MEMORY]
    recall = [f"{one[name]:.4f}" for name in ("recall", "recall_near", "recall_far")]
    counts = [f"{one[name]:,}" for name in ("joined", "clusters", "largest_cluster")]
    temporary = f"{one['temporary_bytes'] / one['documents']:.0f}"
    return [f"{one['documents']:,}", named(one), f"{one['seconds']:.1f}", *memory, temporary, *recall, *counts]


def named(one: Figures) -> str:
    """A setting in words."""
    return f"{'on' if one['setting'].startswith('on') else 'off'}, {one['memory_setting']}"


def pass_table(measured: Sequence[Figures]) -> results.Table:
    """Seconds by pass of the largest size of each setting."""
    rows = []
    for setting in SETTINGS:
        if mine := of(measured, setting):
            passes = mine[-1]["passes"].items()
            rows += [[f"{mine[-1]['documents']:,}", named(mine[-1]), name, f"{some:.1f}"] for name, some in passes]
    return results.Table(["documents", "verification, memory", "pass", "seconds"], rows, "Where the time goes")


def of(measured: Sequence[Figures], setting: str) -> list[Figures]:
    """Figures of a setting, by size."""
    return [one for one in measured if one["setting"] == setting]


def bound_rows(measured: Sequence[Figures]) -> list[list[str]]:
    """What must hold, for what was measured."""
    off, on = of(measured, "off"), of(measured, "on")
    rows = []
    if off:
        rows.append(bound(f"{at(off)}, verification off, minutes", off[-1]["seconds"] / 60, MOST_SECONDS / 60))
        rows.append(bound("band keys, bytes a document", off[-1]["keys_bytes"] / off[-1]["documents"], MOST_KEY_BYTES))
    if on:
        rows.append([f"{at(on)}, verification on, minutes", f"{on[-1]['seconds'] / 60:.2f}", "stated", ""])
        rows.append(bound("share of pairs that verification on does not find", 1 - on[-1]["recall"], 1 - LEAST_RECALL))
    for setting in SETTINGS:
        rows += memory_rows(of(measured, setting), MOST_BYTES_SMALL if setting.endswith("small") else MOST_BYTES)
    for large, small in (("off", "small"), ("on", "on-small")):
        rows += same_rows(of(measured, large), of(measured, small))
    grown = [found for found in (off, on) if len(found) > 1]
    what = "time grows with documents to the power, verification"
    return rows + [bound(f"{what} {named(found[-1])}", exponent(found), MOST_EXPONENT) for found in grown]


def memory_rows(found: Sequence[Figures], most: float) -> list[list[str]]:
    """The most memory that a setting takes, for any size."""
    if not found:
        return []
    name = f"{at(found)}, verification {named(found[-1])} memory, GB"
    return [bound(name, max(one["whole"] for one in found) / 1e9, most / 1e9)]


def same_rows(large: Sequence[Figures], small: Sequence[Figures]) -> list[list[str]]:
    """Whether verdicts are the same with less memory."""
    rows = []
    for one, other in ((one, other) for one in large for other in small if one["documents"] == other["documents"]):
        name = f"{one['documents']:,} documents, verification {named(one)} and {named(other)} memory, verdicts"
        same = one["verdicts"] == other["verdicts"]
        rows.append([name, "same bytes" if same else "other bytes", "same bytes", "met" if same else "**not met**"])
    return rows


def at(found: Sequence[Figures]) -> str:
    return f"{found[-1]['documents']:,} documents"


def bound(name: str, value: float, most: float) -> list[str]:
    """A row of the table of bounds."""
    return [name, f"{value:.3g}", f"<= {most:.3g}", "met" if value <= most else "**not met**"]


def projection(found: Sequence[Figures]) -> list[str]:
    """One row: what SkyPile takes with a setting, from how its figures grew."""
    last = found[-1]
    hours = last["seconds"] * (SKYPILE / last["documents"]) ** exponent(found) / 3600
    slope = (last["whole"] - found[-2]["whole"]) / (last["documents"] - found[-2]["documents"])
    memory = last["whole"] + max(0.0, slope) * (SKYPILE - last["documents"])
    keys, temporary = (last[key] / last["documents"] * SKYPILE / 1e9 for key in ("keys_bytes", "temporary_bytes"))
    return [named(last), f"{hours:.1f}", f"{memory / 1e9:.2f}", f"{slope:.1f}", f"{keys:.0f}", f"{temporary:.0f}"]


def projection_table(measured: Sequence[Figures]) -> results.Table:
    """SkyPile's 233 million."""
    rows = [projection(found) for setting in SETTINGS if len(found := of(measured, setting)) > 1]
    heads = ["verification, memory", "hours", "GB of memory", "bytes of it a document", "GB of band keys",
             "GB of temporary files"]  # fmt: skip
    text = (
        f"Projected to {SKYPILE:,} documents: time by the power above, memory by the straight line through the two "
        "largest sizes (at least the last: what `memory` bounds is full by then), disk by document. Texts here are "
        "shorter than SkyPile's: verification takes longer there, by their length; the rest does not read text."
    )
    return results.Table(heads, rows, "SkyPile", text)


def section(measured: Sequence[Figures], options: argparse.Namespace) -> results.Section:
    """All that was measured so far."""
    names = " ".join(one.name for one in options.corpora)
    text = (
        f"`python benchmarks/duplicates/scale.py WORK --corpora {names}`, {results.machine()}, {results.today()}, "
        f"commit {results.state()}, {options.workers} workers. Documents made of the corpora's sentences, about 310 "
        "characters each, 30 % of them copies; similarity 0.8, 128 permutations. Files are read from the page cache as "
        "far as they are in it."
    )
    tables = [
        results.Table(["what", "measured", "must", ""], bound_rows(measured)),
        growth_table(measured),
        pass_table(measured),
        projection_table(measured),
    ]
    tables = [table for table in tables if table.rows]
    return results.Section("Near duplicates at scale", text, tables, {"measured": list(measured)})


def keep(figures: Figures, file: Path) -> list[Figures]:
    """Put figures in the place of earlier ones of that size and setting; all of them, by size."""
    known = json.loads(file.read_text(encoding="utf-8")) if file.exists() else []
    place = (figures["documents"], figures["setting"])
    known = [one for one in known if (one["documents"], one["setting"]) != place] + [figures]
    known.sort(key=lambda one: (one["documents"], SETTINGS.index(one["setting"])))
    file.write_text(json.dumps(known, indent=1), encoding="utf-8")
    return known


def main() -> None:
    """Measure, keep the figures, show the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("work", type=Path)
    parser.add_argument("--corpora", type=Path, nargs="+", required=True)
    parser.add_argument("--sizes", type=int, nargs="+", default=[1_000_000, 2_500_000, 5_000_000, 10_000_000])
    parser.add_argument("--settings", nargs="+", choices=SETTINGS, default=list(SETTINGS[:3]))
    parser.add_argument("--small", default="100MB", help="`memory` of the setting small")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--file-documents", type=int, default=corpus.FILE_DOCUMENTS, help="sizes are multiples of it")
    parser.add_argument("--out", type=Path, help="folder of RESULTS.md [default: print only]")
    parser.add_argument("--clean", action="store_true", help="remove the corpus and the run at the end")
    options = parser.parse_args()
    if any(size % options.file_documents for size in options.sizes):
        parser.error(f"--sizes: multiples of --file-documents, {options.file_documents:,}")
    options.work = options.work.absolute()
    options.work.mkdir(parents=True, exist_ok=True)
    made = made_corpus(options)
    for documents in sorted(options.sizes):
        for setting in options.settings:
            figures = measure(options, made, documents, setting)
            print(f"{documents:,} {setting}: {figures['seconds']:.1f} s", flush=True)
            measured = keep(figures, options.work / "measured.json")
    shown = section(measured, options)
    print("", *(f"{table.title}\n\n{results.markdown(table)}\n" for table in shown.tables), sep="\n")
    if options.out:
        options.out.mkdir(parents=True, exist_ok=True)
        results.put("duplicates at scale", shown, options.out)
    if options.clean:
        for name in ("corpus", "run"):
            shutil.rmtree(options.work / name)
        (options.work / "corpus.json").unlink()


if __name__ == "__main__":
    main()
