"""Whole runs on small corpora: counts that add up, resume, the same bytes every time, what is measured again."""

import errno
import hashlib
import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import polars as pl
import pytest

import curate
from curate.errors import CurateError, PipelineError, RejectedError, WorkerError
from curate.layout import locked
from curate.prune import prune_run
from curate.report import write_report
from curate.work.__main__ import _one_line
from curate.work.passes import run_pipeline

PIPELINE = """
name: small
read:
  - jsonl:
      paths: ["{folder}/*.jsonl"]
clean:
  - unicode
filters:
  - length:
      drop: {{too_short: chars < 10}}
  - exact_duplicates
  - near_duplicates: {{prefer: chars DESC}}
write:
  - documents: {{format: parquet}}
"""
SAME_BYTES = ("documents-*/*", "signals/*/*", "keys/*/*", "groups/*/*", "verdicts-*/*", "rejected/*", "shards/*/**/*")


def write_rows(file: Path, texts: list[str]) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text("".join(json.dumps({"text": text}, ensure_ascii=False) + "\n" for text in texts), encoding="utf-8")


def texts(number: int, first: int = 0) -> list[str]:
    """Different texts of 40 characters and more."""
    return [
        f"第{i}篇文章讲的是{chr(0x4E00 + i % 5000)}和{chr(0x5E00 + i % 4000)}的故事，" * 2 + f"编号{i}。"
        for i in range(first, first + number)
    ]


def write_corpus(folder: Path) -> Path:
    """Three files of 100 documents, with two copies and two short ones, and their pipeline."""
    write_rows(folder / "in/a.jsonl", texts(100))
    write_rows(folder / "in/b.jsonl", [*texts(98, 100), *texts(2)])
    write_rows(folder / "in/c.jsonl", [*texts(98, 300), "短", "短"])
    pipeline = folder / "small.yaml"
    pipeline.write_text(PIPELINE.format(folder=folder / "in"), encoding="utf-8")
    return pipeline


@pytest.fixture
def corpus(tmp_path):
    """A corpus that the test may change."""
    return write_corpus(tmp_path)


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    """The pipeline of a corpus that no test changes, and its run by two workers: a run takes two seconds."""
    folder = tmp_path_factory.mktemp("finished")
    pipeline = write_corpus(folder)
    return pipeline, run_pipeline(pipeline, folder / "run", workers=2)


def fingerprint(folder: Path) -> dict[str, str]:
    """Hash of every file of a run that must be the same each time."""
    files = sorted({file for pattern in SAME_BYTES for file in folder.glob(pattern) if file.is_file()})
    return {str(file.relative_to(folder)): hashlib.sha256(file.read_bytes()).hexdigest() for file in files}


def test_rows_in_are_kept_dropped_or_rejected(corpus, tmp_path):
    with (tmp_path / "in/c.jsonl").open("a") as stream:
        stream.write("not json\n")
    run = run_pipeline(corpus, tmp_path / "run", workers=1)
    assert run.counts() == {"documents": 300, "kept": 296, "dropped": 4, "rejected": 1}
    assert run.record["counts"] == run.counts()
    assert run.record["dropped"] == {
        "length.too_short": 2,
        "exact_duplicates.duplicate": 2,
        "near_duplicates.duplicate": 0,
    }
    (rejected,) = run.rejected()
    assert (rejected["file"], rejected["line"], rejected["raw"]) == (str(tmp_path / "in/c.jsonl"), 101, "not json")


def test_the_record_says_where_nine_tenths_of_the_time_went(finished):
    _, run = finished
    passes = {one["pass"]: one for one in run.record["passes"]}
    assert sum(one["seconds"] for one in passes.values()) >= 0.9 * run.record["wall_seconds"]
    assert {"start", "compile", "measure", "judge", "write documents: compile", "record"} <= set(passes)
    measure = passes["measure"]
    assert {"read", "clean unicode", "length", "exact_duplicates", "near_duplicates", "store"} == set(measure["steps"])
    assert 0 < sum(measure["steps"].values()) <= measure["worker_seconds"] + 0.01
    assert measure["bytes"] == run.record["bytes"]
    assert set(passes["write documents: collect"]["steps"]) == {"read", "encode"}
    report = write_report(run).read_text(encoding="utf-8")
    assert "Where the time went" in report
    cells = re.findall(r'<td class="break">(.*?)</td>', report, re.DOTALL)
    assert {*passes, *measure["steps"]} <= {re.sub(r"<[^>]*>", "", cell) for cell in cells}


def test_a_copy_says_of_what_and_the_first_id_survives(finished):
    _, run = finished
    dropped = run.documents("exact_duplicates.duplicate")
    kept = set(run.documents("kept")["id"])
    assert dropped.height == 2
    assert set(dropped["duplicate_of"]) <= kept
    assert all(original < copy for original, copy in dropped.select("duplicate_of", "id").rows())


