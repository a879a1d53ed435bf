import io
import json
from pathlib import Path

import numpy as np
import polars as pl
import pytest
import zstandard
from duplicate_texts import compared, edited, invented, similarity, surviving
from pydantic import ValidationError

from curate.contracts import Documents, Utf8
from curate.filters.near_duplicates import NearDuplicates, bands_for
from curate.grouping import groups_of_equal_keys, merged, packed_pairs, unpacked

LABELLED = Path(__file__).parents[2] / "shared" / "corpora" / "neardup.jsonl.zst"


def linked(texts: list[str], **parameters: float) -> set[tuple[int, int]]:
    rows = compared(NearDuplicates.model_validate(parameters), texts)["row"].to_numpy().reshape(-1, 2)
    return {(int(left), int(right)) for left, right in rows}


def test_an_empty_text_is_no_duplicate() -> None:
    assert surviving(NearDuplicates(), ["", "a", ""]) == [0, 1, 2]


def test_keys_are_unsigned_and_null_for_an_empty_text() -> None:
    filter_ = NearDuplicates()
    measured = filter_.measure(Documents.of(["一篇", "", "另一篇"]))
    assert measured.columns == [column for columns in filter_.partitions().values() for column in columns]
    assert set(measured.dtypes) == {pl.UInt64}
    assert measured.null_count().row(0) == (1,) * 16
    assert all(value is None for value in measured.row(1))


def test_a_batch_without_documents_has_keys_without_rows() -> None:
    filter_ = NearDuplicates()
    assert filter_.measure(Documents.of([])).schema == filter_.measure(Documents.of(["一篇"])).schema


def test_keys_do_not_depend_on_the_batch() -> None:
    filter_, texts = NearDuplicates(), [invented(number, 20 + number) for number in range(30)]
    apart = pl.concat([filter_.measure(Documents.of([text])) for text in texts])
    assert apart.equals(filter_.measure(Documents.of(texts)))


def test_a_copy_with_a_header_is_a_near_duplicate_with_its_true_similarity() -> None:
    text = invented(1)
    groups = compared(NearDuplicates(), [text, invented(2), "首页 > 新闻 > 正文\n" + text])
    # 596 shingles, 13 more with the header's 13 characters.
    assert groups.to_dict(as_series=False) == {"group": [0, 0], "row": [0, 2], "similarity": [596 / 609] * 2}


def test_similarity_decides_after_verification() -> None:
    text = invented(3, 1_000)
    texts = [text, edited(text, 0.01), edited(text, 0.05)]
    truth = {(a, b): similarity(texts[a], texts[b]) for a, b in [(0, 1), (0, 2), (1, 2)]}
    assert truth[0, 1] > 0.8 > truth[0, 2] > 0.6 > truth[1, 2] > 0.5
    assert linked(texts) == {(0, 1)}
    assert linked(texts, similarity=0.6) == {(0, 1), (0, 2)}
    assert linked(texts, similarity=0.5) == set(truth)


def test_a_pair_at_exactly_the_similarity_is_linked() -> None:
    text = "一二三四五六七八九十"
    pair = [text[:8], text[:9]]  # 4 shingles of 5
    assert similarity(*pair) == 4 / 5
    assert linked(pair, permutations=1_000) == {(0, 1)}
    assert linked(pair, permutations=1_000, similarity=float(np.nextafter(0.8, 1))) == set()


def test_short_texts_equal_their_copies_only() -> None:
    assert linked(["一二三四", "一二三四", "一二三", "二三四", "一二三四五", "一二三四五"]) == {(0, 1), (4, 5)}


def test_a_thousand_equal_texts_leave_one() -> None:
    texts = [invented(4)] * 1_000
    assert surviving(NearDuplicates(), texts) == [0] * 1_000
    kept = (np.random.default_rng(0).random(1_000) > 0.5).tolist()
    expected = [kept.index(True) if keep else row for row, keep in enumerate(kept)]
    assert surviving(NearDuplicates(), texts, kept) == expected
    assert compared(NearDuplicates(), texts).height == 2 * 8_977


def test_without_verification_all_that_share_a_band_are_linked() -> None:
    filter_ = NearDuplicates(verify=False)
    assert filter_.least_similarity() is None
    text = invented(5)
    assert surviving(filter_, [text, invented(6), text + "尾"]) == [0, 1, 0]


def test_a_corpus_without_duplicates_has_no_pairs() -> None:
    groups = compared(NearDuplicates(), [invented(number, 60) for number in range(50)])
    assert groups.is_empty()
    assert groups.schema == {"group": pl.Int64, "row": pl.Int64, "similarity": pl.Float64}


def pairs_of(filter_: NearDuplicates, keys: pl.DataFrame) -> pl.DataFrame:
    """Pairs that share a band."""
    groups = [groups_of_equal_keys(keys.select("row", *columns)) for columns in filter_.partitions().values()]
    return unpacked(merged([packed_pairs(frame, 0, keys.height) for frame in groups]))


