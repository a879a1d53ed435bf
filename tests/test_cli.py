"""The commands by what they print, where they print it, and their exit codes."""

import json
import subprocess
import sys

import pytest
from click.testing import CliRunner

from curate.cli import main

ROWS = [
    f"第{i}篇文章，写的是{chr(0x4E00 + i * 7)}的故事，写得很长，也写得很认真，读的人都说不错。" * 3 for i in range(20)
]


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    """A pipeline and its run, made through the command line."""
    folder = tmp_path_factory.mktemp("cli")
    rows = [json.dumps({"text": text}, ensure_ascii=False) for text in [*ROWS, "短", ROWS[0]]]
    (folder / "in.jsonl").write_text("\n".join(rows) + "\n{broken\n", encoding="utf-8")
    pipeline = folder / "small.yaml"
    pipeline.write_text(
        f"read:\n  - jsonl: {{paths: ['{folder}/in.jsonl'], max_rejected: 0.2}}\nclean: [unicode]\n"
        "filters:\n  - length\n  - exact_duplicates\nwrite:\n  - documents\n"
    )
    done = command("run", pipeline, "--out", folder / "run", "--workers", "1")
    assert done.exit_code == 0, done.output
    return pipeline, folder / "run", done


def command(*words):
    return CliRunner().invoke(main, [str(word) for word in words], catch_exceptions=False)


def test_run_prints_counts_to_stdout_and_progress_to_stderr(finished):
    _, run, done = finished
    assert "rows       23 = 20 kept + 2 dropped + 1 rejected" in done.stdout
    assert f"report     {run}/report.html" in done.stdout
    assert "measure: 1 done" in done.stderr and "measure: 1 done" not in done.stdout
    assert (run / "report.html").exists()


def test_check_says_what_is_done_and_what_would_be_done_again(finished):
    pipeline, run, _ = finished
    done = command("check", pipeline, "--out", run)
    assert "measure length: 1 part done, 0 to do" in done.stdout
    assert "judge: done" in done.stdout and "write documents: done" in done.stdout
    fresh = command("check", pipeline, "--out", run.parent / "fresh")
    assert "judge: to do" in fresh.stdout
    assert "chars: Int64 (length)" in fresh.stdout and "length.too_short: chars < 50" in fresh.stdout
    assert not (run.parent / "fresh").exists()


def test_check_tells_of_a_disk_that_is_too_small(finished, monkeypatch):
    pipeline, run, _ = finished
    assert "too small" not in command("check", pipeline, "--out", run.parent / "fresh").stdout
    monkeypatch.setattr("curate.work.forecast._free", lambda folder: 1_000)
    assert "the disk may be too small" in command("check", pipeline, "--out", run.parent / "fresh").stdout
    assert "too small" not in command("check", pipeline, "--out", run).stdout, "what lies there already counts"


@pytest.mark.parametrize("name", ["run", "check"])
def test_a_variable_that_the_pipeline_does_not_have_is_refused(name, tmp_path):
    (tmp_path / "p.yaml").write_text("name: ${NAME:-x}\nread:\n  - jsonl: {paths: ['*.jsonl']}\n")
    done = command(name, tmp_path / "p.yaml", "--set", "NAEM=y")
    assert done.exit_code == 2
    assert done.stderr.startswith("curate: --set NAEM: no ${NAEM} in") and "did you mean 'NAME'?" in done.stderr


def test_show_by_reason_by_id_and_the_rejected(finished):
    _, run, _ = finished
    shown = command("show", run, "--reason", "length.too_short").stdout
    assert "dropped: length.too_short" in " ".join(shown.split()) and "\n短" in shown
    copy = command("show", run, "--reason", "exact_duplicates.duplicate").stdout
    assert "duplicate of" in copy
    identifier = copy.split()[1]
    assert "chars = " in command("show", run, "--id", identifier).stdout
    missing = command("show", run, "--id", "nobody")
    assert missing.exit_code == 1 and "no document has the id 'nobody'" in missing.stderr
    (rejected,) = command("show", run, "--reason", "rejected").stdout.splitlines()
    assert json.loads(rejected)["raw"] == "{broken"
    assert len(command("show", run, "-n", "3").stdout.split("── ")) == 4


