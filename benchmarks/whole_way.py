"""The whole way, from compressed JSON lines to finished shards: speed, growth with the corpus, memory, judging again.

    python benchmarks/whole_way.py CORPUS --tokenizers FOLDER [--copies 1 2 4 8] [--short 1500000]

CORPUS is what bench.py takes; each copy of it after the first has a share of its characters changed (`texts.FAR`: no
near duplicates), and is a .jsonl.zst of its own. FOLDER holds qwen2.5/tokenizer.json. Two runs of each size count the
best. `--short`: so many documents of 100 to 500 characters, cut from the corpus, for what grows with documents and not
with text. Takes about 15 minutes with the defaults on 134 MB, 20 times the corpus on disk; writes a section of
RESULTS.md. Kernels are compiled before (a small run comes first).
"""

from __future__ import annotations

import argparse
import json
import math
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import results
import texts
import zstandard

PIPELINES = Path(__file__).parents[1] / "pipelines"
SHORT_CHARS = (100, 500)
FILE_DOCUMENTS = 250_000
"""Short documents in a file."""


KEPT = (*("counts", "bytes", "passes", "wall_seconds", "workers", "worker_memory_bytes", "memory_bytes", "versions"),)


class Done(NamedTuple):
    """A run."""

    record: dict[str, Any]
    """Its `run.json`."""
    whole: float
    """Seconds of the whole process: with the start of Python, and the report."""

    @property
    def seconds(self) -> float:
        """From the start to finished shards."""
        return float(self.record["wall_seconds"])

    @property
    def megabytes(self) -> float:
        return int(self.record["bytes"]) / 1e6

    @property
    def rate(self) -> float:
        """MB of text a second and worker."""
        return self.megabytes / self.seconds / int(self.record["workers"])

    def numbers(self) -> dict[str, Any]:
        """What is kept of it, without names of folders."""
        return {"whole": self.whole} | {key: self.record[key] for key in KEPT}

    def in_passes(self, word: str) -> float:
        """Seconds of the passes that have this word in their name."""
        return sum(one["seconds"] for one in self.record["passes"] if word in one["pass"])


def run(pipeline: Path, files: str, tokenizers: Path, out: Path, workers: int = 1) -> Done:
    """Run a pipeline in a process of its own."""
    variables = {"CORPUS": files, "QWEN_TOKENIZER": str(tokenizers / "qwen2.5")}
    command = [sys.executable, "-m", "curate.cli", "run", str(pipeline), "--out", str(out), "--workers", str(workers)]
    command += [word for name, value in variables.items() for word in ("--set", f"{name}={value}")]
    started = time.perf_counter()
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(f"{' '.join(command)}\n{done.stderr}")
    return Done(json.loads((out / "run.json").read_text(encoding="utf-8")), time.perf_counter() - started)


def best(times: int, pipeline: Path, files: str, tokenizers: Path, out: Path, workers: int = 1) -> Done:
    """The fastest of some runs, each from nothing."""
    found = []
    for _ in range(times):
        shutil.rmtree(out, ignore_errors=True)
        found.append(run(pipeline, files, tokenizers, out, workers))
    return min(found, key=lambda done: done.seconds)


def write_copies(documents: Sequence[str], most: int, folder: Path) -> None:
    """Write `0.jsonl.zst`, the documents, and perturbed copies of them."""
    for copy in range(most):
        generator = np.random.default_rng(copy)
        changed = (texts.perturbed(text, texts.FAR, generator) if copy else text for text in documents)
        write(changed, folder / f"{copy}.jsonl.zst")


