"""Furniture of web pages: navigation, credits, copyright, click-here, follow-us, share bars; Chinese and English.

Only whole lines go, and ends of lines behind the end of a sentence; nothing inside a sentence, nothing in a fence of
code. The phrases are data (`boilerplate_lines.yaml`). A kernel finds the lines that hold a word of them near their start
or end (250 MB/s); regular expressions (Rust's: linear in the text) judge those few.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import lru_cache, reduce
from operator import or_
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, NamedTuple

import numpy as np
import numpy.typing as npt
import polars as pl
import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from curate.cleaners.unicode import scatter
from curate.contracts import Cleaned, Cleaner, InputFile, Utf8
from curate.errors import PipelineError

if TYPE_CHECKING:
    from curate.kernels.wordlists import Trie

BUILT_IN = str(Path(__file__).with_name("boilerplate_lines.yaml"))
"""The families of furniture that are known without `extend`."""

HEAD_BYTES, TAIL_BYTES = 60, 180
"""Where a word of furniture is looked for in a line longer than both: 20 Chinese characters and 60."""


_TAIL_SHIFT = 31
"""There may be as many families."""


class Family(BaseModel):
    """What one kind of furniture looks like: an entry under `families` of a YAML file."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)

    screen: tuple[str, ...] = Field(min_length=1)
    """Words, one of which is in every line that the family matches; other lines are never tried."""
    tail_screen: tuple[str, ...] = ()
    """The same for ends of lines; `screen`, if there are none."""
    lines: tuple[str, ...] = ()
    """Regular expressions of whole lines."""
    tails: tuple[str, ...] = ()
    """Regular expressions of ends of lines, behind the end of a sentence."""
    longest: int = Field(100, gt=0)
    """Characters of a line beyond which it is not tried as a whole."""
    bullets: bool = False
    """Whether items of lists are tried too."""
    headings: bool = False
    """Whether headings of Markdown are tried too."""


class BoilerplateLines(Cleaner):
    """Remove lines of page furniture, and furniture at the ends of lines.

    Gone are breadcrumbs, links to the previous and the next page, credits (责任编辑), sources, notices of copyright,
    "click to read", "scan to follow", share, login and cookie bars, headings of related articles, and lines of dates and
    counts. A gap in which lines were removed keeps at most one blank line. Signals: `boilerplate_lines_removed` and
    `boilerplate_tails_removed`, how many of each.
    """

    signals: ClassVar[Mapping[str, Any]] = {
        "boilerplate_lines_removed": pl.Int64,
        "boilerplate_tails_removed": pl.Int64,
    }

    extend: Annotated[str | None, InputFile()] = None
    """A YAML file with more families (`families: {name: {screen: […], lines: […], tails: […]}}`); one with the name of a
    built-in family takes its place."""

    def files(self) -> list[str]:
        return [BUILT_IN, *([self.extend] if self.extend else [])]

    def check(self) -> None:
        rules_of(self.files())

    def clean(self, text: pl.Series) -> Cleaned:
        changes = find(text, rules_of(self.files()))
        removed = np.bincount(changes.filter("whole")["row"].to_numpy(), minlength=len(text))
        cut = np.bincount(changes.filter(~pl.col("whole"))["row"].to_numpy(), minlength=len(text))
        names = list(self.signals)
        signals = pl.DataFrame({names[0]: pl.Series(removed, dtype=pl.Int64), names[1]: pl.Series(cut, dtype=pl.Int64)})
        if changes.is_empty():
            return Cleaned(text, signals)
        rows, first = np.unique(changes["row"].to_numpy(), return_index=True)
        edits = changes.select("start", "whole", "left").rows()
        changed = np.zeros(len(text), np.bool_)
        changed[rows] = True
        # Python, text by text: only those in which furniture was found.
        cleaned = [
            _without(one, edits[begin:end])
            for one, begin, end in zip(text.gather(rows), first, [*first[1:], len(edits)], strict=True)
        ]
        return Cleaned(scatter(text, pl.Series(changed), pl.Series(cleaned, dtype=pl.String)), signals)


class Judge(NamedTuple):
    """A family, its expressions put together; a kind of word for the kernel."""

    family: str
    kind: int
    """The bit of its words; that of the words in its tails is `_TAIL_SHIFT` higher."""
    rules: Family
    line: str | None
    """Matches a whole line."""
    tail: str | None
    """Matches the end of a sentence and furniture behind it."""
    cut: str | None
    """Matches a whole line that ends so; its first group is what stays."""


class Rules(NamedTuple):
    """What finds furniture."""

    judges: tuple[Judge, ...]
    trie: Trie
    kinds: npt.NDArray[np.uint64]
    """`[words]`: the kinds of each word in the trie."""


