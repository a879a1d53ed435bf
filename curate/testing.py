"""The promises of a filter, as a test: `check_filter(MyFilter())` in a test of your own."""

from __future__ import annotations

import polars as pl

from curate import cuts, evidence, judge, units
from curate.contracts import SIGNAL_TYPES, CorpusFilter, CuttingFilter, Documents, Filter, Line, PassageFilter

TEXTS = [
    "春天来了，花园里的花都开了。孩子们在草地上奔跑，老人坐在长椅上晒太阳。",
    "",
    "。",
    "A line in English.\nAnother line, number 2.\n\n",
    "同一句话。\n" * 20,
    "字" * 5_000,
    "😀\u200d👩 \x00 é \U0001f9ff\t混合 mixed テキスト 한국어",
    "春天来了，花园里的花都开了。孩子们在草地上奔跑，老人坐在长椅上晒太阳。",
]
"""Texts that a filter must survive: ordinary, empty, one character, repeated, long, and of many scripts."""


def check_filter(step: Filter, texts: list[str] | None = None) -> None:
    """Assert that a filter keeps its promises on `texts` (ordinary and odd ones by default).

    One row per document, in order, whatever the batch (of a filter of passages: segments that lie in order in their
    texts); columns and dtypes as declared; no NaN; the same every time; rules that compile, are Boolean and look at one
    row; evidence that lies inside its text; parameters that survive a round trip.
    """
    texts = TEXTS if texts is None else texts
    line = Line(step.label("filter"), "filter", step)
    judge.check([line], judge.DOCUMENT_SIGNALS | (cuts.SIGNALS if cuts.cutting([line]) else {}))
    for name, kind in step.signal_types().items():
        assert kind in SIGNAL_TYPES, f"signal {name} is {kind}; use Float64, Int64, Boolean or String"
    whole = _measure(step, texts)
    assert whole.equals(_measure(step, texts)), "two measurements of the same texts differ"
    for middle in (0, 1, len(texts) // 2, len(texts)):
        halves = pl.concat([_measure(step, texts[:middle]), _measure(step, texts[middle:])])
        assert halves.equals(whole), f"measuring in two batches (border at {middle}) gives other signals"
        if isinstance(step, CuttingFilter):
            spans = pl.concat([_cut(step, texts, 0, middle), _cut(step, texts, middle, len(texts))])
            assert spans.equals(_cut(step, texts, 0, len(texts))), (
                f"cutting in two batches (border at {middle}) differs"
            )
    shown = evidence.of_documents([line], Documents.of(texts).frame)
    unknown = {one.signal for spans in shown for one in spans} - set(judge.signal_columns(line))
    assert not unknown, f"evidence for {unknown}, which this filter does not measure"
    assert type(step).model_validate(step.model_dump()) == step, "parameters do not survive a round trip"


def _cut(step: CuttingFilter, texts: list[str], start: int, stop: int) -> pl.DataFrame:
    documents = Documents.of(texts[start:stop])
    spans = cuts.checked(step.measure_and_cut(documents).cuts, documents, "filter")
    return spans.with_columns(pl.col("row") + start)


def _measure(step: Filter, texts: list[str]) -> pl.DataFrame:
    if isinstance(step, PassageFilter):
        found = units.found(step, Documents.of(texts), "filter")
        return found.segments.drop("row").with_columns(found.hashes)
    frame = step.measure(Documents.of(texts))
    declared = dict(step.signal_types())
    if isinstance(step, CorpusFilter):
        declared |= {column: pl.UInt64 for columns in step.partitions().values() for column in columns}
    assert frame.height == len(texts), f"{frame.height} rows for {len(texts)} documents"
    assert dict(frame.schema) == declared, f"measured {dict(frame.schema)}, declared {declared}"
    for column in frame:
        assert not column.dtype.is_float() or column.is_finite().all(), (
            f"signal {column.name} is NaN or infinite; use null"
        )
    return frame
