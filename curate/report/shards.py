"""The section on shards: for each writer what its manifest says, in short."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from curate.report.collect import Report
from curate.report.markup import Content, Markup, element, escape, number, size
from curate.report.parts import cell, code, fact, figures, name, section, table

MOST_FILES = 40
"""Shards listed for each writer."""
_SHOWN = (
    "tokens", "documents", "rows", "format", "dtype", "sequence_length", "tokens_per_shard", "max_tokens", "validation",
    "documents_without_text", "documents_left_out", "tokens_left_out", "neutralised",
)  # fmt: skip
_TITLES = {"neutralised": "control tokens neutralised", "validation": "share for validation"}


def shards_section(report: Report) -> Markup:
    """What was written for each target; a manifest may be of any writer, so nothing in it is taken for granted."""
    if not report.writers:
        return section("shards", "Shards", element("p", "This pipeline has no writer.", class_="note"))
    return section("shards", "Shards", [_target(report, label) for label in report.writers])


def tokens_of(report: Report) -> dict[str, int]:
    """Label of each writer that counts tokens to their number."""
    found = {label: manifest.get("tokens") for label, manifest in report.manifests.items()}
    return {label: tokens for label, tokens in found.items() if isinstance(tokens, int)}


def _target(report: Report, label: str) -> Markup:
    manifest = report.manifests.get(label)
    if manifest is None:
        return escape([element("h3", name(label)), element("p", "Nothing was written: no manifest.", class_="note")])
    shards = [shard for shard in manifest.get("shards") or [] if isinstance(shard, Mapping)]
    listed = [
        element("div", element("dt", key), element("dd", value)) for key, value in _facts(report, manifest, shards)
    ]
    guide = ["; how to read them: ", code(f"shards/{label}/USE.md")] if label in report.guides else None
    warning = manifest.get("warning")
    return escape(
        [
            element("h3", name(label)),
            element("ul", element("li", name(str(warning), 500)), class_="warnings") if warning else None,
            element("dl", listed, class_="facts"),
            element(
                "p", "In ", code(f"shards/{label}/"), guide, "; all about them: ", code("manifest.json"), class_="note"
            ),
            _files(shards),
        ]
    )


def _facts(
    report: Report, manifest: Mapping[str, Any], shards: Sequence[Mapping[str, Any]]
) -> list[tuple[str, Content]]:
    files = [file for shard in shards for file in _files_of(shard)]
    on_disk = sum(file["bytes"] for file in files if isinstance(file.get("bytes"), int))
    facts: list[tuple[str, Content]] = [("shards", [number(len(shards)), element("small", " ", size(on_disk))])]
    facts += [
        (_TITLES.get(key, key.replace("_", " ")), fact(manifest[key]))
        for key in _SHOWN
        if _is_worth_it(manifest.get(key))
    ]
    if isinstance(manifest.get("pad_share"), int | float):
        facts.append(("padding", f"{100 * manifest['pad_share']:.1f} %"))
    tokens = manifest.get("tokens")
    if isinstance(tokens, int) and tokens and manifest.get("documents") == report.stats.kept:
        facts.append(("bytes of text in a token", number(report.stats.kept_bytes / tokens)))
    tokenizer = manifest.get("tokenizer")
    if isinstance(tokenizer, Mapping):
        facts.append(("tokenizer", [name(str(tokenizer.get("name"))), " ", _vocabulary(tokenizer.get("vocabulary"))]))
    return facts


def _is_worth_it(value: Any) -> bool:
    return isinstance(value, str | int | float) and value not in (0, "", False)


def _vocabulary(size_: Any) -> Markup | None:
    return element("small", f"{number(size_)} tokens") if isinstance(size_, int) else None


def _files(shards: Sequence[Mapping[str, Any]]) -> Markup | None:
    if not shards:
        return None
    lines = [
        element(
            "tr",
            cell(code(", ".join(str(file.get("name", "?")) for file in _files_of(shard))), class_="break"),
            cell(name(str(shard.get("split", "")))),
            figures(_count(shard, "documents"), _count(shard, "tokens")),
        )
        for shard in shards[:MOST_FILES]
    ]
    rest = len(shards) - len(lines)
    heads = [("file", None), ("split", None), ("documents", "n"), ("tokens", "n")]
    more = element("p", f"and {number(rest)} more", class_="note") if rest else None
    return element("details", element("summary", "files", class_="note"), table(heads, lines), more)


def _files_of(shard: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    files = shard.get("files")
    return [file for file in files if isinstance(file, Mapping)] if isinstance(files, list) else []


def _count(shard: Mapping[str, Any], key: str) -> str:
    value = shard.get(key)
    return number(value) if isinstance(value, int | float) else "–"
