"""What is said in place of a traceback, and the exit code.

1: a run failed or was interrupted; 2: the pipeline or the command line is wrong.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Any, TypeVar

import click

Command = TypeVar("Command", bound=Callable[..., Any])


def plain_errors(command: Command) -> Command:
    """Turn what can be expected to go wrong into one line and an exit code."""

    @wraps(command)
    def wrapped(*args: Any, **kwargs: Any) -> Any:
        from curate.errors import CurateError

        try:
            return command(*args, **kwargs)
        except CurateError as error:
            _complain(str(error), kwargs.get("pipeline"))
            sys.exit(error.exit_code)
        except KeyboardInterrupt:
            _complain("interrupted; what is finished stays, run the same command to go on")
            sys.exit(1)
        except BrokenPipeError:
            raise  # `curate show … | head`: click ends quietly
        except OSError as error:
            _complain(f"{_of_the_system(error)}; what is finished stays, run again to go on")
            sys.exit(1)

    return wrapped  # type: ignore[return-value]


def _complain(text: str, pipeline: str | None = None) -> None:
    """Say what is wrong; on a terminal with the line of the pipeline file that it is about."""
    from curate.terminal import message, width_of

    click.echo(message(f"curate: {text}", sys.stderr), err=True)
    width = width_of(sys.stderr)
    if width and pipeline:
        from curate.pointing import pointed_at

        if place := pointed_at(Path(pipeline), text, width):
            click.echo(place, err=True)


def _of_the_system(error: OSError) -> str:
    place = f"{error.filename}: " if error.filename else ""
    return f"{place}{error.strerror or error} ({type(error).__name__})"
