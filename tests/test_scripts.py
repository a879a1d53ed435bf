"""Scripts of letters and sets of Han characters: `kernels.scripts`. Expected values come from Unicode's charts."""

import pytest

from curate.kernels.scripts import SCRIPT, SCRIPTS, SIMPLIFIED, TRADITIONAL, WHITE, letters


@pytest.mark.parametrize(
    ("characters", "script"),
    [
        ("aZéßŁａ", "latn"), ("汉字々〇㐀𠀀豈", "hani"), ("かカｶー", "kana"), ("한ㄱ", "hang"), ("жЯ", "cyrl"),
        ("αΩ", "grek"), ("عپ", "arab"), ("א", "hebr"), ("अ", "deva"), ("ก", "thai"), ("ㄅ", "bopo"), ("ᚠ", "zzzz"),
        ("1,。 \n😀\u0301", ""),
    ],
)  # fmt: skip
def test_letters_have_their_script(characters: str, script: str) -> None:
    assert {SCRIPTS[letters()[ord(character)] & SCRIPT] for character in characters} == {script}


def test_white_space_is_marked() -> None:
    table = letters()
    marked = {point for point in range(0x10000) if table[point] & SCRIPT == 0 and table[point] & WHITE}
    assert marked == {point for point in range(0x10000) if chr(point).isspace()}


def test_characters_of_one_set_tell_simplified_from_traditional() -> None:
    table = letters()
    assert all(table[ord(character)] & (SIMPLIFIED | TRADITIONAL) == SIMPLIFIED for character in "们这国时说东车马")
    assert all(table[ord(character)] & (SIMPLIFIED | TRADITIONAL) == TRADITIONAL for character in "們這國時說東車馬")
    assert not any(table[ord(character)] & (SIMPLIFIED | TRADITIONAL) for character in "后里台於乾山水人大a。")
