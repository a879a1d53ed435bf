"""`curate init`: look at an input, ask what is not said, propose a pipeline with the numbers seen, show the funnel.

A sample of at most 1,000 documents is cleaned, measured and judged in this process (`curate.apply`); nothing is written
but the pipeline.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

from curate import targets as known
from curate.errors import CurateError, PipelineError
from curate.first_steps import shown
from curate.first_steps.asking import Asking
from curate.first_steps.looking import Looked, look
from curate.first_steps.proposal import Proposal, Wish, propose
from curate.first_steps.recipe import NAMES
from curate.first_steps.words import words
from curate.registry import nearest

OUT = "pipeline.yaml"


class Flags(NamedTuple):
    """What the command line says; None or nothing: to be asked, or guessed."""

    inputs: Sequence[str]
    text_field: str | None = None
    language: str | None = None
    targets: Sequence[str] = ()
    out: Path | None = None
    name: str | None = None
    force: bool = False
    yes: bool = False
    words: str = "en"
    """What is printed and written: en or zh."""


def on_terminal() -> bool:
    """Whether a person can be asked."""
    return sys.stdin.isatty()


def init(flags: Flags, tell: Callable[[str], None]) -> list[str]:
    """Write a pipeline; returns the lines to print. Raises: PipelineError, CurateError.

    `tell` is given lines for the person who waits.
    """
    say = words(flags.words)
    asking = Asking(say, asks=on_terminal() and not flags.yes)
    _check(flags, asking.asks)
    given = list(flags.inputs) or asking.inputs()
    if not _is_compiled():
        tell(say("the first time on a machine, code is compiled: about a minute"))
    looked = look(given, flags.text_field, asking.text_field if asking.asks else None)
    for line in shown.looked(looked, say) if asking.asks else ():
        tell(line)
    wish = _wish(flags, looked, asking, given)
    proposal = propose(looked, wish, say)
    _write(wish.out, proposal.text, flags.force)
    return shown.proposal(looked, proposal, wish, say)


def _is_compiled() -> bool:
    import numba.core.config

    import curate.kernels  # noqa: F401  # sets the folder

    return any(Path(numba.core.config.CACHE_DIR).rglob("*.nbi"))  # type: ignore[attr-defined]


def _check(flags: Flags, asks: bool) -> None:
    """What needs no look at the input. Raises: PipelineError."""
    missing = [name for name, value in (("--input", flags.inputs), ("--target", flags.targets)) if not value]
    if flags.yes:
        missing = [name for name in missing if name == "--input"]
    if missing and not asks:
        rest = "; --yes takes the guess for the others" if not flags.yes else ""
        raise PipelineError(f"init asks on a terminal only; here give {' and '.join(missing)}{rest}")
    for target in flags.targets:
        if target not in offered():
            raise PipelineError(f"--target {target}: no such target{nearest(target, offered())}")
    if flags.language is not None and not re.fullmatch(r"[a-z]{2,3}", flags.language):
        raise PipelineError(f"--language {flags.language}: expected a code of two or three letters, such as zh or en")
    if flags.name is not None and not re.fullmatch(r"\w[\w.-]*", flags.name):
        raise PipelineError(f"--name {flags.name!r} names a folder: letters, digits, `_`, `-` and `.` only")
    if not flags.force:
        _check_free(flags.out or Path(OUT), asked_later=asks and flags.out is None)


def _check_free(out: Path, asked_later: bool = False) -> None:
    if out.is_dir():
        raise PipelineError(f"--out {out} is a folder; name the file to write, such as {out / OUT}")
    if out.exists() and not asked_later:
        raise PipelineError(f"{out} is there already; --force writes over it, --out names another file")


def offered() -> list[str]:
    """Targets, and `documents`: text instead of tokens."""
    return [*known.names(), "documents"]


def _wish(flags: Flags, looked: Looked, asking: Asking, given: Sequence[str]) -> Wish:
    guessed = next((label for label in looked.languages if label != "none"), "zh")
    language = flags.language or asking.language(guessed, looked, list(NAMES))
    targets = list(flags.targets) or asking.targets(offered())
    out = flags.out or asking.out(OUT, flags.force)
    return Wish(language, list(dict.fromkeys(targets)), flags.name or asking.name(_name(given[0])), out)


def _name(given: str) -> str:
    """A name for the run, after the input: `data/news/*.jsonl` gives news."""
    plain = [part for part in Path(given).parts if not re.search(r"[*?\[]", part)]
    stem = re.sub(r"(\.(jsonl|ndjson|json|parquet|txt|md|gz|zst))+$", "", plain[-1] if plain else "")
    return re.sub(r"[^\w.-]+|^[.-]+", "_", stem).strip("_") or "corpus"


def _write(out: Path, text: str, force: bool) -> None:
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        with out.open("w" if force else "x", encoding="utf-8") as stream:
            stream.write(text)
    except FileExistsError as error:
        raise PipelineError(f"{out} is there already; --force writes over it, --out names another file") from error
    except OSError as error:
        raise CurateError(
            f"--out {out}: cannot be written: {error.strerror}; name a place that you may write to"
        ) from error


__all__ = ["Flags", "Proposal", "init", "look", "propose"]