def test_pairs_near_the_similarity_are_found_as_often_as_promised() -> None:
    # 3,000 pairs, 0.78 to 0.83 similar: 99.2 % of those at 0.8 should meet, and more of those above; 0.99 is promised.
    texts = [text for number in range(3_000) for text in _pair(number)]
    filter_ = NearDuplicates()
    keys = filter_.measure(Documents.of(texts)).with_columns(row=pl.int_range(6_000, dtype=pl.Int64))
    pairs = pairs_of(filter_, keys)
    left = np.arange(0, 6_000, 2)
    both = pl.DataFrame({"left": left, "right": left + 1})
    truth = filter_.similarities(Utf8.of(pl.Series(texts)), both)
    found = both.join(pairs.with_columns(met=True), on=["left", "right"], how="left", maintain_order="left")["met"]
    assert (truth >= 0.8).sum() > 1_000
    assert found.filter(pl.Series(truth >= 0.8)).fill_null(False).mean() >= 0.99  # type: ignore[operator]


@pytest.mark.skipif(not LABELLED.exists(), reason="needs the labelled pairs of the shared corpora")
def test_labelled_pairs_are_found_and_no_others() -> None:
    with LABELLED.open("rb") as file:
        lines = io.TextIOWrapper(zstandard.ZstdDecompressor().stream_reader(file), "utf-8")
        records = [json.loads(line) for line in lines]
    row = {record["id"]: number for number, record in enumerate(records) if record["meta"]["role"] == "base"}
    labels = {
        (row[record["meta"]["base"]], number): record["meta"]["jaccard"]
        for number, record in enumerate(records)
        if record["meta"]["role"] == "variant"
    }
    groups = compared(NearDuplicates(), [record["text"] for record in records])
    found = {(int(a), int(b)) for a, b in groups["row"].to_numpy().reshape(-1, 2)}
    near = {pair for pair, jaccard in labels.items() if jaccard >= 0.8}
    assert len(near & found) / len(near) >= 0.99
    assert {pair for pair in labels.keys() & found if labels[pair] < 0.8} == set()
    assert not any(records[number]["meta"]["role"] == "distractor" for pair in found for number in pair)


def _pair(number: int) -> tuple[str, str]:
    # Two windows of one text: 200 shingles each, all but 20 to 24 shared.
    text, shift = invented(number, 230), 19 + number % 6
    return text[:204], text[shift : shift + 204]


@pytest.mark.parametrize(
    ("least", "permutations", "expected"),
    [
        *((0.8, 128, (16, 6)), (0.8, 96, (16, 6)), (0.8, 95, (12, 5)), (0.7, 128, (17, 4)), (0.9, 128, (11, 10))),
        *((1.0, 128, (1, 128)), (0.8, 256, (26, 8))),
    ],
)
def test_bands_have_the_most_rows_that_find_the_similarity_and_are_the_fewest_of_these(
    least: float, permutations: int, expected: tuple[int, int]
) -> None:
    bands, rows = bands_for(least, permutations)
    assert (bands, rows) == expected
    assert bands * rows <= permutations
    assert 1 - (1 - least**rows) ** bands >= 0.99
    assert bands == 1 or 1 - (1 - least**rows) ** (bands - 1) < 0.99
    for more in range(rows + 1, permutations + 1):
        assert 1 - (1 - least**more) ** (permutations // more) < 0.99


def test_only_the_permutations_of_the_bands_are_computed() -> None:
    # 96 of 128: the keys are those of datasketch's signatures of 96 values, and of any larger limit's.
    documents = Documents.of([invented(number) for number in range(10)])
    assert NearDuplicates().measure(documents).equals(NearDuplicates(permutations=96).measure(documents))


def test_check_says_what_the_bands_find_and_take() -> None:
    # 1 - (1 - 0.7 ** 6) ** 16 = 0.865, and so on
    assert NearDuplicates().notes() == [
        "16 bands of 6 rows, 128 bytes of keys a document; pairs found, by their similarity: "
        "0.7: 86.5%, 0.75: 95.7%, 0.8: 99.2%, 0.85: 99.9%, 0.9: 100.0%, 0.95: 100.0%"
    ]
    (note,) = NearDuplicates(similarity=1, permutations=1).notes()
    assert note.startswith(
        "1 band of 1 row, 8 bytes of keys a document; pairs found, by their similarity: 0.7: 70.0%, "
    )
    assert note.endswith("1: 100.0%")


def test_too_few_permutations_are_refused() -> None:
    with pytest.raises(ValidationError, match=r"16 are too few to find 99% of the pairs with similarity 0\.1"):
        NearDuplicates(similarity=0.1, permutations=16)


@pytest.mark.parametrize("parameters", [{"similarity": 0}, {"similarity": 1.1}, {"shingle": 0}, {"permutations": 0}])
def test_parameters_out_of_range_are_refused(parameters: dict[str, float]) -> None:
    with pytest.raises(ValidationError):
        NearDuplicates.model_validate(parameters)
