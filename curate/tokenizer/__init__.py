"""Text to token ids, for whole batches: a `tokenizer.json` or a SentencePiece `.model` behind one small value.

Web text never becomes a control id: `added_tokens` are taken out before `tokenizers` sees the file, control entries of
the vocabulary are renamed to something no text holds, and control-like user symbols of SentencePiece are turned into
control symbols, which it does not look for in text. Nothing is added either: BOS and EOS are the writers' business.
Byte-level BPE with the splitting of GPT-2 or Qwen2, and SentencePiece as we train it, are done by `curate.kernels.bpe`
(same ids, many times faster); everything else by the libraries, on one thread.

The cache of older `tokenizers` that grew on text without blanks (huggingface/tokenizers#1495, #1539) is bounded now:
100,000 Chinese characters in one run, 40 different times, add 11 MB. What costs is its `Encoding`, about 240 bytes a
token (over 1 GB for a Chinese text of 20 MB): documents go in by the megabyte, and only ids are kept.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache, lru_cache
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import orjson

from curate.contracts import Utf8
from curate.errors import PipelineError
from curate.tokenizer.byte_level import KernelBpe, byte_level_kernel, spelt_bytes
from curate.tokenizer.sentencepiece_model import sentencepiece_kernel, without_user_controls

ACCEPTED = (
    "a tokenizer.json, a SentencePiece .model, a folder with one of them, or a hub name such as Qwen/Qwen2.5-0.5B"
)
_BYTE_PIECE = re.compile(r"<0x([0-9A-F]{2})>")
_HUB_NAME = re.compile(r"[A-Za-z0-9][\w.-]*/[\w.-]+")
_BATCH_BYTES = 1_000_000


class Ragged(NamedTuple):
    """Rows of unequal length."""

    values: npt.NDArray[np.int32]
    """All rows, back to back."""
    offsets: npt.NDArray[np.int64]
    """`n_rows + 1` positions in `values`; row `i` is `values[offsets[i]:offsets[i + 1]]`."""


Encode = Callable[[Utf8], Ragged]


@dataclass(frozen=True)
class Tokenizer:
    """A tokenizer that is loaded; made by `load_tokenizer`."""

    kind: str
    """`byte_level_bpe`, `sentencepiece` or `tokenizers` (whatever else that library reads)."""
    vocabulary: int
    """How many rows a model needs: the highest id, of vocabulary and added tokens, plus 1."""
    sha256: str
    """Of the file that the ids come from."""
    path: Path
    """That file."""
    library: str | None
    """Which library encodes; None: `curate.kernels.bpe`, 15 to 30 times as fast."""
    control_tokens: tuple[str, ...]
    """What a trainer that loads this tokenizer would read as a control token inside text, by id."""
    _ids: Mapping[str, int] = field(repr=False, compare=False)
    _encode: Encode = field(repr=False, compare=False)
    _decode: Callable[[list[int]], str] = field(repr=False, compare=False)

    def id_of(self, token: str) -> int | None:
        """Look up a token, control tokens included, as the vocabulary spells it; None if there is none."""
        return self._ids.get(token)

    def encode(self, text: Utf8) -> Ragged:
        """Give the ids of every text, as plain text, with nothing added."""
        return self._encode(text)

    def decode(self, ids: Sequence[int]) -> str:
        """Give the text of ids; bytes that are no UTF-8 become U+FFFD. SentencePiece leaves its control symbols out."""
        return self._decode([int(number) for number in ids])

    def spelling(self, number: int) -> str:
        """What one id stands for, to be looked at: a space is ␣, a line end ↵, a lone byte \\x and two digits."""
        token = _tokens_of(self).get(number)
        if token is None:
            return f"(no token {number})"
        raw = spelt_bytes(token) if self.kind == "byte_level_bpe" else None
        if byte := _BYTE_PIECE.fullmatch(token):
            raw = bytes([int(byte[1], 16)])
        text = raw.decode(errors="backslashreplace") if raw is not None else token
        return text.replace(" ", "␣").replace("▁", "␣").replace("\n", "↵")


@lru_cache(maxsize=2)
def _tokens_of(tokenizer: Tokenizer) -> dict[int, str]:
    """Ids to tokens, as the vocabulary spells them."""
    return {number: token for token, number in tokenizer._ids.items()}


def load_tokenizer(where: str | Path) -> Tokenizer:
    """Load a tokenizer, once per process and state of the file: see `ACCEPTED`.

    A hub name (only if there is no such file here) downloads `tokenizer.json` or `tokenizer.model`, nothing else.

    Raises:
        PipelineError: nothing there, not reachable, or not a tokenizer.
    """
    path = _find(where)
    state = path.stat()
    return _load(path, state.st_size, state.st_mtime_ns)


def _find(where: str | Path) -> Path:
    path = Path(where)
    if path.is_dir():
        return _inside(path)
    if path.is_file():
        if path.suffix not in (".json", ".model"):
            raise PipelineError(f"tokenizer {where}: neither a .json nor a .model file; give {ACCEPTED}")
        return path.resolve()
    if isinstance(where, str) and _HUB_NAME.fullmatch(where) and path.suffix not in (".json", ".model"):
        return _download(where)
    raise PipelineError(f"tokenizer {where}: no such file or folder; give {ACCEPTED}")


def _inside(folder: Path) -> Path:
    named = [folder / name for name in ("tokenizer.json", "tokenizer.model") if (folder / name).is_file()]
    found = named or sorted(folder.glob("*.model"))
    if not found:
        raise PipelineError(f"tokenizer {folder}: no tokenizer.json or .model file in it; give {ACCEPTED}")
    if len(found) > 1 and not named:
        raise PipelineError(f"tokenizer {folder}: {len(found)} .model files in it; name the one to use")
    return found[0].resolve()


def _download(name: str) -> Path:
    import huggingface_hub

    for file in ("tokenizer.json", "tokenizer.model"):
        try:
            return Path(huggingface_hub.hf_hub_download(name, file))
        except huggingface_hub.errors.EntryNotFoundError as error:
            failure: Exception = error
            # Not reachable, rather than not there: the client has tried for 20 seconds already.
            if isinstance(error, huggingface_hub.errors.LocalEntryNotFoundError):
                break
        # The hub client lets through what its HTTP library raises, and that library has changed between releases.
        except Exception as error:
            failure = error
            break
    reason = (str(failure).strip() or type(failure).__name__).splitlines()[0]
    raise PipelineError(
        f"tokenizer {name}: no such folder here, and the hub gave none ({reason}); "
        "download tokenizer.json elsewhere and give its path"
    ) from failure


@lru_cache(maxsize=8)
def _load(path: Path, size: int, changed: int) -> Tokenizer:
    """`size` and `changed` are the file's state: a file that was replaced is loaded again."""
    raw = path.read_bytes()
    # `tokenizers` would start a thread per core in every worker, and warns after a fork.
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    try:
        return _sentencepiece(path, raw) if path.suffix == ".model" else _tokenizer_json(path, raw)
    except PipelineError:
        raise
    # `tokenizers` raises plain Exception, SentencePiece RuntimeError, a wrong structure TypeError or KeyError.
    except Exception as error:
        reason = (str(error).strip() or type(error).__name__).splitlines()[0]
        raise PipelineError(f"tokenizer {path}: not a readable tokenizer ({reason}); fetch the file again") from error


