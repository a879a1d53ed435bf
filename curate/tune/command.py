"""`curate tune`: which question the words ask, the answer as lines, and the edited pipeline."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from curate.edit import write_rules
from curate.errors import PipelineError
from curate.run import Run
from curate.tune import shown
from curate.tune.rules import Measure, number_for, rule_table, rules
from curate.tune.signals import signal_table
from curate.tune.terminal import explore as explore
from curate.tune.what_if import what_if

_EDIT = re.compile(r"\s*([A-Za-z_]\w*\.\w[\w-]*)\s*=(?!=)\s*(.*?)\s*", re.DOTALL)


def lines(
    run: Run,
    words: Sequence[str],
    *,
    keep: float | None = None,
    by: Measure = "documents",
    number: int | None = None,
    write: Path | None = None,
    samples: int = 10,
    tell: Callable[[str], object] = str,
) -> Iterator[str]:
    """What `curate tune` prints. Raises: PipelineError, CurateError.

    `words`: `RULE=CONDITION` any number of times, or names of rules and signals. `write`: the pipeline file that gets
    the conditions, after all is printed. `tell`: takes messages that are no answer.
    """
    edits = edits_in(words)
    if edits and (keep is not None or len(edits) < len(words)):
        raise PipelineError("give either conditions (RULE=CONDITION), or the name of a rule or a signal")
    if keep is not None:
        (rule,) = words if len(words) == 1 else ("",)
        if "." not in rule:
            raise PipelineError("--target-keep wants one rule whose number it may move, such as length.too_short")
        found = number_for(run, rule, keep, by=by, number=number)
        yield from shown.found_lines(found)
        edits = {rule: found.condition}
    if write is not None and not edits:
        raise PipelineError("--write wants a condition to write: RULE=CONDITION, or --target-keep")
    if number is not None and keep is None and (len(words) != 1 or "." not in words[0] or edits):
        raise PipelineError("--number wants one rule, such as length.too_short")
    if edits:
        yield from shown.what_if_lines(what_if(run, edits, samples))
    elif not words:
        yield from shown.rules_lines(*rules(run))
    else:
        yield from _looked_at(run, words, number)
    if write is not None:
        changed = write_rules(write, edits, run.pipeline.variables)
        tell(f"{write}: {'written' if changed else 'says so already'}; run it: curate run {write} --out {run.folder}")


def _looked_at(run: Run, words: Sequence[str], number: int | None) -> Iterator[str]:
    for place, word in enumerate(words):
        if place:
            yield ""
        if "." in word:
            yield from shown.rule_lines(rule_table(run, word, number))
        else:
            yield from shown.signal_lines(signal_table(run, word))


def edits_in(words: Sequence[str]) -> dict[str, str | None]:
    """The conditions among the words: `null` switches a rule off. Raises: PipelineError."""
    edits: dict[str, str | None] = {}
    for word in words:
        if match := _EDIT.fullmatch(word):
            reason, condition = match.groups()
            if reason in edits:
                raise PipelineError(f"{reason}: two conditions are given; join them with OR or AND")
            if not condition:
                raise PipelineError(f"{reason}: no condition behind `=`; null switches the rule off")
            edits[reason] = None if condition == "null" else condition
        elif not re.fullmatch(r"\w+(\.\w[\w-]*)?", word):
            raise PipelineError(f"{word!r:.80} is no RULE=CONDITION, such as 'length.too_short=chars < 100'")
    return edits
