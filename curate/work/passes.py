"""The passes in order: inputs → measure → compare → judge → write, each a list of tasks for an engine.

Every pass asks which files are missing and makes only those; so a killed run goes on, an edited threshold measures
nothing, and a new input measures that input alone.
"""

from __future__ import annotations

import datetime
import os
import shutil
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import polars as pl

from curate import disk
from curate.contracts import CorpusFilter, Input, Line, Outcome, Part, PassageFilter, Piece, Task
from curate.engines.local import Local
from curate.errors import RejectedError, WorkerError
from curate.layout import default_folder, dump_parts, load_parts, locked
from curate.pipeline import Pipeline
from curate.plan import Plan, input_name, make_parts, part_order
from curate.progress import Progress, unasked
from curate.run import Run
from curate.work import compare, repeats
from curate.work.costs import free_memory, peak_memory
from curate.work.earlier import check_earlier
from curate.work.inputs import check_steps, check_text, find_inputs, kept_parts, listed
from curate.work.record import effects, found, given

WORKER_MEMORY = 1_500_000_000
"""Bytes that one worker may come to need; the default number of workers is bounded by it."""

ONE_THREAD = {
    "POLARS_MAX_THREADS": "1",
    "RAYON_NUM_THREADS": "1",
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "NUMBA_NUM_THREADS": "1",
    "TOKENIZERS_PARALLELISM": "false",
}
"""Environment of a worker: it is one of several, and takes one core."""


def run_pipeline(
    pipeline: Pipeline | str | Path,
    out: str | Path | None = None,
    *,
    workers: int | None = None,
    limit: int | None = None,
    variables: dict[str, str] | None = None,
    progress: Progress | None = None,
) -> Run:
    """Run a pipeline (a value or a file) into the folder `out` (`runs/<name>` by default), or go on with it.

    `workers`: processes, by default one a core as far as memory allows; the results are the same for any number.
    `limit`: read only so many documents. `progress`: by default a bar in a notebook, nothing elsewhere. Raises:
    PipelineError before anything is read; other CurateErrors on the way.
    """
    started = time.time()
    pipeline = pipeline if isinstance(pipeline, Pipeline) else Pipeline.load(pipeline, variables)
    folder = Path(out) if out is not None else default_folder(pipeline, limit)
    engine = Local(workers=workers or default_workers(), environment=dict(ONE_THREAD))
    try:
        engine.start(str(folder))
        check_steps(pipeline)
        earlier = check_earlier(pipeline, folder)
        inputs = find_inputs(pipeline)
        check_text(pipeline, inputs)
        with locked(folder):
            disk.remove_temporaries(folder)
            return _Passes(pipeline, folder, inputs, limit, earlier, engine, progress or unasked(), started).run()
    finally:
        engine.close()


