"""Kill a run at random moments, resume it, and compare every byte; run with 1 and with 2 workers, and compare again.

    python benchmarks/kill_resume.py CORPUS.jsonl.zst --tokenizers FOLDER [--kills 5] [--seed 0]

CORPUS goes through every filter to all three targets (MiniMind's and Qwen2.5's tokenizers from FOLDER/minimind and
FOLDER/qwen2.5, the white box's trained). Prints wall time and peak memory of a run, and the moment of each kill.
"""

import argparse
import hashlib
import json
import os
import random
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

PIPELINE = """
name: kill_resume
read:
  - jsonl: {{paths: ["{corpus}"]}}
clean: [unicode]
filters:
  - length
  - language
  - quality
  - repetition
  - toxicity
  - exact_duplicates
  - near_duplicates: {{prefer: chars DESC}}
write:
  - tokens: {{target: minimind, tokenizer: "{tokenizers}/minimind"}}
  - tokens: {{target: whitebox, tokenizer: train}}
  - tokens: {{target: qwen2.5-0.5b, tokenizer: "{tokenizers}/qwen2.5", format: megatron}}
  - tokens: {{name: qwen-arrow, target: qwen2.5-0.5b, tokenizer: "{tokenizers}/qwen2.5", format: arrow}}
"""
SAME_BYTES = ("documents-*/*", "signals/*/*", "keys/*/*", "groups/*/*", "verdicts-*/*", "rejected/*", "shards/**/*")


def hashes(run: Path) -> dict[str, str]:
    """Hash of every file of a run that must be the same each time."""
    files = {file for pattern in SAME_BYTES for file in run.glob(pattern) if file.is_file()}
    return {str(file.relative_to(run)): hashlib.sha256(file.read_bytes()).hexdigest() for file in sorted(files)}


def command(pipeline: Path, out: Path, workers: int) -> list[str]:
    """The command line of one run."""
    return [sys.executable, "-m", "curate.cli", "run", str(pipeline), "--out", str(out), "--workers", str(workers)]


def timed(pipeline: Path, out: Path, workers: int) -> float:
    """Run to the end; seconds."""
    started = time.perf_counter()
    subprocess.run(command(pipeline, out, workers), check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return time.perf_counter() - started


def killed(pipeline: Path, out: Path, after: float, begun: Path | None = None) -> bool:
    """Start a run, kill its whole process group after some seconds; whether it was still running.

    Seconds count from the start, or from when the file `begun` is there.
    """
    process = subprocess.Popen(
        command(pipeline, out, 2), start_new_session=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    while begun is not None and process.poll() is None and not begun.exists():
        time.sleep(0.005)
    time.sleep(after)
    running = process.poll() is None
    if running:
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    return running


def told(what: str, expected: dict[str, str], found: dict[str, str]) -> bool:
    """Say whether two runs have the same bytes, and where they differ."""
    different = sorted({name for name, _ in expected.items() ^ found.items()})
    print(f"{what}: {'DIFFERENT' if different else 'same bytes'} in {len(expected)} files", *different[:10], sep="\n  ")
    return not different


def main() -> None:
    """Run, compare, kill, resume, compare."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("corpus", type=Path)
    parser.add_argument("--tokenizers", type=Path, required=True)
    parser.add_argument("--kills", type=int, default=5)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="curate-kill-"))
    pipeline = folder / "pipeline.yaml"
    text = PIPELINE.format(corpus=options.corpus.absolute(), tokenizers=options.tokenizers.absolute())
    pipeline.write_text(text, encoding="utf-8")
    try:
        compare(pipeline, folder, options.kills, random.Random(options.seed))
    finally:
        shutil.rmtree(folder)


def compare(pipeline: Path, folder: Path, kills: int, chance: random.Random) -> None:
    """Two whole runs and one that is killed again and again."""
    seconds = {workers: timed(pipeline, folder / f"run{workers}", workers) for workers in (2, 1)}
    record = json.loads((folder / "run2/run.json").read_text(encoding="utf-8"))
    size = record["bytes"] / 1e6
    for workers, taken in seconds.items():
        print(f"{workers} workers: {taken:.1f} s, {size / taken:.1f} MB/s of text ({size:.0f} MB)")
    print(f"counts: {record['counts']}; peak memory of a worker {record['worker_memory_bytes'] / 1e6:.0f} MB,", end=" ")
    print(f"of any process {resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1e3:.0f} MB")
    expected = hashes(folder / "run2")
    same = told("1 and 2 workers", expected, hashes(folder / "run1"))
    for number in range(kills):
        after = chance.uniform(1.0, seconds[1] / 4)  # each run goes on from the one before
        running = killed(pipeline, folder / "killed", after)
        print(f"kill {number + 1}: after {after:.1f} s{'' if running else ' (the run was over)'}")
    print(f"resumed: {timed(pipeline, folder / 'killed', 2):.1f} s")
    resumed = told(f"killed {kills} times", expected, hashes(folder / "killed"))
    sys.exit(0 if same and resumed else 1)


if __name__ == "__main__":
    main()
