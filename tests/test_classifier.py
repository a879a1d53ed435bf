"""The filter `classifier`, on models whose vectors were chosen by hand."""

import json
import math
from pathlib import Path

import pytest
from classifier_models import write_model

from curate.contracts import Documents
from curate.errors import PipelineError
from curate.filters.classifier import Classifier
from curate.pipeline import Pipeline
from curate.testing import check_filter


@pytest.fixture
def model(tmp_path: Path) -> str:
    """`好` speaks for good, `坏` for poor, `好书` (a pair) more for good."""
    return write_model(
        tmp_path / "quality.bin", ["good", "poor"], {"好": [2, 0], "坏": [0, 2], "好书": [6, 0], "one": [0, 4]}
    )


def write_card(model: str, **entries: object) -> None:
    Path(f"{model}.json").write_text(json.dumps(entries), encoding="utf-8")


def test_the_likeliest_label_and_its_probability_are_measured(model: str) -> None:
    measured = Classifier(model=model).measure(Documents.of(["好 ok", "坏"]))
    assert measured["classifier_label"].to_list() == ["good", "poor"]
    # Features: the word and `</s>`, whose mean is half of the word's vector.
    assert measured["classifier_label_score"].to_list() == pytest.approx([1 / (1 + math.exp(-1))] * 2, abs=1e-4)
    assert measured.columns == ["classifier_label", "classifier_label_score"]


def test_the_score_is_the_probability_of_the_positive_label(model: str) -> None:
    measured = Classifier(model=model, positive="good").measure(Documents.of(["好", "坏"]))
    good = 1 / (1 + math.exp(-1))
    assert measured["classifier_score"].to_list() == pytest.approx([good, 1 - good], abs=1e-4)


def test_a_blank_text_has_no_label_and_no_score(model: str) -> None:
    measured = Classifier(model=model, positive="good").measure(Documents.of(["", " \n\u3000"]))
    assert measured.null_count().row(0) == (2, 2, 2)


def test_text_is_split_when_the_card_says_so(model: str) -> None:
    step, text = Classifier(model=model, positive="good"), Documents.of(["一本好书"])
    assert step.measure(text)["classifier_score"][0] == pytest.approx(0.5, abs=1e-4)
    write_card(model, split="characters")
    # Known: 好, the pair 好书 and `</s>`; (2 + 6 + 0) / 3.
    assert step.measure(text)["classifier_score"][0] == pytest.approx(1 / (1 + math.exp(-8 / 3)), abs=1e-4)


def test_each_counts_once_when_the_card_says_so(model: str) -> None:
    write_card(model, split="distinct", positive="good")
    measured = Classifier(model=model).measure(Documents.of(["一本好书，好书好书"]))
    # Known: 好, 好书 and `</s>`, however often: (2 + 6 + 0) over the root of 3.
    assert measured["classifier_score"][0] == pytest.approx(1 / (1 + math.exp(-8 / math.sqrt(3))), abs=1e-4)


def test_the_parameter_split_overrides_the_card(model: str) -> None:
    write_card(model, split="characters", positive="good")
    split = Classifier(model=model).measure(Documents.of(["一本好书"]))["classifier_score"][0]
    unsplit = Classifier(model=model, split="none").measure(Documents.of(["一本好书"]))["classifier_score"][0]
    assert split > 0.9 and unsplit == pytest.approx(0.5, abs=1e-4)


def test_the_card_names_the_positive_label(model: str) -> None:
    write_card(model, positive="poor")
    step = Classifier(model=model)
    assert "classifier_score" in step.signal_types()
    assert step.measure(Documents.of(["坏"]))["classifier_score"][0] > 0.5


def test_the_card_is_a_file_that_decides_the_result(model: str) -> None:
    assert Classifier(model=model).files() == [model]
    write_card(model)
    assert Classifier(model=model).files() == [model, f"{model}.json"]


@pytest.mark.parametrize("text", ["not json", "[1]", '{"split": "words"}', '{"positive": 3}'])
def test_a_damaged_card_is_an_error_of_one_line(model: str, text: str) -> None:
    Path(f"{model}.json").write_text(text, encoding="utf-8")
    with pytest.raises(PipelineError, match=r"quality\.bin\.json: not a model card.*mend or remove it") as error:
        Classifier(model=model).check()
    assert "\n" not in str(error.value)


def test_a_positive_label_that_the_model_lacks_is_refused_with_the_nearest(model: str) -> None:
    with pytest.raises(PipelineError, match=r"has no label 'godo'; did you mean 'good'\?"):
        Classifier(model=model, positive="godo").check()


def test_a_missing_model_is_refused(tmp_path: Path) -> None:
    with pytest.raises(PipelineError, match=r"none\.bin: no fastText model"):
        Classifier(model=str(tmp_path / "none.bin")).check()


def test_a_rule_of_ones_own_reads_the_score_and_a_second_classifier_its_own(model: str) -> None:
    text = f"""
read: [{{jsonl: {{paths: [x]}}}}]
filters:
  - classifier:
      model: {model}
      positive: good
      drop:
        poor: classifier_score < 0.5
  - classifier:
      name: other
      model: {model}
      drop:
        poor: other_classifier_label = 'poor'
"""
    pipeline = Pipeline.parse(text)
    assert [line.label for line in pipeline.filters] == ["classifier", "other"]


def test_the_filter_keeps_the_contract(model: str) -> None:
    check_filter(Classifier(model=model))
    check_filter(Classifier(model=model, positive="good", split="characters"))
