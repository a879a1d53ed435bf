"""Compare passages: keys of all parts to repeated units, slice by slice; to cuts or marks, part by part.

    count sources   documents of each source
    group slice     keys -> repeated units; a task for each range of hashes
    mark part       repeated units -> cuts (or, for filters that are judged last, marks) and the filter's signal

Keys are sorted by hash in each part, so that a range of hashes is a stretch of every part's file. Groups are numbered
in the order of their hashes: the results are the same for any number of slices. A killed run goes on at a slice, or at
a part: its file exists, or not. One core compares 1.5 million units a second, and judges 150,000 documents. Marking a
part holds its segments, about 250 MB for 64 MB of text.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import polars as pl

from curate import cuts, disk, judge, units
from curate.contracts import Line, Part, PassageFilter
from curate.layout import TEXT_CHARS
from curate.run import Run

UNIT_BYTES = 50
"""Memory of a unit while its slice is compared: 4 to note it, 90 if it repeats, which half of them may."""


def store(run: Run, line: Line[Any], part: Part, batches: list[units.Stored]) -> None:
    """Write what was found in a part; its rows last, for they say that the filter is done."""
    found = units.Stored.together(batches)
    disk.write_columns(found.keys(), run.keys_file(line, part))
    disk.write_frame(units.packed(found.segments), run.segments_file(line, part))
    disk.write_frame(found.rows(), run.signals_file(line, part))


def warm_up(found: units.Stored) -> None:
    """Call once what comparing and judging will call: it is compiled before several workers would do so."""
    from curate.kernels.keys import may_repeat, note, nothing_seen

    keys = found.keys()
    hashes, seen = keys["hash"].to_numpy().copy(), nothing_seen(1)
    note(hashes, seen)
    may_repeat(hashes, seen)
    marks = keys.select(pl.col("segment").cast(pl.Int64), group=pl.lit(0, pl.Int64)).sort("segment")
    kept = np.ones(found.documents.height, np.bool_)
    left = pl.Series(np.zeros(len(kept), np.int64))
    owners = np.zeros(1, np.uint8)
    covered, _ = units.owned(found.segments, marks, kept, left, cuts.none(), least_left=0, owners=owners)
    units.spans(found.segments, covered | units.covered(found.segments, marks["segment"].to_numpy()))


class Repeats(NamedTuple):
    """One filter of a run, and where its comparison lies."""

    run: Run
    line: Line[Any]
    step: PassageFilter
    folder: Path
    slices: int

    def slice_file(self, number: int) -> Path:
        """Repeated units of one range of hashes: `units.MARKS`, segments numbered over all parts, sorted by them."""
        return self.folder / f"slice-{number:05}-of-{self.slices:05}.arrow"

    def counts_file(self, number: int) -> Path:
        """How many groups of equal units that range has: `groups`."""
        return self.slice_file(number).with_suffix(".json")

    @property
    def sources_file(self) -> Path:
        """`source`, and how many documents it has, `of_source`."""
        return self.folder / "sources.arrow"

    def left(self) -> list[Part]:
        """Parts that are not marked."""
        return [part for part in self.run.parts if not self.run.shared_file(self.line, part).exists()]

    def finish(self) -> None:
        """Remove the files on the way."""
        for file in [*self.folder.glob("slice-*"), self.sources_file]:
            file.unlink(missing_ok=True)


def repeats(run: Run, step: int) -> Repeats:
    """What a task works on; `step` is the filter's position."""
    line = run.pipeline.filters[step]
    assert isinstance(line.step, PassageFilter)
    files = [run.keys_file(line, part) for part in run.parts]
    n_keys = sum(_number_of_keys(file, file.stat().st_mtime_ns) for file in files)
    slices = max(1, -(-n_keys * UNIT_BYTES // line.step.memory))
    return Repeats(run, line, line.step, run.groups_folder(line), slices)


@cache  # a number for each part; each task asks for all of them
def _number_of_keys(file: Path, modified: int) -> int:
    return disk.read_columns(file, ["hash"]).height


def _hashes(run: Run, line: Line[Any], part: Part) -> npt.NDArray[np.uint64]:
    column: npt.NDArray[np.uint64] = disk.read_columns(run.keys_file(line, part), ["hash"]).to_series().to_numpy()
    return column


# Sources.


def count_sources(run: Run, step: int, name: str, options: dict[str, Any]) -> dict[str, Any]:
    """Count the documents of each source."""
    work = repeats(run, step)
    total = pl.DataFrame(schema={"source": pl.UInt64, "of_source": pl.Int64})
    for part in run.parts:
        some = disk.read_frame(run.signals_file(work.line, part), ["source"]).drop_nulls()
        counts = some.group_by("source").agg(of_source=pl.len().cast(pl.Int64))
        total = pl.concat([total, counts]).group_by("source").agg(pl.col("of_source").sum())
    disk.write_columns(total.sort("source"), work.sources_file)
    return {"rows": total.height}


# Slices.


def group_slice(run: Run, step: int, name: str, options: dict[str, Any]) -> dict[str, Any]:
    """Find the repeated units of one range of hashes."""
    work, number = repeats(run, step), options["slice"]
    found = _repeating(work, number * 2**64 // work.slices, (number + 1) * 2**64 // work.slices)
    totals = disk.read_columns(work.sources_file, ["source", "of_source"])
    marks = units.repeated(found, totals, work.step.repeated())
    disk.write_json(work.counts_file(number), {"groups": marks["group"].n_unique()})
    disk.write_columns(marks.sort("segment"), work.slice_file(number))
    return {"rows": found.height}


def _repeating(work: Repeats, low: int, high: int) -> pl.DataFrame:
    """Units from `low` to below `high` that may repeat: `units.PLACED`, sorted by hash, then segment."""
    from curate.kernels.keys import may_repeat, note, nothing_seen

    ranges = [_range(_hashes(work.run, work.line, part), low, high) for part in work.run.parts]
    seen = nothing_seen(sum(stop - start for start, stop in ranges))
    for part, (start, stop) in zip(work.run.parts, ranges, strict=True):
        note(_hashes(work.run, work.line, part)[start:stop].copy(), seen)
    found = [pl.DataFrame(schema=units.PLACED)]
    first_segment = first_row = 0
    for part, (start, stop), rows, segments in zip(
        work.run.parts, ranges, work.run.rows(), _segments(work), strict=True
    ):
        keys = disk.read_columns(work.run.keys_file(work.line, part), list(units.KEYS))[start:stop]
        few = keys[may_repeat(keys["hash"].to_numpy().copy(), seen)]
        placed = units.placed(few, disk.read_frame(work.run.signals_file(work.line, part)), first_row)
        found.append(placed.with_columns(pl.col("segment") + first_segment))
        first_segment, first_row = first_segment + segments, first_row + rows
    # Parts come in order: a sort that keeps the order leaves the segments of a hash sorted.
    return pl.concat(found).sort("hash", maintain_order=True)


def _range(hashes: npt.NDArray[np.uint64], low: int, high: int) -> tuple[int, int]:
    start = int(np.searchsorted(hashes, np.uint64(low)))
    return start, len(hashes) if high >= 2**64 else int(np.searchsorted(hashes, np.uint64(high)))


def _segments(work: Repeats) -> list[int]:
    """Segments in each part."""
    return [disk.rows(work.run.segments_file(work.line, part)) for part in work.run.parts]


# Parts.


def mark_part(run: Run, step: int, name: str, options: dict[str, Any]) -> dict[str, Any]:
    """Say which segments of a part are repeated: cuts, or marks for who is judged last; and the filter's signal."""
    work, part = repeats(run, step), run.part(name)
    segments = units.unpacked(disk.read_frame(run.segments_file(work.line, part)))
    marks = _marks(work, part)
    signal, spans = units.found_in(work.step, segments, marks, run.rows()[run.parts.index(part)])
    if work.step.judged_last:
        few, marks = units.of_marked(segments, marks)
        disk.write_frame(units.packed(few), marked_segments_file(run, work.line, part))
        disk.write_frame(marks, run.marks_file(work.line, part))
    else:
        disk.write_frame(spans, run.cuts_file(work.line, part))
    disk.write_frame(signal, run.shared_file(work.line, part))
    return {"rows": marks.height}


def marked_segments_file(run: Run, line: Line[Any], part: Part) -> Path:
    """The segments of documents that have a mark: all that is needed to judge."""
    return run.marks_file(line, part).with_name(f"{part.name}.segments.parquet")


def _marks(work: Repeats, part: Part) -> pl.DataFrame:
    """`units.MARKS` of one part, segments numbered in it, groups over all slices; sorted by segment."""
    counts, place = _segments(work), work.run.parts.index(part)
    first, found, groups = sum(counts[:place]), [pl.DataFrame(schema=units.MARKS)], 0
    for number in range(work.slices):
        marks = disk.read_columns(work.slice_file(number), list(units.MARKS))
        start, stop = np.searchsorted(marks["segment"].to_numpy(), [first, first + counts[place]])
        found.append(marks[start:stop].with_columns(pl.col("segment") - first, pl.col("group") + groups))
        groups += int(disk.read_json(work.counts_file(number))["groups"])
    return pl.concat(found).sort("segment")


# Who keeps a passage.


def judge_last(run: Run, broken: list[pl.DataFrame], kept: pl.Series) -> tuple[list[pl.DataFrame], pl.Series]:
    """Judge the filters that are judged last: write their cuts; add their rule to `broken`, the rules of each part,
    and to `kept` (Boolean, over all parts)."""
    lines = cuts.judged_last(run.pipeline.filters)
    for place, line in enumerate(lines):
        known = [*cuts.cutting(run.pipeline.filters), *lines[:place]]
        owned: npt.NDArray[np.uint8] = np.zeros(0, np.uint8)
        first, dropped = 0, []
        for part, frame in zip(run.parts, broken, strict=True):
            mine = kept[first : first + frame.height].to_numpy()
            owned, lost = _own(run, line, part, known, mine, owned)
            dropped.append(lost)
            first += frame.height
        broken = [frame.hstack(_as_rule(line, lost)) for frame, lost in zip(broken, dropped, strict=True)]
        kept = kept & ~pl.Series(np.concatenate([np.empty(0, np.bool_), *dropped]))
    return broken, kept


def _as_rule(line: Line[PassageFilter], dropped: units.Booleans) -> list[pl.Series]:
    rule = line.step.last_rule
    return [pl.Series(f"{line.label}.{rule}", dropped)] if rule in judge.merged(line.step) else []


def _own(
    run: Run,
    line: Line[PassageFilter],
    part: Part,
    known: Sequence[Line[Any]],
    kept: units.Booleans,
    owned: npt.NDArray[np.uint8],
) -> tuple[npt.NDArray[np.uint8], units.Booleans]:
    """Judge the passages of one part, and write what is cut; which groups have an owner, and who is dropped."""
    segments = units.unpacked(disk.read_frame(marked_segments_file(run, line, part)))
    marks = disk.read_frame(run.marks_file(line, part))
    spans = cuts.together([disk.read_frame(run.cuts_file(one, part)) for one in known])
    chars = disk.read_frame(run.clean_file(part), [TEXT_CHARS]).to_series()
    owned = _with_room(owned, int(marks["group"].max() or 0))  # type: ignore[arg-type]
    left = cuts.signals(spans, chars)["chars_left"]
    least = line.step.least_left() if line.step.last_rule in judge.merged(line.step) else None
    covered, dropped = units.owned(segments, marks, kept, left, spans, least_left=least, owners=owned)
    disk.write_frame(units.spans(segments, covered), run.cuts_file(line, part))
    return owned, dropped


def _with_room(owned: npt.NDArray[np.uint8], group: int) -> npt.NDArray[np.uint8]:
    """The same bits, and room for that of `group`."""
    missing = group // 8 + 1 - len(owned)
    return owned if missing <= 0 else np.concatenate([owned, np.zeros(missing + len(owned) // 4, np.uint8)])
