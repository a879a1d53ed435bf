"""A rule put into a pipeline's text: the same pipeline but for the rule, and no other byte changed."""

from __future__ import annotations

import itertools
import os
import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from curate.edit import scalar, with_rule, write_rules
from curate.errors import PipelineError
from curate.pipeline import Pipeline

HEAD = "read:\n  - jsonl: {paths: [x]}   # 语料\n"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        # a plain name, with a remark, and at the very end of the file
        ("  - toxicity   # ads\n", "  - toxicity:   # ads\n      drop:\n        r: n < 1\n"),
        ("- toxicity", "- toxicity:\n    drop:\n      r: n < 1"),
        ("  - 'toxicity'\n", "  - 'toxicity':\n      drop:\n        r: n < 1\n"),
        # no parameters
        ("  - toxicity:\n\n# end\n", "  - toxicity:\n      drop:\n        r: n < 1\n\n# end\n"),
        ("  - toxicity: null  # none\n", "  - toxicity:   # none\n      drop:\n        r: n < 1\n"),
        ("  - toxicity: ~\n", "  - toxicity:\n      drop:\n        r: n < 1\n"),
        # parameters, no rules: behind the last one, before what is said behind it
        (
            "  - toxicity:\n      name: t  # one\n      # two\n\nwrite:\n",
            "  - toxicity:\n      name: t  # one\n      drop:\n        r: n < 1\n      # two\n\nwrite:\n",
        ),
        ("  - toxicity:\n      drop:   # none yet\n", "  - toxicity:\n      drop:   # none yet\n        r: n < 1\n"),
        # other rules
        (
            "  - toxicity:\n      drop:\n        q: |\n          n > 3\n\n      name: t\n",
            "  - toxicity:\n      drop:\n        q: |\n          n > 3\n        r: n < 1\n\n      name: t\n",
        ),
        ("  - toxicity:\n      drop: {q: n > 3}  # q\n", "  - toxicity:\n      drop: {q: n > 3, r: n < 1}  # q\n"),
        ("  - toxicity:\n      drop: {}\n", "  - toxicity:\n      drop: {r: n < 1}\n"),
        # the rule itself, in every style
        ("  - toxicity:\n      drop:\n        r: n < 7  # 7\n", "  - toxicity:\n      drop:\n        r: n < 1  # 7\n"),
        ("  - toxicity:\n      drop:\n        r:\n", "  - toxicity:\n      drop:\n        r: n < 1\n"),
        ("  - toxicity:\n      drop:\n        r: 'n < 7'\n", "  - toxicity:\n      drop:\n        r: 'n < 1'\n"),
        ('  - toxicity:\n      drop:\n        r: "n < 7"\n', '  - toxicity:\n      drop:\n        r: "n < 1"\n'),
        (
            "  - toxicity:\n      drop:\n        r: n < 7\n          OR n > 9  # why\n        q: null\n",
            "  - toxicity:\n      drop:\n        r: n < 1  # why\n        q: null\n",
        ),
        (
            "  - toxicity:\n      drop:\n        r: >-  # 7\n          n < 7\n          OR n > 9\n\n        q: null\n",
            "  - toxicity:\n      drop:\n        r: n < 1  # 7\n\n        q: null\n",
        ),
        ("  - toxicity: {drop: {r: n < 7, q: null}}\n", "  - toxicity: {drop: {r: n < 1, q: null}}\n"),
        # flow style
        ("  - {toxicity: {name: t}}\n", "  - {toxicity: {name: t, drop: {r: n < 1}}}\n"),
        ("  - {toxicity}\n", "  - {toxicity: {drop: {r: n < 1}}}\n"),
        # the indentation of the file
        (
            "    - length:\n          name: l\n    - toxicity\n",
            "    - length:\n          name: l\n    - toxicity:\n          drop:\n              r: n < 1\n",
        ),
    ],
)  # fmt: skip
def test_a_rule_is_put_where_a_person_would_put_it(before: str, after: str) -> None:
    place = before.count("- ") - 1 if "length" in before else 0
    assert with_rule(f"{HEAD}filters:\n{before}", place, "r", "n < 1") == f"{HEAD}filters:\n{after}"


