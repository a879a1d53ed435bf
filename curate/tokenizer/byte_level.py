"""A `tokenizer.json` that is byte-level BPE, as tables for `curate.kernels.bpe`.

Only what the kernel does exactly is taken: merges without dropout, prefix or suffix, each product made by one pair that
is known before it; the splitting of GPT-2 or Qwen2; no normalisation or NFC. Anything else is left to `tokenizers`.

Classes of characters and NFC come from the installed `tokenizers` itself, because Python's `unicodedata` may be of
another Unicode version: 0.8 s, once per version, then kept on disk beside the compiled kernels.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache, cached_property
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from curate.contracts import Utf8

_QWEN2_PATTERN = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*"
    r"|\s*[\r\n]+|\s+(?!\S)|\s+"
)
_POINTS = 0x110000
_SURROGATES = 0xD800, 0xE000
_FIRST = 0x80, 0x800, 0x10000
"""The first characters of two, three and four bytes."""
_UNSTABLE = 0x80
"""Bit of `_characters()`: NFC may change a text that holds this character."""


def _byte_alphabet() -> dict[str, int]:
    """The 256 characters by which byte-level vocabularies spell bytes: printable Latin-1, the rest from U+0100 on."""
    printable = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    others = [byte for byte in range(256) if byte not in printable]
    return {chr(byte): byte for byte in printable} | {chr(0x100 + i): byte for i, byte in enumerate(others)}


BYTES = _byte_alphabet()
_SPELLING = {byte: letter for letter, byte in BYTES.items()}


def spelt_bytes(token: str) -> bytes | None:
    """The bytes of a vocabulary entry; None if it is not in the byte alphabet (an added token, for one)."""
    try:
        return bytes([BYTES[letter] for letter in token])
    except KeyError:
        return None


@dataclass(frozen=True)
class KernelBpe:
    """Encode with the kernel; made by `byte_level` and `curate.tokenizer.sentencepiece_model`."""

    splitting: int
    nfc: bool
    """Whether texts are brought to NFC first."""
    make_tables: Callable[[], Any] = field(repr=False, compare=False)
    """Gives `curate.kernels.bpe.Tables`; called when the first text is encoded."""
    _caches: list[npt.NDArray[np.uint64]] = field(default_factory=list, compare=False)
    """Tables of units that no call is using: threads may encode at the same time."""

    @cached_property
    def tables(self) -> Any:
        """The tokenizer as `curate.kernels.bpe.Tables`."""
        return self.make_tables()

    @cached_property
    def _unstable(self) -> npt.NDArray[np.uint8]:
        """`[0x110000]`: not 0 for characters at which NFC may change a text."""
        return _characters() & np.uint8(_UNSTABLE)

    def encode(self, text: Utf8) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.int64]]:
        """Ids (`int32`) and offsets (`int64[n_texts + 1]`)."""
        from curate.kernels import bpe

        data, starts, stops = text.data, text.offsets[:-1], text.offsets[1:]
        if self.nfc:
            data, starts, stops = _in_nfc(data, text.offsets, self._unstable)
        values = np.empty(int((stops - starts).sum()) + 6, np.int32)
        offsets = np.zeros(len(starts) + 1, np.int64)
        try:
            cache = self._caches.pop()
        except IndexError:
            cache = bpe.new_cache()
        data, starts, stops = _read_only(data), _read_only(starts), _read_only(stops)
        total = bpe.encode(data, starts, stops, self.splitting, self.tables, cache, values, offsets[1:])
        self._caches.append(cache)
        np.cumsum(offsets, out=offsets)
        return values[:total].copy(), offsets


def _read_only(array: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """A view that may not be written to, as Arrow's buffers are: for others the kernel would be compiled again."""
    view = array.view()
    view.flags.writeable = False
    return view


def byte_level_kernel(spec: dict[str, Any], sha256: str | None = None) -> KernelBpe | None:
    """Read a `tokenizer.json`; None if it is anything that the kernel does not do exactly.

    `sha256`: of the file; the tables, 0.5 s for Qwen2.5's, are kept on disk under it.
    """
    from curate.kernels import bpe, is_stored, stored

    splitting = {"gpt2": bpe.GPT2, "qwen2": bpe.QWEN2}.get(_splitting(spec.get("pre_tokenizer")) or "")
    normalizer = spec.get("normalizer")
    if splitting is None or normalizer not in (None, {"type": "NFC"}):
        return None
    name = f"byte-level-bpe-{_made_by()}-{sha256[:16]}" if sha256 else None
    is_known = name is not None and is_stored(name)  # then its merges were looked at before: 0.2 s for Qwen2.5's
    if not is_known and _merges(spec["model"]) is None:
        return None

    def made() -> Any:
        merges = _merges(spec["model"])
        assert merges is not None
        return _tables(*merges, _characters() & np.uint8(3))

    def tables() -> Any:
        return bpe.Tables(*stored(name, made)) if name else made()

    return KernelBpe(splitting, normalizer is not None, tables)


