"""Build the samples: texts of `samples/texts/` with planted defects, and a label for every row.

`python samples/make.py` rewrites `samples/skypile/`, `samples/parquet/` and `samples/labels.jsonl`, the same bytes each
time: every choice comes from a seed and a name. What is planted, and what should become of it, is told in
`samples/README.md`. Takes about two seconds.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import random
import re
import unicodedata
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import polars as pl
import zstandard
from chronicle import chronicle
from defects import (
    FOOTERS,
    FOUND,
    HEADERS,
    NOT_FOUND,
    PERSONAL,
    SEED,
    Text,
    benchmark_items,
    between,
    by_hash,
    credited,
    edited,
    framed,
    full_width,
    garbled,
    half,
    in_furniture,
    jaccard,
    marked_up,
    scattered,
    shortened,
    spaced,
    texts,
    traditional,
    with_token,
)

HERE = Path(__file__).parent
GOOD = (
    *("news", "notices", "finance", "products", "technology", "encyclopedia", "howto", "health", "education", "law"),
    *("forum", "essays", "classical", "fiction", "travel", "interviews"),
)
ADVERTISING = ("gambling", "adult", "loans")
OFFERS = ("fraud", "spam", "drugs", "violence")
FOREIGN = ("japanese", "korean", "english")
FILES = {"part-0.jsonl.zst": 0.5, "part-1.jsonl.gz": 0.25, "part-2.jsonl": 0.25}
"""File to its share of the rows."""

LONG_CHARS = 120_000
TOKENS = ("<|im_end|>", "<think>", "<|endoftext|>")
NOTE = "注：“咖啡馆”在法语里写作 café，“学校”写作 école；汉语拼音依次为 kāfēiguǎn 和 xuéxiào。"
STUBS = ("网站建设中", "暂无内容。", "请先登录！", "页面不存在", "加载更多…")


class Row(NamedTuple):
    """One line of a sample file, and what is known about it."""

    line: bytes
    label: dict[str, Any]


def as_json(text: str, **others: Any) -> bytes:
    return json.dumps({"text": text, **others}, ensure_ascii=False).encode()


def planted(
    text: str, base: str, defect: str | None, expected: str = "kept", rule: str | None = None, **more: Any
) -> Row:
    """A row of the one field `text`, with its label."""
    return Row(as_json(text), {"defect": defect, "expected": expected, "rule": rule, "base": base, **more})


def cleaned(text: str, base: str, defect: str, clean: str) -> Row:
    """A row that the cleaner must turn into `clean`."""
    digest = hashlib.sha256(clean.encode()).hexdigest()
    return planted(text, base, defect, "cleaned", clean_sha256=digest)


# --- rows ----------------------------------------------------------------------------------------------------------


class Supply:
    """The good texts in the order of their lots; each is given away once."""

    def __init__(self, good: list[Text]) -> None:
        self.left = sorted(good, key=lambda text: by_hash(text.name))

    def take(self, count: int, make: Callable[[Text], str | None]) -> list[tuple[Text, str]]:
        """Take the first `count` texts of which `make` can make something, with what it made."""
        found: list[tuple[Text, str]] = []
        for text in self.left:
            made = make(text) if len(found) < count else None
            if made is not None:
                found.append((text, made))
        if len(found) < count:
            raise SystemExit(f"samples/texts: {len(found)} texts fit where {count} are needed; add longer good texts")
        taken = {text.name for text, _ in found}
        self.left = [text for text in self.left if text.name not in taken]
        return found


def copies(supply: Supply) -> Iterator[Row]:
    """Clusters of exact copies and of near-copies, each with its base."""
    kinds: list[tuple[str, int, Callable[[Text], str | None]]] = [
        ("exact_copy", 13, lambda base: base.text),
        ("near_copy_edited", 14, lambda base: edited(base, 0.01, 0.02, FOUND)),
        ("near_copy_header", 5, lambda base: framed(base, HEADERS, "{line}\n{text}")),
        ("near_copy_footer", 5, lambda base: framed(base, FOOTERS, "{text}\n{line}")),
        ("near_copy_shortened", 10, shortened),
    ]
    cluster = 0
    for defect, count, make in kinds:
        rule = f"{'exact' if defect == 'exact_copy' else 'near'}_duplicates.duplicate"
        for base, copy in supply.take(count, make):
            members: list[tuple[str | None, str]] = [(None, base.text), (defect, copy)]
            if defect == "exact_copy" and cluster < 2:
                members.append((defect, copy))
            for kind, text in members:
                more = {"jaccard": round(jaccard(base.text, text), 6)} if kind and kind != "exact_copy" else {}
                yield planted(text, base.name, kind, "one_of_cluster", rule, cluster=cluster, **more)
            cluster += 1
    for base, copy in supply.take(6, lambda base: edited(base, 0.045, 0.055, NOT_FOUND)):
        yield planted(base.text, base.name, None)
        yield planted(copy, base.name, "far_copy_edited", jaccard=round(jaccard(base.text, copy), 6))


def repaired(supply: Supply) -> Iterator[Row]:
    """Good texts in bad encodings; each is in the samples only once, so that it is no copy."""
    for codec in ("latin-1", "sloppy-windows-1252"):
        for base, wrong in supply.take(4, partial(garbled, codec=codec)):
            yield cleaned(wrong, base.name, "mojibake", base.text)
    lines = supply.take(2, lambda base: base.text if "\n" in base.text else None)
    for base, text in lines:
        yield cleaned(text.replace("\n", "\r\n"), base.name, "crlf", text)
    for mark in ("\u200b", "\ufeff"):
        [(base, text)] = supply.take(1, lambda base: base.text)
        yield cleaned(scattered(text, mark, base.name), base.name, "zero_width", text)
    [(base, text)] = supply.take(1, lambda base: base.text)
    yield cleaned(scattered(text, "\x08", base.name), base.name, "control", text)
    [(base, text)] = supply.take(1, lambda base: f"{base.text}\n{NOTE}")
    yield cleaned(unicodedata.normalize("NFD", text), base.name, "nfd", text)
    [(base, text)] = supply.take(1, lambda base: base.text)
    yield cleaned(scattered(text, "\0", base.name), base.name, "nul_escape", text)


def mended(supply: Supply) -> Iterator[Row]:
    """Good texts that Chinese pages bring along with more, or otherwise written; each is in the samples only once."""
    kinds: list[tuple[str, int, Callable[[Text], str | None]]] = [
        ("traditional", 4, traditional),
        ("spaced_han", 4, spaced),
        ("navigation", 6, in_furniture),
        ("editor_credit", 3, credited),
        ("html_remains", 3, marked_up),
        ("full_width", 2, full_width),
    ]
    for defect, count, make in kinds:
        for base, text in supply.take(count, make):
            yield cleaned(text, base.name, defect, base.text)
    for name, (sentence, clean) in PERSONAL.items():
        [(base, text)] = supply.take(1, lambda base: base.text)
        if sentence == clean:
            yield planted(f"{text}\n{sentence}", base.name, name)
        else:
            yield cleaned(f"{text}\n{sentence}", base.name, name, f"{text}\n{clean}")


def tricky(supply: Supply) -> Iterator[Row]:
    """Good texts in JSON that a careless reader gets wrong, and good texts that quote control tokens."""
    for token in TOKENS:
        for base, text in supply.take(2, partial(with_token, token=token)):
            yield planted(text, base.name, "control_token")
    shapes: list[tuple[str, Callable[[str], bytes]]] = [
        ("duplicate_key", lambda text: b'{"text": "' + "被后一个盖住的旧值".encode() + b'", ' + as_json(text)[1:]),
        ("extra_fields", lambda text: as_json(text, meta={"text": "内层", "n": [1, None]}, score=0.5)),
        ("numeric_id", lambda text: as_json(text, id=9007199254740993)),
        ("ascii_escapes", lambda text: json.dumps({"text": text}).encode()),
        ("bom", lambda text: b"\xef\xbb\xbf" + as_json(text)),
        ("crlf_row", lambda text: as_json(text) + b"\r"),
    ]
    for defect, shape in shapes:
        [(base, text)] = supply.take(1, lambda base: base.text)
        yield planted(text, base.name, defect)._replace(line=shape(text))
    [(base, text)] = supply.take(1, lambda base: base.text if base.text.count("。") > 3 else None)
    yield planted(text.replace("。", "。\u2028", 2), base.name, "line_separator")


def excerpts(present: list[Text]) -> Iterator[Row]:
    """Pages that share text with another one and are no duplicates: two texts in one row, and half a text."""
    alike = sorted(present, key=lambda text: len(text.text))
    pairs = sorted(zip(alike[::2], alike[1::2], strict=False), key=lambda pair: by_hash(f"joined {pair[0].name}"))
    for first, second in pairs[:30]:
        both = f"{first.text}\n\n{second.text}"
        highest = max(jaccard(both, first.text), jaccard(both, second.text))
        yield planted(both, f"{first.name} + {second.name}", "joined", jaccard=round(highest, 6))
    used = {text.name for pair in pairs[:30] for text in pair}
    halves = [(base, half(base.text)) for base in present if base.name not in used]
    for base, part in [(base, part) for base, part in halves if part is not None][:30]:
        yield planted(part, base.name, "half", jaccard=round(jaccard(base.text, part), 6))


def quoting(present: list[Text]) -> Iterator[Row]:
    """Pages that quote items of `samples/benchmarks`, and pages that only come near to it."""
    chosen = [text for text in present if len(text.text) > 600]
    items = benchmark_items()
    for base, (name, whole, _) in zip(chosen, items[::4], strict=False):
        yield planted(between(base.text, whole), base.name, "contaminated", "dropped", "contamination.*", item=name)
    for base, (name, _, answer) in zip(chosen[::-1], items[1::6], strict=False):
        yield planted(between(base.text[: len(base.text) // 2], answer), base.name, "answer_alone", item=name)


def junk(present: list[Text]) -> Iterator[Row]:
    """What must go: advertising, other languages, broken encodings, repetition, stubs."""
    for kind in ADVERTISING:
        advertisements = texts((f"ads_{kind}",))
        for base in advertisements:
            yield planted(base.text, base.name, f"ad_{kind}", "dropped", f"toxicity.{kind}")
        for base in advertisements[:4]:
            yield planted(base.text, base.name, f"ad_{kind}_copy", "dropped", f"toxicity.{kind}")
    for kind in OFFERS:
        for base in texts((f"ads_{kind}",)):
            yield planted(base.text, base.name, f"ad_{kind}", "dropped", f"toxicity.{kind}")
    for base in texts(("programs",)):
        yield planted(base.text, base.name, "program", "dropped", "language.mostly_code")
    for language in FOREIGN:
        for base in texts((language,)):
            yield planted(base.text, base.name, language, "dropped", "language.not_chinese")
    holes, lost, kun, marks = present[:4]
    draw = random.Random(f"{SEED} holes")
    pieces = ["\ufffd" if draw.random() < 0.5 else char for char in holes.text]
    yield planted("".join(pieces), holes.name, "mojibake_lost", "dropped")
    bytes_lost = lost.text.encode().decode("latin-1")
    yield planted(re.sub("[\x80-\xa0\xad]", "", bytes_lost), lost.name, "mojibake_lost", "dropped")
    misread = kun.text.encode("gb18030").decode("utf-8", "replace").encode().decode("gb18030", "replace")
    yield planted(misread, kun.name, "mojibake_lost", "dropped")
    yield planted(marks.text.encode("ascii", "replace").decode(), marks.name, "mojibake_lost", "dropped")
    for base in [base for base in present if 14 < base.text.find("。") < 50][:5]:
        line = base.text[: base.text.index("。") + 1].replace("\n", "")
        yield planted("\n".join([line] * 40), base.name, "repeated_line", "dropped", "repetition.*")
    for number, stub in enumerate(STUBS):
        yield planted(stub, f"stubs/{number}", "too_short", "dropped", "length.too_short")


def unreadable(present: list[Text]) -> list[Row]:
    """Four rows that are no documents."""
    good = [as_json(text.text) for text in present[4:8]]
    torn = present[4].text[: len(present[4].text) // 2]
    lines = {
        "malformed_json": as_json(torn).removesuffix(b'"}'),
        "null_text": b'{"text": null}',
        "invalid_utf8": good[2].replace("。".encode(), b"\xe3\x80", 1),
        "lone_surrogate": good[3].replace("。".encode(), rb"\ud83d", 1),
    }
    bases = [text.name for text in present[4:8]]
    return [
        Row(line, {"defect": defect, "expected": "rejected", "rule": None, "base": base})
        for (defect, line), base in zip(lines.items(), bases, strict=True)
    ]


def long_row(good: list[Text]) -> Row:
    """One document of `LONG_CHARS` characters: all good texts, each once, in an order of their own; then a diary."""
    joined = "\n\n".join(text.text for text in sorted(good, key=lambda text: by_hash(f"long {text.name}")))
    diary = chronicle(LONG_CHARS - len(joined), f"{SEED} diary")
    return planted(f"{joined}\n\n{diary}"[:LONG_CHARS], "all", "long")


def all_rows() -> dict[str, list[Row]]:
    """The rows of each file in their order, still without their places."""
    good = texts(GOOD)
    supply = Supply(good)
    rows = [*repaired(supply), *tricky(supply), *copies(supply), *mended(supply)]
    present = supply.left
    rows += [planted(text.text, text.name, None) for text in present]
    rows += [*excerpts(present[8:]), *quoting(present), *junk(present)]
    rows.sort(key=lambda row: by_hash(repr(row)))
    bom = next(row for row in rows if row.label["defect"] == "bom")
    rows.remove(bom)
    files: dict[str, list[Row]] = {}
    start = 0.0
    for file, share in FILES.items():
        files[file] = rows[round(start * len(rows)) : round((start + share) * len(rows))]
        start += share
    first, second, third = files.values()
    third.insert(0, bom)
    first.insert(60, long_row(good))
    # Two in the larger file, one in each other: less than 1 % of every file, not only of their sum.
    places = ((first, 20), (first, 150), (second, 40), (third, 70))
    for (rows_of, place), row in zip(places, unreadable(present), strict=True):
        rows_of.insert(place, row)
    return files


def laid_out(file: str, rows: list[Row]) -> tuple[bytes, list[dict[str, Any]]]:
    """The decompressed bytes of a file, and the labels with their line numbers."""
    # Blank lines and a last line without its end: both are common in the wild.
    blank_after = {30, 31, 77} if file != "part-0.jsonl.zst" else set()
    lines: list[bytes] = []
    labels: list[dict[str, Any]] = []
    for number, row in enumerate(rows):
        labels.append({"file": file, "row": len(lines), **row.label})
        lines.append(row.line)
        if number in blank_after:
            lines.append(b"")
    end = b"" if file == "part-1.jsonl.gz" else b"\n"
    return b"\n".join(lines) + end, labels


def with_originals(labels: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Add `of`, the place of the base, to the copies in clusters and the far copies."""
    bases = {label["base"]: label for label in labels if label["defect"] is None}
    copied = ("exact_copy", "near_copy", "far_copy", "half")
    return [
        {**label, "of": {key: bases[label["base"]][key] for key in ("file", "row")}}
        if str(label["defect"]).startswith(copied)
        else label
        for label in labels
    ]