def _tokenizer_json(path: Path, raw: bytes) -> Tokenizer:
    spec = orjson.loads(raw)
    kernel = byte_level_kernel(spec, hashlib.sha256(raw).hexdigest())
    return _byte_level(path, raw, spec, kernel) if kernel else _other_json(path, raw, spec)


def _byte_level(path: Path, raw: bytes, spec: dict[str, Any], kernel: KernelBpe) -> Tokenizer:
    vocabulary: dict[str, int] = spec["model"]["vocab"]
    added = _added_tokens(path, _ids_given(spec))
    ids = {**vocabulary, **added}

    @cache  # made at the first call: workers never decode
    def spelt() -> dict[int, bytes]:
        entries = {number: spelt_bytes(token) or token.encode() for token, number in vocabulary.items()}
        return entries | {number: token.encode() for token, number in added.items()}

    return Tokenizer(
        kind="byte_level_bpe",
        vocabulary=max(ids.values()) + 1,
        sha256=hashlib.sha256(raw).hexdigest(),
        path=path,
        library=None,
        control_tokens=_by_id(added),
        _ids=ids,
        _encode=lambda text: Ragged(*kernel.encode(text)),
        _decode=lambda numbers: b"".join(spelt().get(number, b"") for number in numbers).decode(errors="replace"),
    )


def _ids_given(spec: dict[str, Any]) -> dict[str, int]:
    """Content to id of a file's added tokens, as `tokenizers` numbers them: the vocabulary's id, or the next one.

    The file says an id, too, but the library goes by the order.
    """
    vocabulary: dict[str, int] = spec["model"]["vocab"]
    added: dict[str, int] = {}
    following = len(vocabulary)
    for token in spec.get("added_tokens") or []:
        content = token["content"]
        if content in vocabulary:
            added[content] = vocabulary[content]
        elif content not in added:
            added[content] = following
            following += 1
    return added


