"""Dropped documents in short: whoever misses one finds on the page why, and the page stays small."""

import re

import polars as pl

from curate.report import dropped, page
from curate.report.collect import SEED, collect


def test_every_dropped_document_of_a_small_run_is_listed_with_why(demo):
    run, _ = demo
    signals = run.signals()
    gone = signals.filter(~pl.col("kept"))
    listed = dropped.dropped_of(run, SEED)
    assert [one.id for one in listed] == gone["id"].to_list()
    for one, row in zip(listed, gone.iter_rows(named=True), strict=True):
        assert list(one.reasons) == [reason for reason in run.reasons() if row[reason]] != []
        assert 0 < len(one.text) <= dropped.FIRST_CHARS


def test_of_many_the_same_ones_are_listed_whatever_else_is(demo, monkeypatch):
    run, _ = demo
    everything = [one.id for one in dropped.dropped_of(run, SEED)]
    monkeypatch.setattr(dropped, "MOST_DROPPED", 40)
    fewer = [one.id for one in dropped.dropped_of(run, SEED)]
    monkeypatch.setattr(dropped, "MOST_DROPPED", 20)
    fewest = [one.id for one in dropped.dropped_of(run, SEED)]
    assert set(fewest) < set(fewer) < set(everything) and (len(fewest), len(fewer)) == (20, 40)
    assert [id for id in everything if id in set(fewer)] == fewer


def test_the_page_says_of_how_many_and_names_the_rules(demo):
    run, _ = demo
    report = collect(run)
    for language, words in (("en", "all 156 that were dropped, in short"), ("zh", "全部 156 篇被丢弃的文档")):
        html = page.render(report, page.DETAILS[0], language)
        (listed,) = re.findall('<ul class="dropped-list">(.*)</ul></details>', html, re.DOTALL)
        assert words in html and listed.count('<ul class="why">') == 156
    fewer = page.render(report, page.DETAILS[0]._replace(dropped=10), "en")
    assert "10 of 156 that were dropped, in short" in fewer
    assert 'id="dropped"' not in page.render(report, page.DETAILS[-1], "en")
