"""Repair of 汉 字 间 空 格: Chinese of which every character stands apart, as tokenised corpora and bad HTML leave it.

A *run* is a stretch of one line in which no two Han stand side by side: blanks, marks and words of other scripts part
them. Measured on 48,810 Chinese pages (843 of them tokenised dialogues): outside the dialogues, seven Han in a row with
single blanks between them occurred in two runs, both damaged; three to six are names in tables, spaced headings (发 掘
单 位), characters quoted in commentaries. Hence the rule:

* a run is repaired if it holds seven Han in a row, single blanks between them and any full-width marks; and
* all runs of a text are repaired if that is its habit: four blanks or more that part Han, as many as four in five
  neighbouring Han, and a blank to every eight bytes at least;
* where one of the characters of running text (的, 了, 是 …) is among them: lists of characters (甲 乙 丙 丁) hold none.

Blanks between Han, or between Han and a mark, go, and those between single digits or letters; a blank between Han and
a word or number stays, as do ideographic spaces. Of the 843 tokenised dialogues 835 were repaired; of the 47,967 other
pages the two that are damaged, and a commentary that quotes seven characters in a row and lost nothing but blanks.
"""

from __future__ import annotations

import re

import numpy as np
import polars as pl

from curate.contracts import Utf8

_USUAL_HAN = "\u3005-\u3007\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"  # three bytes each, as the kernel counts them
_HAN = f"{_USUAL_HAN}\U00020000-\U000323af"
_OPENING = "“‘「『（《〈【〔"
_FULL_MARKS = f"{_OPENING}，。！？；：、”’」』）》〉】〕…—～"
_MARKS = f"{_FULL_MARKS}·,.!?;:()~\"'"
_RUNNING = "的了是不我你他她它们有在这那就也都和要会能没很吗吧呢啊好还可么哈啦哦"

# Each character of what parts two Han can be matched in one way only: no text makes the expression slow.
_RUN = re.compile(
    rf"(?:(?<![{_OPENING}])(?<![{_OPENING}] )(?:[{_OPENING}] ?)+)?"
    rf"[{_HAN}](?:(?: |(?: ?[{_MARKS}A-Za-z0-9])+ ?)[{_HAN}])+(?: ?[{_MARKS}])*"
)
_ROW = re.compile(rf"(?:[{_USUAL_HAN}] (?:[{_FULL_MARKS}] )*){{6}}[{_USUAL_HAN}]")
_BLANK = re.compile(
    rf"(?<=[{_HAN}{_MARKS}]) (?=[{_HAN}{_MARKS}])"
    r"|(?<=\b[A-Za-z0-9]) (?=[A-Za-z0-9]\b)"  # digits and letters that stand apart too: 2 0 号 楼
)
_SPACED = re.compile(rf"[{_USUAL_HAN}] (?=[{_USUAL_HAN}])")
_PARTED = re.compile(rf"[{_USUAL_HAN}{_FULL_MARKS}] (?=[{_USUAL_HAN}{_FULL_MARKS}])")
_ADJACENT = re.compile(rf"[{_HAN}](?=[{_HAN}])")
_IN_RUNNING_TEXT = re.compile(f"[{_RUNNING}]")

ROW, HABIT = 6, 4
"""Blanks in a row, and blanks in a text, from which on a repair is thought of."""


def may_be_spaced(utf8: Utf8) -> pl.Series:
    """Whether blanks part so many characters of a text that `repair_spacing` may find something in it."""
    from curate.kernels.spacing import count_spaced

    counts = np.empty((len(utf8.offsets) - 1, 2), np.int64)
    count_spaced(*utf8, counts)
    spaced, row = counts[:, 0], counts[:, 1]
    return pl.Series((row >= ROW) | (spaced >= HABIT) & (spaced * 8 >= np.diff(utf8.offsets)))


def repair_spacing(text: pl.Series) -> pl.Series:
    """Repair a String column (no nulls) of texts that may be spaced; a sound one comes back as it is."""
    # A loop over documents: `may_be_spaced` leaves those that are, and a few tables.
    return pl.Series(text.name, [_repair(one, len(one.encode())) for one in text], dtype=pl.String)


def _repair(text: str, n_bytes: int) -> str:
    habit = _is_habit(text, n_bytes)

    def mend(match: re.Match[str]) -> str:
        run = match[0]
        damaged = habit or (_ROW.search(run) and _IN_RUNNING_TEXT.search(run))
        return _BLANK.sub("", run) if damaged else run

    return _RUN.sub(mend, text)


def _is_habit(text: str, n_bytes: int) -> bool:
    spaced = len(_SPACED.findall(text))
    if spaced < HABIT or len(_PARTED.findall(text)) * 8 < n_bytes:
        return False
    return len(_ADJACENT.findall(text)) * 4 <= spaced and _IN_RUNNING_TEXT.search(text) is not None
