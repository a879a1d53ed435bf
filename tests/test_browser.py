"""The page of a run in a browser: nothing of a corpus runs, nothing is fetched, all can be read, sliders count right.

Chromium is the distribution's, moved by Playwright; without either these tests are skipped.
"""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import polars as pl
import pytest

import curate
from curate.conditions import compile_condition
from curate.report import write_report

pytest.importorskip("playwright", reason="Playwright for Python is not installed")
CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine")

OFFLINE = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip
WIDTHS = (400, 1400)
ATTACK = '</script><script>window.attacked = 1</script><img src=x onerror="window.attacked = 2">\''
MODULE = '''
import polars as pl

import curate


class Says(curate.Filter):
    """Measures a label that the row itself says, and four counts."""

    signals = {
        "label": pl.String, "size": pl.Int64, "a": pl.Int64, "b": pl.Int64, "c": pl.Float64, "d": pl.Float64,
    }
    rules = {"labelled": "label = '</script><script>window.attacked = 3</script>'", "small": "size < 20"}

    def measure(self, documents):
        text = pl.col("text")
        counts = {name: text.str.count_matches(name).cast(kind) for name, kind in list(self.signals.items())[2:]}
        return documents.frame.select(
            label=text.str.slice(0, 60), size=text.str.len_chars().cast(pl.Int64),
            **{name: count / 8 if name in "cd" else count for name, count in counts.items()},
        )
'''


class Tab(NamedTuple):
    """A page of the browser, and what it did that a page should not do."""

    page: Any
    requests: list[str]
    complaints: list[str]
    """Errors on the console, violations of the policy among them, and exceptions."""

    def open(self, file: Path) -> float:
        """Open a file; returns the seconds that it took."""
        self.requests.clear()
        self.complaints.clear()
        started = time.perf_counter()
        self.page.goto(file.as_uri())
        return time.perf_counter() - started


@pytest.fixture(scope="module")
def tab() -> Iterator[Tab]:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=OFFLINE)
        page = browser.new_page()
        made = Tab(page, [], [])
        page.on("request", lambda request: made.requests.append(request.url))
        page.on("console", lambda told: made.complaints.append(told.text) if told.type == "error" else None)
        page.on("pageerror", lambda error: made.complaints.append(str(error)))
        yield made
        browser.close()


@pytest.fixture(scope="module")
def pages(demo: tuple[curate.Run, str]) -> dict[str, Path]:
    """The demo's page in each language."""
    run, _ = demo
    write_report(run, "zh")
    return {"en": run.folder / "report.html", "zh": run.folder / "report.zh.html"}


def run_of(folder: Path, rows: list[dict[str, str]], filters: str) -> curate.Run:
    folder.mkdir(exist_ok=True)
    (folder / "says.py").write_text(MODULE, encoding="utf-8")
    lines = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
    if not (folder / "rows.jsonl").exists():  # its time is part of every fingerprint
        (folder / "rows.jsonl").write_text(lines, encoding="utf-8")
    pipeline = f"read:\n  - jsonl: {{paths: [rows.jsonl], id: id, fields: [url]}}\nfilters:\n{filters}"
    (folder / "p.yaml").write_text(pipeline, encoding="utf-8")
    return curate.run_pipeline(folder / "p.yaml", folder / "run", workers=1)


# What a page must not do.


def test_the_page_opens_at_once_and_asks_for_nothing_but_itself(tab: Tab, pages: dict[str, Path]) -> None:
    for file in pages.values():
        assert min(tab.open(file) for _ in range(3)) < 2  # the best: other tests may keep the machine busy
        assert tab.requests == [file.as_uri()]
        assert tab.complaints == []


