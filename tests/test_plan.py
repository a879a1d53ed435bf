"""Fingerprints and parts: what changes them, and what must not."""

from __future__ import annotations

import importlib
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Annotated, Any, ClassVar

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from curate import plan
from curate.contracts import PART_BYTES, CorpusFilter, Filter, Input, InputFile, Line, Part, Piece, Writer
from curate.errors import PipelineError
from curate.pipeline import Pipeline
from curate.plan import Plan, digest, identity, input_name, make_parts, part_order
from curate.readers.files import Jsonl

Write = Callable[[str, bytes | str], Path]
HERE = __name__
PARTS = (Part("a-00000", 0, (Piece("/a", "a", 0, 5),)), Part("b-00000", 0, (Piece("/b", "b", 0, 5),)))


class Size(Filter):
    """Measure the length."""

    signals: ClassVar[dict[str, Any]] = {"size": pl.Int64}
    rules: ClassVar[dict[str, str]] = {"small": "size < 10"}

    most: int = 5
    words: frozenset[str] = frozenset()
    model: Annotated[str | None, InputFile()] = None


class Same(CorpusFilter):
    """Compare documents."""

    similarity: float = 0.8


class Out(Writer):
    """Write somewhere."""

    shards: int = 1


def plan_of(filters: str = "- Size\n- Same", read: str = "", clean: str = "[]", seed: int = 0, parts: Any = PARTS,
            limit: int | None = None, write: str = "- Out") -> Plan:  # fmt: skip
    text = (
        f"seed: {seed}\nread:\n- jsonl: {{paths: [a], {read}}}\nclean: {clean}\nfilters:\n{filters}\nwrite:\n{write}\n"
    )
    for name in ("Size", "Same", "Out"):
        text = text.replace(f"- {name}", f"- {HERE}:{name}")
    return Plan(Pipeline.parse(text), parts, limit)


def prints(plan: Plan) -> dict[str, str]:
    """All fingerprints of a plan, by what they stand for."""
    found = {"documents": plan.documents, "verdicts": plan.verdicts}
    found |= {f"filter {label}": value for label, value in plan.filters.items()}
    found |= {f"groups {label}": value for label, value in plan.groups.items()}
    return found | {f"writer {label}": value for label, value in plan.writers.items()}


ALL = {"documents", "verdicts", "filter size", "filter same", "groups same", "writer out"}


def changed(**change: Any) -> set[str]:
    """Which fingerprints a change of the plain plan changes."""
    before, after = prints(plan_of()), prints(plan_of(**change))
    assert before.keys() == after.keys() == ALL
    return {name for name in before if before[name] != after[name]}


def test_a_fingerprint_is_twelve_hex_digits() -> None:
    assert all(len(value) == 12 and int(value, 16) >= 0 for value in prints(plan_of()).values())


def test_the_same_pipeline_has_the_same_fingerprints_in_any_process() -> None:
    code = (
        "import sys; sys.path.insert(0, sys.argv[1]); import test_plan as t; "
        "print(t.prints(t.plan_of('- Size: {words: [b, a, c, d, e]}\\n- Same')))"
    )
    found = {
        subprocess.run(
            [sys.executable, "-c", code, str(Path(__file__).parent)], capture_output=True, text=True, check=True,
            env={**os.environ, "PYTHONHASHSEED": seed},
        ).stdout
        for seed in ("1", "2")
    }  # fmt: skip
    assert len(found) == 1


def test_what_only_decides_changes_verdicts_and_shards_and_measures_nothing() -> None:
    decided = {"verdicts", "writer out"}
    assert changed(filters="- Size: {drop: {small: size < 20}}\n- Same") == decided
    assert changed(filters="- Size: {drop: {small: null}}\n- Same") == decided
    assert changed(filters="- Size: {drop: {other: size > 20}}\n- Same") == decided
    assert changed(filters="- Size\n- Same: {prefer: size DESC}") == decided
    assert changed(filters="- Size\n- Same: {drop: {duplicate: null}}") == decided


def test_a_rule_written_out_as_the_filter_has_it_changes_nothing() -> None:
    assert changed(filters="- Size: {drop: {small: size < 10}}\n- Same") == set()


