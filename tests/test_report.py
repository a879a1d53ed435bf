"""The page of a run: the sum, every rule, thresholds; hostile text stays text; small, whole and the same every time."""

from __future__ import annotations

import base64
import dataclasses
import hashlib
import json
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

import curate
from curate import judge
from curate.conditions import compile_condition
from curate.errors import CurateError
from curate.report import charts, write_report
from curate.report import page as pages
from curate.report.collect import Report, collect
from curate.report.decisions import BorderCase
from curate.report.markup import element, escape, number, seconds, share, size
from curate.report.thresholds import Threshold, compared, thresholds
from curate.report.warned import warned
from curate.report.wording import wording
from curate.run import Run
from curate.stats import Histogram
from curate.work import record
from curate.writers import documents, planning

ATTACK = '<script>alert(1)</script><img src=x onerror="alert(2)">'
MODULE = '''
from typing import ClassVar

import polars as pl

import curate


class Marks(curate.Filter):
    """Measures what the rows say, and hostile labels."""

    signals: ClassVar = {
        "size": pl.Int64, "score": pl.Float64, "label": pl.String, "flag": pl.Boolean, "same": pl.Float64,
    }
    rules: ClassVar = {"small": "size < 20", "unsure": "score < 0.25 OR score > 2", "labelled": "label = 'x'"}

    def measure(self, documents):
        text = pl.col("text")
        return documents.frame.select(
            size=text.str.len_chars().cast(pl.Int64),
            score=pl.when(text.str.len_chars() > 5).then(text.str.len_chars() / 100.0),
            label=text.str.slice(0, 60),
            flag=text.str.contains("script"),
            same=pl.lit(1.5),
        )
'''


class Tags(HTMLParser):
    """Every tag with its attributes, and the text between them."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.words.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.words).split())


def run_of(folder: Path, rows: list[Any], pipeline: str, name: str = "rows.jsonl", out: str = "run") -> Run:
    """Run a pipeline whose reader's line is given here; rows that are strings are written as they are."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "hostile_marks.py").write_text(MODULE, encoding="utf-8")
    reader = "read:\n  - jsonl: {paths: ['*.jsonl'], id: id, fields: [url], max_rejected: 1}\n"
    (folder / "p.yaml").write_text(reader + pipeline, encoding="utf-8")
    lines = [row if isinstance(row, str) else json.dumps(row, ensure_ascii=False) for row in rows]
    if not (folder / name).exists():  # its time is part of every fingerprint
        (folder / name).write_text("".join(line + "\n" for line in lines), encoding="utf-8")
    return curate.run_pipeline(folder / "p.yaml", folder / out, workers=1)


MARKS = f"""
filters:
  - hostile_marks:Marks:
      drop:
        attacked: label = '<script>alert(1)</script>' OR size > 5000
        never: size > 1000000
  - exact_duplicates
# {ATTACK}</pre>
"""
LONG = "长" * 700
ROWS = [
    {"id": "good", "text": "一" * 100, "url": ATTACK},
    {"id": ATTACK, "text": ATTACK * 3, "url": "javascript:alert(3)"},
    {"id": "short", "text": "short", "url": None},
    {"id": "long", "text": LONG},
    {"id": "controls", "text": "bell\u0007 and turned \u202e around \u0000" + "b" * 80},
    {"id": "copy", "text": "一" * 100},
    '{"text": "' + ATTACK.replace('"', "'"),
]


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    name = ATTACK.replace("/", "").replace('"', "") + ".jsonl"
    return run_of(tmp_path_factory.mktemp("hostile"), ROWS, MARKS, name)


@pytest.fixture(scope="module")
def report(run: Run) -> Report:
    return collect(run)


@pytest.fixture(scope="module")
def page(run: Run) -> str:
    file = write_report(run)
    assert file == run.folder / "report.html"
    return file.read_text(encoding="utf-8")