def test_filters_may_stand_in_brackets() -> None:
    text = "filters: [length, toxicity]  # two\n"
    assert with_rule(text, 1, "r", "n < 1") == "filters: [length, {toxicity: {drop: {r: n < 1}}}]  # two\n"
    assert with_rule(text, 0, "r", None) == "filters: [{length: {drop: {r: null}}}, toxicity]  # two\n"


def test_an_alias_stays_one_and_gets_the_rule_on_top() -> None:
    shared = "filters:\n  - length: {drop: &both {r: n > 7, q: n > 9}}\n  - toxicity:\n      drop: *both\n"
    assert with_rule(shared, 1, "r", "n < 1").endswith("      drop: {<<: *both, r: n < 1}\n")
    value = "filters:\n  - length: {drop: {r: &seven n > 7}}\n  - toxicity:\n      drop:\n        r: *seven  # too\n"
    assert with_rule(value, 1, "r", "n < 1").endswith("        r: n < 1  # too\n")


@pytest.mark.parametrize(
    "text",
    [
        "filters:\n  - &one length\n  - *one\n",  # the item itself
        "filters:\n  - length:\n      drop: &both\n        r: n > 7\n  - toxicity: {drop: *both}\n",  # others see it
        "filters:\n  - length: {drop: {r: &seven n > 7}}\n  - toxicity: {drop: {r: *seven}}\n",
    ],
)
def test_what_cannot_be_changed_in_one_place_is_refused(text: str) -> None:
    place = 1 if "&one" in text else 0
    with pytest.raises(PipelineError, match=rf"filters\[{place}\].drop.r: cannot be edited in one place .* by hand"):
        with_rule(text, place, "r", "n < 1")


def test_a_rule_of_ones_own_is_taken_out_with_its_line() -> None:
    text = "filters:\n  - length:\n      drop:\n        r: n < 1\n        q: n > 3  # stays\n"
    assert with_rule(text, 0, "r", None, remove=True) == text.replace("        r: n < 1\n", "")
    assert with_rule(text, 0, "q", None, remove=True).endswith("        r: n < 1\n        # stays\n")
    alone = "filters:\n  - length:\n      drop:\n        r: n < 1\n"
    assert with_rule(alone, 0, "r", None, remove=True).endswith("drop:\n        {}\n")
    flow = "filters: [{length: {drop: {r: n < 1, q: n > 3}}}]"
    assert with_rule(flow, 0, "r", None, remove=True) == "filters: [{length: {drop: {q: n > 3}}}]"
    assert with_rule(flow, 0, "q", None, remove=True) == "filters: [{length: {drop: {r: n < 1}}}]"
    assert with_rule("filters: [length]", 0, "r", None, remove=True) == "filters: [length]"


@settings(max_examples=60)
@given(st.text(st.characters(codec="utf-8"), min_size=1, max_size=30), st.booleans(), st.sampled_from([None, "'", '"']))
def test_any_condition_is_read_back_as_it_was(condition: str, flow: bool, style: str | None) -> None:
    written = scalar(condition, flow=flow, style=style)
    text = f"{{a: {written}, b: 1}}" if flow else f"a: {written}  # remark\nb: 1\n"
    assert yaml.safe_load(text) == {"a": condition, "b": 1}


# Any pipeline.

remarks = st.sampled_from(["", "  # 说明: a 'b' {c}", " #"])
blank = st.sampled_from(["", "\n", "\n    # a line apart\n", "\n\n"])
conditions = st.sampled_from(
    ["n < 1", "lang != 'zh' OR x < 0.8", "'zh' = lang", "x: # y", "a, b} > [1]", "!n > 1", "\"lang\" = 'zh'", "n > 1 #",
     "- n < 2", "n % 2 = 0", "& n", "x\\d", "n\nOR n", None]
)  # fmt: skip
rule_names = st.sampled_from(["r", "too_short", "on", "null", "no-dash", "规则", "1"])


