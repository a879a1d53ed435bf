"""How fast each step is beside the tools that people use for it, in one run, on the same text, on one core.

    make bench                                       # the samples, multiplied
    make bench CORPUS=texts.jsonl.zst TOKENIZERS=folder
    make bench BENCH="--only language --runs 7"      # prints, and writes nothing

CORPUS is a file or a folder of JSON lines (plain, .gz, .zst) or Parquet with a field `text`. TOKENIZERS is a folder
that holds minimind/tokenizer.json and qwen2.5/tokenizer.json; without it, two tokenizers of their kind are trained.
Each peer is installed into an environment of its own under `.environments/` (2.5 GB in all; a few minutes, once). The
rest takes about 20 minutes. Writes RESULTS.md, results.svg and results.json. What fails is a row with its error.

`comparisons.py` says what is compared; `peers/serve.py` how a program is spoken with.
"""

from __future__ import annotations

import argparse
import shlex
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import chart
import results
import steps_section
import texts
import tokenizer_files
from comparisons import OPTIONS, STEPS, Peer, Step
from contest import Program, ProgramError, Row, against, alone, one_line, take_core
from environments import PEERS, InstallError, python_of

SECONDS = 8.0
"""How long a run of a slow peer takes, about: ours beside it needs a text long enough to be measured well."""


class Bench(NamedTuple):
    """What is the same for all steps."""

    texts: texts.Texts
    file: Path
    """The texts as JSON lines."""
    options: dict[str, Any]
    tokenizers: dict[str, tokenizer_files.TokenizerFile]
    runs: int
    seconds: float
    pythons: dict[str, Path | InstallError]
    """Of each program: what runs it, or why it cannot be run."""


def rows_of(step: Step, bench: Bench) -> Iterator[Row]:
    """Compare ours with each peer of a step."""
    options = bench.options | ({"tokenizer": str(bench.tokenizers[step.tokenizer].path)} if step.tokenizer else {})
    try:
        with Program(sys.executable, PEERS / "use_curate.py", step.ours, bench.file, options) as ours:
            yield alone((step.name, "curate"), ours, bench.texts, bench.runs)
            for peer in step.peers:
                yield row_of(step, peer, ours, options, bench)
    except ProgramError as error:
        yield Row(step.name, "curate", error=one_line(str(error)))


def row_of(step: Step, peer: Peer, ours: Program, options: dict[str, Any], bench: Bench) -> Row:
    """Compare ours with one peer; what fails becomes the row's error."""
    try:
        python = bench.pythons[peer.program]
        if isinstance(python, InstallError):
            raise python
        with Program(python, PEERS / f"{peer.program}.py", peer.step, bench.file, options) as program:
            name = (step.name, peer.tool)
            return against(name, ours, program, bench.texts, bench.runs, bench.seconds)
    except (InstallError, ProgramError) as error:
        return Row(step.name, peer.tool, error=one_line(str(error)))


def installed(steps: list[Step]) -> dict[str, Path | InstallError]:
    """Make the environments that the steps need."""
    made: dict[str, Path | InstallError] = {}
    for program in dict.fromkeys(peer.program for step in steps for peer in step.peers):
        try:
            made[program] = python_of(program)
        except InstallError as error:
            made[program] = error
    return made


def chosen(only: str | None) -> list[Step]:
    """The steps, or those that are named, or all with only the tool that is named."""
    if only is None:
        return list(STEPS)
    named = [step for step in STEPS if step.name == only]
    with_tool = [
        step._replace(peers=tuple(peer for peer in step.peers if peer.tool.lower().startswith(only.lower())))
        for step in STEPS
    ]
    found = named or [step for step in with_tool if step.peers]
    if not found:
        tools = dict.fromkeys(peer.tool for step in STEPS for peer in step.peers)
        raise SystemExit(f"--only {only}: known are {', '.join([*(step.name for step in STEPS), *tools])}")
    return found


