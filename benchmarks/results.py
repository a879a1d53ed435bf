"""Results as files: `results.json` holds sections by name, `RESULTS.md` is composed from it, and so anew each time.

Another benchmark adds a section of its own, or replaces it, and leaves the others alone:

    import results
    results.put("growth", results.Section("Growth", "How time grows with text.", [results.Table(...)], data={...}))
"""

from __future__ import annotations

import datetime
import json
import os
import platform
import subprocess
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent


@dataclass(frozen=True)
class Table:
    """Cells as they are shown; a column of numbers is set flush right."""

    columns: list[str]
    rows: list[list[str]]
    title: str = ""
    text: str = ""


@dataclass(frozen=True)
class Section:
    """A part of the results."""

    title: str
    text: str
    """Markdown: what was done, on what, and how to do it again."""
    tables: list[Table] = field(default_factory=list)
    data: dict[str, Any] = field(default_factory=dict)
    """The raw numbers."""


def put(name: str, section: Section, folder: Path = HERE) -> None:
    """Put a section in the place of the one of that name, or after the others, and write both files."""
    path = folder / "results.json"
    sections = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    sections[name] = asdict(section)
    path.write_text(json.dumps(sections, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    (folder / "RESULTS.md").write_text(page(sections), encoding="utf-8")


def page(sections: dict[str, dict[str, Any]]) -> str:
    """Compose RESULTS.md."""
    blocks = ["# Results", "Made by the programs in this folder, which write over this file."]
    for section in sections.values():
        blocks += [f"## {section['title']}", section["text"]]
        for table in section["tables"]:
            blocks += [f"### {table['title']}" if table["title"] else "", table["text"], markdown(Table(**table))]
    return "\n\n".join(block for block in blocks if block) + "\n"


def markdown(table: Table) -> str:
    """A table in Markdown."""
    rows = [[cell.replace("|", "\\|") for cell in row] for row in table.rows]
    columns = list(zip(*rows, strict=True)) if rows else [()] * len(table.columns)
    rules = ["--:" if _holds_numbers(column) else "---" for column in columns]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in [table.columns, rules, *rows])


def _holds_numbers(cells: Sequence[str]) -> bool:
    filled = [cell for cell in cells if cell]
    return bool(filled) and all(cell[0].isdigit() for cell in filled)


def machine() -> str:
    """The machine in a line, without its name."""
    memory = (
        f", {os.sysconf('SC_PAGE_SIZE') * os.sysconf('SC_PHYS_PAGES') / 2**30:.0f} GB" if os.name == "posix" else ""
    )
    return (
        f"{processor()}, {os.cpu_count()} cores{memory}; {platform.system()}, "
        f"{platform.python_implementation()} {platform.python_version()}"
    )


def processor() -> str:
    """Its name, as the system gives it."""
    info = Path("/proc/cpuinfo")
    lines = info.read_text().splitlines() if info.exists() else []
    named = next((line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")), "")
    return named or platform.processor() or platform.machine()


def state() -> str:
    """The commit that was measured, and whether files were edited since; empty without git."""
    command = ["git", "-C", str(HERE), "describe", "--always", "--dirty=, edited"]
    try:
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return ""


def today() -> str:
    return datetime.date.today().isoformat()
