"""An environment for each peer: what a program of `peers/` asks for in its head (PEP 723) is installed by pip.

An environment is made once and kept while that head and the Python stay the same; remove `.environments/` to have newer
versions. Nothing is installed into the environment of curate.
"""

from __future__ import annotations

import ast
import os
import re
import shutil
import subprocess
import sys
import venv
from pathlib import Path

HERE = Path(__file__).parent
PEERS, ENVIRONMENTS = HERE / "peers", HERE / ".environments"
SECONDS = 1_800
"""How long an installation may take."""

_BLOCK = re.compile(r"^# /// script\n((?:#(?: .*)?\n)+?)# ///$", re.MULTILINE)


class InstallError(Exception):
    """What a peer asks for cannot be installed; one line."""


def dependencies(source: str) -> list[str]:
    """Read the list of PEP 723 at the head of a program (as Python, which it is too: 3.10 has no reader of TOML)."""
    block = _BLOCK.search(source)
    if not block:
        return []
    content = "".join(line[2:] or "\n" for line in block[1].splitlines(keepends=True))
    listed = re.search(r"^dependencies = (\[.*?\])$", content, re.MULTILINE | re.DOTALL)
    return ast.literal_eval(listed[1]) if listed else []


def python_of(program: str) -> Path:
    """Give the Python that runs a peer's program, installing what it asks for if that has not been done.

    Raises: InstallError.
    """
    asked = dependencies((PEERS / f"{program}.py").read_text(encoding="utf-8"))
    folder = ENVIRONMENTS / re.sub("^(use|train)_", "", program)
    python = folder / ("Scripts" if os.name == "nt" else "bin") / "python"
    stamp, state = folder / "installed.txt", "\n".join([sys.version, *asked])
    if stamp.is_file() and stamp.read_text(encoding="utf-8") == state:
        return python
    print(f"  installing {', '.join(asked)}", file=sys.stderr, flush=True)
    shutil.rmtree(folder, ignore_errors=True)
    venv.create(folder, with_pip=True)
    _pip_install(python, asked)
    stamp.write_text(state, encoding="utf-8")
    return python


def _pip_install(python: Path, asked: list[str]) -> None:
    command = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *asked]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS)
    except subprocess.TimeoutExpired as error:
        raise InstallError(f"not installed after {SECONDS // 60} minutes") from error
    if done.returncode:
        lines = [line for line in done.stderr.splitlines() if line.startswith("ERROR:")] or [done.stderr.strip()]
        raise InstallError(f"pip: {lines[0].removeprefix('ERROR: ')}")
