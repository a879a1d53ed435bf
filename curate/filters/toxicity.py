"""Advertising for gambling, sex and loans, found by words.

Lists of words name categories (`toxicity_words.yaml` says which), a kernel finds the words (`kernels.wordlists`), and
SQL over their counts decides. Where words overlap the leftmost counts, and the longest that starts there. Words match
anywhere, for Chinese has no word borders; so none decides alone. A phrase that says what a page offers weighs double, a
word of the subject counts where words of asking and promising stand beside it, words of warning count against.
A Latin letter or digit at a word's edge must not go on outside; Latin words match in lower, upper and title case. About
330 MB/s; 240 with 20,000 words more.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, NamedTuple

import numpy as np
import numpy.typing as npt
import polars as pl
import yaml

from curate.contracts import TEXT, Documents, Filter, InputFile
from curate.errors import PipelineError

if TYPE_CHECKING:
    from curate.kernels.wordlists import Trie

BUILT_IN = str(Path(__file__).with_name("toxicity_words.yaml"))
"""Some 3,400 words in the categories `gambling`, `adult`, `loans`, the topics of each, `solicitation` and `warning`."""


class Toxicity(Filter):
    """Measure how many words of advertising a document holds, by category, and drop what is dense with them.

    Signals, for each list (`gambling`, `gambling_topic`, `adult`, `adult_topic`, `loans`, `loans_topic`,
    `solicitation` and `warning` for the built-in ones):
        <list>_words: how many different words of the list occur.
        <list>_char_ratio: characters inside them / characters of the text; null where there are none.
    And over the categories that have a rule (`gambling`, `adult`, `loans`):
        toxic_words: how many different words occur.
        toxic_char_ratio: characters inside words / characters of the text.

    A rule for each category, named after it, has two ways to find an advertisement:
    1. by telling phrases: three different ones on 0.5 % of the characters, or two on 7 %; and more than twice as many
       as there are different words of warning;
    2. by how densely everything meets: three phrases or topic words of the category, at least one phrase or word of
       solicitation, all of them on 15 % of the characters; and six points (two for a phrase, one for a word), and
       three more for each word of warning.
    So a report on gambling stays, and a bank's page on its loans. Of 30 short, often oblique advertisements, written
    before their words were added, 24 were found (loans 10, gambling 9, adult 5 of 10: prose and hints escape). Of
    48,810 Chinese pages (news, forums, docs, medicine, classics), on which the lists were corrected, four are dropped,
    one of them rightly. The second way errs on short honest notices that sound like advertising (a gym's discount, a
    bank's card): of twelve such texts, new to it, it dropped three.
    """

    version: ClassVar[int] = 2

    words: Annotated[str | None, InputFile()] = None
    """A list to use instead of the built-in one: YAML (category -> list of words), or plain text (a word a line, lines
    that start with # left out, the file's stem is the category). In a word, `(a|b)c` stands for ac and bc. A category x
    has the rule's second way if there are lists `x_topic` and `solicitation`."""
    extend: Annotated[str | None, InputFile()] = None
    """A list to use beside it; a category of the same name is added to."""

    def files(self) -> list[str]:
        return [self.words or BUILT_IN, *([self.extend] if self.extend else [])]

    def measured_parameters(self) -> dict[str, Any]:
        # A plain list's category is its file's name, which the bytes of the file do not say.
        return super().measured_parameters() | {"categories": [list(read_words(file)) for file in self.files()]}

    def check(self) -> None:
        _lists(self.files())

    def signal_types(self) -> Mapping[str, Any]:
        return {signal.name: signal.kind for signal in _signals(_lists(self.files()))}

    def own_rules(self) -> Mapping[str, str | None]:
        return _rules(_lists(self.files()))

    def measure(self, documents: Documents) -> pl.DataFrame:
        from curate.kernels.wordlists import find_words

        matcher = _matcher(self.files())
        row, spelling = find_words(documents.utf8.data, documents.utf8.offsets, *matcher.trie)
        _, first_of_word = np.unique(row * len(matcher.words) + matcher.words[spelling], return_index=True)
        chars = documents.frame[TEXT].str.len_chars().cast(pl.Float64)
        columns: dict[str, pl.Series] = {}
        for position, signal in enumerate(matcher.signals):
            if signal.kind == pl.Int64:
                words = spelling[first_of_word]
                counted = row[first_of_word][matcher.members[words, position]]
                columns[signal.name] = pl.Series(np.bincount(counted, minlength=len(documents)), dtype=pl.Int64)
            else:
                belongs = matcher.members[spelling, position]
                inside = np.bincount(row[belongs], matcher.chars[spelling[belongs]], minlength=len(documents))
                ratio = pl.Series(inside, dtype=pl.Float64) / chars
                columns[signal.name] = ratio.fill_nan(None).round(RATIO_DIGITS)
        return pl.DataFrame(columns)


_WARNING, _SOLICITATION, _TOPIC, _MIXED = "warning", "solicitation", "_topic", "mixed"
RATIO_DIGITS = 3
"""Places of a ratio: finer ones decide nothing, and would take eight bytes a document instead of one."""


def _is_category(name: str) -> bool:
    """Whether words of this list tell what a page is, so that it has a rule."""
    return name not in (_WARNING, _SOLICITATION) and not name.endswith(_TOPIC)


class _Signal(NamedTuple):
    name: str
    kind: Any
    lists: tuple[str, ...]
    """Whose words are counted (Int64), or their characters (Float64)."""
    without: tuple[str, ...] = ()
    """Whose words are not."""


def _signals(lists: Iterable[str]) -> list[_Signal]:
    """What is measured with these lists: a topic's characters count with its category's."""
    lists, signals = list(lists), []
    for name in lists:
        signals.append(_Signal(f"{name}_words", pl.Int64, (name,)))
        if _is_category(name):
            signals.append(_Signal(f"{name}_char_ratio", pl.Float64, (name, name + _TOPIC)))
        elif name == _SOLICITATION:
            signals.append(_Signal(f"{name}_char_ratio", pl.Float64, (name,)))
    telling = tuple(name for name in lists if _has_offers(name, lists))
    if telling:
        topics = tuple(name + _TOPIC for name in telling)
        signals += [
            _Signal(f"{_MIXED}_words", pl.Int64, telling),
            _Signal(f"{_MIXED}{_TOPIC}_words", pl.Int64, topics, (*telling, _SOLICITATION)),
            _Signal(f"{_MIXED}_char_ratio", pl.Float64, telling + topics, (_SOLICITATION,)),
        ]
    return signals


def _has_offers(name: str, lists: Iterable[str]) -> bool:
    """Whether the category has what the second way needs."""
    return _is_category(name) and {name + _TOPIC, _SOLICITATION} <= set(lists)


def _rules(lists: Iterable[str]) -> Mapping[str, str | None]:
    lists = list(lists)
    warnings = f"{_WARNING}_words" if _WARNING in lists else "0"
    rules: dict[str, str | None] = {}
    for name in filter(_is_category, lists):
        ways = [_by_phrases(name, warnings)]
        if _has_offers(name, lists):
            ways.append(_by_density(name, warnings, 0.16))
        rules[name] = _RULES[name] if name in _RULES else " OR ".join(ways)
    if any(_has_offers(name, lists) for name in lists):
        rules[_MIXED] = f"{_MIXED}_char_ratio >= 0.12 AND {_by_density(_MIXED, warnings, 0.18)}"
    return rules


def _by_phrases(name: str, warnings: str) -> str:
    words, ratio = f"{name}_words", f"{name}_char_ratio"
    return f"{words} >= 3 + {warnings} AND {ratio} >= 0.005 OR {words} = 2 AND {warnings} = 0 AND {ratio} >= 0.07"


def _by_density(name: str, warnings: str, least: float) -> str:
    words, topic, asked = f"{name}_words", f"{name}{_TOPIC}_words", f"{_SOLICITATION}_words"
    return (
        f"2 * {words} + {topic} >= 3 AND {words} + {asked} >= 1"
        f" AND 2 * {words} + {topic} + {asked} >= 6 + 3 * {warnings}"
        f" AND {name}_char_ratio + {_SOLICITATION}_char_ratio >= {least}"
    )


_RULES: Mapping[str, str | None] = {
    "abuse": "abuse_words > 2 * warning_words"
    " AND (abuse_words >= 3 AND abuse_char_ratio >= 0.05 OR abuse_words = 2 AND abuse_char_ratio >= 0.15)",
    "political": None,
}


class _Matcher(NamedTuple):
    trie: Trie
    signals: list[_Signal]
    members: npt.NDArray[np.bool_]
    """`[spellings, signals]`: whether a spelling counts for a signal."""
    words: npt.NDArray[np.int64]
    """`[spellings]`: the word that it spells."""
    chars: npt.NDArray[np.int64]
    """`[spellings]`: its length."""


_Versions = tuple[tuple[str, int], ...]
"""Files and when each was modified (ns)."""


def _versions(files: Iterable[str]) -> _Versions:
    return tuple((file, _modified(file)) for file in files)


def _modified(file: str) -> int:
    try:
        return Path(file).stat().st_mtime_ns
    except OSError as error:
        raise PipelineError(f"{file}: no word list to read here ({error.strerror}); correct the path") from error


def _lists(files: Iterable[str]) -> Mapping[str, list[str]]:
    """The words of all files by category, read once per process and version of the files."""
    return _read(_versions(files))


@lru_cache(maxsize=8)
def _read(files: _Versions) -> Mapping[str, list[str]]:
    lists: dict[str, list[str]] = {}
    for file, _ in files:
        for category, words in read_words(file).items():
            lists.setdefault(category, []).extend(words)
    return lists


def _matcher(files: Iterable[str]) -> _Matcher:
    """Build what finds the words, once per process and version of the files."""
    return _build(_versions(files))


@lru_cache(maxsize=8)
def _build(files: _Versions) -> _Matcher:
    from curate.kernels.wordlists import build_trie

    lists = _read(files)
    words = sorted({word for words in lists.values() for word in words})
    spellings = {spelling: number for number, word in enumerate(words) for spelling in _spellings(word)}
    signals = _signals(lists)
    sets = [_union(lists, signal.lists) - _union(lists, signal.without) for signal in signals]
    members = np.array([[word in members for members in sets] for word in words], np.bool_)
    meanings = np.array(list(spellings.values()), np.int64)
    chars = np.array(list(map(len, spellings)), np.int64)
    return _Matcher(build_trie(list(spellings)), signals, members[meanings], meanings, chars)


def _union(lists: Mapping[str, list[str]], names: Iterable[str]) -> set[str]:
    return {word for name in names for word in lists.get(name, [])}


def _spellings(word: str) -> set[str]:
    return {word, word.lower(), word.upper(), word.title()}


def read_words(file: str) -> dict[str, list[str]]:
    """Read a word list: category -> words.

    Raises: PipelineError when the file cannot be read, holds no words, or a category's name is no plain identifier.
    """
    path = Path(file)
    try:
        text = path.read_text(encoding="utf-8-sig")
        is_yaml = path.suffix in (".yaml", ".yml")
        lists = yaml.safe_load(text) if is_yaml else {path.stem: _lines(text)}
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise PipelineError(f"{file}: cannot be read as a word list: {' '.join(str(error).split())}") from error
    if not isinstance(lists, dict) or not lists:
        raise PipelineError(f"{file}: expected `category: [word, …]` in a YAML word list")
    for category, words in lists.items():
        if not isinstance(category, str) or not re.fullmatch(r"[a-z][a-z0-9_]*", category) or category == _MIXED:
            raise PipelineError(
                f"{file}: {category!r} cannot name a category (it becomes a column); use a-z, 0-9 and _, and not {_MIXED}"
            )
        if (
            not isinstance(words, list)
            or not words
            or not all(isinstance(word, str) and word.strip() for word in words)
        ):
            raise PipelineError(f"{file}: {category} must be a list of words; quote those that YAML reads as numbers")
    return {
        category: list(dict.fromkeys(spelt for word in words for spelt in _spelt_out(word.strip()) if spelt))
        for category, words in lists.items()
    }


def _spelt_out(word: str) -> Iterator[str]:
    """`(当天|秒)(放款|到账)` -> 当天放款, 当天到账, 秒放款, 秒到账."""
    parts = re.split(r"\(([^()]*\|[^()]*)\)", word)
    return map("".join, product(*(part.split("|") if number % 2 else [part] for number, part in enumerate(parts))))


def _lines(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines() if line.strip() and not line.startswith("#")]
