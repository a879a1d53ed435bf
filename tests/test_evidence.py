"""Evidence: spans in characters, under the names of the columns."""

from typing import Any, ClassVar

import polars as pl
import pytest

from curate import evidence, judge
from curate.contracts import EVIDENCE_COLUMNS, Documents, Filter, Line
from curate.errors import CurateError
from curate.filters.length import Length


class Vowels(Filter):
    """Points at `start` to `end` of the first text."""

    signals: ClassVar[dict[str, Any]] = {"vowels": pl.Int64}
    start: int = 0
    end: int = 0

    def evidence(self, documents: Documents) -> pl.DataFrame:
        return pl.DataFrame([[0, self.start, self.end, "vowels"]] * 2, schema=EVIDENCE_COLUMNS, orient="row")


def found(step: Filter, *texts: str) -> list[list[evidence.Evidence]]:
    return evidence.of_documents([Line(step.label("own"), "filters[0].own", step)], Documents.of(list(texts)).frame)


def test_bytes_become_characters_and_a_span_that_is_told_twice_counts_once():
    assert found(Vowels(start=6, end=7), "天气a好", "b") == [[evidence.Evidence(2, 3, "vowels")], []]


def test_no_more_than_the_first_spans_of_a_signal_are_told(monkeypatch):
    monkeypatch.setattr(evidence, "MOST", 2)
    spans = pl.DataFrame(
        [[0, place, place + 1, "vowels"] for place in (4, 0, 2)], schema=EVIDENCE_COLUMNS, orient="row"
    )
    monkeypatch.setattr(Vowels, "evidence", lambda self, documents: spans)
    assert [one.start for one in found(Vowels(), "abcdef")[0]] == [0, 2]


def test_a_second_filter_of_one_kind_has_its_prefix():
    assert found(Vowels(name="second", end=1), "a")[0][0].signal == "second_vowels"


@pytest.mark.parametrize(("start", "end"), [(-1, 1), (0, 5), (1, 3)])
def test_a_span_outside_its_text_or_inside_a_character_is_an_error(start, end):
    with pytest.raises(CurateError, match=r"filters\[0\].own: evidence at byte"):
        found(Vowels(start=start, end=end), "天a")


def test_a_rule_is_shown_by_the_signals_that_it_looks_at_alone() -> None:
    vowels, length = Vowels(end=1, drop={"few": "vowels < 3"}), Length(drop={"too_short": "chars < 50"})
    filters: list[Line[Filter]] = [Line("vowels", "filters[0]", vowels), Line("length", "filters[1]", length)]
    few, *_, short = judge.compile_rules(filters, {"vowels": pl.Int64, **Length.signals})
    frame = Documents.of(["abc"]).frame
    assert evidence.for_rule(filters, frame, few) == [[evidence.Evidence(0, 1, "vowels")]]
    assert evidence.for_rule(filters, frame, short) == [[]]


@pytest.mark.parametrize(
    ("spans", "expected"),
    [
        ([], (0, 10)),
        ([(50, 52)], (46, 56)),
        ([(2, 3), (60, 62), (66, 68)], (59, 69)),
        ([(98, 100)], (90, 100)),
        ([(20, 90)], (20, 30)),
    ],
)
def test_an_excerpt_is_centred_on_the_densest_evidence(spans: list[tuple[int, int]], expected: tuple[int, int]) -> None:
    assert evidence.excerpt("字" * 100, [evidence.Evidence(*span, "x") for span in spans], 10) == expected


def test_an_excerpt_of_a_short_text_is_all_of_it() -> None:
    assert evidence.excerpt("abc", [], 10) == (0, 3)
