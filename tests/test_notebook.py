"""Pipelines, runs and verdicts in a notebook: whole, escaped, without a script, in two languages."""

from html.parser import HTMLParser

import polars as pl
import pytest

import curate
from curate.run import Run

ATTACK = '<script>alert(1)</script><img src=x onerror="alert(2)">'


class Tags(HTMLParser):
    def __init__(self, text):
        super().__init__()
        self.tags, self.words, self.inside = set(), [], None
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        self.inside = tag
        assert not [key for key, _ in attrs if key.startswith("on")]

    def handle_data(self, data):
        if self.inside != "style":
            self.words.append(data)

    @property
    def text(self):
        return " ".join(" ".join(self.words).split())


@pytest.fixture(autouse=True)
def english(monkeypatch):
    monkeypatch.delenv("CURATE_LANG", raising=False)


def test_a_pipeline_shows_its_steps_its_parameters_and_every_rule(demo):
    run, _ = demo
    page = Tags(run.pipeline._repr_html_())
    assert "too_short : chars < 100" in page.text
    assert "similarity = 0.8" in page.text and "tokenizer = train" in page.text
    assert "switched off: political" in page.text
    assert all(reason.rpartition(".")[2] in page.text for reason in run.reasons())


def test_a_run_shows_its_funnel_its_signals_and_samples_with_why(demo):
    run, _ = demo
    page = Tags(run._repr_html_())
    assert "442 documents = 286 kept + 156 dropped; 4 rows could not be read" in page.text
    assert "length 427 96.6 % 15 too_short 15" in page.text
    assert "near_duplicates 286 64.7 %" in page.text
    assert "100 length.too_short" in page.text  # a threshold beside its histogram
    assert "dropped because lang = 'ja': language.not_chinese drops when lang != 'zh' OR lang_score < 0.65" in page.text
    assert "svg" in page.tags and "script" not in page.tags


def test_chinese_is_said_where_the_environment_asks_for_it(demo, monkeypatch):
    monkeypatch.setenv("CURATE_LANG", "zh")
    run, _ = demo
    page = Tags(run._repr_html_())
    assert "442 篇文档 = 保留 286 + 丢弃 156 ；另有 4 行无法读取" in page.text
    assert "因 chars = 5 被丢弃" in page.text
    assert "读取" in Tags(run.pipeline._repr_html_()).text


def test_a_large_run_is_counted_whole_and_drawn_from_its_first_documents(tmp_path, monkeypatch):
    lines = "\n".join(f'{{"text": "{"好" * size}"}}' for size in range(40, 60))
    for name in ("a", "b"):
        (tmp_path / f"{name}.jsonl").write_text(lines, encoding="utf-8")
    pipeline = curate.Pipeline.parse(
        "read:\n  - jsonl: {paths: [a.jsonl]}\n  - jsonl: {paths: [b.jsonl]}\nfilters: [length]",
        tmp_path, working=tmp_path,
    )  # fmt: skip
    run = curate.run_pipeline(pipeline, tmp_path / "run", workers=1)
    monkeypatch.setattr("curate.report.notebook.MOST_DRAWN", 20)
    page = Tags(run._repr_html_())
    assert "40 documents = 20 kept + 20 dropped" in page.text
    assert "Drawn from the first 20 documents." in page.text


def test_a_run_that_is_not_finished_says_so(demo, tmp_path):
    run, _ = demo
    page = Tags(Run(tmp_path / "nothing", run.plan)._repr_html_())
    assert "this run is not finished" in page.text


def test_hostile_text_stays_text():
    found = curate.explain([{"length": {"drop": {"too_short": "chars < 99"}}}], [ATTACK, "\x1b[2J" + ATTACK])
    html = found._repr_html_()
    page = Tags(html)
    assert not page.tags & {"script", "img"}
    assert ATTACK in page.text and "\x1b" not in html


def test_what_counts_for_a_rule_is_marked():
    class Loud(curate.Filter):
        signals = {"loud": pl.Int64}
        rules = {"shouting": "loud > 2"}

        def measure(self, documents):
            return documents.frame.select(loud=pl.col("text").str.count_matches("！").cast(pl.Int64))

        def evidence(self, documents):
            # "好！！！": three bytes a character
            return pl.DataFrame({"row": [0], "start": [3], "end": [12], "signal": ["loud"]})

    assert "好<mark>！！！</mark>" in curate.explain([Loud()], ["好！！！"])._repr_html_()
