"""The documentation: it builds without a warning, its commands print what it shows, its tables name every column."""

import functools
import importlib.util
import re
import subprocess
import sys
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from curate import registry

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
SHOWN = sorted(str(file.relative_to(DOCS)) for file in DOCS.rglob("*.md") if "```console" in file.read_text("utf-8"))


def module(name):
    """A script of the docs; `pages` imports mkdocs."""
    specification = importlib.util.spec_from_file_location(f"docs_{name}", DOCS / f"{name}.py")
    loaded = importlib.util.module_from_spec(specification)
    sys.modules[specification.name] = loaded
    specification.loader.exec_module(loaded)
    return loaded


console = module("console")
printed = functools.cache(console.printed)


@pytest.fixture(scope="module")
def folder(tmp_path_factory, demo):
    path = tmp_path_factory.mktemp("docs")
    console.prepare(path, demo[0].folder)
    return path


@pytest.mark.parametrize("page", SHOWN)
def test_commands_print_what_the_page_shows(page, folder, monkeypatch):
    monkeypatch.chdir(folder)
    commands = [
        one for block in console.BLOCK.findall((DOCS / page).read_text("utf-8")) for one in console.shown(block)
    ]
    assert commands
    for one in commands:
        real = printed(one.command)  # both languages show the same commands, and none changes what another prints
        assert console.fits(one.output, real), f"{page}: {one.command} prints\n" + "\n".join(real)


def test_both_tutorials_run_the_same_commands():
    english, chinese = (
        re.findall(r"^(?:\$ )?(curate .*)", (DOCS / page).read_text("utf-8"), re.MULTILINE)
        for page in ("tutorial.md", "zh/tutorial.md")
    )
    assert english == chinese


def test_the_site_builds_and_no_link_is_broken(tmp_path):
    pytest.importorskip("mkdocs", reason="mkdocs is not installed (pip install 'curate[docs]')")
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet", "--site-dir", str(tmp_path / "site")]
    built = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, env={"NO_MKDOCS_2_WARNING": "1"})
    assert built.returncode == 0, built.stdout + built.stderr
    for section in registry.SECTIONS:
        for name in registry.names(section):
            page = (tmp_path / "site" / section / name / "index.html").read_text("utf-8")
            assert f'<h1 id="{name}">{name}' in page


def test_docstrings_become_markdown():
    pytest.importorskip("mkdocs", reason="mkdocs is not installed (pip install 'curate[docs]')")
    text = "First.\n\nSignals (0..1):\n    a, b: share of `x`\n        and <y>.\n    c: more.\nSo:\n1. one;\n2. two *."
    assert module("pages").markdown(text) == (
        "First.\n\nSignals (0..1):\n\n- `a`, `b`: share of `x`\n  and &lt;y>.\n- `c`: more.\n\n"
        "So:\n\n1. one;\n2. two \\*."
    )


def test_the_page_on_runs_names_every_file_and_column(demo):
    run, _ = demo
    text = (DOCS / "run.md").read_text("utf-8")
    for folder in {file.relative_to(run.folder).parts[0].partition("-")[0] for file in run.folder.rglob("*")}:
        assert folder in text or folder == "run.lock", folder
    of_filters = run.signal_types().keys() - {"text_bytes"}
    general = {"id", "text", "source", *run.reasons()}
    for file in run.folder.rglob("*.parquet"):
        for column in set(pq.read_schema(file).names) - of_filters - general:
            pattern = re.sub(r"^(exact|near)_duplicates_", "<filter>_", column)
            assert f"`{pattern}`" in text, f"{file.name}: {column}"
