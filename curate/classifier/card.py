"""The card of a classifier: a JSON file beside the model that says how it was made and how its text is prepared.

`model.bin` has `model.bin.json`. Two of its entries decide what the filters do: `split` (`distinct`, `characters`: the
model was trained on text that `kernels.splitting` wrote) and `positive` (the label whose probability is the score).
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Literal, get_args

from curate.errors import PipelineError

Split = Literal["distinct", "characters", "none"]
"""How text is prepared: Chinese split into characters, each counted once and the sum divided by the root of their
number; split, and the mean of all; left as it is."""


def card_file(model: str) -> Path:
    """Where the card of a model lies, if it has one."""
    return Path(f"{model}.json")


def read_card(model: str) -> dict[str, Any]:
    """Read the card beside a model; empty when there is none. Raises: PipelineError for a card that is damaged."""
    file = card_file(model)
    if not file.is_file():
        return {}
    try:
        card = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise PipelineError(f"{file}: not a model card ({error}); mend or remove it") from error
    if not isinstance(card, dict) or card.get("split", "none") not in get_args(Split):
        raise PipelineError(
            f'{file}: not a model card; "split" must be "distinct", "characters" or "none"; mend or remove it'
        )
    if not isinstance(card.get("positive"), str | None):
        raise PipelineError(f'{file}: not a model card; "positive" must be a label; mend or remove it')
    return card
