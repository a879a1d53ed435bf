"""Which planted items of benchmarks the filter `contamination` finds, and what it finds in pages without.

    python benchmarks/quality/contamination.py PAGES.jsonl.zst … --benchmarks 'BENCHMARKS/*.jsonl.zst' [--pages 1000]

PAGES are JSON lines with `id` and `text`; BENCHMARKS whatever the filter reads. Every item is planted once into one of
1,000 pages (drawn from all files), in wordings that are tried one after the other; beside the given benchmarks one of
invented questions with four options, written as a table like C-Eval's. Prints for each wording and benchmark: items,
items found under their name, names that were not planted there (a question may hold another, and one may occur twice),
characters planted and characters left by the cuts. Then every find in all pages as they are, to be read by eye, and the
speed. A short question alone does not tell an item with options: none of the invented ones is found by it.
"""

from __future__ import annotations

import argparse
import csv
import io
import json
import random
import re
import tempfile
import time
from collections.abc import Callable, Iterator
from glob import glob
from pathlib import Path

import polars as pl
import zstandard

from curate.contracts import Documents
from curate.filters.benchmark_items import Item, expand, names, read_items
from curate.filters.contamination import Contamination

INVENTED = 300
BATCH_CHARS = 4_000_000


def pages(path: Path) -> Iterator[tuple[str, str]]:
    """Yield (id, text)."""
    with path.open("rb") as file:
        stream = zstandard.ZstdDecompressor().stream_reader(file) if path.suffix == ".zst" else file
        for line in io.TextIOWrapper(stream, encoding="utf-8"):
            record = json.loads(line)
            yield record["id"], record["text"]


def invent(path: Path, rng: random.Random) -> None:
    """Write a table of questions with four options about places that do not exist."""
    syllables = "安保川东方谷海江昆兰鹿明南宁平青泉容山水台温溪新阳云长舟竹"
    asked = (
        "下列关于{0}水库的叙述，正确的是",
        "{0}县志记载，{1}渡口最早由谁主持修建",
        "从{0}到{1}的驿道全长约为多少里",
    )
    offered = (
        "坝体由{0}的青石砌成，{2}年后才蓄满水",
        "灌区西起{1}，东至{0}，共有{2}个乡受益",
        "由{0}的商人{1}氏出资，历时{2}个月",
        "{1}知府捐银{2}两，{0}百姓出工",
        "原名{1}堰，清代改称{0}陂，今存闸门{2}座",
        "{2}里",
    )

    def place() -> str:
        return "".join(rng.sample(syllables, 3))

    with path.open("w", encoding="utf-8", newline="") as file:
        table = csv.writer(file)
        table.writerow(["id", "question", "A", "B", "C", "D", "answer"])
        for number in range(INVENTED):
            options = [text.format(place(), place(), rng.randrange(3, 900)) for text in rng.sample(offered, 4)]
            table.writerow([number, rng.choice(asked).format(place(), place()), *options, rng.choice("ABCD")])


def verbatim(item: Item, rng: random.Random) -> str:
    """The question, its options in order, its answer."""
    return "\n".join([item.question, *labelled(item.options), *filter(None, [item.answer])])


def labelled(options: tuple[str, ...] | list[str]) -> list[str]:
    """Options with their letters."""
    return [f"{letter}. {option}" for letter, option in zip("ABCDEFGH", options, strict=False)]


def shuffled(item: Item, rng: random.Random) -> str:
    """Options in another order, in one line."""
    options = rng.sample(item.options, len(item.options))
    return "\n".join([item.question, " ".join(labelled(options))])


_WIDE = {code: code + 0xFEE0 for code in range(0x21, 0x7F)}
_OTHER = str.maketrans("，。？！：；（）“”‘’、", ",.?!:;()\"\"'' ")


def respelt(item: Item, rng: random.Random) -> str:
    """Full width for ASCII and the other way round, capitals, line breaks and spaces at random places."""
    text = verbatim(Item(item.name, item.question, item.options, ""), rng)
    text = text.translate(_OTHER) if rng.random() < 0.5 else text.upper().translate(_WIDE).replace(" ", "\u3000")
    return re.sub(r"(?<=[\u4e00-\u9fff])(?=[\u4e00-\u9fff])", lambda _: rng.choice(["", "", "", " ", "\n"]), text)


WORDINGS: dict[str, Callable[[Item, random.Random], str]] = {
    "verbatim": verbatim,
    "question only": lambda item, rng: item.question,
    "options shuffled": shuffled,
    "respelt": respelt,
}


def plant(text: str, planted: list[str], rng: random.Random) -> str:
    """Put texts behind sentences or lines of a page, in its paragraph or one of their own."""
    borders = [match.end() for match in re.finditer(r"[。！？\n]|[.!?](?=\s)", text)] or [len(text)]
    for at, new in sorted(((rng.choice(borders), new) for new in planted), reverse=True):
        space = rng.choice(["\n", "\n\n"] if text[:at].rstrip()[-1:].isalnum() or text[at : at + 1].isalnum() else [""])
        text = text[:at] + space + new + space + text[at:]
    return text


