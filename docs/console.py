"""Commands that the pages show, and what they print: run for real, compared by a test, written anew by this script.

A block of ```console holds lines `$ curate …` and below each what it prints. They are run in a folder that has the
samples, the pipelines and the finished run `runs/skypile_small`, one after the other, page by page. A line `…` stands
for any lines.

    python docs/console.py docs/tutorial.md     # writes what the commands print now (`…` lines stay)
"""

from __future__ import annotations

import re
import shlex
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import chdir
from pathlib import Path
from typing import NamedTuple

from click.testing import CliRunner

from curate.cli import main

ROOT = Path(__file__).parents[1]
BLOCK = re.compile(r"(?<=^```console\n)(.*?)(?=^```)", re.DOTALL | re.MULTILINE)


class Shown(NamedTuple):
    """A command of a page."""

    command: str
    output: list[str]
    """Lines below it."""


def shown(block: str) -> Iterator[Shown]:
    """The commands of a block."""
    for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
        command, *output = part.rstrip("\n").split("\n")
        while command.endswith("\\"):
            command = command[:-1] + output.pop(0).strip()
        yield Shown(command, output)


def printed(command: str) -> list[str]:
    """What a command prints to stdout, here and now."""
    name, *arguments = shlex.split(command.partition(" #")[0])
    assert name == "curate", f"{command}: only commands of curate are run"
    result = CliRunner().invoke(main, arguments, catch_exceptions=False)
    assert result.exit_code == 0, f"{command}: {result.output}"
    return [line.rstrip() for line in result.stdout.rstrip("\n").split("\n")]


def fits(written: list[str], real: list[str]) -> bool:
    """Whether lines are those that were printed, `…` standing for any."""
    pattern = "\n".join("(?:.*)" if line == "…" else re.escape(line.rstrip()) for line in written)
    return re.fullmatch(pattern, "\n".join(real), re.DOTALL) is not None


def prepare(folder: Path, run: Path) -> None:
    """Make a folder in which the commands of a page can be run; `run`: the finished run of the samples."""
    for name in ("samples", "pipelines"):
        shutil.copytree(ROOT / name, folder / name)
    shutil.copytree(run, folder / "runs" / "skypile_small")


def rewritten(page: str) -> str:
    """The page with what its commands print here and now."""
    return BLOCK.sub(lambda block: "".join(_anew(one) for one in shown(block[1])), page)


def _anew(one: Shown) -> str:
    real = printed(one.command)
    output = one.output if fits(one.output, real) else real
    return "\n".join([f"$ {one.command}", *output]) + "\n"


if __name__ == "__main__":
    files = [Path(name).resolve() for name in sys.argv[1:]]
    with tempfile.TemporaryDirectory() as scratch, chdir(scratch):
        prepare(Path(scratch), ROOT / "runs" / "skypile_small")
        for file in files:
            file.write_text(rewritten(file.read_text(encoding="utf-8")), encoding="utf-8")
