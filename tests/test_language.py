"""The filter `language`; the truth for labels and scores is the fasttext module on the same model file.

Pages are written for these tests. What the filter finds on labelled ones: `benchmarks/quality/language.py`.
"""

import io
import json
from pathlib import Path
from typing import Any

import fasttext
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from marked import marked
from pydantic import ValidationError

from curate.contracts import Documents
from curate.errors import PipelineError
from curate.fasttext_model import built_in_language_model, load_model
from curate.filters.language import Language
from curate.testing import check_filter

SHARED = Path(__file__).parents[2] / "shared"
TEXTS = {
    "zh": "今天下午社区图书馆举办了一场读书会，\n大家围坐在一起分享最近读过的好书。",
    "en": "The library on our street opens at nine and closes late.",
    "ja": "図書館は朝九時に開きます。ゆっくり本を読みましょう。",
    "ko": "도서관은 아침 아홉 시에 문을 엽니다.",
    "ru": "Библиотека открывается в девять часов утра.",
}
ZH, EN, JA, KO = (TEXTS[lang] for lang in ("zh", "en", "ja", "ko"))
CHINESE_PAGE = "\n".join(
    f"第{number}天，我们沿着河边继续往上游走，路上遇到几个放羊的老人，他们说前面的村子里还有一座古桥。"
    for number in range(60)
)
ENGLISH_TAIL = "\n".join(
    f"On day {number} we kept walking along the river, and the old shepherds told us about the bridge."
    for number in range(25)
)
PYTHON = """
def mean(values):
    # 空列表没有平均值
    if not values:
        raise ValueError("nothing to average")
    return sum(values) / len(values)


for name, values in sorted(records.items()):
    print(f"{name}: {mean(values):.2f}")
"""
NO_LANGUAGE = ["", " \n\t ", "2024-05-01 12:30:00 3.14", "！？……——（）", "😀😀😀"]


def dropped(measured: pl.DataFrame, rule: str = "not_chinese") -> list[bool]:
    """What a default rule says, null counted as true as the contract has it."""
    return measured.select(pl.sql_expr(Language.rules[rule]).fill_null(True).alias("dropped"))["dropped"].to_list()


def measure(*texts: str) -> dict[str, list[Any]]:
    return Language().measure(Documents.of(list(texts))).to_dict(as_series=False)


def test_each_language_gets_its_label() -> None:
    measured = Language().measure(Documents.of(list(TEXTS.values())))
    assert measured["lang"].to_list() == list(TEXTS)


def test_signals_have_the_promised_names_and_types() -> None:
    measured = Language().measure(Documents.of(list(TEXTS.values()) + NO_LANGUAGE))
    assert dict(measured.schema) == dict(Language().signal_types())
    assert measured["lang_score"].drop_nulls().is_between(0.0, 1.0).all()


def test_only_chinese_passes_the_default_rule() -> None:
    measured = Language().measure(Documents.of(list(TEXTS.values())))
    assert dropped(measured) == [False, True, True, True, True]


def test_a_text_without_letters_has_no_language_and_is_dropped() -> None:
    measured = Language().measure(Documents.of(NO_LANGUAGE))
    assert all(column.null_count() == len(NO_LANGUAGE) for column in measured)
    assert dropped(measured) == [True] * len(NO_LANGUAGE)


def test_a_sure_score_stays_within_one() -> None:
    text = TEXTS["ko"]
    (_, (raw,)) = fasttext.load_model(built_in_language_model()).predict(text.replace("\n", " "))
    assert raw > 1
    assert Language().measure(Documents.of([text]))["lang_score"].to_list() == [1.0]


def test_a_batch_in_halves_measures_the_same() -> None:
    texts = [*TEXTS.values(), *NO_LANGUAGE]
    whole = Language().measure(Documents.of(texts))
    halves = [Language().measure(Documents.of(texts[:4])), Language().measure(Documents.of(texts[4:]))]
    assert whole.equals(pl.concat(halves))


def test_an_empty_batch_has_columns_and_no_rows() -> None:
    measured = Language().measure(Documents.of([]))
    assert measured.schema == Language.signals and measured.height == 0


def test_a_model_of_ones_own_is_named_in_files_and_read(tmp_path: Path) -> None:
    copy = tmp_path / "own.ftz"
    copy.write_bytes(Path(built_in_language_model()).read_bytes())
    own = Language(model=str(copy))
    assert own.files() == [str(copy)] and Language().files() == [built_in_language_model()]
    documents = Documents.of(list(TEXTS.values()))
    assert own.measure(documents).equals(Language().measure(documents))


