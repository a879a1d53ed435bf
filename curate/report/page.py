"""The page: one file of HTML and SVG, which asks nothing of any network; its script moves the sliders
and finds documents.

Its policy (CSP) forbids everything but the style sheet and the script inside, by their hashes; all text goes through
`markup`, all words through `wording`. Cut down in steps until it is below `MOST_BYTES`. The charts are most of the
time, 25 ms each; the same run gives the same bytes.
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
from curate.report.composition import composition_section
from curate.report.examples import rejected_section, samples_section
from curate.report.funnel import funnel_section
from curate.report.header import header, navigation
from curate.report.machine import machine_section
from curate.report.markup import element, escape
from curate.report.rules import rules_section
from curate.report.shards import shards_section
from curate.report.signals import signals_section
from curate.report.together import together_section
from curate.report.wording import wording

MOST_BYTES = 5_000_000
SCRIPTS = ("page.js", "find.js")
_NONE: Mapping[str, str] = {}


class Detail(NamedTuple):
    """How much a page shows."""

    samples: int
    """For each rule."""
    charts: int
    clusters: int = 0
    """For each filter that compares documents."""
    sliders: int = 0
    """In all."""
    borders: int = 0
    """Border cases on either side of each number."""
    together: int = 0
    """Rules in the map of rules that fire together."""
    dropped: int = 0
    """Dropped documents that are told in short."""


DETAILS = (
    Detail(5, 120, 10, 150, 3, 30, 2_000),
    Detail(3, 120, 10, 100, 2, 30, 1_000),
    Detail(1, 60, 10, 60, 1, 30, 300),
    Detail(0, 20, 3, 20, 0, 20),
    Detail(0, 0),
)
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
        composition_section(report, say),
        rules_section(report, say),
        together_section(report, say, detail.together),
        signals_section(report, say, detail.charts, detail.sliders),
        shards_section(report, say),
        clusters_section(report, say, detail.clusters),
        samples_section(report, say, detail.samples, detail.borders, detail.dropped),
        rejected_section(report, say),
        machine_section(report, say),
    ]
    template = Path(__file__).with_name("template.html").read_text(encoding="utf-8")
    body = escape([header(report, say, others), navigation(report, say), element("main", sections)])
    script = "\n".join(Path(__file__).with_name(file).read_text(encoding="utf-8") for file in SCRIPTS)
    return string.Template(template).substitute(
        policy=_policy(template, script), language=say.language, title=escape(f"{report.name} · curate"), body=body,
        script=script,
    )  # fmt: skip


def _policy(template: str, script: str) -> str:
    style = re.search("<style>(.*?)</style>", template, re.DOTALL)
    allowed = f"style-src {_hash(style[1] if style else '')}; script-src {_hash(script)}"
    return f"default-src 'none'; {allowed}; base-uri 'none'; form-action 'none'"


def _hash(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"