def test_the_sum_is_shown(page: str) -> None:
    # Kept: good, the attack and the controls; dropped: short, long (its score is 7), copy; the last row is no JSON.
    assert "7 rows read = 3 kept + 3 dropped + 1 rejected" in Tags(page).text


def test_every_rule_has_a_line_and_a_section_of_documents(page: str, report: Report) -> None:
    anchors = {attributes.get("id") for _, attributes in Tags(page).tags}
    links = [attributes.get("href") for _, attributes in Tags(page).tags if "href" in attributes]
    assert len(report.rules) == 6
    for place, rule in enumerate(report.rules):
        assert f"rule-{place}" in anchors
        assert f"#rule-{place}" in links
        assert escape(rule.reason) in page
        assert escape(rule.condition) in page
    assert all(link and link[1:] in anchors for link in links)


def test_nothing_that_the_corpus_says_becomes_a_tag_or_an_attribute(page: str) -> None:
    tags = Tags(page)
    assert {name for name, _ in tags.tags} <= {
        *(
            "html",
            "head",
            "meta",
            "title",
            "style",
            "body",
            "header",
            "main",
            "section",
            "nav",
            "a",
            "h1",
            "h2",
            "h3",
            "h4",
        ),
        *(
            "div",
            "span",
            "p",
            "b",
            "i",
            "small",
            "code",
            "pre",
            "bdi",
            "ul",
            "li",
            "dl",
            "dt",
            "dd",
            "details",
            "summary",
            "del",
            "ins",
            "mark",
            "s",
        ),
        *("article", "figure", "figcaption", "table", "thead", "tbody", "tr", "th", "td"),
        *("svg", "g", "path", "line", "text", "rect"),
        *("script", "input", "label", "output", "button", "h5"),
    }
    assert [name for name, _ in tags.tags].count("script") == page.count("<script") == 1
    for _, attributes in tags.tags:
        assert not any(name.startswith("on") or name in ("src", "style", "xlink:href") for name in attributes)
        assert (attributes.get("href") or "#").startswith("#")
    assert tags.text.count("<script>alert(1)</script>") >= 5


@pytest.mark.parametrize(
    "place",
    [
        "id",
        "text",
        "field",
        "signal",
        "rule",
        "file name",
        "rejected row",
        "pipeline",
        "border id",
        "border text",
        "mark",
        "number",
    ],
)
def test_hostile_text_is_shown_as_text(report: Report, place: str) -> None:
    # One place at a time: whatever else is hostile is made harmless, and the attack must still be on the page, as text.
    marker = "<script>here()</script>"
    sample = dataclasses.replace(
        report.samples["kept"][0], id="id", text="text", chars=4, fields={}, signals={}, reasons=(), duplicate_of=None
    )
    rule = dataclasses.replace(report.rules[0], condition="size < 20")
    clean = dataclasses.replace(
        report,
        samples={name: [sample] for name in report.samples},
        rejected_rows=[],
        pipeline="",
        inputs=[],
        thresholds=[],
        borders={},
    )
    border = BorderCase(0, True, 1.0, "id", "text", [(0, 2, "size")], False, True)
    number = dataclasses.replace(report.decisions.comparisons[0], reason=f"{marker}.{marker}", signal="size")
    changed = {
        "id": {"samples": clean.samples | {"kept": [dataclasses.replace(sample, id=marker)]}},
        "text": {"samples": clean.samples | {"kept": [dataclasses.replace(sample, text=marker)]}},
        "field": {"samples": clean.samples | {"kept": [dataclasses.replace(sample, fields={"url": marker})]}},
        "signal": {"samples": clean.samples | {"kept": [dataclasses.replace(sample, signals={marker: marker})]}},
        "rule": {"rules": [dataclasses.replace(rule, condition=marker), *clean.rules[1:]]},
        "file name": {"inputs": [(marker, 1)]},
        "rejected row": {"rejected_rows": [dict.fromkeys(("file", "offset", "line", "reason", "raw"), marker)]},
        "pipeline": {"pipeline": marker},
        "border id": {"borders": {0: [border._replace(id=marker)]}},
        "border text": {"borders": {0: [border._replace(text=marker, marks=[(0, len(marker), "size")])]}},
        "mark": {"borders": {0: [border._replace(marks=[(0, 2, marker)])]}},
        "number": {
            "decisions": dataclasses.replace(report.decisions, comparisons=(number,) * len(report.decisions.decided))
        },
    }[place]
    html = pages.render(dataclasses.replace(clean, **changed), pages.Detail(1, 9, 0, 9, 1))
    assert marker not in html
    tags = Tags(html)
    assert marker in tags.text or any(marker in attributes.values() for _, attributes in tags.tags)


