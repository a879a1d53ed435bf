"""What a run says while it works, outside of a terminal."""

import sys
from types import SimpleNamespace

import pytest

from curate.progress import Cell, Silent, in_notebook, unasked


@pytest.fixture
def notebook(monkeypatch):
    """A stand-in for IPython in a kernel: what it displayed, each list one output that was updated."""
    shown = []

    class Handle:
        def __init__(self, first):
            self.versions = [first]
            shown.append(self.versions)

        def update(self, html):
            self.versions.append(html)

    display = SimpleNamespace(HTML=str, display=lambda html, display_id: Handle(html))
    shell = SimpleNamespace(kernel=object())
    monkeypatch.setitem(sys.modules, "IPython", SimpleNamespace(get_ipython=lambda: shell, display=display))
    monkeypatch.setitem(sys.modules, "IPython.display", display)
    return shown


def test_nothing_is_said_where_no_notebook_runs(monkeypatch):
    monkeypatch.delitem(sys.modules, "IPython", raising=False)
    assert not in_notebook()
    assert isinstance(unasked(), Silent)


def test_a_terminal_with_ipython_is_no_notebook(monkeypatch):
    monkeypatch.setitem(sys.modules, "IPython", SimpleNamespace(get_ipython=lambda: SimpleNamespace()))
    assert isinstance(unasked(), Silent)
    monkeypatch.setitem(sys.modules, "IPython", SimpleNamespace(get_ipython=lambda: None))
    assert isinstance(unasked(), Silent)


def test_a_notebook_sees_one_bar_that_moves_and_a_line_for_each_pass(notebook):
    progress = unasked()
    assert isinstance(progress, Cell)
    progress.every = 0.0
    progress.start("measure", 2, 0)
    progress.advance(1, 1_000_000)
    progress.finish()
    progress.start("judge", 1, 0)
    progress.warn("<odd>")
    progress.finish()
    (versions,) = notebook  # one output
    assert '<progress value="0.500" max="1"></progress> measure: 1 of 2' in versions[1]
    assert "<progress" not in versions[-1]
    assert "measure: 2 done in" in versions[-1] and "judge: 1 done in" in versions[-1]
    assert "warning: &lt;odd&gt;" in versions[-1]
