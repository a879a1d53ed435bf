"""What a shell proposes, asked as the shells ask."""

import json
import os
import subprocess
import sys
import time

import pytest
from click.shell_completion import ShellComplete
from click.testing import CliRunner

from curate.cli import main


def proposed(*words):
    """Values for the last of the words."""
    *before, last = words
    items = ShellComplete(main, {}, "curate", "_CURATE_COMPLETE").get_completions(list(before), last)
    return [item.value for item in items]


@pytest.fixture
def runs(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in ("news", "网页"):
        folder = tmp_path / "runs" / name
        folder.mkdir(parents=True)
        dropped = {"length.too_short": 3, "toxicity.gambling": 12, "toxicity.drugs": 0}
        (folder / "run.json").write_text(json.dumps({"dropped": dropped}))
    (tmp_path / "runs" / "notes").mkdir()
    return tmp_path


def test_commands_and_options_are_proposed():
    assert {"run", "check", "show", "completion"} <= set(proposed(""))
    assert "--reason" in proposed("show", "x", "--")


def test_runs_are_the_folders_that_hold_one(runs):
    assert proposed("show", "") == ["runs/news", "runs/网页"]
    assert proposed("report", "runs/n") == ["runs/news"]
    assert proposed("index", "runs/news", "runs/网") == ["runs/网页"]


def test_reasons_are_those_of_the_run_that_was_named_most_frequent_first(runs):
    everything = ["toxicity.gambling", "length.too_short", "kept", "dropped", "rejected"]
    assert proposed("show", "runs/网页", "--reason", "") == everything
    assert proposed("show", "runs/news", "--reason", "tox") == ["toxicity.gambling"]
    assert proposed("show", "runs/nothing", "--reason", "") == everything[2:]
    assert proposed("tune", "runs/news", "toxicity.d") == ["toxicity.drugs"]
    (runs / "runs" / "news" / "run.json").write_text("[1]")
    assert proposed("show", "runs/news", "--reason", "") == everything[2:]


def test_filters_cleaners_and_targets_are_proposed():
    assert proposed("filters", "qu") == ["quality"] and proposed("filters", "htm") == ["html"]
    assert proposed("train", "tokenizer", "x", "--target", "") == ["minimind", "qwen2.5-0.5b", "whitebox"]


@pytest.mark.parametrize("shell", ["zsh", "fish"])
def test_the_script_says_where_it_belongs(shell):
    done = CliRunner().invoke(main, ["completion", shell])
    assert done.exit_code == 0 and "_CURATE_COMPLETE" in done.stdout
    assert done.stdout.splitlines()[-1].startswith("# ")


def test_an_answer_comes_at_once_and_without_heavy_imports(runs):
    environment = os.environ | {
        "COMP_WORDS": "curate show runs/news --reason len", "COMP_CWORD": "4", "_CURATE_COMPLETE": "bash_complete",
    }  # fmt: skip
    code = "import curate.cli, sys, atexit; atexit.register(lambda: print('polars' in sys.modules)); "
    code += "curate.cli.main(prog_name='curate')"
    started = time.perf_counter()
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True)
    assert done.stdout.splitlines() == ["plain,length.too_short", "False"]
    assert time.perf_counter() - started < 2, "the promise is 0.5 s on a machine that does nothing else"
