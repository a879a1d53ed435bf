"""A run folder: where things lie, what it says of itself, how to look into it.

    run.json                         pipeline, versions, seed, counts, outputs, times, memory
    inputs.json                      input files and their parts
    documents-<fp>/<part>.parquet    cleaned documents
    signals/<filter>-<fp>/…          signals, row-aligned with the documents
    keys/<filter>-<fp>/<part>.arrow  keys of a corpus filter, row-aligned too
    passages/<filter>-<fp>/…         lines, sentences: what a filter may cut that looks for them in other documents
    cuts/<filter>-<fp>/…             passages that a filter found and the shards may leave out
    groups/<filter>-<fp>/…           groups of a corpus filter, and what they are made of while they are not there;
                                     repeated passages of each part
    verdicts-<fp>/<part>.parquet     id, kept, one Boolean per rule, duplicate_of, what is known of clusters
    rejected/<part>.jsonl            rows that could not be read
    shards/<target>/                 data files, manifest.json, documents.parquet, USE.md

Resume means: the file exists. There is no other record of what is done.
"""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl

from curate import cuts, disk, display, judge
from curate.contracts import ID, TEXT, Documents, Line, Part, PassageFilter, Piece, Staging
from curate.errors import CurateError
from curate.pipeline import Pipeline
from curate.plan import Plan, part_order

if TYPE_CHECKING:
    from curate.budget import Budget
    from curate.diff import Difference
    from curate.verdicts import Verdicts

CLEAN = "documents"
"""Name, under `signals/`, of what is measured while documents are cleaned (`text_bytes`, the cleaners' signals)."""
TEXT_CHARS = "text_chars"
"""A column there that is no signal: characters of the cleaned text, from which `chars_left` is made."""


