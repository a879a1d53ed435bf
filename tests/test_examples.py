"""The notebooks run from top to bottom, from where a reader starts them, and show what they promise.

Both run at once, each in a process of its own, in a copy of the folder: what they write goes there.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

nbformat = pytest.importorskip("nbformat", reason="the notebooks need nbclient and ipykernel: pip install -e '.[dev]'")
pytest.importorskip("nbclient", reason="the notebooks need nbclient and ipykernel: pip install -e '.[dev]'")
pytest.importorskip("ipykernel", reason="the notebooks need nbclient and ipykernel: pip install -e '.[dev]'")

ROOT = Path(__file__).parents[1]
ENGLISH, CHINESE = "preprocessing.ipynb", "预处理.ipynb"
RUN = """
import sys
import nbclient, nbformat
from jupyter_client.manager import AsyncKernelManager

file = sys.argv[1]
notebook = nbformat.read(file, as_version=4)
nbclient.NotebookClient(notebook, km=AsyncKernelManager(transport="ipc"), timeout=120).execute()
nbformat.write(notebook, file)
"""


@pytest.fixture(scope="module")
def executed(tmp_path_factory):
    tree = tmp_path_factory.mktemp("tree")
    shutil.copytree(ROOT / "examples", tree / "examples")
    (tree / "samples").symlink_to(ROOT / "samples")
    places = {ENGLISH: tree / "examples", CHINESE: tree}  # both places from which people start them
    with tempfile.TemporaryDirectory() as runtime:  # sockets lie there, and their names must be short
        own = ("IPYTHONDIR", "JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR")
        environment = {**os.environ, **dict.fromkeys(own, runtime), "PYDEVD_DISABLE_FILE_VALIDATION": "1"}
        environment.pop("CURATE_LANG", None)
        running = [
            subprocess.Popen(
                [sys.executable, "-c", RUN, str(tree / "examples" / name)],
                cwd=place, env=environment, stderr=subprocess.PIPE, text=True,
            )
            for name, place in places.items()
        ]  # fmt: skip
        said = [process.communicate(timeout=300)[1] for process in running]
    for process, errors in zip(running, said, strict=True):
        assert process.returncode == 0, errors[-3000:]
    return {name: nbformat.read(tree / "examples" / name, as_version=4) for name in places}


def cells(notebook):
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def shown(notebook, source, kind="text/plain"):
    """What the cell with these words in it prints and displays."""
    (cell,) = [cell for cell in cells(notebook) if source in cell.source]
    printed = "".join(one.get("text", "") for one in cell.outputs if one.output_type == "stream")
    return printed + "".join(str(one.get("data", {}).get(kind, "")) for one in cell.outputs)


@pytest.mark.parametrize("name", [ENGLISH, CHINESE])
def test_a_notebook_is_committed_without_outputs_and_with_steady_names(name):
    notebook = json.loads((ROOT / "examples" / name).read_text(encoding="utf-8"))
    assert [cell["id"] for cell in notebook["cells"]] == [f"cell-{n:02}" for n in range(len(notebook["cells"]))]
    for cell in notebook["cells"]:
        assert not cell.get("outputs") and not cell.get("execution_count")


@pytest.mark.parametrize("name", [ENGLISH, CHINESE])
def test_every_cell_runs_without_an_error_or_a_warning(executed, name):
    for number, cell in enumerate(cells(executed[name]), 1):
        assert cell.execution_count == number
        assert not [one for one in cell.outputs if one.output_type == "error" or one.get("name") == "stderr"]


@pytest.mark.parametrize("name", [ENGLISH, CHINESE])
def test_pipeline_run_and_verdicts_are_shown_as_html(executed, name):
    for last in ("verdicts", "pipeline", "run"):
        (cell,) = [cell for cell in cells(executed[name]) if cell.source.splitlines()[-1] == last]
        assert "curate-shown" in cell.outputs[-1]["data"]["text/html"]


def test_the_english_notebook_shows_what_it_tells_of(executed):
    notebook = executed[ENGLISH]
    assert "cannot be read: 'utf-8' codec can't decode" in shown(notebook, "with gzip.open")
    assert "dropped because lang = 'en': language.not_chinese drops when lang != 'zh'" in shown(notebook, "sample = ")
    assert "81 kept before, 77 with the stricter rule" in shown(notebook, "stricter = ")
    assert "'documents': 442, 'kept': 287, 'dropped': 155, 'rejected': 4" in shown(notebook, "\nrun.counts()")
    assert "gambling_words" in shown(notebook, "dropped = run.documents")
    assert "documents pass the rules now" in shown(notebook, "idea = what_if")
    assert "parts measured: 0" in shown(notebook, "again = curate.run_pipeline")
    assert "<s> | " in shown(notebook, "id_to_piece")
    assert "00001.bin" in shown(notebook, "np.memmap")
    assert "% of all are padding" in shown(notebook, "from tokenizers")
    assert shown(notebook, "verify_shards").strip() == "[]"
    assert "MiniMind" in shown(notebook, "run.budget()", "text/html")


def test_a_run_in_a_notebook_leaves_one_line_for_each_pass(executed):
    line = shown(executed[ENGLISH], "\nrun.counts()", "text/html")
    assert "measure: 1 done in" in line and "<progress" not in line


def test_the_chinese_notebook_explains_in_chinese(executed):
    notebook = executed[CHINESE]
    assert "因 lang = 'en' 被丢弃：规则 language.not_chinese" in shown(notebook, "sample = ")
    assert "原来保留 81 篇，收紧之后保留 77 篇" in shown(notebook, "stricter = ")
    assert "丢弃最多的规则" in shown(notebook, "verdicts = curate.explain", "text/html")
    assert "重新测量的块数： 0" in shown(notebook, "again = curate.run_pipeline")


def test_both_notebooks_take_the_same_steps():
    def steps(name):
        notebook = json.loads((ROOT / "examples" / name).read_text(encoding="utf-8"))
        return [cell["cell_type"] for cell in notebook["cells"]]

    assert steps(ENGLISH) == steps(CHINESE)
