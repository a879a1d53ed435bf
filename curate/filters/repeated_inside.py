"""Sentences and paragraphs that a document says more than once.

The filter `repetition` counts what profiles ask of lines and n-grams; this one counts whole sentences and paragraphs,
and can cut them. 400 MB/s on one core, beside lines and sentences, which are found once for all filters.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, NamedTuple

import numpy as np
import numpy.typing as npt
import polars as pl
from pydantic import Field

from curate.contracts import CUT_COLUMNS, CuttingFilter, Documents, Measured
from curate.filters.spans import of_bytes, together
from curate.lines import LETTER_BYTES, letters_of, lines_of, sentence_hashes, sentence_letters, sentences_of

Integers = npt.NDArray[np.int64]
Booleans = npt.NDArray[np.bool_]


class RepeatedInside(CuttingFilter):
    """Measure, and cut if told to, the sentences and paragraphs of a document that stood in it before.

    Signals (0..1, 0 for a text without letters):
        repeated_sentence_ratio: letters of sentences that occurred before in the document / letters of all its
            sentences. Sentences end at 。！？；… ! ? or a full stop, and at line ends; white space around them does not
            count, and code has none. A Han character counts as three Latin letters, or digits.
        repeated_paragraph_ratio: the same for paragraphs, which stand between blank lines.

    Sentences and paragraphs below `min_chars` (rules of tables, 「好的。」) never count as repeated.

    Nothing is cut or dropped by itself, and what is dropped for repetition the filter `repetition` decides. Read by
    eye, out of 48,810 Chinese pages: of 20 with a sentence ratio above 0.3, 16 say a title or a paragraph twice by
    mistake, and so do 10 of 14 between 0.2 and 0.3; all are sound but for that. Below, repeats belong where they stand:
    steps of instructions, parameters, refrains. So `cut` leaves out all occurrences but the first, from `min_ratio` on.
    """

    signals: ClassVar[Mapping[str, Any]] = {
        "repeated_sentence_ratio": pl.Float64,
        "repeated_paragraph_ratio": pl.Float64,
    }

    min_chars: int = Field(10, ge=1)
    """Han characters (or three times as many letters and digits) that a sentence or paragraph must have to count as
    repeated."""
    min_ratio: float = Field(0.2, ge=0, le=1)
    """What one of the two ratios must reach before anything of the document is cut."""
    cut: bool = False
    """Leave repeated sentences and paragraphs out of the shards."""

    def measured_parameters(self) -> dict[str, Any]:
        return self.model_dump(exclude={"drop", "name", "cut"})

    def cuts_text(self) -> bool:
        return self.cut

    def measure_and_cut(self, documents: Documents) -> Measured:
        sentences, paragraphs = _sentences(documents), _paragraphs(documents)
        again = [_again(segments, self.min_chars) for segments in (sentences, paragraphs)]
        both = list(zip((sentences, paragraphs), again, strict=True))
        ratios = (_ratio(segments, repeats, len(documents)) for segments, repeats in both)
        signals = pl.DataFrame(dict(zip(self.signals, ratios, strict=True)), schema=self.signals)
        spans = pl.concat([_cuts(documents, segments, repeats) for segments, repeats in both])
        often = signals.max_horizontal() >= self.min_ratio
        return Measured(signals, spans.filter(often.gather(spans["row"])))

    def evidence(self, documents: Documents) -> pl.DataFrame:
        """Point at the sentences and paragraphs that stood in their document before."""
        found = []
        for signal, segments in zip(self.signals, (_sentences(documents), _paragraphs(documents)), strict=True):
            again = _again(segments, self.min_chars)
            found.append(of_bytes(documents, segments.start[again], segments.text_end[again], signal))
        return together(found)


class _Segments(NamedTuple):
    """What may be repeated, in order; positions are bytes of the batch."""

    row: Integers
    start: Integers
    text_end: Integers
    end: Integers
    ends_line: Booleans
    letters: Integers
    """`curate.lines.letters_of` it."""
    hashes: npt.NDArray[np.uint64]


def _sentences(documents: Documents) -> _Segments:
    return _Segments(*sentences_of(documents), sentence_letters(documents), sentence_hashes(documents))


def _paragraphs(documents: Documents) -> _Segments:
    from curate.kernels.hashing import hash64_of_spans
    from curate.kernels.units import paragraphs_of, trimmed

    data, lines = documents.utf8.data, lines_of(documents)
    first, stop = paragraphs_of(lines)
    row = np.searchsorted(lines.first, first, side="right") - 1
    start, text_end = trimmed(data, lines.starts[first], lines.starts[stop])
    where = start, text_end, lines.starts[stop], np.ones(len(first), np.bool_)
    return _Segments(row, *where, letters_of(data, start, text_end), hash64_of_spans(0, data, start, text_end))


def _again(segments: _Segments, min_chars: int) -> Booleans:
    """Which segments stood in their document before."""
    # One number for hash and document: Polars finds repeated numbers ten times as fast as repeated pairs.
    keys = segments.hashes + segments.row.astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15)
    before = ~pl.Series(keys).is_first_distinct().to_numpy()
    return np.asarray(before & (segments.letters >= LETTER_BYTES * min_chars))


def _ratio(segments: _Segments, repeats: Booleans, n: int) -> npt.NDArray[np.float64]:
    repeated = np.bincount(segments.row[repeats], segments.letters[repeats], minlength=n)
    return np.asarray(repeated / np.maximum(np.bincount(segments.row, segments.letters, minlength=n), 1))


def _cuts(documents: Documents, segments: _Segments, repeats: Booleans) -> pl.DataFrame:
    """`CUT_COLUMNS`"""
    from curate.kernels.units import spans_of

    no_chars = np.zeros((3, len(repeats)), np.int64)
    row, start, end, _, _ = spans_of(repeats, *segments[:5], no_chars)
    text = documents.utf8.offsets[row]
    return pl.DataFrame([row, start - text, end - text], schema=CUT_COLUMNS)
