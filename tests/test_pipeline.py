"""A pipeline file: what it means, and the one line that says what is wrong with it."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal

import polars as pl
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from curate.contracts import Cleaned, Cleaner, CorpusFilter, Documents, Filter, InputFile, Writer
from curate.errors import PipelineError
from curate.pipeline import Pipeline, json_schema
from curate.readers.files import Jsonl

Write = Callable[[str, bytes | str], Path]
HERE = __name__


class Size(Filter):
    """Measure the length, in one of two units."""

    signals: ClassVar[dict[str, Any]] = {"size": pl.Int64, "tidy": pl.Boolean}
    rules: ClassVar[dict[str, str]] = {"small": "size < 10"}

    unit: Literal["chars", "bytes"] = "chars"
    most: int = 5
    model: Annotated[str | None, InputFile()] = None

    def measure(self, documents: Documents) -> pl.DataFrame:
        raise NotImplementedError


class Same(CorpusFilter):
    """Compare documents."""


class Trim(Cleaner):
    """Clean, and measure something on the way."""

    signals: ClassVar[dict[str, Any]] = {"trimmed": pl.Boolean}

    def clean(self, text: pl.Series) -> Cleaned:
        raise NotImplementedError


class Out(Writer):
    """Write somewhere."""


READ = "read:\n  - jsonl: {paths: [a.jsonl]}\n"


def parse(text: str, **more: Any) -> Pipeline:
    for name in ("Size", "Same", "Trim", "Out"):
        text = text.replace(f"- {name}", f"- {HERE}:{name}")
    return Pipeline.parse(text, **more)


def fault(text: str, **more: Any) -> str:
    with pytest.raises(PipelineError) as caught:
        parse(text, **more)
    message = str(caught.value)
    assert "\n" not in message
    return message.replace(f"{HERE}:", "")


# What a pipeline means.


def test_a_pipeline_is_a_value_of_named_steps() -> None:
    text = (
        "name: small\nseed: 7\n" + READ + "clean: [unicode]\nfilters:\n  - Size:\n      most: 6\n"
        "      drop:\n        small: size < 100\n  - Same\nwrite:\n  - Out\n"
    )
    pipeline = parse(text)
    assert (pipeline.name, pipeline.seed) == ("small", 7)
    assert pipeline.read[0].step == Jsonl(paths=["a.jsonl"])
    assert [line.label for line in pipeline.filters] == ["size", "same"]
    assert pipeline.filters[0].where == f"filters[0].{HERE}:Size"
    assert pipeline.filters[0].step == Size(most=6, drop={"small": "size < 100"})
    assert pipeline == parse(text)


def test_a_name_alone_a_name_with_nothing_and_a_name_with_parameters_are_the_same() -> None:
    for item in ("- Size", "- Size:", "- Size: {}", "- Size: null", "- Size: {most: 5}"):
        assert parse(f"{READ}filters:\n  {item}\n").filters[0].step == Size()


def test_a_pipeline_without_a_name_is_called_by_its_file(write: Write) -> None:
    assert Pipeline.load(write("my pipe.v2.yaml", READ)).name == "my_pipe.v2"
    assert Pipeline.load(write("中文.yaml", "\ufeff" + READ)).name == "中文"


def test_empty_sections_are_no_steps() -> None:
    pipeline = parse(READ + "clean:\nfilters: []\nwrite: null\n")
    assert (pipeline.clean, pipeline.filters, pipeline.write) == ((), (), ())


def test_a_second_filter_of_a_kind_takes_a_name_that_prefixes_columns_and_reasons() -> None:
    pipeline = parse(READ + "filters:\n  - Size\n  - Size: {name: body, drop: {small: size < 3 AND NOT body_tidy}}\n")
    assert [line.label for line in pipeline.filters] == ["size", "body"]
    assert fault(READ + "filters:\n  - Size\n  - Size\n") == (
        "filters[1].Size: filters[0].Size is called 'size' too; give this one a `name:`"
    )


def test_the_folder_of_the_pipeline_holds_modules_and_files_of_ones_own(
    write: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "path", [*sys.path])
    write("own_pipeline_parts.py", "from curate import Filter\nclass Mine(Filter):\n    pass\n")
    write("model.bin", b"x")
    file = write("p.yaml", f"{READ}filters:\n  - own_pipeline_parts:Mine\n  - {HERE}:Size: {{model: model.bin}}\n")
    pipeline = Pipeline.load(file)
    assert type(pipeline.filters[0].step).__name__ == "Mine"
    assert pipeline.filters[1].step.model == str(tmp_path / "model.bin")  # type: ignore[attr-defined]
    monkeypatch.chdir(tmp_path)
    (tmp_path / "sub").mkdir()
    moved = Pipeline.parse(file.read_text(), tmp_path / "sub")
    assert moved.filters[1].step.model == str(tmp_path / "model.bin")  # type: ignore[attr-defined]


def test_null_switches_a_rule_off_and_rules_are_laid_over_the_filters_own() -> None:
    step = (
        parse(READ + "filters:\n  - Size:\n      drop:\n        small: null\n        big: size > 9\n").filters[0].step
    )
    assert step.drop == {"small": None, "big": "size > 9"}


# Variables.


def paths(text: str, **variables: str) -> list[str]:
    reader = parse(f"read:\n  - jsonl: {{paths: ['{text}']}}\n", variables=variables).read[0].step
    assert isinstance(reader, Jsonl)
    return reader.paths


def test_variables_are_filled_in_as_a_shell_would(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CURATE_TEST_DIR", "env")
    monkeypatch.setenv("CURATE_TEST_EMPTY", "")
    assert paths("${CURATE_TEST_DIR}/a") == ["env/a"]
    assert paths("${CURATE_TEST_DIR}/${X}/$X", CURATE_TEST_DIR="set", X="x") == ["set/x/$X"]
    assert paths("${NONE_SUCH:-some where}/a") == ["some where/a"]
    assert paths("${CURATE_TEST_EMPTY:-default}") == ["default"]
    assert paths("${CURATE_TEST_EMPTY}a") == ["a"]
    assert paths("${CURATE_TEST_DIR}a", CURATE_TEST_DIR="") == ["a"]
    assert paths("${NONE_SUCH:-}a") == ["a"]


def test_a_variable_that_is_not_set_says_where_and_what_to_do() -> None:
    head = "read[0].jsonl.paths[0]: ${NONE_SUCH} is not set: "
    assert fault("read:\n  - jsonl: {paths: ['${NONE_SUCH}']}\n") == (
        head + "give it as --set NONE_SUCH=… or in the environment"
    )
    assert fault("read:\n  - jsonl: {paths: ['${NONE_SUCH:?where SkyPile lies}']}\n") == head + "where SkyPile lies"
    assert fault("read:\n  - jsonl: {paths: ['${X:?say it}']}\n", variables={"X": ""}).endswith("not set: say it")


def test_a_pipeline_remembers_what_its_variables_stood_for() -> None:
    pipeline = parse("name: ${N:-x}\nseed: ${SEED}\n" + READ, variables={"SEED": "5", "UNUSED": "1"})
    assert (pipeline.name, pipeline.seed) == ("x", 5)
    assert pipeline.variables == {"N": "x", "SEED": "5"}
    assert Pipeline.parse(pipeline.text, pipeline.folder, pipeline.variables) == pipeline


def test_what_a_variable_holds_is_text_and_never_yaml() -> None:
    assert paths("${X}", X="a]\nname: evil") == ["a]\nname: evil"]


# Errors: place, what, nearest name.

ERRORS = {
    "nam: x\n" + READ: "nam: unknown key; did you mean 'name'?",
    READ + "filter: []\n": "filter: unknown key; did you mean 'filters'?",
    READ + "true: []\n": "True: unknown key; known: clean, filters, name, read, seed, write",
    "filters: []\n": "read: a pipeline needs a reader, for example `- jsonl: {paths: [data/*.jsonl]}`",
    "": "pipeline: expected the sections read, clean, filters, write",
    "[]": "pipeline: expected the sections read, clean, filters, write",
    "name: 5\n" + READ: "name: expected text, not 5; put it in quotes",
    "name: 2024-01-02\n" + READ: "name: expected text, not datetime.date(2024, 1, 2); put it in quotes",
    "name: a/b\n" + READ: "name: 'a/b' names a folder: letters, digits, `_`, `-` and `.` only",
    "name: ..\n" + READ: "name: '..' names a folder: letters, digits, `_`, `-` and `.` only",
    "seed: x\n" + READ: "seed: expected a whole number, not 'x'",
    "seed: true\n" + READ: "seed: expected a whole number, not True",
    "seed: 1.5\n" + READ: "seed: expected a whole number, not 1.5",
    READ + "filters: length\n": "filters: expected a list, each item `- name` or `- name: {parameters}`",
    READ + "filters: {length: {}}\n": "filters: expected a list, each item `- name` or `- name: {parameters}`",
    READ + "filters: false\n": "filters: expected a list, each item `- name` or `- name: {parameters}`",
    READ + "filters:\n  - lenght\n": "filters[0]: no filter is called 'lenght'; did you mean 'length'?",
    READ + "clean:\n  - unicod:\n": "clean[0]: no cleaner is called 'unicod'; did you mean 'unicode'?",
    "read:\n  - json: {paths: [a]}\n": "read[0]: no reader is called 'json'; did you mean 'jsonl'?",
    READ + "filters:\n  - 5\n": "filters[0]: expected `- name` or `- name: {parameters}`, not 5",
    READ + "filters:\n  - Size:\n    most: 5\n": (
        "filters[0]: expected `- name` or `- name: {parameters}`, not {'Size': None, 'most': 5}; "
        "parameters stand two spaces further right than the name"
    ),
    READ + "filters:\n  - Size: 5\n": "filters[0].Size: expected parameters as `key: value`, not 5",
    READ + "filters:\n  - Size: 0\n": "filters[0].Size: expected parameters as `key: value`, not 0",
    READ + "filters:\n  - Size: []\n": "filters[0].Size: expected parameters as `key: value`, not []",
    READ + "filters:\n  - Size: {no: 1}\n": "filters[0].Size: False is no name of a parameter; put it in quotes",
    READ + "filters:\n  - Size: {mots: 1}\n": "filters[0].Size.mots: unknown parameter; did you mean 'most'?",
    READ + "filters:\n  - Size: {most: x}\n": "filters[0].Size.most: expected a whole number, not 'x'",
    READ + "filters:\n  - Size: {unit: char}\n": (
        "filters[0].Size.unit: input should be 'chars' or 'bytes', not 'char'; did you mean 'chars'?"
    ),
    READ + "filters:\n  - Size: {name: a-b}\n": (
        "filters[0].Size.name: 'a-b' prefixes signals: letters, digits and `_` only"
    ),
    READ + "write:\n  - Out: {name: a/b}\n": (
        "write[0].Out.name: 'a/b' names a folder: letters, digits, `_`, `-` and `.` only"
    ),
    "read:\n  - jsonl\n": "read[0].jsonl.paths: field required",
    "read:\n  - jsonl: {paths: a.jsonl}\n": "read[0].jsonl.paths: expected a list, such as [a, b], not 'a.jsonl'",
    "read:\n  - jsonl: {paths: []}\n": (
        "read[0].jsonl.paths: list should have at least 1 item after validation, not 0, not []"
    ),
    "read:\n  - jsonl: {paths: [a], sample: 2}\n": (
        "read[0].jsonl.sample: input should be less than or equal to 1, not 2"
    ),
    "read:\n  - jsonl: {paths: [a], max_bytes: 64 apples}\n": (
        "read[0].jsonl.max_bytes: expected a size such as 64MB, not '64 apples'"
    ),
    "read:\n  - jsonl: {paths: [a], fields: [url, text]}\n": (
        "read[0].jsonl.fields[1]: a column called 'text' is there already"
    ),
    "read:\n  - jsonl: {paths: [a], fields: [url, url]}\n": (
        "read[0].jsonl.fields[1]: a column called 'url' is there already"
    ),
    "read:\n  - jsonl: {paths: [a], fields: [size]}\nfilters:\n  - Size\n": (
        "read[0].jsonl.fields[0]: a column called 'size' is there already"
    ),
    READ + "clean:\n  - Trim\n  - Trim\n": (
        "clean[1].Trim: a signal called 'trim_changed_chars' is there already; is it there twice?"
    ),
    READ + "write:\n  - Out\n  - Out\n": "write[1].Out: write[0].Out is called 'out' too; give this one a `name:`",
}


@pytest.mark.parametrize("text", ERRORS, ids=range(len(ERRORS)))
def test_what_is_wrong_is_one_line_with_place_and_nearest_name(text: str) -> None:
    assert fault(text) == ERRORS[text]


RULES = {
    "sise < 10": "no signal is called 'sise'; did you mean 'size'?",
    "size <": "'size <' is not a condition: unable to parse 'size <' as Expr",
    "size": "'size' is Int64, not true or false; compare it with something",
    "size > AVG(size)": "'size > AVG(size)' uses an aggregate; a rule is a condition on the signals of one document",
    "size > SUM(size) OVER (PARTITION BY tidy)": (
        "'size > SUM(size) OVER (PARTITION BY tidy)' uses a window; "
        "a rule is a condition on the signals of one document"
    ),
    "size = 'x'": "\"size = 'x'\" compares text with a number",
}


@pytest.mark.parametrize("rule", RULES)
def test_a_wrong_rule_is_found_with_its_place(rule: str) -> None:
    assert fault(READ + f'filters:\n  - Size:\n      drop:\n        x: "{rule}"\n') == (
        f"filters[0].Size.drop.x: {RULES[rule]}"
    )


def test_text_in_double_quotes_is_told_to_stand_in_single_ones() -> None:
    assert fault(READ + 'filters:\n  - Size:\n      drop:\n        x: source = "web"\n') == (
        "filters[0].Size.drop.x: no signal is called 'web'; text stands in single quotes: 'web'"
    )


@pytest.mark.parametrize(("value", "shown"), [("5", "5"), ("true", "True"), ("[a]", "['a']"), ("{a: 1}", "{'a': 1}")])
def test_a_rule_that_is_no_text_is_said_to_be_none(value: str, shown: str) -> None:
    assert fault(READ + f"filters:\n  - Size:\n      drop:\n        small: {value}\n") == (
        "filters[0].Size.drop.small: a rule is a condition, such as `chars < 100`, "
        f"or null to switch it off, not {shown}"
    )


def test_drop_itself_must_hold_rules() -> None:
    assert fault(READ + "filters:\n  - Size: {drop: size < 5}\n").startswith(
        "filters[0].Size.drop: expected `name: value`"
    )
    assert fault(READ + "filters:\n  - Size: {drop: {5: size < 5}}\n").startswith("filters[0].Size.drop: 5 is no name")


def test_a_file_that_a_filters_rules_need_is_missed_with_its_place() -> None:
    assert fault(READ + "filters:\n  - quality: {profile: none_such.yaml}\n").startswith(
        "filters[0].quality: none_such.yaml: cannot be read as a profile: "
    )
    assert fault(READ + "filters:\n  - quality: {profile: none_such}\n").startswith("filters[0].quality.profile: ")


def test_a_wrong_prefer_is_found_with_its_place() -> None:
    assert fault(READ + "filters:\n  - Size\n  - Same: {prefer: size DESCENDING}\n") == (
        "filters[1].Same.prefer: expected `signal [ASC|DESC], …`, not 'size DESCENDING'"
    )
    assert fault(READ + "filters:\n  - Size\n  - Same: {prefer: sice}\n").endswith("did you mean 'size'?")


YAML_ERRORS = {
    "read: [\n": "pipeline: line 2, column 1: ",
    "name: a\nname: b\n" + READ: "pipeline: line 1, column 1: key 'name' stands twice",
    "read:\n\t- jsonl\n": "pipeline: line 2, column 1: found character '\\t' that cannot start any token "
    "(indent with spaces, not with tabs)",
    READ + "filters:\n  - Size: {drop: {x: size > 3: y}}\n": "pipeline: line 4, column ",
    "name: 2024-13-45\n": "pipeline: not YAML: month must be in 1..12",
    "name: !!python/object:os.system {}\n": "pipeline: line 1, column 7: could not determine a constructor for the ",
    "name: \0\n": "pipeline: not YAML: unacceptable character #x0000: special characters are not allowed",
    "? [a]\n: b\n": "pipeline: line 1, column 3: found unhashable key",
    "name: *x\n": "pipeline: line 1, column 7: found undefined alias 'x'",
    "a: &x [*x]\n" + READ: "a: unknown key",
}


@pytest.mark.parametrize("text", YAML_ERRORS, ids=range(len(YAML_ERRORS)))
def test_wrong_yaml_is_one_line_with_its_place(text: str) -> None:
    assert fault(text).startswith(YAML_ERRORS[text])


def test_a_comma_in_a_flow_mapping_is_explained_wherever_it_shows() -> None:
    messages = [
        fault(READ + "filters:\n  - Size: {drop: {x: GREATEST(size, 5) > 3}}\n"),
        fault(READ + "filters:\n  - Size: {drop: {x: size IN (1, 2)}}\n"),
    ]
    for message in messages:
        assert message.startswith("filters[0].Size.drop: ")
        assert message.endswith(
            "is no name of a rule (a comma or a colon inside {…} breaks a rule: write it as a block)"
        )


def test_a_key_that_stands_twice_is_found_at_any_depth() -> None:
    assert "key 'small' stands twice" in fault(READ + "filters:\n  - Size:\n      drop: {small: null, small: null}\n")


def test_a_file_that_cannot_be_read_is_one_line(tmp_path: Path, write: Write) -> None:
    for file in (tmp_path, write("gbk.yaml", "name: 中文".encode("gbk"))):
        with pytest.raises(PipelineError) as caught:
            Pipeline.load(file)
        assert str(caught.value).startswith(f"{file}: cannot be read as a pipeline: ")
        assert "\n" not in str(caught.value)


def test_a_file_that_is_not_there_is_answered_with_the_nearest_name(tmp_path: Path, write: Write) -> None:
    for beside, hint in ((None, "; `curate init` writes one"), ("news.yaml", "; did you mean 'news.yaml'?")):
        if beside:
            write(beside, "")
        with pytest.raises(PipelineError) as caught:
            Pipeline.load(tmp_path / "new.yaml")
        assert str(caught.value) == f"{tmp_path / 'new.yaml'}: no such file{hint}"


WHOLE = """\
name: whole
seed: 3
read:
  - jsonl:
      paths: ["a.jsonl"]
      fields: [url]
