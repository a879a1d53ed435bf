"""The filter `quality`: its signals by hand, and its numbers on words against datatrove 0.10.1."""

import math
from collections.abc import Iterator
from functools import partial
from typing import Any

import polars as pl
import pytest
from datatrove_truth import datatrove_filters, run_filter, shared_texts
from hypothesis import given, settings
from hypothesis import strategies as st

from curate import judge, profiles
from curate.contracts import Documents, Line
from curate.errors import PipelineError
from curate.filters.quality import Quality, quality_signals
from curate.words import words_of

CHINESE = """秋天的早晨，湖面上起了一层薄雾。打鱼的人说，这样的天气最好下网，因为鱼看不见岸上的人。
我们在岸边等了半个小时，雾才慢慢散开……
- 先把网理好；
- 再把船推进水里。
你说，他们今天能打到多少鱼？"""
ENGLISH = """The fog lay on the lake in the early morning, and the fishermen said that this was the best weather.
We waited on the shore for half an hour...
- first they sort out the nets
- then they push the boat into the water
# note 1: do not forget to be early!"""


def measured(text: str, **parameters: Any) -> dict[str, Any]:
    signals = Quality(**parameters).measure(Documents.of([text])).row(0, named=True)
    return dict(signals)


def test_shares_are_of_the_characters_that_are_not_white_space() -> None:
    signals = measured("汉字 ab，1+\n\u3000")
    shares = {"han": 2 / 7, "letter": 2 / 7, "punctuation": 1 / 7, "digit": 1 / 7, "symbol": 1 / 7, "garbled": 0}
    assert {kind: signals[f"{kind}_ratio"] for kind in shares} == pytest.approx(shares)


def test_lines_are_told_by_how_they_begin_and_end() -> None:
    signals = measured("• 甲。 \n\n  - 乙……\n这是问句吗？\n丁\n", short_line_chars=3)
    ratios = {"bullet": 0.5, "ended": 0.75, "ellipsis": 0.25, "question": 0.25, "short": 0.25}
    assert {kind: signals[f"{kind}_line_ratio"] for kind in ratios} == ratios
    assert (signals["question_lines"], signals["ellipsis_lines"], signals["mean_line_chars"]) == (1, 1, 19 / 4)


def test_characters_that_white_space_parts_are_told_from_spaces_between_words() -> None:
    assert measured("汉 字 分 开")["spaced_han_ratio"] == 3 / 4
    assert measured("汉字 word 汉字，\n汉字")["spaced_han_ratio"] == 0


def test_stop_words_of_one_character_are_a_share_of_the_han() -> None:
    assert measured("好的呢", stop_words=["的", "我们"])["stop_char_ratio"] == 1 / 3
    assert measured("no Han", stop_words=["的"])["stop_char_ratio"] is None


@pytest.mark.parametrize("profile", profiles.names())
def test_texts_without_words_or_characters_are_null_and_never_nan(profile: str) -> None:
    step = Quality(profile=profile)
    signals = step.measure(Documents.of(["", " \n\u3000\n", "。！？", "\r\n", "a"]))
    assert dict(signals.schema) == dict(step.signal_types())
    assert not any(signals[name].is_nan().any() for name, kind in signals.schema.items() if kind == pl.Float64)
    assert signals["han_ratio"].to_list() == [None, None, 0.0, None, 0.0]
    assert signals["mean_line_chars"].to_list() == [None, None, 3.0, None, 1.0]
    if profile == "fineweb2_zh":
        assert signals["words"].to_list() == [0, 0, 0, 0, 1]
        assert signals["mean_word_chars"].to_list() == [None] * 4 + [1.0]
        assert signals["alpha_word_ratio"].to_list() == [None, None, 0.0, None, 1.0]


def test_an_empty_batch_is_measured() -> None:
    for profile in profiles.names():
        step = Quality(profile=profile)
        assert dict(step.measure(Documents.of([])).schema) == dict(step.signal_types())


def test_a_threshold_is_no_part_of_what_is_measured_but_a_bullet_is() -> None:
    plain = Quality().measured_parameters()
    assert Quality(drop={"few_han": None}, name="x").measured_parameters() == plain
    assert Quality(bullets="#").measured_parameters() == {**plain, "bullets": "#"}
    assert "profile" not in plain and Quality().files() == []


def test_a_profile_of_ones_own_with_other_rules_measures_the_same(tmp_path: Any) -> None:
    path = tmp_path / "mine.yaml"
    text = (profiles.Path(profiles.__file__).parent / "curate_zh.yaml").read_text(encoding="utf-8")
    path.write_text(text.replace("few_han: han_ratio < 0.045", "few_han: han_ratio < 0.5"), encoding="utf-8")
    step = Quality(profile=str(path))
    step.check()
    assert step.own_rules()["few_han"] == "han_ratio < 0.5"
    assert step.measured_parameters() == Quality().measured_parameters()


