from itertools import pairwise

import numpy as np
import numpy.typing as npt
import polars as pl
import pytest
from datasketch import MinHash
from hypothesis import given, settings
from hypothesis import strategies as st

from curate.contracts import Utf8
from curate.kernels.minhash import band_keys, permutations, signatures
from curate.kernels.shingles import jaccard, shingle_hash, shingle_sets

SIZE = 5
TEXTS = [
    "",
    "短",
    "四个字啊",
    "正好五个字",
    "数据整理是把粗糙的文本变成可以训练的语料，一步一步来。\n第二行也算在内。",
    "A plain sentence, with café, naïve and Ελληνικά, and 𠮷野家 and 🙂🙂 beyond the basic plane.",
    "好" * 700,
    "".join(chr(0x4E00 + (number * 7919) % 20_000) for number in range(5_000)),
]
over_few_letters = st.text("ab好𠮷 \n", max_size=60)


def shingles(text: str, size: int = SIZE) -> set[str]:
    return {text[i : i + size] for i in range(max(1, len(text) - size + 1))} if text else set()


def similarity(a: str, b: str, size: int = SIZE) -> float:
    union = shingles(a, size) | shingles(b, size)
    return len(shingles(a, size) & shingles(b, size)) / len(union) if union else 1.0


def sketch(text: str, size: int, n: int) -> MinHash:
    """What datasketch makes of the same shingles."""
    minhash = MinHash(num_perm=n, scheme="affine32", hashfunc=shingle_hash)
    minhash.update_batch([shingle.encode() for shingle in sorted(shingles(text, size))])
    return minhash


def signed(texts: list[str], size: int = SIZE, n: int = 128) -> npt.NDArray[np.uint32]:
    result: npt.NDArray[np.uint32] = signatures(*Utf8.of(pl.Series(texts)), size, *permutations(n))
    return result


def compared(a: list[str], b: list[str], size: int = SIZE) -> npt.NDArray[np.float64]:
    hashes, starts = shingle_sets(*Utf8.of(pl.Series(a + b)), size)
    left = np.arange(len(a))
    result: npt.NDArray[np.float64] = jaccard(hashes, starts, left, left + len(a))
    return result


def test_permutations_are_datasketchs() -> None:
    for n, seed in [(128, 1), (7, 1), (64, 42)]:
        theirs = MinHash(num_perm=n, seed=seed, scheme="affine32").permutations
        assert np.array_equal(np.array(permutations(n, seed)), theirs)


def test_signatures_are_datasketchs_bit_for_bit() -> None:
    ours = signed(TEXTS)
    assert ours.dtype == np.uint32
    for text, signature in zip(TEXTS, ours, strict=True):
        assert signature.tolist() == sketch(text, SIZE, 128).hashvalues.tolist()


@settings(deadline=None, max_examples=60)
@given(st.lists(st.text(max_size=80), min_size=1, max_size=4), st.integers(1, 9), st.sampled_from([1, 20, 128]))
def test_signatures_of_any_text_are_datasketchs(texts: list[str], size: int, n: int) -> None:
    for text, signature in zip(texts, signed(texts, size, n), strict=True):
        assert signature.tolist() == sketch(text, size, n).hashvalues.tolist()


@pytest.mark.parametrize("chars", [1_023, 1_024, 1_027, 1_028, 1_029, 2_048, 2_052, 2_053])
def test_signatures_are_datasketchs_where_a_block_of_hashes_ends(chars: int) -> None:
    text = TEXTS[-1][:chars]
    assert signed([text])[0].tolist() == sketch(text, SIZE, 128).hashvalues.tolist()


def test_a_signature_loads_into_datasketch_and_estimates_what_it_estimates() -> None:
    text, edited = TEXTS[-1], TEXTS[-1][:4_000]
    ours, theirs = signed([text, edited]), [sketch(text, SIZE, 128), sketch(edited, SIZE, 128)]
    loaded = [MinHash(hashvalues=values, scheme="affine32", hashfunc=shingle_hash) for values in ours]
    assert loaded[0].jaccard(loaded[1]) == theirs[0].jaccard(theirs[1]) == loaded[0].jaccard(theirs[1])
    assert loaded[0].jaccard(loaded[1]) == np.mean(ours[0] == ours[1])
    assert abs(loaded[0].jaccard(loaded[1]) - similarity(text, edited)) < 4 * np.sqrt(0.8 * 0.2 / 128)


