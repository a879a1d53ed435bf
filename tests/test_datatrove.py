"""datatrove's filters as ours: the truth is the class itself, called by hand."""

from __future__ import annotations

import importlib
import importlib.util
from typing import Any

import polars as pl
import pytest
from datatrove.data import Document
from datatrove.pipeline.filters.base_filter import BaseFilter

from curate import judge, pipeline
from curate.contracts import Documents, Line
from curate.errors import PipelineError
from curate.filters.datatrove import Datatrove
from curate.testing import TEXTS, check_filter

FILTERS = "datatrove.pipeline.filters."


class Own(BaseFilter):
    """Reasons of all kinds, one that only shows when it runs, and an edit."""

    def __init__(self, most: int = 3, word: str = "x", exclusion_writer: Any = None) -> None:
        super().__init__(exclusion_writer)
        self.most, self.word = most, word

    def filter(self, doc: Document) -> bool | tuple[bool, str]:
        doc.text = doc.text.strip()
        if doc.metadata["source"] == "bad place":
            return False, "bad 'place'"
        if self.word in doc.text:
            return False, f"has_{self.word}"
        if len(doc.text) > self.most:
            reason = "too" + "_long"
            return False, reason
        return bool(1 / len(doc.text)) and doc.text != "no"


class InBatches(Own):
    def __init__(self) -> None:
        super().__init__()
        self.batch_size = 2

    def filter_batch(self, batch: list[Document]) -> list[bool | tuple[bool, str]]:
        return [len(batch) == 2 or (False, "alone") for _ in batch]


class Choosy(BaseFilter):
    def __init__(self, most: int) -> None:
        super().__init__()
        self.most = most

    def filter(self, doc: Document) -> bool:
        raise ValueError("not today")


OWN = f"{__name__}.Own"


def reasons(step: Datatrove, *texts: str) -> list[str | None]:
    return step.measure(Documents.of(list(texts)))["datatrove_reason"].to_list()


def dropped(step: Datatrove, documents: Documents) -> dict[str, list[bool]]:
    """Rule -> which documents it drops."""
    line = Line("own", "filters[0].datatrove", step)
    types = judge.signal_columns(line)
    signals = step.measure(documents)
    named = signals.rename(dict(zip(signals.columns, types, strict=True)))
    rules = judge.compile_rules([line], types)
    return {rule.reason: named.select(rule.expression).to_series().to_list() for rule in rules}


def test_each_reason_is_a_rule_and_what_shows_none_is_dropped() -> None:
    texts = ["yes", "x", "much of it", "no", ""]
    frame = Documents.of([*texts, "yes"]).frame
    sources = pl.Series("source", ["text"] * 5 + ["bad place"])
    step = Datatrove(filter=OWN)
    documents = Documents(frame.with_columns(sources))
    assert step.measure(documents).to_series().to_list() == ["", "has_x", "too_long", "dropped", None, "bad 'place'"]
    assert dropped(step, documents) == {
        "own.bad_place": [False, False, False, False, True, True],
        "own.has_word": [False, True, False, False, True, False],
        "own.dropped": [False, False, True, True, True, False],
    }


def test_a_rule_that_is_switched_off_lets_its_documents_through() -> None:
    step = Datatrove.model_validate({"filter": OWN, "drop": {"has_word": None}})
    assert dropped(step, Documents.of(["x", "much of it"])) == {
        "own.bad_place": [False, False],
        "own.dropped": [False, True],
    }


def test_a_second_one_has_a_name_of_its_own() -> None:
    step = Datatrove(filter=OWN, name="own")
    assert set(dropped(step, Documents.of(["x"]))) == {"own.bad_place", "own.has_word", "own.dropped"}
    assert list(judge.signal_columns(Line("own", "", step))) == ["own_datatrove_reason"]


def test_other_keys_are_parameters_of_the_class() -> None:
    assert reasons(Datatrove.model_validate({"filter": OWN, "most": 10, "word": "y"}), "x", "much of it", "y") == [
        "", "", "has_y",
    ]  # fmt: skip


def test_a_filter_that_works_in_batches_is_given_batches() -> None:
    assert reasons(Datatrove(filter=f"{__name__}.InBatches"), "a", "b", "c") == ["", "", "alone"]


def test_the_text_stays_and_the_edit_is_announced() -> None:
    documents = Documents.of([" a "])
    step = Datatrove(filter=OWN)
    step.measure(documents)
    assert documents.frame["text"].to_list() == [" a "]
    assert step.notes() == ["Own also edits the text; only its verdict is used, the text stays as it is"]


def test_fields_of_the_reader_are_metadata() -> None:
    frame = Documents.of(["a"]).frame.with_columns(url=pl.lit("https://example.org"))
    seen: list[Document] = []

    class Looking(Own):
        def filter(self, doc: Document) -> bool:
            seen.append(doc)
            return True

    globals()["Looking"] = Looking
    Datatrove(filter=f"{__name__}.Looking").measure(Documents(frame))
    assert seen[-1].id == "0"
    assert seen[-1].metadata == {"source": "text", "url": "https://example.org"}


LONG = "\n".join(["A paragraph of English, which goes on and on and on until it is long enough. " * 4] * 3)
CHINESE = "\n".join(["这一段话写得很长，从早上写到晚上，也没有写完。" * 12] * 3)
SOME = [*TEXTS, LONG, CHINESE, LONG.replace(".", ""), "- one\n- two\n- three", "同样的一行\n" * 6 + "另一行"]