def test_a_name_changes_folders_and_not_what_is_measured() -> None:
    plain, named = plan_of(), plan_of(filters="- Size: {name: body}\n- Same")
    assert plain.filters["size"] == named.filters["body"]
    assert plain.verdicts != named.verdicts


def test_a_measuring_parameter_changes_its_filter_and_what_follows() -> None:
    assert changed(filters="- Size: {most: 6}\n- Same") == {"filter size", "verdicts", "writer out"}
    assert changed(filters="- Size\n- Same: {similarity: 0.7}") == {
        "filter same", "groups same", "verdicts", "writer out",
    }  # fmt: skip


def test_what_changes_the_documents_changes_everything() -> None:
    assert changed(clean="[unicode]") == ALL
    assert changed(read="fields: [url]") == ALL
    assert changed(limit=100) == ALL


def test_the_seed_changes_the_shards_and_the_documents_only_of_a_sample() -> None:
    assert changed(seed=1) == {"writer out"}
    one, two = (prints(plan_of(read="sample: 0.5", seed=seed)) for seed in (0, 1))
    assert all(one[name] != two[name] for name in ALL)


def test_a_new_part_changes_groups_and_verdicts_and_measures_only_itself() -> None:
    more = (*PARTS, Part("c-00000", 0, (Piece("/c", "c", 0, 5),)))
    assert changed(parts=more) == {"groups same", "verdicts", "writer out"}


def test_a_writers_parameter_changes_its_shards_alone() -> None:
    assert changed(write="- Out: {shards: 2}") == {"writer out"}


def test_the_order_of_keys_does_not_matter() -> None:
    assert prints(plan_of("- Size: {most: 6, drop: {a: size < 1, b: size > 9}}\n- Same")) == prints(
        plan_of("- Size: {drop: {b: size > 9, a: size < 1}, most: 6}\n- Same")
    )
    assert digest({"a": 1, "b": {2, "x"}}) == digest({"b": {"x", 2}, "a": 1})
    assert digest([1, 2]) != digest([2, 1])


# What a step is.


def test_the_bytes_of_a_file_count_and_not_its_name(write: Write) -> None:
    one, same, other = write("one.bin", b"1"), write("same.bin", b"1"), write("other.bin", b"2")
    assert identity(Size(model=str(one))) == identity(Size(model=str(same)))
    assert identity(Size(model=str(one))) != identity(Size(model=str(other)))
    before = identity(Size(model=str(one)))
    one.write_bytes(b"changed")
    assert identity(Size(model=str(one))) != before
    assert identity(Size(model="built_in")) != identity(Size(model="other_built_in")) != identity(Size())


def test_a_file_that_a_step_names_itself_counts_too(write: Write) -> None:
    words = write("words.txt", "a")

    class Own(Size):
        def files(self) -> list[str]:
            return [str(words)]

    before = identity(Own())
    words.write_text("bb")
    assert identity(Own()) != before


@pytest.fixture
def own_module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str, str], Any]]:
    """Write (again) a module of one's own and import it afresh."""
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setattr(sys, "dont_write_bytecode", True)

    def load(name: str, source: str) -> Any:
        (tmp_path / f"{name}.py").write_text(source)
        sys.modules.pop(name, None)
        importlib.invalidate_caches()
        return importlib.import_module(name)

    yield load
    for name in ("own_plan_base", "own_plan_child"):
        sys.modules.pop(name, None)


def test_the_source_of_a_class_of_ones_own_counts_and_of_what_it_inherits_from(
    own_module: Callable[[str, str], Any],
) -> None:
    base = "from curate import Filter\nclass Base(Filter):\n    pass\n"
    child = "from own_plan_base import Base\nclass Child(Base):\n    pass\n"

    def now(base: str, child: str) -> Any:
        own_module("own_plan_base", base)
        return identity(own_module("own_plan_child", child).Child())

    plain = now(base, child)
    assert now(base, child) == plain
    assert now(base, child + "# edited\n") != plain
    assert now(base + "# edited\n", child) != plain


def test_of_a_class_of_ours_the_version_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    from curate.cleaners.unicode import Unicode

    before = identity(Unicode())
    monkeypatch.setattr(Unicode, "version", Unicode.version + 1)
    assert identity(Unicode()) != before


def test_a_class_without_a_source_file_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    loose = type("Loose", (Size,), {"__module__": "builtins"})
    with pytest.raises(PipelineError, match="builtins:Loose has no source file; put the class into a module"):
        identity(loose())


