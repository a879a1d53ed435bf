"""Items of benchmarks that stand in a document: which, and where.

Whoever trains on the questions he is later measured by measures nothing. Text is compared by runs of 13 units
(`kernels.overlap`): Han characters, and words of other scripts, whatever the punctuation, width or case. The order of
answer options does not matter, for no run reaches from one into the next. A run of 13 alone is no proof: of 53,225
pages 134 share one with an item of GSM8K, HumanEval or CMRC 2018, and 132 of these are paragraphs that a question is
about. What counts is how much of an item was found. For 6,000 items about 110 MB/s of Chinese or English text, in time
of one core that others shared.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal, NamedTuple

import numpy as np
import numpy.typing as npt
import polars as pl
from pydantic import BeforeValidator, Field

from curate.contracts import CUT_COLUMNS, TEXT, CuttingFilter, Documents, InputFile, Measured, Utf8
from curate.errors import PipelineError
from curate.filters import spans
from curate.filters.benchmark_items import Item, expand, names, read_items

COMMON = 8
"""A run that more items of one benchmark share is its manner of asking, and says nothing."""
LISTED = 20
"""Items that are named for a document, at most."""
OWN_QUESTION = 26
"""Units from which on the question of an item with options counts without them; below, it may be anybody's."""
GAP_BYTES = 120
"""Parts of one item that stand closer together are one passage: short options, a label, a line end."""
REACH_BYTES = 600
"""How far a passage is widened to the end of its sentence."""


class Contamination(CuttingFilter):
    """Find items of benchmarks in documents; drop the document, or cut the passage.

    Signals:
        contaminated_items: how many items were found.
        contamination_coverage: the largest share of any item that the document holds (0..1), found or not.
        contamination_items: `<benchmark>/<id>` of the items found, those with most units first, 20 at most, parted by
            commas; null: none was.

    An item was found if a document holds all its units; or `min_coverage` of them, if these are `sure_units` or the
    whole question with options. Its units are those of its question and its options; where it has no options, or its
    question has 26 units or more, those of the question alone will do. An answer never counts. Runs that more than
    eight items of a benchmark share are left out, and so are runs of fewer than four different units.

    A question (or option) of fewer than 13 units counts as a whole, where punctuation, a line end or a space between
    Han ends it; one of fewer than eight also has to begin there, or to stand before a question mark. Questions that
    cannot be told from ordinary text (fewer than `min_units`) are not looked for; `curate check` says how many.

    Measured (`benchmarks/quality/contamination.py`): all 5,702 items of GSM8K, HumanEval and CMRC 2018 are found, each
    in three wordings (as they stand; questions only; other punctuation, width and spaces), in 53,225 pages without them
    none. A source paragraph of CMRC holds up to 26 of the 27 units of a question, and 36 of 40: so short ones must be
    complete, and one changed character in the middle hides them.
    """

    signals: ClassVar[Mapping[str, Any]] = {
        "contaminated_items": pl.Int64, "contamination_coverage": pl.Float64, "contamination_items": pl.String,
    }  # fmt: skip
    rules: ClassVar[Mapping[str, str]] = {"benchmark_item": "contaminated_items > 0"}

    benchmarks: Annotated[
        list[str], InputFile(), BeforeValidator(lambda value: [value] if isinstance(value, str) else value)
    ] = Field(min_length=1)
    """Files of items, or patterns that name them: JSON lines, JSON, CSV, TSV or Parquet, plain, `.gz` or `.zst`. The
    stem of a file names the benchmark."""
    fields: dict[Literal["id", "question", "options", "answer"], str] = Field(default_factory=dict)
    """What the files call these, where it is none of the usual names."""
    min_units: int = Field(4, ge=1, le=13)
    """A shorter question is not looked for."""
    min_coverage: float = Field(0.75, gt=0, le=1)
    """The share of its units that says an item was found."""
    sure_units: int = Field(40, ge=13)
    """The units that must have been found where neither the item nor its question with options was found whole."""
    cut: bool = False
    """Leave the passages out of the shards, and keep the document if anything is left of it."""

    def files(self) -> list[str]:
        return expand(self.benchmarks)

    def measured_parameters(self) -> dict[str, Any]:
        # Signals say what a benchmark is called, which the bytes of its file do not.
        parameters = self.model_dump(exclude={"drop", "name", "benchmarks", "cut"})
        return parameters | {"names": names(self.files())}

    def check(self) -> None:
        _read(*self._sources())

    def notes(self) -> list[str]:
        index = self._index()
        remarks = []
        for benchmark in dict.fromkeys(index.benchmarks):
            own = index.benchmarks == benchmark
            if lost := int((own & (index.evidence["units"].to_numpy() == 0)).sum()):
                remarks.append(
                    f"{benchmark}: {lost} of {int(own.sum())} items are too short, or too much like others, to be told "
                    "from ordinary text; they are not looked for"
                )
        return remarks

    def own_rules(self) -> Mapping[str, str | None]:
        return {**dict.fromkeys(self.rules), "nothing_left": "chars_left < 1"} if self.cut else self.rules

    def cuts_text(self) -> bool:
        return self.cut

    def measure_and_cut(self, documents: Documents) -> Measured:
        runs, scores = self._find(documents)
        hits = scores.filter("found")
        return Measured(_signals(scores, hits, self._index(), len(documents)), passages(documents.utf8, runs, hits))

    def evidence(self, documents: Documents) -> pl.DataFrame:
        """Point at the passages of the items that were found; for `contamination_coverage`, at the runs of the item of
        which the document holds the largest share, found or not."""
        runs, scores = self._find(documents)
        best = scores.sort("row", "coverage", "item", descending=[False, True, False]).unique("row", keep="first")
        own = runs.filter(pl.col("kind") != _ANSWER).join(best.select("row", "item"), on=["row", "item"], how="semi")
        found = {
            "contaminated_items": passages(documents.utf8, runs, scores.filter("found")),
            "contamination_coverage": own.select(list(CUT_COLUMNS)),
        }
        return spans.together(spans.of_table(documents, each, signal) for signal, each in found.items())

    def _find(self, documents: Documents) -> tuple[pl.DataFrame, pl.DataFrame]:
        """The runs of a batch (`find_runs`), and what they say of each item, with `found`."""
        index = self._index()
        runs = find_runs(documents.utf8, index)
        scores = _with_joined_words(_score(runs, index), documents, index)
        whole = pl.col("missing") == 0
        sure = (pl.col("covered") >= self.sure_units) | pl.col("with_options")
        return runs, scores.with_columns(found=whole | sure & (pl.col("coverage") >= self.min_coverage))

    def _sources(self) -> _Sources:
        files = self.files()
        versions = tuple((file, _modified(file)) for file in files)
        return _Sources(versions, tuple(names(files)), tuple(sorted(self.fields.items())))

    def _index(self) -> Index:
        return _build(self._sources(), self.min_units)


