"""`repeated_lines` and `repeated_passages`: what many documents say word for word, cut.

Both name units of a text by a 64-bit hash, store them sorted, and compare them in slices of the range of hashes, so
that memory has a bound and a killed run goes on at a slice. Among the 5.2 billion units of 233 million pages two
different ones share a hash with a probability of about 0.5. On one core of Chinese pages 350 MB/s for lines and 230 for
passages, beside the 300 MB/s at which lines are found once for all filters; 250 and 350 bytes of disk a document.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import numpy as np
import numpy.typing as npt
import polars as pl
from pydantic import Field

from curate.contracts import SEGMENT_COLUMNS, SOURCE, Documents, PassageFilter
from curate.lines import LETTER_BYTES, letters_of, lines_of, sentence_hashes, sentence_letters, sentences_of

if TYPE_CHECKING:
    from curate.kernels.code_lines import Lines

Integers = npt.NDArray[np.int64]


class RepeatedLines(PassageFilter):
    """Cut lines (or paragraphs) that stand in many documents: headers and footers of sites, notices, credits.

    Signals:
        repeated_line_chars: characters of the document that are cut for it, line ends included.

    A line is cut wherever it stands if more than `max_documents` documents have it, or, in one source, if at least
    `min_documents` of its documents have it and these are more than `max_share` of them. Copies of a page count once:
    documents are told apart by their longest line beside the one that is counted, so an article that a hundred sites
    have is not cut from all of them. White space at a line's ends does not count; how often it stands in one document
    does not either. Lines of code, and those with few letters (`}`, a
    rule, 「参考资料」), are never cut: headings give a text its order. `chars_left` knows what is left; a document of
    which more was cut than is left, with fewer than 50 characters left, is dropped. One that was short before, and
    loses nothing, is not.

    Read by eye (`benchmarks/duplicates/repeated.py`): of 48,810 Chinese pages 4,687 lose a line, one of 24 different
    ones: notices, licences, credits of translators, a programme's 「本期节目主要内容：」. With `min_chars: 4` headings
    that all pages of a kind share would go, too.
    """

    copies_count_once: ClassVar[bool] = True
    stored_bytes: ClassVar[int] = 250
    signals: ClassVar[Mapping[str, Any]] = {"repeated_line_chars": pl.Int64}
    rules: ClassVar[Mapping[str, str]] = {"too_little_left": "repeated_line_chars > chars_left AND chars_left < 50"}

    unit: Literal["line", "paragraph"] = "line"
    """What is looked for: lines, or blocks of lines between blank ones."""
    min_chars: int = Field(8, ge=1)
    """Han characters that a line must have; three letters or digits of other scripts count as one, punctuation and
    white space not at all."""
    source_field: str = SOURCE
    """The field that says where a document comes from; of an address (`url`), its host does."""
    max_documents: int | None = Field(100, ge=1)
    """Documents that may have the same line; null: any number."""
    max_share: float | None = Field(0.2, ge=0, le=1)
    """Share of the documents of one source that may have it; null: any."""
    min_documents: int = Field(20, ge=2)
    """Documents of a source that must have it before `max_share` counts."""

    def compared_parameters(self) -> dict[str, Any]:
        return self.model_dump(include={"max_documents", "max_share", "min_documents"})

    def segments(self, documents: Documents) -> pl.DataFrame:
        from curate.kernels.hashing import hash64_of_spans
        from curate.kernels.units import paragraphs_of, trimmed

        data, lines = documents.utf8.data, lines_of(documents)
        first, stop = _lines(lines) if self.unit == "line" else paragraphs_of(lines)
        text, text_end = trimmed(data, lines.starts[first], lines.starts[stop])
        chosen = letters_of(data, text, text_end) >= LETTER_BYTES * self.min_chars
        first, stop, text, text_end = first[chosen], stop[chosen], text[chosen], text_end[chosen]
        row = np.searchsorted(lines.first, first, side="right") - 1
        hashes, one = hash64_of_spans(0, data, text, text_end), np.ones(len(row), np.int64)
        return _segments(documents, row, lines.starts[first], text_end, lines.starts[stop], one > 0, hashes, one)

    def needs_fields(self) -> list[str]:
        return [] if self.max_share is None or self.source_field == SOURCE else [self.source_field]

    def sources(self, documents: Documents) -> pl.Series | None:
        if self.max_share is None:
            return None
        field = pl.col(self.source_field)
        host = field.str.extract(r"^\w+://(?:[^/@]*@)?([^/:?#]+)").str.to_lowercase()
        return documents.frame.select(pl.coalesce(host, field).alias(SOURCE)).to_series()

    def repeated(self) -> pl.Expr:
        common = pl.lit(False) if self.max_documents is None else pl.col("documents") > self.max_documents
        if self.max_share is None:
            return common
        share = pl.col("in_source") > self.max_share * pl.col("of_source")
        return common | (share & (pl.col("in_source") >= self.min_documents)).fill_null(False)


def _segments(documents: Documents, row: Integers, *columns: npt.NDArray[Any]) -> pl.DataFrame:
    """`SEGMENT_COLUMNS` out of arrays in their order; positions are bytes of the batch."""
    text = documents.utf8.offsets[row]
    spans = [places - text for places in columns[:3]]
    return pl.DataFrame([row, *spans, *columns[3:]], schema=SEGMENT_COLUMNS)


def _lines(lines: Lines) -> tuple[Integers, Integers]:
    """First and one past the last of each line of prose."""
    from curate.kernels.code_lines import IS_PROSE

    first = np.flatnonzero(lines.kinds == IS_PROSE)
    return first, first + 1


class RepeatedPassages(PassageFilter):
    """Cut passages of whole sentences that stand word for word in another document that is kept.

    Signals:
        shared_passage_chars: characters of the document that stand in passages which another document has, too,
            whether that one is kept or not. A rule may use it; cutting does not depend on it.

    A passage is a run of whole sentences that has `min_chars`; white space between them does not count, and a line end
    ends a sentence. Any run that two documents share is found, however long: a unit starts at each sentence, the
    shortest run from there that has `min_chars`; two documents share a run if and only if they share such units. Code
    is left alone.

    Passages are judged last, among documents that neither a rule nor a duplicate has dropped: the first (in the order
    of rows) keeps the passage, later ones lose it, at sentence borders. A document that loses more than it keeps, and
    keeps fewer than `min_left` characters, is dropped, and keeps nothing from others: so what is cut here always
    stands in a document that is kept. `chars_left` of other rules is what is left before these cuts.

    Of 1,000 runs that were copied into 10,831 pages (`benchmarks/duplicates/passages.py`) 990 are found, where a suffix
    array finds 991, the others having been torn by each other; it takes 12 bytes of memory for a byte of text. Winnowed
    hashes find as many, but only places, 73 % of the characters: to cut at the ends of sentences texts would have to be
    read again.
    """

    judged_last: ClassVar[bool] = True
    last_rule: ClassVar[str | None] = "too_little_left"
    stored_bytes: ClassVar[int] = 350
    signals: ClassVar[Mapping[str, Any]] = {"shared_passage_chars": pl.Int64}
    rules: ClassVar[Mapping[str, str]] = {"too_little_left": "more was cut than is left, and that is below min_left"}

    min_chars: int = Field(100, ge=1)
    """Han characters that a passage must have; three letters or digits of other scripts count as one, punctuation and
    white space not at all."""
    min_left: int = Field(50, ge=0)
    """Characters that a document must keep which loses more than it keeps."""

    def measured_parameters(self) -> dict[str, Any]:
        return self.model_dump(include={"min_chars"})

    def segments(self, documents: Documents) -> pl.DataFrame:
        from curate.kernels.units import runs_of

        row, start, text_end, end, ends_line = sentences_of(documents)
        weight, hashes = sentence_letters(documents), sentence_hashes(documents)
        unit_hash, unit = runs_of(row, start, end, weight, hashes, LETTER_BYTES * self.min_chars)
        return _segments(documents, row, start, text_end, end, ends_line, unit_hash, unit)

    def repeated(self) -> pl.Expr:
        return pl.lit(True)

    def least_left(self) -> int:
        return self.min_left