@st.composite
def rules_block(draw: Any, indent: int) -> str:
    pad = " " * indent
    lines = ""
    for name in draw(st.lists(st.sampled_from(["r", "too_short", "q", "规则"]), min_size=1, max_size=3, unique=True)):
        value = draw(st.sampled_from(
            ["n < 7", "'n < 7'", '"n < 7"', "null", "", f">-\n{pad}  n < 7\n{pad}  OR n > 9", f"n < 7\n{pad}   OR n",
             f"|\n{pad}  n < 7\n", "&here n < 7"]
        ))  # fmt: skip
        remark = "" if value.startswith("|") else draw(remarks) if "\n" not in value else ""
        lines += f"{pad}{name}: {value}{remark}\n" + draw(blank)
    return lines


@st.composite
def filter_items(draw: Any, dash: int, step: int) -> str:
    pad, inner = " " * dash, " " * (dash + 2 + step)
    kind = draw(st.integers(0, 8))
    remark, after = draw(remarks), draw(blank)
    name = draw(st.sampled_from(["length", '"length"', "'length'"]))
    if kind == 0:
        return f"{pad}- {name}{remark}\n{after}"
    if kind == 1:
        return f"{pad}- {name}:{remark}\n{after}"
    if kind == 2:
        return f"{pad}- {name}: {draw(st.sampled_from(['null', '~', '{}']))}{remark}\n{after}"
    if kind == 3:
        drop = draw(st.sampled_from(["{}", "{r: n < 7}", "{ too_short: 'n < 7', q: null }", "{q: n > 3,}", "", "null"]))
        return f"{pad}- {name}: {{name: l, drop: {drop}}}{remark}\n{after}"
    if kind == 4:
        return f"{pad}- {{{name}: {{drop: {{r: n < 7}}}}}}{remark}\n{after}"
    block = f"{pad}- {name}:{remark}\n"
    if kind == 5:
        return f"{block}{inner}name: l{draw(remarks)}\n{after}"
    if kind == 6:
        return f"{block}{inner}drop:{draw(remarks)}\n{inner}name: l\n{after}"
    if kind == 7:
        return f"{block}{inner}drop: {{q: n > 3}}{draw(remarks)}\n{after}{inner}name: l\n"
    rules = draw(rules_block(dash + 2 + 2 * step))
    return f"{block}{inner}drop:{draw(remarks)}\n{rules}{draw(st.sampled_from(['', inner + 'name: l' + chr(10)]))}"


@st.composite
def pipelines(draw: Any) -> tuple[str, int]:
    dash, step = draw(st.sampled_from([0, 2, 4])), draw(st.sampled_from([2, 3, 4]))
    items = draw(st.lists(filter_items(dash, step), min_size=1, max_size=3))
    tail = draw(st.sampled_from(["", "write:\n  - documents\n", "# the end", "...\n"]))
    count = itertools.count()
    items = [re.sub("&here", lambda _: f"&here{next(count)}", item) for item in items]
    text = f"{HEAD}filters:{draw(remarks)}\n{''.join(items)}{tail}"
    if draw(st.booleans()) and not re.search(r"\|\n *n < 7\n+$", text):  # there a line more would be text of the rule
        text = text.rstrip("\n")
    return text.replace("\n", draw(st.sampled_from(["\n", "\r\n"]))), draw(st.integers(0, len(items) - 1))


@settings(max_examples=150)
@given(pipelines(), rule_names, conditions, st.booleans())
def test_the_rule_changes_and_nothing_else_does(
    pipeline: tuple[str, int], rule: str, condition: str | None, remove: bool
) -> None:
    text, place = pipeline
    remove = remove and condition is None
    edited = with_rule(text, place, rule, condition, remove)
    before, after = yaml.safe_load(text), yaml.safe_load(edited)
    ((_, parameters),) = dict_of(after["filters"][place]).items()
    rules = (parameters or {}).get("drop") or {}
    assert rule not in rules if remove else rules[rule] == condition
    assert [one for at, one in enumerate(after["filters"]) if at != place] == [
        one for at, one in enumerate(before["filters"]) if at != place
    ]
    gone = changed_lines(text.splitlines(keepends=True), edited.splitlines(keepends=True))
    assert gone <= 3  # values of three lines; all else is a line that stands there as before
    for remark in ("说明", "a line apart", "语料", "the end"):
        assert text.count(remark) == edited.count(remark)
    assert "\n" not in edited.replace("\r\n", "") or "\r\n" not in text


