"""Furniture of web pages: navigation, credits, copyright, click-here, follow-us, share bars; Chinese and English.

Only whole lines go, and ends of lines behind the end of a sentence; nothing inside a sentence, nothing in a fence of
code. The phrases are data (`boilerplate_lines.yaml`). A kernel finds the lines that hold a word of them near their
start or end (350 MB/s and more); regular expressions (Rust's: linear in the text) judge those few, equal ones once; a
kernel writes the texts without them. On mixed Chinese pages 140 MB/s in all, every fourth of which has furniture.
On 177 lines of our own, written when the rules were finished (85 of
them furniture): precision .988, recall .941, before the six mistakes were mended.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar

import numpy as np
import numpy.typing as npt
import polars as pl

from curate.cleaners.furniture import BUILT_IN, TAIL_SHIFT, Rules, families_of, rules_of
from curate.cleaners.unicode import scatter
from curate.contracts import Cleaned, Cleaner, InputFile, Utf8

HEAD_BYTES, TAIL_BYTES = 60, 180
"""Where a word of furniture is looked for in a line longer than both: 20 Chinese characters and 60."""


class BoilerplateLines(Cleaner):
    """Remove lines of page furniture, and furniture at the ends of lines.

    Gone are breadcrumbs, links to the previous and the next page, credits (责任编辑), sources, notices of copyright,
    "click to read", "scan to follow", share, login and cookie bars, headings of related articles, and lines of dates
    and counts. A gap in which lines were removed keeps at most one blank line. Signals: `boilerplate_lines_removed` and
    `boilerplate_tails_removed`, how many of each.
    """

    signals: ClassVar[Mapping[str, Any]] = {
        "boilerplate_lines_removed": pl.Int64,
        "boilerplate_tails_removed": pl.Int64,
    }

    extend: Annotated[str | None, InputFile()] = None
    """A YAML file with more families (`families: {name: {screen: […], lines: […], tails: […]}}`); one with the name of
    a built-in family takes its place."""

    def files(self) -> list[str]:
        return [BUILT_IN, *([self.extend] if self.extend else [])]

    def check(self) -> None:
        families_of(self.files())

    def clean(self, text: pl.Series) -> Cleaned:
        utf8 = Utf8.of(text)
        changes = find(utf8, rules_of(self.files()))
        removed = np.bincount(changes.filter("whole")["row"].to_numpy(), minlength=len(text))
        cut = np.bincount(changes.filter(~pl.col("whole"))["row"].to_numpy(), minlength=len(text))
        names = list(self.signals)
        signals = pl.DataFrame({names[0]: pl.Series(removed, dtype=pl.Int64), names[1]: pl.Series(cut, dtype=pl.Int64)})
        if changes.is_empty():
            return Cleaned(text, signals)
        rows = np.unique(changes["row"].to_numpy())
        changed = np.zeros(len(text), np.bool_)
        changed[rows] = True
        return Cleaned(scatter(text, pl.Series(changed), _without(utf8, rows, changes)), signals)


def find(utf8: Utf8, rules: Rules) -> pl.DataFrame:
    """Judge the lines that hold a word of furniture.

    Returns those that change: `row`, `start` and `end` (bytes in the text), `line`, `family`, `whole` (the line goes,
    not only its end) and `left` (what stays).
    """
    from curate.kernels.furniture import in_fences, lines_with_words, pieces

    row, start, end, kinds = lines_with_words(*utf8, *rules.trie, rules.kinds, HEAD_BYTES, TAIL_BYTES)
    for judge in rules.judges:  # a character has four bytes at most: no use to read longer lines, but for addresses
        kinds[end - start > 4 * judge.rules.longest + _ADDRESS_BYTES] &= ~judge.kind
    row, start, end, kinds = (values[kinds != 0] for values in (row, start, end, kinds))
    lines = Utf8(*pieces(utf8.data, start, end)).series()
    offset = utf8.offsets[row]
    frame = pl.DataFrame({"row": row, "start": start - offset, "end": end - offset, "line": lines}, schema=_FOUND)
    changes = judged(frame.with_columns(kinds=pl.Series(kinds, dtype=pl.Int64)), rules)
    fenced = in_fences(*utf8, *(changes[name].to_numpy() for name in ("row", "start")))
    return changes.filter(pl.Series(~fenced, dtype=pl.Boolean))


_ADDRESS_BYTES = 300
_FOUND = {"row": pl.Int64, "start": pl.Int64, "end": pl.Int64, "line": pl.String}


def judged(found: pl.DataFrame, rules: Rules) -> pl.DataFrame:
    """Those of the lines that change, with `family`, `whole` and `left`."""
    left, kinds = found["line"].clone(), found["kinds"].to_numpy(writable=True)
    cut = pl.repeat(None, len(found), dtype=pl.String, eager=True)
    rows = _cut_tails(left, kinds, rules)
    while rows:  # behind a tail there may be another, whose words the kernel did not look at
        for family, (where, shorter) in rows.items():
            left.scatter(where, shorter)  # in place
            cut.scatter(where, family)
            kinds[where.to_numpy()] = -1
        rows = _cut_tails(left, np.where(cut.is_null().to_numpy(), 0, kinds), rules)
    whole = _whole_lines(left, kinds, rules)
    result = found.drop("kinds").with_columns(family=whole.fill_null(cut), whole=whole.is_not_null(), left=left)
    return result.filter(pl.col("family").is_not_null())


def _cut_tails(lines: pl.Series, kinds: npt.NDArray[np.int64], rules: Rules) -> dict[str, tuple[pl.Series, pl.Series]]:
    """Family to the rows whose ends belong to it, and what stays of them; each row once."""
    cuts: dict[str, tuple[pl.Series, pl.Series]] = {}
    done = np.zeros(len(lines), np.bool_)
    for judge in rules.judges:
        if judge.tail is None or judge.cut is None:
            continue
        rows = pl.Series(np.flatnonzero((kinds >> TAIL_SHIFT & judge.kind != 0) & ~done))
        if rows.is_empty():  # an expression takes a millisecond to compile, each time
            continue
        # The end of a line is enough to say no: few lines are then read whole.
        rows = rows.filter(lines.gather(rows).str.tail(TAIL_BYTES // 3).str.contains(judge.tail))
        if len(rows):
            whole = lines.gather(rows)
            shorter = whole.str.replace(judge.cut, "$1")
            # A cut that takes nothing would be found again for ever.
            less = shorter.str.len_bytes() < whole.str.len_bytes()
            rows, shorter = rows.filter(less), shorter.filter(less)
        if len(rows):
            cuts[judge.family] = rows, shorter
            done[rows.to_numpy()] = True
    return cuts


_MARKS = " \t\u3000\u00a0\r*|·•●■◆◇▲△▼▽►▶◀→←↑↓«»‹›〉》>＞＜<_=~+—–-☆★※✦❤♥🔗👉👇👆"
_BULLET = r"^\s*([-*+]\s|\d{1,3}[.)、．]\s?)"
_HEADING = r"^\s*#"
_CODE = r"^\s*(//|/\*|\*/|#@)"


def _whole_lines(lines: pl.Series, kinds: npt.NDArray[np.int64], rules: Rules) -> pl.Series:
    """The family that each line belongs to as a whole; null: none."""
    # Most lines are too long for the families of their words: nothing more is done with these.
    addresses = lines.str.contains("](", literal=True).to_numpy() * _ADDRESS_BYTES
    chars = lines.str.len_chars().to_numpy().astype(np.int64) - addresses
    short = np.zeros(len(lines), np.bool_)
    for judge in rules.judges:
        short |= (kinds & judge.kind != 0) & (chars <= judge.rules.longest)
    rows = np.flatnonzero(short)
    found = pl.repeat(None, len(lines), dtype=pl.String, eager=True)
    if len(rows):
        found.scatter(rows, _families(lines.gather(rows), kinds[rows], rules))  # in place
    return found


def _families(lines: pl.Series, kinds: npt.NDArray[np.int64], rules: Rules) -> pl.Series:
    """As `_whole_lines`, for short lines."""
    kinds = _tried(lines, kinds, rules)
    linked = lines.str.contains("](", literal=True)
    plain = lines.filter(linked).str.replace_all(r"!\[[^\]]*\]\([^()]*\)", "")
    plain = plain.str.replace_all(r"\[([^\]]*)\]\((<[^<>]*>|[^()]*)\)", "$1")
    each = pl.DataFrame({"line": scatter(lines, linked, plain), "kinds": kinds}).with_columns(
        pl.when(pl.col("kinds") != 0)
        .then("line")
        .otherwise(pl.lit(""))
        .str.replace(_BULLET, "")
        .str.strip_chars("# \t")
        .str.strip_chars(_MARKS)
    )
    # Pages of one site end alike: each line is judged once.
    frame = each.unique(maintain_order=True)
    families = frame.with_columns(family=_judged_once(frame, rules))
    return each.join(families, on=each.columns, how="left", maintain_order="left")["family"]


def _tried(lines: pl.Series, kinds: npt.NDArray[np.int64], rules: Rules) -> npt.NDArray[np.int64]:
    """The kinds for which a line is tried: not all are in items of lists and headings, none in code."""
    bullets = sum(judge.kind for judge in rules.judges if judge.rules.bullets)
    headings = sum(judge.kind for judge in rules.judges if judge.rules.headings)
    kinds = np.where(lines.str.contains(_BULLET).to_numpy(), kinds & bullets, kinds)
    kinds = np.where(lines.str.contains(_HEADING).to_numpy(), kinds & headings, kinds)
    code = (
        lines.str.contains("<!--", literal=True) | lines.str.contains("-->", literal=True) | lines.str.contains(_CODE)
    )
    return np.where(code.to_numpy(), 0, kinds)


def _judged_once(frame: pl.DataFrame, rules: Rules) -> pl.Series:
    """The family of each line, all marks stripped; null: none."""
    frame, kinds = frame.with_columns(chars=pl.col("line").str.len_chars()), frame["kinds"].to_numpy()
    found = pl.repeat(None, len(frame), dtype=pl.String, eager=True)
    for judge in rules.judges:
        if judge.line is None:
            continue
        may = pl.Series(kinds & judge.kind != 0) & found.is_null() & (frame["chars"] <= judge.rules.longest)
        rows = may.arg_true()
        if rows.is_empty():
            continue
        rows = rows.filter(frame["line"].gather(rows).str.contains(judge.line))
        if len(rows):
            found.scatter(rows, judge.family)  # in place
    return found


def _without(utf8: Utf8, rows: npt.NDArray[np.int64], changes: pl.DataFrame) -> pl.Series:
    """The texts `rows` without the lines, and ends of lines, that `changes` names."""
    from curate.kernels.furniture import without_lines

    # What stays of a line is its beginning: its length says it all.
    edits = changes.select("row", "start", "whole", pl.col("left").str.len_bytes().cast(pl.Int64))
    return Utf8(*without_lines(*utf8, rows, *(edits[name].to_numpy() for name in edits.columns))).series()
