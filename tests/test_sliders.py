"""What a slider says is what the edited rule gives; its line can be pasted; its stops are round and few."""

from __future__ import annotations

import html
import re
from html.parser import HTMLParser

import polars as pl
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

import curate
from curate import judge, whatif
from curate.comparisons import Comparison, of_filters, of_rule
from curate.conditions import compile_condition
from curate.judge import Rule, rule_frame
from curate.report import sliders
from curate.report.charts import Axis
from curate.whatif import GRID, Decided

TYPES = {"chars": pl.Int64, "score": pl.Float64, "lang": pl.String, "text_bytes": pl.Int64}


def comparison(condition: str) -> Comparison:
    return of_rule(Rule("f.rule", condition, compile_condition(condition, TYPES, {})), TYPES)[0]


def decided(condition: str, values: list[float]) -> Decided:
    one = comparison(condition)
    whole = pl.Series("chars", [int(min(max(value, -1e9), 1e9)) for value in values], dtype=pl.Int64)
    frame = pl.DataFrame(
        [
            whole,
            pl.Series("score", values, dtype=pl.Float64),
            pl.Series("lang", ["zh"] * len(values)),
            whole.alias("text_bytes"),
        ]
    )
    rule = Rule("f.rule", condition, compile_condition(condition, TYPES, {}))
    ((_, counted),) = whatif.of_part([one], frame, rule_frame(frame, [rule]))
    return counted


class Sliders(HTMLParser):
    """The data of every slider of a page."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[dict[str, str]] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        data = {key: value or "" for key, value in attrs}
        if data.get("class") == "slider":
            self.found.append(data)


def pair(text: str | None, place: int) -> list[int]:
    return [int(number) for number in text.split(" ")[place].split(":")] if text else [0, 0]


def test_a_slider_says_what_the_run_with_that_number_has_before_duplicates(demo: tuple[curate.Run, str]) -> None:
    run, _ = demo
    types, signals = run.signal_types(), run.signals()
    rules = judge.compile_rules(run.pipeline.filters, types)
    comparisons = of_filters(run.pipeline.filters, types)
    found = Sliders((run.folder / "report.html").read_text(encoding="utf-8")).found
    assert len(found) > 20
    for slider in found:
        one = comparisons[int(slider["data-threshold"])]
        others = signals.filter(~pl.any_horizontal(rule.reason for rule in rules if rule.reason != one.reason))
        numbers = slider["data-numbers"].split(" ")
        assert numbers[int(slider["data-now"])] == one.text
        kept_now = others.filter(~pl.col(one.reason))
        for place in {0, len(numbers) // 3, int(slider["data-now"]), len(numbers) - 1}:
            broken = compile_condition(one.edited(numbers[place]), types, {})
            back = others.filter(pl.col(one.reason) & ~broken)["text_bytes"]
            go = others.filter(~pl.col(one.reason) & broken)["text_bytes"]
            assert pair(slider.get("data-all-back"), place) == [len(back), back.sum()]
            assert pair(slider.get("data-all-go"), place) == [len(go), go.sum()]
        assert int(slider["data-kept"]) == kept_now.height


@settings(deadline=None, max_examples=40)
@given(
    st.lists(st.one_of(st.floats(0, 1), st.floats(-1e6, 1e6), st.floats(allow_nan=False)), min_size=1, max_size=20),
    st.sampled_from([None, Axis([0.0, 1.0]), Axis([0.0, 1e6], 4.0)]),
)
def test_stops_ascend_lie_on_the_grid_and_are_few(values: list[float], across: Axis | None) -> None:
    one = comparison("score < 0.123456")
    numbers = sliders.stops(one, decided(one.condition, values), across)
    assert numbers == sorted(set(numbers))
    assert set(numbers) - set(GRID.tolist()) == {0.123456}
    assert len(numbers) <= sliders.SLOTS + 2 * sliders.NEAR + 3
    assert all(float(sliders.written(number)) == number for number in numbers if number != 0.123456)


def test_stops_of_whole_numbers_are_whole_and_go_one_beyond_either_end() -> None:
    one = comparison("chars <= 5")
    assert sliders.stops(one, decided(one.condition, [3, 9]), None) == [2, 3, 4, 5, 6, 7, 8, 9, 10]


@pytest.mark.parametrize(
    "condition",
    [
        "chars < 5",
        "lang != 'zh' OR score < 0.65",
        "lang = 'a: b' OR chars < 5 # no comment",
        "lang = '</script>\"\\' OR chars < 5",
        "lang = '\u2028\x7f\u2029' OR chars < 5",
        "lang = 'a\n\tb'\n OR chars < 5",
        "(chars < 5) -- chars",
        "'zh' = lang AND chars > -5",
    ],
)
def test_the_line_to_copy_is_yaml_that_says_the_condition(condition: str) -> None:
    one = comparison(condition.replace(" # no comment", "")) if "#" in condition else comparison(condition)
    line = sliders._line(one)
    assert line is not None and "</script>" not in line
    for number in (one.text, "-0.125"):
        moved = re.sub(r'<b class="number">.*?</b>', number, line)
        text = html.unescape(re.sub("<[^>]*>", "", moved))
        assert yaml.safe_load(text) == {"rule": one.edited(number)}
