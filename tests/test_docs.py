"""README cannot rot: its commands exist, its pipeline loads, its filter runs. (Its output: `test_golden`.)"""

import os
import re
from pathlib import Path

import pytest
from click.testing import CliRunner

import curate
from curate.cli import main
from curate.testing import check_filter

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def blocks(language):
    return re.findall(rf"```{language}\n(.*?)```", README, re.DOTALL)


def test_every_command_exists():
    commands = set(re.findall(r"(?:`|/|^)curate ((?:train )?[a-z]+)", README, re.MULTILINE))
    assert {"run", "check", "show", "verify", "prune", "filters", "schema", "train tokenizer"} <= commands
    for command in commands:
        assert CliRunner().invoke(main, [*command.split(), "--help"]).exit_code == 0, command


def test_make_targets_exist():
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    for target in re.findall(r"^make (\w+)", README, re.MULTILINE):
        assert f"\n{target}:" in makefile


def test_the_pipeline_loads(monkeypatch):
    monkeypatch.chdir(ROOT)
    (text,) = blocks("yaml")
    pipeline = curate.Pipeline.parse(text)
    assert [line.label for line in pipeline.filters] == ["length", "language", "quality", "toxicity", "near_duplicates"]


@pytest.mark.parametrize("name", sorted(file.stem for file in (ROOT / "pipelines").glob("*.yaml")))
def test_every_pipeline_loads(name, monkeypatch):
    monkeypatch.chdir(ROOT)
    curate.Pipeline.load(f"pipelines/{name}.yaml", {"QWEN_TOKENIZER": "somewhere"})


def test_a_pipeline_says_what_to_do_about_a_variable_that_is_missing(monkeypatch):
    monkeypatch.chdir(ROOT)
    monkeypatch.delenv("QWEN_TOKENIZER", raising=False)
    with pytest.raises(curate.PipelineError, match=r"write\[0\].*QWEN_TOKENIZER.*is not set: give the tokenizer"):
        curate.Pipeline.load("pipelines/qwen_continued.yaml")


def test_the_filter_of_ones_own_runs_and_keeps_its_promises():
    (source,) = [block for block in blocks("python") if "class Shouting" in block]
    names = {}
    exec(source, names)
    assert len(source.strip().splitlines()) <= 13
    check_filter(names["Shouting"]())
    assert curate.apply([names["Shouting"]()], ["好！！！"])["reasons"].to_list() == [["shouting.shouting"]]


def test_everything_in_the_tree_is_there():
    tree = blocks("text")[-1]
    for name in re.findall(r"^(?:  )?([\w.]+/?)(?= |$)", tree, re.MULTILINE):
        assert (ROOT / name).exists() or (ROOT / "curate" / name).exists(), name
    assert os.path.exists(ROOT / "docs/report.png")


CHINESE = (ROOT / "README.zh-CN.md").read_text(encoding="utf-8")


def outline(text):
    """What both languages share: code without comments, levels of headings, code in the first column of tables."""
    code = [
        re.sub(r"\s*#.*|^(\s*[\w./, ]+?)(   *\S.*)", r"\1", block, flags=re.MULTILINE)
        for block in re.findall(r"```(?:\w+)\n(.*?)```", text, re.DOTALL)
    ]
    prose = re.sub(r"```.*?```", "", text, flags=re.DOTALL)
    commands = [
        sorted(set(re.findall(r"`(curate [^`]+)`", line))) for line in prose.splitlines() if line.startswith("|")
    ]
    columns = [re.findall(r"`[^`]+`", line.split("|")[1]) for line in prose.splitlines() if line.startswith("|")]
    return code, re.findall(r"^#+", prose, re.MULTILINE), columns, commands


def test_readme_says_the_same_in_chinese():
    for english, chinese in zip(outline(README), outline(CHINESE), strict=True):
        assert english == chinese
