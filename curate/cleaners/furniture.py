"""Families of page furniture: read from YAML, and put together into what finds them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import lru_cache, reduce
from operator import or_
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NamedTuple

import numpy as np
import numpy.typing as npt
import polars as pl
import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from curate.errors import PipelineError

if TYPE_CHECKING:
    from curate.kernels.wordlists import Trie

BUILT_IN = str(Path(__file__).with_name("boilerplate_lines.yaml"))
"""The families of furniture that are known without `extend`."""

_Word = Annotated[str, Field(min_length=1)]


class Family(BaseModel):
    """What one kind of furniture looks like: an entry under `families` of a YAML file."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)

    screen: tuple[_Word, ...] = Field(min_length=1)
    """Words, one of which is in every line that the family matches; other lines are never tried."""
    tail_screen: tuple[_Word, ...] = ()
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


TAIL_SHIFT = 31
"""There may be as many families."""


class Judge(NamedTuple):
    """A family, its expressions put together; a kind of word for the kernel."""

    family: str
    kind: int
    """The bit of its words; that of the words in its tails is `TAIL_SHIFT` higher."""
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


def rules_of(files: Iterable[str]) -> Rules:
    """Build what finds furniture, once per process and version of the files."""
    return _build(tuple((file, _modified(file)) for file in files))


def _modified(file: str) -> int:
    try:
        return Path(file).stat().st_mtime_ns
    except OSError as error:
        raise PipelineError(f"{file}: no furniture to read here ({error.strerror}); correct the path") from error


# No "]": it also ends the marks that `personal_data` puts into a sentence ("[手机号]").
_END = r"[。！？…?.;；”』」）)】~～]"


def families_of(files: Iterable[str]) -> dict[str, Family]:
    """Read the families of all files; one takes the place of an earlier one of its name. Raises: PipelineError."""
    families: dict[str, Family] = {}
    parts: dict[str, str] = {}
    for file in files:
        _modified(file)
        families |= read_families(file, parts)
        if len(families) > TAIL_SHIFT:
            raise PipelineError(
                f"{file}: families: {len(families)} with those of the files before, of {TAIL_SHIFT} at most; "
                "put some together, with `|` or as more `lines`"
            )
    return families


@lru_cache(maxsize=8)
def _build(files: tuple[tuple[str, int], ...]) -> Rules:
    from curate.kernels.wordlists import build_trie

    families = families_of(file for file, _ in files)
    judges = tuple(_judge(name, 1 << number, family) for number, (name, family) in enumerate(families.items()))
    kinds: dict[str, int] = {}
    for judge in judges:
        for spelling in {spelling for word in judge.rules.screen for spelling in _spellings(word)}:
            kinds[spelling] = kinds.get(spelling, 0) | judge.kind
        tail_words = judge.rules.tail_screen or judge.rules.screen if judge.tail else ()
        for spelling in {spelling for word in tail_words for spelling in _spellings(word)}:
            kinds[spelling] = kinds.get(spelling, 0) | judge.kind << TAIL_SHIFT
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

    Raises: PipelineError when the file cannot be read, or holds an expression that does not compile, or matches
        an empty text.
    """
    try:
        content = yaml.safe_load(Path(file).read_text(encoding="utf-8-sig"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise PipelineError(f"{file}: cannot be read as YAML: {' '.join(str(error).split())}") from error
    if not isinstance(content, dict) or not isinstance(content.get("families"), dict):
        raise PipelineError(f"{file}: expected `families: {{name: {{screen: [word, …], lines: [expression, …]}}}}`")
    written = content.get("parts") or {}
    if not isinstance(written, dict):
        raise PipelineError(f"{file}: parts: expected `parts: {{name: expression}}`")
    for name, part in written.items():
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
        matches_nothing = pl.Series([""]).str.contains(rf"(?i)^(?:{expression})$").item()
    except pl.exceptions.ComputeError as error:
        raise PipelineError(f"{where}: not a regular expression: {' '.join(str(error).split())}") from error
    if matches_nothing:
        raise PipelineError(f"{where}: matches an empty text too; let it need a character at least")
    return expression
