"""Evidence: spans in characters, under the names of the columns."""

from typing import Any, ClassVar

import polars as pl
import pytest

from curate import evidence
from curate.contracts import EVIDENCE_COLUMNS, Documents, Filter, Line
from curate.errors import CurateError


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


def test_a_second_filter_of_one_kind_has_its_prefix():
    assert found(Vowels(name="second", end=1), "a")[0][0].signal == "second_vowels"


@pytest.mark.parametrize(("start", "end"), [(-1, 1), (0, 5), (1, 3)])
def test_a_span_outside_its_text_or_inside_a_character_is_an_error(start, end):
    with pytest.raises(CurateError, match=r"filters\[0\].own: evidence at byte"):
        found(Vowels(start=start, end=end), "天a")