def datatrove_quality(text: str, words: list[str]) -> dict[str, float]:
    """What GopherQualityFilter and FineWebQualityFilter compare with their thresholds, found by bisection."""
    quality, fineweb = datatrove_filters().quality, datatrove_filters().fineweb
    off: dict[str, Any] = dict.fromkeys(
        [
            *("min_doc_words", "max_doc_words", "min_avg_word_length", "max_avg_word_length", "max_symbol_word_ratio"),
            *("max_bullet_lines_ratio", "max_ellipsis_lines_ratio", "max_non_alpha_words_ratio", "min_stop_words"),
        ]
    )
    stop = profiles.section("fineweb2_zh", "quality").measure["stop_words"]

    def drops(option: str, value: float) -> bool:
        make = partial(quality.GopherQualityFilter, **{**off, option: value, "stop_words": stop})
        return not run_filter(quality, make, text, words)[0]

    def fineweb_drops(option: str, value: float) -> bool:
        none = {"line_punct_thr": -1, "short_line_thr": 999, "char_duplicates_ratio": 999, "new_line_ratio": 999}
        make = partial(fineweb.FineWebQualityFilter, **{**none, "short_line_length": 30, option: value})
        return not run_filter(fineweb, make, text, words)[0]

    return {
        "words": border(lambda value: drops("min_doc_words", value)),
        "mean_word_chars": border(lambda value: drops("min_avg_word_length", value)),
        "alpha_word_ratio": border(lambda value: drops("max_non_alpha_words_ratio", value)),
        "stop_words": border(lambda value: drops("min_stop_words", value)),
        "bullet_line_ratio": border(lambda value: not drops("max_bullet_lines_ratio", value)),
        "ellipsis_line_ratio": border(lambda value: not drops("max_ellipsis_lines_ratio", value)),
        "symbols": border(lambda value: not drops("max_symbol_word_ratio", value)),
        "ended_line_ratio": border(lambda value: fineweb_drops("line_punct_thr", value)),
        "short_line_ratio": border(lambda value: not fineweb_drops("short_line_thr", value)),
        "newline_word_ratio": border(lambda value: not fineweb_drops("new_line_ratio", value)),
    }


def border(beyond: Any) -> float:
    """The number at which `beyond(number)` turns true, up to 1e-9; 0 and less is asked as 1e-9, which is not "off"."""
    low, high = 1e-9, 4096.0
    while high - low > 1e-9 * max(1, low):
        middle = (low + high) / 2
        low, high = (low, middle) if beyond(middle) else (middle, high)
    return low


def compared(text: str, words: list[str], pieces: list[str]) -> tuple[dict[str, float], dict[str, float]]:
    documents = Documents.of([text])
    parameters = Quality(profile="fineweb2_zh").measured_parameters()
    ours = quality_signals(documents, words_of(documents, [pieces]), parameters).row(0, named=True)
    ours["symbols"] = max(ours["hash_word_ratio"], ours["ellipsis_word_ratio"])
    truth = datatrove_quality(text, words)
    return {name: ours[name] for name in truth}, truth


@pytest.mark.parametrize("text", [CHINESE, ENGLISH])
def test_numbers_on_words_are_datatroves(text: str) -> None:
    import rjieba

    pieces = rjieba.cut(text)
    ours, truth = compared(text, [piece.strip() for piece in pieces if piece.strip()], pieces)
    assert ours == pytest.approx(truth, abs=1e-6)


@settings(deadline=None, max_examples=25)
@given(
    st.lists(
        st.sampled_from(["的", "年", "人民", "ab", "，", "。", "…", "...", "#", "-", "•", "\n", "1", "１"]),
        min_size=1,
        max_size=40,
    )
)
def test_numbers_on_any_words_are_datatroves(pieces: list[str]) -> None:
    words = [piece for piece in pieces if piece != "\n"]
    if not any(word.strip("，。….#-•１") for word in words):
        return  # datatrove takes the mean of no words
    ours, truth = compared("".join(pieces), words, pieces)
    assert ours == pytest.approx(truth, abs=1e-6)


def fineweb2_verdicts(texts: list[str]) -> Iterator[tuple[bool, bool, str]]:
    """Ours, datatrove's and datatrove's reason, for both quality filters as FineWeb-2 sets them up."""
    import rjieba

    line = Line("quality", "filters[0].quality", Quality(profile="fineweb2_zh"))
    rules = judge.compile_rules([line], judge.signal_columns(line))
    broken = (
        judge.rule_frame(line.step.measure(Documents.of(texts)), rules).select(pl.any_horizontal(pl.all())).to_series()
    )
    modules = datatrove_filters()
    stop = profiles.section("fineweb2_zh", "quality").measure["stop_words"]
    gopher = partial(
        modules.quality.GopherQualityFilter,
        **{"min_avg_word_length": 1, "max_avg_word_length": 5, "stop_words": stop, "max_non_alpha_words_ratio": 0.735},
    )
    lines = partial(
        modules.fineweb.FineWebQualityFilter,
        **{"short_line_thr": 999, "char_duplicates_ratio": math.inf, "line_punct_thr": 0.106, "new_line_ratio": 0.178},
    )
    for text, dropped in zip(texts, broken, strict=True):
        words = [word.strip() for word in rjieba.cut(text) if word.strip()]
        first = run_filter(modules.fineweb, lines, text, words)
        kept, reason = first if not first[0] else run_filter(modules.quality, gopher, text, words)
        yield dropped, not kept, reason


def test_decisions_on_whole_documents_are_datatroves() -> None:
    """No document in 300 is judged differently."""
    results = list(fineweb2_verdicts(shared_texts("zh_web", 300)))
    different = [result for result in results if result[0] != result[1]]
    assert len(results) == 300 and different == []
    assert 30 < sum(dropped for dropped, _, _ in results) < 270


def test_parameters_of_a_pipeline_go_before_the_profiles() -> None:
    assert "words" in measured("字字", words="jieba", symbols="。")
    assert "words" not in measured("字字")
    with pytest.raises(
        ValueError, match="no profile is called 'curate_hz'; known: bloom_zh, c4_en, chinesewebtext, curate_zh"
    ):
        Quality(profile="curate_hz")
    with pytest.raises(PipelineError, match=r"nowhere\.yaml: cannot be read as a profile"):
        Quality(profile="nowhere.yaml").check()


def test_line_ends_alone_have_no_words_to_divide_by():
    measured = Quality(profile="fineweb2_zh").measure(Documents.of(["\n", "\n \n"]))
    assert measured["newline_word_ratio"].to_list() == [None, None]
