"""A SentencePiece `.model` file: user-defined control symbols made harmless, and BPE as tables for the kernel.

A model is a protobuf message (sentencepiece_model.proto of SentencePiece 0.2). Read here: field 1, the pieces (1 text,
2 score, 3 type); field 2, the trainer's settings (3 kind of model, 24 blank as suffix, 35 byte fallback); field 3, the
normaliser's (2 map, 3 dummy prefix, 4 no extra blanks, 5 blanks escaped).
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np

from curate.tokenizer.byte_level import KernelBpe, back_to_back

_NORMAL, _UNKNOWN, _CONTROL, _USER_DEFINED, _UNUSED, _BYTE = range(1, 7)
_BPE = 2
_VARINT, _LENGTH, _FIXED32 = 0, 2, 5
_CONTROL_LIKE = re.compile(r"<[^<>\s]+>|\[[^\[\]\s]+\]")
_BLANK = "\u2581"
"""What stands for a blank in pieces; in text it means the same."""


class _Piece(NamedTuple):
    text: str
    score: float
    kind: int
    kind_at: int
    """Where the model's bytes say so; -1: nowhere (it is normal)."""


def without_user_controls(raw: bytes) -> tuple[bytes, tuple[str, ...]]:
    """Turn user-defined pieces such as `<|im_end|>` into control pieces: the model's bytes, and their contents.

    Types take one byte, so it is written in place. Runs of blanks and other user-defined text stay as they are.
    """
    model = bytearray(raw)
    found = [piece for piece in _pieces(raw) if piece.kind == _USER_DEFINED and _CONTROL_LIKE.fullmatch(piece.text)]
    for piece in found:
        model[piece.kind_at] = _CONTROL
    return bytes(model), tuple(piece.text for piece in found)


def sentencepiece_kernel(raw: bytes) -> KernelBpe | None:
    """Build the tables of a BPE model; None if it is anything that the kernel does not do exactly.

    Taken: byte fallback, text as it is (no map, no dummy prefix, blanks kept), no user-defined or unused pieces, every
    score once: what `curate.tokenizer.training` makes.
    """
    from curate.kernels.bpe import WHOLE

    pieces = list(_pieces(raw))
    if not _plain(raw) or any(piece.kind in (_USER_DEFINED, _UNUSED) for piece in pieces):
        return None
    spelt_bytes = {piece.text: number for number, piece in enumerate(pieces) if piece.kind == _BYTE}
    try:
        ids = [spelt_bytes[f"<0x{byte:02X}>"] for byte in range(256)]
    except KeyError:
        return None
    normal = {piece.text: number for number, piece in enumerate(pieces) if piece.kind == _NORMAL}
    ranked = sorted(normal, key=lambda text: -pieces[normal[text]].score)
    scores = {pieces[normal[text]].score for text in ranked}
    if _BLANK not in normal or len(scores) != len(ranked) or len(ranked) + 256 >= 1 << 20:
        return None
    return KernelBpe(WHOLE, False, lambda: _tables(ranked, ids + [normal[text] for text in ranked]))


def _plain(raw: bytes) -> bool:
    trainer, normaliser = _settings(raw, 2), _settings(raw, 3)
    kept = (normaliser.get(3, 1), normaliser.get(4, 1), normaliser.get(5, 1)) == (0, 0, 1) and not normaliser.get(2)
    return kept and trainer.get(3) == _BPE and trainer.get(35) == 1 and not trainer.get(24)


def _tables(ranked: list[str], ids: list[int]) -> Any:
    from curate.kernels import bpe

    symbols = {text: 256 + rank for rank, text in enumerate(ranked)}
    merges = [
        (symbols[text[:at]], symbols[text[at:]], product)
        for text, product in symbols.items()
        for at in range(1, len(text))
        if text[:at] in symbols and text[at:] in symbols
    ]
    own = np.full(0x110000, -1, np.int32)
    for text, symbol in symbols.items():
        if len(text) == 1:
            own[ord(text)] = symbol
    own[ord(" ")] = own[ord(_BLANK)]
    spelt = [*ranked, *(text.replace(_BLANK, " ") for text in ranked), f"{_BLANK} {_BLANK}"]
    borders, _ = bpe.borders_inside(*back_to_back([text.encode() for text in spelt]))
    pairs = bpe.table_of_pairs(np.array(merges, np.int32).reshape(-1, 3))
    return bpe.Tables(np.zeros(0x110000, np.uint8), borders, pairs, own, np.array(ids, np.int32))


def _pieces(raw: bytes) -> Iterator[_Piece]:
    for number, wire, start, stop in _fields(raw, 0, len(raw)):
        if (number, wire) != (1, _LENGTH):
            continue
        text, score, kind, kind_at = "", 0.0, _NORMAL, -1
        for inner, inner_wire, first, last in _fields(raw, start, stop):
            if (inner, inner_wire) == (1, _LENGTH):
                text = raw[first:last].decode()
            elif (inner, inner_wire) == (2, _FIXED32):
                (score,) = struct.unpack("<f", raw[first:last])
            elif (inner, inner_wire) == (3, _VARINT):
                kind, kind_at = raw[first], first
        yield _Piece(text, score, kind, kind_at)


def _settings(raw: bytes, message: int) -> dict[int, Any]:
    """Numbers and lengths of the fields of one message, by number."""
    found = {}
    for number, wire, start, stop in _fields(raw, 0, len(raw)):
        if (number, wire) == (message, _LENGTH):
            for inner, inner_wire, first, last in _fields(raw, start, stop):
                found[inner] = _varint(raw, first)[0] if inner_wire == _VARINT else last - first
    return found


def _fields(message: bytes, start: int, stop: int) -> Iterator[tuple[int, int, int, int]]:
    """Number, wire type and position (first, one past last byte) of each field of a protobuf message."""
    at = start
    while at < stop:
        tag, at = _varint(message, at)
        wire, first = tag & 7, at
        if wire == _VARINT:
            _, at = _varint(message, at)
        elif wire == _LENGTH:
            size, first = _varint(message, at)
            at = first + size
        else:
            at += 4 if wire == _FIXED32 else 8
        if at > stop:
            raise ValueError("a field runs past the end")
        yield tag >> 3, wire, first, at


def _varint(message: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = message[at]
        value |= (byte & 0x7F) << shift
        at += 1
        if byte < 0x80:
            return value, at
        shift += 7
