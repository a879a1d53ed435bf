"""The words of the page, in the reader's language.

Code says them in English; `zh.yaml` has a Chinese sentence for each. What stands in braces is filled in, escaped.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import NamedTuple

import yaml

from curate.errors import CurateError
from curate.report.markup import Content, Markup, escape, number

LANGUAGES = ("en", "zh")


class Wording(NamedTuple):
    """How a page says things: called with an English sentence and what to fill in, it returns markup."""

    language: str
    """One of `LANGUAGES`."""
    sentences: Mapping[str, str]
    """English to this language."""

    def __call__(self, sentence: str, /, **values: Content) -> Markup:
        """Say a sentence; `{name}` stands for `values["name"]`. A sentence without a translation stays English."""
        filled = {name: escape(value) for name, value in values.items()}
        return Markup(escape(self.sentences.get(sentence, sentence)).format(**filled))

    def many(self, n: int, one: str, many: str, /, **values: Content) -> Markup:
        """Say how many there are: `one` of a single thing, else `many`, with the number as `{n}`.

        Chinese has no plural: it translates `many` alone.
        """
        return self(one if n == 1 and self.language == "en" else many, **{"n": n, **values})

    def plain(self, sentence: str, /, **values: str | int) -> str:
        """Say a sentence as text, for an attribute, which escapes it."""
        filled = {name: value if isinstance(value, str) else number(value) for name, value in values.items()}
        return self.sentences.get(sentence, sentence).format(**filled)


@cache
def wording(language: str) -> Wording:
    """The words of a language. Raises: CurateError for one that the page does not speak."""
    if language not in LANGUAGES:
        raise CurateError(f"--lang {language}: the report speaks {' and '.join(LANGUAGES)}")
    file = Path(__file__).with_name(f"{language}.yaml")
    return Wording(language, {} if language == "en" else yaml.safe_load(file.read_text(encoding="utf-8")))
