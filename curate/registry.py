"""From a name in a pipeline to the class behind it.

Built-ins and plug-ins come through the same door, the entry-point groups `curate.readers`, `.cleaners`, `.filters`,
`.writers`; `package.module:Class` names a part of one's own without any registration. Nothing is imported before it is
asked for.
"""

import difflib
import importlib
import re
from collections.abc import Iterable
from functools import cache
from importlib.metadata import EntryPoint, entry_points

from curate.contracts import Cleaner, Filter, Reader, Step, Writer
from curate.errors import PipelineError

SECTIONS: dict[str, type[Step]] = {"read": Reader, "clean": Cleaner, "filters": Filter, "write": Writer}
"""The four sections of a pipeline, and what each line of them must be."""

_GROUPS = {"read": "readers", "clean": "cleaners", "filters": "filters", "write": "writers"}


@cache
def _entries(section: str) -> dict[str, EntryPoint]:
    return {entry.name: entry for entry in entry_points(group=f"curate.{_GROUPS[section]}")}


def names(section: str) -> list[str]:
    """Names that a section of a pipeline knows, sorted."""
    return sorted(_entries(section))


def find(section: str, name: str, where: str) -> type[Step]:
    """Return the class that `name` stands for; `where` opens the message.

    Raises: PipelineError for an unknown name, a module that does not import, or a class of another kind.
    """
    if ":" in name:
        return _checked(_import(name, where), section, name, where)
    if name not in _entries(section):
        raise PipelineError(f"{where}: no {_GROUPS[section][:-1]} is called {name!r}{nearest(name, names(section))}")
    return _checked(_import(_entries(section)[name].value, where), section, name, where)


def _import(target: str, where: str) -> object:
    module, _, attribute = target.partition(":")
    try:
        found = importlib.import_module(module)
    except Exception as error:  # a module of the user's own may fail in any way
        reason = " ".join(f"{type(error).__name__}: {error}".split())
        raise PipelineError(f"{where}: cannot import {module or target!r}: {reason}") from error
    if not hasattr(found, attribute):
        classes = [name for name, value in vars(found).items() if isinstance(value, type) and issubclass(value, Step)]
        raise PipelineError(f"{where}: {module} has no class {attribute!r}{nearest(attribute, classes)}")
    return getattr(found, attribute)


def _checked(found: object, section: str, name: str, where: str) -> type[Step]:
    kind = SECTIONS[section]
    if not (isinstance(found, type) and issubclass(found, kind)):
        raise PipelineError(
            f"{where}: {name} is not a {kind.__name__}; a class of your own inherits curate.{kind.__name__}"
        )
    return found


def name_of(section: str, kind: type[Step]) -> str:
    """The registered name of a class, or its own in snake case."""
    target = f"{kind.__module__}:{kind.__qualname__}"
    registered = (name for name, entry in _entries(section).items() if entry.value == target)
    return next(registered, label_of(f":{kind.__name__}"))


def label_of(name: str) -> str:
    """What columns, reasons and folders call a step: its registered name, or its class's in snake case."""
    return name if ":" not in name else re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name.partition(":")[2]).lower()


def nearest(name: str, known: Iterable[str]) -> str:
    """`; did you mean 'x'?`, or the list of what is known, for the end of a message."""
    known = sorted(known)
    close = difflib.get_close_matches(name, known, n=1, cutoff=0.6)
    if close:
        return f"; did you mean {close[0]!r}?"
    return f"; known: {', '.join(known)}" if known else ""