def test_manifests_and_warnings_are_escaped_and_shown(report: Report) -> None:
    manifest = {
        "target": ATTACK, "format": "flat", "tokens": 12_345, "documents": 3, "pad_share": 0.125, "warning": ATTACK,
        "tokenizer": {"name": ATTACK, "vocabulary": 6400}, "sequence_length": 256, "unknown": {"a": [1]},
        "shards": [{"split": "train", "tokens": 12_345, "documents": 3, "files": [{"name": ATTACK, "bytes": 24_690}]}],
    }  # fmt: skip
    written = dataclasses.replace(
        report, writers=["tiny", "absent"], manifests={"tiny": manifest}, guides=frozenset({"tiny"}),
        record={**report.record, "warnings": [ATTACK]},
    )  # fmt: skip
    tags = Tags(pages.render(written, pages.Detail(0, 0)))
    assert [name for name, _ in tags.tags].count("script") == 1
    for words in ("12,345", "padding 12.5 %", "6,400 tokens", "24.7 kB", "shards/tiny/USE.md", "Nothing was written"):
        assert words in tags.text or words.replace(" ", "") in tags.text.replace(" ", "")


@pytest.mark.parametrize(
    ("warning", "english", "chinese"),
    [
        (
            "filter toxicity dropped nothing",
            "The filter <bdi>toxicity</bdi> dropped nothing.",
            "过滤器 <bdi>toxicity</bdi> 没有",
        ),
        ("cleaner <b> changed nothing", "The cleaner <bdi>&lt;b&gt;</bdi> changed", "清洗器 <bdi>&lt;b&gt;</bdi> 没有"),
        (
            "mini: no document was kept: no file was written",
            "<bdi>mini</bdi>: No document",
            "<bdi>mini</bdi>：没有保留",
        ),
        ("something new & odd", "<bdi>something new &amp; odd</bdi>", "<bdi>something new &amp; odd</bdi>"),
    ],
)
def test_warnings_are_said_in_the_readers_language(warning: str, english: str, chinese: str) -> None:
    assert warned(wording("en"), warning).startswith(english)
    assert warned(wording("zh"), warning).startswith(chinese)


def test_warnings_that_runs_write_are_known() -> None:
    sources = (Path(record.__file__), Path(planning.__file__), Path(documents.__file__))
    written = "".join(file.read_text(encoding="utf-8") for file in sources)
    for words in ("changed nothing", "dropped nothing", "the corpus is empty:", "every document was dropped:"):
        assert words in written
    for words in ("no document was kept:", "tokens in whole documents are too little for a validation split:"):
        assert words in written


def test_a_manifest_of_another_kind_does_no_harm(report: Report) -> None:
    odd = {"shards": {"a": 1}, "tokens": "many", "documents": None, "tokenizer": "x", "pad_share": None}
    for manifest in ({}, odd, {"shards": ["a", {"files": "b"}, {"files": ["c", {}]}]}):
        written = dataclasses.replace(report, writers=["w"], manifests={"w": manifest})
        assert "<h3><bdi>w</bdi></h3>" in pages.render(written, pages.Detail(0, 0))


