"""Names to classes."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from curate import registry
from curate.contracts import Filter
from curate.errors import PipelineError
from curate.readers.files import Jsonl


@pytest.fixture
def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder for modules of one's own."""
    monkeypatch.syspath_prepend(str(tmp_path))
    known = set(sys.modules)
    yield tmp_path
    for name in set(sys.modules) - known:
        if name.startswith("own_"):
            del sys.modules[name]


def test_a_built_in_is_found_by_its_name() -> None:
    assert registry.find("read", "jsonl", "read[0]") is Jsonl
    assert {"jsonl", "parquet", "text", "huggingface"} <= set(registry.names("read"))
    assert registry.names("filters") == sorted(registry.names("filters"))


@pytest.mark.parametrize("section", registry.SECTIONS)
def test_every_built_in_is_a_class_of_its_section(section: str) -> None:
    for name in registry.names(section):
        assert issubclass(registry.find(section, name, section), registry.SECTIONS[section])


def test_an_unknown_name_names_the_nearest_one() -> None:
    with pytest.raises(PipelineError) as caught:
        registry.find("filters", "lenght", "filters[2]")
    assert str(caught.value) == "filters[2]: no filter is called 'lenght'; did you mean 'length'?"


def test_a_name_that_resembles_nothing_lists_what_there_is() -> None:
    with pytest.raises(PipelineError, match=r"; known: .*unicode"):
        registry.find("clean", "zzz", "clean[0]")


def test_a_class_of_ones_own_is_named_by_its_module(own: Path) -> None:
    (own / "own_good.py").write_text("from curate import Filter\nclass MyHTMLFilter(Filter):\n    pass\n")
    found = registry.find("filters", "own_good:MyHTMLFilter", "filters[0]")
    assert issubclass(found, Filter)
    assert registry.label_of("own_good:MyHTMLFilter") == "my_htmlfilter"
    assert registry.label_of("length") == "length"


@pytest.mark.parametrize(
    ("source", "name", "message"),
    [
        ("x = 1 +\n", "own_syntax:X", "cannot import 'own_syntax': SyntaxError: "),
        ("1 / 0\n", "own_zero:X", "cannot import 'own_zero': ZeroDivisionError: division by zero"),
        ("import own_nothing\n", "own_lost:X", "cannot import 'own_lost': ModuleNotFoundError: "),
        (
            "from curate import Filter\nclass Words(Filter):\n    pass\n",
            "own_words:Word",
            "own_words has no class 'Word'; did you mean 'Words'?",
        ),
        (
            "class Words:\n    pass\n",
            "own_alien:Words",
            "own_alien:Words is not a Filter; a class of your own inherits curate.Filter",
        ),
        ("Words = 5\n", "own_five:Words", "own_five:Words is not a Filter; a class of your own inherits curate.Filter"),
        ("", ":Words", "cannot import ':Words': ValueError: Empty module name"),
    ],
    ids=range(7),
)
def test_whatever_is_wrong_with_a_class_of_ones_own_is_one_line(
    source: str, name: str, message: str, own: Path
) -> None:
    (own / f"{name.partition(':')[0] or 'own_empty'}.py").write_text(source)
    with pytest.raises(PipelineError) as caught:
        registry.find("filters", name, "filters[0]")
    assert str(caught.value).startswith(f"filters[0]: {message}")
    assert "\n" not in str(caught.value)


def test_a_class_of_another_section_is_refused() -> None:
    with pytest.raises(PipelineError, match="is not a Cleaner; a class of your own inherits"):
        registry.find("clean", "curate.readers.files:Jsonl", "clean[0]")