@pytest.mark.parametrize(
    ("name", "parameters"),
    [
        ("C4ParagraphFilter", {}),
        ("RegexFilter", {"regex_exp": "花园|English"}),
        ("FineWebQualityFilter", {"char_duplicates_ratio": 0.5}),
        ("GopherRepetitionFilter", {"dup_para_frac": 0}),
        ("GopherQualityFilter", {"min_doc_words": 3, "min_stop_words": 0}),
    ],
)
def test_the_verdicts_are_those_of_datatrove(name: str, parameters: dict[str, Any], monkeypatch: Any) -> None:
    kind = getattr(importlib.import_module(FILTERS.rstrip(".")), name)
    module = importlib.import_module(kind.__module__)
    if hasattr(module, "split_into_words"):  # cutting words needs spaCy, which is not installed everywhere
        monkeypatch.setattr(module, "split_into_words", lambda text, _: text.split() or list(text))
    truth = []
    for number, text in enumerate(SOME):
        try:
            verdict = kind(**parameters).filter(Document(text=text, id=str(number), metadata={"source": "text"}))
        except ZeroDivisionError:
            truth.append(None)
            continue
        kept, reason = verdict if isinstance(verdict, tuple) else (verdict, "dropped")
        truth.append("" if kept else reason)
    step = Datatrove.model_validate({"filter": FILTERS + name, **parameters})
    assert reasons(step, *SOME) == truth
    assert {"", None} & set(truth) and len(set(truth)) > 1


def test_the_rules_of_gophers_repetition_filter_are_read_from_its_source() -> None:
    rules = Datatrove(filter=FILTERS + "GopherRepetitionFilter").own_rules()
    assert [*rules] == [
        *("empty", "dup_para_frac", "dup_para_char_frac", "dup_line_frac", "dup_line_char_frac"),
        *("top_n_gram", "duplicated_n_n_grams", "dropped"),
    ]
    assert rules["top_n_gram"] == "datatrove_reason LIKE 'top_%_gram'"


def test_it_keeps_the_promises_of_a_filter() -> None:
    check_filter(Datatrove(filter=FILTERS + "C4ParagraphFilter"))
    check_filter(Datatrove.model_validate({"filter": FILTERS + "RegexFilter", "regex_exp": "a|花"}))


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"filter": OWN, "mots": 1}, r"unknown parameter 'mots' of Own; did you mean 'most'\?"),
        ({"filter": OWN, "exclusion_writer": 1}, "unknown parameter 'exclusion_writer' of Own; known: most, word"),
        ({"filter": f"{__name__}.Choosy"}, "Choosy needs a parameter 'most'"),
        ({"filter": "datatrove.pipeline.filters.Nothing"}, "Nothing is no filter of datatrove; such as"),
        ({"filter": "datatrove.pipeline.nowhere.X"}, "cannot import datatrove.pipeline.nowhere: ModuleNotFoundError"),
        ({"filter": "Regex"}, "Regex is no filter of datatrove"),
        ({"filter": FILTERS + "SamplerFilter"}, "SamplerFilter depends on the order of documents; give the reader"),
        ({"filter": FILTERS + "LambdaFilter", "filter_function": "x"}, "LambdaFilter takes Python code as"),
    ],
)
def test_a_wrong_line_is_an_error_when_the_pipeline_is_loaded(parameters: dict[str, Any], message: str) -> None:
    with pytest.raises(PipelineError, match=rf"^filters\[0\]\.datatrove: .*{message}"):
        pipeline._lines([{"datatrove": parameters}], "filters", [])


def test_what_cannot_run_is_found_out_by_check() -> None:
    with pytest.raises(PipelineError, match="RegexFilter cannot be made: "):
        Datatrove.model_validate({"filter": FILTERS + "RegexFilter", "regex_exp": "("}).check()
    Datatrove.model_validate({"filter": f"{__name__}.Choosy", "most": 1}).check()  # this document may not suit it
    if importlib.util.find_spec("spacy") is None:
        with pytest.raises(PipelineError, match="cannot run: ImportError: Please install `spacy`"):
            Datatrove(filter=FILTERS + "C4QualityFilter").check()


def test_a_document_on_which_the_filter_fails_is_named() -> None:
    step = Datatrove.model_validate({"filter": f"{__name__}.Choosy", "most": 1})
    with pytest.raises(PipelineError, match="Choosy: document 0: ValueError: not today"):
        reasons(step, "a")


def test_a_filter_for_english_says_so() -> None:
    (note,) = Datatrove(filter=FILTERS + "GopherQualityFilter").notes()
    assert "for Chinese say `language: cmn_Hani`" in note
    assert not Datatrove.model_validate({"filter": FILTERS + "GopherQualityFilter", "language": "cmn_Hani"}).notes()


def test_versions_and_parameters_are_part_of_what_is_measured() -> None:
    shipped = Datatrove(filter=FILTERS + "C4ParagraphFilter").measured_parameters()
    own = Datatrove.model_validate({"filter": OWN, "most": 4}).measured_parameters()
    assert shipped["datatrove"]
    assert shipped["source"] is None
    assert own["most"] == 4
    assert len(own["source"]) == 64
