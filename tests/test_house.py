"""The house: imports point down only, kernels know nothing, the command line starts light."""

import ast
import subprocess
import sys
import time
from pathlib import Path

import pytest

HOUSE = Path(__file__).parents[1] / "curate"

BELOW = {
    "errors": set(),
    "kernels": set(),
    "disk": set(),
    "terminal": set(),
    "pointing": {"terminal"},
    "numerals": set(),
    "completion": set(),
    "progress": {"terminal"},
    "contracts": {"errors", "kernels"},
    "registry": {"contracts", "errors"},
    "cuts": {"contracts", "kernels", "errors"},
    "units": {"cuts", "contracts", "kernels", "errors"},
    "conditions": {"registry", "contracts", "errors"},
    "comparisons": {"judge", "conditions", "contracts", "errors"},
    "whatif": {"comparisons"},
    "borders": {"comparisons", "whatif", "contracts", "kernels"},
    "judge": {"conditions", "cuts", "registry", "contracts", "errors", "kernels"},
    "why": {"judge", "conditions", "contracts", "errors"},
    "display": {"report"},  # the one import that points up: a value that a notebook shows asks the report for its HTML
    "verdicts": {"display", "why", "judge", "registry", "contracts", "kernels", "errors"},
    "pipeline": {"display", "registry", "cuts", "judge", "contracts", "errors"},
    "evidence": {"judge", "contracts", "errors"},
    "chosen": {"borders", "comparisons", "looking", "whatif", "judge", "contracts", "disk", "kernels", "errors"},
    "shown": set(),
    "plan": {"pipeline", "cuts", "judge", "contracts", "disk", "errors"},
    "layout": {"plan", "pipeline", "contracts", "errors"},
    "looking": {"cuts", "judge", "registry", "contracts", "disk", "errors"},
    "index": {"plan", "contracts", "disk", "errors"},
    "members": {"index", "judge", "contracts", "disk", "errors"},
    "differences": set(),
    "budget": {"registry", "numerals", "shown", "errors"},
    "diff": {"numerals", "terminal", "shown", "judge", "contracts", "kernels", "disk", "errors"},
    "run": {
        "display",
        "verdicts",
        "budget",
        "diff",
        "chosen",
        "looking",
        "layout",
        "plan",
        "cuts",
        "members",
        "pipeline",
        "judge",
        "contracts",
        "disk",
        "errors",
    },
    "held": {"index", "run", "plan", "judge", "contracts", "disk", "errors"},
    "indexing": {"held", "index", "layout", "contracts", "disk", "progress", "errors"},
    "stats": {"run", "plan", "pipeline", "judge", "contracts", "kernels", "errors"},
    "edit": {"pipeline", "judge", "registry", "disk", "errors"},
    "tune": {"comparisons", "edit", "numerals", "terminal", "shown", "layout", "run", "stats", "cuts", "judge"}
    | {"registry", "contracts", "disk", "errors"},
    "profiles": {"contracts", "errors"},
    "targets": {"contracts", "registry", "errors"},
    "readers": {"contracts", "disk", "kernels", "errors"},
    "cleaners": {"contracts", "kernels", "errors"},
    "classifier": {"terminal", "contracts", "disk", "fasttext_model", "registry", "kernels", "errors"},
    "grouping": {"contracts", "kernels"},
    "clusters": {"kernels", "errors"},
    "lines": {"contracts", "kernels"},
    "filters": {"classifier", "contracts", "fasttext_model"}
    | {"profiles", "registry", "words", "lines", "kernels", "errors"},
    "tokenizer": {"contracts", "kernels", "disk", "errors"},
    "writers": {"contracts", "disk", "kernels", "targets", "tokenizer", "errors", "registry"},
    "engines": {"contracts", "errors"},
    "report": {
        "run",
        "layout",
        "verdicts",
        "why",
        "evidence",
        "cuts",
        "members",
        "numerals",
        "differences",
        "stats",
        "comparisons",
        "whatif",
        "borders",
        "plan",
        "pipeline",
        "judge",
        "contracts",
        "disk",
        "errors",
        "report",
    },
}
"""What each room may import; rooms that are not named here stand above and may import any of them."""


def imported_rooms(file: Path) -> set[str]:
    """Rooms that a module imports at run time (imports for type checkers only are left out)."""
    tree = ast.parse(file.read_text(encoding="utf-8"))
    guarded = {
        node
        for test in ast.walk(tree)
        if isinstance(test, ast.If) and getattr(test.test, "id", "") == "TYPE_CHECKING"
        for node in ast.walk(test)
    }
    rooms = set()
    for node in ast.walk(tree):
        if node in guarded:
            continue
        if isinstance(node, ast.ImportFrom) and (node.module or "").partition(".")[0] == "curate":
            inside = (node.module or "").split(".")[1:]
            rooms |= {inside[0]} if inside else {alias.name for alias in node.names}
        elif isinstance(node, ast.Import):
            rooms |= {alias.name.split(".")[1] for alias in node.names if alias.name.startswith("curate.")}
    return rooms


@pytest.mark.parametrize("room", sorted(BELOW))
def test_a_room_imports_only_what_stands_below_it(room):
    files = sorted((HOUSE / room).rglob("*.py")) or [HOUSE / f"{room}.py"]
    assert files[0].exists()
    for file in files:
        own = {room} if (HOUSE / room).is_dir() else set()
        assert imported_rooms(file) <= BELOW[room] | own, file.name


def test_kernels_import_numpy_and_numba_only():
    allowed = {"numpy", "numba", "curate", *sys.stdlib_module_names}
    for file in (HOUSE / "kernels").rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            assert {name.partition(".")[0] for name in names} <= allowed, file.name


def loaded_by(command: str) -> set[str]:
    code = f"{command}\nimport sys; print(' '.join(sys.modules))"
    return set(subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split())


def test_the_command_line_starts_without_the_heavy_packages():
    started = time.perf_counter()
    loaded = loaded_by("import curate.cli")
    assert time.perf_counter() - started < 2
    assert not loaded & {"polars", "numba", "numpy", "pyarrow", "datasets", "tokenizers", "altair", "rich"}


def test_loading_a_pipeline_leaves_the_heaviest_packages_alone():
    loaded = loaded_by(
        "import curate; curate.Pipeline.parse('read:\\n  - jsonl: {paths: [x]}\\nfilters: [length, language]')"
    )
    assert not loaded & {"datasets", "datatrove", "altair", "tokenizers", "sentencepiece", "pandas", "numba"}
