"""What `repeated_lines`, `repeated_passages` and `repeated_inside` find in a corpus, to be read by eye; time and disk.

    python benchmarks/duplicates/repeated.py CORPUS.jsonl.zst [--site source] [--top 40] [--show 10] [--only FILTER]

CORPUS is JSON lines with `text`; `--site` names the field that says where a page is from (`source`, `url`). Runs the
filters as a pipeline, behind both filters of duplicates, in a temporary folder. Prints, for each: documents and
characters cut, documents dropped; MB/s of measuring, seconds of comparing, bytes of disk a document. Then the lines
that were cut most often, with the number of documents; and cuts of each filter drawn by chance (seed 0), between the
text before and behind.
"""

from __future__ import annotations

import argparse
import io
import json
import random
import tempfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import polars as pl
import zstandard

from curate import disk
from curate.contracts import Line
from curate.run import Run
from curate.work.passes import run_pipeline

PIPELINE = """
read: [{{jsonl: {{paths: ["{corpus}"], fields: [site]}}}}]
clean: [unicode]
filters:
  - exact_duplicates
  - near_duplicates
  - repeated_lines: {{source_field: site}}
  - repeated_passages
  - repeated_inside: {{cut: true}}
"""
CONTEXT = 80
"""Characters shown before and behind a cut."""


def with_site(corpus: Path, site: str, out: Path) -> None:
    """Copy a corpus; its field `site` is that of the name given."""
    with corpus.open("rb") as file, out.open("w", encoding="utf-8") as target:
        stream = zstandard.ZstdDecompressor().stream_reader(file) if corpus.suffix == ".zst" else file
        for line in io.TextIOWrapper(stream, encoding="utf-8"):
            record = json.loads(line)
            row = {"id": record.get("id"), "text": record["text"], "site": record.get(site)}
            target.write(json.dumps(row, ensure_ascii=False) + "\n")


def cut_texts(run: Run, line: Line[Any]) -> Iterator[tuple[str, str, str, str]]:
    """Every cut of a filter in kept documents: id, text before, the cut, text behind."""
    for part in run.parts:
        texts = pl.read_parquet(run.documents_file(part), columns=["id", "text"])
        kept = pl.read_parquet(run.verdicts_file(part), columns=["kept"])["kept"]
        spans = disk.read_frame(run.cuts_file(line, part), None)
        for row, start, end in spans.filter(kept.gather(spans["row"])).select("row", "start_char", "end_char").rows():
            text = texts["text"][row]
            yield texts["id"][row], text[max(0, start - CONTEXT) : start], text[start:end], text[end : end + CONTEXT]


def print_costs(run: Run) -> None:
    """Seconds of the passes, and disk of each filter."""
    record = run.record
    documents, megabytes = record["counts"]["documents"], record["bytes"] / 1e6
    passes = {one["pass"]: one for one in record["passes"]}
    for line in run.pipeline.filters:
        seconds = passes["measure"]["steps"][line.label]
        compared = {name: one["seconds"] for name, one in passes.items() if name.startswith(f"compare {line.label}")}
        size = {
            kind: sum(disk.size(folder) for folder in (run.folder / kind).glob(f"{line.label}-*")) / documents
            for kind in ("signals", "keys", "passages", "groups", "cuts")
        }
        print(f"{line.label:18} measured at {megabytes / seconds:5.0f} MB/s; seconds to compare: {compared}")
        print(f"{'':18} bytes a document: " + ", ".join(f"{kind} {bytes_:.0f}" for kind, bytes_ in size.items()))
    memory = record["worker_memory_bytes"] / 1e6
    print(f"{documents:,} documents, {megabytes:.0f} MB; memory of a worker {memory:.0f} MB")
    print(record["counts"], record["dropped"], record["cut"], sep="\n")


def print_lines(run: Run, line: Line[Any], top: int) -> None:
    """The lines that were cut most often."""
    counts: Counter[str] = Counter()
    for _, _, cut, _ in cut_texts(run, line):
        counts.update(set(filter(None, (one.strip() for one in cut.split("\n")))))
    print(f"\n{len(counts):,} different lines; cut most often:")
    for text, number in counts.most_common(top):
        print(f"{number:7} {text[:120]}")


def print_cuts(run: Run, line: Line[Any], n: int) -> None:
    """Cuts drawn by chance, in context, one of a document."""
    found = list(cut_texts(run, line))
    random.Random(0).shuffle(found)
    shown = list({name: (name, *texts) for name, *texts in found}.values())[:n]
    print(f"\n{line.label}: {len(found):,} cuts, {len(shown)} of them:")
    for name, before, cut, behind in shown:
        print(f"--- {name}\n{before}⟦{cut}⟧{behind}")


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("corpus", type=Path)
    parser.add_argument("--site", default="source")
    parser.add_argument("--top", type=int, default=40)
    parser.add_argument("--show", type=int, default=10)
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--out", type=Path, help="keep the run there")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        out = options.out or Path(folder) / "run"
        corpus = out.parent / "corpus.jsonl"
        if not corpus.exists():
            with_site(options.corpus, options.site, corpus)
        pipeline = out.parent / "repeated.yaml"
        pipeline.write_text(PIPELINE.format(corpus=corpus), encoding="utf-8")
        run = run_pipeline(pipeline, out, workers=options.workers)
        print_costs(run)
        lines = {line.label: line for line in run.pipeline.filters}
        print_lines(run, lines["repeated_lines"], options.top)
        for name in ("repeated_lines", "repeated_passages", "repeated_inside"):
            print_cuts(run, lines[name], options.show)


if __name__ == "__main__":
    main()
