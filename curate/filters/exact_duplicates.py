"""`exact_duplicates`: documents whose text is the same, as it stands or with case, width and the like left aside.

No signal is measured: what is known about one document alone other filters measure, and equality is a matter of two.
Key columns are 16 bytes a document; one core makes them from 1.8 GB of text a second, from 500 MB if something is
ignored.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal

import polars as pl
from pydantic import AfterValidator, Field

from curate.contracts import ID, SOURCE, TEXT, CorpusFilter, Documents, Utf8
from curate.errors import PipelineError

Ignorable = Literal["case", "width", "spaces", "punctuation"]


def _kept_by_a_reader(name: str) -> str:
    if name in (ID, TEXT, SOURCE):
        raise ValueError(f"expected a field that a reader keeps; every document has {name!r} anyway")
    return name


class ExactDuplicates(CorpusFilter):
    """Documents whose cleaned text is the same, byte for byte or but for what you `ignore`: one of them survives.

    Texts are compared by 128 bits of hash: among 233 million different ones, two agree with a probability of 8e-23.
    Empty texts are the same text. A text of which nothing would be left ("!!!" without punctuation) is compared as it
    stands.

    What can be ignored, together or one by one:
        case: A is a, by Unicode's full case folding (Python's `str.casefold`): Straße is STRASSE.
        width: Ａ is A, ｶﾞ is ガ: what Unicode calls wide and narrow forms. ① stays ①.
        spaces: white space of any kind, line ends included, wherever it stands.
        punctuation: general categories P* and S*: marks, quotes and brackets, currencies, operators, emoji.
    """

    ignore: Annotated[tuple[Ignorable, ...], AfterValidator(lambda names: tuple(sorted(set(names))))] = ()
    """What does not count when texts are compared, a list: case, width, spaces, punctuation."""
    field: Annotated[str, Field(min_length=1), AfterValidator(_kept_by_a_reader)] | None = None
    """A field that a reader keeps (`url`), to be compared instead of the text, `ignore` and all; a document in which it
    is null or empty is no duplicate."""

    def needs_fields(self) -> list[str]:
        return [self.field] if self.field else []

    def partitions(self) -> Mapping[str, list[str]]:
        return {"text": ["text_hash_a", "text_hash_b"]}

    def measure(self, documents: Documents) -> pl.DataFrame:
        from curate.kernels.hashing import hash128

        if not self.field:
            return pl.DataFrame(hash128(0, *self._normalised(documents.utf8)), schema=self.partitions()["text"])
        if self.field not in documents.frame.columns:
            raise PipelineError(f"exact_duplicates: the documents have no field {self.field!r}")
        values = documents.frame[self.field].fill_null("")
        keys = pl.DataFrame(hash128(0, *self._normalised(Utf8.of(values))), schema=self.partitions()["text"])
        return keys.select(pl.when(values != "").then(pl.all()))

    def _normalised(self, texts: Utf8) -> Utf8:
        from curate.kernels.normal_form import normal_forms, normalised

        return Utf8(*normalised(*texts, *normal_forms(frozenset(self.ignore)))) if self.ignore else texts
