"""What-ifs against a run with the edited pipeline, numbers against every number there could be, and what is printed."""

from __future__ import annotations

import json
import os
import pty
import random
import select
import shutil
import subprocess
import sys
import termios
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import numpy as np
import polars as pl
import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

import curate
from curate import judge, tune
from curate.cli import main
from curate.errors import CurateError, PipelineError
from curate.plan import Plan
from curate.tune import shown
from curate.tune.command import lines
from curate.tune.numbers import roundest, written
from curate.tune.rules import Moved, numbers
from curate.tune.tables import Tables
from curate.tune.terminal import View
from curate.work.passes import run_pipeline

MEASURED = """
import curate
import polars as pl
from curate.contracts import CuttingFilter
from curate.contracts import Measured as Measured_


class Measured(curate.Filter):
    signals = {"x": pl.Float64, "y": pl.Float64, "n": pl.Int64, "label": pl.String}

    def measure(self, documents):
        cells = documents.frame["text"].str.split("|").list
        x, y = (cells.get(place).cast(pl.Float64, strict=False) for place in (0, 1))
        return pl.DataFrame({"x": x, "y": y, "n": cells.get(2).cast(pl.Int64), "label": cells.get(3)})


class Snipping(CuttingFilter):
    signals = {"snipped": pl.Boolean}
    rules = {"little": "chars_left < 15"}

    def cuts_text(self):
        return True

    def measure_and_cut(self, documents):
        chars = documents.frame["text"].str.len_chars().cast(pl.Int64)
        rows = pl.int_range(len(documents), dtype=pl.Int64, eager=True)
        spans = pl.DataFrame({"row": rows, "start": chars * 0, "end": chars % 5})
        return Measured_(pl.DataFrame({"snipped": chars % 5 > 0}), spans)
"""
RULES = {
    "lt": "x < 0.3",
    "le": "x <= -1.5",
    "gt": "x > 900",
    "ge": "n >= 97",
    "turned": "3 > n",
    "between": "x BETWEEN 2 AND 2.05",
    "sum": "x + y > 800",
    "ratio": "x / n > 60",
    "either": "label = 'a' AND n < 8 OR label = 'b' AND n > 92",
    "denied": "NOT (y > -0.9)",
    "swapped": "CASE WHEN label = 'a' THEN n < 9 ELSE n < 2 END",
    "both_ways": "(n < 50) = (label = 'a') AND y > 0.8",
    "coefficient": "x > 20 * y AND n > 95 AND label = 'c'",
}
"""One of each shape. `both_ways`: the higher its number, the fewer of label a stay, and the more of the others."""


def row(number: int, chance: random.Random) -> str:
    x = chance.uniform(0, 5) if chance.random() < 0.8 else chance.choice(["", 0.3, 2.0, -1.5, 1e301, 1e-9, 5 / 3, 700])
    y = chance.choice(["", 0.0, -0.5, *(chance.uniform(-1, 1) for _ in range(15))])
    return f"{x}|{y}|{chance.randrange(0, 100)}|{chance.choice('abc')}|{'文' * chance.randrange(1, 60)}{number}"


