"""curate, through its public filters and tokenizers, in batches of about 8 MB as a worker of a run does it.

Timing starts from a Polars frame, which is what a reader gives; turning it into Arrow buffers counts. Tokenizers start
each time with an empty table of units, as if no text had been seen before.
"""

import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl
from serve import Work, serve

from curate.contracts import BATCH_BYTES, Documents, Filter, Utf8

CLUSTERED_DOCUMENTS = 4_000_000


def batches(texts: list[str]) -> Iterator[pl.DataFrame]:
    """Frames of about `BATCH_BYTES` of text."""
    batch: list[str] = []
    waiting = 0
    for text in texts:
        batch.append(text)
        waiting += len(text.encode())
        if waiting >= BATCH_BYTES:
            yield Documents.of(batch).frame
            batch, waiting = [], 0
    if batch:
        yield Documents.of(batch).frame


def measured(*filters: Filter) -> Work:
    """A step that measures each batch by each filter, the text converted once."""

    def prepare(texts: list[str]) -> Callable[[], None]:
        frames = list(batches(texts))

        def work() -> None:
            for frame in frames:
                documents = Documents(frame)
                for one in filters:
                    one.measure(documents)

        return work

    return Work(prepare)


def quality(options: dict[str, Any]) -> Work:
    from curate.filters.length import Length
    from curate.filters.quality import Quality

    return measured(Length(), Quality())


def counts(options: dict[str, Any]) -> Work:
    """The kernels of `Length` and `Quality` alone, one after the other."""
    from curate.filters.quality import Quality, _counts
    from curate.kernels.counts import count_chars_and_lines
    from curate.kernels.utf8 import character_classes

    classes, parameters = character_classes(), Quality().measured_parameters()

    def prepare(texts: list[str]) -> Callable[[], None]:
        frames = list(batches(texts))

        def work() -> None:
            for frame in frames:
                text = Documents(frame).utf8
                count_chars_and_lines(*text, classes, np.empty((frame.height, 2), np.int64))
                _counts(text, parameters)

        return work

    return Work(prepare)


def repetition(options: dict[str, Any]) -> Work:
    from curate.filters.repetition import Repetition

    return measured(Repetition())


def filters(options: dict[str, Any]) -> Work:
    from curate.filters.length import Length
    from curate.filters.quality import Quality
    from curate.filters.repetition import Repetition

    return measured(Length(), Quality(), Repetition())


def language(options: dict[str, Any]) -> Work:
    """The model on the whole text, which is what the peer does; `Language` asks it window by window."""
    from curate.fasttext_model import load_model

    model = load_model(options["language_model"])

    def prepare(texts: list[str]) -> Callable[[], None]:
        frames = list(batches(texts))

        def work() -> None:
            for frame in frames:
                model.predict(Documents(frame).utf8)

        return work

    def answers(texts: list[str]) -> list[Any]:
        best, _ = model.predict(Documents.of(texts).utf8)
        return [model.labels[label] if label >= 0 else None for label in best[:, 0]]

    return Work(prepare, answers)


def words(options: dict[str, Any]) -> Work:
    from curate.filters.toxicity import Toxicity

    return measured(Toxicity(words=options["words"]))


def signatures(options: dict[str, Any]) -> Work:
    from curate.kernels.minhash import permutations, signatures

    drawn = permutations(options["permutations"])

    def prepare(texts: list[str]) -> Callable[[], None]:
        frames = list(batches(texts))

        def work() -> None:
            for frame in frames:
                signatures(*Documents(frame).utf8, options["shingle"], *drawn)

        return work

    return Work(prepare)


def tokens(options: dict[str, Any]) -> Work:
    from curate.tokenizer import _load, load_tokenizer

    def prepare(texts: list[str]) -> Callable[[], None]:
        frames = list(batches(texts))
        _load.cache_clear()
        tokenizer = load_tokenizer(options["tokenizer"])
        tokenizer.encode(Documents.of(["e\u0301"]).utf8)  # reads the tables, which wait for a first text

        def work() -> None:
            for frame in frames:
                tokenizer.encode(Documents(frame).utf8)

        return work

    def answers(texts: list[str]) -> list[Any]:
        values, offsets = load_tokenizer(options["tokenizer"]).encode(Documents.of(texts).utf8)
        return [ids.tolist() for ids in np.split(values, offsets[1:-1])]

    return Work(prepare, answers)


def near_duplicates(options: dict[str, Any]) -> Work:
    """Texts to verdicts: signatures, groups, candidates compared text by text, one survivor of a cluster."""
    from curate.filters.near_duplicates import NearDuplicates

    step = NearDuplicates(
        similarity=options["similarity"], shingle=options["shingle"], permutations=options["permutations"]
    )

    def prepare(texts: list[str]) -> Callable[[], None]:
        frames = list(batches(texts))
        return lambda: verdicts(step, frames) and None

    return Work(prepare)


def verdicts(step: Any, frames: list[pl.DataFrame]) -> list[bool]:
    """Which documents survive."""
    from curate import grouping

    keys = pl.concat([step.measure(Documents(frame)) for frame in frames])
    texts = Utf8.of(pl.concat([frame["text"] for frame in frames]))
    return first_of_cluster(grouping.compared(step, keys, texts), keys.height).tolist()


def first_of_cluster(groups: pl.DataFrame, n_rows: int) -> npt.NDArray[np.bool_]:
    """Which rows survive if the first of a cluster does."""
    from curate.clusters import connected

    return connected([groups], np.ones(n_rows, np.bool_)) == np.arange(n_rows)


def clusters(options: dict[str, Any]) -> Work:
    """Band keys to survivors, the comparison of texts left out: of random keys, a tenth of the documents being copies
    of others, and a tenth sharing one band with another. Texts are not looked at."""
    from curate import grouping
    from curate.filters.near_duplicates import NearDuplicates

    step = NearDuplicates(similarity=options["similarity"], permutations=options["permutations"])
    folder = tempfile.TemporaryDirectory()

    def prepare(texts: list[str]) -> Callable[[], int]:
        n = CLUSTERED_DOCUMENTS if len(texts) > 20 else 1_000  # few texts: it is the warm-up
        generator = np.random.default_rng(0)
        of, copies, alike = np.split(generator.permutation(n)[: n // 10 * 3], 3)
        for number, band in enumerate(step.partitions()):
            keys = generator.integers(1 << 64, size=n, dtype=np.uint64)
            keys[copies] = keys[of]
            if number == 0:
                keys[alike] = keys[of]
            np.save(Path(folder.name) / band, keys)

        def pairs(band: str) -> grouping.Packed:
            keys = pl.Series(band, np.load(Path(folder.name) / f"{band}.npy"))
            rows = pl.int_range(n, dtype=pl.Int64, eager=True).alias("row")
            return grouping.packed_pairs(grouping.groups_of_equal_keys(pl.DataFrame([rows, keys])), 0, n)

        def work() -> int:
            found = grouping.merged([])
            for band in step.partitions():
                found = grouping.merged([found, pairs(band)])
            links = grouping.unpacked(found).with_columns(similarity=pl.lit(1.0))
            first_of_cluster(grouping.groups_of_links(links), n)
            return n

        return work

    return Work(prepare)


if __name__ == "__main__":
    serve(
        ["curate", "numba", "numpy", "polars", "pyarrow"],
        *(counts, quality, repetition, filters, language, words, signatures, tokens, near_duplicates, clusters),
    )
