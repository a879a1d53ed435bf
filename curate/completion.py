"""What a shell completes beside commands and options: runs, reasons, filters, targets.

Nothing heavy is imported: an answer takes a quarter of a second. A damaged run has no reasons to propose, and says so
when it is opened.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from importlib.metadata import entry_points
from pathlib import Path

import click
from click.shell_completion import CompletionItem, get_completion_class

SHELLS = ("bash", "zsh", "fish")
_DEPTH = 3
"""Folders below the one that is being typed in which runs are looked for."""

_INSTALL = {
    "bash": 'eval "$(curate completion bash)"      # in ~/.bashrc (bash 4.4 or newer)',
    "zsh": 'eval "$(curate completion zsh)"       # in ~/.zshrc',
    "fish": "curate completion fish | source       # in ~/.config/fish/config.fish",
}


def script(shell: str, command: click.Command) -> str:
    """What a shell has to read so that it completes `curate`; how, stands in its last line."""
    kind = get_completion_class(shell)
    assert kind is not None
    filled = kind(command, {}, "curate", "_CURATE_COMPLETE")
    return f"{(filled.source_template % filled.source_vars()).strip()}\n# {_INSTALL[shell]}"


def runs(context: click.Context, parameter: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Folders that hold a run; where there are none, any folder."""
    found = _starting(sorted(_run_folders(Path(os.path.dirname(incomplete) or "."))), incomplete)
    return found or [CompletionItem(incomplete, type="dir")]


def _run_folders(start: Path) -> Iterable[str]:
    for depth in range(1, _DEPTH + 1):
        for record in start.glob("/".join(["*"] * depth) + "/run.json"):
            yield record.parent.as_posix()


def reasons(context: click.Context, parameter: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Reasons for which documents of the run named before were dropped, the most frequent first, and the three words
    that `--reason` takes beside them."""
    dropped = _dropped(context)
    by_number = sorted((reason for reason in dropped if dropped[reason]), key=lambda reason: -dropped[reason])
    items = [CompletionItem(reason, help=f"{dropped[reason]:,} documents") for reason in by_number]
    items += [CompletionItem(word) for word in ("kept", "dropped", "rejected")]
    return [item for item in items if item.value.startswith(incomplete)]


def _dropped(context: click.Context) -> dict[str, int]:
    """Reason to documents of the run named before; nothing if there is none."""
    # an option that still lacks its value keeps click from telling arguments apart: they are left in `args`
    run = next(filter(None, [context.params.get("run"), context.params.get("where"), *context.args]), "")
    try:
        record = json.loads((Path(run) / "run.json").read_text(encoding="utf-8"))
        return {str(reason): int(number) for reason, number in record["dropped"].items()}
    except (OSError, ValueError, KeyError, AttributeError, TypeError):
        return {}


def rules(context: click.Context, parameter: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """All rules of the run named before, in the order of its pipeline."""
    return _starting(_dropped(context), incomplete)


def filters(context: click.Context, parameter: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Filters and cleaners."""
    entries = (entry.name for section in ("filters", "cleaners") for entry in entry_points(group=f"curate.{section}"))
    return _starting(sorted(entries), incomplete)


def targets(context: click.Context, parameter: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Targets that are built in."""
    folder = Path(__file__).with_name("targets")
    return _starting(sorted(file.stem for file in folder.glob("*.yaml")), incomplete)


def targets_and_documents(context: click.Context, parameter: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """What `curate init` writes for: targets, and text."""
    return [*targets(context, parameter, incomplete), *_starting(["documents"], incomplete)]


def _starting(names: Iterable[str], incomplete: str) -> list[CompletionItem]:
    return [CompletionItem(name) for name in names if name.startswith(incomplete)]