def test_what_a_corpus_says_is_shown_and_does_not_run(tab: Tab, tmp_path: Path) -> None:
    rows = [
        {"id": f"{ATTACK}{place}", "text": ATTACK * size, "url": f"javascript:{ATTACK}"}
        for place, size in ((0, 1), (1, 3))
    ]
    rows += [{"id": "short", "text": "</script>", "url": f"https://{ATTACK}.example.com"}]
    run = run_of(tmp_path, rows, "  - says:Says\n  - exact_duplicates\n")
    for language in ("en", "zh"):
        tab.open(write_report(run, language))
        tab.page.evaluate("document.querySelectorAll('details').forEach((one) => { one.open = true; })")
        tab.page.fill("#find", "window.attacked = 2")
        tab.page.wait_for_selector(".find output:not(:empty)")
        assert tab.page.evaluate("[window.attacked, document.images.length, document.scripts.length]") == [None, 0, 1]
        assert ATTACK in tab.page.inner_text("#samples")
        assert len(tab.requests) == 1
        assert tab.complaints == []


# How it looks.


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("language", ["en", "zh"])
def test_nothing_is_wider_than_the_window_or_lies_over_a_heading(
    tab: Tab, pages: dict[str, Path], language: str, theme: Any
) -> None:
    tab.page.emulate_media(color_scheme=theme)
    tab.open(pages[language])
    tab.page.evaluate("document.querySelectorAll('#rule-0, #rule-23').forEach((one) => { one.open = true; })")
    for width in WIDTHS:
        tab.page.set_viewport_size({"width": width, "height": 900})
        assert tab.page.evaluate("document.documentElement.scrollWidth") <= width
        assert tab.page.evaluate(COVERED) == []
        assert tab.page.evaluate(PALE) == []
    assert tab.complaints == []


COVERED = """
() => {
  const covered = [];
  for (const heading of document.querySelectorAll("h1, h2")) {
    heading.scrollIntoView({ block: "center" });
    const { left, top, bottom } = heading.getBoundingClientRect();
    const found = document.elementFromPoint(left + 4, (top + bottom) / 2);
    if (!heading.contains(found)) covered.push(heading.textContent);
  }
  scrollTo(0, 0);
  return covered;
}
"""
"""Headings that another element lies over."""

PALE = """
() => {
  const channels = (colour) => colour.match(/[\\d.]+/g).map(Number);
  const light = (rgb) => {
    const [r, g, b] = rgb.map((one) => ((one /= 255) <= 0.03928 ? one / 12.92 : ((one + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const behind = (node) => {
    const layers = [];
    for (let one = node; one; one = one.parentElement) layers.unshift(channels(getComputedStyle(one).backgroundColor));
    const over = (below, [r, g, b, a = 1]) => [r, g, b].map((one, at) => one * a + below[at] * (1 - a));
    return layers.reduce(over, [255, 255, 255]);
  };
  const pale = [];
  const words = "h1, h2, p, dt, dd, td, th, a, b, small, code, figcaption, summary, header span, .why span, mark";
  for (const node of document.querySelectorAll(words)) {
    if (!node.checkVisibility() || !node.textContent.trim()) continue;
    const lights = [light(channels(getComputedStyle(node).color).slice(0, 3)), light(behind(node))];
    const contrast = (Math.max(...lights) + 0.05) / (Math.min(...lights) + 0.05);
    if (contrast < 4.5) pale.push(`${contrast} ${node.tagName} ${node.className} ${node.textContent.slice(0, 40)}`);
  }
  return pale;
}
"""
"""Words with a contrast of less than 4.5 : 1 to what is behind them."""


def test_on_paper_there_is_no_dark_ground_and_nothing_that_wants_a_screen(tab: Tab, pages: dict[str, Path]) -> None:
    tab.open(pages["en"])
    tab.page.emulate_media(color_scheme="dark", media="print")
    colours = (
        "['body', 'article', 'figure'].map((one) => getComputedStyle(document.querySelector(one)).backgroundColor)"
    )
    assert set(tab.page.evaluate(colours)) == {"rgb(255, 255, 255)"}
    gone = "[...document.querySelectorAll('nav, .find, .slider')].filter((one) => one.checkVisibility()).length"
    assert tab.page.evaluate(gone) == 0
    tab.page.emulate_media(color_scheme="light", media="screen")


# What it does.