def measure(step: Contamination, texts: list[str]) -> tuple[pl.DataFrame, pl.DataFrame, float]:
    """Signals and cuts of all texts, and the seconds they took."""
    signals, cuts, seconds, row = [], [], 0.0, 0
    number = pl.Series(list(map(len, texts))).cum_sum() // BATCH_CHARS
    for part in pl.DataFrame({"text": texts, "batch": number}).partition_by("batch", maintain_order=True):
        documents = Documents.of(part["text"].to_list())
        documents.utf8  # noqa: B018 (made once for all filters)
        start = time.perf_counter()
        measured = step.measure_and_cut(documents)
        seconds += time.perf_counter() - start
        signals.append(measured.signals)
        cuts.append(measured.cuts.with_columns(pl.col("row") + row))
        row += len(documents)
    return pl.concat(signals), pl.concat(cuts), seconds


def left_out(text: str, cuts: pl.DataFrame) -> str:
    """A text without its cuts."""
    data, spans = bytearray(text.encode()), sorted(cuts.select("start", "end").rows(), reverse=True)
    keep = bytearray(b"\1" * len(data))
    for start, end in spans:
        keep[start:end] = b"\0" * (end - start)
    return bytes(byte for byte, kept in zip(data, keep, strict=True) if kept).decode()


def recall(step: Contamination, items: list[Item], hosts: list[str], wording: str, seed: int) -> None:
    """Plant all items in one wording and print what was found."""
    rng = random.Random(seed)
    if wording == "options shuffled":
        items = [item for item in items if item.options]
    planted = [WORDINGS[wording](item, rng) for item in items]
    texts = [plant(host, planted[number :: len(hosts)], rng) for number, host in enumerate(hosts)]
    signals, cuts, _ = measure(step, texts)
    found = [set((listed or "").split(", ")) for listed in signals["contamination_items"]]
    rows = dict(cuts.partition_by("row", as_dict=True))
    rests = [left_out(text, rows.get((row,), cuts.head(0))) for row, text in enumerate(texts)]
    for benchmark in dict.fromkeys(item.name.rpartition("/")[0] for item in items):
        own = [(n, item) for n, item in enumerate(items) if item.name.startswith(f"{benchmark}/")]
        hit = [item.name in found[n % len(hosts)] for n, item in own]
        missed = [item.name for (_, item), was in zip(own, hit, strict=True) if not was]
        print(f"{wording:17} {benchmark:14} items {len(own):5}  found {sum(hit):5}", *missed[:3])
    expected = [{item.name for item in items[number :: len(hosts)]} for number in range(len(hosts))]
    others = [name for there, wanted in zip(found, expected, strict=True) for name in there - wanted - {""}]
    chars, host_chars, rest = sum(map(len, planted)), sum(map(len, hosts)), sum(map(len, rests))
    print(f"{'':17} names that were not planted there: {len(others)}", *others[:3])
    print(f"{'':17} planted {chars:,} characters in {host_chars:,}; {rest:,} are left by the cuts")


def main() -> None:
    """Print recall by wording, then what is found in the pages as they are."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("corpus", type=Path, nargs="+")
    parser.add_argument("--benchmarks", required=True)
    parser.add_argument("--pages", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    rng = random.Random(options.seed)
    everything = [page for path in options.corpus for page in pages(path)]
    with tempfile.TemporaryDirectory() as folder:
        invent(Path(folder) / "invented.csv", rng)
        files = expand([*glob(options.benchmarks), str(Path(folder) / "invented.csv")])
        step = Contamination(benchmarks=files)
        items = [item for file, name in zip(files, names(files), strict=True) for item in read_items(file, name, {})]
        for note in step.notes():
            print(note)
        hosts = [text for _, text in rng.sample(everything, options.pages)]
        for wording in WORDINGS:
            recall(step, items, hosts, wording, options.seed)
        signals, _, seconds = measure(step, [text for _, text in everything])
        size = sum(len(text.encode()) for _, text in everything) / 1e6
        hits = signals.with_row_index().filter(pl.col("contaminated_items") > 0)
        print(f"\npages as they are: {len(everything):,}, of them {hits.height} with items; {size / seconds:.0f} MB/s")
        for row in hits.iter_rows(named=True):
            print(everything[row["index"]][0], row["contamination_coverage"], row["contamination_items"])
        near = signals["contamination_coverage"]
        print("pages by largest coverage of any item:", *(f">{at} {(near > at).sum()}" for at in (0, 0.5, 0.7, 0.9)))


if __name__ == "__main__":
    main()