def _splitting(pre_tokenizer: Any) -> str | None:
    parts = pre_tokenizer.get("pretokenizers", [pre_tokenizer]) if isinstance(pre_tokenizer, dict) else []
    if not parts or parts[-1].get("type") != "ByteLevel" or parts[-1].get("add_prefix_space", True):
        return None
    by_itself = parts[-1].get("use_regex", True)
    if len(parts) == 1:
        return "gpt2" if by_itself else None
    split = {"type": "Split", "pattern": {"Regex": _QWEN2_PATTERN}, "behavior": "Isolated", "invert": False}
    return "qwen2" if len(parts) == 2 and parts[0] == split and not by_itself else None


def _merges(model: dict[str, Any]) -> tuple[list[str], list[tuple[int, int]], npt.NDArray[np.int32]] | None:
    """Symbols by number, the pair of symbols of each merge, and the id of each symbol."""
    switches = "dropout", "continuing_subword_prefix", "end_of_word_suffix", "byte_fallback", "ignore_merges"
    if model.get("type") != "BPE" or any(model.get(switch) for switch in switches):
        return None
    vocabulary: dict[str, int] = model["vocab"]
    symbols = {_SPELLING[byte]: byte for byte in range(256)}
    pairs = []
    for merge in model["merges"]:
        left, right = merge.split(" ") if isinstance(merge, str) else merge
        if left not in symbols or right not in symbols or left + right in symbols:
            return None
        pairs.append((symbols[left], symbols[right]))
        symbols[left + right] = len(symbols)
    ids = np.array([vocabulary.get(symbol, -1) for symbol in symbols], np.int64)
    if ids.min() < 0 or max(int(ids.max()), len(symbols)) >= 1 << 20:
        return None
    return list(symbols), pairs, ids.astype(np.int32)


def _tables(
    symbols: list[str], merges: list[tuple[int, int]], ids: npt.NDArray[np.int32], classes: npt.NDArray[np.uint8]
) -> Any:
    from curate.kernels import bpe

    spelt = [bytes([BYTES[letter] for letter in symbol]) for symbol in symbols]
    data, offsets = back_to_back(spelt)
    borders, parts = bpe.borders_inside(data, offsets)
    characters = classes.copy()
    own = np.full(_POINTS, -1, np.int32)
    for number, token in enumerate(spelt):
        if len(token) <= 4 and (character := _character(token)) is not None:
            own[character] = number
    for token, at, stop in parts.tolist():
        _mark_part(spelt[token][:at], spelt[token][at:stop], characters, own)
    rows = np.empty((len(merges), 3), np.int32)
    rows[:, :2] = np.array(merges, np.int32).reshape(-1, 2)
    rows[:, 2] = np.arange(256, len(symbols))
    pairs = bpe.table_of_pairs(rows)
    bpe.keep_whole_characters(data, offsets, pairs, own)
    return bpe.Tables(characters, borders, pairs, own, ids)


def back_to_back(rows: list[bytes]) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.int64]]:
    """Bytes and offsets (`int64[n_rows + 1]`)."""
    offsets = np.zeros(len(rows) + 1, np.int64)
    np.cumsum([len(row) for row in rows], out=offsets[1:])
    return np.frombuffer(b"".join(rows), np.uint8), offsets


def _character(raw: bytes) -> int | None:
    try:
        text = raw.decode()
    except UnicodeDecodeError:
        return None
    return ord(text) if len(text) == 1 else None


_LAST_CHARACTER = re.compile(rb"(?:[\xc2-\xf4]?[\x80-\xbf]{1,3}|[\x00-\x7f])\Z")


