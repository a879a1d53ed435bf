"""Items of published benchmarks, read from the files they come in.

Rows of JSON lines, JSON, CSV or Parquet (plain, `.gz`, `.zst`) become items: a question, its options, its answer. The
names of the fields are those of GSM8K, HumanEval, C-Eval, CMMLU, GAOKAO-Bench, CMRC 2018 and SQuAD, MMLU, ARC and
their like, in any case; fields inside `meta` count as fields of the row. Options that stand inside the text of the
question (`A. … B. …`, as in GAOKAO-Bench) are taken out of it.
"""

from __future__ import annotations

import gzip
import io
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from glob import glob, has_magic
from pathlib import Path
from typing import Any, NamedTuple

from curate.errors import PipelineError

FIELDS = {
    "id": ("id", "task_id", "question_id", "qid", "query_id"),
    "question": ("question", "prompt", "problem", "query", "query_text", "ctx", "text"),
    "options": ("options", "choices", "endings"),
    "answer": ("answer", "canonical_solution", "solution", "code", "analysis", "explanation"),
}
"""What fields are called, the first that is there counts; options may also be fields `A`, `B`, `C` …"""

_LABELS = "abcdefgh"
_PACKED = (".gz", ".zst")
_KINDS = (".jsonl", ".ndjson", ".json", ".csv", ".tsv", ".parquet")
_OPTION = re.compile(r"(?:^|(?<=[\s(（]))([A-H])\s?[.．、:：)）]", re.MULTILINE)


class Item(NamedTuple):
    """One item of a benchmark."""

    name: str
    """`<benchmark>/<id>`; the number of the row, from 1, where it has no id."""
    question: str
    options: tuple[str, ...]
    """Texts of the options, without their letters; empty for an open question."""
    answer: str


def expand(patterns: Iterable[str]) -> list[str]:
    """List the files that paths and patterns name, sorted, each once.

    Raises: PipelineError for a path without a file.
    """
    found: set[str] = set()
    for pattern in patterns:
        files = glob(pattern, recursive=True) if has_magic(pattern) else [pattern]
        files = [file for file in files if Path(file).is_file()]
        if not files:
            raise PipelineError(f"benchmarks: no file {pattern}; correct the path, or leave the benchmark out")
        found.update(files)
    return sorted(found)


def names(files: Sequence[str]) -> list[str]:
    """What benchmarks are called: the stem of the file, behind its folder where two would be the same."""
    stems = [_stem(Path(file)) for file in files]
    longer = [f"{Path(file).absolute().parent.name}/{stem}" for file, stem in zip(files, stems, strict=True)]
    return [long if stems.count(stem) > 1 else stem for stem, long in zip(stems, longer, strict=True)]


def _stem(path: Path) -> str:
    name = path.name
    for suffix in (*_PACKED, *_KINDS):
        name = name.removesuffix(suffix)
    return name


def read_items(file: str, benchmark: str, fields: Mapping[str, str]) -> list[Item]:
    """Read the items of one file; `fields` (role to name) overrides `FIELDS`.

    Raises: PipelineError when the file cannot be read, or no row has a question.
    """
    try:
        rows = list(_rows(Path(file)))
    except Exception as error:  # JSON, CSV, Parquet, gzip and zstd each have errors of their own
        reason = " ".join(str(error).split())[:200]
        raise PipelineError(f"benchmarks: {file} cannot be read as a benchmark: {reason}") from error
    # A loop over rows: there are some thousands, each with fields of its own.
    items = [_item(row, f"{benchmark}/{number}", f"{benchmark}/", fields) for number, row in enumerate(rows, 1)]
    if not any(item.question or item.options for item in items):
        seen = ", ".join(sorted({str(name) for row in rows[:100] for name in row})) or "none"
        wanted = fields.get("question") or ", ".join(FIELDS["question"])
        raise PipelineError(
            f"benchmarks: {file} has no question in any row: looked for {wanted}, saw {seen}; "
            "name the field, as in `fields: {question: …}`"
        )
    return items


def _rows(path: Path) -> Iterator[dict[str, Any]]:
    import orjson
    import polars as pl

    name = path.name.lower()
    data = _unpacked(path)
    kind = next((suffix for suffix in _KINDS if name.removesuffix(".gz").removesuffix(".zst").endswith(suffix)), None)
    if kind is None:
        raise ValueError(f"its name must end in one of {', '.join(_KINDS)}, with or without {' or '.join(_PACKED)}")
    if kind == ".parquet":
        yield from pl.read_parquet(io.BytesIO(data)).to_dicts()
    elif kind in (".csv", ".tsv"):
        separator = "\t" if kind == ".tsv" else ","
        yield from pl.read_csv(io.BytesIO(data), infer_schema=False, separator=separator).to_dicts()
    elif kind == ".json":
        yield from _flat(orjson.loads(data))
    else:
        for line in data.splitlines():
            if line.strip():
                yield from _flat([orjson.loads(line)])


def _unpacked(path: Path) -> bytes:
    import zstandard

    data = path.read_bytes()
    if path.suffix.lower() == ".gz":
        return gzip.decompress(data)
    if path.suffix.lower() == ".zst":
        return zstandard.ZstdDecompressor().stream_reader(io.BytesIO(data)).read()
    return data


def _flat(tree: Any) -> Iterator[dict[str, Any]]:
    """Rows of a JSON tree: SQuAD keeps questions in `data[].paragraphs[].qas[]`, GAOKAO-Bench in `example[]`."""
    if isinstance(tree, dict):
        inner = [value for value in tree.values() if isinstance(value, list) and value and isinstance(value[0], dict)]
        tree = inner[0] if inner else [tree]
    for row in tree:
        if not isinstance(row, dict):
            raise ValueError(f"expected an object for each item, not {row!r:.60}")
        nested = row.get("paragraphs") or row.get("qas")
        if isinstance(nested, list):
            yield from _flat(nested)
        else:
            yield row


def _item(row: Mapping[str, Any], numbered: str, prefix: str, fields: Mapping[str, str]) -> Item:
    meta = row.get("meta")
    every = {**(meta if isinstance(meta, dict) else {}), **row}
    named = {str(name).lower(): value for name, value in every.items()}

    def field(role: str) -> Any:
        candidates = (fields[role].lower(),) if role in fields else FIELDS[role]
        return next((named[name] for name in candidates if named.get(name) not in (None, "")), None)

    key, question = field("id"), _text(field("question"))
    options = _options(field("options")) or [_text(named[label]) for label in _LABELS if _text(named.get(label))]
    if not options:
        question, options = _split(question)
    return Item(numbered if key is None else f"{prefix}{key}", question, tuple(options), _text(field("answer")))


def _text(value: Any) -> str:
    if isinstance(value, list | tuple):
        return "\n".join(filter(None, map(_text, value)))
    return value if isinstance(value, str) else ""


def _options(value: Any) -> list[str]:
    """`[…]`, `{"A": …}` or ARC's `{"text": […], "label": […]}`."""
    if isinstance(value, dict):
        value = value["text"] if isinstance(value.get("text"), list) else list(value.values())
    return [text for text in map(_text, value) if text] if isinstance(value, list) else []


def _split(question: str) -> tuple[str, list[str]]:
    """Part a question from the options that stand in it."""
    labels = list(_OPTION.finditer(question))
    if not {"A", "B"} <= {label[1] for label in labels}:
        return question, []
    ends = [label.start() for label in labels[1:]] + [len(question)]
    options = [question[label.end() : end].strip() for label, end in zip(labels, ends, strict=True)]
    return question[: labels[0].start()], [option for option in options if option]
