"""Which documents go into which shard, from their counts alone.

Documents stand in the order of the shuffle. Validation takes whole documents from the front, training follows. Shards
of an exact format hold exactly `tokens_per_shard` tokens, and a document may run over their border; all others close
before the document that would exceed it, and a single larger document stands alone. A last shard that is smaller than
the trainer's minimum joins the one before.
"""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt

from curate.writers.staged import BEGIN, Cut, Staged

Place = tuple[int, Cut]
"""A place in the order: tokens before it, and the cut."""


@dataclass(frozen=True)
class Wish:
    """What the shards should be like."""

    exact: bool
    tokens_per_shard: int
    multiple: int
    """Tokens of a split are a multiple of this (exact formats)."""
    minimum: int
    """Fewest tokens of a file."""
    max_tokens: int | None
    validation: float
    one_validation_file: bool
    """The trainer takes exactly one file as validation, and needs it."""


@dataclass(frozen=True)
class Shard:
    """One shard: a stretch of the order."""

    number: int
    """Among all shards; validation comes first."""
    split: str
    index: int
    """Among the shards of its split."""
    count: int
    """How many its split has."""
    splits: int
    """How many splits there are."""
    tokens: int
    first: Cut
    last: Cut
    end: Cut
    """Where the whole split ends: a document that is cut there is not continued."""

    def to_json(self) -> dict[str, Any]:
        """As plain values."""
        return asdict(self) | {name: list(getattr(self, name)) for name in ("first", "last", "end")}

    @classmethod
    def from_json(cls, values: dict[str, Any]) -> Shard:
        """Back from plain values."""
        return cls(**values | {name: Cut(*values[name]) for name in ("first", "last", "end")})


def plan_shards(staged: Staged, wish: Wish) -> tuple[list[Shard], str | None]:
    """Divide what is staged into shards; with a sentence about what could not be done as wished."""
    total = min(staged.counts["total_tokens"], wish.max_tokens or 2**62)
    if not staged.counts["documents"]:
        return [], "no text was kept: no shard was written"
    held_out = _validation_tokens(staged, wish, total)
    validation, training = _splits(staged, wish, held_out, total)
    warning = None
    if wish.validation and not (validation and training):
        if wish.one_validation_file:
            return [], _too_little(total, 2 * wish.minimum, "a validation and a training file", wish)
        warning = f"{total:,} tokens in whole documents are too little for a validation split: all are for training"
        validation, training = _splits(staged, wish, 0, total)
    if not training:
        return [], _too_little(total, wish.minimum, "one file", wish)
    return _numbered(validation, training), warning


def _too_little(total: int, needed: int, what: str, wish: Wish) -> str:
    """Why nothing is written: too few tokens, or documents too long to be dealt out whole."""
    need = f"the trainer needs about {needed:,} for {what}; no shard was written"
    if total < needed:
        return f"{total:,} tokens are too little: {need}"
    if wish.max_tokens:
        return f"documents stay whole, and the first are too long for max_tokens ({wish.max_tokens:,}): {need}"
    return f"{total:,} tokens lie in too few documents, which stay whole: {need}"


def _splits(staged: Staged, wish: Wish, held_out: int, total: int) -> tuple[list[Place], list[Place]]:
    return _places(staged, wish, 0, held_out, wish.one_validation_file), _places(staged, wish, held_out, total, False)


def _validation_tokens(staged: Staged, wish: Wish, total: int) -> int:
    """Tokens of the first whole documents that make the share, and a file at least."""
    if not wish.validation:
        return 0
    share = math.ceil(wish.validation * total)
    if wish.one_validation_file:
        share = min(share, wish.tokens_per_shard)
    needed, before = max(share, wish.minimum), 0
    for _, tokens in staged.ordered("tokens"):
        ends = before + np.cumsum(tokens)
        if ends[-1] >= needed:
            return int(ends[np.searchsorted(ends, needed)])
        before = int(ends[-1])
    return before


def _places(staged: Staged, wish: Wish, start: int, stop: int, single: bool) -> list[Place]:
    """Borders of the shards of one split, both ends included; none if it would be smaller than a file may be."""
    stop -= (stop - start) % wish.multiple if wish.exact else 0
    if stop - start < wish.minimum:
        return []
    least = -(-wish.minimum // wish.multiple) * wish.multiple
    size = stop - start if single else max(wish.tokens_per_shard - wish.tokens_per_shard % wish.multiple, least)
    if wish.exact:
        places = _cuts_at(staged, [*range(start, stop, size), stop])
    else:
        places = _whole_documents(staged, start, stop, size)
    if len(places) > 2 and places[-1][0] - places[-2][0] < wish.minimum:
        del places[-2]
    return places if len(places) > 1 and places[-1][0] - places[0][0] >= wish.minimum else []


def _rank(hashes: npt.NDArray[np.uint64], row: int) -> int:
    return row - int(np.searchsorted(hashes, hashes[row], "left"))


def _after(hashes: npt.NDArray[np.uint64], row: int) -> Cut:
    return Cut(int(hashes[row]), _rank(hashes, row) + 1, 0)


def _cuts_at(staged: Staged, positions: list[int]) -> list[Place]:
    """The cuts after so many tokens, ascending; inside a document where it comes so."""
    places: list[Place] = [(0, BEGIN)] if positions[0] == 0 else []
    waiting = positions[len(places) :]
    before = 0
    for hashes, tokens in staged.ordered("tokens"):
        ends = before + np.cumsum(tokens)
        while waiting and waiting[0] <= ends[-1]:
            position = waiting.pop(0)
            row = int(np.searchsorted(ends, position))
            left = int(ends[row]) - position
            within = int(tokens[row]) - left
            cut = Cut(int(hashes[row]), _rank(hashes, row), within) if left else _after(hashes, row)
            places.append((position, cut))
        if not waiting:
            break
        before = int(ends[-1])
    return places


def _whole_documents(staged: Staged, start: int, stop: int, size: int) -> list[Place]:
    """Cuts between documents from `start` to at most `stop` tokens; a shard closes before it would exceed `size`."""
    places: list[Place] = _cuts_at(staged, [start])
    before, last = 0, BEGIN
    for hashes, tokens in staged.ordered("tokens"):
        ends = before + np.cumsum(tokens)
        row, end = np.searchsorted(ends, [start, stop], "right").tolist()
        while row < end:
            opened = places[-1][0]
            # The first document of a shard is always taken.
            first_in_shard = opened == int(ends[row]) - int(tokens[row])
            row = max(int(np.searchsorted(ends, opened + size, "right")), row + first_in_shard)
            if row < end:
                position = int(ends[row - 1]) if row else before
                places.append((position, _after(hashes, row - 1) if row else last))
        before, last = (int(ends[end - 1]), _after(hashes, end - 1)) if end else (before, last)
        if end < len(ends):
            break
    if before > places[-1][0]:
        places.append((before, last))
    return places


def _numbered(validation: list[Place], training: list[Place]) -> list[Shard]:
    shards: list[Shard] = []
    splits = {name: places for name, places in (("validation", validation), ("train", training)) if places}
    for name, places in splits.items():
        for index, (low, high) in enumerate(pairwise(places)):
            tokens = high[0] - low[0]
            shards.append(
                Shard(len(shards), name, index, len(places) - 1, len(splits), tokens, low[1], high[1], places[-1][1])
            )
    return shards