@contextmanager
def locked(folder: Path, command: str = "run") -> Iterator[None]:
    """Make a folder and keep other processes from writing into it. Raises: CurateError when one of `command` does."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock = (folder / "run.lock").open("w")
    except OSError as error:
        raise CurateError(f"{folder}: cannot be written to ({error.strerror}); give another folder: --out") from error
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise CurateError(
                f"{folder}: another `curate {command}` is working here; wait for it or stop it"
            ) from error
        yield


_NEEDED = {"folder", "working", "pipeline", "variables", "name", "limit"}
"""What `run.json` must have to be opened."""


class Run:
    """A run folder; read-only but for `passes`, which fills it."""

    def __init__(self, folder: str | Path, plan: Plan) -> None:
        self.folder = Path(folder)
        self.plan = plan

    @classmethod
    def open(cls, folder: str | Path) -> Run:
        """Open a run folder. Raises: CurateError when it is none."""
        folder = Path(folder)
        record, inputs = disk.read_json(folder / "run.json"), disk.read_json(folder / "inputs.json")
        if record is None:
            raise CurateError(
                f"{folder}: no run here (run.json is missing); make one with `curate run PIPELINE --out {folder}`"
            )
        if missing := _NEEDED - set(record):
            raise CurateError(
                f"{folder}: run.json is not of this version (no {', '.join(sorted(missing))}); run its pipeline again "
                "into another folder"
            )
        places = {"folder": record["folder"], "working": record["working"]}
        pipeline = Pipeline.parse(
            record["pipeline"], **places, variables=record["variables"], default_name=record["name"]
        )
        return cls(folder, Plan(pipeline, load_parts(inputs), record["limit"], record.get("earlier", {})))

    @property
    def record(self) -> dict[str, Any]:
        """`run.json`."""
        return dict(disk.read_json(self.folder / "run.json") or {})

    @property
    def pipeline(self) -> Pipeline:
        """The pipeline that made the run."""
        return self.plan.pipeline

    @property
    def parts(self) -> tuple[Part, ...]:
        """The parts, in order."""
        return self.plan.parts

    def part(self, name: str) -> Part:
        """The part of this name."""
        return next(part for part in self.parts if part.name == name)

    # Where things lie.

    def documents_file(self, part: Part) -> Path:
        return self.folder / f"documents-{self.plan.documents}" / f"{part.name}.parquet"

    def clean_file(self, part: Part) -> Path:
        return self.folder / "signals" / f"{CLEAN}-{self.plan.documents}" / f"{part.name}.parquet"

    def signals_file(self, line: Line[Any], part: Part) -> Path:
        return self.folder / "signals" / f"{line.label}-{self.plan.filters[line.label]}" / f"{part.name}.parquet"

    def keys_file(self, line: Line[Any], part: Part) -> Path:
        return self.folder / "keys" / f"{line.label}-{self.plan.filters[line.label]}" / f"{part.name}.arrow"

    def segments_file(self, line: Line[Any], part: Part) -> Path:
        return self.folder / "passages" / f"{line.label}-{self.plan.filters[line.label]}" / f"{part.name}.parquet"

    def shared_file(self, line: Line[Any], part: Part) -> Path:
        return self.groups_folder(line) / f"{part.name}.signals.parquet"

    def marks_file(self, line: Line[Any], part: Part) -> Path:
        return self.groups_folder(line) / f"{part.name}.marks.parquet"

    def cuts_file(self, line: Line[Any], part: Part) -> Path:
        return self.folder / "cuts" / f"{line.label}-{self.plan.cuts_of[line.label]}" / f"{part.name}.parquet"

    def groups_folder(self, line: Line[Any]) -> Path:
        return self.folder / "groups" / f"{line.label}-{self.plan.groups[line.label]}"

    def groups_file(self, line: Line[Any]) -> Path:
        return self.groups_folder(line) / "groups.parquet"

    def verdicts_file(self, part: Part) -> Path:
        return self.folder / f"verdicts-{self.plan.verdicts}" / f"{part.name}.parquet"

    def rejected_file(self, part: Part) -> Path:
        return self.folder / "rejected" / f"{part.name}.jsonl"

    def shards_folder(self, line: Line[Any]) -> Path:
        return self.folder / "shards" / line.label

    def staging(self, line: Line[Any]) -> Staging:
        folder = self.folder / "staging" / f"{line.label}-{self.plan.writers[line.label]}"
        return Staging(folder, tuple(part.name for part in self.parts), self.pipeline.seed, line.label)

    # What is in it.

    def must_be_finished(self) -> None:
        """Raises: CurateError when verdicts are missing: the run was stopped, or models or versions have changed."""
        missing = sum(not self.verdicts_file(part).exists() for part in self.parts)
        if missing or "counts" not in self.record:
            raise CurateError(
                f"{self.folder}: this run is not finished, or a model, a word list or curate itself has changed since; "
                "run the same `curate run` again, it goes on"
            )

    def rows(self) -> list[int]:
        """Documents in each part."""
        return [disk.rows(self.documents_file(part)) for part in self.parts]

    def counts(self) -> dict[str, int]:
        """`documents` = `kept` + `dropped`, and beside them `rejected`."""
        kept = pl.scan_parquet([self.verdicts_file(part) for part in self.parts]).select(pl.col(judge.KEPT).sum())
        documents, keep = sum(self.rows()), int(kept.collect().item() or 0) if self.parts else 0
        return {"documents": documents, "kept": keep, "dropped": documents - keep, "rejected": self.rejected_count()}

    def rejected_count(self) -> int:
        """Rows that could not be read."""
        files = (self.rejected_file(part) for part in self.parts)
        return sum(file.read_bytes().count(b"\n") for file in files if file.exists())

    def rejected(self) -> Iterator[dict[str, Any]]:
        """Rows that could not be read: `file`, `offset`, `line`, `reason`, `raw`."""
        for part in self.parts:
            if (file := self.rejected_file(part)).exists():
                yield from map(json.loads, file.read_text(encoding="utf-8").splitlines())

    def reasons(self) -> list[str]:
        """Every reason for which this run may drop a document, `<filter>.<rule>`, in the order of the pipeline."""
        return [f"{line.label}.{name}" for line in self.pipeline.filters for name in judge.merged(line.step)]

    def signal_types(self) -> dict[str, Any]:
        """Column name to dtype of all signals."""
        types = self.pipeline.document_signals()
        for line in self.pipeline.filters:
            types |= judge.signal_columns(line)
        return types

    def part_signals(self, part: Part, columns: set[str] | None = None) -> pl.DataFrame:
        """Signals of one part (all of them, or `columns` only), with `source`, in row order."""
        cleaned = disk.read_frame(self.clean_file(part), None)
        frames = [disk.read_frame(self.documents_file(part), ["source"]), cleaned.drop(TEXT_CHARS)]
        if cuts.cutting(self.pipeline.filters) and (columns is None or columns & set(cuts.SIGNALS)):
            frames.append(cuts.signals(self.part_cuts(part, judged=False), cleaned[TEXT_CHARS]))
        for line in self.pipeline.filters:
            names = {name: judge.column(line.label, line.step, name) for name in line.step.signal_types()}
            wanted = {bare: flat for bare, flat in names.items() if columns is None or flat in columns}
            if wanted:
                compared = isinstance(line.step, PassageFilter)
                file = self.shared_file(line, part) if compared else self.signals_file(line, part)
                frames.append(disk.read_frame(file, list(wanted)).rename(wanted))
        frame = pl.concat(frames, how="horizontal")
        return frame if columns is None else frame.select(name for name in frame.columns if name in columns)

    def part_cuts(self, part: Part, judged: bool = True) -> pl.DataFrame:
        """What the shards leave out of one part: merged spans, as `curate.cuts` stores them; without `judged`, only
        those that are known before rules are judged."""
        lines = [*cuts.cutting(self.pipeline.filters), *(cuts.judged_last(self.pipeline.filters) if judged else [])]
        return cuts.together([disk.read_frame(self.cuts_file(line, part), None) for line in lines])

    def signals(self, parts: Sequence[Part] | None = None) -> pl.DataFrame:
        """All signals of all documents (or of some `parts`), with `id`, `kept` and one Boolean per rule; a row each."""
        self.must_be_finished()
        frames = [
            pl.concat([disk.read_frame(self.verdicts_file(part), None), self.part_signals(part)], how="horizontal")
            for part in (self.parts if parts is None else parts)
        ]
        return pl.concat(frames) if frames else pl.DataFrame()

    def verdicts(self, parts: Sequence[Part] | None = None) -> Verdicts:
        """All verdicts with the signals, as a value that says why; texts are read of the documents that it shows.

        Holds what `signals` does, 300 to 400 bytes a document; `parts`: only these, which must be the first ones.
        Raises: CurateError for a run that is not finished.
        """
        from curate.verdicts import Verdicts

        return Verdicts(self.signals(parts), self.pipeline.filters, self.signal_types(), texts=self.texts)

    def documents(self, reason: str | None = None, *, id: str | None = None, limit: int | None = None) -> pl.DataFrame:
        """Documents with their verdicts: dropped for `reason` (`kept` and `dropped` work too), or one by `id`.

        Columns: those of the documents, then `kept`, the Booleans of the rules, `duplicate_of`, then the signals. The
        text is whole; where a filter cuts, `cuts` lists what the shards leave out of it (`start`, `end` in characters).
        Raises: CurateError for a reason that the run does not know.
        """
        self.must_be_finished()
        condition = self.has_reason(reason, id)
        frames: list[pl.DataFrame] = []
        found = 0
        for part in self.parts:
            verdicts = disk.read_frame(self.verdicts_file(part), None)
            rows = verdicts.select(condition.arg_true()).to_series()
            if limit is not None:
                rows = rows.head(limit - found)
            if rows.len() == 0:
                continue
            frames.append(self.part_documents(part, rows))
            found += rows.len()
            if limit is not None and found >= limit:
                break
        return pl.concat(frames) if frames else pl.DataFrame()

    def part_documents(self, part: Part, rows: pl.Series) -> pl.DataFrame:
        """Documents of some rows (sorted, unique) of a part, as `documents` gives them."""
        verdicts = disk.read_frame(self.verdicts_file(part), None)[rows]
        text = pl.read_parquet(self.documents_file(part))[rows]
        signals = self.part_signals(part).drop("source")[rows]
        if cuts.cutting(self.pipeline.filters) or cuts.judged_last(self.pipeline.filters):
            signals = signals.with_columns(cuts.listed(cuts.of_rows(self.part_cuts(part), rows), len(rows)))
        return pl.concat([text, verdicts.drop(ID), signals], how="horizontal")

    def sample(self, reason: str | None = None, n: int = 5, seed: int = 0) -> pl.DataFrame:
        """Some documents by chance, the same ones for the same `seed`; else as `documents`."""
        from curate import chosen

        return chosen.sample(self, reason, n, seed)

    def near(self, reason: str, n: int = 5) -> pl.DataFrame:
        """The documents nearest to the numbers of a rule, just kept and just dropped by it in turns, `n` a number.

        Only documents that no other row rule drops; duplicates are left out of the question. First columns:
        `comparison` (which number of the rule, from 0), `number` (as the condition has it), `quantity` (what is
        compared with it), `distance`; else as `documents`.
        Raises: CurateError for a rule that has no number.
        """
        from curate import chosen

        return chosen.near(self, reason, n)

    def cluster(self, id: str) -> pl.DataFrame:
        """The documents of a cluster, found by any of them; one row for a document that stands alone. Without texts.

        The survivor comes first, then other documents that are kept, then the dropped ones, the least alike first.
        Columns: `id`; `run`: the earlier run that holds it (null: this one); `row`: its number over all parts, as
        `texts` takes it; `kept`; `joined_by`: the filter that dropped it, or found it in a cluster; `duplicate_of`
        and `duplicate_run`; `similarity`: 0..1, with `duplicate_of`, null where the two were not compared;
        `text_bytes`, and the signals that filters `prefer`.
        Raises: CurateError for an id that no document has, and for a run that compares none.
        """
        from curate import members

        return members.cluster(self, id)

    def has_reason(self, reason: str | None, id: str | None = None) -> pl.Expr:
        """Whether a verdict is what `documents` asks for. Raises: CurateError."""
        from curate.registry import nearest

        if reason not in (None, "kept", "dropped", *self.reasons()):
            raise CurateError(
                f"no reason is called {reason!r}{nearest(str(reason), ['kept', 'dropped', *self.reasons()])}"
            )
        every = pl.col(judge.KEPT).is_not_null()
        by_reason = {None: every, "kept": pl.col(judge.KEPT), "dropped": ~pl.col(judge.KEPT)}
        condition = by_reason[reason] if reason in by_reason else pl.col(str(reason))
        return condition if id is None else condition & (pl.col(ID) == id)

    def kept_documents(self, part: Part, signals: bool = False) -> Iterator[Documents]:
        """Kept documents of a part without what is cut, one batch a row group."""
        import pyarrow.parquet as pq

        kept = disk.read_frame(self.verdicts_file(part), [judge.KEPT]).to_series()
        extra = self.part_signals(part).drop("source") if signals else None
        file = pq.ParquetFile(self.documents_file(part))
        spans = self.part_cuts(part)
        start = 0
        for group in range(file.num_row_groups):
            frame = _from_arrow(file.read_row_group(group))
            stop = start + frame.height
            frame = frame.with_columns(cuts.taken_out(frame[TEXT], cuts.inside(spans, start, stop)))
            if extra is not None:
                frame = pl.concat([frame, extra[start:stop]], how="horizontal")
            yield Documents(frame.filter(kept[start:stop]))
            start = stop

    def texts(self, rows: pl.Series, cut: bool = False) -> pl.Series:
        """Texts of rows (numbers over all parts, sorted, unique), whole or without what is cut."""
        import pyarrow.parquet as pq

        frames = []
        first = 0
        for part, n_rows in zip(self.parts, self.rows(), strict=True):
            inside = rows.filter((rows >= first) & (rows < first + n_rows)) - first
            first += n_rows
            if inside.is_empty():
                continue
            file = pq.ParquetFile(self.documents_file(part))
            start = 0
            for group in range(file.num_row_groups):
                stop = start + file.metadata.row_group(group).num_rows
                wanted = inside.filter((inside >= start) & (inside < stop)) - start
                if not wanted.is_empty():
                    # Taken by Arrow, which copies: what Polars gathers keeps all the text of the row group in memory.
                    column = file.read_row_group(group, ["text"]).column("text").take(wanted.to_arrow())
                    texts = pl.Series("text", column, pl.String)
                    spans = cuts.of_rows(self.part_cuts(part), wanted + start) if cut else cuts.none()
                    frames.append(cuts.taken_out(texts, spans))
                start = stop
        return pl.concat(frames) if frames else pl.Series("text", [], pl.String)

    def manifests(self) -> dict[str, dict[str, Any]]:
        """Label of each writer to its manifest, where it is written."""
        found = (
            (line.label, disk.read_json(self.shards_folder(line) / "manifest.json")) for line in self.pipeline.write
        )
        return {label: manifest for label, manifest in found if manifest}

    def diff(self, other: Run | str | Path, samples: int = 10) -> Difference:
        """What differs from another run over the same corpus: pipelines, and verdicts by rule; `flips` is a frame.

        Documents are matched by id; `samples` are chosen of each direction. Raises: CurateError when a run is not
        finished, and when they have no document in common.
        """
        from curate.diff import compare

        return compare(self, other if isinstance(other, Run) else Run.open(other), samples)

    def budget(self, *targets: str, cards: Sequence[str] = ()) -> list[Budget]:
        """What training on the shards takes, for each of `targets` (all that have shards by default) on `cards` (all
        that are known), as `curate budget` takes both. Raises: CurateError without shards."""
        from curate.budget import budgets_of
        from curate.budget.cards import find_card

        return budgets_of(self, targets, [find_card(card) for card in cards])

    def __repr__(self) -> str:
        return f"Run({str(self.folder)!r})"

    def _repr_html_(self) -> str:
        return display.html("run", self)


def _from_arrow(table: Any) -> pl.DataFrame:
    frame = pl.from_arrow(table)
    assert isinstance(frame, pl.DataFrame)
    return frame


def dump_parts(parts: tuple[Part, ...]) -> list[dict[str, Any]]:
    """Parts as JSON values."""
    return [
        {"name": part.name, "reader": part.reader, "pieces": [piece._asdict() for piece in part.pieces]}
        for part in parts
    ]


def load_parts(inputs: Mapping[str, Any] | None) -> tuple[Part, ...]:
    """Parts out of `inputs.json`, in order."""
    records = (inputs or {}).get("parts", [])
    parts = [Part(one["name"], one["reader"], tuple(Piece(**piece) for piece in one["pieces"])) for one in records]
    return tuple(sorted(parts, key=part_order))


def default_folder(pipeline: Pipeline, limit: int | None) -> Path:
    """`runs/<name>`; a limited run lies beside the whole one."""
    return Path("runs") / (pipeline.name if limit is None else f"{pipeline.name}-first-{limit}")


def free_memory() -> int:
    """Bytes of memory that a run may use, about; 8 GB where the system does not say."""
    try:
        return os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (ValueError, OSError):
        return 8_000_000_000
