"""Pages that are made of the code: steps (filters, cleaners, readers, writers), profiles, commands.

A hook of mkdocs: `mkdocs build` calls `on_config` and `on_files`. Nothing of it is stored.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import click
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files

from curate import cli, profiles, registry
from curate.describe import Description, describe

SECTIONS = {"filters": "Filters", "clean": "Cleaners", "read": "Readers", "write": "Writers"}
SHARED = ("name", "drop")
"""Parameters that every filter has: told once, on the page of all filters."""


def pages() -> dict[str, str]:
    """Path of each page to its Markdown."""
    made = {}
    for section, title in SECTIONS.items():
        steps = [describe(section, name) for name in registry.names(section)]
        made[f"{section}/index.md"] = _overview(title, steps)
        made |= {f"{section}/{step.name}.md": _step(step) for step in steps}
    loaded = [profiles.load(name) for name in profiles.names()]
    made["profiles/index.md"] = _profiles(loaded)
    made |= {f"profiles/{profile.name}.md": _profile(profile) for profile in loaded}
    made["commands.md"] = "\n\n".join(["# Commands", *_commands(cli.main, "curate")])
    return made


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    """Put the pages into the navigation."""
    places: dict[str, list[str]] = {}
    for path in pages():
        places.setdefault(path.partition("/")[0] if "/" in path else "", []).append(path)
    titles = {**SECTIONS, "profiles": "Profiles"}
    reference: list[Any] = [*({titles[folder]: paths} for folder, paths in places.items() if folder), *places[""]]
    assert config.nav is not None
    config.nav = [{"Reference": reference} if entry == {"Reference": "reference"} else entry for entry in config.nav]
    return config


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the pages to those that lie in the folder."""
    for path, text in pages().items():
        files.append(File.generated(config, path, content=text))
    return files


# Steps.


def _overview(title: str, steps: list[Description]) -> str:
    lines = [f"| [`{one.name}`]({one.name}.md) | {_cell(_first_sentence(one))} |" for one in steps]
    text = [f"# {title}", _table("name", "what it does", lines)]
    shared = [one for one in steps[0].parameters if one.name in SHARED] if title == "Filters" else []
    if shared:
        text += ["Every filter has these parameters besides its own:", _parameters(shared)]
    return "\n\n".join(text)


def _step(step: Description) -> str:
    own = [one for one in step.parameters if one.name not in SHARED]
    blocks = [f"# {step.name}", markdown(step.text)]
    if own:
        blocks += ["## Parameters", _parameters(own)]
    if step.rules:
        lines = [f"| `{reason}` | {_code(condition)} |" for reason, condition in step.rules.items()]
        blocks += ["## Rules", "A document is dropped if", _table("reason", "condition", lines)]
    if step.signals:
        blocks += ["## Columns", "Signals, with default parameters:", _columns(step.signals)]
    if step.clusters:
        blocks += ["Of the verdicts, beside `duplicate_of` (null outside of clusters):", _columns(step.clusters)]
    return "\n\n".join(blocks)


def _parameters(parameters: list[Any]) -> str:
    lines = [
        f"| `{one.name}` | {_code(one.type)} | {'required' if one.default is None else _code(_short(one.default))} "
        f"| {_cell(one.text)} |"
        for one in parameters
    ]
    return _table("parameter", "type", "default", "meaning", lines)


def _columns(columns: dict[str, str]) -> str:
    return _table("column", "dtype", [f"| `{name}` | {dtype} |" for name, dtype in columns.items()])


def _first_sentence(step: Description) -> str:
    return " ".join(step.text.partition("\n\n")[0].split())


def _short(text: str, most: int = 60) -> str:
    return text if len(text) <= most else f"{text[:most]}…"


# Profiles.


def _profiles(loaded: list[profiles.Profile]) -> str:
    lines = [f"| [`{one.name}`]({one.name}.md) | {_cell(one.source)} |" for one in loaded]
    intro = "A profile holds the numbers of `quality` and `repetition`, each with where it comes from."
    return "\n\n".join(["# Profiles", intro, _table("profile", "source", lines)])