def _other_json(path: Path, raw: bytes, spec: dict[str, Any]) -> Tokenizer:
    from tokenizers import Tokenizer as Library

    whole = Library.from_str(raw.decode())
    added = _added_tokens(path, {token.content: number for number, token in whole.get_added_tokens_decoder().items()})
    ids = {**whole.get_vocab(with_added_tokens=False), **added}
    armless = Library.from_str(json.dumps(_without_control_tokens(spec)))
    return Tokenizer(
        kind="tokenizers",
        vocabulary=max(ids.values(), default=-1) + 1,
        sha256=hashlib.sha256(raw).hexdigest(),
        path=path,
        library="tokenizers",
        control_tokens=_by_id(added),
        _ids=ids,
        _encode=lambda text: _with_library(armless, text),
        _decode=lambda numbers: str(whole.decode(numbers, skip_special_tokens=False)),
    )


def _by_id(added: dict[str, int]) -> tuple[str, ...]:
    return tuple(sorted(added, key=lambda token: (added[token], token)))


def _added_tokens(path: Path, given: dict[str, int]) -> dict[str, int]:
    """Content to id of the added tokens, those of `tokenizer_config.json` (transformers adds them too) included."""
    config = path.with_name("tokenizer_config.json")
    declared = json.loads(config.read_bytes()).get("added_tokens_decoder") or {} if config.is_file() else {}
    return {token["content"]: int(number) for number, token in declared.items()} | given


def _without_control_tokens(spec: dict[str, Any]) -> dict[str, Any]:
    """The file without what would read control tokens in text, cut texts short or add to them."""
    model = dict(spec["model"])
    special = {token["content"] for token in spec.get("added_tokens") or [] if token["special"]}
    vocabulary = model["vocab"]
    if isinstance(vocabulary, list):  # Unigram: [piece, score] by id
        keep = model.get("unk_id")
        model["vocab"] = [
            [_unwritable(row[0]) if row[0] in special and number != keep else row[0], *row[1:]]
            for number, row in enumerate(vocabulary)
        ]
    else:
        keep = _parts_and_products(model.get("merges") or []) | {model.get("unk_token")}
        model["vocab"] = {
            _unwritable(piece) if piece in special and piece not in keep else piece: number
            for piece, number in vocabulary.items()
        }
    return {**spec, "model": model, "added_tokens": [], "post_processor": None, "truncation": None, "padding": None}


def _unwritable(piece: str) -> str:
    return f"\ufdd0{piece}\ufdd1"  # noncharacters: not for interchange (Unicode 23.7)


def _parts_and_products(merges: list[Any]) -> set[str | None]:
    pairs = [merge.split(" ") if isinstance(merge, str) else merge for merge in merges]
    return {piece for left, right in pairs for piece in (left, right, left + right)}


def _with_library(library: Any, text: Utf8) -> Ragged:
    rows: list[npt.NDArray[np.int32]] = []
    for texts in _batches(text):
        encodings = library.encode_batch_fast([raw.decode() for raw in texts], add_special_tokens=False)
        rows += [np.array(encoding.ids, np.int32) for encoding in encodings]
    return _ragged(rows)


def _batches(text: Utf8) -> Iterator[list[bytes]]:
    """Texts by the megabyte, at least one at a time; the libraries take Python objects."""
    batch: list[bytes] = []
    waiting = 0
    for start, stop in zip(text.offsets[:-1].tolist(), text.offsets[1:].tolist(), strict=True):
        batch.append(text.data[start:stop].tobytes())
        waiting += stop - start
        if waiting >= _BATCH_BYTES:
            yield batch
            batch, waiting = [], 0
    if batch:
        yield batch


def _ragged(rows: list[npt.NDArray[np.int32]]) -> Ragged:
    offsets = np.zeros(len(rows) + 1, np.int64)
    np.cumsum([len(row) for row in rows], out=offsets[1:])
    return Ragged(np.concatenate(rows) if rows else np.empty(0, np.int32), offsets)


def _sentencepiece(path: Path, raw: bytes) -> Tokenizer:
    from sentencepiece import SentencePieceProcessor

    armless, control_tokens = without_user_controls(raw)
    model = SentencePieceProcessor(model_proto=armless)
    size = int(model.get_piece_size())
    if not size:
        raise PipelineError(f"tokenizer {path}: an empty SentencePiece model; fetch the file again")
    kernel = sentencepiece_kernel(raw)

    def with_library(text: Utf8) -> Ragged:
        rows = (model.encode(texts, out_type=int, num_threads=1) for texts in _batches(text))
        return _ragged([np.array(row, np.int32) for batch in rows for row in batch])

    return Tokenizer(
        kind="sentencepiece",
        vocabulary=size,
        sha256=hashlib.sha256(raw).hexdigest(),
        path=path,
        library=None if kernel else "sentencepiece",
        control_tokens=control_tokens,
        _ids={model.id_to_piece(number): number for number in range(size)},
        _encode=(lambda text: Ragged(*kernel.encode(text))) if kernel else with_library,
        _decode=lambda numbers: str(model.decode(numbers)),
    )
