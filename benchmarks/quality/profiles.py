"""Which share of each kind of document each profile drops, with the rule responsible.

    python benchmarks/quality/profiles.py CORPUS.jsonl.zst [--profile NAME …] [--sample 0.2] [--words spaces]
                                          [--show RULE] [--kind KIND] [--dropped 10] [--made]

CORPUS is JSON lines with `text` and `meta.kind` (the corpus on which `curate_zh` was found is described in
`profiles/curate_zh.yaml`). Without `--profile`: all profiles that are not made for text with spaces. Prints a row for
each kind: documents, the share dropped by any rule, then the share each rule drops, in percent; the shares of all
good and all junk kinds, and how many of the bounds below are kept; and the speed of each filter. `--show` prints
starts of documents that one rule alone drops, `--dropped` of dropped documents of each kind, to be read by eye.
`--words` goes before the profile's words (`spaces` makes the English ones quick).
"""

from __future__ import annotations

import argparse
import io
import json
import time
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any

import polars as pl
import zstandard

from curate import judge, profiles
from curate.contracts import Documents, Filter, Line
from curate.filters.length import Length
from curate.filters.quality import Quality
from curate.filters.repetition import Repetition

BATCH_CHARS = 4_000_000
GOOD = {
    *(
        "news",
        "tech-article",
        "wiki",
        "wiki-paragraph",
        "sci-abstract",
        "medical-qa",
        "forum-question",
        "docs",
        "course",
    ),
    *("book", "recipe", "poetry", "classical", "classical-translated"),
}
JUNK = {"hot-list-titles", "hot-list", "raw-html", "html-stripped", "dialogue-tokenised"}
BOUNDS = {
    **dict.fromkeys(["news", "tech-article", "wiki-paragraph", "sci-abstract"], (0.0, 5.0)),
    **dict.fromkeys(["hot-list-titles", "raw-html", "dialogue-tokenised"], (90.0, 100.0)),
}
"""Percent of a kind that `curate_zh` may, and must, drop."""
SPOILT = ["news", "tech-article", "wiki-paragraph", "sci-abstract", "medical-qa", "forum-question"]
"""Kinds of which junk is made."""


def records(path: Path) -> Iterator[tuple[str, str]]:
    """Yield (kind, text)."""
    with path.open("rb") as file:
        stream = zstandard.ZstdDecompressor().stream_reader(file) if path.suffix == ".zst" else file
        for line in io.TextIOWrapper(stream, encoding="utf-8"):
            record = json.loads(line)
            yield record["meta"]["kind"], record["text"]


