"""The filter `language`; the truth for labels and scores is the fasttext module on the same model file."""

import io
import json
from pathlib import Path

import fasttext
import polars as pl
import pytest
from pydantic import ValidationError

from curate.contracts import Documents
from curate.errors import PipelineError
from curate.fasttext_model import built_in_language_model
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
NO_LANGUAGE = ["", " \n\t ", "2024-05-01 12:30:00 3.14", "！？……——（）", "😀😀😀"]


def dropped(measured: pl.DataFrame) -> list[bool]:
    """What the default rule says, null counted as true as the contract has it."""
    rule = pl.sql_expr(Language.rules["not_chinese"])
    return measured.select(rule.fill_null(True).alias("dropped"))["dropped"].to_list()


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
    assert measured["lang"].null_count() == measured["lang_score"].null_count() == len(NO_LANGUAGE)
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


@pytest.mark.parametrize("corpus", ["multi", "zh_web", "en_web"])
def test_labels_on_real_pages_are_those_of_fasttext(corpus: str) -> None:
    path = SHARED / "corpora" / f"{corpus}.jsonl.zst"
    if not path.exists():
        pytest.skip("the shared corpora are not on this machine")
    import zstandard

    with path.open("rb") as file:
        lines = io.TextIOWrapper(zstandard.ZstdDecompressor().stream_reader(file), "utf-8")
        texts = [json.loads(line)["text"] for line, _ in zip(lines, range(700), strict=False)]
    measured = Language().measure(Documents.of(texts))
    model = fasttext.load_model(built_in_language_model())
    expected = [model.f.predict(text.replace("\n", " ") + "\n", 1, 0.0, "strict")[0] for text in texts]
    known = [i for i, lang in enumerate(measured["lang"]) if lang is not None]
    assert len(known) > 690
    assert [measured["lang"][i] for i in known] == [expected[i][1].removeprefix("__label__") for i in known]
    assert [measured["lang_score"][i] for i in known] == pytest.approx(
        [min(1, expected[i][0]) for i in known], abs=1e-5
    )