def test_duplicates_among_dropped_documents_leave_no_survivor_and_drop_none(finished):
    _, run = finished
    short = run.documents("length.too_short")
    assert short["text"].to_list() == ["短", "短"]
    assert not short["exact_duplicates.duplicate"].any()


def test_one_and_two_workers_give_the_same_bytes(finished, tmp_path):
    pipeline, two = finished
    one = run_pipeline(pipeline, tmp_path / "one", workers=1)
    assert fingerprint(one.folder) == fingerprint(two.folder) != {}


def test_a_second_run_does_nothing_and_an_edited_threshold_measures_nothing(corpus, tmp_path):
    first = run_pipeline(corpus, tmp_path / "run", workers=1)
    signals = {
        name: value for name, value in fingerprint(first.folder).items() if name.startswith(("signals", "documents"))
    }
    again = run_pipeline(corpus, tmp_path / "run", workers=1)
    assert again.record["parts"] == {"all": first.record["parts"]["all"], "measured": 0}
    corpus.write_text(corpus.read_text().replace("chars < 10", "chars < 42"))
    edited = run_pipeline(corpus, tmp_path / "run", workers=1)
    assert edited.record["parts"]["measured"] == 0
    assert edited.record["dropped"]["length.too_short"] > 2
    assert signals.items() <= fingerprint(edited.folder).items()


def test_a_new_file_is_measured_alone(corpus, tmp_path):
    first = run_pipeline(corpus, tmp_path / "run", workers=1)
    documents = first.documents_file(first.parts[0]).parent
    before = {file.name: file.stat().st_mtime_ns for file in documents.iterdir()}
    write_rows(tmp_path / "in/aa.jsonl", texts(10, 900))
    added = run_pipeline(corpus, tmp_path / "run", workers=1)
    assert added.record["parts"]["measured"] == 1
    assert added.counts()["documents"] == 310
    after = {file.name: file.stat().st_mtime_ns for file in documents.iterdir()}
    assert before.items() < after.items()


def test_a_changed_file_is_measured_again_and_its_old_rows_are_gone(corpus, tmp_path):
    run_pipeline(corpus, tmp_path / "run", workers=1)
    write_rows(tmp_path / "in/c.jsonl", texts(5, 700))
    changed = run_pipeline(corpus, tmp_path / "run", workers=1)
    assert changed.counts()["documents"] == 205
    fresh = run_pipeline(corpus, tmp_path / "fresh", workers=1)
    assert changed.documents().sort("id").equals(fresh.documents().sort("id"))


def test_an_edited_filter_measures_that_filter_alone(corpus, tmp_path):
    first = run_pipeline(corpus, tmp_path / "run", workers=1)
    length = first.signals_file(first.pipeline.filters[0], first.parts[0])
    before = length.stat().st_mtime_ns
    corpus.write_text(
        corpus.read_text().replace("prefer: chars DESC", "prefer: chars DESC, shingle: 7").replace("{prefer", "{prefer")
    )
    edited = run_pipeline(corpus, tmp_path / "run", workers=1)
    assert length.stat().st_mtime_ns == before
    assert edited.plan.filters["length"] == first.plan.filters["length"]
    assert edited.plan.filters["near_duplicates"] != first.plan.filters["near_duplicates"]


def run_in_background(corpus: Path, out: Path, stderr: int = subprocess.DEVNULL) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "curate.cli", "run", str(corpus), "--out", str(out), "--workers", "2"]
    return subprocess.Popen(command, start_new_session=True, stdout=subprocess.DEVNULL, stderr=stderr)


@pytest.mark.parametrize("wait", ["documents-*/*", "groups/*/*"])
def test_a_killed_run_goes_on_to_the_same_bytes(finished, tmp_path, wait):
    pipeline, whole = finished
    process = run_in_background(pipeline, tmp_path / "killed")
    deadline = time.monotonic() + 60
    while not list((tmp_path / "killed").glob(wait)) and process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.005)
    os.killpg(process.pid, signal.SIGKILL)
    assert process.wait() == -signal.SIGKILL, "the run was over before it could be killed"
    resumed = run_pipeline(pipeline, tmp_path / "killed", workers=1)
    assert fingerprint(resumed.folder) == fingerprint(whole.folder) != {}


