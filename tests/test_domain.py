"""The filter `domain`, on a model whose vectors were chosen by hand."""

from pathlib import Path

import pytest
from classifier_models import write_model

from curate.contracts import Documents
from curate.errors import PipelineError
from curate.filters.domain import Domain
from curate.testing import check_filter


@pytest.fixture
def model(tmp_path: Path) -> str:
    return write_model(
        tmp_path / "domains.bin",
        ["news", "law", "poetry"],
        {"记者": [9, 0, 0], "法院": [0, 9, 0], "明月": [0, 0, 9]},
    )


def test_each_page_gets_its_domain(model: str) -> None:
    measured = Domain(model=model, split="characters").measure(
        Documents.of(["记者今天到现场", "法院作出判决", "举头望明月", ""])
    )
    assert measured["domain"].to_list() == ["news", "law", "poetry", None]
    assert measured["domain_score"].drop_nulls().is_between(1 / 3, 1).all()


def test_without_a_model_it_says_how_to_train_one() -> None:
    with pytest.raises(PipelineError, match="curate train classifier --label news") as error:
        Domain().check()
    assert "\n" not in str(error.value)


def test_a_missing_model_is_refused(tmp_path: Path) -> None:
    with pytest.raises(PipelineError, match=r"none\.bin: no fastText model"):
        Domain(model=str(tmp_path / "none.bin")).check()


def test_the_filter_keeps_the_contract(model: str) -> None:
    check_filter(Domain(model=model))