def write_short(documents: Sequence[str], most: int, folder: Path) -> None:
    """Write short documents, cut from the corpus and from perturbed copies of it."""
    chance = np.random.default_rng(0)

    def cut() -> Iterator[str]:
        for copy in range(most):  # far more than enough
            for text in documents:
                whole = texts.perturbed(text, texts.FAR, chance) if copy else text
                start = 0
                while start < len(whole):
                    length = int(chance.integers(*SHORT_CHARS))
                    yield whole[start : start + length]
                    start += length

    pieces = cut()
    for number in range(-(-most // FILE_DOCUMENTS)):
        count = min(FILE_DOCUMENTS, most - number * FILE_DOCUMENTS)
        write((next(pieces) for _ in range(count)), folder / f"{number}.jsonl.zst")


def write(documents: Iterator[str], path: Path) -> None:
    """Write documents as compressed JSON lines."""
    with path.open("wb") as raw, zstandard.ZstdCompressor(level=3).stream_writer(raw) as stream:
        for text in documents:
            stream.write(json.dumps({"text": text}, ensure_ascii=False).encode() + b"\n")


def exponent(done: Sequence[Done]) -> float:
    """How time grows: the slope of its logarithm over that of the size, by least squares."""
    if len(done) < 2:
        return math.nan
    sizes, seconds = [math.log(one.megabytes) for one in done], [math.log(one.seconds) for one in done]
    return float(np.polyfit(sizes, seconds, 1)[0])


def edited(pipeline: Path, place: Path) -> Path:
    """The pipeline with another threshold."""
    text = pipeline.read_text(encoding="utf-8")
    place.write_text(
        text.replace("  - length\n", "  - length:\n      drop:\n        too_short: chars < 120\n"), "utf-8"
    )
    return place


def growth_table(grown: Sequence[Done]) -> results.Table:
    rows = [
        [
            f"{one.megabytes:,.0f}", f"{one.record['counts']['documents']:,}", f"{one.seconds:.1f}", f"{one.rate:.1f}",
            f"{one.whole:.1f}", f"{one.record['worker_memory_bytes'] / 1e9:.2f}",
            f"{one.record['memory_bytes'] / 1e9:.2f}",
        ]
        for one in grown
    ]  # fmt: skip
    heads = ["MB of text", "documents", "seconds to shards", "MB/s", "with start and report", "worker GB", "parent GB"]
    return results.Table(heads, rows, "Growth, one worker", f"Seconds grow with MB to the power {exponent(grown):.3f}.")


def time_table(done: Done) -> results.Table:
    """Passes and steps, by the clock."""
    rows = []
    for one in done.record["passes"]:
        rows.append([one["pass"], f"{one['seconds']:.2f}", f"{one['seconds'] / done.seconds:.1%}"])
        at_once = max(1.0, one.get("worker_seconds", 0) / one["seconds"]) if one["seconds"] else 1.0
        steps = [(step, seconds / at_once) for step, seconds in one.get("steps", {}).items()]
        rows += [[f"… {step}", f"{seconds:.2f}", f"{seconds / done.seconds:.1%}"] for step, seconds in steps]
    listed = sum(one["seconds"] for one in done.record["passes"])
    text = f"{done.megabytes:,.0f} MB, one worker: {done.seconds:.1f} s, of which the passes hold {listed:.1f}."
    return results.Table(["pass, step", "seconds", "share"], rows, "Where the time goes", text)


def measure(options: argparse.Namespace, work: Path) -> results.Section:
    """All of it."""
    pipeline, out = PIPELINES / "skypile.yaml", work / "run"
    documents = texts.read(options.corpus)
    copies = sorted(options.copies)
    write_copies(documents, copies[-1], work)
    run(PIPELINES / "skypile_full.yaml", str(PIPELINES.parent / "samples/skypile/*.jsonl*"), options.tokenizers, out)
    grown = []
    for number in copies:
        files = str(work / f"[0-{number - 1}].jsonl.zst")
        grown.append(best(2 if number <= 2 else 1, pipeline, files, options.tokenizers, out))
        print(f"{number} x: {grown[-1].seconds:.1f} s, {grown[-1].rate:.1f} MB/s", flush=True)
    two = best(1, pipeline, files, options.tokenizers, out, workers=2)
    full = best(1, PIPELINES / "skypile_full.yaml", str(work / "0.jsonl.zst"), options.tokenizers, out)
    print(f"two workers: {grown[-1].seconds / two.seconds:.2f} times one; everything: {full.rate:.1f} MB/s", flush=True)
    facts = [
        [f"skypile.yaml, {grown[0].megabytes:,.0f} MB, one worker", f"{grown[0].rate:.1f} MB/s", ">= 6, aim 10"],
        [f"skypile_full.yaml, {full.megabytes:,.0f} MB, one worker", f"{full.rate:.1f} MB/s", ">= 3, aim 6"],
        [f"two workers, {copies[-1]} files", f"{grown[-1].seconds / two.seconds:.2f} times one", ">= 1.7"],
        ["time grows with text to the power", f"{exponent(grown):.3f}", "<= 1.05"],
        [
            "memory of a worker, most",
            f"{max(one.record['worker_memory_bytes'] for one in grown) / 1e9:.2f} GB",
            "<= 1.5",
        ],
        *(short_facts(options, work, documents) if options.short else []),
    ]
    text = (
        f"`python benchmarks/whole_way.py {options.corpus.name} --tokenizers {options.tokenizers.name}`, "
        f"{results.machine()}, {results.today()}, commit {results.state()}. From compressed JSON lines to Megatron "
        f"shards of Qwen2.5 tokens. MB of text (UTF-8) a second and worker, from the start of the run to finished "
        "shards; the report comes after that."
    )
    tables = [results.Table(["what", "measured", "must"], facts), growth_table(grown), time_table(grown[0])]
    data = {"grown": [one.numbers() for one in grown], "two": two.numbers(), "full": full.numbers()}
    return results.Section("The whole way", text, tables, data)


def short_facts(options: argparse.Namespace, work: Path, documents: Sequence[str]) -> list[list[str]]:
    """What grows with the number of documents."""
    short, out = work / "short", work / "run-short"
    short.mkdir()
    write_short(documents, options.short, short)
    files = str(short / "*.jsonl.zst")
    first = run(PIPELINES / "skypile.yaml", files, options.tokenizers, out, workers=2)
    again = run(edited(PIPELINES / "skypile.yaml", work / "edited.yaml"), files, options.tokenizers, out, workers=2)
    before_writing = again.in_passes("start") + again.in_passes("judge")
    n = first.record["counts"]["documents"]
    print(f"{n:,} short documents: {first.seconds:.0f} s; judged again in {before_writing:.1f} s", flush=True)
    parent = max(one.record["memory_bytes"] for one in (first, again)) / 1e9
    worker = max(one.record["worker_memory_bytes"] for one in (first, again)) / 1e9
    return [
        [f"{n:,} short documents judged again, up to writing", f"{before_writing:.1f} s", "<= 3 for 1,000,000"],
        [f"memory of the parent at {n:,} documents", f"{parent:.2f} GB", "<= 1"],
        [f"memory of a worker at {n:,} documents", f"{worker:.2f} GB", "<= 1.5"],
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("corpus", type=Path)
    parser.add_argument("--tokenizers", type=Path, required=True)
    parser.add_argument("--copies", type=int, nargs="+", default=[1, 2, 4, 8], help="sizes, in copies of the corpus")
    parser.add_argument("--short", type=int, default=1_500_000, help="short documents; 0: leave them out")
    parser.add_argument("--out", type=Path, default=results.HERE, help="folder of RESULTS.md")
    options = parser.parse_args()
    if max(options.copies) > 10:
        parser.error("--copies: at most 10")
    options.tokenizers = options.tokenizers.absolute()
    options.out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as work:
        section = measure(options, Path(work))
    results.put("whole way", section, options.out)
    for table in section.tables:
        print(f"\n{results.markdown(table)}")


if __name__ == "__main__":
    main()