def changed_lines(before: list[str], after: list[str]) -> int:
    """Lines of the text between the first and the last that are not as they were."""
    pairs = [list(zip(before, after, strict=False)), list(zip(before[::-1], after[::-1], strict=False))]
    first, last = (next((at for at, (a, b) in enumerate(one) if a != b), len(one)) for one in pairs)
    return max(len(before) - first - last, 0)


def dict_of(item: Any) -> dict[str, Any]:
    return {item: None} if isinstance(item, str) else item


# Files.


def small(folder: Path, text: str) -> Path:
    file = folder / "small.yaml"
    file.write_bytes(text.encode())
    return file


def test_a_file_is_written_whole_with_its_mode_its_mark_and_its_line_ends(tmp_path: Path) -> None:
    text = "\ufeffread:\r\n  - jsonl: {paths: [x]}\r\nfilters:\r\n  - length\r\n"
    file = small(tmp_path, text)
    file.chmod(0o640)
    link = tmp_path / "link.yaml"
    link.symlink_to(file)
    assert write_rules(link, {"length.too_short": "chars < 7"}, {})
    changed = "  - length:\r\n      drop:\r\n        too_short: chars < 7\r\n"
    assert file.read_bytes().decode() == text.replace("  - length\r\n", changed)
    assert link.is_symlink() and file.stat().st_mode & 0o777 == 0o640
    assert not write_rules(link, {"length.too_short": "chars < 7"}, {})
    assert [one.name for one in tmp_path.iterdir() if "tmp" in one.name] == []


def test_several_rules_are_written_together_and_a_rule_of_ones_own_taken_out(tmp_path: Path) -> None:
    file = small(tmp_path, f"{HEAD}filters:\n  - length:\n      drop: {{long: chars > 9}}\n  - quality\n")
    write_rules(file, {"length.too_short": None, "quality.few_han": "han_ratio < 0.2", "length.long": None}, {})
    assert file.read_text().endswith(
        "  - length:\n      drop: {too_short: null}\n  - quality:\n      drop:\n        few_han: han_ratio < 0.2\n"
    )


def test_variables_are_filled_in_to_check_and_left_alone(tmp_path: Path) -> None:
    file = small(
        tmp_path, "name: ${NAME}\n" + HEAD + "filters:\n  - length:\n      drop: {too_short: 'chars < ${N}'}\n"
    )
    write_rules(file, {"length.too_short": "chars < 7"}, {"NAME": "one", "N": "5"})
    assert file.read_text().startswith("name: ${NAME}\n") and "too_short: 'chars < 7'" in file.read_text()
    with pytest.raises(PipelineError, match="NAME"):
        write_rules(file, {"length.too_short": "chars < 8"}, {})


@pytest.mark.parametrize(
    ("conditions", "message"),
    [
        ({"length.too_short": "chras < 7"}, "did you mean 'chars'"),
        ({"lenght.too_short": "chars < 7"}, "no filter is called 'lenght'; did you mean 'length'"),
        ({"length.too_short": "source = '${HOME}'"}, 'would be "source = '),
        ({"length.too_shrt": None, "length.too_short": "chars < 7"}, None),
    ],
)
def test_on_an_error_nothing_is_written(tmp_path: Path, conditions: dict[str, str | None], message: str | None) -> None:
    file = small(tmp_path, f"{HEAD}filters:\n  - length\n")
    before = file.read_bytes()
    if message is None:  # there is nothing to take out; the other rule is written
        assert write_rules(file, conditions, {})
        return
    with pytest.raises(PipelineError) as error:
        write_rules(file, conditions, dict(os.environ))
    assert message in str(error.value)
    assert file.read_bytes() == before


def test_the_pipelines_of_the_project_can_be_edited() -> None:
    for file in sorted((Path(__file__).parents[1] / "pipelines").glob("*.yaml")):
        text = file.read_text(encoding="utf-8")
        for place, item in enumerate(yaml.safe_load(text)["filters"]):
            edited = with_rule(text, place, "too_new", "chars < 7")
            added = set(edited.splitlines()) - set(text.splitlines())
            assert len(added) <= 3 and "too_new: chars < 7" in "".join(added), (file, item)
    assert Pipeline.parse(with_rule(f"{HEAD}filters: [length]", 0, "r", "chars < 7")).filters
