import polars as pl
from duplicate_texts import invented, surviving

from curate.contracts import Documents
from curate.filters.exact_duplicates import ExactDuplicates


def test_exact_copies_survive_once() -> None:
    texts = ["同一篇", "另一篇", "同一篇", "同一篇 ", "同一篇"]
    assert surviving(ExactDuplicates(), texts) == [0, 1, 0, 3, 0]


def test_exact_duplicates_tell_apart_what_differs_in_one_bit() -> None:
    assert surviving(ExactDuplicates(), ["a" * 100, "a" * 99 + "b", "a" * 99, ""]) == [0, 1, 2, 3]


def test_empty_texts_are_duplicates_of_each_other() -> None:
    assert surviving(ExactDuplicates(), ["", "a", ""]) == [0, 1, 0]


def test_keys_are_unsigned() -> None:
    measured = ExactDuplicates().measure(Documents.of(["一篇", "", "另一篇"]))
    assert dict(measured.schema) == {"text_hash_a": pl.UInt64, "text_hash_b": pl.UInt64}
    assert measured.height == 3


def test_a_batch_without_documents_has_keys_without_rows() -> None:
    filter_ = ExactDuplicates()
    assert filter_.measure(Documents.of([])).schema == filter_.measure(Documents.of(["一篇"])).schema


def test_keys_do_not_depend_on_the_batch() -> None:
    filter_, texts = ExactDuplicates(), [invented(number, 20 + number) for number in range(30)]
    apart = pl.concat([filter_.measure(Documents.of([text])) for text in texts])
    assert apart.equals(filter_.measure(Documents.of(texts)))


def test_a_thousand_equal_texts_leave_one() -> None:
    assert surviving(ExactDuplicates(), [invented(4)] * 1_000) == [0] * 1_000