def test_report_filters_schema_and_prune_print_what_they_do(finished):
    _, run, _ = finished
    assert command("report", run).stdout.strip() == f"{run}/report.html"
    listed = command("filters").stdout
    assert all(
        name in listed for name in ("length", "language", "quality", "repetition", "toxicity", "near_duplicates")
    )
    explained = command("filters", "length").stdout
    assert "too_short: chars < 50" in explained and "drop" in explained and "verdicts" not in explained
    compares = command("filters", "near_duplicates").stdout.partition("Columns of the verdicts")[2].split()
    assert compares[-6::2] == [
        "near_duplicates_cluster:",
        "near_duplicates_cluster_size:",
        "near_duplicates_similarity:",
    ]
    assert "filters.length" in json.loads(command("schema").stdout)["$defs"]
    old = run / "verdicts-000000000000"
    old.mkdir()
    (old / "x.parquet").write_bytes(b"12345")
    assert str(old) in command("prune", run).stdout
    assert not old.exists() and (run / "shards/documents").exists()
    assert "nothing to remove" in command("prune", run).stderr


def test_a_filter_of_ones_own_is_explained_by_its_label(monkeypatch, tmp_path):
    (tmp_path / "explained_plugin.py").write_text(
        "import curate\n\nclass OwnOne(curate.Filter):\n    rules = {'odd': 'text_bytes = 1'}\n"
    )
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    assert "own_one.odd: text_bytes = 1" in command("filters", "explained_plugin:OwnOne").stdout


def test_whoever_stops_reading_the_output_is_told_nothing():
    command_line = [sys.executable, "-m", "curate.cli", "schema"]
    process = subprocess.Popen(command_line, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert process.stdout and process.stderr
    process.stdout.close()
    assert process.stderr.read() == b"" and process.wait() == 1
    process.stderr.close()


def test_verify_is_sound_and_finds_damage(finished):
    _, run, _ = finished
    assert "sound" in command("verify", run).stdout
    file = next(path for path in sorted((run / "shards/documents").iterdir()) if path.suffix == ".zst")
    whole = file.read_bytes()
    file.write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]))
    damaged = command("verify", run)
    file.write_bytes(whole)
    assert damaged.exit_code == 1 and file.name in damaged.stdout


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (("length", "lenght"), "filters[0]: no filter is called 'lenght'; did you mean 'length'?"),
        (("[unicode]", "[unicod]"), "clean[0]: no cleaner is called 'unicod'; did you mean 'unicode'?"),
        (("max_rejected", "max_rejects"), "read[0].jsonl.max_rejects: unknown parameter; did you mean 'max_rejected'?"),
        (("in.jsonl", "out.jsonl"), "read[0].jsonl.paths: no file matches"),
        (("- documents", "- tokens: {target: minimnd}"), "did you mean 'minimind'?"),
    ],
)
def test_a_wrong_pipeline_is_one_line_and_exit_code_2(finished, change, message):
    pipeline, run, _ = finished
    wrong = pipeline.with_name("wrong.yaml")
    wrong.write_text(pipeline.read_text().replace(*change, 1))
    done = command("run", wrong, "--out", run.parent / "wrong")
    assert done.exit_code == 2
    assert message in done.stderr and done.stderr.count("\n") == 1
    assert not (run.parent / "wrong").exists()


def test_a_failed_run_is_one_line_and_exit_code_1(finished):
    pipeline, run, _ = finished
    strict = pipeline.with_name("strict.yaml")
    strict.write_text(pipeline.read_text().replace("max_rejected: 0.2", "max_rejected: 0.01"))
    done = command("run", strict, "--out", run.parent / "strict", "--workers", "1")
    assert done.exit_code == 1
    assert "1 of 23 rows could not be read" in done.stderr.splitlines()[-1]


def test_no_run_and_no_pipeline_are_one_line(tmp_path):
    assert "no run here" in command("show", tmp_path).stderr
    missing = command("run", tmp_path / "nothing.yaml")
    assert missing.exit_code == 2 and missing.stderr.count("\n") == 1


def test_a_full_disk_is_one_line_and_exit_code_1(finished):
    pipeline, run, _ = finished
    # A limit on the size of files stands in for a full disk: writing past it fails with an OSError in the worker.
    code = (
        "import resource, signal, sys; signal.signal(signal.SIGXFSZ, signal.SIG_IGN);"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (3000, 3000));"
        f"sys.argv = ['curate', 'run', {str(pipeline)!r}, '--out', {str(run.parent / 'full')!r}, '--workers', '1'];"
        "from curate.cli import main; main()"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "measure" in done.stderr and "File too large" in done.stderr
    resumed = command("run", pipeline, "--out", run.parent / "full", "--workers", "1")
    assert resumed.exit_code == 0


def test_help_names_every_command_with_an_example():
    for name in ("run", "check", "filters", "show", "report", "verify", "prune", "index", "schema"):
        assert f"Example: curate {name}" in command(name, "--help").stdout
    assert "Example: curate train tokenizer" in command("train", "tokenizer", "--help").stdout
