"""Graphics cards: those of `cards.yaml`, or one's own by its figures."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from curate.errors import CurateError
from curate.registry import nearest

Precision = Literal["bfloat16", "float16", "float32"]


class Card(BaseModel):
    """A graphics card."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    tflops: float = Field(gt=0, allow_inf_nan=False)
    """Peak of dense matrix products in `precision`, 10^12 operations a second."""
    memory_gib: float = Field(gt=0, allow_inf_nan=False)
    precision: Precision = "bfloat16"
    mfu: float = Field(0.35, gt=0, le=1)
    """Share of the peak that training reaches."""
    wheel: str | None = None
    """The build of PyTorch that it needs, where a recent one leaves it out."""


@cache
def cards() -> dict[str, Card]:
    """Cards by name."""
    found = yaml.safe_load(Path(__file__).with_name("cards.yaml").read_text(encoding="utf-8"))
    return {name: Card(name=name, **values) for name, values in found.items()}


def find_card(text: str) -> Card:
    """A card by its name (`3090`, `gtx 1070`), or one's own: `name=mine,tflops=20,memory=16GB`; also `mfu=0.3` and
    `precision=float16`.

    Raises: CurateError.
    """
    if "=" in text:
        return _own_card(text)
    wanted = _letters(text)
    found = [card for name, card in cards().items() if wanted and wanted in _letters(name)]
    if len(found) != 1:
        hint = nearest(text.upper(), list(cards()))
        raise CurateError(f"--card: no one card is called {text!r}{hint}; or your own: name=mine,tflops=20,memory=16GB")
    return found[0]


def _letters(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.lower())


def _own_card(text: str) -> Card:
    pairs = [item.partition("=")[::2] for item in text.split(",") if item.strip()]
    values: dict[str, Any] = {key.strip(): value.strip() for key, value in pairs}
    memory = re.fullmatch(r"(\d+(?:\.\d+)?)\s*(?:GI?B?)?", values.pop("memory", ""), re.IGNORECASE)
    known = {"name", "tflops", "mfu", "precision"}
    unknown = next((key for key in values if key not in known), None)
    if unknown is not None:
        raise CurateError(f"--card: {unknown!r} is unknown{nearest(unknown, [*known, 'memory'])}")
    if memory is None or "tflops" not in values:
        raise CurateError(f"--card: {text!r} needs tflops=… and memory=…GB, such as name=mine,tflops=20,memory=16GB")
    try:
        return Card.model_validate({"name": "mine", **values, "memory_gib": memory[1]})
    except ValidationError as error:
        first = error.errors()[0]
        raise CurateError(f"--card: {first['loc'][0]}: {first['msg'].lower()}, not {first['input']!r:.40}") from error
