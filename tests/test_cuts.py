"""Passages that filters cut: as tables, and on the way from measuring to the shards."""

import json
import re
import sys

import numpy as np
import polars as pl
import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st

import curate
from curate import cuts
from curate.cli import main
from curate.contracts import CUT_COLUMNS, CuttingFilter, Documents, Measured
from curate.errors import CurateError
from curate.testing import check_filter

TEXT = st.text(alphabet="ab字é😀\n", max_size=12)


def spans(*rows):
    return pl.DataFrame(list(rows), schema=CUT_COLUMNS, orient="row")


def in_bytes(text, start, stop):
    return len(text[:start].encode()), len(text[:stop].encode())


@st.composite
def texts_and_spans(draw):
    """Texts, and for each some spans in characters."""
    texts = draw(st.lists(TEXT, min_size=1, max_size=5))
    found = []
    for row, text in enumerate(texts):
        for _ in range(draw(st.integers(0, 3))):
            start = draw(st.integers(0, len(text)))
            found.append((row, start, draw(st.integers(start, len(text)))))
    return texts, draw(st.permutations(found))


@settings(deadline=None)
@given(texts_and_spans())
def test_what_is_left_is_every_character_outside_all_spans(case):
    texts, found = case
    byte_spans = spans(*((row, *in_bytes(texts[row], start, stop)) for row, start, stop in found))
    merged = cuts.checked(byte_spans, Documents.of(texts), "filter")
    covered = [{k for one, start, stop in found if one == row for k in range(start, stop)} for row in range(len(texts))]
    left = ["".join(c for k, c in enumerate(text) if k not in covered[row]) for row, text in enumerate(texts)]
    assert cuts.taken_out(pl.Series(texts), merged).to_list() == left
    measured = cuts.signals(merged, pl.Series(texts).str.len_chars())
    assert measured["cut_chars"].to_list() == [len(one) for one in covered]
    assert measured["chars_left"].to_list() == [len(text) for text in left]
    for row, start, end, first, last in merged.iter_rows():
        assert in_bytes(texts[row], first, last) == (start, end)
    listed = cuts.listed(merged, len(texts)).to_list()
    assert [{k for one in row for k in range(one["start"], one["end"])} for row in listed] == covered


@settings(deadline=None)
@given(texts_and_spans(), st.integers(0, 3))
def test_cuts_of_several_filters_are_merged(case, share):
    texts, found = case
    byte_spans = [(row, *in_bytes(texts[row], start, stop)) for row, start, stop in found]
    documents = Documents.of(texts)
    one, other = byte_spans[:share], byte_spans[share:]
    parts = [cuts.checked(spans(*some), documents, "filter") for some in (one, other)]
    assert cuts.together(parts).equals(cuts.checked(spans(*byte_spans), documents, "filter"))


@pytest.mark.parametrize("span", [(0, 1, 3), (0, 0, 2), (0, 0, 9), (1, 0, 1), (-1, 0, 1), (0, 3, 0)])
def test_a_cut_outside_its_text_or_inside_a_character_is_an_error(span):
    with pytest.raises(CurateError, match="outside its text, or inside a character"):
        cuts.checked(spans(span), Documents.of(["字字"]), "filter")


def test_rows_are_found_again_by_their_position():
    merged = cuts.checked(spans((0, 0, 1), (2, 1, 2), (3, 0, 3)), Documents.of(["ab", "ab", "ab", "abc"]), "filter")
    assert cuts.inside(merged, 2, 4)["row"].to_list() == [0, 1]
    assert cuts.of_rows(merged, pl.Series([2, 3]))["row"].to_list() == [0, 1]
    assert cuts.of_rows(merged, pl.Series([1])).is_empty()