def test_a_document_is_found_by_its_id_and_the_page_says_why_it_was_dropped(
    tab: Tab, pages: dict[str, Path], demo: tuple[curate.Run, str]
) -> None:
    tab.open(pages["en"])
    short = tab.page.evaluate("document.querySelector('#rule-0 article header code').textContent")
    tab.page.fill("#find", short)
    tab.page.wait_for_selector(".find output:not(:empty)")
    told = tab.page.inner_text("#samples article:visible >> nth=0")
    chars = demo[0].documents(id=short)["chars"].item()
    assert "dropped\nthe text is too short" in told.lower()
    assert f"because chars = {chars}: length.too_short drops when chars < 100" in told


def test_of_a_document_that_is_not_shown_the_page_says_so_and_how_to_ask(tab: Tab, pages: dict[str, Path]) -> None:
    tab.open(pages["en"])
    tab.page.fill("#find", "it's nowhere")
    tab.page.wait_for_selector(".find output:not(:empty)")
    told = tab.page.inner_text(".find output")
    assert told.startswith("Not among the ") and told.endswith("curate show RUN --id 'it'\\''s nowhere'")
    tab.page.press("#find", "Escape")
    assert tab.page.inner_text(".find output") == ""
    assert tab.page.evaluate(
        "[...document.querySelectorAll('#samples > details')].every((one) => one.checkVisibility())"
    )


def test_a_link_to_a_rule_opens_its_documents(tab: Tab, pages: dict[str, Path]) -> None:
    tab.open(pages["zh"])
    tab.page.click("a[href='#rule-1']")
    tab.page.wait_for_selector("#rule-1[open]")
    assert tab.page.evaluate("document.querySelector('#rule-1').getBoundingClientRect().top") < 200


NUMBERS = [("a < {}", "5", 3), ("b <= {}", "6", -2), ("c >= {}", "2", -15), ("d > {} OR d < 0.3", "2.1", 12)]
"""A condition, its number, and how many stops the slider is moved."""


def test_a_slider_tells_what_a_run_with_that_number_keeps_before_duplicates(tab: Tab, tmp_path: Path) -> None:
    most = {"a": 29, "b": 31, "c": 19, "d": 23}  # primes: the counts are as good as independent
    texts = ["".join(letter * (place * 7 % n) for letter, n in most.items()) for place in range(200)]
    rows = [{"id": str(place), "text": text, "url": ""} for place, text in enumerate(texts)]
    filters = "  - says:Says:\n      drop:\n        labelled:\n        small:\n"

    def run_with(numbers: list[str]) -> curate.Run:
        rules = [condition.format(number) for (condition, _, _), number in zip(NUMBERS, numbers, strict=True)]
        return run_of(tmp_path, rows, filters + "".join(f"        r{at}: {rule}\n" for at, rule in enumerate(rules)))

    written = [number for _, number, _ in NUMBERS]
    run = run_with(written)
    tab.open(write_report(run))
    for place, (condition, _, stops) in enumerate(NUMBERS):
        slider = tab.page.locator(f".slider[data-reason='says.r{place}']").first
        field = slider.locator("input")
        field.focus()
        for _ in range(abs(stops)):
            field.press("ArrowRight" if stops > 0 else "ArrowLeft")
        number = slider.get_attribute("data-number")
        back, go = (int(slider.get_attribute(f"data-{kind}").split(":")[0]) for kind in ("back", "go"))
        assert number != written[place] and back + go > 0
        told = run.counts()["kept"] + back - go
        assert f"→ {told}" in slider.locator("output").inner_text()
        assert kept_with(run, f"says.r{place}", condition.format(number)) == told
    assert run_with([*written[:3], number]).counts()["kept"] == told


def kept_with(run: curate.Run, reason: str, condition: str) -> int:
    """Documents that the other rules of a run keep, and this condition of a rule."""
    signals = run.signals()
    others = [pl.col(one) for one in run.reasons() if one != reason]
    edited = compile_condition(condition, run.signal_types(), {})
    return int(signals.select((~pl.any_horizontal(*others, edited)).sum()).item())