def test_ctrl_c_stops_within_two_seconds_and_can_be_resumed(corpus, tmp_path):
    process = run_in_background(corpus, tmp_path / "run", subprocess.PIPE)
    deadline = time.monotonic() + 60
    while not (tmp_path / "run/inputs.json").exists() and time.monotonic() < deadline:
        time.sleep(0.01)
    started = time.monotonic()
    os.killpg(process.pid, signal.SIGINT)
    lines = process.communicate(timeout=10)[1].decode().splitlines()
    assert process.returncode == 1 and time.monotonic() - started < 2
    # The workers are starting at this moment: none of them may print a trace.
    assert lines[-1].startswith("curate: interrupted") and not any("Traceback" in line for line in lines)
    assert run_pipeline(corpus, tmp_path / "run", workers=1).counts()["documents"] == 300


def test_a_full_disk_is_called_so_whatever_the_library_says():
    assert _one_line(OSError("900 requested and 500 written")).startswith("no space is left on the disk (900")
    assert "no space is left" in _one_line(OSError(errno.ENOSPC, "No space left on device"))
    assert _one_line(OSError(errno.EIO, "bad")) == "OSError: [Errno 5] bad"


def test_a_folder_that_cannot_be_written_to_is_named_with_the_way_out(corpus, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(CurateError, match=r"file.run: cannot be written to \(Not a directory\); give another folder"):
        run_pipeline(corpus, tmp_path / "file/run", workers=1)


def test_too_many_rejected_rows_stop_the_run_and_a_higher_limit_goes_on(corpus, tmp_path):
    with (tmp_path / "in/a.jsonl").open("a") as stream:
        stream.write("broken\n" * 10)
    with pytest.raises(RejectedError, match=r"read\[0\]\.jsonl: 10 of 310 rows .* max_rejected"):
        run_pipeline(corpus, tmp_path / "run", workers=1)
    corpus.write_text(corpus.read_text().replace('jsonl"]', 'jsonl"]\n      max_rejected: 0.05'))
    run = run_pipeline(corpus, tmp_path / "run", workers=1)
    assert run.counts()["rejected"] == 10
    assert run.record["parts"]["measured"] == 0


def test_an_empty_corpus_is_a_valid_run_with_a_warning(corpus, tmp_path):
    for name in "abc":
        (tmp_path / f"in/{name}.jsonl").write_text("")
    run = run_pipeline(corpus, tmp_path / "run", workers=1)
    assert run.counts() == {"documents": 0, "kept": 0, "dropped": 0, "rejected": 0}
    assert any("empty" in warning for warning in run.record["warnings"])


def test_everything_dropped_is_a_valid_run_with_a_warning(corpus, tmp_path):
    corpus.write_text(corpus.read_text().replace("chars < 10", "chars > 0"))
    run = run_pipeline(corpus, tmp_path / "run", workers=1)
    assert run.counts()["kept"] == 0
    assert any("every document was dropped" in warning for warning in run.record["warnings"])


def test_a_filter_that_dropped_nothing_warns(finished):
    _, run = finished
    assert "filter near_duplicates dropped nothing" in run.record["warnings"]


def test_no_file_ends_before_any_work(corpus, tmp_path):
    corpus.write_text(corpus.read_text().replace("*.jsonl", "*.parquet"))
    with pytest.raises(PipelineError, match=r"read\[0\]\.jsonl\.paths: no file matches"):
        run_pipeline(corpus, tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_a_limited_run_reads_the_first_documents_only(corpus, tmp_path):
    run = run_pipeline(corpus, tmp_path / "run", workers=1, limit=120)
    assert run.counts()["documents"] == 120
    assert run_pipeline(corpus, tmp_path / "run", workers=2, limit=120).record["parts"]["measured"] == 0


def test_a_sample_is_chosen_by_id_and_is_the_same_each_time(corpus, tmp_path):
    corpus.write_text(corpus.read_text().replace('jsonl"]', 'jsonl"]\n      sample: 0.3'))
    first = run_pipeline(corpus, tmp_path / "one", workers=1).documents()["id"].to_list()
    second = run_pipeline(corpus, tmp_path / "two", workers=2).documents()["id"].to_list()
    assert first == second
    assert 50 < len(first) < 130


def test_two_readers_say_where_documents_come_from(tmp_path):
    write_rows(tmp_path / "in/a.jsonl", texts(3))
    (tmp_path / "in/b.txt").write_text("一篇纯文本。" * 5, encoding="utf-8")
    pipeline = tmp_path / "two.yaml"
    pipeline.write_text(
        f"read:\n  - jsonl: {{paths: ['{tmp_path}/in/*.jsonl'], source: web, fields: [url]}}\n"
        f"  - text: {{paths: ['{tmp_path}/in/*.txt']}}\nfilters:\n  - length: {{drop: {{web_only: source = 'web'}}}}\n"
    )
    run = run_pipeline(pipeline, tmp_path / "run", workers=1)
    assert run.documents()["source"].to_list() == ["web"] * 3 + ["text"]
    assert run.documents("length.web_only").height == 3
    assert run.documents()["url"].null_count() == 4


PLUGIN = """
import os, signal
import polars as pl
import curate

class Fails(curate.Filter):
    signals = {"bad": pl.Float64}
    how: str = "raise"

    def measure(self, documents):
        if self.how == "raise":
            raise RuntimeError("the model is on fire")
        if self.how == "die":
            os.kill(os.getpid(), signal.SIGKILL)
        if self.how == "short":
            return pl.DataFrame({"bad": [1.0]})
        return pl.DataFrame({"bad": [float("nan")] * len(documents)})
"""


@pytest.mark.parametrize(
    ("how", "message"),
    [
        ("raise", r"measure \w+-00000: RuntimeError: the model is on fire"),
        ("die", r"measure \w+-00000: the worker was killed by signal 9"),
        ("short", r"filters\[0\]\.broken_filter:Fails: measured 1 rows of"),
        ("nan", r"signal bad is NaN"),
    ],
)
def test_a_filter_that_fails_ends_the_run_with_the_part_and_the_reason(corpus, tmp_path, how, message):
    (tmp_path / "broken_filter.py").write_text(PLUGIN)
    corpus.write_text(
        corpus.read_text().replace("  - length:", f"  - broken_filter:Fails: {{how: {how}}}\n  - length:")
    )
    with pytest.raises(WorkerError, match=message):
        run_pipeline(corpus, tmp_path / "run", workers=1)


def test_two_runs_in_one_folder_exclude_each_other(corpus, tmp_path):
    import fcntl

    (tmp_path / "run").mkdir()
    with (tmp_path / "run/run.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with pytest.raises(CurateError, match="another `curate run`"):
            run_pipeline(corpus, tmp_path / "run", workers=1)


def test_prune_keeps_its_hands_off_a_run_that_is_going_on(corpus, tmp_path):
    run = run_pipeline(corpus, tmp_path / "run", workers=1)
    staging = run.folder / "staging"
    staging.mkdir()
    with locked(run.folder), pytest.raises(CurateError, match="another `curate run`"):
        prune_run(run)
    assert staging.exists()
    assert prune_run(run) == [(staging, 0)] and not staging.exists()


def test_a_run_opens_again_and_shows_what_is_in_it(finished, tmp_path):
    run = curate.Run.open(finished[1].folder)
    signals = run.signals()
    assert signals.height == 300
    assert {"id", "kept", "length.too_short", "duplicate_of", "chars", "text_bytes"} <= set(signals.columns)
    assert run.documents("kept", limit=7).height == 7
    assert run.documents(id=signals["id"][5])["chars"].item() == signals["chars"][5]
    with pytest.raises(CurateError, match=r"did you mean 'length\.too_short'"):
        run.documents("length.to_short")
    with pytest.raises(CurateError, match="no run here"):
        curate.Run.open(tmp_path / "nowhere")


def test_a_script_without_a_main_guard_can_run_a_pipeline(corpus, tmp_path):
    script = tmp_path / "script.py"
    script.write_text(
        f"import curate\nprint(curate.run_pipeline({str(corpus)!r}, {str(tmp_path / 'run')!r}, workers=2).counts())"
    )
    done = subprocess.run([sys.executable, script], capture_output=True, text=True, check=True)
    assert done.stdout.count("kept") == 1


def test_verdicts_hold_one_boolean_per_rule(finished):
    _, run = finished
    frame = pl.concat([pl.read_parquet(run.verdicts_file(part)) for part in run.parts])
    assert dict(frame.schema) == {
        "id": pl.String,
        "kept": pl.Boolean,
        "length.too_short": pl.Boolean,
        "exact_duplicates.duplicate": pl.Boolean,
        "near_duplicates.duplicate": pl.Boolean,
        "duplicate_of": pl.String,
        "exact_duplicates_cluster": pl.Int64,
        "exact_duplicates_cluster_size": pl.Int64,
        "near_duplicates_cluster": pl.Int64,
        "near_duplicates_cluster_size": pl.Int64,
        "near_duplicates_similarity": pl.Float64,
    }


def test_a_run_opens_from_another_folder(tmp_path, monkeypatch):
    write_rows(tmp_path / "here/in.jsonl", texts(3))
    (tmp_path / "here/words.txt").write_text("故事\n", encoding="utf-8")
    (tmp_path / "here/p.yaml").write_text(
        "read:\n  - jsonl: {paths: [in.jsonl]}\nfilters:\n  - toxicity: {words: words.txt}\n", encoding="utf-8"
    )
    monkeypatch.chdir(tmp_path / "here")
    run_pipeline("p.yaml", "run", workers=1)
    monkeypatch.chdir(tmp_path)
    assert curate.Run.open("here/run").signals().height == 3
