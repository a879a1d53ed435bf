"""Clusters on the page of a run: counted, the largest first, with what differs; hostile text stays text."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from cluster_runs import invented, run_of

from curate.report import largest
from curate.report import page as pages
from curate.report.clusters import clusters_section
from curate.report.collect import collect
from curate.report.largest import Cluster, Clusters, clusters_of
from curate.report.wording import wording
from curate.run import Run

SAY = wording("en")
ATTACK = "<script>alert(1)</script>"
FILTERS = ["exact_duplicates", "near_duplicates: {prefer: chars DESC}"]


def cluster(number: int, size: int) -> dict[str, str]:
    """Texts each a character longer than the one before: the last is the longest."""
    return {f"{number}-{place}": invented(number) + "尾" * place for place in range(size)}


ROWS = {
    **cluster(1, 3), **cluster(2, 5), **cluster(3, 2), **cluster(4, 1), "short": "短",
    **{f"copy {place}": invented(5) for place in range(4)},
    f"{ATTACK} long": invented(6) + ATTACK * 2, f"{ATTACK}": invented(6) + ATTACK,
}  # fmt: skip


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    rows = list(ROWS.items())
    mixed = [rows[place] for place in np.random.default_rng(0).permutation(len(rows))]
    return run_of(tmp_path_factory.mktemp("largest") / "in", dict(mixed), FILTERS)


def test_clusters_are_counted_and_the_largest_come_first(run: Run) -> None:
    exact, near = clusters_of(run)
    assert (exact.label, exact.clusters, exact.documents, exact.dropped) == ("exact_duplicates", 1, 4, 3)
    assert [(one.size, one.dropped, one.survivor) for one in exact.largest] == [(4, 3, "copy 0")]
    assert (near.clusters, near.documents, near.dropped) == (4, 12, 8)
    assert [(one.size, one.survivor) for one in near.largest[:2]] == [(5, "2-4"), (3, "1-2")]
    assert {(one.size, one.survivor) for one in near.largest[2:]} == {(2, "3-1"), (2, f"{ATTACK} long")}
    assert near.largest[0].text == ROWS["2-4"][: largest.FIRST_CHARS]
    # Kept and dropped documents in clusters of two, three and five.
    assert near.sizes.into([2, 3, 4, 5, 6]).tolist() == [[2, 2], [1, 2], [0, 0], [1, 4]]


def test_the_counts_are_those_of_the_verdicts(run: Run) -> None:
    verdicts = run.signals()
    for found in clusters_of(run):
        mine = verdicts.filter(pl.col(f"{found.label}_cluster").is_not_null())
        assert found.documents == mine.height
        assert found.clusters == mine[f"{found.label}_cluster"].n_unique()
        assert found.dropped == mine[f"{found.label}.duplicate"].sum()


def test_the_survivor_is_compared_with_the_least_similar_member(run: Run) -> None:
    exact, near = clusters_of(run)
    pair = near.largest[0].pair
    # 120 characters have 116 shingles, and `2-4` has four more.
    assert pair and pair.other == "2-0" and pair.similarity == pytest.approx(116 / 120)
    assert [[stretch.text for stretch in hunk if stretch.side == "one"] for hunk in pair.hunks or ()] == [["尾" * 4]]
    assert exact.largest[0].pair and exact.largest[0].pair.hunks == []
    assert [one.pair is not None for one in near.largest] == [True, True, True, False]


def test_only_the_largest_are_kept(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(largest, "LARGEST", 1)
    near = clusters_of(run)[1]
    assert near.clusters == 4 and [one.size for one in near.largest] == [5]


def test_only_the_first_places_that_differ_are_kept(tmp_path: Path) -> None:
    words = [invented(place, 60) for place in range(12)]
    (near,) = clusters_of(run_of(tmp_path / "in", {"a": "红".join(words), "b": "绿".join(words)}, ["near_duplicates"]))
    pair = near.largest[0].pair
    assert pair and pair.hunks and len(pair.hunks) == largest.MOST_HUNKS and pair.more == 3
    assert "And in 3 more places." in text_of(near)


def text_of(found: Clusters) -> str:
    from types import SimpleNamespace

    return str(clusters_section(SimpleNamespace(clusters=[found]), SAY, 10))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("parameters", "survivor", "dropped", "other"),
    [
        ("prefer: chars DESC, keep_clusters: 2", "2-4", 3, "2-0"),
        ("prefer: chars DESC, drop: {duplicate: null}", None, 0, None),
    ],
)
def test_clusters_of_which_more_is_kept_are_told(
    tmp_path: Path, parameters: str, survivor: str | None, dropped: int, other: str | None
) -> None:
    (near,) = clusters_of(run_of(tmp_path / "in", cluster(2, 5), [f"near_duplicates: {{{parameters}}}"]))
    (one,) = near.largest
    assert (one.size, one.dropped, near.clusters, near.documents) == (5, dropped, 1, 5)
    assert one.survivor == (survivor or "2-0") and one.pair and one.pair.other == (other or "2-1")


def against(run: Run, folder: Path, more: str = "") -> tuple[Clusters, Run]:
    first = shutil.copytree(run.folder, folder / "first")
    rows = {"new": "新" + ROWS["2-4"], "new too": "又" + ROWS["2-4"]}
    second = run_of(folder / "in", rows, [f"near_duplicates: {{against: ['{first}']{more}}}"])
    return clusters_of(second)[0], second


@pytest.mark.parametrize(("more", "dropped"), [("", 2), (", drop: {in_earlier_run: null, duplicate: null}", 0)])
def test_a_survivor_of_an_earlier_run_is_read_there(run: Run, tmp_path: Path, more: str, dropped: int) -> None:
    near, second = against(run, tmp_path, more)
    (one,) = near.largest
    assert (one.size, one.dropped, one.survivor, one.earlier) == (3, dropped, "2-4", str(tmp_path / "first"))
    assert one.text == ROWS["2-4"][: largest.FIRST_CHARS]
    assert one.pair and one.pair.other in ("new", "new too") and len(one.pair.hunks or ()) == 1
    for file in (tmp_path / "first").glob("verdicts-*/*"):
        file.unlink()
    (gone,) = clusters_of(second)[0].largest
    assert gone.text == "" and gone.pair and gone.pair.hunks is None
    assert "The text of the survivor cannot be read" in text_of(clusters_of(second)[0])


# The page.


@pytest.fixture(scope="module")
def section(run: Run) -> str:
    html = pages.render(collect(run), pages.Detail(0, 0, 10))
    found = re.search('<section id="clusters">.*?</section>', html, re.DOTALL)
    assert found and '<a href="#clusters">Clusters</a>' in html
    return found[0]


def test_the_section_tells_sizes_survivors_and_differences(section: str) -> None:
    assert "One cluster holds 4 documents, of which 3 are dropped." in section
    assert "4 clusters hold 12 documents, of which 8 are dropped." in section
    assert section.count('class="chart"') == 1  # all clusters of exact copies have one size
    assert section.index("2-4") < section.index("1-2") < section.index("3-1")
    assert f"<del>{'尾' * 4}</del>…" not in section and f"<del>{'尾' * 4}</del></div>" in section
    assert "similarity 0.9667" in section and "not compared" not in section
    assert "the survivor and the one compared with it have the same text" in section


def test_hostile_text_and_ids_stay_text(section: str) -> None:
    assert "<script" not in section
    assert "&lt;script&gt;alert(1)&lt;/script&gt; long" in section
    assert "&lt;script&gt;alert(1)&lt;/script&gt;</del>" in section


def test_less_detail_shows_fewer_clusters_and_none_of_their_text(run: Run) -> None:
    report = collect(run)
    fewer, none = (str(clusters_section(report, SAY, most)) for most in (1, 0))
    assert "2-4" in fewer and "1-2" not in fewer
    assert "4 clusters hold" in none and "<table" not in none and "<del>" not in none and "<svg" not in none


def test_filters_that_find_nothing_and_pipelines_without_one_are_told(tmp_path: Path) -> None:
    alone = collect(run_of(tmp_path / "alone", cluster(4, 1), FILTERS))
    assert str(clusters_section(alone, SAY, 10)).count("No document is like another one.") == 2
    without = collect(run_of(tmp_path / "without", cluster(4, 1), []))
    assert clusters_section(without, SAY, 10) is None
    assert "#clusters" not in pages.render(without, pages.Detail(0, 0, 10))


def test_a_newline_and_a_long_change_are_shown_short() -> None:
    hunk = [largest.hunks("甲" * 30 + "乙" * 500, "甲" * 30 + "\n")[0]]
    one = Cluster(2, 1, "a", None, "", largest.Pair("b", None, hunk, 0))
    shown = text_of(
        Clusters("near", True, 1, 2, 1, largest.Histogram.of(pl.Series([2, 2]), np.array([True, False])), [one])
    )
    assert "not compared: others are like both" in shown
    assert "<ins>↵</ins>" in shown and f"<del>{'乙' * 120} … 260 characters … {'乙' * 120}</del>" in shown