def prepared(options: argparse.Namespace, steps: list[Step], work: Path) -> Bench:
    """Install the peers; draw the texts, and what is made of them."""
    from curate.fasttext_model import built_in_language_model

    pythons = installed(steps)
    drawn = texts.load(options.corpus, options.megabytes)
    file, words = work / "texts.jsonl", work / "flagged.txt"
    texts.write(drawn, file)
    texts.write_words(drawn.texts, words)
    make = {"minimind": tokenizer_files.minimind, "qwen2.5": tokenizer_files.qwen}
    needed = {step.tokenizer for step in steps if step.tokenizer}
    tokenizers = {name: make[name](options.tokenizers, drawn.texts, work) for name in needed}
    given = OPTIONS | {"words": str(words), "language_model": built_in_language_model()}
    return Bench(drawn, file, given, tokenizers, options.runs, options.seconds, pythons)


def main() -> None:
    options = parsed()
    steps = chosen(options.only)
    commit = results.state()
    with tempfile.TemporaryDirectory() as work:
        bench = prepared(options, steps, Path(work))
        take_core()
        text = f"{len(bench.texts.texts):,} documents, {bench.texts.ends[-1] / 1e6:.1f} MB of {bench.texts.source}"
        print(f"{text}; {results.machine()}", flush=True)
        titles = {step.name: title(step, bench) for step in steps}
        rows = []
        for step in steps:
            print(f"\n{step.name}: {titles[step.name]}", flush=True)
            for row in rows_of(step, bench):
                print(steps_section.line(row, step), flush=True)
                rows.append(row)
    print()
    print("\n".join(steps_section.bound_lines(rows)))
    if options.out or not options.only:
        write(rows, titles, {"text": text, "commit": commit}, options)


def title(step: Step, bench: Bench) -> str:
    """What a step does, and by which tokenizer."""
    return f"{step.what}: {bench.tokenizers[step.tokenizer].what}" if step.tokenizer else step.what


def write(rows: list[Row], titles: dict[str, str], facts: dict[str, Any], options: argparse.Namespace) -> None:
    """Write the results; `facts`: the text, and the commit when the run began."""
    folder = options.out or results.HERE
    folder.mkdir(parents=True, exist_ok=True)
    facts = facts | {"machine": results.machine(), "date": results.today()}
    facts |= {"command": command(options), "runs": options.runs}
    (folder / "results.svg").write_text(chart.draw(rows, titles), encoding="utf-8")
    results.put("steps", steps_section.section(rows, titles, facts), folder)
    print(f"\nwritten: {', '.join(str(folder / name) for name in ('RESULTS.md', 'results.svg', 'results.json'))}")


def command(options: argparse.Namespace) -> str:
    """The command that does it again, with names of files but not their folders."""
    corpus = f" CORPUS={shlex.quote(options.corpus.name)}" if options.corpus else ""
    tokenizers = f" TOKENIZERS={shlex.quote(options.tokenizers.name)}" if options.tokenizers else ""
    usual = {"runs": 5, "megabytes": 20, "seconds": SECONDS}
    other = [f"--{name} {getattr(options, name):g}" for name, value in usual.items() if getattr(options, name) != value]
    flags = f' BENCH="{" ".join(other)}"' if other else ""
    return f"make bench{corpus}{tokenizers}{flags}"


def parsed() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--corpus", type=Path, help="a file or a folder of texts; the samples without it")
    parser.add_argument("--tokenizers", type=Path, help="folder of minimind/ and qwen2.5/; trained without it")
    parser.add_argument("--only", metavar="STEP|TOOL", help="one step, or one tool in all its steps; writes nothing")
    parser.add_argument("--runs", type=int, default=5, help="counted times of each tool (5)")
    parser.add_argument("--megabytes", type=float, default=20, help="how much text (20)")
    parser.add_argument("--seconds", type=float, default=SECONDS, help=f"about how long a slow tool runs ({SECONDS:g})")
    parser.add_argument("--out", type=Path, help="folder for the results; this one without it")
    options = parser.parse_args()
    if options.runs < 1:
        parser.error("--runs: at least 1")
    for path in filter(None, [options.corpus, options.tokenizers]):
        if not path.exists():
            parser.error(f"{path}: not there")
    return options


if __name__ == "__main__":
    sys.exit(main())
