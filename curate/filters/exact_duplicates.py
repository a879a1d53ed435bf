"""`exact_duplicates`: documents whose text is the same.

No signal is measured: what is known about one document alone other filters measure, and equality is a matter of two.
Key columns are 16 bytes a document; one core makes them from 1.8 GB of text a second.
"""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl

from curate.contracts import CorpusFilter, Documents


class ExactDuplicates(CorpusFilter):
    """Documents whose cleaned text is the same, byte for byte: one of them survives.

    Texts are compared by 128 bits of hash: among 233 million different ones, two agree with a probability of 8e-23.
    Empty texts are the same text.
    """

    def partitions(self) -> Mapping[str, list[str]]:
        return {"text": ["text_hash_a", "text_hash_b"]}

    def measure(self, documents: Documents) -> pl.DataFrame:
        from curate.kernels.hashing import hash128

        return pl.DataFrame(hash128(0, *documents.utf8), schema=self.partitions()["text"])