def test_a_missing_model_is_an_error_of_one_line(tmp_path: Path) -> None:
    with pytest.raises(PipelineError, match=r'none\.bin: no fastText model .*correct the path under "model"'):
        Language(model=str(tmp_path / "none.bin")).measure(Documents.of(["text"]))
    with pytest.raises(PipelineError, match=r"none\.bin"):
        Language(model=str(tmp_path / "none.bin")).check()


def test_the_filter_keeps_the_contract() -> None:
    check_filter(Language())


def test_unknown_parameters_are_refused() -> None:
    with pytest.raises(ValidationError, match="modell"):
        Language.model_validate({"modell": "lid.176.bin"})


def test_a_short_text_of_one_script_has_fasttexts_own_label_and_score() -> None:
    texts = [*TEXTS.values(), "Une petite phrase\nen deux lignes.", CHINESE_PAGE[:1300], ENGLISH_TAIL]
    measured = Language().measure(Documents.of(texts))
    model = fasttext.load_model(built_in_language_model())
    expected = [model.f.predict(text.replace("\n", " ") + "\n", 1, 0.0, "strict")[0] for text in texts]
    assert measured["lang"].to_list() == [label.removeprefix("__label__") for _, label in expected]
    assert measured["lang_score"].to_list() == pytest.approx([min(1, score) for score, _ in expected], abs=1e-5)
    assert measured["lang_ratio"].to_list() == [1.0] * len(texts)


def test_a_chinese_page_with_an_english_tail_is_chinese_and_mixed() -> None:
    page = CHINESE_PAGE + "\n\n" + ENGLISH_TAIL
    found = measure(page, CHINESE_PAGE, ENGLISH_TAIL)
    assert found["lang"] == ["zh", "zh", "en"]
    assert found["mixed"] == [True, False, False]
    assert 0.6 < found["lang_ratio"][0] < 0.85


def test_neither_half_outvotes_a_larger_one() -> None:
    assert measure(ZH + "\n" + (EN + "\n") * 20)["lang"] == ["en"]
    assert measure((ZH + "\n") * 20 + EN)["mixed"] == [False]


def test_two_languages_of_one_script_are_told_in_a_long_page() -> None:
    german = "\n".join(
        f"Am {day}. Tag gingen wir weiter den Fluss entlang und fanden die alte Brücke." for day in range(90)
    )
    english = "\n".join(f"On day {day} we went on along the river and found the old bridge there." for day in range(60))
    found = measure(german + "\n" + english)
    assert found["lang"] == ["de"] and found["mixed"] == [True]


def test_code_does_not_vote() -> None:
    found = measure("计算平均值很简单：\n\n```python" + PYTHON * 2 + "```\n\n运行以后会打印每一组的结果。")
    assert found["lang"] == ["zh"] and found["lang_score"][0] > 0.9
    assert found["mixed"] == [True] and found["code_ratio"][0] > 0.7


def test_a_source_file_is_mostly_code_and_dropped_for_it() -> None:
    measured = Language().measure(Documents.of([PYTHON * 4, CHINESE_PAGE, CHINESE_PAGE + PYTHON]))
    assert measured["code_ratio"][0] > 0.9 and measured["code_ratio"][1] == 0.0
    assert not measured["mixed"][0]
    assert dropped(measured, "mostly_code") == [True, False, False]


def test_where_nothing_but_code_is_left_the_model_judges_the_whole_text() -> None:
    text = "x = 1;\ny = x + 2;\n"
    found = measure(text)
    assert found["lang"][0] is not None and found["lang_ratio"] == [0.0] and found["code_ratio"] == [1.0]


def test_addresses_tags_and_spans_say_nothing_of_the_language() -> None:
    link = "https://www.example.com/the-quick-brown-fox/jumps-over-the-lazy-dog?and=then&some=more"
    found = measure(f'{ZH}\n<p class="introduction to the page">{ZH}</p> {link} `the quick brown fox`', ZH + link)
    assert found["lang"] == ["zh", "zh"] and found["lang_ratio"] == [1.0, 1.0]


