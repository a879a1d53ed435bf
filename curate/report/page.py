"""The page: one file of HTML and SVG without a script, which asks nothing of any network.

Its policy (CSP) forbids everything but the one style sheet inside, by hash; all text goes through `markup`, all words
through `wording`. Cut down in steps until it is below `MOST_BYTES`. The charts are most of the time, 25 ms each; the
same run gives the same bytes.
"""

from __future__ import annotations

import base64
import hashlib
import re
import string
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from curate.report.clusters import clusters_section
from curate.report.collect import Report
from curate.report.examples import rejected_section, samples_section
from curate.report.funnel import funnel_section
from curate.report.header import header
from curate.report.machine import machine_section
from curate.report.markup import element, escape
from curate.report.rules import rules_section
from curate.report.shards import shards_section
from curate.report.signals import signals_section
from curate.report.wording import wording

MOST_BYTES = 5_000_000
_NONE: Mapping[str, str] = {}


class Detail(NamedTuple):
    """How much a page shows."""

    samples: int
    """For each rule."""
    charts: int
    clusters: int = 0
    """For each filter that compares documents."""


DETAILS = (Detail(5, 120, 10), Detail(3, 120, 10), Detail(1, 60, 10), Detail(0, 20, 3), Detail(0, 0))
"""Tried in order until the page is small enough; the last one always is, for up to some 5,000 rules."""


def page(report: Report, language: str = "en", others: Mapping[str, str] = _NONE) -> str:
    """Render a page of at most `MOST_BYTES`; `others`: language to file of the same page, to be linked."""
    for detail in DETAILS:
        text = render(report, detail, language, others)
        if len(text.encode("utf-8", "replace")) <= MOST_BYTES:
            break
    return text


def render(report: Report, detail: Detail, language: str = "en", others: Mapping[str, str] = _NONE) -> str:
    """Render a page with so much detail."""
    say = wording(language)
    sections = [
        funnel_section(report, say),
        rules_section(report, say),
        signals_section(report, say, detail.charts),
        shards_section(report, say),
        clusters_section(report, say, detail.clusters),
        samples_section(report, say, detail.samples),
        rejected_section(report, say),
        machine_section(report, say),
    ]
    template = Path(__file__).with_name("template.html").read_text(encoding="utf-8")
    body = escape([header(report, say, others), element("main", sections)])
    return string.Template(template).substitute(
        policy=_policy(template), language=say.language, title=escape(f"{report.name} · curate"), body=body
    )


def _policy(template: str) -> str:
    style = re.search("<style>(.*?)</style>", template, re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(style[1].encode() if style else b"").digest()).decode()
    return f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
