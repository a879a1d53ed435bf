"""Texts of the page: what counts is marked, what is cut is struck through, everything else is text."""

from typing import Any

from curate.evidence import Evidence
from curate.report.samples import Sample
from curate.report.texts import excerpt_note, sample_text
from curate.report.wording import wording

SAY = wording("en")


def shown(text: str, **fields: Any) -> str:
    sample = Sample("id", text, fields.pop("chars", len(text)), (), None, {}, {}, **fields)
    return str(sample_text(SAY, sample, {"words": "different <words>"}.get))  # type: ignore[arg-type]


def test_what_counts_is_marked_with_its_signal_and_what_that_counts() -> None:
    marked = shown("a <b> c", marks=(Evidence(2, 5, "words"),))
    assert marked == 'a <mark title="words: different &lt;words&gt;">&lt;b&gt;</mark> c'


def test_spans_may_overlap_and_each_stretch_names_all_its_signals() -> None:
    marked = shown("abcd", marks=(Evidence(0, 3, "one"), Evidence(1, 4, "two")))
    assert marked == '<mark title="one">a</mark><mark title="one; two">bc</mark><mark title="two">d</mark>'


def test_what_is_cut_is_struck_through_inside_a_mark_or_not() -> None:
    cut = '<s title="left out of the shards">'
    marked = shown("abc", marks=(Evidence(1, 2, "one"),), left_out=((0, 2),))
    assert marked == f'{cut}a</s><mark title="one">{cut}b</s></mark>c'


def test_dots_stand_where_a_longer_text_goes_on() -> None:
    whole = Sample("id", "abc", 3, (), None, {}, {})
    part = Sample("id", "abc", 3_000, (), None, {}, {}, start=1_000)
    assert excerpt_note(SAY, whole) is None
    assert excerpt_note(SAY, part) == "characters 1,001 to 1,003 of 3,000"
    assert shown("abc", chars=9, start=2).count("…") == 2
    assert "…" not in shown("abc")


def test_an_empty_text_says_that_it_is_empty() -> None:
    assert "(empty)" in shown("")
