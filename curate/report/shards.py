"""The section on shards: for each writer what its manifest says, in short."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from curate.report.collect import Report
from curate.report.markup import Content, Markup, element, escape, number, size
from curate.report.parts import cell, code, fact, figures, name, section, table
from curate.report.warned import warned
from curate.report.wording import Wording

MOST_FILES = 40
"""Shards listed for each writer."""


def shards_section(report: Report, say: Wording) -> Markup:
    """What was written for each target; a manifest may be of any writer, so nothing in it is taken for granted."""
    if not report.writers:
        nothing = element("p", say("This pipeline has no writer."), class_="note")
        return section("shards", say("Shards"), nothing)
    return section("shards", say("Shards"), [_target(report, say, label) for label in report.writers])


def tokens_of(report: Report) -> dict[str, int]:
    """Label of each writer that counts tokens to their number."""
    found = {label: manifest.get("tokens") for label, manifest in report.manifests.items()}
    return {label: tokens for label, tokens in found.items() if isinstance(tokens, int)}


def _target(report: Report, say: Wording, label: str) -> Markup:
    manifest = report.manifests.get(label)
    if manifest is None:
        nothing = say("Nothing was written: no manifest.")
        return escape([element("h3", name(label)), element("p", nothing, class_="note")])
    shards = [shard for shard in manifest.get("shards") or [] if isinstance(shard, Mapping)]
    listed = [
        element("div", element("dt", key), element("dd", value)) for key, value in _facts(report, say, manifest, shards)
    ]
    warning = manifest.get("warning")
    return escape(
        [
            element("h3", name(label)),
            element("ul", element("li", warned(say, str(warning))), class_="warnings") if warning else None,
            element("dl", listed, class_="facts"),
            element("p", _where(report, say, label), class_="note"),
            _files(say, shards),
        ]
    )


def _where(report: Report, say: Wording, label: str) -> Markup:
    folder, manifest, guide = code(f"shards/{label}/"), code("manifest.json"), code(f"shards/{label}/USE.md")
    if label in report.guides:
        return say(
            "In {folder}; how to read them: {guide}; all about them: {manifest}",
            folder=folder, guide=guide, manifest=manifest,
        )  # fmt: skip
    return say("In {folder}; all about them: {manifest}", folder=folder, manifest=manifest)


def _titles(say: Wording) -> dict[str, Markup]:
    """What is shown of a manifest, in this order."""
    return {
        "tokens": say("tokens"),
        "documents": say("documents"),
        "rows": say("rows"),
        "format": say("format"),
        "dtype": say("type of an id"),
        "sequence_length": say("sequence length"),
        "tokens_per_shard": say("tokens per shard"),
        "max_tokens": say("tokens at most"),
        "validation": say("share for validation"),
        "documents_without_text": say("documents without text"),
        "documents_left_out": say("documents left out"),
        "tokens_left_out": say("tokens left out"),
        "neutralised": say("control tokens neutralised"),
    }


def _facts(
    report: Report, say: Wording, manifest: Mapping[str, Any], shards: Sequence[Mapping[str, Any]]
) -> list[tuple[Markup, Content]]:
    files = [file for shard in shards for file in _files_of(shard)]
    on_disk = sum(file["bytes"] for file in files if isinstance(file.get("bytes"), int))
    facts: list[tuple[Markup, Content]] = [(say("shards"), [number(len(shards)), element("small", " ", size(on_disk))])]
    facts += [(title, fact(manifest[key])) for key, title in _titles(say).items() if _is_worth_it(manifest.get(key))]
    if isinstance(manifest.get("pad_share"), int | float):
        facts.append((say("padding"), f"{100 * manifest['pad_share']:.1f} %"))
    tokens = manifest.get("tokens")
    if isinstance(tokens, int) and tokens and manifest.get("documents") == report.stats.kept:
        facts.append((say("characters per token"), number(report.kept_chars / tokens)))
        facts.append((say("bytes of text per token"), number(report.stats.kept_bytes / tokens)))
    tokenizer = manifest.get("tokenizer")
    if isinstance(tokenizer, Mapping):
        told = [name(str(tokenizer.get("name"))), " ", _vocabulary(say, tokenizer.get("vocabulary"))]
        facts.append((say("tokenizer"), told))
    return facts


def _is_worth_it(value: Any) -> bool:
    return isinstance(value, str | int | float) and value not in (0, "", False)


def _vocabulary(say: Wording, ids: Any) -> Markup | None:
    return element("small", say.many(ids, "1 token", "{n} tokens")) if isinstance(ids, int) else None


def _files(say: Wording, shards: Sequence[Mapping[str, Any]]) -> Markup | None:
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
    heads = [(say("file"), None), (say("split"), None), (say("documents"), "n"), (say("tokens"), "n")]
    more = element("p", say("and {n} more", n=rest), class_="note") if rest else None
    return element("details", element("summary", say("files"), class_="note"), table(heads, lines), more)


def _files_of(shard: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    files = shard.get("files")
    return [file for file in files if isinstance(file, Mapping)] if isinstance(files, list) else []


def _count(shard: Mapping[str, Any], key: str) -> str:
    value = shard.get(key)
    return number(value) if isinstance(value, int | float) else "–"
