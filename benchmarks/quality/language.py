"""How well languages, scripts, mixed pages and code are told, beside the model alone.

    python benchmarks/quality/language.py MULTI.jsonl.zst [--web PAGES.jsonl.zst …] [--model lid.176.bin] [--worst 15]

MULTI is JSON lines with `text`, `meta.lang` (`zh-Hans`, `zh-Hant` and ISO 639 codes; `mixed:…` for pages of two) and
`meta.kind`; PAGES have `text` and `meta.kind`. Prints, with the model alone beside the filter, both in one run:

* macro-F1 and accuracy over the labelled single languages that the model knows, zh-Hans and zh-Hant as one `zh`; the
  labels with the lowest F1; for Chinese recall and precision, and Japanese and Korean let through as Chinese;
* script by label, and mixed pages named as such, by kind;
* of `source_files/` (108 files in some 70 languages and formats, written for this, 31 of them with Chinese comments or
  strings) the share told as code, `code_ratio > 0.5`, and the files that are not;
* of each kind of PAGES the share told as code, called mixed, and dropped by the default rule, before and after;
* MB of text in a second of processor time, of the filter and of the model alone (best of five, in turn).
"""

from __future__ import annotations

import argparse
import io
import json
import time
from pathlib import Path

import numpy as np
import polars as pl
import zstandard

from curate.contracts import TEXT, Documents
from curate.fasttext_model import built_in_language_model, load_model
from curate.filters.language import Language

SOURCES = Path(__file__).parent / "source_files"
CODE = 0.5
BATCH_CHARS = 3_000_000


def read(path: Path) -> pl.DataFrame:
    """Columns `text`, `label` (null where there is none) and `kind`."""
    with path.open("rb") as file:
        stream = zstandard.ZstdDecompressor().stream_reader(file) if path.suffix == ".zst" else file
        records = [json.loads(line) for line in io.TextIOWrapper(stream, encoding="utf-8")]
    rows = [(one["text"], one["meta"].get("lang"), one["meta"].get("kind")) for one in records]
    return pl.DataFrame(rows, schema={"text": pl.String, "label": pl.String, "kind": pl.String}, orient="row")


