"""What earlier runs and indexes lend to a run: never its own documents, never what cannot be compared with."""

import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner
from earlier_crawls import compared_with, pipeline, verdicts

from curate import held
from curate.cli import main
from curate.errors import CurateError, PipelineError
from curate.indexing import index_runs
from curate.pipeline import Pipeline
from curate.prune import prune_run
from curate.run import Run
from curate.work import compare
from curate.work.forecast import forecast
from curate.work.passes import run_pipeline


def test_a_run_is_not_compared_with_what_an_index_took_from_it(crawls: Path, copied: Path) -> None:
    index_runs([copied / "runs/a"], copied / "index")
    run = compared_with(crawls, copied / "second", [copied / "index"])
    expected = verdicts(run)
    index_runs([run.folder], copied / "index")
    Run.open(run.folder).must_be_finished()
    again = compared_with(crawls, copied / "second", [copied / "index"])
    assert not [one for one in again.record["passes"] if one["pass"].startswith(("compare", "judge"))]
    assert verdicts(again).equals(expected)


def test_a_finished_run_stays_whole_when_what_it_was_compared_with_grows_or_goes(
    crawls: Path, copied: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(copied)
    index_runs([copied / "runs/a"], copied / "index")
    run = compared_with(crawls, copied / "second", [Path("index")])
    assert verdicts(run)["exact_duplicates.in_earlier_run"].sum() == 1
    index_runs([copied / "runs/b"], copied / "index")
    assert prune_run(Run.open(run.folder)) == []
    again = compared_with(crawls, copied / "second", [Path("index")])
    assert verdicts(again)["exact_duplicates.in_earlier_run"].sum() == 2
    shutil.rmtree(copied / "index")
    assert Run.open(run.folder).signals().height == 7


def test_an_index_that_grows_while_a_run_compares_stops_it(crawls: Path, copied: Path) -> None:
    index_runs([copied / "runs/a"], copied / "index")
    run = compared_with(crawls, copied / "second", [copied / "index"])
    index_runs([copied / "runs/b"], copied / "index")
    with pytest.raises(CurateError, match=r"^filters\[1\].exact_duplicates.against: .*/index has changed meanwhile"):
        compare.comparison(Run.open(run.folder), 1)


def test_a_run_and_an_index_that_holds_it_lend_its_documents_once(crawls: Path, copied: Path) -> None:
    index_runs([copied / "runs/a", copied / "runs/b"], copied / "index")
    run = compared_with(crawls, copied / "second", [copied / "runs/a", copied / "index"])
    assert compare.comparison(run, 1).rows == 7 + 22 + 15


# What is refused before anything is measured.


def refused(crawls: Path, out: Path, one: str) -> str:
    """What both `curate check` and `curate run` say."""
    file = pipeline(crawls, "new", one)
    found = {CliRunner().invoke(main, [command, str(file), "--out", str(out)]) for command in ("check", "run")}
    assert {one.exit_code for one in found} == {2}
    assert not (out / "run.json").exists()
    (said,) = {one.stderr for one in found}
    return said.removeprefix("curate: ").strip()


def test_a_place_that_is_neither_run_nor_index_is_refused(crawls: Path, tmp_path: Path) -> None:
    assert refused(crawls, tmp_path / "out", "exact_duplicates: {against: [runs/lost]}") == (
        "filters[1].exact_duplicates.against: runs/lost: no run and no index here (no run.json, no index.json); "
        "name the folder of one"
    )


def test_an_unfinished_run_is_refused(crawls: Path, copied: Path) -> None:
    shutil.rmtree(next((copied / "runs/a").glob("verdicts-*")))
    said = refused(crawls, copied / "out", f"near_duplicates: {{against: ['{copied}/runs/a']}}")
    assert said.startswith(f"filters[1].near_duplicates.against: {copied}/runs/a: this run is not finished")
    with pytest.raises(CurateError, match="not finished"):
        index_runs([copied / "runs/b", copied / "runs/a"], copied / "index")
    assert not (copied / "index").exists()


def test_keys_of_other_parameters_are_refused_with_what_differs(crawls: Path, tmp_path: Path) -> None:
    place = crawls / "runs/a"
    said = refused(crawls, tmp_path / "out", f"near_duplicates: {{shingle: 4, against: ['{place}']}}")
    assert said == (
        f"filters[1].near_duplicates.against: {place} measured near_duplicates with shingle 5 instead of 4; take the "
        "same parameters, or change them there, then run it again"
    )
    forecast(Pipeline.load(pipeline(crawls, "new", f"near_duplicates: {{shingle: 5, against: ['{place}']}}")))


def test_runs_of_an_index_that_lack_keys_are_named(crawls: Path, tmp_path: Path) -> None:
    other = run_pipeline(pipeline(crawls, "b", "near_duplicates: {shingle: 4}"), tmp_path / "b4", workers=1)
    index_runs([crawls / "runs/a", other.folder], tmp_path / "index")
    assert len(held.opened(tmp_path / "index").key_sets) == 3
    against = f"against: ['{tmp_path}/index']"
    said = refused(crawls, tmp_path / "out", f"near_duplicates: {{{against}}}")
    where, named = "filters[1].{}.against: ", f"{tmp_path}/index: {{}}"
    expected = where.format("near_duplicates") + named.format(other.folder)
    assert said.startswith(f"{expected} measured near_duplicates with shingle 4 instead of 5;")
    said = refused(crawls, tmp_path / "out", f"exact_duplicates: {{{against}}}")
    expected = where.format("exact_duplicates") + named.format(other.folder)
    assert said == f"{expected} has no exact_duplicates; add it to that pipeline, then run and index it again"
    said = refused(crawls, tmp_path / "out", f"near_duplicates: {{{against}, shingle: 4}}")
    assert f"{crawls}/runs/a measured near_duplicates with shingle 5 instead of 4" in said


def test_a_run_against_itself_and_a_place_named_twice_are_refused(crawls: Path, tmp_path: Path) -> None:
    place = crawls / "runs/a"
    file = pipeline(crawls, "a", f"exact_duplicates: {{against: ['{place}']}}", "near_duplicates")
    with pytest.raises(PipelineError, match=r"filters\[1\].exact_duplicates.against: .*/runs/a is this run itself"):
        run_pipeline(file, place, workers=1)
    twice = f"exact_duplicates: {{against: ['{place}', '{crawls}/runs/../runs/a']}}"
    assert refused(crawls, tmp_path / "out", twice).endswith("runs/a stands there twice; leave it out")


@pytest.mark.parametrize(("clean", "noted"), [("[]", False), ("[unicode]", True)])
def test_check_tells_of_documents_that_were_cleaned_otherwise(crawls: Path, clean: str, noted: bool) -> None:
    file = pipeline(crawls, "new", f"exact_duplicates: {{against: ['{crawls}/runs/a']}}", clean=clean)
    found = [note for note in forecast(Pipeline.load(file)).notes if "other cleaners" in note]
    assert len(found) == noted
    assert not noted or found[0].startswith(f"filters[1].exact_duplicates.against: {crawls}/runs/a went through other")
