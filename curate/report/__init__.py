"""A run as one offline HTML page: what came in, what was dropped by which rule, and what it looked like."""

from __future__ import annotations

from pathlib import Path

from curate import disk
from curate.run import Run


def write_report(run: Run, language: str = "en") -> Path:
    """Write `report.html`, or `report.zh.html`, into the run's folder; returns its path.

    A page in the other language that lies there is written again, so that both tell of the same run; each names the
    other. Raises: CurateError if the run is not finished, or for a language that the page does not speak.
    """
    from curate.report.collect import collect
    from curate.report.page import page
    from curate.report.wording import LANGUAGES, wording

    wording(language)
    files = {one: run.folder / ("report.html" if one == "en" else f"report.{one}.html") for one in LANGUAGES}
    written = {one: file for one, file in files.items() if one == language or file.exists()}
    report = collect(run)
    for one, file in written.items():
        others = {other: path.name for other, path in written.items() if other != one}
        text = page(report, one, others)
        with disk.whole_file(file) as temporary:
            # A path may hold what is no Unicode (a surrogate for a byte that is not UTF-8).
            temporary.write_bytes(text.encode("utf-8", "replace"))
    return files[language]
