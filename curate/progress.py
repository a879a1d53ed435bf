"""What a run says while it works: a bar with rate and time left on a terminal or in a notebook, else plain lines."""

from __future__ import annotations

import sys
import time
from html import escape
from importlib import import_module
from typing import Any, TextIO

from curate import terminal


class Progress:
    """Told of passes by the run; the base says nothing."""

    def start(self, name: str, tasks: int, done: int) -> None:
        """A pass begins: `tasks` to do, `done` were done by an earlier run."""

    def advance(self, tasks: int, size: int) -> None:
        """`tasks` of the pass are done by now; the last one handled `size` bytes of text."""

    def finish(self) -> None:
        """The pass is over."""

    def warn(self, message: str) -> None:
        """Something that does not stop the run, but should be read."""

    def close(self) -> None:
        """Nothing more is told; a pass may have failed half-way."""


class Silent(Progress):
    """Say nothing."""


class Lines(Progress):
    """One plain line at the end of each pass, and every ten seconds inside."""

    def __init__(self, stream: TextIO | None = None, every: float = 10.0) -> None:
        self.stream = stream or sys.stderr
        self.every = every

    def start(self, name: str, tasks: int, done: int) -> None:
        self.name, self.tasks, self.before = name, tasks, done
        self.done = self.size = 0
        self.started = self.said = time.monotonic()

    def advance(self, tasks: int, size: int) -> None:
        self.done, self.size = tasks, self.size + size
        if tasks < self.tasks and time.monotonic() - self.said > self.every:
            self.said = time.monotonic()
            self._print(f"{self.name}: {self.done} of {self.tasks}, {self._rate()}, {self._left()}")

    def finish(self) -> None:
        earlier = f" ({self.before} done before)" if self.before else ""
        rate = f", {self._rate()}" if self.size else ""
        self._print(f"{self.name}: {self.tasks} done{earlier} in {self._seconds():.1f} s{rate}")

    def warn(self, message: str) -> None:
        self._print(terminal.message(f"warning: {message}", self.stream))

    def _seconds(self) -> float:
        return max(time.monotonic() - self.started, 1e-6)

    def _rate(self) -> str:
        return f"{self.size / self._seconds() / 1e6:.1f} MB/s"

    def _left(self) -> str:
        left = self._seconds() / max(self.done, 1) * (self.tasks - self.done)
        return f"{left / 60:.0f} min left" if left > 90 else f"{left:.0f} s left"

    def _print(self, line: str) -> None:
        print(line, file=self.stream, flush=True)


class Bars(Lines):
    """A bar for the pass that is on its way (rich), a plain line when it is done."""

    def start(self, name: str, tasks: int, done: int) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
        from rich.progress import Progress as RichProgress

        super().start(name, tasks, done)
        columns = (
            "{task.description}",
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("{task.fields[rate]}"),
            TimeRemainingColumn(),
        )
        self.bar = RichProgress(*columns, console=Console(file=self.stream), transient=True)
        self.task = self.bar.add_task(name, total=tasks, rate="")
        self.bar.start()

    def advance(self, tasks: int, size: int) -> None:
        self.done, self.size = tasks, self.size + size
        self.bar.update(self.task, completed=tasks, rate=self._rate() if self.size else "")

    def finish(self) -> None:
        self.bar.stop()
        super().finish()

    def close(self) -> None:
        if hasattr(self, "bar"):
            self.bar.stop()  # else the cursor stays hidden, and an error is written behind the bar

    def _print(self, line: str) -> None:
        # Past the bar's own console a line would be written into the bar.
        if hasattr(self, "bar") and self.bar.live.is_started:
            self.bar.console.print(line, markup=False, highlight=False, soft_wrap=True)
        else:
            super()._print(line)


class Cell(Lines):
    """A bar that updates in place under a notebook's cell: HTML, no widgets; each pass that is done leaves a line."""

    def __init__(self, every: float = 0.2) -> None:
        super().__init__(every=every)
        self.lines: list[str] = []
        self.handle: Any = None

    def start(self, name: str, tasks: int, done: int) -> None:
        super().start(name, tasks, done)
        self._show(f"{name}: 0 of {tasks}", 0.0)

    def advance(self, tasks: int, size: int) -> None:
        self.done, self.size = tasks, self.size + size
        if time.monotonic() - self.said > self.every:
            self.said = time.monotonic()
            rate = f", {self._rate()}" if self.size else ""
            self._show(f"{self.name}: {self.done} of {self.tasks}{rate}, {self._left()}", self.done / self.tasks)

    def _print(self, line: str) -> None:
        self.lines.append(line)
        self._show()

    def _show(self, text: str | None = None, share: float = 0.0) -> None:
        notebook: Any = import_module("IPython.display")  # there, as the process is its kernel
        bar = f'<progress value="{share:.3f}" max="1"></progress> {escape(text)}' if text is not None else ""
        said = "".join(f"<div>{escape(line)}</div>" for line in self.lines)
        shown = notebook.HTML(f'<div style="font: 12px/1.5 monospace">{said}{bar}</div>')
        if self.handle is None:
            self.handle = notebook.display(shown, display_id=True)
        else:
            self.handle.update(shown)


def unasked() -> Progress:
    """What a run says that was started from Python without a word on it: a bar in a notebook, nothing elsewhere."""
    return Cell() if in_notebook() else Silent()


def in_notebook() -> bool:
    """Whether this process is the kernel of a notebook; IPython is asked only where somebody has imported it."""
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython is not None else None
    return getattr(shell, "kernel", None) is not None


def for_stream(stream: TextIO | None = None) -> Progress:
    """Bars on a terminal, lines elsewhere."""
    stream = stream or sys.stderr
    return Bars(stream) if stream.isatty() else Lines(stream)
