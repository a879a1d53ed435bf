"""Kill a run while it compares documents, resume it, and look whether every byte is the same.

    python benchmarks/duplicates/kill_compare.py --corpora zh_web.jsonl.zst [--documents 200000] [--kills 5] [--seed 0]

A made corpus (see corpus.py) is run undisturbed with exact_duplicates and near_duplicates. Then, for each kill, a copy
that is measured but not compared is started, its whole process group is killed (signal 9) at a random moment of its
own stretch of the time between band keys and verdicts, and the run is resumed. Groups, verdicts, documents, signals and
keys must be the same bytes. `--memory 100MB` compares within so much.
"""

from __future__ import annotations

import argparse
import json
import random
import shutil
import sys
import tempfile
from pathlib import Path

import corpus
import watched

sys.path.append(str(Path(__file__).parents[1]))

import kill_resume

PIPELINE = """
name: kill_compare
read:
  - parquet: {{id: id, paths: ["{corpus}/documents/*.parquet"]}}
filters:
  - exact_duplicates: {parameters}
  - near_duplicates: {parameters}
"""
TRIES = 8
"""A kill that comes when all verdicts are there is tried again so often."""


def state(out: Path) -> str:
    """Where a run was stopped: `before` its comparison left a trace, `inside` it, or `after` it."""
    parts = len(json.loads((out / "inputs.json").read_text(encoding="utf-8"))["parts"])
    if len(list(out.glob("verdicts-*/*.parquet"))) == parts:
        return "after"
    earlier = {entry for pattern in (*watched.MEASURED, *watched.STARTED) for entry in out.glob(pattern)}
    return "inside" if set(out.iterdir()) - earlier else "before"


def kill(pipeline: Path, whole: Path, out: Path, span: tuple[float, float], chance: random.Random) -> float:
    """Kill a run of a fresh copy at a moment of `span`; when that was, in seconds since it began to compare."""
    start, stop = span
    for _ in range(TRIES):
        shutil.rmtree(out, ignore_errors=True)
        watched.measured_copy(whole, out)
        after = chance.uniform(start, stop)
        kill_resume.killed(pipeline, out, after, begun=out / "groups")
        if state(out) == "inside":
            return after
        start, stop = 0.8 * start, after  # this run was faster than the one that gave the span
    raise SystemExit(f"no kill in {TRIES} met the run while it compared; give more --documents")


def trial(pipeline: Path, whole: Path, out: Path, span: tuple[float, float], chance: random.Random) -> bool:
    """Kill and resume once; whether the bytes are those of the undisturbed run."""
    after = kill(pipeline, whole, out, span, chance)
    left = sum(file.is_file() for file in out.glob("groups/**/*"))
    resumed = watched.run(pipeline, out, workers=2)
    what = f"killed after {after:.1f} s with {left} files of groups, resumed in {sum(resumed.seconds().values()):.1f} s"
    return kill_resume.told(what, kill_resume.hashes(whole), kill_resume.hashes(out))


def compare(options: argparse.Namespace, folder: Path) -> bool:
    """An undisturbed run, and those that are killed; whether all have the same bytes."""
    corpus.write(folder, corpus.read_pool(options.corpora), options.seed, corpus.Crawl(options.documents))
    pipeline, whole = folder / "pipeline.yaml", folder / "whole"
    parameters = json.dumps({"memory": options.memory} if options.memory else {})
    pipeline.write_text(PIPELINE.format(corpus=folder, parameters=parameters), encoding="utf-8")
    watched.run(pipeline, whole, workers=2)
    watched.measured_copy(whole, folder / "again")
    again = watched.run(pipeline, folder / "again", workers=2)
    start, stop = again.comparing
    print(f"{options.documents:,} documents, compared in {stop - start:.1f} s")
    same = [kill_resume.told("compared again", kill_resume.hashes(whole), kill_resume.hashes(folder / "again"))]
    chance = random.Random(options.seed)
    for number in range(options.kills):
        length = (stop - start) / options.kills
        span = (number * length, (number + 1) * length)
        same.append(trial(pipeline, whole, folder / "killed", span, chance))
    return all(same)


def main() -> None:
    """Kill, resume, compare."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--corpora", type=Path, nargs="+", required=True)
    parser.add_argument("--documents", type=int, default=200_000)
    parser.add_argument("--kills", type=int, default=5)
    parser.add_argument("--memory", help="`memory` of both filters")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--work", type=Path, help="where the temporary folder is made")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="curate-kill-", dir=options.work) as folder:
        same = compare(options, Path(folder))
    sys.exit(0 if same else 1)


if __name__ == "__main__":
    main()
