"""How long a document is. About 1 GB/s: two Polars expressions."""

from collections.abc import Mapping
from typing import Any, ClassVar

import polars as pl

from curate.contracts import TEXT, Documents, Filter


class Length(Filter):
    """Measure how long a document is, and drop the very short ones.

    A long page is a document: nothing is dropped for being long.

    Signals:
        chars: code points of the text, white space included.
        lines: lines that hold more than white space.

    Source: MAP-NEO's Chinese recipe asks for 50 characters, ChineseWebText for more than 200, cc_net for 300. 200 would
    cost half of the abstracts and a third of the forum questions of the corpus on which `curate_zh` was found, and
    reading them shows nothing wrong with them.
    """

    signals: ClassVar[Mapping[str, Any]] = {"chars": pl.Int64, "lines": pl.Int64}
    rules: ClassVar[Mapping[str, str]] = {"too_short": "chars < 50"}

    def measure(self, documents: Documents) -> pl.DataFrame:
        text = pl.col(TEXT)
        return documents.frame.select(
            chars=text.str.len_chars().cast(pl.Int64),
            lines=text.str.count_matches(r"\S[^\n]*").cast(pl.Int64),
        )
