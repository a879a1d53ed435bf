"""Worker processes on this machine.

Each runs `python -m curate.work RUN` with one thread, takes one task at a time and stays alive between passes. A worker
that dies (killed, out of memory) ends the run with the name of the part it was on; what others finished stays.
"""

from __future__ import annotations

import contextlib
import json
import os
import selectors
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from typing import IO, cast

from pydantic import Field, PrivateAttr

from curate.contracts import Engine, Outcome, Task
from curate.errors import WorkerError


class Local(Engine):
    """Run tasks in worker processes of this machine."""

    workers: int = 1
    """Most processes at a time."""
    environment: dict[str, str] = Field(default_factory=dict)
    """Variables to set in each worker."""

    _processes: list[subprocess.Popen[str]] = PrivateAttr(default_factory=list)

    def start(self, run: str) -> None:
        """Start all workers: what they import takes 0.5 s, in which the caller may do something else."""
        while len(self._processes) < self.workers:
            self._start(run)

    def map(self, tasks: Sequence[Task]) -> Iterator[Outcome]:
        waiting = list(reversed(tasks))
        busy: dict[int, Task] = {}
        with selectors.DefaultSelector() as selector:
            while waiting or busy:
                while waiting and len(busy) < self.workers:
                    process = self._idle(busy, waiting[-1].run)
                    busy[process.pid] = self._send(process, waiting.pop())
                    selector.register(cast(IO[str], process.stdout), selectors.EVENT_READ, process)
                for key, _ in selector.select():
                    process = key.data
                    selector.unregister(key.fileobj)
                    yield self._outcome(process, busy.pop(process.pid))

    def _idle(self, busy: dict[int, Task], run: str) -> subprocess.Popen[str]:
        for process in self._processes:
            if process.pid not in busy:
                return process
        return self._start(run)

    def _start(self, run: str) -> subprocess.Popen[str]:
        command = [sys.executable, "-m", "curate.work", run]
        # Ctrl-C reaches the whole group: a worker that is still importing would print its trace. The mask is inherited.
        held = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
        try:
            process = subprocess.Popen(
                command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, encoding="utf-8",
                env={**os.environ, **self.environment},
            )  # fmt: skip
            self._processes.append(process)
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, held)
        return process

    def _send(self, process: subprocess.Popen[str], task: Task) -> Task:
        stdin = cast(IO[str], process.stdin)
        try:
            stdin.write(json.dumps(task._asdict()) + "\n")
            stdin.flush()
        except BrokenPipeError as error:
            raise self._died(process, task) from error
        return task

    def _outcome(self, process: subprocess.Popen[str], task: Task) -> Outcome:
        answer = cast(IO[str], process.stdout).readline()
        if not answer.endswith("\n"):
            raise self._died(process, task)
        return Outcome(task, **json.loads(answer))

    def _died(self, process: subprocess.Popen[str], task: Task) -> WorkerError:
        code = process.wait()
        cause = f"was killed by signal {-code}" if code < 0 else f"exited with {code}"
        hint = " (out of memory, perhaps: try fewer --workers)" if code == -9 else ""
        return WorkerError(
            f"{task.action} {task.part}: the worker {cause}{hint}; what is finished stays, run again to go on"
        )

    def close(self) -> None:
        """Stop all workers at once; a task on its way leaves only a temporary file."""
        for process in self._processes:
            process.kill()
        for process in self._processes:
            process.wait()
            for stream in (process.stdin, process.stdout):
                if stream:
                    with contextlib.suppress(BrokenPipeError):
                        stream.close()
        self._processes.clear()