def test_scripts_are_named() -> None:
    texts = [
        ZH,
        "圖書館裡的書籍都已經編號，請讀者愛護。",
        "山水天地人",
        JA,
        KO,
        EN,
        TEXTS["ru"],
        "Η βιβλιοθήκη ανοίγει.",
    ]
    assert measure(*texts)["script"] == ["hans", "hant", "hani", "jpan", "kore", "latn", "cyrl", "grek"]


def test_one_quoted_name_does_not_change_the_script() -> None:
    found = measure(ZH + "作者署名為「陳圖」。", ZH * 2 + "日本人把它叫做「としょかん」。")
    assert found["script"] == ["hans", "hans"] and found["lang"] == ["zh", "zh"]


def test_the_script_of_a_page_with_much_code_is_that_of_its_prose() -> None:
    assert measure("先看下面的程序：\n" + PYTHON * 10)["script"] == ["hans"]


def test_letter_ratios_are_shares_of_all_letters() -> None:
    found = measure("汉字 ab カナ! 12", ZH)
    assert found["han_letter_ratio"][0] == found["latin_letter_ratio"][0] == found["kana_letter_ratio"][0] == 1 / 3
    assert found["han_letter_ratio"][1] == 1.0


def test_han_without_kana_is_not_japanese() -> None:
    model = load_model(built_in_language_model())
    text = "東京都千代田区霞関一丁目"
    labels, _ = model.predict(Documents.of([text]).utf8)
    assert model.labels[labels[0, 0]] == "ja"
    found = measure(text)
    assert found["lang"] == ["zh"] and 0 < found["lang_score"][0] <= 1
    assert measure(text + "にあります")["lang"] == ["ja"]


def test_a_chinese_page_with_a_japanese_half_is_mixed() -> None:
    found = measure((ZH + "\n") * 150 + (JA + "\n") * 100, (ZH + "\n") * 80 + (JA + "\n") * 200)
    assert found["lang"] == ["zh", "ja"] and found["mixed"] == [True, True]


def test_labels_of_another_model_work_as_well(tmp_path: Path) -> None:
    """GlotLID calls Chinese `cmn_Hani`: the built-in model with such labels gives the same answers."""
    renamed = {"zh": "cmn_Hani", "ja": "jpn_Jpan", "en": "eng_Latn"}
    data = Path(built_in_language_model()).read_bytes()
    for old, new in renamed.items():
        assert data.count(f"__label__{old}\0".encode()) == 1
        data = data.replace(f"__label__{old}\0".encode(), f"__label__{new}\0".encode())
    own = tmp_path / "renamed.ftz"
    own.write_bytes(data)
    texts = [ZH, EN, JA, "東京都千代田区霞関一丁目", CHINESE_PAGE + ENGLISH_TAIL]
    ours, theirs = (Language(model=model).measure(Documents.of(texts)) for model in (None, str(own)))
    assert theirs["lang"].to_list() == [renamed[label] for label in ours["lang"]]
    assert theirs.drop("lang").equals(ours.drop("lang"))


ODD = [
    "",
    "\0",
    "a",
    "字",
    "\n\n\n",
    "é",
    "\u0301\u0301",
    "😀" * 50,
    "```",
    "`",
    "<",
    "://",
    "http://",
    "<a\0b>",
    "'" * 99,
]
LONG = ["字" * 300_000, "a b " * 250_000, "(){};" * 200_000, "\n" * 1_000_000, "`" * 1_000_001]


@pytest.mark.parametrize("text", ODD + LONG, ids=lambda text: repr(text[:9]))
def test_odd_texts_are_measured(text: str) -> None:
    (measured,) = Language().measure(Documents.of([text])).to_dicts()
    letter = any(character.isalpha() for character in text[:10])
    assert (measured["script"] is not None) == letter


@settings(deadline=None)
@given(st.lists(st.text(alphabet=st.sampled_from("天地ab éカ한ж.,;{}()=`<>/:#\n\t\"'_-1"), max_size=200), max_size=5))
def test_signals_stay_in_their_ranges(texts: list[str]) -> None:
    measured = Language().measure(Documents.of(texts))
    ratios = measured.select(pl.selectors.float())
    assert all(column.drop_nulls().is_between(0.0, 1.0).all() for column in ratios)
    assert (measured["lang_ratio"] + measured["code_ratio"] <= 2.0).drop_nulls().all()
    assert measured["lang"].is_null().to_list() == [not any(map(str.isalpha, text)) for text in texts]


