"""What first steps say, in English or Chinese: code says it in English, `zh.yaml` has a Chinese sentence for each."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import NamedTuple

import yaml


class Words(NamedTuple):
    """Called with an English sentence and what to fill in, returns a line of text."""

    language: str
    sentences: Mapping[str, str]

    def __call__(self, sentence: str, **values: object) -> str:
        """Say a sentence; `{name}` stands for `values["name"]`. A sentence without a translation stays English."""
        return self.sentences.get(sentence, sentence).format(**values)


@cache
def words(language: str) -> Words:
    """The words of a language: en or zh."""
    file = Path(__file__).with_name(f"{language}.yaml")
    return Words(language, {} if language == "en" else yaml.safe_load(file.read_text(encoding="utf-8")))


def share(part: float, whole: float) -> str:
    """A share as percent: `4.3 %`, `38 %`."""
    percent = 100 * part / whole if whole else 0.0
    return f"{percent:.0f} %" if percent >= 10 or not percent else f"{percent:.1f} %"