def write_pipeline(folder: Path, rules: dict[str, str | None]) -> Path:
    lines = "".join(f"        {name}: {json.dumps(condition)}\n" for name, condition in rules.items())
    file = folder / "measured.yaml"
    file.write_text(
        f"read:\n  - jsonl: {{paths: ['{folder}/in/*.jsonl']}}\nfilters:\n  - measured:Measured:\n      drop:\n{lines}"
        "  - measured:Snipping\n"
    )
    return file


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("tune")
    (folder / "measured.py").write_text(MEASURED)
    (folder / "in").mkdir()
    chance = random.Random(0)
    for name in "ab":
        texts = [row(number, chance) for number in range(250)]
        lines = "".join(json.dumps({"text": text}, ensure_ascii=False) + "\n" for text in texts)
        (folder / "in" / f"{name}.jsonl").write_text(lines, encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def run(folder: Path) -> curate.Run:
    return run_pipeline(write_pipeline(folder, RULES), folder / "run", workers=1)


def kept(run: curate.Run, conditions: dict[str, str | None]) -> tuple[int, int]:
    """Documents and bytes that no row rule drops, by the rules themselves on the whole table."""
    tables = Tables(run)
    own = {bare: flat for line in run.pipeline.filters for bare, flat in tables.own(line).items()}
    rules = {**tables.row_rules, **conditions}
    frame = run.signals()
    expressions = [judge.compile_rule(one, tables.types, own, "") for one in rules.values() if one is not None]
    left = frame.filter(~pl.any_horizontal(*expressions, pl.lit(False)))
    return left.height, int(left["text_bytes"].sum())


# What if.


@pytest.mark.parametrize(
    "conditions",
    [
        {"measured.lt": "x < 1.5"},
        {"measured.lt": None},
        {"measured.new": "n = 50 OR label = 'c'"},
        {"measured.lt": "x < 0.1", "measured.gt": None, "measured.more": "y IS NULL"},
        {"measured.sum": "x + y > 100"},
    ],
)
def test_a_what_if_counts_what_the_edited_rules_would_keep(run: curate.Run, conditions: dict[str, str | None]) -> None:
    found = tune.what_if(run, conditions)
    assert found.now == kept(run, {})
    assert found.then == kept(run, conditions)
    assert found.now.plus(found.back) == found.then.plus(found.go)
    assert found.flips.height == min(10, found.back.documents + found.go.documents)
    assert not found.compared_by and not found.never_compared


def test_a_what_if_is_what_a_run_of_the_written_pipeline_then_keeps(folder: Path, run: curate.Run) -> None:
    pipeline = folder / "written.yaml"
    shutil.copy(folder / "measured.yaml", pipeline)
    estimate = tune.what_if(run, {"measured.lt": "x < 1.5", "measured.more": "label = 'b'"})
    done = command(run, "measured.lt=x < 1.5", "measured.more=label = 'b'", "--write", pipeline)
    assert done.exit_code == 0 and f"{pipeline}: written" in done.stderr
    copied = folder / "copied"
    shutil.copytree(run.folder, copied)
    again = run_pipeline(pipeline, copied, workers=1)
    assert again.counts()["kept"] == estimate.then.documents
    assert estimate.then.documents < run.counts()["kept"]
    assert "says so already" in command(again, "measured.lt=x < 1.5", "--write", pipeline).stderr


def test_the_flips_that_are_shown_are_the_same_every_time_and_flip(run: curate.Run) -> None:
    one, other = (tune.what_if(run, {"measured.lt": "x < 1.5", "measured.gt": None}, samples=7) for _ in range(2))
    assert one.flips.equals(other.flips) and one.flips.height == 7
    assert one.flips.equals(tune.what_if(run, {"measured.lt": "x < 1.5", "measured.gt": None}).flips.head(7))
    for id, flip, x, text in one.flips.select("id", "flip", "x", "text").iter_rows():
        document = run.documents(id=id).row(0, named=True)
        assert document["text"] == text and document["x"] == x
        assert flip == ("go" if document["kept"] else "back")


def test_duplicates_are_left_out_and_counted_apart(demo: tuple[curate.Run, str]) -> None:
    run, _ = demo
    found = tune.what_if(
        run, {"language.not_chinese": "lang != 'zh' OR lang_score < 0.99", "contamination.benchmark_item": None}
    )
    table = run.signals()
    rows = [name for name in run.reasons() if not name.endswith("duplicates.duplicate")]
    free = table.filter(~pl.any_horizontal(set(rows) - {"language.not_chinese", "contamination.benchmark_item"}))
    go = free.filter(
        ~pl.any_horizontal("language.not_chinese", "contamination.benchmark_item") & (pl.col("lang_score") < 0.99)
    )
    assert found.compared_by == ("exact_duplicates", "near_duplicates")
    assert found.go.documents == go.height > 0
    assert found.go_as_duplicates == go.filter(~pl.col("kept")).height > 0
    in_cluster = pl.col("near_duplicates_cluster").is_not_null() | pl.col("exact_duplicates_cluster").is_not_null()
    assert found.stand_for_others == go.filter(pl.col("kept") & in_cluster).height > 0
    assert found.never_compared == found.back.documents == 5


def test_tokens_are_those_of_the_shards_for_what_the_run_kept(demo: tuple[curate.Run, str]) -> None:
    run, _ = demo
    whole, _ = tune.rules(run)
    assert {name: whole.tokens(name, whole.kept.bytes) for name in whole.tokens_per_byte} == {
        name: manifest["tokens"] for name, manifest in run.manifests().items()
    }


@pytest.mark.parametrize(
    ("reason", "condition", "message"),
    [
        ("measured.lt", "z < 3", "filters[0].measured:Measured.drop.lt: no signal is called 'z'"),
        ("measured.lt", "x <", "is not a condition"),
        ("measured.lt", "AVG(x) < 3", "uses an aggregate"),
        ("measured.lt", "label < 3", "compares text with a number"),
        ("measurd.lt", "x < 3", "no filter is called 'measurd'; did you mean 'measured'?"),
        ("measured", "x < 3", "is no name of a rule"),
        ("measured.none", None, "no rule of this name to switch off"),
    ],
)
def test_a_condition_is_refused_as_in_a_pipeline(
    run: curate.Run, reason: str, condition: str | None, message: str
) -> None:
    with pytest.raises(PipelineError) as error:
        tune.what_if(run, {reason: condition})
    assert message in str(error.value)


def test_a_new_rule_that_is_called_nearly_like_an_old_one_is_told(run: curate.Run) -> None:
    (edit,) = tune.what_if(run, {"measured.betwen": "x < 3"}).edits
    assert edit.near == "between" and edit.before is None


def test_rules_that_compare_documents_are_refused(demo: tuple[curate.Run, str]) -> None:
    run, _ = demo
    for ask in (lambda: tune.what_if(run, {"near_duplicates.duplicate": None}), lambda: tune.rule_table(run, NEAR)):
        with pytest.raises(PipelineError, match="documents are compared"):
            ask()


NEAR = "near_duplicates.duplicate"


# Numbers.

numbers_between = st.floats(-1e6, 1e6) | st.floats(0, 1) | st.floats(0, 1e-6)


@given(numbers_between, numbers_between, numbers_between, st.booleans())
def test_the_roundest_number_lies_between(low: float, high: float, near: float, takes_low: bool) -> None:
    low, high = sorted((low, high))
    if low == high:
        high = float(np.nextafter(low, np.inf))
    found = roundest(low, high, takes_low=takes_low, whole=False, near=near)
    assert low <= float(found) < high if takes_low else low < float(found) <= high


@given(st.integers(-1000, 1000), st.integers(1, 1000), st.integers(-2000, 2000), st.booleans())
def test_a_whole_number_lies_between_whole_numbers(low: int, width: int, near: int, takes_low: bool) -> None:
    found = int(roundest(low, low + width, takes_low=takes_low, whole=True, near=near))
    assert low <= found < low + width if takes_low else low < found <= low + width


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_a_number_is_written_so_that_sql_gives_it_back(value: float) -> None:
    frame = pl.DataFrame({"x": [value]})
    for operator, expected in {"<": False, "<=": True, ">": False, ">=": True}.items():
        assert frame.select(pl.sql_expr(f"x {operator} {written(value)}")).item() is expected


@pytest.mark.parametrize(
    ("low", "high", "takes_low", "whole", "near", "expected"),
    [
        (97, 103, False, True, 50, "100"),
        (0.6534128904, 0.6571, False, False, 0.65, "0.654"),
        (0.1, 0.3, True, False, 0.25, "0.25"),
        (99, np.inf, False, True, 3, "100"),
        (-np.inf, 5, False, True, 100, "0"),
    ],
)
def test_the_roundest_number_is_the_one_a_person_would_write(
    low: float, high: float, takes_low: bool, whole: bool, near: float, expected: str
) -> None:
    assert roundest(low, high, takes_low=takes_low, whole=whole, near=near) == expected


def every_place(run: curate.Run) -> Iterator[tuple[str, int]]:
    tables = Tables(run)
    for reason in RULES:
        for place in range(len(numbers(tables, f"measured.{reason}"))):
            yield f"measured.{reason}", place


def test_what_is_kept_on_each_rung_is_what_the_rule_with_that_number_keeps(run: curate.Run) -> None:
    tables = Tables(run)
    counted = 0
    for reason, place in every_place(run):
        number = numbers(tables, reason)[place]
        moved = Moved(tables, reason, number)
        ladder = moved.ladder.opened(range(len(moved.ladder.low)))
        assert (ladder.low == ladder.high).all()
        values = [float(value) for value in ladder.low if abs(value) < 1e15]
        others = [written(one) for value in values[::7] for one in (value, float(np.nextafter(value, 9e99)))][:40]
        for one, amount in zip(others, moved.kept_with(others), strict=True):
            at = moved.place(ladder, float(one))
            assert amount == (moved.kept(ladder, "documents")[at], moved.kept(ladder, "bytes")[at]), (reason, one)
            counted += 1
        shut = moved.ladder
        assert shut.total("over") == ladder.total("over") and shut.total("under") == ladder.total("under")
    assert counted > 200


SHAPES = ("lt", "le", "gt", "ge", "turned", "sum", "ratio", "denied", "swapped", "both_ways")


@pytest.mark.parametrize(
    ("reason", "by"), [*((name, "documents") for name in SHAPES), ("lt", "bytes"), ("both_ways", "bytes")]
)
def test_the_number_found_is_the_nearest_that_reaches_the_target(run: curate.Run, reason: str, by: Any) -> None:
    reason = f"measured.{reason}"
    moved = Moved(Tables(run), reason, numbers(Tables(run), reason)[0])
    ladder = moved.ladder.opened(range(len(moved.ladder.low)))
    kept_at, here = moved.kept(ladder, by), moved.place(ladder, moved.number.number)
    now, every = getattr(moved.now, by), getattr(moved.whole.all, by)
    assert kept_at[here] == now
    for share in {*np.linspace(0.001, 0.4, 9), now / every, (now + 1) / every, (now - 1) / every}:
        wanted, sign = share * every, 1 if now < share * every else -1
        good = np.flatnonzero(sign * kept_at >= sign * wanted)
        if not len(good) and now != wanted:
            with pytest.raises(CurateError, match=f"no number keeps .* {by}"):
                tune.number_for(run, reason, share, by=by, number=1)
            continue
        found = tune.number_for(run, reason, share, by=by, number=1)
        at = moved.place(ladder, float(found.better))
        assert found.kept == (moved.kept(ladder, "documents")[at], moved.kept(ladder, "bytes")[at])
        assert (
            at == here
            if now == wanted
            else at in (max(good[good <= here], default=-1), min(good[good >= here], default=-1))
        )


def test_a_target_in_tokens_or_as_an_amount_is_reached(demo: tuple[curate.Run, str]) -> None:
    run, _ = demo
    found = tune.number_for(run, "length.too_short", 150_000, by="tokens")
    assert found.condition == "chars < 380" and found.wanted == pytest.approx(150_000)
    assert found.whole.tokens("minimind", found.kept.bytes) <= 150_000
    assert tune.number_for(run, "length.too_short", 300).kept.documents <= 300
    same = tune.number_for(run, "length.too_short", 335)
    assert same.better == "100" and same.kept == same.now
    with pytest.raises(CurateError) as error:
        tune.number_for(run, "length.too_short", 0.9)
    assert "this one can keep 0 (0.0000) to 336 (0.7602)" in str(error.value)


def test_a_rule_of_several_numbers_asks_which(run: curate.Run) -> None:
    with pytest.raises(PipelineError, match=r"has 2 numbers: say which with --number \(1: x BETWEEN \[2\] AND 2.05"):
        tune.number_for(run, "measured.between", 0.2)
    with pytest.raises(PipelineError, match="has 2 numbers that can be moved, so none is 3: 1: x"):
        tune.number_for(run, "measured.between", 0.2, number=3)
    with pytest.raises(PipelineError, match=r"did you mean 'measured\.between'"):
        tune.number_for(run, "measured.betwen", 0.2)


def test_a_table_steps_away_from_the_number_on_both_sides(run: curate.Run) -> None:
    found = tune.rule_table(run, "measured.lt")
    (steps,) = found.steps.values()
    assert [float(one.number) for one in steps] == sorted(float(one.number) for one in steps)
    assert dict(steps)["0.3"] == found.now == kept(run, {})
    for number, amount in steps:
        assert amount == kept(run, {"measured.lt": f"x < {number}"})
    assert steps[0].kept.documents > found.now.documents > steps[-1].kept.documents
    table = run.signals()
    assert found.drops.documents == table["measured.lt"].sum()
    assert set(tune.rule_table(run, "measured.between").steps) == {0, 1}
    assert set(tune.rule_table(run, "measured.between", 2).steps) == {1}


def test_a_long_rule_gets_no_tables_unless_asked(demo: tuple[curate.Run, str]) -> None:
    run, _ = demo
    found = tune.rule_table(run, "toxicity.gambling")
    assert len(found.numbers) > 3 and not found.steps
    assert "--number N" in "\n".join(shown.rule_lines(found))


# Signals.


def test_percentiles_are_those_of_the_sorted_values(run: curate.Run) -> None:
    found = tune.signal_table(run, "x")
    table = run.signals()
    others = [name for name in run.reasons() if "x" not in RULES.get(name.partition(".")[2], "")]
    free = table.filter(~pl.any_horizontal(others))
    assert found.free.documents == free.height
    assert found.without_value.documents == table["x"].null_count() > 0
    for one in found.percentiles:
        for value, rows in ((one.of_all, table), (one.of_free, free)):
            values = sorted(rows["x"].drop_nulls().to_list())
            assert value == values[max(int(np.ceil(one.percent / 100 * len(values))) - 1, 0)]
        above = free.filter(pl.col("x") >= one.of_free)
        assert one.kept_if_below_goes == (above.height, above["text_bytes"].sum())
        assert one.kept_if_above_goes.documents == free.filter(pl.col("x") <= one.of_free).height


def test_a_label_shows_its_values(run: curate.Run) -> None:
    found = tune.signal_table(run, "label")
    table = run.signals()
    counts = dict(table["label"].value_counts().iter_rows())
    assert {one.value: one.all.documents for one in found.values} == counts
    assert not found.percentiles and found.more_values == 0
    assert sum(one.free.bytes for one in found.values) == found.free.bytes


def test_a_signal_is_cut_on_the_side_on_which_its_rules_drop(run: curate.Run) -> None:
    assert tune.signal_table(run, "y").drops == {"below", "above"}  # NOT (y > -0.9), and y > 0.8
    assert tune.signal_table(run, "text_bytes").drops == {"below", "above"}, "no rule says which"
    assert tune.signal_table(run, "chars_left").drops == {"below"}


def test_a_signal_that_is_not_there_is_named_with_the_nearest(run: curate.Run) -> None:
    with pytest.raises(PipelineError, match="no signal is called 'lable'; did you mean 'label'"):
        tune.signal_table(run, "lable")


# Runs that are special.


def test_no_text_is_read(run: curate.Run, tmp_path: Path) -> None:
    shutil.copytree(run.folder, tmp_path / "run")
    (documents,) = (tmp_path / "run").glob("documents-*")
    shutil.rmtree(documents)
    bare = curate.Run.open(tmp_path / "run")
    assert tune.what_if(bare, {"measured.lt": "x < 2"}, samples=0).then == kept_of(run, "x < 2")
    assert tune.rule_table(bare, "measured.lt").now == tune.rule_table(run, "measured.lt").now
    assert tune.signal_table(bare, "n") == tune.signal_table(run, "n")
    assert tune.number_for(bare, "measured.lt", 0.1).better == tune.number_for(run, "measured.lt", 0.1).better


def kept_of(run: curate.Run, condition: str) -> tuple[int, int]:
    return kept(run, {"measured.lt": condition})


def test_signals_made_of_cuts_are_counted_too(run: curate.Run) -> None:
    table = run.signals()
    assert table["cut_chars"].sum() > 0
    assert tune.what_if(run, {"snipping.little": "chars_left < 22"}).then == kept(
        run, {"snipping.little": "chars_left < 22"}
    )
    assert tune.signal_table(run, "chars_left").percentiles[0].of_all == table["chars_left"].min()


def test_a_run_without_documents_answers_too(tmp_path: Path) -> None:
    pipeline = curate.Pipeline.parse("read:\n  - jsonl: {paths: [x]}\nfilters: [length]\nwrite: [documents]\n")
    (tmp_path / "run.json").write_text('{"counts": {}}')
    empty = curate.Run(tmp_path, Plan(pipeline, ()))
    for words in ([], ["length.too_short"], ["chars"], ["source"], ["length.too_short=chars < 3"]):
        assert list(lines(empty, words)), words
    with pytest.raises(CurateError, match="no documents"):
        tune.number_for(empty, "length.too_short", 0.5)


# What is printed.


def command(run: curate.Run, *words: object) -> Any:
    return CliRunner().invoke(main, ["tune", str(run.folder), *map(str, words)], catch_exceptions=False)


def test_a_what_if_is_printed_with_its_doubts(demo: tuple[curate.Run, str]) -> None:
    done = command(demo[0], "length.too_short=chars < 200", "-n", "2")
    assert done.stdout.startswith("length.too_short\n  now   chars < 100\n  then  chars < 200\n\nbefore duplicates")
    rows = {line[:17].strip(): line[17:].split() for line in done.stdout.splitlines()}
    assert rows["documents"] == ["335", "0", "17", "318"]
    assert rows["of all"] == ["75.79", "%", "71.95", "%"]
    assert "Duplicates (exact_duplicates, near_duplicates) are left out" in done.stdout
    assert "\n2 of 17 flips:\n── samples/skypile/" in done.stdout and "\n   chars = 1" in done.stdout
    back = command(demo[0], "length.too_short=null").stdout
    assert "The one that comes back was never compared with others" in back and "1 of 1 flip:" in back


def test_every_answer_fits_into_80_columns(demo: tuple[curate.Run, str]) -> None:
    asked = [
        [], ["length.too_short"], ["toxicity.gambling"], ["punctuation_ratio"], ["lang"], ["quality.no_punctuation"],
        ["toxicity.gambling=null"], ["chars", "text_bytes"],
    ]  # fmt: skip
    answers = [*(list(lines(demo[0], words)) for words in asked), [*lines(demo[0], ["length.too_short"], keep=0.7)]]
    for answer in answers:
        assert max(cell_len(line) for one in answer for line in click.unstyle(one).splitlines()) <= 80, answer


def test_the_rules_of_a_run_are_listed_with_what_they_drop(demo: tuple[curate.Run, str]) -> None:
    run, _ = demo
    lines = command(run).stdout.splitlines()
    assert "length.too_short" in lines[1] and lines[1].split()[1:] == ["15", "1", "chars", "<", "100"]
    listed = {line.split()[0]: int(line.split()[1]) for line in lines[1 : 1 + len(run.reasons())]}
    assert listed == run.record["dropped"]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["chars < 5"], "'chars < 5' is no RULE=CONDITION"),
        (["length.too_short=chars < 5", "chars"], "give either conditions"),
        (["length.too_short=chars < 5", "length.too_short=chars < 9"], "two conditions are given"),
        (["length.too_short="], "no condition behind `=`"),
        (["chars", "--target-keep", "0.5"], "--target-keep wants one rule"),
        (["chars", "--write", "x.yaml"], "--write wants a condition to write"),
        (["chars", "--number", "2"], "--number wants one rule"),
        (["quality.few_hann"], "no rule is called 'quality.few_hann'; did you mean 'quality.few_han'?"),
    ],
)
def test_a_question_that_makes_no_sense_is_refused_in_one_line(
    demo: tuple[curate.Run, str], words: list[str], message: str
) -> None:
    done = command(demo[0], *words)
    assert done.exit_code == 2 and not done.stdout
    assert done.stderr.startswith("curate: ") and message in done.stderr and done.stderr.count("\n") == 1


