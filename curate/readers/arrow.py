"""Arrow batches to documents: what Parquet files and `datasets` have in common.

Arrow does not check UTF-8 when it reads a file: every column is checked here, and a row with bytes that are no text is
rejected. What is no text is cast to text; nested values become JSON.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import polars as pl

from curate.contracts import ID, RAW_BYTES, TEXT, Batch, Reader, Rejected

if TYPE_CHECKING:
    import pyarrow as pa


def arrow_batch(reader: Reader, batch: pa.RecordBatch, prefix: str, first: int, id: str | None) -> Batch:
    """Documents and rejected rows of one batch; `first` is the number of its first row, ids are `<prefix>:<row>`.

    The reader's `text` names the text column, `id` the column of ids; a text of another type is rejected row by row.
    """
    raw = batch.column(getattr(reader, "text", TEXT))
    texts, reasons = _text_column(raw)
    too_long = (texts.str.len_bytes() > reader.max_bytes).arg_true()
    reasons |= {int(i): f"a text longer than max_bytes ({reader.max_bytes:,})" for i in too_long}
    ids = prefix + ":" + pl.int_range(first, first + batch.num_rows, eager=True).cast(pl.String)
    columns = [texts]
    for name in ([id] if id else []) + reader.fields:
        column, faults = _as_texts(batch.column(name), name)
        reasons = faults | reasons
        columns.append(column)
    if id:
        ids = columns.pop(1).fill_null(ids)
    good = pl.Series([i not in reasons for i in range(batch.num_rows)], dtype=pl.Boolean)
    rejected = [Rejected(prefix, first + i, 0, reasons[i], _raw(raw, i)) for i in sorted(reasons)]
    return Batch(pl.DataFrame([ids.alias(ID), *columns]).filter(good), rejected)


def is_text(kind: pa.DataType) -> bool:
    """Whether a column of this type holds text, be it as a dictionary."""
    import pyarrow as pa

    values = kind.value_type if pa.types.is_dictionary(kind) else kind
    return bool(pa.types.is_string(values) or pa.types.is_large_string(values) or pa.types.is_string_view(values))


def as_text(value: Any) -> str | None:
    """A field's value as text: what is not text is written as JSON. Raises: UnicodeDecodeError for other bytes."""
    if isinstance(value, bytes):
        return value.decode("utf-8")
    return value if value is None or isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=_plain)


def _plain(value: Any) -> str:
    return value.decode("utf-8") if isinstance(value, bytes) else str(value)


def _text_column(column: pa.Array) -> tuple[pl.Series, dict[int, str]]:
    if is_text(column.type):
        texts, reasons = _as_texts(column, TEXT)
    else:
        texts, reasons = pl.repeat(None, len(column), dtype=pl.String, eager=True).alias(TEXT), {}
        reasons = {i: f"the text is {column.type}" for i, valid in enumerate(column.is_valid().to_pylist()) if valid}
    return texts, {int(i): "the text is null" for i in texts.is_null().arg_true()} | reasons


def _as_texts(column: pa.Array, name: str) -> tuple[pl.Series, dict[int, str]]:
    """A column as text, and why some rows have none."""
    import pyarrow as pa

    try:
        text = column.cast(pa.large_string())
        text.validate(full=True)
        return pl.Series(name, pl.from_arrow(text), pl.String), {}
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
        pass  # bytes that are no text, or a nested type: value by value
    texts: list[str | None] = []
    reasons: dict[int, str] = {}
    for i, value in enumerate(column):
        try:
            texts.append(as_text(value.as_py()))
        except UnicodeDecodeError as error:
            texts.append(None)
            reasons[i] = f"invalid UTF-8 at byte {error.start} of the {name}"
    return pl.Series(name, texts, pl.String), reasons


def _raw(column: pa.Array, row: int) -> bytes:
    """The first bytes of a text as they stand in the file; none where it is null or no text."""
    import pyarrow as pa

    value = column[row]
    if pa.types.is_dictionary(column.type):
        value = value.value
    return bytes(value.as_buffer()[:RAW_BYTES]) if value.is_valid and hasattr(value, "as_buffer") else b""
