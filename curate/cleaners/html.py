"""Remains of HTML in text that was extracted badly, and pages that were not extracted at all.

A text without `<`, `&` or a trace of a script passes a byte search (0.6 GB/s and more). Rust's regular expressions look
for a tag or an entity in the others. Of those in which one is found, a kernel strips plain ones (`kernels.markup`: 270
MB/s); where something rare stands (one in twenty: raised digits, scripts, tags that overlap), Python reads token by
token, at 5 to 15 MB/s (`cleaners.markup`: what is a remain, and what is shown on purpose). On mixed Chinese pages 67
MB/s in all, where Python alone takes 24. A page that is all markup goes through trafilatura, if that is installed: 30
ms for 40 KB.
"""

from __future__ import annotations

from functools import cache
from importlib.metadata import PackageNotFoundError, version
from typing import Any

import polars as pl

from curate.cleaners import markup
from curate.cleaners.plain_markup import plain_pass
from curate.cleaners.shown_markup import speaks_about_markup
from curate.cleaners.unicode import scatter
from curate.contracts import Cleaned, Cleaner
from curate.errors import PipelineError

_ROUNDS = 8
"""A text that still changes after as many passes (tags made of tags) stays as it was."""

# Two regular expressions: the first takes bytes that a search finds fast (GB/s), the second looks at what is there.
_TRACE = r"[<&{]|_hmt|document\.write|bd_?share|adsbygoogle|google_ad_|_gaq\.push|cpro_id|BAIDU_CLB"
_SUSPECT = rf"</?[a-zA-Z][a-zA-Z0-9]*[\s/>]|<!|&[#a-zA-Z][0-9a-zA-Z]{{1,31}};|{markup.SCRIPT_TRACE}"


class Html(Cleaner):
    """Remove what is left of HTML: tags, comments, scripts, styles, entities; extract the text of whole pages.

    Tags of blocks become line ends, other tags vanish, entities become their characters, `10<sup>5</sup>` is 10⁵.
    Code stays (fences, backticks, indented blocks), as do pages that speak about markup, escaped tags (`&lt;p&gt;`),
    and whatever is no element of HTML (`<think>`, `List<T>`).
    """

    def measured_parameters(self) -> dict[str, Any]:
        # What trafilatura finds in a page is its own affair: another version, another text.
        return super().measured_parameters() | {"trafilatura": trafilatura_version()}

    def check(self) -> None:
        if not trafilatura_version():
            return
        try:
            import trafilatura  # noqa: F401
        except ImportError as error:  # its jusText asks for a part of lxml that is a package of its own by now
            reason = " ".join(str(error).split())
            raise PipelineError(f"trafilatura cannot be used ({reason}); pip install 'curate[warc]'") from error

    def notes(self) -> list[str]:
        if trafilatura_version():
            return []
        return ["whole pages of HTML are only stripped of their tags; pip install 'curate[warc]' extracts their text"]

    def clean(self, text: pl.Series) -> Cleaned:
        suspect = _suspects(text)
        return Cleaned(scatter(text, suspect, _settled(text.filter(suspect))))


def _settled(texts: pl.Series) -> pl.Series:
    """Pass over suspects until nothing changes any more; most need a pass of the kernel only."""
    result, now = texts.clone(), texts
    rows = pl.arange(len(texts), dtype=pl.UInt32, eager=True)
    alone = rows.clear()
    for _ in range(_ROUNDS):
        again, left = plain_pass(now)
        alone.append(rows.filter(left))
        changed = ~left & (again != now)
        result.scatter(rows.filter(changed), again.filter(changed))  # in place
        more = scatter(changed, changed, _suspects(again.filter(changed)))
        rows, now = rows.filter(more), again.filter(more)
        if rows.is_empty():
            break
    alone.append(rows)
    if len(alone):  # Python, text by text: those in which something rare stands, from their start
        result.scatter(alone, pl.Series([clean_text(text) for text in texts.gather(alone)], dtype=pl.String))
    return result


@cache
def trafilatura_version() -> str | None:
    """The version of trafilatura that is installed, or None."""
    try:
        return version("trafilatura")
    except PackageNotFoundError:
        return None


def _suspects(text: pl.Series) -> pl.Series:
    """Whether a text may hold anything to remove."""
    may = text.str.contains(_TRACE)
    return scatter(may, may, text.filter(may).str.contains(_SUSPECT))


def clean_text(text: str) -> str:
    """Clean one text until nothing changes any more."""
    cleaned = text
    for _ in range(_ROUNDS):
        again = _clean_once(cleaned)
        if again == cleaned or not markup.may_hold_remains(again):
            return again
        cleaned = again
    return text


def _clean_once(text: str) -> str:
    if markup.is_page(text):
        return _extracted(text) or markup.strip_remains(text)
    return text if speaks_about_markup(text) else markup.strip_remains(text)


def _extracted(page: str) -> str | None:
    """The text of a page; None where trafilatura is not there or finds none."""
    if not trafilatura_version():
        return None
    from trafilatura import extract

    return extract(page, include_comments=False)