def find(text: pl.Series, rules: Rules) -> pl.DataFrame:
    """Judge the lines that hold a word of furniture.

    Returns those that change: `row`, `start` and `end` (bytes in the text), `line`, `family`, `whole` (the line goes, not
    only its end) and `left` (what stays).
    """
    from curate.kernels.lines import lines_with_words

    utf8 = Utf8.of(text)
    row, start, end, kinds = lines_with_words(*utf8, *rules.trie, rules.kinds, HEAD_BYTES, TAIL_BYTES)
    for judge in rules.judges:  # a character has four bytes at most: no use to read longer lines, but for addresses
        kinds[end - start > 4 * judge.rules.longest + _ADDRESS_BYTES] &= ~judge.kind
    row, start, end, kinds = (values[kinds != 0] for values in (row, start, end, kinds))
    data = utf8.data.tobytes() if len(row) else b""
    # Python, line by line: the kernel lets a few of a hundred pass.
    lines = [data[first:last].decode() for first, last in zip(start.tolist(), end.tolist(), strict=True)]
    offset = utf8.offsets[row]
    frame = pl.DataFrame({"row": row, "start": start - offset, "end": end - offset, "line": lines}, schema=_FOUND)
    return _outside_fences(text, judged(frame.with_columns(kinds=pl.Series(kinds, dtype=pl.Int64)), rules))


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
        rows = pl.Series(np.flatnonzero((kinds >> _TAIL_SHIFT & judge.kind != 0) & ~done))
        if rows.is_empty():  # an expression takes a millisecond to compile, each time
            continue
        # The end of a line is enough to say no: few lines are then read whole.
        rows = rows.filter(lines.gather(rows).str.tail(TAIL_BYTES // 3).str.contains(judge.tail))
        if len(rows):
            shorter = lines.gather(rows).str.replace(judge.cut, "$1")
            cuts[judge.family] = rows, shorter
            done[rows.to_numpy()] = True
    return cuts


_MARKS = " \t\u3000\u00a0\r*|·•●■◆◇▲△▼▽►▶◀→←↑↓«»‹›〉》>＞＜<_=~+—–-…․.☆★※✦❤♥🔗👉👇👆"
_BULLET = r"^\s*([-*+]\s|\d{1,3}[.)、．]\s?)"
_HEADING = r"^\s*#"
_CODE = r"<!--|-->|^\s*(//|/\*|\*/|#@)"


def _whole_lines(lines: pl.Series, kinds: npt.NDArray[np.int64], rules: Rules) -> pl.Series:
    """The family that each line belongs to as a whole; null: none."""
    frame = (
        pl.DataFrame({"line": lines})
        .select(
            pl.col("line")
            .str.replace_all(r"!\[[^\]]*\]\([^()]*\)", "")
            .str.replace_all(r"\[([^\]]*)\]\((<[^<>]*>|[^()]*)\)", "$1")
            .str.replace(_BULLET, "")
            .str.strip_chars("# \t")
            .str.strip_chars(_MARKS),
            bullet=pl.col("line").str.contains(_BULLET),
            heading=pl.col("line").str.contains(_HEADING),
            code=pl.col("line").str.contains(_CODE),
        )
        .with_columns(chars=pl.col("line").str.len_chars())
    )
    found = pl.repeat(None, len(lines), dtype=pl.String, eager=True)
    for judge in rules.judges:
        if judge.line is None:
            continue
        may = (
            pl.Series(kinds & judge.kind != 0)
            & found.is_null()
            & (frame["chars"] <= judge.rules.longest)
            & ~frame["code"]
        )
        if not judge.rules.bullets:
            may &= ~frame["bullet"]
        if not judge.rules.headings:
            may &= ~frame["heading"]
        rows = may.arg_true()
        if rows.is_empty():
            continue
        rows = rows.filter(frame["line"].gather(rows).str.contains(judge.line))
        if len(rows):
            found.scatter(rows, judge.family)  # in place
    return found


_FENCE = re.compile(r"^[ \t>]{0,20}(```|~~~)[^\n]*\n(?:.*?^[ \t>]{0,20}\1|.*)", re.DOTALL | re.MULTILINE)


def _outside_fences(text: pl.Series, found: pl.DataFrame) -> pl.DataFrame:
    """Without the lines that stand in fences of code."""
    rows = found["row"].unique()
    fenced = rows.filter(text.gather(rows).str.contains("```|~~~"))
    if fenced.is_empty():
        return found
    # Python, text by text: only those with both code and furniture.
    fences = {row: _fences(text[row]) for row in fenced.to_list()}
    inside = [
        any(first <= start < last for first, last in fences.get(row, ()))
        for row, start in found.select("row", "start").iter_rows()
    ]
    return found.filter(~pl.Series(inside, dtype=pl.Boolean))


def _fences(text: str) -> list[tuple[int, int]]:
    """Where fences of code stand, in bytes."""
    spans, position, done = [], 0, 0
    for match in _FENCE.finditer(text):
        first = done + len(text[position : match.start()].encode())
        done = first + len(match[0].encode())
        position = match.end()
        spans.append((first, done))
    return spans


def _without(text: str, changes: Iterable[tuple[int, bool, str]]) -> str:
    """Shorten lines to what is left, or take them out; `changes`: first byte, whether the whole line goes, what is left.

    Of the blank lines around lines that go one stays, and none at the text's start and end.
    """
    change = {start: (whole, left) for start, whole, left in changes}
    lines = text.removesuffix("\n").split("\n")
    kept: list[str] = []
    gap: list[str] = []
    removed, start = False, 0
    for line in lines:
        whole, left = change.get(start, (False, line))
        start += len(line.encode()) + 1
        if whole or not left.strip():
            removed |= whole
            gap += [] if whole else [left]
            continue
        if removed:
            gap = gap[:1] if kept else []
        kept += [*gap, left]
        gap, removed = [], False
    if not removed:
        kept += gap
    return "\n".join(kept) + ("\n" if kept and text.endswith("\n") else "")


def rules_of(files: Iterable[str]) -> Rules:
    """Build what finds furniture, once per process and version of the files."""
    return _build(tuple((file, _modified(file)) for file in files))


def _modified(file: str) -> int:
    try:
        return Path(file).stat().st_mtime_ns
    except OSError as error:
        raise PipelineError(f"{file}: no furniture to read here ({error.strerror}); correct the path") from error


_END = r"[。！？…?.;；”』」）)\]】~～]"


@lru_cache(maxsize=8)
def _build(files: tuple[tuple[str, int], ...]) -> Rules:
    from curate.kernels.wordlists import build_trie

    families: dict[str, Family] = {}
    parts: dict[str, str] = {}
    for file, _ in files:
        families |= read_families(file, parts)
    judges = tuple(_judge(name, 1 << number, family) for number, (name, family) in enumerate(families.items()))
    kinds: dict[str, int] = {}
    for judge in judges:
        for spelling in {spelling for word in judge.rules.screen for spelling in _spellings(word)}:
            kinds[spelling] = kinds.get(spelling, 0) | judge.kind
        tail_words = judge.rules.tail_screen or judge.rules.screen if judge.tail else ()
        for spelling in {spelling for word in tail_words for spelling in _spellings(word)}:
            kinds[spelling] = kinds.get(spelling, 0) | judge.kind << _TAIL_SHIFT
    # The kernel names the longest word only: it stands for those that it begins with.
    bits = [reduce(or_, (kinds.get(word[:stop], 0) for stop in range(1, len(word) + 1))) for word in kinds]
    return Rules(judges, build_trie(list(kinds)), np.array(bits, np.uint64))


def _judge(name: str, kind: int, family: Family) -> Judge:
    line = rf"(?i)^(?:{'|'.join(family.lines)})$" if family.lines else None
    if not family.tails:
        return Judge(name, kind, family, line, None, None)
    tails = rf"\s*(?:(?:{'|'.join(family.tails)})\s*)+$"
    return Judge(name, kind, family, line, rf"(?i){_END}{tails}", rf"(?i)^(.*?{_END}){tails}")


def _spellings(word: str) -> set[str]:
    return {word, word.lower(), word.upper(), word.title(), word.capitalize()}


def read_families(file: str, parts: dict[str, str]) -> dict[str, Family]:
    """Read the families of a YAML file, `<part>` written out; `parts` are those known so far, and get the file's.

    Raises: PipelineError when the file cannot be read, or holds an expression that does not compile.
    """
    try:
        content = yaml.safe_load(Path(file).read_text(encoding="utf-8-sig"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise PipelineError(f"{file}: cannot be read as YAML: {' '.join(str(error).split())}") from error
    if not isinstance(content, dict) or not isinstance(content.get("families"), dict):
        raise PipelineError(f"{file}: expected `families: {{name: {{screen: [word, …], lines: [expression, …]}}}}`")
    for name, part in (content.get("parts") or {}).items():
        parts[name] = _written_out(str(part), parts)
    families = {}
    for name, entry in content["families"].items():
        try:
            family = Family.model_validate(entry)
        except ValidationError as error:
            first = error.errors()[0]
            where = ".".join(map(str, (name, *first["loc"])))
            raise PipelineError(f"{file}: {where}: {first['msg']}") from error
        lines = tuple(_compiled(_written_out(one, parts), f"{file}: {name}.lines: {one}") for one in family.lines)
        tails = tuple(_compiled(_written_out(one, parts), f"{file}: {name}.tails: {one}") for one in family.tails)
        families[str(name)] = family.model_copy(update={"lines": lines, "tails": tails})
    return families


def _written_out(expression: str, parts: Mapping[str, str]) -> str:
    return re.sub(r"<([a-z_]+)>", lambda part: f"(?:{parts[part[1]]})" if part[1] in parts else part[0], expression)


def _compiled(expression: str, where: str) -> str:
    try:
        pl.Series([""]).str.contains(rf"(?i)^(?:{expression})$")
    except pl.exceptions.ComputeError as error:
        raise PipelineError(f"{where}: not a regular expression: {' '.join(str(error).split())}") from error
    return expression
