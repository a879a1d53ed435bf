"""How values show themselves in notebooks.

`Pipeline`, `Run` and `Verdicts` stand below the report, which knows how to draw them: this is the one place where an
import points up, when a notebook asks a value for its HTML. The language is the reader's, like a terminal's: the
environment says it ($CURATE_LANG: `en` or `zh`), as no notebook hands anything to `_repr_html_`.
"""

from __future__ import annotations

import os
from typing import Any

LANGUAGES = ("en", "zh")


def language() -> str:
    """What $CURATE_LANG asks for; English where it asks for nothing that is spoken here."""
    wanted = os.environ.get("CURATE_LANG", "").partition("_")[0].lower()
    return wanted if wanted in LANGUAGES else LANGUAGES[0]


def html(kind: str, value: Any) -> str:
    """A value as HTML to stand in a notebook; `kind`: pipeline, run or verdicts."""
    from curate.report.notebook import show

    return show(kind, value, language())
