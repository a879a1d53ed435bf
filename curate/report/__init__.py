"""A run as one offline HTML page: what came in, what was dropped by which rule, and what it looked like."""

from __future__ import annotations

from pathlib import Path

from curate import disk
from curate.run import Run


def write_report(run: Run) -> Path:
    """Write `report.html` into the run's folder; returns its path. Raises: CurateError if the run is not finished."""
    from curate.report.collect import collect
    from curate.report.page import page

    file = run.folder / "report.html"
    text = page(collect(run))
    with disk.whole_file(file) as temporary:
        # A path may hold what is no Unicode (a surrogate for a byte that is not UTF-8).
        temporary.write_bytes(text.encode("utf-8", "replace"))
    return file
