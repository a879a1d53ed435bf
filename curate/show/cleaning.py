"""What cleaning did to a document: the raw text, read again from its input, against what each cleaner made of it.

Nothing of it is stored in a run. The cleaners are run again, one after the other; what they give must be what the run
holds, or the input has changed since. Cost: reading the document's part up to where it stands.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import polars as pl

from curate import disk
from curate.contracts import ID, TEXT, Part
from curate.cuts import LISTED
from curate.differences import hunks
from curate.errors import CurateError
from curate.numerals import count
from curate.run import Run
from curate.show.clusters import hunk_lines, legend
from curate.shown import folded, printable, shortened

MOST_PLACES = 20
"""Places shown that a cleaner changed, and passages that are cut."""
CUT_CHARS = 200


def diff_lines(run: Run, documents: pl.DataFrame) -> Iterator[str]:
    """What each cleaner changed in documents of one id, then what is cut. Raises: CurateError."""
    for row in documents.iter_rows(named=True):
        yield f"── {printable(row[ID])}"
        raw = raw_text(run, row[ID], row[TEXT])
        yield f"raw: {len(raw):,} characters; cleaned: {len(row[TEXT]):,}"
        yield legend("only before", "only after") + "\n"
        text = raw
        for line in run.pipeline.clean:
            cleaned = _cleaned(line.step, text)
            yield from _change(line.label, text, cleaned)
            text = cleaned
        if not run.pipeline.clean:
            yield "the pipeline cleans nothing"
        yield from _cuts(row)


def raw_text(run: Run, id: str, cleaned: str) -> str:
    """A document's text as its input has it. Raises: CurateError when it is not there any more."""
    name = ""
    for part in _parts(run, id):
        step = run.pipeline.read[part.reader].step
        for piece in part.pieces:
            name = piece.path
            try:
                for batch in step.read(piece):
                    for raw in batch.documents.filter(pl.col(ID) == id)[TEXT]:
                        if _all_cleaned(run, raw) == cleaned:
                            return str(raw)
            except OSError as error:
                raise CurateError(
                    f"{piece.path}: cannot be read again ({error.strerror}); the raw text of {id} is not in the run, "
                    "put the input back"
                ) from error
    raise CurateError(f"{name}: has changed since the run: {id} is not in it as the run read it; run again, then ask")


def _parts(run: Run, id: str) -> Iterator[Part]:
    for part in run.parts:
        if (disk.read_frame(run.verdicts_file(part), [ID])[ID] == id).any():
            yield part


def _all_cleaned(run: Run, text: str) -> str:
    for line in run.pipeline.clean:
        text = _cleaned(line.step, text)
    return text


def _cleaned(step: Any, text: str) -> str:
    return str(step.clean(pl.Series(TEXT, [text], pl.String)).text[0])


def _change(label: str, before: str, after: str) -> Iterator[str]:
    if before == after:
        yield f"{label}: nothing"
        return
    places = hunks(before, after)
    yield f"{label}: {len(before):,} to {len(after):,} characters, {count(len(places), 'place')}"
    for place in places[:MOST_PLACES]:
        yield from hunk_lines(place)
    if len(places) > MOST_PLACES:
        yield f"   and in {len(places) - MOST_PLACES:,} more places"


def _cuts(row: Mapping[str, Any]) -> Iterator[str]:
    """What the shards leave out."""
    cuts = row.get(LISTED) or []
    if not cuts:
        return
    chars = sum(cut["end"] - cut["start"] for cut in cuts)
    yield f"cut from the shards: {chars:,} characters, {count(len(cuts), 'place')}"
    for cut in cuts[:MOST_PLACES]:
        text = shortened(row[TEXT][cut["start"] : cut["end"]], CUT_CHARS).replace("\n", "↵")
        yield from folded(f"⟦{text}⟧", "   ", " " * 5)
    if len(cuts) > MOST_PLACES:
        yield f"   and {len(cuts) - MOST_PLACES:,} more"