def _profile(profile: profiles.Profile) -> str:
    blocks = [f"# {profile.name}", f"**Source.** {markdown(profile.source.strip())}"]
    blocks += [f"Found or taken over: {profile.date}. Made for: {profile.made_for}."]
    for name, section in profile.filters.items():
        rules = [
            f"| `{name}.{rule}` | {_code(condition) if condition else 'off'} |"
            for rule, condition in section.drop.items()
        ]
        measured = [f"| `{key}` | {_code(_short(str(value)))} |" for key, value in section.measure.items()]
        blocks += [f"## {name}", _table("reason", "dropped if", rules)]
        blocks += [_table("parameter", "value", measured)] if measured else []
    for title, text in (("Why these numbers", profile.why), ("Where it differs", profile.deviations)):
        blocks += [f"## {title}", markdown(_listed(text.strip(), profile))] if text.strip() else []
    return "\n\n".join(blocks)


def _listed(text: str, profile: profiles.Profile) -> str:
    """Lines that open with the name of a rule as points of a list."""
    known = {rule for section in profile.filters.values() for rule in section.drop}
    lines = text.splitlines()
    opens = [re.split(r"[,:… ]", line, maxsplit=1)[0] in known and ": " in line for line in lines]
    return "\n".join(f"- {line}" if is_first else line for line, is_first in zip(lines, opens, strict=True))


# Commands.


def _commands(group: click.Group, path: str) -> Iterator[str]:
    for name, command in group.commands.items():
        if isinstance(command, click.Group):
            yield from _commands(command, f"{path} {name}")
        elif not command.hidden:
            yield _command(command, f"{path} {name}")


def _command(command: click.Command, path: str) -> str:
    text, _, example = (command.help or "").partition("Example: ")
    usage = " ".join([path, *command.collect_usage_pieces(click.Context(command))])
    lines = [_option(one) for one in command.params if isinstance(one, click.Option) and not one.hidden]
    blocks = [f"## {path}", markdown(text.strip()), f"```sh\n{usage}\n{example.strip()}\n```"]
    return "\n\n".join([*blocks, *([_table("option", "meaning", lines)] if lines else [])])


def _option(option: click.Option) -> str:
    value = f" {option.make_metavar(click.Context(click.Command('')))}" if not option.is_flag else ""
    default = f" Default: {option.default}." if option.show_default and option.default is not None else ""
    return f"| `{', '.join(option.opts)}{value}` | {_cell((option.help or '') + default)} |"


# Markdown.


def markdown(text: str) -> str:
    """A docstring as Markdown: blocks of `name: meaning` become lists, lists get the empty line that they need."""
    made: list[str] = []
    names = False  # inside a list of names
    for line in text.splitlines():
        depth = len(line) - len(line.lstrip())
        item = re.match(r" {4}([\w<>][\w<>, …]*): (.*)", line)
        if item and (names or _opens_list(made)):
            made += ([] if names else [""]) + [f"- {_names(item[1])}: {_prose(item[2])}"]
            names = True
        elif names and depth > 4:
            made.append(f"  {_prose(line.strip())}")
        else:
            is_point = r"(-|\d+\.) "
            begins = bool(re.match(is_point, line)) and bool(made) and not re.match(rf"{is_point}|  |$", made[-1])
            made += ([""] if names or begins else []) + [_prose(line.strip() if depth == 4 else line)]
            names = False
    return "\n".join(made)


def _opens_list(made: list[str]) -> bool:
    return bool(made) and made[-1].endswith(":")


def _names(names: str) -> str:
    return ", ".join(f"`{name.strip()}`" for name in names.split(","))


def _prose(text: str) -> str:
    """Text outside of backticks without characters that Markdown or HTML take for their own."""
    parts = re.split(r"(`[^`]*`)", text)
    return "".join(part if place % 2 else _escaped(part) for place, part in enumerate(parts))


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace("*", r"\*").replace("[", r"\[")


def _cell(text: str) -> str:
    return " ".join(_prose(text).replace("|", "&#124;").split())


def _code(text: str) -> str:
    """Code in a cell, where a bar would end the cell and a backtick the code."""
    escaped = text.replace("&", "&amp;").replace("<", "&lt;").replace("|", "&#124;")
    return f"<code>{' '.join(escaped.split())}</code>"


def _table(*parts: Any) -> str:
    *heads, lines = parts
    return "\n".join([f"| {' | '.join(heads)} |", f"|{' --- |' * len(heads)}", *lines])