def batches(frame: pl.DataFrame) -> Iterator[pl.DataFrame]:
    """Cut a frame into batches of about `BATCH_CHARS` characters."""
    number = frame.select((pl.col("text").str.len_chars().cum_sum() // BATCH_CHARS).alias("batch"))["batch"]
    yield from frame.with_columns(number).partition_by("batch", include_key=False, maintain_order=True)


def verdicts(frame: pl.DataFrame, profile: str, given: dict[str, Any]) -> tuple[pl.DataFrame, dict[str, float]]:
    """Judge `frame`: one Boolean column per rule; and the seconds each filter took."""
    kinds = {"quality": Quality, "repetition": Repetition}
    steps: dict[str, Filter] = {
        name: kinds[name](profile=profile, force=True, **given) for name in profiles.load(profile).filters
    }
    if profile == "curate_zh":
        steps = {"length": Length(), **steps}
    lines = [Line(name, name, step) for name, step in steps.items()]
    types = {name: kind for line in lines for name, kind in judge.signal_columns(line).items()}
    rules = judge.compile_rules(lines, types)
    seconds = dict.fromkeys(steps, 0.0)
    results = []
    for batch in batches(frame):
        documents, signals = Documents.of(batch["text"].to_list()), []
        for name, step in steps.items():
            start = time.perf_counter()
            signals.append(step.measure(documents))
            seconds[name] += time.perf_counter() - start
        results.append(judge.rule_frame(pl.concat(signals, how="horizontal"), rules))
    return pl.concat(results), seconds


def made_junk(frame: pl.DataFrame) -> pl.DataFrame:
    """Spoil good documents of the corpus in the ways that pages are spoilt: one kind for each, 480 documents."""
    chosen = frame.filter(pl.col("kind").is_in(SPOILT) & pl.col("text").str.len_chars().is_between(150, 4000))
    random, rows = Random(1), []
    for _, of_kind in chosen.group_by("kind", maintain_order=True):
        for text in of_kind.sample(min(80, len(of_kind)), seed=2)["text"]:
            size = len(text)
            start = random.randrange(size - 12)
            phrase = text[start : start + random.randrange(2, 9)].replace("\n", "") or "好"
            bits = [text[i : i + 4] for i in range(0, size, 4)]
            sentence, line = text[start : start + 25].replace("\n", "") + "。", text.split("\n")[0][:20]
            rows += {
                "a phrase again and again": text + phrase * (size // len(phrase)),
                "a sentence again and again": text + sentence * (size // 12),
                "a line again and again": "\n".join([text, *[line] * (text.count("\n") * 3 // 2 + 4)]),
                "pasted twice": f"{text}\n{text}",
                "UTF-8 read as GBK": text.encode().decode("gbk", errors="replace"),
                "UTF-8 read as Latin-1": text.encode().decode("latin-1"),
                "GBK read as UTF-8": text.encode("gbk", errors="replace").decode("utf-8", errors="replace"),
                "a space between characters": " ".join(text),
                "links in tags": "".join(f'<li><a href="#">{bit}</a></li>' for bit in bits),
                "a menu": "\n".join(bit.strip("，。；：、？！") for bit in bits[:60]),
                "rulers": text + "\n" + "━★=-☆~" * (size // 4),
                "numbers": text + "".join(f" {random.randrange(10**6)}.{random.randrange(100)}" for _ in bits),
                "addresses": "\n".join(
                    f"{bit} https://a.example.com/{random.randrange(10**12)}.html" for bit in bits[:40]
                ),
            }.items()
    return pl.DataFrame([(f"made: {kind}", text) for kind, text in rows], schema=["kind", "text"], orient="row")


def print_table(kinds: pl.Series, broken: pl.DataFrame) -> None:
    """Print percent of each kind that each rule drops, and of good and of junk kinds together."""
    every = broken.with_columns(any=pl.any_horizontal(pl.all())).select("any", *broken.columns)
    percent = (pl.all().mean() * 100).round(2)
    columns = every.with_columns(kind=kinds).group_by("kind").agg(pl.len().alias("documents"), percent).sort("kind")
    width = max(map(len, columns["kind"]))
    for row in columns.iter_rows(named=True):
        shares = {rule: share for rule, share in row.items() if rule not in ("kind", "documents", "any") and share}
        rest = [f"{rule} {share:g}" for rule, share in sorted(shares.items(), key=lambda item: -item[1])]
        mark = "+" if row["kind"] in GOOD else "-" if row["kind"] in JUNK else " "
        print(f"{mark} {row['kind']:{width}} {row['documents']:6} {row['any']:6.2f} %  {', '.join(rest)}")
    for name, group in (("good", GOOD), ("junk", JUNK)):
        of_group = columns.filter(pl.col("kind").is_in(group))
        if of_group.height:
            dropped = (of_group["documents"] * of_group["any"]).sum() / of_group["documents"].sum()
            print(f"{name}: {dropped:.2f} % of the documents, {of_group['any'].mean():.2f} % as a mean of kinds")
    dropped_of = dict(columns.select("kind", "any").iter_rows())
    bounds = {kind: low <= dropped_of[kind] <= high for kind, (low, high) in BOUNDS.items() if kind in dropped_of}
    print(f"bounds kept: {sum(bounds.values())} of {len(bounds)} {[kind for kind, kept in bounds.items() if not kept]}")


def print_dropped(frame: pl.DataFrame, broken: pl.DataFrame, number: int) -> None:
    """Print starts of dropped documents of each kind, with the rules."""
    rules = [", ".join(rule for rule, drops in row.items() if drops) for row in broken.iter_rows(named=True)]
    dropped = frame.with_columns(rules=pl.Series(rules, dtype=pl.String)).filter(pl.col("rules") != "")
    for (kind,), group in dropped.sample(fraction=1, shuffle=True, seed=1).group_by("kind", maintain_order=True):
        for row in group.head(number).iter_rows(named=True):
            print("-" * 10, kind, len(row["text"]), f"[{row['rules']}]", repr(row["text"][:300]))


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("corpus", type=Path)
    parser.add_argument("--profile", action="append")
    parser.add_argument("--sample", type=float, default=1.0)
    parser.add_argument("--words", choices=["characters", "spaces", "jieba", "spacy"])
    parser.add_argument("--show", help="print documents that only this rule drops")
    parser.add_argument("--made", action="store_true", help="judge good documents that were spoilt, one way a kind")
    parser.add_argument("--kind", help="look at one kind only")
    parser.add_argument("--dropped", type=int, default=0, help="print so many dropped documents of each kind")
    options = parser.parse_args()
    frame = pl.DataFrame(list(records(options.corpus)), schema=["kind", "text"], orient="row")
    frame = frame.sample(fraction=options.sample, seed=0)
    if options.made:
        frame = made_junk(frame)
    if options.kind:
        frame = frame.filter(pl.col("kind") == options.kind)
    megabytes = frame["text"].str.len_bytes().sum() / 1e6
    chinese = [name for name in profiles.names() if profiles.load(name).made_for == "any text"]
    given = {"words": options.words} if options.words else {}
    for profile in options.profile or chinese:
        verdicts(frame.head(2), profile, given)  # compile
        broken, seconds = verdicts(frame, profile, given)
        print(f"\n{profile}: {len(frame)} documents, {megabytes:.1f} MB;", end=" ")
        print(", ".join(f"{name} {megabytes / spent:.1f} MB/s" for name, spent in seconds.items()))
        print_table(frame["kind"], broken)
        print_dropped(frame, broken, options.dropped)
        if options.show:
            alone = broken[options.show] & (pl.Series(broken.select(pl.sum_horizontal(pl.all())).to_series()) == 1)
            for kind, text in frame.filter(alone).sample(fraction=1, shuffle=True, seed=0).head(20).iter_rows():
                print("-" * 20, kind, len(text), repr(text[:400]))


if __name__ == "__main__":
    main()