def measured(frame: pl.DataFrame, step: Language) -> pl.DataFrame:
    """The frame with the filter's signals, the model's own label and score (`alone`, `alone_score`)."""
    number = frame.select((pl.col("text").str.len_chars().cum_sum() // BATCH_CHARS).alias("batch"))["batch"]
    return pl.concat(
        batch.hstack(step.measure(documents)).hstack(alone(documents, step))
        for batch in frame.with_columns(number).partition_by("batch", include_key=False, maintain_order=True)
        for documents in [Documents.of(batch["text"].to_list())]
    )


def alone(documents: Documents, step: Language) -> pl.DataFrame:
    """What the model says of the whole texts."""
    model = load_model(step.files()[0])
    labels, scores = model.predict(documents.utf8)
    names = pl.Series(model.labels, dtype=pl.String).gather(labels[:, 0].clip(0))
    letters = documents.frame[TEXT].str.contains(r"\p{L}")
    found = pl.DataFrame({"alone": names, "alone_score": pl.Series(scores[:, 0]).cast(pl.Float64)})
    return found.select(pl.when(letters).then(pl.all()))


def f1(frame: pl.DataFrame, column: str, label: str) -> float:
    """F1 of one label."""
    right = frame.filter((pl.col("truth") == label) & (pl.col(column) == label)).height
    named, all_of_it = (frame[column] == label).sum(), (frame["truth"] == label).sum()
    return 2 * right / max(named + all_of_it, 1)


def share(frame: pl.DataFrame, condition: pl.Expr) -> str:
    """Percent of the rows for which the condition is true."""
    return f"{100 * (frame.select(condition.fill_null(False).mean()).item() or 0):6.2f} %" if frame.height else "-"


def print_languages(frame: pl.DataFrame, known: set[str], worst: int) -> None:
    """Print F1 over single languages, and what becomes of Chinese, Japanese and Korean."""
    single = frame.filter(~pl.col("label").str.contains(":"))
    single = single.with_columns(truth=pl.col("label").str.replace("^zh-.*", "zh"))
    labels = sorted(known & set(single["truth"]))
    every, single = single, single.filter(pl.col("truth").is_in(labels))
    scores = {column: {label: f1(single, column, label) for label in labels} for column in ("alone", "lang")}
    print(f"\n{single.height:,} documents in {len(labels)} languages{'model alone':>32}{'filter':>12}")
    print(f"{'macro-F1':52}{np.mean([*scores['alone'].values()]):12.4f}{np.mean([*scores['lang'].values()]):12.4f}")
    accuracies = [(single["truth"] == single[column]).mean() for column in ("alone", "lang")]
    print(f"{'accuracy':52}{accuracies[0]:12.4f}{accuracies[1]:12.4f}")
    for label, what in (("zh-Hans", "named zh"), ("zh-Hant", "named zh"), ("ja", "let through"), ("ko", "let through")):
        rows = single.filter(pl.col("label") == label)
        cells = [share(rows, pl.col(column) == "zh") for column in ("alone", "lang")]
        print(f"{label + ' ' + what + f' ({rows.height})':52}{cells[0]:>12}{cells[1]:>12}")
    cells = [share(every.filter(pl.col(column) == "zh"), pl.col("truth") == "zh") for column in ("alone", "lang")]
    print(f"{'zh precision, among all languages':52}{cells[0]:>12}{cells[1]:>12}")
    for label in sorted(labels, key=lambda label: scores["lang"][label])[:worst]:
        print(f"{'F1 of ' + label:52}{scores['alone'][label]:12.3f}{scores['lang'][label]:12.3f}")


def print_scripts_and_mixed(frame: pl.DataFrame) -> None:
    """Print scripts by label, and how many pages of each kind are called mixed."""
    print("\nscript")
    for label, script in (("zh-Hans", "hans"), ("zh-Hant", "hant"), ("ja", "jpan"), ("ko", "kore")):
        print(f"  {label:10} {script} {share(frame.filter(pl.col('label') == label), pl.col('script') == script)}")
    print("\ncalled mixed; named zh; kept by the default rule before; after")
    for (label, kind), rows in sorted(frame.filter(pl.col("label").str.contains("zh")).group_by("label", "kind")):
        cells = [pl.col("mixed"), pl.col("lang") == "zh", *kept()]
        line = "  ".join(share(rows, cell) for cell in cells)
        print(f"  {label:14} {kind:22} {rows.height:5} {line}")


def kept() -> tuple[pl.Expr, pl.Expr]:
    """The default rule, on the model's own answer and on the filter's."""
    before = (pl.col("alone") == "zh") & (pl.col("alone_score") >= 0.65)
    return before, ~pl.sql_expr(Language.rules["not_chinese"])


def print_sources(step: Language) -> None:
    """Print how many of the source files are told as code."""
    files = sorted(path for path in SOURCES.iterdir() if path.is_file())
    ratios = step.measure(Documents.of([path.read_text(encoding="utf-8") for path in files]))["code_ratio"]
    missed = [f"{path.name} {ratio:.2f}" for path, ratio in zip(files, ratios, strict=True) if ratio <= CODE]
    print(
        f"\nsource files told as code: {len(files) - len(missed)} of {len(files)}; not: {', '.join(missed) or 'none'}"
    )


def print_pages(path: Path, step: Language) -> None:
    """Print what is said of each kind of page."""
    frame = measured(read(path), step)
    print(f"\n{path.name}: told as code; called mixed; kept by the default rule before; after")
    for (kind,), rows in sorted(frame.group_by("kind")):
        cells = [pl.col("code_ratio") > CODE, pl.col("mixed"), *kept()]
        print(f"  {kind:24} {rows.height:6} {'  '.join(share(rows, cell) for cell in cells)}")
    documents = Documents.of(frame["text"].to_list()[:20_000])
    model, seconds = load_model(step.files()[0]), {"filter": [], "alone": []}
    for _ in range(5):
        for name, run in (
            ("filter", lambda: step.measure(documents)),
            ("alone", lambda: model.predict(documents.utf8)),
        ):
            start = time.process_time()
            run()
            seconds[name].append(time.process_time() - start)
    ours, theirs = (len(documents.utf8.data) / 1e6 / min(seconds[name]) for name in ("filter", "alone"))
    print(f"  filter {ours:.0f} MB/s, model alone {theirs:.0f} MB/s")


def main() -> None:
    """Print all tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("multi", type=Path)
    parser.add_argument("--web", type=Path, nargs="*", default=[])
    parser.add_argument("--model", default=built_in_language_model())
    parser.add_argument("--worst", type=int, default=15)
    options = parser.parse_args()
    step = Language(model=options.model)
    frame = measured(read(options.multi), step)
    print_languages(frame, set(load_model(options.model).labels), options.worst)
    print_scripts_and_mixed(frame)
    print_sources(step)
    for path in options.web:
        print_pages(path, step)


if __name__ == "__main__":
    main()