def default_workers() -> int:
    """One process a core, as far as memory allows."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, min(cores, free_memory() // WORKER_MEMORY))


class _Passes:
    """One run of the passes."""

    def __init__(
        self,
        pipeline: Pipeline,
        folder: Path,
        inputs: list[list[Input]],
        limit: int | None,
        earlier: dict[str, list[str]],
        engine: Local,
        progress: Progress,
        started: float,
    ) -> None:
        self.pipeline, self.folder, self.inputs, self.limit = pipeline, folder, inputs, limit
        self.earlier, self.engine, self.progress = earlier, engine, progress
        self.started = started
        self.times: list[dict[str, Any]] = [{"pass": "start", "seconds": round(time.time() - started, 3)}]
        self.memory = 0
        self.warnings: list[str] = []
        self.measured = 0

    def run(self) -> Run:
        disk.write_json(self.folder / "run.json", given(self.pipeline, self.limit, self.earlier))
        parts = self._parts()
        disk.write_json(
            self.folder / "inputs.json", {"inputs": listed(self.pipeline, self.inputs), "parts": dump_parts(parts)}
        )
        run = Run(self.folder, Plan(self.pipeline, parts, self.limit, self.earlier))
        self._measure(run)
        for number, line in enumerate(self.pipeline.filters):
            if isinstance(line.step, CorpusFilter):
                self._compare(run, number, line)
            if isinstance(line.step, PassageFilter):
                self._repeat(run, number, line)
        if not all(run.verdicts_file(part).exists() for part in run.parts):
            self._all("judge", [self._task("judge", 0, "all", {})])
        for number, writer in enumerate(self.pipeline.write):
            self._write(run, number, writer)
        with self._timed("record"):
            record = given(self.pipeline, self.limit, self.earlier) | found(run)
            for message in effects(run, record):
                self._warn(message)
        shutil.rmtree(self.folder / "cut", ignore_errors=True)
        with suppress(OSError):
            (self.folder / "staging").rmdir()
        (self.folder / "errors.log").unlink(missing_ok=True)
        disk.write_json(self.folder / "run.json", record | self._costs(run))
        return run

    # Inputs -> parts.

    def _parts(self) -> tuple[Part, ...]:
        record = disk.read_json(self.folder / "inputs.json") or {}
        known = {one["name"] for one in record.get("inputs", [])}
        earlier = load_parts(record)
        parts: list[Part] = []
        for number, (line, inputs) in enumerate(zip(self.pipeline.read, self.inputs, strict=True)):
            names = {source.path: input_name(source, line) for source in inputs}
            kept = kept_parts(earlier, number, names, known)
            taken = {piece.path for part in kept for piece in part.pieces}
            new = [source for source in inputs if source.path not in taken]
            parts += make_parts(number, list(self._pieces(number, line, new, names)), kept)
        return tuple(sorted(parts, key=part_order))

    def _pieces(
        self, number: int, line: Line[Any], inputs: list[Input], names: dict[str, str]
    ) -> Iterator[tuple[str, list[Piece]]]:
        to_cut = [source for source in inputs if line.step.must_cut(source)]
        cut = {}
        for outcome in self._map("cut", [self._task("cut", number, one.path, one._asdict()) for one in to_cut]):
            cut[outcome.task.part] = [Piece(**piece) for piece in outcome.result["pieces"]]
        for source in inputs:
            pieces = cut.get(source.path) or line.step.pieces(source, self.folder / "cut")
            yield names[source.path], pieces

    def _cut_again(self, run: Run, missing: Sequence[Part]) -> None:
        """Parts of an archive are removed at the end of a run; an edited cleaner needs them once more."""
        gone = {(part.reader, piece.path) for part in missing for piece in part.pieces if not Path(piece.file).exists()}
        tasks = [
            self._task("cut", number, source.path, source._asdict())
            for number, inputs in enumerate(self.inputs)
            for source in inputs
            if (number, source.path) in gone
        ]
        self._all("cut", tasks)

    # Measure.

    def _measure(self, run: Run) -> None:
        missing = [part for part in run.parts if not self._is_measured(run, part)]
        self._cut_again(run, [part for part in missing if not run.documents_file(part).exists()])
        self.measured = len(missing)
        if missing:
            self._all("compile", [self._task("warm up", 0, "kernels", {})])
        if self.limit is None:
            tasks = [self._task("measure", 0, part.name, {}) for part in _largest_first(missing)]
            list(self._map("measure", tasks, parts=len(run.parts)))
        else:
            self._measure_first(run, self.limit)
        self._check_rejected(run)

    def _measure_first(self, run: Run, limit: int) -> None:
        """Part by part, each up to what is left of the limit."""
        left = limit
        for part in run.parts:
            if not self._is_measured(run, part):
                self._all("measure", [self._task("measure", 0, part.name, {"limit": left})])
            left -= pl.scan_parquet(run.clean_file(part)).select(pl.len()).collect().item()

    @staticmethod
    def _is_measured(run: Run, part: Part) -> bool:
        files = [run.documents_file(part), *(run.signals_file(line, part) for line in run.pipeline.filters)]
        return all(file.exists() for file in files)

    def _check_rejected(self, run: Run) -> None:
        for number, line in enumerate(self.pipeline.read):
            parts = [part for part in run.parts if part.reader == number]
            rejected = sum(
                run.rejected_file(part).read_bytes().count(b"\n") for part in parts if run.rejected_file(part).exists()
            )
            rows = rejected + sum(
                pl.scan_parquet(run.documents_file(part)).select(pl.len()).collect().item() for part in parts
            )
            if rejected > line.step.max_rejected * rows:
                raise RejectedError(
                    f"{line.where}: {rejected:,} of {rows:,} rows could not be read, more than max_rejected "
                    f"({line.step.max_rejected:g}) allows; look at them with `curate show {self.folder} --reason "
                    "rejected`, then raise max_rejected and run again"
                )

    # Compare.

    def _compare(self, run: Run, number: int, line: Line[Any]) -> None:
        if run.groups_file(line).exists():
            compare.remove_on_the_way(run, line)  # a kill may have come between the two
            return
        if not run.parts:
            return
        work, name = compare.comparison(run, number), f"compare {line.label}"
        slices = [(partition, one) for partition in work.step.partitions() for one in range(work.slices)]
        left = [(partition, one) for partition, one in slices if not work.group_file(partition, one).exists()]
        self._all(f"{name}: group", [self._task("group", number, key, {"slice": one}) for key, one in left])
        if work.step.least_similarity() is not None:
            self._verify(work, number, name)
        self._all(f"{name}: join", [self._task("join", number, line.label, {})])

    def _verify(self, work: compare.Comparison, number: int, name: str) -> None:
        ranges = [one for one in range(work.ranges) if not work.pairs_file(one).exists()]
        self._all(f"{name}: pair", [self._task("pair", number, f"range {one}", {"range": one}) for one in ranges])
        chunks = [chunk for chunk in work.chunks() if not work.links_file(chunk).exists()]
        if not chunks:
            return
        places = [str(place) for place in range(len(work.parts)) if not work.texts_file(place).exists()]
        self._all(f"{name}: fetch", [self._task("fetch", number, place, {}) for place in places])
        self._all(f"{name}: verify", [self._task("verify", number, chunk, {}) for chunk in chunks])

    def _repeat(self, run: Run, number: int, line: Line[Any]) -> None:
        """Compare the passages of all parts; see `work.repeats`."""
        if not run.parts:
            return
        work, name = repeats.repeats(run, number), f"compare {line.label}"
        left = work.left()
        if left:
            sources = [] if work.sources_file.exists() else [line.label]
            slices = [one for one in range(work.slices) if not work.slice_file(one).exists()]
            self._all(f"{name}: count", [self._task("count sources", number, one, {}) for one in sources])
            self._all(f"{name}: group", [self._task("group slice", number, str(one), {"slice": one}) for one in slices])
            self._all(f"{name}: mark", [self._task("mark part", number, part.name, {}) for part in left])
        work.finish()

    # Write.

    def _write(self, run: Run, number: int, line: Line[Any]) -> None:
        folder = run.shards_folder(line)
        done = disk.read_json(folder / "manifest.json")
        if not done or done.get("fingerprint") != run.plan.writers[line.label]:
            self._write_shards(run, number, line, folder)
        warning = (disk.read_json(folder / "manifest.json") or {}).get("warning")
        if warning:
            self._warn(f"{line.label}: {warning}")

    def _write_shards(self, run: Run, number: int, line: Line[Any], folder: Path) -> None:
        staging, name = run.staging(line), f"write {line.label}"
        staging.folder.mkdir(parents=True, exist_ok=True)
        self._all(f"{name}: prepare", [self._task("prepare", number, line.label, {})])
        self._all(f"{name}: compile", [self._task("warm up writer", number, line.label, {})])
        self._all(
            f"{name}: collect", [self._task("stage", number, part.name, {}) for part in _largest_first(run.parts)]
        )
        (plan,) = self._all(f"{name}: plan", [self._task("plan", number, line.label, {})])
        ready = staging.folder / "shards"
        ready.mkdir(exist_ok=True)
        tasks = [
            self._task("shard", number, f"{place:05}", {"shard": shard, "folder": str(ready)})
            for place, shard in enumerate(plan.result["shards"])
        ]
        written = {outcome.task.part: outcome.result["shard"] for outcome in self._all(f"{name}: shards", tasks)}
        options = {"shards": [written[place] for place in sorted(written)], "folder": str(ready)}
        (finished,) = self._all(f"{name}: finish", [self._task("finish", number, line.label, options)])
        manifest = finished.result["manifest"] | {"fingerprint": run.plan.writers[line.label]}
        disk.write_json(ready / "manifest.json", manifest)
        disk.swap_in(ready, folder)
        for earlier in staging.folder.parent.glob(f"{line.label}-*"):
            shutil.rmtree(earlier, ignore_errors=True)

    # Tasks, times, records.

    def _task(self, action: str, step: int, part: str, options: dict[str, Any]) -> Task:
        return Task(str(self.folder), action, step, part, options)

    def _all(self, name: str, tasks: Sequence[Task]) -> list[Outcome]:
        return list(self._map(name, tasks))

    def _map(self, name: str, tasks: Sequence[Task], parts: int | None = None) -> Iterator[Outcome]:
        """Run the tasks of a pass; `parts` says how many there would be without the ones that are done."""
        if not tasks and parts is None:
            return
        with self._timed(name) as time_of_pass:
            n_bytes, worker_seconds, steps = 0, 0.0, Counter[str]()
            self.progress.start(name, len(tasks), (parts or len(tasks)) - len(tasks))
            for number, outcome in enumerate(self.engine.map(tasks)):
                if outcome.error:
                    advice = f"details in {self.folder / 'errors.log'}; run the same command to go on"
                    raise WorkerError(f"{name} {outcome.task.part}: {outcome.error}; {advice}")
                self.memory = max(self.memory, outcome.result["memory"])
                n_bytes += outcome.result.get("bytes", 0)
                worker_seconds += outcome.result["wall"]
                steps.update(outcome.result.get("seconds", {}))
                self.progress.advance(number + 1, outcome.result.get("bytes", 0))
                yield outcome
            self.progress.finish()
            time_of_pass["worker_seconds"] = round(worker_seconds, 3)
            time_of_pass["worker_memory_bytes"] = self.memory  # the most so far
            if n_bytes:
                time_of_pass["bytes"] = n_bytes
            if steps:
                time_of_pass["steps"] = {step: round(seconds, 3) for step, seconds in steps.items()}

    @contextmanager
    def _timed(self, name: str) -> Iterator[dict[str, Any]]:
        """Time a pass; what is put into its entry of the record stands there, too."""
        entry: dict[str, Any] = {"pass": name}
        started = time.perf_counter()
        yield entry
        self.times.append(entry | {"seconds": round(time.perf_counter() - started, 3)})

    def _warn(self, message: str) -> None:
        self.warnings.append(message)
        self.progress.warn(message)

    def _costs(self, run: Run) -> dict[str, Any]:
        """What the record says of this very call: times, memory, warnings."""
        return {
            "parts": {"all": len(run.parts), "measured": self.measured},
            "warnings": self.warnings,
            "passes": self.times,
            "wall_seconds": round(time.time() - self.started, 3),
            "workers": self.engine.workers,
            "worker_memory_bytes": self.memory,
            "memory_bytes": peak_memory(),
            "finished": datetime.datetime.now().astimezone().isoformat(timespec="microseconds"),
        }


def _largest_first(parts: Sequence[Part]) -> list[Part]:
    """So that workers finish at about the same time."""
    return sorted(parts, key=lambda part: -sum(piece.size for piece in part.pieces))
