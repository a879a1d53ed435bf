"""Clusters found by any of their documents: whole, in order, through chains of filters and earlier runs."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from click.testing import CliRunner
from cluster_runs import invented, run_of
from rich.cells import cell_len

from curate import members
from curate.cli import main
from curate.errors import CurateError
from curate.run import Run

BASE, OTHER = invented(1), invented(2)
ROWS = {
    "longest": BASE + "尾尾尾尾",
    "alone": invented(3),
    "short": "短",
    "variant": "开" + BASE,
    "variant again": "开" + BASE,
    "same": OTHER,
    "same again": OTHER,
    "far": BASE[:100] + invented(4, 20),
}
"""`far` is 0.69 like `longest`: 96 of 140 shingles."""


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    folder = tmp_path_factory.mktemp("members") / "in"
    return run_of(folder, ROWS, ["exact_duplicates", "near_duplicates: {similarity: 0.65, prefer: chars DESC}"])


def printed(*words: object) -> str:
    done = CliRunner().invoke(main, ["show", *map(str, words)], catch_exceptions=False)
    assert max(map(cell_len, done.stdout.splitlines()), default=0) <= 80 or "/" in done.stdout
    return done.output


def show(*words: object) -> str:
    """What is printed; differences that were folded are put together again."""
    return printed(*words).replace("\n     ", "")


def told(*words: object) -> str:
    """What is printed, on one line."""
    return " ".join(printed(*words).split())


@pytest.mark.parametrize("id", ["longest", "variant", "variant again", "far"])
def test_a_copy_of_a_near_duplicate_is_in_the_cluster_by_whatever_id_it_is_asked_for(run: Run, id: str) -> None:
    found = run.cluster(id)
    assert found["id"].to_list() == ["longest", "far", "variant", "variant again"]  # the least alike first
    assert found["kept"].to_list() == [True, False, False, False]
    assert found["joined_by"].to_list() == [*["near_duplicates"] * 3, "exact_duplicates"]
    assert found["duplicate_of"].to_list() == [None, "longest", "longest", "longest"]
    # By hand: BASE has 116 shingles, the longest 4 more, the variant one; `far` shares 96 of its 116.
    similarity = [None, pytest.approx(96 / (120 + 116 - 96)), pytest.approx(116 / 121), None]
    assert found["similarity"].to_list() == similarity
    assert found["chars"].to_list() == [124, 120, 121, 121]
    assert found["text_bytes"].to_list() == [3 * chars for chars in found["chars"]]
    assert members.texts(run, found) == [ROWS[id] for id in found["id"]]


def test_a_document_that_stands_alone_is_one_row_and_another_cluster_stays_out(run: Run) -> None:
    assert run.cluster("alone")["id"].to_list() == ["alone"]
    assert run.cluster("short")["kept"].to_list() == [False]
    assert run.cluster("same again")["id"].to_list() == ["same", "same again"]
    assert list(run.cluster("alone").schema)[: len(members.DESCRIBED)] == list(members.DESCRIBED)


def test_ids_that_no_document_has_and_runs_that_compare_none_are_refused(run: Run, tmp_path: Path) -> None:
    with pytest.raises(CurateError, match="no document has the id 'nobody'"):
        run.cluster("nobody")
    with pytest.raises(CurateError, match="no filter of this run compares documents"):
        run_of(tmp_path / "in", ROWS, []).cluster("same")


def test_clusters_are_what_links_to_survivors_connect(tmp_path: Path) -> None:
    chance = np.random.default_rng(0)
    texts = [invented(number) + "尾" * int(copy) for number in range(5) for copy in chance.integers(0, 4, 8)]
    rows = {f"{place:02}": texts[place] for place in chance.permutation(len(texts))}
    run = run_of(tmp_path / "in", rows, ["exact_duplicates", "near_duplicates: {prefer: chars DESC}"])
    up = dict(run.signals().select("id", pl.coalesce("duplicate_of", "id")).iter_rows())
    top = {id: up[up[id]] for id in rows}
    assert len(set(top.values())) == 5
    for id in rows:
        assert set(run.cluster(id)["id"]) == {one for one in rows if top[one] == top[id]}
        assert run.cluster(id)["id"][0] == top[id]


def test_more_copies_may_be_kept_and_come_after_the_survivor(tmp_path: Path) -> None:
    rows = {f"{place}": BASE + "尾" * place for place in range(5)}
    run = run_of(tmp_path / "in", rows, ["near_duplicates: {prefer: chars DESC, keep_clusters: 2}"])
    found = run.cluster("3")
    assert found["id"].to_list()[:2] == ["4", "3"] and found["kept"].to_list() == [True, True, False, False, False]
    assert "5 documents are one cluster by near_duplicates: 2 kept, 3 dropped" in show(run.folder, "--cluster", "0")


def test_a_rule_that_is_off_leaves_the_cluster_to_be_seen(tmp_path: Path) -> None:
    rows = {f"{place}": BASE + "尾" * place for place in range(3)}
    run = run_of(tmp_path / "in", rows, ["near_duplicates: {prefer: chars DESC, drop: {duplicate: null}}"])
    assert run.cluster("0")["id"].to_list()[0] == "2" and run.cluster("0")["kept"].all()
    assert run.cluster("0")["joined_by"].to_list() == ["near_duplicates"] * 3


@pytest.fixture
def second(run: Run, tmp_path: Path) -> Run:
    """A run against the other: two documents repeat what it kept."""
    rows = {"new": "新" + BASE, "new too": "又" + BASE, "alone now": invented(9)}
    against = f"near_duplicates: {{similarity: 0.65, against: ['{shutil.copytree(run.folder, tmp_path / 'first')}']}}"
    return run_of(tmp_path / "in", rows, [against])


def test_the_survivor_may_be_in_an_earlier_run(second: Run, tmp_path: Path) -> None:
    found = second.cluster("new")
    assert found["id"].to_list() == ["longest", "new", "new too"]
    assert found["run"].to_list() == [str(tmp_path / "first"), None, None]
    assert second.cluster("longest").equals(found)
    assert members.texts(second, found)[0] == ROWS["longest"]
    shown = told(second.folder, "--cluster", "new too")
    assert "0 kept, 2 dropped, 1 in earlier runs" in shown
    assert f"── longest kept by an earlier run: {tmp_path / 'first'}" in shown
    assert f"── new dropped by near_duplicates, a duplicate of longest in {tmp_path / 'first'}" in shown
    assert "{+新+}" in shown
    assert "the survivor," not in shown
    reasons = told(second.folder, "--reason", "near_duplicates.in_earlier_run")
    assert f"duplicate of longest in {tmp_path / 'first'} (a cluster of 3, similarity 0." in reasons


def test_texts_of_an_earlier_run_that_are_gone_are_said_to_be(second: Run, tmp_path: Path) -> None:
    for file in (tmp_path / "first").glob("verdicts-*/*"):
        file.unlink()
    assert members.texts(second, second.cluster("new"))[0] is None
    shown = show(second.folder, "--cluster", "new")
    assert "(its text cannot be read" in shown and "新" + BASE[:10] in shown


# As it is shown.


def test_a_cluster_is_shown_with_its_survivor_and_what_differs(run: Run) -> None:
    shown = show(run.folder, "--cluster", "variant")
    head, survivor, far, variant, copy = shown.split("── ")
    assert head.startswith("4 documents are one cluster by exact_duplicates, near_duplicates: 1 kept, 3\n   dropped\n")
    assert survivor.startswith(
        "longest  kept: the survivor, as near_duplicates prefers chars DESC\n   124 characters, chars = 124\n"
    )
    assert BASE in survivor.replace("\n", "")
    assert far.startswith(
        "far  dropped by near_duplicates, a duplicate of longest\n   120 characters, similarity 0.686"
    )
    assert f"{BASE[80:100]}[-{BASE[100:]}尾尾尾尾-]{{+{ROWS['far'][100:]}+}}" in far
    assert f"   {{+开+}}{BASE[:20]}…\n   …{BASE[100:]}[-尾尾尾尾-]" in variant
    assert copy.startswith(
        "variant again  dropped by exact_duplicates, a duplicate of longest\n   121 characters, chars"
    )
    assert copy.rstrip().endswith("the same text as variant")


def test_a_cluster_of_many_is_shown_as_far_as_asked(run: Run) -> None:
    shown = show(run.folder, "--cluster", "far", "--limit", "2")
    assert shown.count("── ") == 2 and "2 more; -n 4 shows all" in shown
    assert "more" not in show(run.folder, "--cluster", "far", "-n", "4").split("── ")[-1]


@pytest.mark.parametrize(
    ("id", "message"),
    [
        ("alone", "alone stands alone: no document that is kept so far is like it"),
        ("short", "short stands alone: it was dropped (length.too_short) before documents were compared"),
        ("nobody", "no document has the id 'nobody'"),
    ],
)
def test_what_has_no_cluster_is_one_line_and_exit_code_1(run: Run, id: str, message: str) -> None:
    done = CliRunner().invoke(main, ["show", str(run.folder), "--cluster", id])
    assert done.exit_code == 1 and message in done.stderr and done.stderr.count("\n") == 1 and not done.stdout
    both = CliRunner().invoke(main, ["show", str(run.folder), "--cluster", id, "--reason", "kept"])
    assert both.exit_code == 2 and "--cluster stands alone" in both.stderr


def test_documents_dropped_as_duplicates_tell_cluster_and_similarity(run: Run) -> None:
    near = show(run.folder, "--reason", "near_duplicates.duplicate")
    assert "duplicate of longest  (a cluster of 3, similarity 0.959)" in near
    exact = show(run.folder, "--reason", "exact_duplicates.duplicate")
    assert exact.count("(a cluster of 2)") == 2 and "similarity" not in exact


def test_documents_joined_through_others_are_said_to_be(tmp_path: Path) -> None:
    step = BASE + invented(5, 12)
    rows = {"a": BASE, "b": step[12:], "c": step[24:] + invented(6, 12)}
    run = run_of(tmp_path / "in", rows, ["near_duplicates: {similarity: 0.75}"])
    assert run.cluster("b")["id"].to_list() == ["a", "c", "b"]
    shown = show(run.folder, "--cluster", "a")
    assert "not compared with the survivor: others that are like both join them" in " ".join(
        shown.split("── ")[2].split()
    )
    assert "similarity 0.8" in shown.split("── ")[3]
    assert "kept: the survivor, first by id" in shown


def test_control_characters_of_a_page_are_escaped_and_long_changes_left_out(tmp_path: Path) -> None:
    rows = {"a": BASE * 20 + "\u001b[2J\n" + OTHER + "异" * 300, "b": BASE * 20 + "\u001b[3J\n" + OTHER}
    run = run_of(tmp_path / "in", rows, ["near_duplicates: {similarity: 0.7}"])
    shown = show(run.folder, "--cluster", "a")
    assert "\u001b" not in shown and "\\x1b[[-2-]{+3+}J↵" in shown
    assert f"[-{'异' * 60} … 180 characters … {'异' * 60}-]" in shown


def test_only_the_first_places_that_differ_are_shown(tmp_path: Path) -> None:
    words = [invented(place, 60) for place in range(12)]
    rows = {"a": "红".join(words), "b": "绿".join(words)}
    shown = show(run_of(tmp_path / "in", rows, ["near_duplicates"]).folder, "--cluster", "a")
    assert shown.count("[-红-]{+绿+}") == 5 and "and in 6 more places" in shown
