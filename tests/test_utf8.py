"""`kernels.utf8` against Python's own idea of characters."""

import random

import numpy as np
import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st
from tokenizers import normalizers

from curate.contracts import Documents
from curate.kernels.utf8 import marks, unstable_in_nfc

TABLE = np.random.default_rng(0).integers(0, 256, 0x110000).astype(np.uint8) & np.uint8(0b10110)
TEXTS = st.lists(st.text(st.characters(exclude_categories=["Cs"]), max_size=30), max_size=8)


@settings(deadline=None)  # the first call compiles
@given(texts=TEXTS)
def test_marks_of_a_text_are_those_of_its_characters_together(texts: list[str]) -> None:
    expected = [int(np.bitwise_or.reduce([0, *(TABLE[ord(character)] for character in text)])) for text in texts]
    found = np.full(len(texts), 255, np.uint8)
    marks(*Documents.of(texts).utf8, TABLE, found)
    assert found.tolist() == expected


def test_characters_called_stable_are_left_alone_by_nfc() -> None:
    flagged = set(unstable_in_nfc())
    stable = [chr(point) for point in range(0x110000) if point not in flagged and not 0xD800 <= point < 0xE000]
    assert len(stable) > 250_000
    chance = random.Random(4)
    for _ in range(2):
        text = "".join(stable)
        assert normalizers.NFC().normalize_str(text) == text
        assert pl.Series([text]).str.normalize("NFC").item() == text
        chance.shuffle(stable)