PLUGIN = """
import polars as pl
from curate.contracts import CUT_COLUMNS, CuttingFilter, Measured


class Asides(CuttingFilter):
    signals = {"asides": pl.Int64}
    rules = {"short_rest": "chars_left < 8"}
    cut: bool = True

    def measured_parameters(self):
        return self.model_dump(exclude={"drop", "name", "cut"})

    def own_rules(self):
        return self.rules if self.cut else {}

    def cuts_text(self):
        return self.cut

    def measure_and_cut(self, documents):
        rows = []
        for row, text in enumerate(documents.frame["text"]):
            start = text.find("（")
            while start >= 0:
                stop = text.find("）", start) + 1 or len(text)
                rows.append((row, len(text[:start].encode()), len(text[:stop].encode())))
                start = text.find("（", stop)
        cut = pl.DataFrame(rows, schema=CUT_COLUMNS, orient="row")
        count = pl.Series("asides", [sum(one[0] == row for one in rows) for row in range(len(documents))], pl.Int64)
        return Measured(count.to_frame(), cut)
"""
PIPELINE = """
read: [{jsonl: {paths: [in.jsonl], max_rejected: 1}}]
filters:
  - asides_plugin:Asides: {cut: CUT}
  - exact_duplicates
write: [{documents: {format: parquet}}]
"""
TEXTS = [
    "今天下雨（广告：买伞请来）我们在家看书。",
    "没有旁白的一段话，什么都不少。",
    "（全是广告）短。",
    "（一）春天（二）来了，花都开了（三）。",
    "今天下雨（广告：买伞请来）我们在家看书。",
]


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A folder with a plug-in that cuts, and an input."""
    (tmp_path / "asides_plugin.py").write_text(PLUGIN, encoding="utf-8")
    rows = [json.dumps({"text": text}) for text in TEXTS]
    (tmp_path / "in.jsonl").write_text("\n".join(rows), encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    yield tmp_path
    sys.modules.pop("asides_plugin", None)


def run_with(folder, cut):
    (folder / "p.yaml").write_text(PIPELINE.replace("CUT", cut), encoding="utf-8")
    return curate.run_pipeline(folder / "p.yaml", folder / "run", workers=1)


def written(run):
    return sorted(pl.read_parquet(run.folder / "shards/documents/documents-*.parquet")["text"])


def test_shards_leave_out_what_is_cut_and_rules_see_what_is_left(folder):
    run = run_with(folder, "true")
    found = run.signals().sort("id")
    assert found["cut_chars"].to_list() == [9, 0, 6, 9, 9]
    assert found["chars_left"].to_list() == [11, 15, 2, 10, 11]
    assert found["asides.short_rest"].to_list() == [False, False, True, False, False]
    assert found["exact_duplicates.duplicate"].to_list() == [False, False, False, False, True]
    expected = [re.sub("（.*?）", "", text) for text in (TEXTS[0], TEXTS[1], TEXTS[3])]
    assert written(run) == sorted(expected)
    assert run.record["cut"] == {"asides": {"documents": 2, "chars": 18}}
    assert "⟦（广告：买伞请来）⟧" in CliRunner().invoke(main, ["show", str(run.folder)]).stdout


def test_whether_to_cut_is_a_decision_that_measures_nothing_again(folder):
    first = run_with(folder, "true")
    second = run_with(folder, "false")
    assert second.record["parts"]["measured"] == 0
    assert second.plan.verdicts != first.plan.verdicts
    assert written(second) == sorted(TEXTS[:4])
    assert second.record["cut"] == {} and "chars_left" not in second.signals().columns
    third = run_with(folder, "true")
    assert third.record["parts"]["measured"] == 0 and len(written(third)) == 3
    from curate.prune import prune_run

    assert not [path for path, _ in prune_run(third) if "cuts" in str(path)]


class Letters(CuttingFilter):
    """Cuts every letter a."""

    signals = {"a_count": pl.Int64}

    def cuts_text(self) -> bool:
        return True

    def measure_and_cut(self, documents):
        data, offsets = documents.utf8
        at = np.flatnonzero(data == ord("a"))
        at = at[(at >= offsets[0]) & (at < offsets[-1])]
        row = np.searchsorted(offsets, at, side="right") - 1
        start = at - offsets[row]
        count = np.bincount(row, minlength=len(documents))
        cut = pl.DataFrame({"row": row, "start": start, "end": start + 1}, schema=CUT_COLUMNS)
        return Measured(pl.DataFrame({"a_count": count}, schema=self.signals), cut)


def test_a_notebook_sees_the_cuts_and_the_contract_holds():
    check_filter(Letters())
    table = curate.apply([Letters(drop={"empty": "chars_left = 0"})], ["banana", "aa", "xyz"])
    assert table["chars_left"].to_list() == [3, 0, 3]
    assert table["cuts"].to_list()[0] == [{"start": place, "end": place + 1} for place in (1, 3, 5)]
    assert table["reasons"].to_list() == [[], ["letters.empty"], []]
