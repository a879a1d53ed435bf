"""Time and memory of `curate tune` over millions of documents.

    python benchmarks/tune_scale.py WORK --run RUN [--documents 10000000] [--most 10] [--keep]

The signals and verdicts of a finished run are repeated under WORK until there are so many documents; each copy's
fractions are moved by a billionth or so, so that no value stands there twice (which is harder: equal values are counted
as one). Texts are linked, not copied. Then each question is asked in a process of its own: its seconds, the seconds of
its cores, its memory. What takes longer than `--most` seconds fails. 10 million documents take about 2 GB, which are
removed at the end, unless `--keep`.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import polars as pl
import pyarrow.parquet as pq

from curate import disk
from curate.contracts import Line, Part, PassageFilter
from curate.layout import dump_parts
from curate.plan import Plan
from curate.run import Run

JITTER = 1e-9
"""Share of a fraction by which a copy's values differ from those of the copy before."""
QUESTIONS = (
    [],
    ["language.not_chinese=lang != 'zh' OR lang_score < 0.8"],
    ["toxicity.gambling=null", "quality.few_han=han_ratio < 0.2"],
    ["length.too_short"],
    ["toxicity.gambling", "--number", "1"],
    ["chars"],
    ["lang_score"],
    ["lang"],
    ["length.too_short", "--target-keep", "0.7"],
    ["language.not_chinese", "--target-keep", "0.6", "--by", "bytes"],
)
"""What is asked; rules and signals of a pipeline such as pipelines/skypile.yaml."""


def repeated(source: Run, folder: Path, documents: int) -> Run:
    """A run in `folder` with the tables of another, repeated."""
    sizes = source.rows()
    parts: list[Part] = []
    while sum(sizes[place % len(sizes)] for place in range(len(parts))) < documents:
        place = len(parts)
        piece = source.parts[place % len(sizes)].pieces[0]._replace(path=f"{place:06}.jsonl", start=0)
        parts.append(Part(f"{place:012x}-00000", 0, (piece,)))
    run = Run(folder, Plan(source.pipeline, tuple(parts), None, {}))
    for place, part in enumerate(parts):
        copy_part(source, source.parts[place % len(sizes)], run, part, place // len(sizes))
    disk.write_json(folder / "inputs.json", {"inputs": [], "parts": dump_parts(run.parts)})
    disk.write_json(folder / "run.json", source.record)
    for line in run.pipeline.write:
        manifest = source.manifests()[line.label] | {"fingerprint": run.plan.writers[line.label]}
        manifest["tokens"] *= len(parts) // len(sizes)
        disk.write_json(run.shards_folder(line) / "manifest.json", manifest)
    return run


def copy_part(source: Run, part: Part, run: Run, copy: Part, number: int) -> None:
    """All tables of one part."""
    written = {source.clean_file(part): run.clean_file(copy), source.verdicts_file(part): run.verdicts_file(copy)}
    for line in source.pipeline.filters:
        written[signals_file(source, line, part)] = signals_file(run, line, copy)
    for file, place in written.items():
        frame = disk.read_frame(file)
        moved = frame.with_columns(pl.col(pl.Float64) * (1 + JITTER * number))
        place.parent.mkdir(parents=True, exist_ok=True)
        pq.write_table(moved.to_arrow(), place, compression="zstd", compression_level=1)
    documents = run.documents_file(copy)
    documents.parent.mkdir(parents=True, exist_ok=True)
    os.link(source.documents_file(part), documents)


def signals_file(run: Run, line: Line, part: Part) -> Path:
    """Where the signals of a filter lie."""
    return run.shared_file(line, part) if isinstance(line.step, PassageFilter) else run.signals_file(line, part)


def asked(folder: Path, words: list[str]) -> tuple[float, float, float]:
    """Seconds, seconds of all cores and gigabytes that an answer takes. Raises: SystemExit where there is none."""
    started = time.perf_counter()
    child = subprocess.Popen(
        [sys.executable, "-m", "curate.cli", "tune", str(folder), *words], stdout=subprocess.DEVNULL
    )
    _, status, used = os.wait4(child.pid, 0)
    if status:
        raise SystemExit(f"curate tune {' '.join(words)}: failed")
    return time.perf_counter() - started, used.ru_utime + used.ru_stime, used.ru_maxrss * 1024 / 1e9


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("work", type=Path)
    options.add_argument("--run", type=Path, required=True)
    options.add_argument("--documents", type=int, default=10_000_000)
    options.add_argument("--most", type=float, default=10.0)
    options.add_argument("--keep", action="store_true")
    given = options.parse_args()
    folder = given.work / "repeated"
    run = Run.open(folder) if (folder / "run.json").exists() else repeated(Run.open(given.run), folder, given.documents)
    size = sum(disk.size(folder / name) for name in ("signals", f"verdicts-{run.plan.verdicts}"))
    print(f"{sum(run.rows()):,} documents, {len(run.parts)} parts, {size / 1e9:.1f} GB of tables")
    slow = 0
    for words in QUESTIONS:
        seconds, work, memory = asked(folder, words)
        slow += seconds > given.most
        print(f"{seconds:6.1f} s  {work:6.1f} core s  {memory:5.2f} GB  curate tune RUN {' '.join(words)}", flush=True)
    if not given.keep:
        shutil.rmtree(folder)
    if slow:
        raise SystemExit(f"{slow} of {len(QUESTIONS)} answers took more than {given.most:g} s")


if __name__ == "__main__":
    main()