class _Sources(NamedTuple):
    files: tuple[tuple[str, int], ...]
    """Files and when each was modified (ns)."""
    benchmarks: tuple[str, ...]
    fields: tuple[tuple[str, str], ...]


def _modified(file: str) -> int:
    try:
        return Path(file).stat().st_mtime_ns
    except OSError as error:
        raise PipelineError(f"benchmarks: {file} cannot be read ({error.strerror}); correct the path") from error


@lru_cache(maxsize=4)
def _read(
    files: tuple[tuple[str, int], ...], benchmarks: tuple[str, ...], fields: tuple[tuple[str, str], ...]
) -> tuple[Item, ...]:
    """The items of all files, once per process and version of the files."""
    named = zip(files, benchmarks, strict=True)
    return tuple(item for (file, _), benchmark in named for item in read_items(file, benchmark, dict(fields)))


class Index(NamedTuple):
    """What is looked for, and what a find says."""

    names: pl.Series
    """`[items]`"""
    questions: tuple[str, ...]
    benchmarks: npt.NDArray[np.object_]
    """`[items]`: which one each belongs to."""
    evidence: pl.DataFrame
    """Units of each item that can be found: `units`, of question and options (0: it cannot be told from ordinary text);
    `asked`, of the question; `question_units`, the same where the question counts alone, else 0."""
    table: tuple[npt.NDArray[Any], ...]
    """What `kernels.overlap.find` looks runs up in."""
    postings: pl.DataFrame
    """Where each run stands: `run`, `segment`, `place`, `length`, `item`, `kind`; sorted by run."""
    first_posting: npt.NDArray[np.int64]
    """`[runs + 1]`: postings of each run."""


_QUESTION, _OPTION, _ANSWER = range(3)