clean:
  - unicode
filters:
  - length:
      drop:
        too_short: chars < 100
  - Size: {name: body}
  - Same:
      prefer: chars DESC
write:
  - Out
"""


@settings(max_examples=300, deadline=None)
@example(":" + WHOLE)
@given(
    st.one_of(
        st.text(max_size=40),
        st.tuples(st.integers(0, len(WHOLE)), st.integers(0, 12), st.text(max_size=6)).map(
            lambda cut: WHOLE[: cut[0]] + cut[2] + WHOLE[cut[0] + cut[1] :]
        ),
        st.tuples(st.integers(0, len(WHOLE)), st.sampled_from(["{", "}", "[", ",", ": ", "- ", "\t", "&a ", "*a", "!",
                                                               "null", "5", "<<: ", "${X}", "'", "\n", "|", "? "])).map(
            lambda cut: WHOLE[: cut[0]] + cut[1] + WHOLE[cut[0] :]
        ),
    )
)  # fmt: skip
def test_any_text_is_a_pipeline_or_one_line_that_says_why_not(text: str) -> None:
    try:
        parse(text)
    except PipelineError as error:
        assert "\n" not in str(error)
        assert str(error).split(":")[0]


# The schema.


def test_the_schema_names_every_section_and_step() -> None:
    schema = json_schema()
    json.dumps(schema)
    assert set(schema["properties"]) == {"name", "seed", "read", "clean", "filters", "write"}
    assert {"read.jsonl", "clean.unicode", "filters.length", "filters.near_duplicates"} <= set(schema["$defs"])
    assert schema["$defs"]["filters.length"]["additionalProperties"] is False