def build() -> tuple[dict[str, bytes], list[dict[str, Any]]]:
    """Decompressed bytes of each file by name, and all labels."""
    laid = {file: laid_out(file, rows) for file, rows in all_rows().items()}
    labels = [label for _, labels in laid.values() for label in labels]
    return {file: data for file, (data, _) in laid.items()}, with_originals(labels)


def good_frame(data: bytes, labels: list[dict[str, Any]]) -> pl.DataFrame:
    """The rows of `part-2.jsonl` that have no defect, for the Parquet reader."""
    lines = data.split(b"\n")
    rows = [label["row"] for label in labels if label["file"] == "part-2.jsonl" and label["defect"] is None]
    return pl.DataFrame({"text": [json.loads(lines[row])["text"] for row in rows]})


def compressed(file: str, data: bytes) -> bytes:
    """The bytes as they lie on disk."""
    if file.endswith(".zst"):
        return zstandard.ZstdCompressor(level=19).compress(data)
    if file.endswith(".gz"):
        out = io.BytesIO()
        with gzip.GzipFile(filename="", mode="wb", compresslevel=9, fileobj=out, mtime=0) as stream:
            stream.write(data)
        return out.getvalue()
    return data


def main() -> None:
    """Write the samples."""
    files, labels = build()
    for folder in ("skypile", "parquet"):
        (HERE / folder).mkdir(exist_ok=True)
    for file, data in files.items():
        (HERE / "skypile" / file).write_bytes(compressed(file, data))
    good_frame(files["part-2.jsonl"], labels).write_parquet(HERE / "parquet" / "part-2.parquet", compression="zstd")
    lines = [json.dumps(label, ensure_ascii=False) + "\n" for label in labels]
    (HERE / "labels.jsonl").write_text("".join(lines), encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main()
