"""Comparing in slices: the same bytes at any memory, after any loss; what earlier runs lend."""

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from curate.contracts import CorpusFilter
from curate.errors import CurateError, PipelineError
from curate.filters.near_duplicates import NearDuplicates
from curate.pipeline import Pipeline
from curate.plan import Plan
from curate.run import Run
from curate.work import compare, tables
from curate.work.passes import run_pipeline


def invented(number: int, chars: int = 120) -> str:
    """Text that shares no shingle with that of another number."""
    return "".join(map(chr, np.random.default_rng(number).integers(0x4E00, 0x9FFF, chars)))


def write_corpus(file: Path, texts: list[str]) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    rows = (json.dumps({"text": text}, ensure_ascii=False) + "\n" for text in texts)
    file.write_text("".join(rows), encoding="utf-8")


def pipeline(folder: Path, parameters: str, name: str = "p") -> Path:
    file = folder / f"{name}.yaml"
    file.write_text(
        f"read:\n  - jsonl: {{paths: ['{folder}/*.jsonl']}}\n"
        f"filters:\n  - length: {{drop: {{too_short: chars < 20}}}}\n  - near_duplicates: {{{parameters}}}\n",
        encoding="utf-8",
    )
    return file


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three files: 60 texts, each with none to four variants, mixed, one of them often; a short one."""
    folder = tmp_path_factory.mktemp("compare")
    variants = [invented(number) + "尾" * copy for number in range(60) for copy in range(number % 5 + 1)]
    texts = [variants[place] for place in np.random.default_rng(0).permutation(len(variants))]
    for number, some in enumerate(np.array_split(np.array([*texts, *[invented(7)] * 50, "短"], object), 3)):
        write_corpus(folder / f"{number}.jsonl", list(some))
    return folder


@pytest.fixture(scope="module")
def first(corpus: Path) -> Run:
    """The corpus, run once; no test changes it."""
    return run_pipeline(pipeline(corpus, "", "first"), corpus / "first", workers=2)


@pytest.fixture
def small_slices(monkeypatch: pytest.MonkeyPatch) -> None:
    """Row groups and comparisons so small that a little corpus has many."""
    monkeypatch.setattr(tables, "ROW_GROUP", 20)
    monkeypatch.setattr(compare, "COMPARED_BYTES", 2_000)
    monkeypatch.setattr(compare, "NOTED_BYTES", 400)


def groups_and_verdicts(run: Run) -> dict[str, bytes]:
    (line,) = run.plan.corpus_filters
    files = [run.groups_file(line), *map(run.verdicts_file, run.parts)]
    return {file.name: file.read_bytes() for file in files}


def in_this_process(run: Run, step: int = 1) -> None:
    """All tasks of a comparison, as a worker would do them."""
    work = compare.comparison(run, step)
    for partition in work.step.partitions():
        for number in range(work.slices):
            compare.group(run, step, partition, {"slice": number})
    if work.step.least_similarity() is not None:
        for number in range(work.ranges):
            compare.pair(run, step, "", {"range": number})
        for place in range(len(work.parts)):
            compare.fetch(run, step, str(place), {})
        for chunk in work.chunks():
            compare.verify(run, step, chunk, {})
    compare.join(run, step, "", {})


@pytest.mark.parametrize("verify", [True, False])
def test_groups_are_the_same_bytes_at_any_memory(
    corpus: Path, tmp_path: Path, small_slices: None, verify: bool
) -> None:
    parameters = f"similarity: 0.7, verify: {str(verify).lower()}"
    run = run_pipeline(pipeline(corpus, parameters), tmp_path / "run", workers=1)
    found = []
    for memory in ("400MB", "50KB", "20KB"):
        shutil.rmtree(tmp_path / "run/groups")
        other = Pipeline.load(pipeline(corpus, f"{parameters}, memory: {memory}"))
        run = Run(run.folder, Plan(other, run.parts))
        in_this_process(run)
        work = compare.comparison(run, 1)
        assert (memory == "400MB") == (work.slices == 1)
        found.append(run.groups_file(work.line).read_bytes())
        assert [path.name for path in run.groups_folder(work.line).iterdir()] == ["groups.parquet"]
    assert found[0] == found[1] == found[2]
    assert pl.read_parquet(run.groups_file(work.line)).height > 100


def test_whatever_is_lost_on_the_way_is_made_again(corpus: Path, tmp_path: Path) -> None:
    file = pipeline(corpus, "memory: 4KB")
    run = run_pipeline(file, tmp_path / "run", workers=1)
    expected = groups_and_verdicts(run)
    work = compare.comparison(run, 1)
    work_files: list[Path] = []
    shutil.rmtree(tmp_path / "run/groups")
    keep = compare.remove_on_the_way
    try:
        compare.remove_on_the_way = lambda run, line: work_files.extend(  # type: ignore[assignment]
            path for path in run.groups_folder(line).rglob("*") if path.is_file() and path.name != "groups.parquet"
        )
        in_this_process(run)
    finally:
        compare.remove_on_the_way = keep
    assert {path.name.split("-")[0] for path in work_files} >= {"band_00", "pairs", "wanted"} and len(work_files) > 40
    run.groups_file(work.line).unlink()
    shutil.rmtree(next(iter((tmp_path / "run").glob("verdicts-*"))))
    for path in work_files[::3]:
        path.unlink()
    again = run_pipeline(file, tmp_path / "run", workers=1)
    assert groups_and_verdicts(again) == expected
    assert again.record["parts"]["measured"] == 0


def test_files_on_the_way_go_even_if_a_kill_came_between_the_groups_and_that(corpus: Path, tmp_path: Path) -> None:
    file = pipeline(corpus, "")
    run = run_pipeline(file, tmp_path / "run", workers=1)
    folder = run.groups_folder(run.plan.corpus_filters[0])
    (folder / "texts-of1").mkdir()
    for left in (folder / "band_00-0of1.parquet", folder / "texts-of1/00000-a.arrow"):
        left.write_bytes(b"")
    run_pipeline(file, tmp_path / "run", workers=1)
    assert [path.name for path in folder.iterdir()] == ["groups.parquet"]


def test_memory_and_what_survives_are_decisions(corpus: Path, tmp_path: Path) -> None:
    run_pipeline(pipeline(corpus, ""), tmp_path / "run", workers=1)
    run = run_pipeline(
        pipeline(corpus, "keep_clusters: 2, memory: 1MB, prefer: chars DESC"), tmp_path / "run", workers=1
    )
    passes = [one["pass"] for one in run.record["passes"]]
    assert not any(name.startswith(("measure", "compare", "compile")) and "write" not in name for name in passes[2:])
    verdicts = run.signals()
    sizes = verdicts.filter(pl.col("near_duplicates_cluster_size") >= 3)
    kept = sizes.filter("kept").group_by(pl.coalesce("duplicate_of", "id")).len()
    assert sizes.height > 50
    clusters = sizes.filter(pl.col("duplicate_of").is_not_null())["duplicate_of"].n_unique()
    assert kept["len"].sum() == 2 * clusters


def test_verification_needs_no_other_keys(corpus: Path, tmp_path: Path) -> None:
    run_pipeline(pipeline(corpus, "similarity: 0.7"), tmp_path / "run", workers=1)
    run = run_pipeline(pipeline(corpus, "similarity: 0.7, verify: false"), tmp_path / "run", workers=1)
    assert run.record["parts"]["measured"] == 0
    passes = {one["pass"] for one in run.record["passes"]}
    assert {"compare near_duplicates: group", "compare near_duplicates: join"} <= passes
    assert not passes & {f"compare near_duplicates: {name}" for name in ("pair", "fetch", "verify")}


def test_clusters_are_described_in_the_verdicts(first: Run) -> None:
    table = first.documents().with_columns(survivor=pl.coalesce("duplicate_of", "id"))
    for (survivor,), members in table.filter(pl.col("near_duplicates_cluster_size").is_not_null()).group_by("survivor"):
        assert members["near_duplicates_cluster_size"].unique().to_list() == [members.height]
        assert members["near_duplicates_cluster"].n_unique() == 1
        assert members.filter("kept")["id"].to_list() == [survivor]
        text = members.filter("kept")["text"].item()
        for row in members.filter(~pl.col("kept")).iter_rows(named=True):
            expected = _jaccard(text, row["text"])
            assert row["near_duplicates_similarity"] in (None, pytest.approx(expected))
    assert table.filter("kept")["near_duplicates_similarity"].is_null().all()
    assert table.filter("near_duplicates.duplicate")["near_duplicates_similarity"].null_count() < 50  # of a group of 52


def _jaccard(one: str, other: str) -> float:
    a, b = ({text[i : i + 5] for i in range(len(text) - 4)} for text in (one, other))
    return len(a & b) / len(a | b)


# Earlier runs.


def second_crawl(folder: Path, first: Path, parameters: str = "") -> dict[str, dict[str, Any]]:
    """Verdicts of five pages: a copy and a variant of what the first run kept, a new one, a short one, the new one
    again."""
    new = invented(1_000)
    write_corpus(folder / "new.jsonl", [invented(1), invented(2) + "的新版", new + "尾", "短", new])
    file = pipeline(folder, f"against: ['{first}'], prefer: chars DESC{parameters}")
    run = run_pipeline(file, folder / "run", workers=1)
    return {row["id"].rpartition(":")[2]: row for row in run.signals().iter_rows(named=True)}


def test_what_an_earlier_run_kept_is_dropped_and_named(first: Run, tmp_path: Path) -> None:
    old = {row["text"]: row for row in first.documents().iter_rows(named=True)}
    rows = list(second_crawl(tmp_path / "second", first.folder).values())
    assert [row["kept"] for row in rows] == [False, False, True, False, False]
    assert [row["near_duplicates.in_earlier_run"] for row in rows] == [True, True, False, False, False]
    assert [row["near_duplicates.duplicate"] for row in rows] == [False, False, False, False, True]
    for row, number in zip(rows[:2], (1, 2), strict=True):
        same = old[invented(number)]
        assert row["duplicate_of"] == (same["duplicate_of"] or same["id"])
        assert row["duplicate_run"] == str(first.folder)
    assert rows[4]["duplicate_of"] == rows[2]["id"] and rows[4]["duplicate_run"] is None
    assert rows[3]["duplicate_of"] is None


def test_what_an_earlier_run_dropped_as_a_copy_is_repeated_as_its_survivor(tmp_path: Path) -> None:
    base = invented(1, 200)
    first, copy = base + invented(2, 20), base + invented(3, 20)  # alike, and each like `later` or not
    later = copy + invented(4, 40)
    write_corpus(tmp_path / "a/one.jsonl", [first, copy])
    earlier = run_pipeline(pipeline(tmp_path / "a", "similarity: 0.75"), tmp_path / "first", workers=1)
    assert earlier.signals()["kept"].to_list() == [True, False]
    assert _jaccard(first, later) < 0.75 < min(_jaccard(copy, later), _jaccard(first, copy))
    write_corpus(tmp_path / "b/two.jsonl", [later])
    file = pipeline(tmp_path / "b", f"similarity: 0.75, against: ['{tmp_path / 'first'}']")
    (row,) = run_pipeline(file, tmp_path / "second", workers=1).signals().iter_rows(named=True)
    assert (row["kept"], row["duplicate_of"]) == (False, earlier.signals()["id"][0])


def test_a_survivor_is_what_is_kept_in_the_end(tmp_path: Path) -> None:
    base = invented(1, 200)
    write_corpus(tmp_path / "in/one.jsonl", [base, base, base + "尾"])
    file = pipeline(tmp_path / "in", "prefer: chars DESC")
    text = file.read_text(encoding="utf-8").replace("  - near", "  - exact_duplicates\n  - near")
    file.write_text(text, encoding="utf-8")
    table = run_pipeline(file, tmp_path / "run", workers=1).signals()
    assert table["kept"].to_list() == [False, False, True]
    assert table["duplicate_of"].to_list() == [table["id"][2]] * 2 + [None]


def test_repeats_of_an_earlier_run_can_be_marked_without_dropping(first: Run, tmp_path: Path) -> None:
    rows = list(second_crawl(tmp_path / "second", first.folder, ", drop: {in_earlier_run: null}").values())
    assert [row["kept"] for row in rows] == [True, True, True, False, False]
    assert [row["duplicate_run"] is not None for row in rows] == [True, True, False, False, False]


def test_an_earlier_run_that_changed_is_compared_with_again(corpus: Path, tmp_path: Path) -> None:
    file = pipeline(corpus, "")
    run_pipeline(file, tmp_path / "first", workers=1)
    second_crawl(tmp_path / "second", tmp_path / "first")
    stricter = pipeline(corpus, "", "q")
    stricter.write_text(file.read_text(encoding="utf-8").replace("chars < 20", "chars < 125"), encoding="utf-8")
    run_pipeline(stricter, tmp_path / "first", workers=1)  # nothing is kept any more but the longest
    rows = list(second_crawl(tmp_path / "second", tmp_path / "first").values())
    assert rows[0]["kept"]


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ("shingle: 4", "measured near_duplicates with shingle 5 instead of 4"),
        ("against: ['{folder}/nowhere']", "no run and no index here"),
    ],
)
def test_an_earlier_run_that_cannot_be_compared_with_is_named(
    corpus: Path, first: Run, tmp_path: Path, parameters: str, message: str
) -> None:
    wanted = parameters.format(folder=tmp_path)
    if "against" not in wanted:
        wanted += f", against: ['{first.folder}']"
    with pytest.raises((CurateError, PipelineError), match=message):
        run_pipeline(pipeline(corpus, wanted, "r"), tmp_path / "second", workers=1)


def test_parameters_that_decide_are_not_measured() -> None:
    decides = {"prefer", "keep_clusters", "against", "memory", "drop", "name"}
    assert decides.isdisjoint(NearDuplicates().measured_parameters())
    assert decides <= set(CorpusFilter.model_fields)


@pytest.mark.parametrize("filter_", ["exact_duplicates", "near_duplicates", "repeated_lines", "repeated_passages"])
def test_memory_without_its_unit_is_refused(filter_: str) -> None:
    text = f"read:\n  - jsonl: {{paths: [x]}}\nfilters:\n  - {filter_}: {{memory: 400}}\n"
    with pytest.raises(PipelineError, match=rf"{filter_}.memory: input should be greater than or equal to 1000"):
        Pipeline.parse(text)
