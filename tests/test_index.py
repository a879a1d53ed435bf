"""An index says what its runs would say; it grows, merges, survives a kill."""

import hashlib
import json
import shutil
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from click.testing import CliRunner
from duplicate_texts import similarity
from earlier_crawls import PAGES, SAME_URL, compared_with, id_of, pipeline, ran, sentence, verdicts

from curate import disk, held, index, indexing, members
from curate.cli import main
from curate.errors import CurateError
from curate.indexing import index_runs
from curate.layout import locked
from curate.run import Run
from curate.work.passes import run_pipeline


def files_of(folder: Path) -> dict[str, str]:
    """Name and hash of each file of an index."""
    files = [file for file in sorted(folder.rglob("*")) if file.is_file() and file.name != "run.lock"]
    return {str(file.relative_to(folder)): hashlib.sha256(file.read_bytes()).hexdigest() for file in files}


def test_an_index_says_what_its_runs_say(crawls: Path, copied: Path) -> None:
    runs = [copied / "runs/a", copied / "runs/b"]
    by_runs = verdicts(compared_with(crawls, copied / "by_runs", runs))
    index_runs(runs, copied / "index")
    shutil.rmtree(copied / "runs")
    second = compared_with(crawls, copied / "by_index", [copied / "index"])
    by_index = verdicts(second)
    assert by_index.equals(by_runs)
    exact, near = "exact_duplicates.in_earlier_run", "near_duplicates.in_earlier_run"
    reasons = [[name for name in row if "." in name and row[name] is True] for row in by_index.to_dicts()]
    assert reasons[:5] == [[exact], [exact], [near], ["length.too_short"], []]
    assert sorted(reasons[5:]) == [[], ["exact_duplicates.duplicate"]]
    assert by_index["duplicate_run"].to_list() == [*map(str, [*runs, runs[0]]), None, None, None, None]
    assert members.earlier_text(second, str(runs[0]), by_index["duplicate_of"][2]) == sentence(5)
    assert members.earlier_text(second, str(runs[1]), by_index["duplicate_of"][2]) is None
    assert by_index["duplicate_of"][:3].to_list() == [
        id_of(crawls, "a", 21),
        id_of(crawls, "b", 1),
        id_of(crawls, "a", 5),
    ]
    assert by_index["near_duplicates_similarity"][2] == pytest.approx(similarity(PAGES["new"][2][1], sentence(5)))


def test_an_index_is_the_same_bytes_whether_it_grew_or_was_merged_or_made_at_once(crawls: Path, tmp_path: Path) -> None:
    a, b = crawls / "runs/a", crawls / "runs/b"
    index_runs([a, b], tmp_path / "once")
    for one in (b, a, a):
        index_runs([one], tmp_path / "grown")
    index_runs([a], tmp_path / "half")
    merged = index_runs([tmp_path / "half", b, tmp_path / "grown"], tmp_path / "merged")
    expected = files_of(tmp_path / "once")
    assert len(expected) == 1 + 2 * 3
    assert files_of(tmp_path / "grown") == expected == files_of(tmp_path / "merged")
    assert [len(one.parts) for one in merged.taken] == [1, 1, 0] and merged.taken[2].there == 2


def test_what_an_index_has_is_not_written_again(crawls: Path, tmp_path: Path) -> None:
    index_runs([crawls / "runs/a"], tmp_path / "index")
    before = {file: file.stat().st_ino for file in tmp_path.glob("index/*/**/*")}
    done = index_runs([crawls / "runs/a", tmp_path / "index"], tmp_path / "index")
    assert before == {file: file.stat().st_ino for file in tmp_path.glob("index/*/**/*")}
    assert (done.parts, done.documents, [one.parts for one in done.taken]) == (1, 21, [[], []])


def test_an_index_holds_kept_documents_with_their_keys(crawls: Path, tmp_path: Path) -> None:
    index_runs([crawls / "runs/a"], tmp_path / "index")
    run = Run.open(crawls / "runs/a")
    (part,), (only,) = run.parts, held.opened(tmp_path / "index").parts
    kept = verdicts(run)["kept"]
    lent = kept | verdicts(run)["duplicate_of"].is_not_null()
    documents = pl.read_parquet(only.documents)
    assert documents.columns == ["id", "kept", "text_bytes", "text"] and documents.height == only.rows == 21
    copies, documents = documents.filter(~pl.col("kept")), documents.filter("kept")
    assert copies["id"].is_in(documents["id"].implode()).all()  # under the name of what stands for them
    assert documents.select("id", "text").equals(pl.read_parquet(run.documents_file(part))["id", "text"].filter(kept))
    assert documents["text_bytes"].equals(documents["text"].str.len_bytes().cast(pl.Int64).alias("text_bytes"))
    for line in run.plan.corpus_filters:
        names = [name for columns in line.step.partitions().values() for name in columns]
        keys = disk.read_columns(only.keys[index.key_set_name(line.step)], names)
        assert keys.equals(disk.read_columns(run.keys_file(line, part), names).filter(lent))


