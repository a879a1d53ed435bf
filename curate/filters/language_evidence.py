"""Where a text is code, or in another language than most of it: the lines and windows that `language` measures."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import polars as pl

from curate.contracts import Documents
from curate.fasttext_model import FastTextModel
from curate.filters import language, spans
from curate.lines import lines_of

if TYPE_CHECKING:
    from curate.filters.spans import Booleans, Integers
    from curate.kernels.code_lines import Lines


def evidence(documents: Documents, model: FastTextModel) -> pl.DataFrame:
    """The evidence of all signals of `language`."""
    code, foreign = _code(documents), _foreign(documents, model)
    found = [spans.of_bytes(documents, *code, signal) for signal in ("code_ratio", "lang_ratio", "mixed")]
    found += [spans.of_bytes(documents, *foreign, signal) for signal in ("lang", "lang_ratio", "mixed")]
    return spans.together([*found, *_letters(documents)])


def _letters(documents: Documents) -> Iterator[pl.DataFrame]:
    from curate.kernels.scripts import HAN, KANA, LATIN, SCRIPT, letters

    text = spans.characters_of(documents)
    scripts = letters()[text.points] & np.uint8(SCRIPT)
    for name, number in (("han", HAN), ("kana", KANA), ("latin", LATIN)):
        marked = spans.rarer(text, scripts == number, scripts > 0)
        yield spans.of_marked(documents, marked, f"{name}_letter_ratio")


def _code(documents: Documents) -> tuple[Integers, Integers]:
    """Lines of code, those that follow each other as one span, without the white space around them."""
    from curate.kernels.code_lines import IS_CODE
    from curate.kernels.units import trimmed

    lines = lines_of(documents)
    first, stop = spans.runs(lines.kinds == IS_CODE, lines.first)
    start, end = trimmed(documents.utf8.data, lines.starts[first], lines.starts[stop])
    return start, end


def _foreign(documents: Documents, model: FastTextModel) -> tuple[Integers, Integers]:
    """Prose in windows whose label is not their document's, without the white space around it."""
    from curate.kernels.units import trimmed

    (data, offsets), lines = documents.utf8, lines_of(documents)
    found = language.languages(model, documents.utf8, lines)
    windows = found.windows
    foreign = (found.window_labels >= 0) & (found.window_labels != found.label[windows.docs])
    marked = np.zeros(len(data), np.bool_)
    # Loops over lines: those of the documents on one screen that are in two languages.
    for row in np.unique(windows.docs[foreign]):
        groups = _groups(lines, int(row))
        for group in np.unique(windows.groups[foreign & (windows.docs == row)]):
            own = np.flatnonzero((windows.docs == row) & (windows.groups == group))
            ends = windows.offsets[own + 1] - windows.offsets[own[0]]
            for start, stop in _pieces(
                data, lines, [line for line, kind in groups if kind == group], ends, foreign[own]
            ):
                marked[start:stop] = True
    start, end = trimmed(data, *spans.runs(marked, offsets))
    return start, end


def _groups(lines: Lines, row: int) -> list[tuple[int, int]]:
    """The lines of a document that windows hold, and the kind of script of each, as `gather` has it: a line without
    letters goes with the one before, the first ones with the first that has any."""
    from curate.kernels.code_lines import IS_CODE, IS_PROSE
    from curate.kernels.passages import _group_of

    own = range(int(lines.first[row]), int(lines.first[row + 1]))
    kinds = (_group_of(lines.rows[line], -1) for line in own if lines.kinds[line] == IS_PROSE)
    group, groups = next((kind for kind in kinds if kind >= 0), -1), []
    for line in own:
        if lines.kinds[line] != IS_CODE:
            group = _group_of(lines.rows[line], group)
            groups.append((line, group))
    return groups


def _pieces(
    data: npt.NDArray[np.uint8], lines: Lines, own: list[int], ends: Integers, foreign: Booleans
) -> Iterator[tuple[int, int]]:
    """Bytes of the lines `own` that were copied to foreign windows, which end at `ends` of the copy.

    A line of which something was left out (an address) is taken whole for the window in which it begins.
    """
    from curate.kernels.code_points import MARKUP
    from curate.kernels.passages import _copy

    at = 0
    for line in own:
        start, stop = int(lines.starts[line]), int(lines.starts[line + 1])
        if lines.rows[line, MARKUP]:
            if foreign[min(int(np.searchsorted(ends, at, side="right")), len(ends) - 1)]:
                yield start, stop
            at += _copy(data, start, stop, 1, np.empty(stop - start, np.uint8), 0)
            continue
        first, last = np.searchsorted(ends, [at, at + stop - start - 1], side="right")
        for window in range(int(first), int(last) + 1):
            if foreign[window]:
                begin = int(ends[window - 1]) if window else 0
                yield start + max(0, begin - at), min(stop, start + int(ends[window]) - at)
        at += stop - start