def test_the_estimate_has_the_error_of_128_independent_permutations() -> None:
    # Pairs of 400-shingle texts that share a part: the estimate is binomial around the true similarity.
    generator = np.random.default_rng(0)
    points = generator.integers(0x4E00, 0x9FFF, (300, 600))
    first = ["".join(map(chr, row[:400])) for row in points]
    second = ["".join(map(chr, row[shift:][:400])) for row, shift in zip(points, range(0, 300), strict=True)]
    truth = np.array([similarity(a, b) for a, b in zip(first, second, strict=True)])
    errors = (signed(first) == signed(second)).mean(axis=1) - truth
    assert abs(errors.mean()) < 0.01
    assert 0.8 < np.sqrt((errors**2).mean() / (truth * (1 - truth) / 128).mean()) < 1.2


def test_an_empty_text_has_the_empty_signature_and_no_texts_have_none() -> None:
    assert (signed(["", "a"])[0] == 0xFFFFFFFF).all()
    nothing = signatures(np.empty(0, np.uint8), np.zeros(1, np.int64), SIZE, *permutations(8))
    assert nothing.shape == (0, 8)


def test_a_slice_of_a_column_is_signed_as_the_column_is() -> None:
    column = pl.Series(TEXTS)
    whole, part = signed(TEXTS), signatures(*Utf8.of(column[2:6]), SIZE, *permutations(128))
    assert np.array_equal(whole[2:6], part)


def test_the_published_hash_is_a_32_bit_number_of_the_shingle_alone() -> None:
    # By hand: one character c is the polynomial c + 1, below 2**32, so its hash is the upper half of the product.
    assert shingle_hash(b"a") == (98 * 0xD6E8FEB86659FD93 % 2**64) >> 32
    hashes = {shingle_hash(chr(point).encode()) for point in range(0x4E00, 0x9FFF)}
    assert all(0 <= value < 2**32 for value in hashes)
    assert len(hashes) > 20_990  # of 20,991


@settings(deadline=None, max_examples=100)
@given(st.lists(st.tuples(over_few_letters, over_few_letters), min_size=1, max_size=5), st.integers(1, 7))
def test_jaccard_is_that_of_python_sets(pairs: list[tuple[str, str]], size: int) -> None:
    expected = [similarity(a, b, size) for a, b in pairs]
    assert compared([a for a, _ in pairs], [b for _, b in pairs], size).tolist() == expected


def test_jaccard_of_long_and_of_repetitive_texts_is_that_of_python_sets() -> None:
    long = TEXTS[-1] * 9  # 45,000 characters, 5,000 shingles nine times
    first = [long, long, "ab" * 20_000, "好" * 9_000, long[:20_000] + "终"]
    second = [TEXTS[-1], long[::-1], "ba" * 15_000, "好" * 5, long[:20_000]]
    assert compared(first, second).tolist() == [similarity(a, b) for a, b in zip(first, second, strict=True)]


def test_blanks_and_line_ends_count() -> None:
    assert compared(["一二三 四五六"], ["一二三四五六"])[0] < 1
    assert compared(["一二三四五\n"], ["一二三四五 "])[0] == 1 / 3


def test_sets_are_ascending_distinct_and_as_many_as_there_are_shingles() -> None:
    hashes, starts = shingle_sets(*Utf8.of(pl.Series(TEXTS)), SIZE)
    assert np.diff(starts).tolist() == [len(shingles(text)) for text in TEXTS]
    for start, stop in pairwise(starts):
        assert (hashes[start:stop][1:] > hashes[start:stop][:-1]).all()


def test_a_band_key_depends_on_the_rows_of_its_band_alone() -> None:
    one = signed(TEXTS[4:5])
    keys = band_keys(one, 21, 6)
    assert keys.shape == (21, 1)
    for row in range(128):
        changed = one.copy()
        changed[0, row] ^= 1
        expected = [band == row // 6 for band in range(21)]
        assert (band_keys(changed, 21, 6) != keys)[:, 0].tolist() == expected


def test_band_keys_of_different_rows_differ_and_use_all_64_bits() -> None:
    values = np.random.default_rng(0).integers(0, 1 << 32, (20_000, 6), dtype=np.uint32)
    keys = band_keys(values, 2, 3)
    assert len(np.unique(keys)) == 40_000
    bits = np.unpackbits(keys.view(np.uint8).reshape(-1, 8), axis=1).mean(axis=0)
    assert np.abs(bits - 0.5).max() < 0.015
    swapped = band_keys(np.ascontiguousarray(values[:, ::-1]), 2, 3)
    assert (swapped[0] != keys[1]).all()  # the order of a band's values counts
