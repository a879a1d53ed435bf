"""Three little crawls, of which the third repeats the others in part, and what runs say of them; used by the tests of
`against`."""

import json
from pathlib import Path
from typing import Any

import polars as pl
from duplicate_texts import invented

from curate.run import Run
from curate.work.passes import run_pipeline

FILTERS = ("exact_duplicates", "near_duplicates")
SAME_URL = "exact_duplicates: {name: same_url, field: url"


def sentence(number: int) -> str:
    return invented(number, 60 + number % 50)


def crawl(folder: Path, name: str, pages: list[tuple[str, str]]) -> None:
    """Write pages: (url, text)."""
    folder.mkdir(parents=True, exist_ok=True)
    rows = [json.dumps({"url": url, "text": text}, ensure_ascii=False) for url, text in pages]
    (folder / f"{name}.jsonl").write_text("\n".join(rows) + "\n", encoding="utf-8")


def pipeline(folder: Path, name: str, *filters: str, clean: str = "[]", least: int = 5) -> Path:
    """A pipeline that reads the crawl `name`."""
    file = folder / f"{name}.yaml"
    lines = [
        "read:",
        f"  - jsonl: {{paths: ['{folder}/{name}.jsonl'], fields: [url]}}",
        f"clean: {clean}",
        "filters:",
        f"  - length: {{drop: {{too_short: chars < {least}}}}}",
        *(f"  - {one}" for one in filters or FILTERS),
    ]
    file.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return file


def ran(folder: Path, name: str, **options: Any) -> Run:
    return run_pipeline(pipeline(folder, name, **options), folder / "runs" / name, workers=1)


PAGES = {
    "a": [(f"a/{number}", sentence(number)) for number in range(20)] + [("a/20", "短"), ("a/21", sentence(3))],
    "b": [(f"b/{number}", sentence(number)) for number in range(100, 115)],
    # A copy of each, a variant, what neither kept, something new, twice.
    "new": [
        ("n/0", sentence(3)),
        ("n/1", sentence(101)),
        ("n/2", sentence(5) + "转载请注明。"),
        ("n/3", "短"),
        ("b/107", sentence(500)),
        ("n/5", sentence(501)),
        ("n/6", sentence(501)),
    ],
}


def verdicts(run: Run) -> pl.DataFrame:
    return pl.concat([pl.read_parquet(run.verdicts_file(part)) for part in run.parts])


def compared_with(crawls: Path, out: Path, places: list[Path]) -> Run:
    named = [str(place) for place in places]
    file = out.parent / f"{out.name}.yaml"
    text = pipeline(crawls, "new", *(f"{name}: {{against: HERE}}" for name in FILTERS)).read_text()
    file.write_text(text.replace("HERE", json.dumps(named)), encoding="utf-8")
    return run_pipeline(file, out, workers=1)


def id_of(folder: Path, name: str, row: int) -> str:
    rows = (folder / f"{name}.jsonl").read_bytes().splitlines(keepends=True)
    return f"{folder}/{name}.jsonl:{sum(map(len, rows[:row]))}"