@lru_cache(maxsize=4)
def _build(sources: _Sources, min_units: int) -> Index:
    """Build the index, once per process and version of the files."""
    from curate.kernels.overlap import GRAM, build_table, grams, unit_table, units

    items = _read(*sources)
    segments = _segments(items)
    benchmarks = np.array([item.name.rpartition("/")[0] for item in items], np.object_)
    units_of_segments, starts = units(*Utf8.of(segments["text"]), unit_table())
    hashes, places = grams(units_of_segments, starts, min_units)
    postings = pl.DataFrame({"hash": hashes, "segment": places[0], "place": places[1], "length": places[2]})
    segments = segments.drop("text").with_row_index("segment").with_columns(pl.col("segment").cast(pl.Int64))
    postings = postings.join(segments, on="segment", maintain_order="left")
    postings = postings.with_columns(benchmark=pl.Series(benchmarks, dtype=pl.String).gather(postings["item"]))
    shared = pl.col("item").n_unique().over("hash", "benchmark").max().over("hash")
    worth = (pl.col("kind") != _ANSWER) | (pl.col("length") == GRAM)  # a short answer stands anywhere
    postings = postings.filter(worth, shared <= COMMON).sort("hash", "segment", "place", maintain_order=True)
    postings = postings.with_columns(run=pl.col("hash").rle_id().cast(pl.Int64))
    runs = postings.unique("run", keep="first", maintain_order=True)
    table = build_table(runs["hash"].to_numpy(), runs["length"].to_numpy())
    first = np.searchsorted(postings["run"].to_numpy(), np.arange(runs.height + 1))
    evidence = _evidence(postings, len(items))
    name = pl.Series([item.name for item in items], dtype=pl.String)
    postings = postings.select("run", "segment", "place", "length", "item", "kind")
    return Index(name, tuple(item.question for item in items), benchmarks, evidence, table, postings, first)


def _segments(items: tuple[Item, ...]) -> pl.DataFrame:
    rows = [
        (number, kind, text)
        for number, item in enumerate(items)
        for kind, texts in ((_QUESTION, (item.question,)), (_OPTION, item.options), (_ANSWER, (item.answer,)))
        for text in texts
    ]
    return pl.DataFrame(rows, schema={"item": pl.Int64, "kind": pl.Int64, "text": pl.String}, orient="row")


def _covered(places: pl.DataFrame) -> pl.DataFrame:
    """Units that runs cover, by `row` (a document), `item`, `kind` and `segment`; runs overlap."""
    keys = ["row", "item", "kind", "segment"]
    ordered = places.select(*keys, "place", "length").unique().sort(*keys, "place")
    new = pl.min_horizontal("length", pl.col("place").shift(-1).over(keys) - pl.col("place")).fill_null(
        pl.col("length")
    )
    return ordered.with_columns(new=new).group_by(keys).agg(covered=pl.col("new").sum())


def _evidence(postings: pl.DataFrame, n_items: int) -> pl.DataFrame:
    """What `Index.evidence` says."""
    segments = _covered(postings.with_columns(row=pl.lit(0, pl.Int64)))
    question, options, n_options = (np.zeros(n_items, np.int64) for _ in range(3))
    asked, offered = segments.filter(kind=_QUESTION), segments.filter(kind=_OPTION)
    question[asked["item"]] = asked["covered"]
    np.add.at(options, offered["item"].to_numpy(), offered["covered"].to_numpy())
    np.add.at(n_options, offered["item"].to_numpy(), 1)
    told = (question > 0) | (n_options >= 2) & (options >= OWN_QUESTION)
    alone = (options == 0) | (question >= OWN_QUESTION)
    units = np.where(told, question + options, 0)
    return pl.DataFrame({"units": units, "asked": question, "question_units": np.where(alone, question, 0)})


def find_runs(text: Utf8, index: Index) -> pl.DataFrame:
    """Find all runs in a batch: `row`, `start`, `end` (bytes of its text), and each posting of the run."""
    from curate.kernels.overlap import find, unit_table

    row, run, start, end = find(text.data, text.offsets, unit_table(), *index.table)
    first, counts = index.first_posting[run], index.first_posting[run + 1] - index.first_posting[run]
    hit = np.repeat(np.arange(len(run)), counts)
    places = np.arange(len(hit)) - np.repeat(np.cumsum(counts) - counts, counts) + first[hit]
    found = pl.DataFrame({"row": row[hit], "start": start[hit], "end": end[hit]})
    found = found.with_columns(start=found["start"] - text.offsets[row[hit]], end=found["end"] - text.offsets[row[hit]])
    return found.hstack(index.postings[places].get_columns())


