"""The perplexity filter, on a model of a few lines written here; expected values by hand from its log probabilities."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from curate import judge, pipeline
from curate.contracts import Documents, Line
from curate.errors import PipelineError
from curate.filters import perplexity
from curate.filters.perplexity import Perplexity
from curate.testing import check_filter

pytest.importorskip("kenlm", reason="the extra `kenlm` is not installed")

# log10: 山 -0.5 (after <s> -0.25), 水 -0.75 (after 山 -0.125), </s> -1 (after 水 -0.375), unknown -2; back-off 0.
ARPA = """\\data\\
ngram 1=5
ngram 2=3

\\1-grams:
-2\t<unk>
0\t<s>\t0
-1\t</s>
-0.5\t山\t0
-0.75\t水\t0

\\2-grams:
-0.25\t<s> 山
-0.125\t山 水
-0.375\t水 </s>

\\end\\
"""


@pytest.fixture
def model(tmp_path: Path) -> str:
    file = tmp_path / "tiny.arpa"
    file.write_text(ARPA, encoding="utf-8")
    return str(file)


def measured(step: Perplexity, *texts: str) -> list[Any]:
    return step.measure(Documents.of(list(texts))).rows()


BOTH = 10 ** ((0.25 + 0.125 + 0.375) / 3)
"""山水: two characters and the end of the line."""


def test_a_text_is_scored_line_by_line_and_character_by_character(model: str) -> None:
    step = Perplexity(model=model, min_chars=1)
    ((one,), (spaced,), (two,), (strange,)) = measured(step, "山水", " 山\t水 \n\n", "山水\n水", "山石")
    assert one == spaced == pytest.approx(BOTH, rel=1e-6)
    assert two == pytest.approx(10 ** ((0.75 + 0.75 + 0.375) / 5), rel=1e-6)
    assert strange == pytest.approx(10 ** ((0.25 + 2 + 1) / 3), rel=1e-6)


def test_words_are_jiebas(model: str, tmp_path: Path) -> None:
    file = tmp_path / "words.arpa"
    file.write_text(ARPA.replace("山", "北京").replace("水", "天气"), encoding="utf-8")
    step = Perplexity(model=str(file), units="words", min_chars=1)
    assert measured(step, "北京天气")[0][0] == pytest.approx(BOTH, rel=1e-6)
    assert measured(Perplexity(model=str(file), min_chars=1), "北京天气")[0][0] > BOTH


def test_pieces_are_those_of_the_sentencepiece_model(tmp_path: Path) -> None:
    import sentencepiece

    prefix = tmp_path / "pieces"
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(["山水", "水山"] * 50), model_prefix=str(prefix), vocab_size=6, num_threads=1,
        model_type="char", minloglevel=2,
    )  # fmt: skip
    file = tmp_path / "pieces.arpa"
    file.write_text(ARPA.replace("<s> 山", "<s> ▁").replace("-0.5\t山", "-0.5\t▁\t0\n-0.5\t山").replace("1=5", "1=6"))
    step = Perplexity(model=str(file), sentencepiece=f"{prefix}.model", min_chars=1)
    step.check()
    assert measured(step, "山水")[0][0] == pytest.approx(10 ** ((0.25 + 0.5 + 0.125 + 0.375) / 4), rel=1e-6)


def test_a_short_text_is_not_measured_and_a_rule_can_let_it_pass(model: str) -> None:
    step = Perplexity(model=model, min_chars=4, drop={"too_perplexed": "perplexity IS NOT NULL AND perplexity > 2"})
    documents = Documents.of(["山水山", "山水山水", "石石石石", "\n\n\n\n\n"])
    signals = step.measure(documents)
    assert [value is None for (value,) in signals.rows()] == [True, False, False, True]
    lines = [Line("perplexity", "filters[0].perplexity", step)]
    (rule,) = judge.compile_rules(lines, judge.signal_columns(lines[0]))
    assert signals.select(rule.expression).to_series().to_list() == [False, False, True, False]


def test_no_document_is_dropped_by_default(model: str) -> None:
    assert not Perplexity(model=model).own_rules()


def test_a_scale_gives_the_rank_by_straight_lines_and_ends_at_its_ends(model: str) -> None:
    step = Perplexity(model=model, min_chars=1, scale={0: 1, 50: BOTH, 100: 1000})
    ((_, at_point), (_, between), (_, none)) = measured(step, "山水", "山石", "")
    assert at_point == pytest.approx(50, abs=1e-4)
    assert between == pytest.approx(50 + 50 * (10 ** (3.25 / 3) - BOTH) / (1000 - BOTH), rel=1e-5)
    assert none is None
    assert measured(step.model_copy(update={"scale": {20: 5.0, 30: 6.0}}), "山水", "山石")[0][1] == 20
    assert measured(step.model_copy(update={"scale": {20: 5.0, 30: 6.0}}), "山水", "山石")[1][1] == 30


def test_the_built_in_scales_are_those_of_cc_net() -> None:
    """Of cc_net's whole table 1,500 is the 33rd percentile; the straight line from the 30th to the 50th gives 32.6."""
    step = Perplexity(model="none", scale="cc_net_zh")
    assert step._ranks(pl.Series([1500.0, 2200.0, 9.0, None])).round(1).to_list() == [32.6, 70.0, 10.0, None]


def test_text_is_prepared_as_cc_net_does() -> None:
    step = Perplexity(model="none", prepare="cc_net")
    text = pl.Series(["Été２０２４年，ＡＢ“好”—…\x07\n第二行！"])
    assert step._prepared(text).to_list() == ['ete0000年,ａｂ"好" - ...\n第二行!']


@pytest.mark.parametrize("scale", [{10: 5}, {10: 5, 20: 4}, {-1: 1, 5: 2}, {1: 1, 101: 2}, "cc_net_fr"])
def test_a_scale_must_rise(model: str, scale: Any) -> None:
    with pytest.raises(PipelineError, match=r"^filters\[0\]\.perplexity\.scale"):
        pipeline.make_step(Perplexity, {"model": model, "scale": scale}, "filters[0].perplexity", [])


def test_it_keeps_the_promises_of_a_filter(model: str) -> None:
    check_filter(Perplexity(model=model, min_chars=1))
    check_filter(Perplexity(model=model, units="words", scale="cc_net_zh", prepare="cc_net"))


def test_without_kenlm_one_line_says_how_to_get_it(model: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "kenlm", None)
    perplexity._load.cache_clear()
    with pytest.raises(PipelineError, match=r"needs KenLM: pip install 'curate\[kenlm\]'"):
        Perplexity(model=model).check()


def test_files_that_are_no_models_are_named_before_the_run(model: str, tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.write_text("no model")
    with pytest.raises(PipelineError, match=r"missing\.arpa: no model to read here"):
        Perplexity(model=str(tmp_path / "missing.arpa")).check()
    with pytest.raises(PipelineError, match=r"other: no KenLM model: .*first non-empty line"):
        Perplexity(model=str(other)).check()
    with pytest.raises(PipelineError, match=r"other: no SentencePiece model"):
        Perplexity(model=model, sentencepiece=str(other)).check()


def test_loading_prints_nothing(model: str, capfd: pytest.CaptureFixture[str]) -> None:
    perplexity._load.cache_clear()
    Perplexity(model=model).check()
    assert capfd.readouterr() == ("", "")
