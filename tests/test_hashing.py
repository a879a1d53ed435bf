import numpy as np
import numpy.typing as npt
import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from curate.contracts import Utf8
from curate.kernels.hashing import hash64, hash128


def strings(values: list[bytes]) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.int64]]:
    lengths = [0, *(len(value) for value in values)]
    return np.frombuffer(b"".join(values) or b"\0", np.uint8), np.cumsum(lengths, dtype=np.int64)


def digest(seed: int, value: bytes) -> bytes:
    return hash128(seed, *strings([value])).astype("<u8").tobytes()


def test_it_is_murmurhash3_by_the_verification_value_of_its_authors_test_suite() -> None:
    # SMHasher, KeysetTest.cpp, VerificationTest: the hashes of 256 keys, each under a seed of its own, hashed again;
    # main.cpp lists 0x6384BA69 for MurmurHash3_x64_128.
    hashes = b"".join(digest(256 - length, bytes(range(length))) for length in range(256))
    assert int.from_bytes(digest(0, hashes)[:4], "little") == 0x6384BA69


def test_the_64_bit_hash_is_the_first_half() -> None:
    data, offsets = strings([b"a", b"", "数据整理".encode(), b"x" * 100])
    assert hash64(3, data, offsets).tolist() == hash128(3, data, offsets)[:, 0].tolist()


@settings(deadline=None, max_examples=50)
@given(st.lists(st.text(max_size=40), min_size=1, max_size=10), st.integers(0, 9))
def test_a_hash_depends_on_the_string_alone_not_on_where_it_stands(texts: list[str], place: int) -> None:
    column = Utf8.of(pl.Series(texts))
    alone = Utf8.of(pl.Series([texts[place % len(texts)]]))
    assert hash128(1, *column)[place % len(texts)].tolist() == hash128(1, *alone)[0].tolist()


def test_a_slice_of_a_column_hashes_as_the_column_does() -> None:
    column = pl.Series([f"id-{number}" for number in range(100)])
    assert hash64(0, *Utf8.of(column[40:60])).tolist() == hash64(0, *Utf8.of(column)).tolist()[40:60]


def test_no_strings_have_no_hashes() -> None:
    assert hash64(0, np.empty(0, np.uint8), np.zeros(1, np.int64)).shape == (0,)
    assert hash128(0, np.empty(0, np.uint8), np.zeros(1, np.int64)).shape == (0, 2)


def test_any_integer_is_a_seed_and_seeds_give_unrelated_hashes() -> None:
    ids = Utf8.of(pl.Series([f"page.jsonl:{number * 977}" for number in range(20_000)]))
    first, second = hash64(1, *ids), hash64(2, *ids)
    assert abs(np.bitwise_count(first ^ second).mean() - 32) < 0.1  # of 64 bits
    assert hash64(-1, *ids).tolist() == hash64((1 << 64) - 1, *ids).tolist() != hash64(0, *ids).tolist()


def test_every_bit_of_the_hashes_of_numbered_ids_is_set_half_the_time() -> None:
    hashes = hash64(0, *Utf8.of(pl.Series([f"part-00000.jsonl:{number}" for number in range(50_000)])))
    bits = np.unpackbits(hashes.view(np.uint8).reshape(-1, 8), axis=1).mean(axis=0)
    assert np.abs(bits - 0.5).max() < 0.01  # four and a half standard deviations of a fair coin
    assert len(np.unique(hashes)) == 50_000


def test_flipping_any_bit_of_a_text_flips_half_of_the_hash() -> None:
    text = np.frombuffer(b"a text of forty bytes, two blocks and more", np.uint8)
    flipped = np.tile(text, (len(text) * 8, 1))
    for bit in range(len(text) * 8):
        flipped[bit, bit // 8] ^= 1 << bit % 8
    offsets = np.arange(len(flipped) + 1, dtype=np.int64) * len(text)
    changed = hash128(0, flipped.ravel(), offsets) ^ hash128(0, text, np.array([0, len(text)]))
    assert abs(np.bitwise_count(changed).sum(axis=1).mean() - 64) < 2  # of 128 bits