# Inputs and parts.


SOURCE = Input("/data/a", "a", 10, 5)


def name_of(of: Input = SOURCE, **parameters: Any) -> str:
    return input_name(of, Line("jsonl", "read[0].jsonl", Jsonl(**{"paths": ["a"], **parameters})))


def test_an_input_is_named_by_path_size_and_time_and_by_how_it_is_read() -> None:
    plain = name_of()
    assert len(plain) == 12
    for change in ({"path": "b"}, {"size": 11}, {"modified": 6}):
        assert name_of(SOURCE._replace(**change)) != plain
    for change in ({"text": "body"}, {"id": "key"}, {"max_bytes": 5}, {"source": "x"}, {"sample": 0.5},
                   {"fields": ["url"]}):  # fmt: skip
        assert name_of(**change) != plain
    assert name_of(Input("/moved/a", "a", 10, 5)) == plain
    assert name_of(paths=["*"], max_rejected=0.5) == plain


def one(path: str, size: int) -> tuple[str, list[Piece]]:
    return digest(path), [Piece(f"/{path}", path, 0, size, size)]


def test_small_files_share_a_part_up_to_its_size() -> None:
    quarter = PART_BYTES // 4
    parts = make_parts(0, [one(f"{number}", quarter) for number in range(9)], [])
    assert [[piece.path for piece in part.pieces] for part in parts] == [list("0123"), list("4567"), ["8"]]
    assert len({part.name for part in parts}) == 3


def test_a_large_file_has_parts_of_its_own() -> None:
    pieces = [Piece("/b", "b", start, start + 5, 5) for start in (0, 5, 10)]
    parts = make_parts(0, [one("a", 10), ("b" * 12, pieces), one("c", PART_BYTES), one("d", 10)], [])
    found = {part.name: [(piece.path, piece.start) for piece in part.pieces] for part in parts}
    assert found["bbbbbbbbbbbb-00000"] == [("b", 0)]
    assert found["bbbbbbbbbbbb-00002"] == [("b", 10)]
    assert found[f"{digest('c')}-00000"] == [("c", 0)]
    assert [("a", 0), ("d", 0)] in found.values()


SIZES = st.lists(st.integers(0, PART_BYTES), max_size=12)


@settings(max_examples=100, deadline=None)
@given(SIZES, SIZES)
def test_adding_inputs_keeps_the_earlier_parts(first: list[int], more: list[int]) -> None:
    earlier = [one(f"a{number}", size) for number, size in enumerate(first)]
    later = [one(f"b{number}", size) for number, size in enumerate(more)]
    parts = make_parts(0, earlier, [])
    together = make_parts(0, sorted([*earlier, *later], key=lambda pair: pair[1][0].path), parts)
    assert set(parts) <= set(together)
    covered = sorted(piece.path for part in together for piece in part.pieces)
    assert covered == sorted(pieces[0].path for _, pieces in [*earlier, *later])
    assert len({part.name for part in together}) == len(together)


def test_parts_are_ordered_by_reader_path_and_place() -> None:
    parts = [Part(name, reader, (Piece("/x", path, start, -1),)) for name, reader, path, start in
             [("d", 1, "a", 0), ("b", 0, "a", 10), ("c", 0, "b", 0), ("a", 0, "a", 2)]]  # fmt: skip
    assert [part.name for part in sorted(parts, key=part_order)] == ["a", "b", "c", "d"]


def test_the_format_of_the_machine_itself_is_part_of_everything(monkeypatch: pytest.MonkeyPatch) -> None:
    before = prints(plan_of())
    monkeypatch.setattr(plan, "FORMAT", plan.FORMAT + 1)
    after = prints(plan_of())
    assert all(before[name] != after[name] for name in ALL)


def test_a_package_that_decides_the_result_is_part_of_the_fingerprint(monkeypatch):
    from curate.cleaners.unicode import Unicode
    from curate.filters.quality import Quality

    before = [identity(step) for step in (Unicode(), Quality(words="jieba"), Quality())]
    monkeypatch.setattr("curate.plan.metadata.version", lambda name: "0")
    after = [identity(step) for step in (Unicode(), Quality(words="jieba"), Quality())]
    assert [one != other for one, other in zip(before, after, strict=True)] == [True, True, False]