def test_the_page_asks_nothing_of_a_network(page: str) -> None:
    policy = next(a["content"] for name, a in Tags(page).tags if name == "meta" and a.get("http-equiv"))
    style = re.search("<style>(.*?)</style>", page, re.DOTALL)
    assert style and policy
    digest = base64.b64encode(hashlib.sha256(style[1].encode()).digest()).decode()
    (script,) = re.findall("<script>(.*?)</script>", page, re.DOTALL)
    script_digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    assert policy.startswith(
        f"default-src 'none'; style-src 'sha256-{digest}'; script-src 'sha256-{script_digest}'; base-uri 'none'"
    )
    assert not re.search(r"fetch|XMLHttpRequest|import|eval|Function|innerHTML|https?:", script)
    assert "url(" not in style[1] and "@import" not in style[1]
    assert "<link" not in page
    addresses = set(re.findall(r'"(https?://[^"]*)"', page))
    assert addresses <= {"http://www.w3.org/2000/svg", "http://www.w3.org/1999/xlink"}


def test_control_characters_are_seen_and_the_direction_of_writing_stays_inside(page: str) -> None:
    assert "bell␇ and turned \u202e around" in page
    assert "\u0007" not in page and "\u0000" not in page
    assert "unicode-bidi: isolate" in page


def test_a_long_text_is_cut_and_its_length_told(page: str) -> None:
    assert "长" * 600 in page and "长" * 601 not in page
    assert "characters 1 to 600 of 700" in page


def test_a_duplicate_names_its_survivor(report: Report) -> None:
    (sample,) = report.samples["exact_duplicates.duplicate"]
    assert {sample.id, sample.duplicate_of} == {"good", "copy"}
    told = f"dropped because it is a copy of {sample.duplicate_of}: exact_duplicates.duplicate drops when"
    assert told in pages.render(report, pages.Detail(5, 0))


def test_rejected_rows_tell_file_line_and_bytes(report: Report, page: str) -> None:
    (row,) = report.rejected_rows
    assert row["line"] == 7
    assert "line 7, offset" in page
    assert Tags(page).text.count('{"text": "<script>alert(1)</script>') == 1


def test_rows_that_are_not_utf8_are_shown_with_their_bytes(report: Report) -> None:
    from curate.report.collect import _readable

    row = {
        "file": "a",
        "offset": 0,
        "line": 1,
        "reason": "invalid UTF-8",
        "raw_base64": base64.b64encode(b"a\xff").decode(),
    }
    assert _readable(row)["raw"] == "a\\xff"


def test_funnel_ends_with_what_is_kept(page: str) -> None:
    text = Tags(page).text
    funnel = text[text.index("Funnel") : text.index("Rules A document may")]
    assert "rows read 7 100 %" in " ".join(funnel.split())
    assert re.search(r"exact_duplicates 3 42\.9 % 1 .* kept 3 42\.9 %", funnel)


# Thresholds.

TYPES = {"chars": pl.Int64, "lang": pl.String, "lang_score": pl.Float64, "a": pl.Float64, "b": pl.Float64}


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ("chars < 50", [("chars", 50.0)]),
        ("20 >= chars", [("chars", 20.0)]),
        ("lang != 'zh' OR lang_score < 0.65", [("lang_score", 0.65)]),
        ("a BETWEEN 1 AND 3.5", [("a", 1.0), ("a", 3.5)]),
        ("NOT (a > -0.25)", [("a", -0.25)]),
        ("a >= 1e-3 AND b = 2", [("a", 0.001), ("b", 2.0)]),
        ("CAST(chars AS DOUBLE) > 3", [("chars", 3.0)]),
        ("CASE WHEN a > 3 THEN b < 2 ELSE false END", [("a", 3.0), ("b", 2.0)]),
        ("a + b > 0.5", []),
        ("chars / 2 > 10", []),
        ("ABS(a) > 2", []),
        ("a > b", []),
        ("lang IN ('zh', 'en')", []),
    ],
)
def test_thresholds_are_found_in_a_condition(condition: str, expected: list[tuple[str, float]]) -> None:
    assert compared(compile_condition(condition, TYPES, {})) == expected


