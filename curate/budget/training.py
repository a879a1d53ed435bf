"""One model on one card: what fits into its memory, and how fast it goes.

FLOPs as in PaLM, appendix B: 6 N + 12 L d T a token (N parameters, L layers, d width, T sequence length). Memory with
AdamW and automatic mixed precision: 16 bytes a parameter (weights, gradients, two moments in float32), 34 L d bytes of
activations a position (Korthikanti et al. 2022, equation 2, without the attention scores, which fused attention never
stores), 10 V bytes of logits (V ids), 0.5 GB for the context; in float32 twice the activations, and 12 V.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from math import ceil
from pathlib import Path
from typing import Literal, NamedTuple

import yaml
from pydantic import BaseModel, ConfigDict

from curate.budget.cards import Card, Precision

CONTEXT_BYTES = 500_000_000
"""What the card's driver and PyTorch take for themselves."""
USABLE = 0.9
"""Of a card's memory; the rest is lost to a screen and to fragments."""


class Model(BaseModel):
    """A model as its trainer trains it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    target: str
    name: str
    body: int
    """Parameters without the embedding."""
    layers: int
    width: int
    vocabulary: int
    fixed_vocabulary: bool = False
    sequence_length: int
    batch: int
    accumulation: int
    efficiency: float
    """Times a card's `mfu`."""
    counts: Literal["rows", "windows"]
    """What one training sample is: a row of the file, or a window over its tokens."""
    continued: bool = False
    """Whether it starts from a trained checkpoint."""
    own: str
    """What its project itself trains on."""
    command: str
    dtype: Mapping[str, str] = {}
    by_hand: Mapping[str, str] = {}

    @property
    def parameters(self) -> int:
        """N, with the embedding."""
        return self.body + self.vocabulary * self.width

    @property
    def flops_per_token(self) -> int:
        """Forward and backward."""
        return 6 * self.parameters + 12 * self.layers * self.width * self.sequence_length


class Method(NamedTuple):
    """A way to train, dearest in memory first."""

    name: str
    bytes_per_parameter: float
    checkpointing: bool
    """Whether activations are computed again when they are needed."""
    passes: int
    """Of 2 N FLOPs a token: forward, gradients of activations, gradients of weights, forward again."""


METHODS = (
    Method("AdamW", 16, False, 3),
    Method("AdamW, checkpointing", 16, True, 4),
    Method("8-bit Adam", 10, False, 3),
    Method("8-bit Adam, checkpointing", 10, True, 4),
    Method("LoRA", 2, False, 2),
    Method("LoRA, checkpointing", 2, True, 3),
)
"""LoRA leaves the weights as they are; its own are few enough to be left out."""


@dataclass(frozen=True)
class Corpus:
    """What a model trains on, validation left out."""

    tokens: int
    samples: int
    """Training sequences in an epoch."""
    padding: float | None = None
    """Share of positions that hold no token; None: not known."""


@dataclass(frozen=True)
class Estimate:
    """One model on one card."""

    card: Card
    method: Method | None
    """None: no way to train it fits."""
    memory_bytes: float
    """With `batch`; without a method, what the last one would take."""
    batch: int
    """Samples at a time."""
    accumulation: int
    """Batches in a step, so that a step is as large as the trainer's own."""
    tokens_per_second: float
    """Positions, padding included."""
    steps_per_epoch: int
    hours_per_epoch: float

    def steps(self, epochs: float) -> int:
        """Optimizer steps."""
        return max(round(self.steps_per_epoch * epochs), 1)


@cache
def models() -> dict[str, Model]:
    """Models by target."""
    found = yaml.safe_load(Path(__file__).with_name("models.yaml").read_text(encoding="utf-8"))
    return {target: Model(target=target, **values) for target, values in found.items()}


def memory_bytes(model: Model, method: Method, batch: int, precision: Precision) -> float:
    """What training takes on the card."""
    positions = batch * model.sequence_length
    wide, logits = (68, 12) if precision == "float32" else (34, 10)
    values = 4 if precision == "float32" else 2
    weights = max(method.bytes_per_parameter, values) * model.parameters
    # Checkpointing keeps the input of each layer, and one layer's activations while it is computed again.
    activations = (values * model.layers + wide if method.checkpointing else wide * model.layers) * model.width
    return weights + positions * (activations + logits * model.vocabulary) + CONTEXT_BYTES


def batch_that_fits(model: Model, method: Method, card: Card, most: int) -> int:
    """The largest power of two, `most` at most; 0: not even one sample."""
    room = USABLE * card.memory_gib * 2**30
    sizes = (2**power for power in reversed(range(most.bit_length())))
    return next((size for size in sizes if memory_bytes(model, method, size, card.precision) <= room), 0)


def estimate(model: Model, corpus: Corpus, card: Card) -> Estimate:
    """Estimate one model on one card, by the first method of which one sample fits."""
    rows_per_step = model.batch * model.accumulation
    # A model whose own batch is 1 takes what fits, up to a whole step; others keep their trainer's batch or go below.
    most = rows_per_step if model.batch == 1 else model.batch
    fits = ((method, batch_that_fits(model, method, card, most)) for method in _methods(model))
    method, batch = next(((method, batch) for method, batch in fits if batch), (None, 0))
    speed = card.tflops * 1e12 * card.mfu * model.efficiency / model.flops_per_token
    if method is None:
        needed = memory_bytes(model, _methods(model)[-1], 1, card.precision)
        return Estimate(card, None, needed, 0, 0, 0.0, 0, float("inf"))
    speed *= 3 / method.passes
    accumulation = rows_per_step // batch
    steps = ceil(ceil(corpus.samples / batch) / accumulation)
    hours = corpus.samples * model.sequence_length / speed / 3600
    return Estimate(
        card, method, memory_bytes(model, method, batch, card.precision), batch, accumulation, speed, steps, hours
    )


def _methods(model: Model) -> Sequence[Method]:
    """LoRA is for models that are trained already; the trainers of the others offer AdamW only."""
    return METHODS if model.continued else METHODS[:1]