def _mark_part(left: bytes, right: bytes, characters: npt.NDArray[np.uint8], own: npt.NDArray[np.int32]) -> None:
    """Set the bits of the characters that can stand at a border inside a token, one of them in part.

    A character that a token may hold in part does not always become its own symbol first.
    """
    from curate.kernels import bpe

    found = _LAST_CHARACTER.search(left)
    if found is None:
        return
    before, after = _ending_with(found[0]), _starting_with(right)
    if before is None or after is None:
        return
    part_before, part_after = _character(found[0]) is None, _character(right) is None
    kind = int(part_before) + int(part_before and part_after)
    characters[before] |= np.uint8(1 << (bpe.LEFT_SHIFT + kind))
    characters[after] |= np.uint8(1 << (bpe.RIGHT_SHIFT + kind))
    if part_before:
        own[before] = -1
    if part_after:
        own[after] = -1


def _ending_with(raw: bytes) -> slice | None:
    """The characters whose UTF-8 ends with `raw`: one character, or one to three of its last bytes."""
    character = _character(raw)
    if character is not None:
        return slice(character, character + 1)
    if len(raw) > 3 or raw[0] >= 0xC0:
        return None
    step = 64 ** len(raw)
    value = sum((byte & 0x3F) << 6 * place for place, byte in enumerate(reversed(raw)))
    first = _FIRST[len(raw) - 1]
    return slice(value + -(-(first - value) // step) * step if value < first else value, _POINTS, step)


def _starting_with(raw: bytes) -> slice | None:
    """The characters whose UTF-8 starts with `raw`: one character, or its first bytes."""
    character = _character(raw)
    if character is not None:
        return slice(character, character + 1)
    width = 2 if raw[0] < 0xE0 else 3 if raw[0] < 0xF0 else 4
    if not 0xC2 <= raw[0] <= 0xF4 or len(raw) >= width:
        return None
    value = raw[0] & (0x7F >> width)
    for byte in raw[1:]:
        value = value << 6 | byte & 0x3F
    bits = 6 * (width - len(raw))
    return slice(max(value << bits, _FIRST[width - 2]), min((value + 1) << bits, _POINTS))


def _in_nfc(
    data: npt.NDArray[np.uint8],
    offsets: npt.NDArray[np.int64],
    unstable: npt.NDArray[np.uint8],
) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Put the texts that NFC may change behind the others, normalised."""
    from tokenizers.normalizers import NFC

    from curate.kernels.utf8 import marks

    changed = np.empty(len(offsets) - 1, np.uint8)
    marks(data, offsets, unstable, changed)
    rows = np.flatnonzero(changed)
    starts, stops = offsets[:-1], offsets[1:]
    if not len(rows):
        return data, starts, stops
    normalise = NFC().normalize_str
    # A Python loop, over the few documents that hold such a character: the library takes one string at a time.
    texts = [normalise(data[starts[row] : stops[row]].tobytes().decode()).encode() for row in rows]
    ends = len(data) + np.cumsum([len(text) for text in texts])
    starts, stops = starts.copy(), stops.copy()
    starts[rows], stops[rows] = ends - [len(text) for text in texts], ends
    return np.concatenate([data, np.frombuffer(b"".join(texts), np.uint8)]), starts, stops


def _characters() -> npt.NDArray[np.uint8]:
    """Class of every character for the splitting, and `_UNSTABLE`: `uint8[0x110000]`, kept on disk."""
    from curate.kernels import stored
    from curate.kernels.utf8 import unstable_in_nfc

    def made() -> npt.NDArray[np.uint8]:
        characters = _classes()
        characters[unstable_in_nfc()] |= _UNSTABLE
        return characters

    return stored(f"characters-{_made_by()}", lambda: [made()])[0]


@cache
def _made_by() -> str:
    import tokenizers

    own = hashlib.sha256(Path(__file__).read_bytes()).hexdigest()[:12]  # an edit here makes new tables
    return f"{own}-{tokenizers.__version__}-{unicodedata.unidata_version}"


def _classes() -> npt.NDArray[np.uint8]:
    """Ask the library's regular expressions, in blocks: its time grows with the square of the matches in a string."""
    from tokenizers import Regex
    from tokenizers.pre_tokenizers import Split

    from curate.kernels.pretokenize import LETTER, NUMBER, SPACE

    classes = np.zeros(_POINTS, np.uint8)
    for number, pattern in ((LETTER, r"\p{L}+"), (NUMBER, r"\p{N}+"), (SPACE, r"\s+")):
        split = Split(Regex(pattern), "removed", invert=True)
        for block in range(0, _POINTS, 256):
            if _SURROGATES[0] <= block < _SURROGATES[1]:
                continue
            for _, (first, stop) in split.pre_tokenize_str("".join(map(chr, range(block, block + 256)))):
                classes[block + first : block + stop] = number
    return classes