def _score(runs: pl.DataFrame, index: Index) -> pl.DataFrame:
    """What a batch holds of each item: `row`, `item`, `question_units` (as in `Index`), `covered`, `missing` (units),
    `coverage` (0..1), `with_options` (the whole question, and options)."""
    parts = _covered(runs.filter(pl.col("kind") != _ANSWER))
    question = pl.col("covered").filter(kind=_QUESTION).sum()
    items = parts.group_by("row", "item").agg(question=question, both=pl.col("covered").sum())
    items = items.hstack(index.evidence[items["item"]].get_columns()).filter(pl.col("units") > 0)
    # A whole question with options that are its own is no accident, however short they are.
    with_options = (pl.col("asked") > 0) & (pl.col("question") == pl.col("asked")) & (pl.col("both") > pl.col("asked"))
    share, own_share = pl.col("both") / pl.col("units"), pl.col("question") / pl.col("question_units")
    alone = (pl.col("question_units") > 0) & (own_share >= share)
    covered = pl.when(alone).then("question").otherwise("both")
    wanted = pl.when(alone).then("question_units").otherwise("units")
    measured = {"covered": covered, "missing": wanted - covered, "coverage": covered / wanted}
    return items.select("row", "item", "question_units", **measured, with_options=with_options)


def _with_joined_words(scores: pl.DataFrame, documents: Documents, index: Index) -> pl.DataFrame:
    """Count questions as whole whose first or last word is grown together with a word of the page (`helpJanet has`)."""
    near = scores.with_row_index().filter(pl.col("missing").is_between(1, 2), pl.col("question_units") > 0)
    # Loops over the few items (16 in 53,225 pages without any) of which all but a word or two was found in a document.
    pages = {row: _squeezed(documents.frame[TEXT][row]) for row in near["row"].unique()}
    joined = [
        position
        for position, row, item in near.select("index", "row", "item").iter_rows()
        if _squeezed(index.questions[item]) in pages[row]
    ]
    whole = pl.int_range(pl.len()).is_in(joined)
    return scores.with_columns(
        covered=pl.when(whole).then(pl.col("covered") + pl.col("missing")).otherwise("covered"),
        missing=pl.when(whole).then(0).otherwise("missing"),
        coverage=pl.when(whole).then(1.0).otherwise("coverage"),
    )


def _squeezed(text: str) -> str:
    """Letters and digits alone."""
    return re.sub(r"[\W_]+", "", unicodedata.normalize("NFKC", text).lower())


def _signals(scores: pl.DataFrame, hits: pl.DataFrame, index: Index, n: int) -> pl.DataFrame:
    named = hits.with_columns(name=index.names.gather(hits["item"])).sort(
        "row", "covered", "item", descending=[False, True, False]
    )
    listed = named.group_by("row").agg(
        contaminated_items=pl.len().cast(pl.Int64), contamination_items=pl.col("name").head(LISTED).str.join(", ")
    )
    best = scores.group_by("row").agg(contamination_coverage=pl.col("coverage").max())
    rows = pl.DataFrame({"row": pl.arange(n, eager=True, dtype=pl.Int64)})
    joined = rows.join(best, on="row", how="left", maintain_order="left").join(
        listed, on="row", how="left", maintain_order="left"
    )
    filled = pl.col("contaminated_items", "contamination_coverage").fill_null(0)
    return joined.with_columns(filled).select(list(Contamination.signals))


def passages(text: Utf8, runs: pl.DataFrame, hits: pl.DataFrame) -> pl.DataFrame:
    """Spans (`CUT_COLUMNS`) of the items that were found, answers included: the sentences in which their runs lie."""
    from curate.kernels.sentences import widen

    own = runs.join(hits.select("row", "item"), on=["row", "item"]).sort("row", "item", "start")
    if own.is_empty():
        return pl.DataFrame(schema=CUT_COLUMNS)
    furthest = pl.col("end").cum_max().shift(1).over("row", "item")
    begins = (pl.col("start") > furthest + GAP_BYTES).fill_null(True)
    parts = own.with_columns(passage=begins.cum_sum()).group_by("passage", maintain_order=True)
    spans_of = parts.agg(pl.col("row").first(), pl.col("start").min(), pl.col("end").max())
    row, start, end = (spans_of[column].to_numpy().copy() for column in CUT_COLUMNS)
    first = text.offsets[row]
    start, end = start + first, end + first
    widen(text.data, text.offsets, row, start, end, REACH_BYTES)
    return pl.DataFrame({"row": row, "start": start - first, "end": end - first}, schema=CUT_COLUMNS)
