"""A run: what it says of itself, and how to look into it.

Where its files lie is in `layout`. What is asked for is read when it is asked for; a frame of all documents takes 300
to 400 bytes a document, texts are read only of what is shown.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl

from curate import cuts, disk, display, judge, looking
from curate.contracts import Documents, Part, PassageFilter
from curate.errors import CurateError
from curate.layout import TEXT_CHARS, Layout, load_parts
from curate.pipeline import Pipeline
from curate.plan import Plan

if TYPE_CHECKING:
    from curate.budget import Budget
    from curate.diff import Difference
    from curate.verdicts import Verdicts


_NEEDED = {"folder", "working", "pipeline", "variables", "name", "limit"}
"""What `run.json` must have to be opened."""


class Run(Layout):
    """A run folder; read-only but for `passes`, which fills it."""

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
        return looking.documents(self, reason, id=id, limit=limit)

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

    def kept_documents(self, part: Part, signals: bool = False) -> Iterator[Documents]:
        """Kept documents of a part without what is cut, one batch a row group."""
        return looking.kept_documents(self, part, signals)

    def texts(self, rows: pl.Series, cut: bool = False) -> pl.Series:
        """Texts of rows (numbers over all parts, sorted, unique), whole or without what is cut."""
        return looking.texts(self, rows, cut)

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
