"""Clean a batch of documents: every cleaner in turn, what it changed counted beside its own signals."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl

from curate.contracts import SOURCE, TEXT, Documents, Line, Utf8
from curate.errors import CurateError
from curate.layout import TEXT_CHARS
from curate.run import Run
from curate.work.costs import Clock


def schema(run: Run) -> dict[str, Any]:
    """Columns of what is stored beside the documents: name to dtype."""
    signals = {name: kind for name, kind in run.pipeline.cleaner_signals().items() if name != SOURCE}
    return signals | {TEXT_CHARS: pl.Int64}


def clean(run: Run, frame: pl.DataFrame, clock: Clock) -> tuple[Documents, pl.DataFrame]:
    """The documents cleaned, and the columns of `schema`. Raises: CurateError when a cleaner breaks its promise."""
    text, signals = frame[TEXT], []
    for line in run.pipeline.clean:
        with clock.on(f"clean {line.label}"):
            cleaned = line.step.clean(text)
            given, nulls = len(cleaned.text), cleaned.text.null_count()
            if given != frame.height or nulls:
                raise CurateError(f"{line.where}: gave {given} texts ({nulls} null) for {frame.height}")
            signals.append(changes(line, text, cleaned.text).to_frame())
            if cleaned.signals is not None:
                signals.append(cleaned.signals)
            text = cleaned.text.alias(TEXT)
    size, length = text.str.len_bytes().cast(pl.Int64), text.str.len_chars().cast(pl.Int64)
    columns = [pl.DataFrame({"text_bytes": size}), *signals, pl.DataFrame({TEXT_CHARS: length})]
    return Documents(frame.with_columns(text)), pl.concat(columns, how="horizontal").select(list(schema(run)))


def changes(line: Line[Any], text: pl.Series, cleaned: pl.Series) -> pl.Series:
    """How many characters of each text a cleaner changed (`kernels.changes.changed_chars`)."""
    from curate.kernels.changes import changed_chars

    chars = np.zeros(len(text), np.int64)
    if cleaned is not text:
        rows = (text != cleaned).arg_true()
        counts = np.empty(len(rows), np.int64)
        changed_chars(*Utf8.of(text[rows]), *Utf8.of(cleaned[rows]), counts)
        chars[rows.to_numpy()] = counts
    return pl.Series(f"{line.label}_changed_chars", chars)