def test_a_threshold_names_the_column_of_a_renamed_filter() -> None:
    expression = compile_condition("chars < 5", {"body_chars": pl.Int64}, {"chars": "body_chars"})
    rule = judge.Rule("body.short", "chars < 5", expression)
    assert thresholds([rule, rule]) == [Threshold("body_chars", 5.0, "body.short")]


def test_thresholds_of_the_run_are_drawn_and_named(report: Report, page: str) -> None:
    found = {(one.signal, one.value) for one in report.thresholds}
    assert {("size", 20.0), ("score", 0.25), ("score", 2.0), ("size", 1_000_000.0)} <= found
    size_card = page[page.index("<figure><h4><bdi>size</bdi>") :]
    size_card = size_card[: size_card.index("</figure>")]
    assert len(re.findall(r'stroke="#1c1e21" stroke-dasharray', size_card)) == 3
    assert "<b>20</b> <bdi>marks.small</bdi>" in size_card


def test_nulls_are_counted_and_a_constant_is_told_not_drawn(page: str) -> None:
    text = Tags(page).text
    assert "null in 1 (1 dropped)" in text  # the score of the text of five characters
    assert "1.5 in each of 6 documents" in text


# Charts.


@pytest.mark.parametrize(
    ("values", "marks", "is_log"),
    [
        (np.linspace(0, 1, 1000), [0.5], False),
        (np.linspace(0, 1, 1000), [0.01], True),
        (np.geomspace(1, 1e6, 1000), [50.0], True),
        (np.linspace(-10, 10, 1000), [], False),
        (np.array([0.0, 1.0] * 500), [], False),
        (np.array([-1e300, 1e300, 3.0]), [2.0], True),
    ],
)
def test_a_histogram_is_drawn_with_its_thresholds(values: Any, marks: list[float], is_log: bool) -> None:
    kept = np.arange(len(values)) % 3 > 0
    counted = Histogram.of(pl.Series(values), kept)
    svg, axis, _ = charts.histogram_svg(counted, marks, False)
    assert (axis.constant is not None) == is_log
    assert svg.count("stroke-dasharray") == len(marks)
    assert f'fill="{charts.KEPT}"' in svg and f'fill="{charts.DROPPED}"' in svg
    assert axis.edges[0] <= min(values) and axis.edges[-1] >= max(values)
    assert counted.into(axis.edges).sum(axis=0).tolist() == [kept.sum(), (~kept).sum()]


def test_the_style_knows_every_colour_of_the_charts() -> None:
    template = Path(pages.__file__).with_name("template.html").read_text(encoding="utf-8")
    for colour in (charts.KEPT, charts.DROPPED, charts.INK, charts.QUIET):
        assert f'[fill="{colour}"]' in template
    for colour in (charts.INK, charts.GRID):
        assert f'[stroke="{colour}"]' in template


# Runs with nothing in them.


def test_an_empty_corpus_makes_a_page(tmp_path: Path) -> None:
    text = Tags(write_report(run_of(tmp_path, [], MARKS)).read_text(encoding="utf-8")).text
    assert "0 rows read = 0 kept + 0 dropped + 0 rejected" in text
    assert "no document has a value" in text


def test_a_pipeline_without_filters_and_writers_makes_a_page(tmp_path: Path) -> None:
    text = Tags(write_report(run_of(tmp_path, ROWS[:3], "name: plain\n")).read_text(encoding="utf-8")).text
    assert "3 rows read = 3 kept + 0 dropped + 0 rejected" in text
    assert "has no filter" in text and "has no writer" in text


