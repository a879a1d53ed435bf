"""The map of rules that fire together: each pair's number, the rarer rule's share, the rules that are not drawn."""

from __future__ import annotations

import itertools
import re

import pytest

import curate
from curate.report.collect import Report, collect
from curate.report.together import compact, together_section
from curate.report.wording import wording


@pytest.fixture(scope="module")
def report(demo: tuple[curate.Run, str]) -> Report:
    return collect(demo[0])


def test_each_pair_has_its_number_and_that_of_the_rarer_rule(demo: tuple[curate.Run, str], report: Report) -> None:
    table = demo[0].signals().select(demo[0].reasons())
    pattern = r'title="(\S+) and (\S+): ([\d,]+) documents, \S+ % of the rarer rule&#x27;s ([\d,]+)"'
    found = {
        (one, other): (int(both), int(rarer))
        for one, other, both, rarer in re.findall(pattern, str(section(report, 30)))
    }
    pairs = {
        (one, other): ((table[one] & table[other]).sum(), min(table[one].sum(), table[other].sum()))
        for one, other in itertools.combinations(table.columns, 2)
    }
    assert found == {pair: counts for pair, counts in pairs.items() if counts[0]}


def test_only_the_rules_that_fired_most_are_drawn_and_the_others_are_counted(report: Report) -> None:
    text = section(report, 5)
    assert text.count('scope="row"') == 5
    assert "toxicity.mixed" in text and "repetition.top_2_gram" not in text
    assert "Rules that fired less often and are not drawn: 22." in text
    assert together_section(report, wording("en"), 1) is None


def section(report: Report, most: int) -> str:
    return str(together_section(report, wording("en"), most))


@pytest.mark.parametrize(
    ("count", "text"),
    [
        (7, "7"),
        (999, "999"),
        (1000, "1.0k"),
        (9_949, "9.9k"),
        (12_345, "12k"),
        (999_600, "1.0M"),
        (4_200_000_000, "4.2G"),
    ],
)
def test_counts_are_short(count: int, text: str) -> None:
    assert compact(count) == text
