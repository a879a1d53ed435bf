"""Arrow batches to documents: what Parquet files and `datasets` have in common."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import polars as pl

from curate.contracts import ID, TEXT, Batch, Reader, Rejected

if TYPE_CHECKING:
    import pyarrow as pa


def arrow_batch(reader: Reader, batch: pa.RecordBatch, prefix: str, first: int, id: str | None) -> Batch:
    """Documents and rejected rows of one batch; `first` is the number of its first row, ids are `<prefix>:<row>`.

    The reader's `text` names the text column, `id` the column of ids; a text of another type is rejected row by row.
    """
    texts, reasons = _valid_text(batch.column(getattr(reader, "text", TEXT)))
    rows = pl.int_range(first, first + batch.num_rows, eager=True)
    default = prefix + ":" + rows.cast(pl.String)
    ids = _column(batch, id).fill_null(default) if id else default
    fields = [_column(batch, field).alias(field) for field in reader.fields]
    frame = pl.DataFrame([ids.alias(ID), texts, *fields])
    too_long = texts.str.len_bytes() > reader.max_bytes
    reasons |= {int(i): f"longer than max_bytes ({reader.max_bytes:,})" for i in too_long.arg_true()}
    rejected = [Rejected(prefix, first + i, 0, reason) for i, reason in sorted(reasons.items())]
    good = pl.Series([i not in reasons for i in range(batch.num_rows)], dtype=pl.Boolean)
    return Batch(frame.filter(good), rejected)


def as_text(value: Any) -> str | None:
    """A field's value as text: what is not text is written as JSON."""
    return value if value is None or isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)


def _column(batch: pa.RecordBatch, name: str) -> pl.Series:
    column = pl.Series(name, pl.from_arrow(batch.column(name)))
    if column.dtype.is_nested():
        return pl.Series(name, [as_text(value) for value in batch.column(name).to_pylist()], pl.String)
    return column.cast(pl.String)


def _valid_text(column: pa.Array) -> tuple[pl.Series, dict[int, str]]:
    """The texts, and why some rows have none. Arrow does not check UTF-8 when it reads a file."""
    import pyarrow as pa

    reasons: dict[int, str] = {}
    kind = column.type
    if not (pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind)):
        reasons = {i: f"the text is {kind}" for i, valid in enumerate(column.is_valid().to_pylist()) if valid}
        column = pa.nulls(len(column), pa.large_string())
    try:
        column.validate(full=True)
    except pa.ArrowInvalid:
        texts: list[str | None] = []
        for i, raw in enumerate(column.cast(pa.large_string()).view(pa.large_binary()).to_pylist()):
            try:
                texts.append(raw if raw is None else raw.decode("utf-8"))
            except UnicodeDecodeError as error:
                texts.append(None)
                reasons[i] = f"invalid UTF-8 at byte {error.start} of the text"
        column = pa.array(texts, pa.large_string())
    text = pl.Series(TEXT, pl.from_arrow(column), pl.String)
    return text, {int(i): reasons.get(int(i), "the text is null") for i in text.is_null().arg_true()}
