"""The filter `toxicity` on texts written for this test: advertisements, and honest pages that sound like them.

The built-in lists were extended until the advertisements of `advertisements.yaml` fell, so they say that rules work and
not how many of the world's advertisements are found. That is what batch 3 of `advertising.jsonl` is for.
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import polars as pl
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from marked import marked
from pydantic import ValidationError

from curate.contracts import Documents
from curate.errors import PipelineError
from curate.filters.toxicity import BUILT_IN, Toxicity, read_words
from curate.testing import check_filter

TEXTS = yaml.safe_load((Path(__file__).parent / "data/advertisements.yaml").read_text(encoding="utf-8"))
GAMBLING, ADULT, LOANS, FRAUD, HONEST = (TEXTS[name] for name in ("gambling", "adult", "loans", "fraud", "honest"))
LINES = [
    json.loads(line)
    for line in (Path(__file__).parent / "data/advertising.jsonl").read_text(encoding="utf-8").splitlines()
]
OFFERS = ["gambling", "adult", "loans", "fraud", "drugs", "violence", "spam"]


def reasons(texts: list[str], step: Toxicity | None = None) -> list[list[str]]:
    """The rules that each text breaks; null counts as broken."""
    step = step or Toxicity()
    measured = step.measure(Documents.of(texts))
    rules = {name: pl.sql_expr(rule).fill_null(True) for name, rule in step.own_rules().items() if rule}
    return [[name for name, broken in row.items() if broken] for row in measured.select(**rules).iter_rows(named=True)]


@pytest.mark.parametrize(
    ("category", "text"),
    [(name, text) for name in ("gambling", "adult", "loans", "fraud") for text in TEXTS[name]],
)
def test_an_advertisement_is_dropped_for_what_it_offers(category: str, text: str) -> None:
    assert category in reasons([text])[0]


def test_page_furniture_does_not_hide_three_words() -> None:
    texts = [*GAMBLING, *ADULT, *LOANS]
    wrapped = ["本站首页 关于我们 联系方式\n" * 3 + text + "\n版权所有，转载请注明出处。" for text in texts]
    words = Toxicity().measure(Documents.of(texts))["mixed_words"]
    dropped = [bool(broken) for broken, n in zip(reasons(wrapped), words, strict=True) if n >= 4]
    assert all(dropped) and len(dropped) > 40


@pytest.mark.parametrize("text", HONEST)
def test_an_honest_text_on_the_same_subject_stays(text: str) -> None:
    assert reasons([text]) == [[]]


def write(path: Path, text: str) -> str:
    path.write_text(text, encoding="utf-8")
    return str(path)


def test_words_of_warning_outweigh_what_they_warn_of() -> None:
    offer = "不看征信、当天放款，代还信用卡，进来看看。"
    assert reasons([offer, "民警提醒，这些都是诈骗：" + offer]) == [["loans", "mixed"], []]


def test_a_list_without_warnings_has_a_rule_without_them(tmp_path: Path) -> None:
    step = Toxicity(words=write(tmp_path / "fruit.txt", "苹果\n香蕉\n梨子"))
    assert "warning" not in step.own_rules()["fruit"] and "fruit_words >= 3" in step.own_rules()["fruit"]
    assert reasons(["苹果香蕉梨子", "苹果，香蕉", "苹果香蕉" + "字" * 200], step) == [["fruit"], ["fruit"], []]


def test_topics_count_where_solicitation_stands_beside_them(tmp_path: Path) -> None:
    lists = (
        "fruit: [甩卖]\nfruit_topic: [苹果, 香蕉, 梨子]\nsolicitation: [加微信, 包邮, 先到先得]\nwarning: [植物学]\n"
    )
    step = Toxicity(words=write(tmp_path / "fruit.yaml", lists))
    assert list(step.own_rules()) == ["fruit", "mixed"]
    offer = "苹果香蕉梨子，先到先得，包邮，请加微信。"
    texts = [offer, "苹果香蕉梨子好吃", "先到先得，包邮，请加微信", offer + "字" * 200, "植物学：" + offer]
    assert reasons(texts, step) == [["fruit", "mixed"], [], [], [], []]


def test_the_filter_keeps_the_contract() -> None:
    check_filter(Toxicity())
    check_filter(Toxicity(), [*GAMBLING, "", *HONEST[:5], *LOANS])


def test_one_word_never_drops_however_short_the_text() -> None:
    assert reasons(["约炮", "约炮约炮约炮", "首存，首存，首存"]) == [[], [], []]


def test_words_and_characters_are_counted_by_category(tmp_path: Path) -> None:
    step = Toxicity(words=write(tmp_path / "list.yaml", "fruit: [苹果, 苹果派, pie]\nanimal: [猫, 苹果]\n"))
    measured = step.measure(Documents.of(["苹果派和猫猫", "苹果 苹果 Pie", "狗", ""]))
    assert measured.to_dict(as_series=False) == {
        "fruit_words": [1, 2, 0, 0],
        "fruit_char_ratio": [0.5, 0.778, 0.0, None],
        "animal_words": [1, 1, 0, 0],
        "animal_char_ratio": [0.333, 0.444, 0.0, None],
    }
    assert step.signal_types() == dict(measured.schema)


def test_latin_words_match_in_three_cases_and_end_where_they_end(tmp_path: Path) -> None:
    step = Toxicity(words=write(tmp_path / "latin.txt", "pk10\nav片\ncasino\n"))
    texts = ["pk10", "PK10计划", "pk100", "xpk10", "看av片", "看mav片", "Casino!", "casinos", "cAsInO", "玩casino吧"]
    expected = [1, 1, 0, 0, 1, 0, 1, 0, 0, 1]
    assert step.measure(Documents.of(texts))["latin_words"].to_list() == expected
    assert [step.measure(Documents.of([text]))["latin_words"].item() for text in texts] == expected


def test_a_word_does_not_reach_from_one_document_into_the_next(tmp_path: Path) -> None:
    step = Toxicity(words=write(tmp_path / "own.txt", "苹果\n"))
    assert step.measure(Documents.of(["苹", "果", "苹果"]))["own_words"].to_list() == [0, 0, 1]


def test_a_slice_of_a_frame_is_read_at_its_place() -> None:
    documents = Documents.of([*GAMBLING, "pk10", *LOANS])
    sliced = Documents(documents.frame.slice(4, 9))
    assert Toxicity().measure(sliced).equals(Toxicity().measure(documents).slice(4, 9))


def test_an_empty_batch_has_columns_and_no_rows() -> None:
    measured = Toxicity().measure(Documents.of([]))
    assert dict(measured.schema) == dict(Toxicity().signal_types()) and measured.height == 0


WORDS = ["ab", "abc", "bca", "猫", "猫狗", "狗a", "cc"]


def counted_slowly(text: str) -> tuple[int, int]:
    """Different words and characters inside them, by the definition."""
    seen, chars, i = set(), 0, 0
    while i < len(text):
        here = [s for word in WORDS for s in {word, word.upper(), word.title()} if stands_at(text, i, s)]
        longest = max(here, key=len, default="")
        if longest:
            seen.add(longest.lower())
            chars += len(longest)
        i += len(longest) or 1
    return len(seen), chars


def stands_at(text: str, start: int, word: str) -> bool:
    """Whether the word is at `start`, and no Latin letter at its edge goes on outside of it."""
    stop = start + len(word)
    goes_on_before = word[0].isascii() and start > 0 and text[start - 1].isascii()
    goes_on_after = word[-1].isascii() and stop < len(text) and text[stop].isascii()
    return text.startswith(word, start) and not goes_on_before and not goes_on_after


@given(texts=st.lists(st.text(st.sampled_from("abcABC猫狗鸟"), max_size=12), min_size=1, max_size=5))
def test_counts_are_those_of_the_obvious_search(tmp_path_factory: pytest.TempPathFactory, texts: list[str]) -> None:
    path = tmp_path_factory.getbasetemp() / "pets.txt"
    if not path.exists():
        write(path, "\n".join(WORDS))
    measured = Toxicity(words=str(path)).measure(Documents.of(texts))
    expected = [counted_slowly(text) for text in texts]
    assert measured["pets_words"].to_list() == [words for words, _ in expected]
    ratios = [round(chars / len(text), 3) if text else None for text, (_, chars) in zip(texts, expected, strict=True)]
    assert measured["pets_char_ratio"].to_list() == ratios


def test_a_long_list_finds_the_same_as_a_short_one(tmp_path: Path) -> None:
    rng = np.random.default_rng(3)
    filler = ["".join(map(chr, rng.integers(0x4E00, 0x9FA5, 4))) for _ in range(5_000)]
    built_in = read_words(BUILT_IN)["loans"]
    (tmp_path / "longer").mkdir()
    short = Toxicity(words=write(tmp_path / "x.txt", "\n".join(built_in)))
    long = Toxicity(words=write(tmp_path / "longer" / "x.txt", "\n".join(built_in + filler)))
    documents = Documents.of(LOANS + HONEST)
    assert short.measure(documents).equals(long.measure(documents))


def test_a_plain_list_names_its_category_after_the_file(tmp_path: Path) -> None:
    step = Toxicity(words=write(tmp_path / "spam.txt", "# comment\n清仓甩卖\n\n 最后三天 \n全场一折\n"))
    assert list(step.own_rules()) == ["spam"]
    assert reasons(["清仓甩卖，最后三天，全场一折！", "明天是最后三天的第一天。"], step) == [["spam"], []]
    assert step.files() == [str(tmp_path / "spam.txt")]


def test_a_list_beside_the_built_in_one_adds_to_its_categories(tmp_path: Path) -> None:
    step = Toxicity(extend=write(tmp_path / "more.yaml", "loans: [呱呱贷]\nsales: [清仓甩卖]\n"))
    assert set(step.own_rules()) - set(Toxicity().own_rules()) == {"sales"}
    assert "solicitation_words" in step.own_rules()["loans"] and "solicitation" not in step.own_rules()["sales"]
    measured = step.measure(Documents.of(["呱呱贷不看征信，清仓甩卖"]))
    assert measured.select("loans_words", "sales_words", "mixed_words").row(0) == (2, 1, 3)


def test_renaming_a_plain_list_changes_what_is_measured(tmp_path: Path) -> None:
    one = Toxicity(words=write(tmp_path / "one.txt", "苹果"))
    two = Toxicity(words=write(tmp_path / "two.txt", "苹果"))
    assert one.measured_parameters()["categories"] != two.measured_parameters()["categories"]


def test_a_changed_list_is_read_again(tmp_path: Path) -> None:
    path = tmp_path / "own.txt"
    step = Toxicity(words=write(path, "苹果"))
    assert step.measure(Documents.of(["香蕉"]))["own_words"].item() == 0
    write(path, "香蕉")
    assert step.measure(Documents.of(["香蕉"]))["own_words"].item() == 1


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.yaml", "- 苹果\n", "expected `category:"),
        ("a.yaml", "fruit: 苹果\n", "fruit must be a list of words"),
        ("a.yaml", "fruit: []\n", "fruit must be a list of words"),
        ("a.yaml", "fruit: [123]\n", "quote those that YAML reads as numbers"),
        ("a.yaml", "水果: [苹果]\n", "cannot name a category"),
        ("a.yaml", "mixed: [苹果]\n", "cannot name a category"),
        ("a.yaml", "mixed_topic: [苹果]\n", "not mixed or mixed_topic"),
        ("a.yaml", "fruit: ['(|)']\n", r"fruit: '\(\|\)' cannot be spelt out"),
        ("a.yaml", "fruit: ['((青|红)|小)苹果']\n", "fruit: .* cannot be spelt out"),
        ("a.yaml", "fruit: ['(大(青|红))苹果']\n", "fruit: .* cannot be spelt out"),
        ("a.yaml", "fruit: ['(青|红苹果']\n", "fruit: .* cannot be spelt out"),
        ("fruit.txt", "青|红苹果\n", "fruit: .* cannot be spelt out"),
        ("a.yaml", "fruit: [苹果\n", "cannot be read as a word list"),
        ("my words.txt", "苹果\n", "cannot name a category"),
        ("empty.txt", "# nothing\n", "empty must be a list of words"),
    ],
)
def test_a_wrong_list_is_an_error_of_one_line(tmp_path: Path, name: str, content: str, message: str) -> None:
    step = Toxicity(words=write(tmp_path / name, content))
    with pytest.raises(PipelineError, match=message) as error:
        step.check()
    assert str(tmp_path / name) in str(error.value) and "\n" not in str(error.value)


def test_a_missing_list_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(PipelineError, match=r"none\.txt: no word list to read here"):
        Toxicity(words=str(tmp_path / "none.txt")).check()


def test_unknown_parameters_are_refused() -> None:
    with pytest.raises(ValidationError, match="word_list"):
        Toxicity.model_validate({"word_list": "x.txt"})


def test_brackets_spell_out_several_words(tmp_path: Path) -> None:
    path = write(tmp_path / "x.yaml", "loans: [(当天|秒)(放款|到账), (急|)用钱, 一(元), 秒到账]\n")
    assert read_words(path) == {
        "loans": ["当天放款", "当天到账", "秒放款", "秒到账", "急用钱", "用钱", "一(元)"],
    }


def test_the_built_in_lists_are_clean() -> None:
    lists = read_words(BUILT_IN)
    topics = [f"{name}_topic" for name in OFFERS]
    assert set(lists) == {*OFFERS, "abuse", "political", *topics, "solicitation", "warning"}
    assert all(len(words) > 200 for name, words in lists.items() if name != "political")
    for name in OFFERS:
        # A word of both would count three times.
        assert not set(lists[name]) & set(lists[f"{name}_topic"])
        assert min(map(len, lists[name])) >= 2
    words = [word for category in lists.values() for word in category]
    assert not any(char.isspace() or char in "()|\\" for word in words for char in word)


def judged(lines: list[dict[str, str | None]]) -> tuple[float, float, float]:
    """Precision, recall and F1 of being dropped by any rule."""
    dropped = [bool(broken) for broken in reasons([line["text"] or "" for line in lines])]
    wanted = [line["category"] is not None for line in lines]
    right = sum(one and other for one, other in zip(dropped, wanted, strict=True))
    return right / sum(dropped), right / sum(wanted), 2 * right / (sum(dropped) + sum(wanted))


def test_the_lines_are_many_on_both_sides_and_a_quarter_of_them_blind() -> None:
    for is_honest in (True, False):
        lines = [line for line in LINES if (line["category"] is None) == is_honest]
        assert len(lines) >= 200 and sum(line["blind"] for line in lines) >= 70
    assert len({line["text"] for line in LINES}) == len(LINES)


def test_advertising_and_spam_are_told_from_honest_lines_on_the_same_subjects() -> None:
    assert judged([line for line in LINES if line["subject"] != "abuse"])[2] >= 0.95
    assert judged([line for line in LINES if line["subject"] == "abuse"])[2] >= 0.95


def test_lines_written_after_the_lists_are_told_apart_nearly_as_well() -> None:
    # What the docstring of the filter says; a list that was changed since must say so there.
    precision, recall, f1 = judged([line for line in LINES if line["blind"]])
    assert (round(precision, 3), round(recall, 3), round(f1, 3)) == (0.969, 0.808, 0.881)


@pytest.mark.parametrize("category", [*OFFERS, "abuse"])
def test_every_category_drops_for_what_it_is_named_after(category: str) -> None:
    lines = [line for line in LINES if line["category"] == category and not line["blind"]]
    own = [category in broken for broken in reasons([line["text"] for line in lines])]
    assert sum(own) >= 0.9 * len(own)
    honest = [line["text"] for line in LINES if line["category"] is None and line["subject"] == category]
    assert not any(category in broken for broken in reasons(honest))


def test_an_advertisement_spread_over_several_categories_is_mixed(tmp_path: Path) -> None:
    lists = (
        "fruit: [甩卖]\nfruit_topic: [苹果, 香蕉]\npet: [幼崽出售]\npet_topic: [猫, 狗]\n"
        "solicitation: [加微信, 包邮]\nwarning: [植物学, 动物学]\n"
    )
    step = Toxicity(words=write(tmp_path / "market.yaml", lists))
    offer = "苹果香蕉猫狗，加微信，包邮。"
    assert reasons([offer, "苹果香蕉猫狗都好", "苹果香蕉，加微信，包邮", offer + "字" * 60], step) == [
        ["mixed"],
        [],
        [],
        [],
    ]


def test_a_report_with_words_of_warning_is_not_mixed_however_much_it_names() -> None:
    line = next(line for line in LINES if line["category"] == "fraud")
    report = "警方提醒，这是骗局，谨防上当：" + line["text"]
    assert "mixed" in reasons([line["text"]])[0] and reasons([report]) == [[]]


def test_one_curse_in_a_story_stays_and_a_page_of_abuse_goes() -> None:
    story = "老班长骂了一句王八蛋，把烟头按进泥里，转身对我们说，天亮以前必须过河，谁也不许掉队。"
    abuse = "你这个脑残，王八蛋，去死吧！"
    assert reasons([story, abuse, "版主公告：辱骂他人者禁言，例如脑残、王八蛋；请勿模仿，欢迎举报。"]) == [
        [],
        ["abuse"],
        [],
    ]


def test_slogans_are_measured_and_drop_only_where_the_pipeline_says_so() -> None:
    text = "是中国人就转！不转不是中国人，让更多国人看到，转发十个群！"
    assert Toxicity().own_rules()["political"] is None and reasons([text]) == [[]]
    rule = "political_words >= 3 AND political_char_ratio >= 0.05"
    measured = Toxicity().measure(Documents.of([text, "抵制洋货是一九〇五年的一场运动，持续了半年。"]))
    assert measured.select(pl.sql_expr(rule)).to_series().to_list() == [True, False]


def test_a_topic_that_also_asks_counts_once_in_the_mixture(tmp_path: Path) -> None:
    lists = "fruit: [甩卖]\nfruit_topic: [苹果, 包邮]\nsolicitation: [包邮]\n"
    measured = Toxicity(words=write(tmp_path / "fruit.yaml", lists)).measure(Documents.of(["苹果甩卖包邮"]))
    names = ["mixed_words", "mixed_topic_words", "mixed_char_ratio", "solicitation_char_ratio"]
    assert measured.select(names).row(0) == (1, 1, 0.667, 0.333)
    assert measured["fruit_topic_words"].item() == 2


@pytest.mark.parametrize("text", ["", "贷", "\u0301", "😀" * 5, "\0", "加" * 300_000, "秒到账，" * 80_000])
def test_odd_texts_are_measured(text: str) -> None:
    measured = Toxicity().measure(Documents.of([text]))
    assert measured.height == 1 and (measured["spam_char_ratio"].item() is None) == (text == "")


@pytest.mark.parametrize("text", [*GAMBLING[:3], *ADULT[:3], *LOANS[:3], *FRAUD[:3], *HONEST[:3]])
def test_the_words_that_count_are_marked(text: str) -> None:
    measured = Toxicity().measure(Documents.of([text])).row(0, named=True)
    for signal, value in measured.items():
        if signal.endswith("_words"):
            assert len({piece.casefold() for piece in marked(Toxicity(), signal, text)}) == value, signal


def test_a_word_is_marked_where_no_latin_letter_goes_on() -> None:
    assert marked(Toxicity(), "gambling_words", "xbet365, bet3650；Bet365 BET365。") == ["Bet365", "BET365"]


def test_words_that_overlap_are_marked_as_they_are_counted(tmp_path: Path) -> None:
    (tmp_path / "own.txt").write_text("天气\n气候变\n天气预报\n报道", encoding="utf-8")
    step = Toxicity(words=str(tmp_path / "own.txt"))
    text = "天气候变，天气预报道，天气预，报道"
    assert marked(step, "own_words", text) == ["天气", "天气预报", "天气", "报道"]
