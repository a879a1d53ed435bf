"""What a model reads of a text: `kernels.passages`. Expected windows come by hand."""

from itertools import pairwise

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from curate.contracts import Documents
from curate.kernels.code_lines import lines_of
from curate.kernels.passages import CJK, LATIN, OTHER, vote, windows_of

ZH, EN, RU = "春天来了，花都开了。", "We walked along the river.", "Библиотека открыта."


def windows(*texts: str, size: int = 4_000) -> list[tuple[int, int, str]]:
    """Text, script and content of each window."""
    utf8 = Documents.of(list(texts)).utf8
    found = windows_of(utf8.data, lines_of(*utf8), size)
    data, borders = found.data.tobytes(), found.offsets.tolist()
    contents = [data[start:stop].decode() for start, stop in pairwise(borders)]
    assert found.weights.tolist() == [sum(byte > 32 for byte in content.encode()) for content in contents]
    return list(zip(found.docs.tolist(), found.groups.tolist(), contents, strict=True))


def test_a_text_of_one_script_is_copied_as_it_stands() -> None:
    text = f"\n {ZH}\n\n12\n\t{ZH} ok\n\n"
    assert windows(text, EN + "\n") == [(0, CJK, text), (1, LATIN, EN + "\n")]


def test_scripts_are_gathered_apart_and_lines_without_letters_stay_with_the_line_before() -> None:
    text = f"3.\n{ZH}\n4.\n{EN}\n5.\n{RU}\n{ZH}"
    assert windows(text) == [(0, CJK, f"3.\n{ZH}\n4.\n{ZH}"), (0, LATIN, f"{EN}\n5.\n"), (0, OTHER, f"{RU}\n")]


def test_code_addresses_tags_and_spans_are_left_out() -> None:
    assert windows(f"{ZH}\nx = f(1);\n{ZH}") == [(0, CJK, f"{ZH}\n{ZH}")]
    assert windows(f"见 https://a.example/b?c=d 和<b>{ZH}</b>`x`。") == [(0, CJK, f"见  和{ZH}。")]
    assert windows("三 < 五，<不是标签，` 也不是，a://") == [(0, CJK, "三 < 五，<不是标签，` 也不是，")]


def test_a_text_without_letters_in_its_prose_has_no_window() -> None:
    assert windows("", "12:30\n", "x = f(1);", "<b>", "字") == [(4, CJK, "字")]


def test_long_texts_are_cut_at_line_ends_and_long_lines_between_characters() -> None:
    line = "字" * 9 + "\n"
    found = [content for _, _, content in windows(line * 10, size=100)]
    assert found == [line * 3, line * 3, line * 4]
    assert [content for _, _, content in windows("字" * 100, size=100)] == ["字" * 33, "字" * 33, "字" * 34]


@settings(deadline=None)
@given(
    st.lists(st.text(alphabet="天地ab éカ한ж.,;{}=`<>/:#\n\t_1😀", max_size=150), max_size=5),
    st.sampled_from([8, 10, 33, 4_000]),
)
def test_windows_are_text_in_order_and_no_larger_than_they_may_be(texts: list[str], size: int) -> None:
    found = windows(*texts, size=size)
    assert found == sorted(found, key=lambda window: window[:2])
    assert all(len(content.encode()) <= size * 3 // 2 and content for _, _, content in found)
    for doc, text in enumerate(texts):
        copied = "".join(content for number, _, content in found if number == doc)
        assert all(copied.count(character) <= text.count(character) for character in set(copied))


def test_the_share_of_kana_is_measured_in_windows_of_han() -> None:
    utf8 = Documents.of(["汉字かなカナ。", "abc", ZH, "カ"]).utf8
    assert windows_of(utf8.data, lines_of(*utf8), 100).kana.tolist() == [4 / 6, 0.0, 0.0, 1.0]


def test_the_label_with_the_most_weight_times_probability_wins() -> None:
    docs, groups = np.array([0, 0, 0, 2, 3, 3]), np.array([0, 1, 1, 2, 0, 1])
    weights, labels = np.array([100, 60, 60, 5, 10, 10]), np.array([7, 3, 3, -1, 2, 1], np.int32)
    scores = np.array([0.5, 0.9, 0.7, 0.0, 0.5, 0.5])
    best, score = np.full(4, -1, np.int32), np.zeros(4)
    size, group = np.zeros(4, np.int64), np.zeros(4, np.int64)
    vote(docs, groups, weights, labels, scores, 8, best, score, size, group)
    assert best.tolist() == [3, -1, -1, 2]
    assert score.tolist() == [0.8, 0.0, 0.0, 0.5]
    assert size.tolist() == [120, 0, 0, 10] and group.tolist() == [1, 0, 0, 0]