def test_a_killed_index_stays_as_it_was_and_goes_on(
    crawls: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    a, b = crawls / "runs/a", crawls / "runs/b"
    index_runs([a, b], tmp_path / "whole")
    index_runs([a], tmp_path / "index")
    before = (tmp_path / "index/index.json").read_bytes()
    with monkeypatch.context() as patch:
        patch.setattr(indexing, "_write_keys", _killed)
        with pytest.raises(KeyboardInterrupt):
            index_runs([b], tmp_path / "index")
    assert (tmp_path / "index/index.json").read_bytes() == before
    (tmp_path / "index/documents" / f"x{disk.TEMPORARY}1").write_text("half")
    index_runs([b], tmp_path / "index")
    assert files_of(tmp_path / "index") == files_of(tmp_path / "whole")


def _killed(*_: Any) -> None:
    raise KeyboardInterrupt


def test_a_run_that_was_judged_anew_takes_its_own_place(crawls: Path, copied: Path) -> None:
    shutil.copy(crawls / "a.jsonl", copied)
    first = ran(copied, "a")
    index_runs([first.folder], copied / "old")
    index_runs([copied / "old"], copied / "index")
    stricter = ran(copied, "a", least=70)  # the texts have 60 to 79 characters
    done = index_runs([stricter.folder], copied / "index")
    assert done.taken[0].replaced == 1 and done.documents == 10
    assert len(files_of(copied / "index")) == 1 + 3
    fresh = index_runs([stricter.folder], copied / "fresh")
    assert files_of(copied / "index") == files_of(copied / "fresh") and fresh.taken[0].replaced == 0
    back = index_runs([copied / "old"], copied / "index")
    assert back.taken[0].there == 1 and files_of(copied / "index") == files_of(copied / "fresh")


def test_pages_are_told_by_their_address_against_earlier_runs_and_an_index(crawls: Path, tmp_path: Path) -> None:
    earlier = run_pipeline(pipeline(crawls, "b", SAME_URL + "}"), tmp_path / "b", workers=1)
    index_runs([earlier.folder], tmp_path / "index")
    found = []
    for place in (earlier.folder, tmp_path / "index"):
        file = pipeline(crawls, "new", f"{SAME_URL}, against: ['{place}']}}")
        found.append(verdicts(run_pipeline(file, tmp_path / f"by_{place.name}", workers=1)))
    assert found[0].equals(found[1])
    assert found[0]["same_url.in_earlier_run"].to_list() == [False] * 4 + [True, False, False]
    assert found[0]["duplicate_of"][4] == id_of(crawls, "b", 7)
    assert found[0]["duplicate_run"][4] == str(earlier.folder)
    (only,) = held.opened(tmp_path / "index").parts
    assert pl.read_parquet(only.documents).columns == ["id", "kept", "text_bytes"]  # no text is ever compared


# The command, and what lies around.


def test_the_command_says_what_it_took(crawls: Path, tmp_path: Path) -> None:
    words = ["index", f"{crawls}/runs/a", f"{crawls}/runs/b", "--out", f"{tmp_path}/index"]
    done = CliRunner().invoke(main, words)
    a, b, total = done.stdout.splitlines()
    assert (a, b) == (
        f"{crawls}/runs/a: 1 part added, 21 documents; 0 there already",
        f"{crawls}/runs/b: 1 part added, 15 documents; 0 there already",
    )
    assert total.startswith(f"{tmp_path}/index: 2 parts, 36 documents, 0.0 MB")
    again = CliRunner().invoke(main, words).stdout.splitlines()[0]
    assert again == f"{crawls}/runs/a: 0 parts added, 0 documents; 1 there already"


def test_an_index_is_not_made_among_other_things(crawls: Path, tmp_path: Path) -> None:
    run = crawls / "runs/a"
    with pytest.raises(CurateError, match=r"runs/b: no index, for .* lies here; give a folder of its own: --out"):
        index_runs([run], crawls / "runs/b")
    (tmp_path / "documents").mkdir(parents=True)
    (tmp_path / "documents/mine.parquet").write_text("mine")
    index_runs([run], tmp_path)
    assert (tmp_path / "documents/mine.parquet").exists()


def test_two_commands_do_not_write_one_index(crawls: Path, tmp_path: Path) -> None:
    with (
        locked(tmp_path / "index", "index"),
        pytest.raises(CurateError, match="another `curate index` is working here"),
    ):
        index_runs([crawls / "runs/a"], tmp_path / "index")


def test_a_run_that_compares_nothing_gives_no_index(crawls: Path, tmp_path: Path) -> None:
    run = run_pipeline(pipeline(crawls, "b", "language"), tmp_path / "run", workers=1)
    with pytest.raises(CurateError, match="nothing here compares documents; add exact_duplicates or near_duplicates"):
        index_runs([run.folder], tmp_path / "index")


def test_an_index_of_another_format_is_refused(crawls: Path, tmp_path: Path) -> None:
    index_runs([crawls / "runs/a"], tmp_path / "index")
    record = json.loads((tmp_path / "index/index.json").read_text())
    disk.write_json(tmp_path / "index/index.json", record | {"format": 0})
    with pytest.raises(CurateError, match="another version of curate made this index; make it again"):
        held.opened(tmp_path / "index")


@pytest.mark.parametrize("record", [None, [], {"format": 1}, {"format": 1, "key_sets": [], "parts": []}])
def test_a_damaged_index_is_refused_in_one_line(crawls: Path, tmp_path: Path, record: Any) -> None:
    disk.write_json(tmp_path / "index/index.json", record)
    with pytest.raises(CurateError, match=r"index.json is damaged; make the index again"):
        held.opened(tmp_path / "index")


def test_keys_that_are_gone_are_missed_before_anything_is_measured(crawls: Path, copied: Path, tmp_path: Path) -> None:
    index_runs([crawls / "runs/a"], tmp_path / "index")
    next((tmp_path / "index").glob("keys/*/*.arrow")).unlink()
    with pytest.raises(CurateError, match=r"keys/.*arrow is gone; make the index again"):
        held.opened(tmp_path / "index")
    next((copied / "runs/a").glob("keys/*/*.arrow")).unlink()
    with pytest.raises(CurateError, match=r"keys/.*arrow is gone; run its pipeline again in a folder of its own"):
        held.opened(copied / "runs/a")