def test_300_rules_and_long_texts_make_a_page_below_5_mb(tmp_path: Path) -> None:
    rules = "".join(f"        r{number}: size >= {number}\n" for number in range(300))
    rows = [{"id": f"{number}&" * 99, "text": f"{number}" + "&" * 5000, "url": "&" * 5000} for number in range(20)]
    run = run_of(tmp_path, rows, f"filters:\n  - hostile_marks:Marks:\n      drop:\n{rules}")
    whole = collect(run)
    assert len(pages.render(whole, pages.DETAILS[0])) > pages.MOST_BYTES
    html = write_report(run).read_text(encoding="utf-8")
    assert len(html.encode()) <= pages.MOST_BYTES
    assert "20 rows read = 0 kept + 20 dropped + 0 rejected" in Tags(html).text
    assert html.count('class="rule" id="rule-') == 303


def test_the_page_in_chinese_lies_beside_the_english_one_and_each_names_the_other(tmp_path: Path) -> None:
    run = run_of(tmp_path, ROWS[:3], "name: plain\n")
    english = write_report(run)
    assert 'href="report.' not in english.read_text(encoding="utf-8")
    chinese = write_report(run, "zh")
    assert chinese == run.folder / "report.zh.html"
    assert '<a href="report.zh.html" lang="zh">中文</a>' in english.read_text(encoding="utf-8")
    text = chinese.read_text(encoding="utf-8")
    assert '<html lang="zh">' in text and '<a href="report.html" lang="en">English</a>' in text
    assert "读入 3 行 = 保留 3 + 丢弃 0 + 拒收 0" in Tags(text).text


def test_a_run_that_is_not_finished_has_no_report(tmp_path: Path) -> None:
    run = run_of(tmp_path, ROWS[:3], "name: plain\n")
    run.verdicts_file(run.parts[0]).unlink()
    with pytest.raises(CurateError, match="not finished"):
        write_report(run)


def test_the_same_run_gives_the_same_bytes(tmp_path: Path) -> None:
    first, second = (collect(run_of(tmp_path, ROWS, MARKS, out=out)) for out in ("one", "two"))
    fixed = {key: first.record[key] for key in first.record}
    one, two = (pages.page(dataclasses.replace(report, record=fixed)) for report in (first, second))
    assert one == two
    assert one == pages.page(dataclasses.replace(first, record=fixed))


# Words and numbers.


@pytest.mark.parametrize(
    ("part", "whole", "expected"),
    [
        (0, 0, "–"), (0, 5, "0 %"), (5, 5, "100 %"), (1, 3, "33.3 %"), (1, 10**6, "<0.01 %"),
        (999_999, 10**6, ">99.99 %"), (9_996, 10_000, "99.96 %"), (1, 1000, "0.10 %"),
    ],
)  # fmt: skip
def test_a_share_is_never_none_or_all_of_what_is_not(part: int, whole: int, expected: str) -> None:
    assert share(part, whole) == expected


def test_numbers_sizes_and_times_are_written_for_reading() -> None:
    assert [number(value) for value in (1234567, 0.123456, 12345.6, 1e300, None)] == [
        "1,234,567", "0.1235", "12,346", "1e+300", "–",
    ]  # fmt: skip
    assert [size(value) for value in (0, 999, 1000, 999_999, 17_273_528, 6.2e11)] == [
        "0 B", "999 B", "1 kB", "1000 kB", "17.3 MB", "620 GB",
    ]  # fmt: skip
    assert [seconds(value) for value in (0, 0.012, 5.25, 61, 3661)] == [
        "0.0 s", "12.0 ms", "5.2 s", "1 min 01 s", "1 h 01 min",
    ]  # fmt: skip


def test_element_escapes_content_and_attributes() -> None:
    assert element("b", "<", element("i", "&"), None, ["x", 1234], class_='"') == (
        '<b class="&quot;">&lt;<i>&amp;</i>x1,234</b>'
    )