def test_texts_are_judged_alike_alone_and_in_any_batch() -> None:
    texts = [CHINESE_PAGE + ENGLISH_TAIL, *TEXTS.values(), PYTHON, *NO_LANGUAGE, "先看：\n" + PYTHON]
    whole = Language().measure(Documents.of(texts))
    alone = pl.concat(Language().measure(Documents.of([text])) for text in texts)
    assert whole.equals(alone) and Language().measure(Documents.of(texts[::-1])).equals(whole.reverse())


@pytest.mark.parametrize("corpus", ["multi", "zh_web"])
def test_plain_pages_have_the_labels_of_fasttext(corpus: str) -> None:
    path = SHARED / "corpora" / f"{corpus}.jsonl.zst"
    if not path.exists():
        pytest.skip("the shared corpora are not on this machine")
    import zstandard

    with path.open("rb") as file:
        lines = io.TextIOWrapper(zstandard.ZstdDecompressor().stream_reader(file), "utf-8")
        texts = [json.loads(line)["text"] for line, _ in zip(lines, range(1_500), strict=False)]
    plain = [
        text for text in texts if len(text.encode()) < 4_000 and not any(mark in text for mark in ("<", "`", "://"))
    ]
    measured = Language().measure(Documents.of(plain)).with_columns(text=pl.Series(plain))
    one_script = pl.col("latin_letter_ratio").is_in([0.0, 1.0]) & (pl.col("code_ratio") == 0)
    whole = measured.filter(one_script & (pl.col("lang_ratio") == 1))
    model = fasttext.load_model(built_in_language_model())
    expected = [model.f.predict(text.replace("\n", " ") + "\n", 1, 0.0, "strict")[0] for text in whole["text"]]
    assert len(expected) >= 10
    assert whole["lang"].to_list() == [label.removeprefix("__label__") for _, label in expected]
    assert whole["lang_score"].to_list() == pytest.approx([min(1, score) for score, _ in expected], abs=1e-5)


def test_code_in_a_page_is_marked_and_is_as_much_as_the_signal_says() -> None:
    text = f"{CHINESE_PAGE}\n{PYTHON}\n{ZH}\nprint(1)\n好的。"
    found = marked(Language(), "code_ratio", text)
    assert all(piece in PYTHON + "print(1)" for piece in found)
    code, whole = (sum(len(word.encode()) for word in part.split()) for part in ("".join(found), text))
    assert code / whole == pytest.approx(measure(text)["code_ratio"][0], abs=0.002)


def test_prose_in_another_language_is_marked_line_by_line() -> None:
    text = f"{CHINESE_PAGE}\n{EN}\n 春天来了。\n{ENGLISH_TAIL} \n{ZH}"
    assert marked(Language(), "lang", text) == [EN, ENGLISH_TAIL]
    assert marked(Language(), "mixed", text) == [EN, ENGLISH_TAIL]
    assert marked(Language(), "lang", CHINESE_PAGE) == []


def test_a_line_with_an_address_is_marked_whole() -> None:
    page = "\n".join([CHINESE_PAGE, *[f"See https://a.cn/{n} for more: {EN}" for n in range(60)]])
    (found,) = marked(Language(), "lang", page)
    assert found == page[len(CHINESE_PAGE) + 1 :]


@settings(deadline=None, max_examples=30)
@given(
    st.lists(st.sampled_from([CHINESE_PAGE, ENGLISH_TAIL, PYTHON, *TEXTS.values(), "a `b` http://c.d", ""]), max_size=5)
)
def test_what_is_marked_is_the_prose_that_lang_ratio_leaves(pieces: list[str]) -> None:
    text = "\n".join(pieces).replace("`", "").replace("http://c.d", "")
    signals = {name: values[0] for name, values in measure(text).items()}
    left = sum(len(word.encode()) for piece in marked(Language(), "lang_ratio", text) for word in piece.split())
    if signals["lang"] is not None and signals["code_ratio"] < 1:
        assert left / max(1, len("".join(text.split()).encode())) == pytest.approx(1 - signals["lang_ratio"], abs=0.02)


def test_letters_of_a_script_are_marked_or_the_others_where_these_are_fewer() -> None:
    assert marked(Language(), "latin_letter_ratio", "天气 ok，很好 a1") == ["ok", "a"]
    assert marked(Language(), "han_letter_ratio", "天气 ok，很好 a1") == ["ok", "a"]
    assert marked(Language(), "kana_letter_ratio", "図書館は朝") == ["は"]
