"""Questions on a terminal, each with a guess that Enter takes; where nobody can be asked the guess is the answer."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import click

from curate.first_steps.looking import Looked
from curate.first_steps.sampling import Field
from curate.first_steps.words import Words, share
from curate.shown import printable
from curate.terminal import shortened, table

TARGET = "minimind"
"""What is guessed."""


class Asking(NamedTuple):
    """A person at a terminal, or nobody."""

    say: Words
    asks: bool

    def _prompt(self, question: str, guess: str | None, check: Callable[[str], Any]) -> Any:
        return click.prompt(question, default=guess, value_proc=check, err=True)

    def inputs(self) -> list[str]:
        """Files, folders or patterns, parted by blanks as a shell parts them."""

        def there(answer: str) -> list[str]:
            names = [answer] if os.path.exists(answer) else re.findall(r"\S+", answer)
            if not names:
                raise click.BadParameter(self.say("a file, a folder or a pattern is needed"))
            return names

        found: list[str] = self._prompt(
            self.say("Input (a file, a folder, or a pattern such as data/*.jsonl)"), None, there
        )
        return found

    def text_field(self, fields: Sequence[Field]) -> str:
        """The field that holds the text; all candidates are shown."""
        say = self.say
        rows = [
            [str(number), printable(field.name), say("{n} characters", n=f"{field.chars:,}"), _example(field.example)]
            for number, field in enumerate(fields, 1)
        ]
        click.echo("\n".join([say("Fields with text:"), *(f"  {line}" for line in table(rows, [0, 2]))]), err=True)
        names = [field.name for field in fields]

        def known(answer: str) -> str:
            name = names[int(answer) - 1] if answer.isdecimal() and 0 < int(answer) <= len(names) else answer
            if name not in names:
                raise click.BadParameter(say("one of {names}", names=", ".join(names)))
            return name

        chosen: str = self._prompt(say("Which field holds the text"), names[0], known)
        return chosen

    def language(self, guess: str, looked: Looked, known: Sequence[str]) -> str:
        """The language that is wanted."""
        if not self.asks:
            return guess
        total = sum(looked.languages.values())
        seen = ", ".join(f"{label} {share(number, total)}" for label, number in list(looked.languages.items())[:4])

        def code(answer: str) -> str:
            if not re.fullmatch(r"[a-z]{2,3}", answer):
                raise click.BadParameter(self.say("a code such as {names}", names=", ".join(known[:5])))
            return answer

        chosen: str = self._prompt(self.say("Which language shall stay (seen: {seen})", seen=seen), guess, code)
        return chosen

    def targets(self, offered: Sequence[str]) -> list[str]:
        """What is to be trained."""
        if not self.asks:
            return [TARGET]

        def all_known(answer: str) -> list[str]:
            names = re.findall(r"[^\s,]+", answer)
            odd = [name for name in names if name not in offered]
            if odd or not names:
                raise click.BadParameter(self.say("one or several of {names}", names=", ".join(offered)))
            return names

        question = self.say("What shall be trained ({names})", names=", ".join(offered))
        chosen: list[str] = self._prompt(question, TARGET, all_known)
        return chosen

    def out(self, guess: str, force: bool) -> Path:
        """The file to write."""
        if not self.asks:
            return Path(guess)

        def free(answer: str) -> Path:
            if Path(answer).is_dir() or (Path(answer).exists() and not force):
                raise click.BadParameter(self.say("{name} is there already", name=answer))
            return Path(answer)

        number, free_name = 2, guess
        while Path(free_name).exists() and not force:
            free_name, number = f"{Path(guess).stem}-{number}.yaml", number + 1
        chosen: Path = self._prompt(self.say("Write the pipeline to"), free_name, free)
        return chosen

    def name(self, guess: str) -> str:
        """The name of the run: asked for by a flag only, as it is in the first lines of the file."""
        return guess


def _example(text: str) -> str:
    return shortened(printable(" ".join(text[:120].split())), 36)
