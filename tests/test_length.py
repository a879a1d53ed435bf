"""The filter `length`."""

import polars as pl

from curate import judge
from curate.contracts import Documents, Line
from curate.filters.length import Length


def dropped(texts: list[str], step: Length | None = None) -> list[bool]:
    line = Line("length", "filters[0].length", step or Length())
    rules = judge.compile_rules([line], judge.signal_columns(line))
    signals = line.step.measure(Documents.of(texts))
    return judge.rule_frame(signals, rules).select(pl.any_horizontal(pl.all())).to_series().to_list()


def test_code_points_and_lines_are_counted() -> None:
    signals = Length().measure(Documents.of(["", "汉𠀀é\n", " \n\u3000\n\n", "一\n \n二\r\n\r\n三"]))
    assert signals["chars"].to_list() == [0, 4, 5, 10]
    assert signals["lines"].to_list() == [0, 1, 0, 3]
    assert dict(signals.schema) == dict(Length().signal_types())


def test_a_few_characters_are_too_short_and_a_book_is_not_too_long() -> None:
    assert dropped(["太短了呢。", "短" * 49, "够" * 50, "长" * 120_000]) == [True, True, False, False]


def test_a_pipeline_asks_for_more() -> None:
    assert dropped(["字" * 99, "字" * 100], Length(drop={"too_short": "chars < 100"})) == [True, False]
