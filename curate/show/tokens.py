"""Token ids as pieces of text: special ids by name, bytes that are no character yet as they are spelt."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from curate.contracts import Utf8
from curate.errors import CurateError
from curate.shown import Piece, folded
from curate.tokenizer import Tokenizer, load_tokenizer

SPECIAL = "magenta"


@dataclass(frozen=True)
class Tokens:
    """How ids are shown."""

    tokenizer: Tokenizer | None
    problem: str
    """Why there is no tokenizer."""
    special: Mapping[int, str]
    """Ids that are no text, by name."""
    in_colour: bool

    @classmethod
    def of(cls, folder: Path, manifest: Mapping[str, Any], in_colour: bool) -> Tokens:
        """The tokenizer that lies beside shards, or that they name; without it, ids are shown as numbers."""
        record = manifest["tokenizer"]
        named = {manifest[name]["id"]: name.upper() for name in ("eos", "bos") if manifest[name]["id"] is not None}
        where = str(folder / record["name"]) if record.get("files") else record["name"]
        try:
            tokenizer = load_tokenizer(where)
        except CurateError as error:
            return cls(None, str(error), named, in_colour)
        if tokenizer.sha256 != record["sha256"]:
            return cls(None, f"{where} is not the one that made these shards (sha256)", named, in_colour)
        controls = {tokenizer.id_of(token): token for token in tokenizer.control_tokens}
        named = {id: tokenizer.spelling(id) for id in named}
        return cls(tokenizer, "", named | {id: token for id, token in controls.items() if id is not None}, in_colour)

    def legend(self, each_token: bool, ids_in_file: bool) -> list[str]:
        """What the marks mean."""
        told = []
        if ids_in_file or each_token:
            mark = "in colour" if self.in_colour else "in ⟪ ⟫"
            told.append(f"special ids are {mark}, by name and number; everything else is text")
        if each_token:
            told.append("each token, then its id; ␣ is a space, ↵ a line end, \\x.. a byte of a character")
        if self.tokenizer is None:
            told.append(f"ids only, without text: {self.problem}")
        return [line for one in told for line in folded(one, "", "   ")]

    def encoded(self, text: Utf8) -> np.ndarray:
        """Ids of a text; none without a tokenizer."""
        return self.tokenizer.encode(text).values if self.tokenizer else np.empty(0, np.int32)

    def text(self, ids: np.ndarray) -> Iterator[Piece]:
        """Text between special ids, decoded as a whole. A loop over the tokens of a document on the screen."""
        waiting: list[int] = []
        for id in ids.tolist():
            if id not in self.special:
                waiting.append(id)
                continue
            yield from self._decoded(waiting)
            yield self._chip(id)
            waiting = []
        yield from self._decoded(waiting)

    def one_by_one(self, ids: Iterable[Any]) -> Iterator[Piece]:
        """Each token with its id."""
        for place, id in enumerate(int(one) for one in ids):
            yield Piece(" | " if place else "")
            if id in self.special:
                yield self._chip(id)
            else:
                yield Piece(f"{self.tokenizer.spelling(id)} {id}" if self.tokenizer else str(id))

    def _decoded(self, ids: list[int]) -> Iterator[Piece]:
        if ids:
            yield Piece(self.tokenizer.decode(ids) if self.tokenizer else " ".join(map(str, ids)) + " ")

    def _chip(self, id: int) -> Piece:
        told = f"{self.special[id]} {id}"
        return Piece(told, SPECIAL) if self.in_colour else Piece(f"⟪{told}⟫")