def test_a_text_cannot_move_the_cursor() -> None:
    assert shown.head("a\x1b[2Jb\r\n\n c", 40) == "a\\x1b[2Jb c"
    assert cell_len(shown.head("汉字" * 200, 77)) <= 77 and shown.head("汉字" * 200, 77).endswith("…")
    assert shown.head("短", 77) == "短"


# On a terminal.


def test_keys_choose_a_number_and_move_it(demo: tuple[curate.Run, str]) -> None:
    run, _ = demo
    view = View(Tables(run))
    assert view.lines()[0].startswith("▸ length.too_short") and view.command() == ""
    for _ in range(3):
        view.press("right")
    number, amount = view.number(), view.kept()
    assert float(number) > 100 and amount.documents == 332
    assert amount == tune.what_if(run, {"length.too_short": f"chars < {number}"}, samples=0).then
    assert view.command() == f"curate tune {run.folder} 'length.too_short=chars < {number}'"
    for _ in range(9):
        view.press("left")
    assert view.number() == "0" and view.kept().documents == 336, "to the left there is one document"
    view.press("reset")
    assert view.number() == "100" and view.kept() == view.moved.now
    view.press("down")
    view.press("right")
    assert view.lines()[1].startswith("▸ language.not_chinese")
    assert view.command().startswith(f"curate tune {run.folder} 'language.not_chinese=lang != '\"'\"'zh'")
    for _ in range(100):
        view.press("down")
    assert view.chosen == len(view.found) - 1 and len(view.lines()) < 30
    assert max(cell_len(line) for line in view.lines()) <= 80


def test_a_terminal_gets_the_numbers_and_its_settings_back(run: curate.Run) -> None:
    ours, theirs = pty.openpty()
    before = termios.tcgetattr(theirs)
    command = [sys.executable, "-m", "curate.cli", "tune", str(run.folder)]
    environment = os.environ | {"TERM": "xterm", "COLUMNS": "80", "LINES": "30"}
    with subprocess.Popen(command, stdin=theirs, stdout=theirs, stderr=theirs, env=environment) as child:
        assert "▸ measured.lt" in read_until(ours, b"q done")
        os.write(ours, b"\x1b[C")
        assert "measured.lt: 0.3 -> 0." in read_until(ours, b"q done")
        os.write(ours, b"q")
        assert f"curate tune {run.folder} 'measured.lt=x < 0." in read_until(ours, b"'\r\n").replace("\r\n", "")
        assert child.wait(20) == 0
    assert termios.tcgetattr(theirs) == before
    os.close(ours), os.close(theirs)


def read_until(stream: int, mark: bytes) -> str:
    found = b""
    while mark not in found:
        assert select.select([stream], [], [], 30)[0], found
        found += os.read(stream, 1 << 16)
    return found.decode(errors="replace")
