"""Workers of the runs that a test makes in its own process: forked from one that has imported and loaded everything.

A worker of `engines.local` starts as `python -m curate.work RUN` and needs 1 s of a core before its first task: Polars,
numba and the first kernel. Here a process that has all that waits, and each worker is a fork of it: the same `main`, on
pipes, folder, environment and working directory of its own, so that nothing passes from one run to the next. Runs that
tests start by a command (`curate run`, scripts) have workers as users have them; so have all where
a fork is unsafe.
"""

from __future__ import annotations

import gc
import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any, TextIO

_IMPORTED = ("NUMBA", "POLARS", "PYTHON", "XDG_CACHE_HOME", "HOME")
"""Beginnings of variables that count while modules are imported."""


class Nest:
    """The process from which workers are forked; started with the first."""

    def __init__(self) -> None:
        self._socket: socket.socket | None = None
        self._process: subprocess.Popen[bytes] | None = None
        self._imported: dict[str, str] = {}

    def worker(self, command: list[str], *, env: dict[str, str], **pipes: Any) -> Any:
        """What `subprocess.Popen` gives for the command of a worker; that itself, where modules may differ."""
        if self._process is None:
            self._start(env)
        if _while_imported(env) != self._imported:
            return subprocess.Popen(command, env=env, **pipes)
        return _Worker(self, command[-1], env)

    def _start(self, env: dict[str, str]) -> None:
        self._socket, theirs = socket.socketpair()
        with theirs:
            command = [sys.executable, __file__, str(theirs.fileno())]
            self._process = subprocess.Popen(command, env=env, pass_fds=[theirs.fileno()])
        self._imported = _while_imported(env)

    def ask(self, question: dict[str, Any], descriptors: list[int]) -> int:
        """Send a question, with open files, and wait for the number that answers it."""
        assert self._socket is not None
        text = json.dumps(question).encode()
        socket.send_fds(self._socket, [len(text).to_bytes(8, "little")], descriptors)
        self._socket.sendall(text)
        return int.from_bytes(self._socket.recv(8, socket.MSG_WAITALL), "little", signed=True)

    def close(self) -> None:
        """End the process: it stops when nobody can ask any more."""
        if self._socket is not None and self._process is not None:
            self._socket.close()
            self._process.wait()


class _Worker:
    """As much of `subprocess.Popen` as the engine uses."""

    def __init__(self, nest: Nest, folder: str, env: dict[str, str]) -> None:
        self._nest = nest
        self._code: int | None = None
        tasks, stdin = os.pipe()
        stdout, answers = os.pipe()
        given = [tasks, answers, sys.__stderr__.fileno() if sys.__stderr__ else 2]
        self.pid = nest.ask({"folder": folder, "env": env, "cwd": str(Path.cwd())}, given)
        os.close(tasks)
        os.close(answers)
        self.stdin: TextIO = os.fdopen(stdin, "w", encoding="utf-8")
        self.stdout: TextIO = os.fdopen(stdout, encoding="utf-8")

    def kill(self) -> None:
        if self._code is None:
            os.kill(self.pid, signal.SIGKILL)

    def wait(self) -> int:
        """Exit code; that of a signal is negative."""
        if self._code is None:
            self._code = self._nest.ask({"wait": self.pid}, [])
        return self._code


@contextmanager
def warm_workers() -> Iterator[None]:
    """Fork the workers of this process's runs."""
    from curate.engines import local

    if not hasattr(os, "fork") or sys.platform == "darwin":  # a fork there must not use the system's libraries
        yield
        return
    nest, usual = Nest(), local.subprocess
    local.subprocess = SimpleNamespace(Popen=nest.worker, PIPE=subprocess.PIPE)  # type: ignore[assignment]
    try:
        yield
    finally:
        local.subprocess = usual
        nest.close()


def _while_imported(env: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in env.items() if name.startswith(_IMPORTED)}


def _serve(asked: socket.socket) -> None:
    """Answer the questions of `Nest.ask` until nobody can ask any more."""
    while True:
        size, files, _, _ = socket.recv_fds(asked, 8, 3)
        if not size:
            return
        text = asked.recv(int.from_bytes(size, "little"), socket.MSG_WAITALL)
        question = json.loads(text)
        if "wait" in question:
            answer = os.waitstatus_to_exitcode(os.waitpid(question["wait"], 0)[1])
        else:
            answer = os.fork()
            if not answer:
                asked.close()
                _become_worker(question, files)
            for descriptor in files:
                os.close(descriptor)
        asked.sendall(answer.to_bytes(8, "little", signed=True))


def _become_worker(question: dict[str, Any], files: list[int]) -> None:
    """Be `python -m curate.work FOLDER`."""
    code = 1
    try:
        for place, descriptor in enumerate(files):
            os.dup2(descriptor, place)
            os.close(descriptor)
        os.environ.clear()
        os.environ.update(question["env"])
        os.chdir(question["cwd"])
        sys.argv, sys.path[0] = ["curate.work", question["folder"]], question["cwd"]
        from curate.work.__main__ import main

        main()
        code = 0
    finally:
        os._exit(code)


def _load() -> None:
    """Import what a worker uses, and load the first kernel, with which numba loads most of itself."""
    import numpy as np

    from curate import registry
    from curate.kernels.counts import count_chars_and_lines
    from curate.kernels.utf8 import character_classes
    from curate.work import __main__  # noqa: F401

    for section in registry.SECTIONS:
        for name in registry.names(section):
            registry.find(section, name, section)
    text, offsets = np.frombuffer(b"a", np.uint8), np.array([0, 1])
    count_chars_and_lines(text, offsets, character_classes(), np.empty((1, 2), np.int64))
    gc.freeze()


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the whole group; who asks decides
    _load()
    with socket.socket(fileno=int(sys.argv[1])) as theirs:
        _serve(theirs)
