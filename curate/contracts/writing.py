"""From kept documents to shards."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import polars as pl

from curate.contracts.steps import Step
from curate.contracts.texts import Documents


class Staging(NamedTuple):
    """Where a writer works between its passes."""

    folder: Path
    """Holds whatever the writer stores per part; named by fingerprint, removed when the shards are done."""
    parts: tuple[str, ...]
    """Names of the parts, in order."""
    seed: int
    label: str
    """Name of the writer's folder under `shards/`."""


class Writer(Step):
    """Kept documents to shards: `prepare`, `warm_up`, `stage` per part, `plan`, `write_shard` per shard, `finish`.

    Every pass writes files under temporary names and renames them, so that a pass is done when its file exists.
    """

    name: str | None = None
    """Name of the folder under `shards/`; the target's by default."""

    def wants_signals(self) -> bool:
        """Whether `stage` is given the signals as further columns."""
        return False

    def disk_share(self) -> float:
        """Bytes of shards in a byte of kept text, about; for `curate check`."""
        return 1.0

    def prepare(self, staging: Staging, sample: Callable[[int], pl.Series]) -> None:
        """Do once what all parts need (train a tokenizer on `sample(n_bytes)`: kept text by `hash(seed, id)`)."""

    def warm_up(self, staging: Staging) -> None:
        """Call once, on a little text, what `stage` will call: it is compiled before several workers would do so."""

    def stage(self, staging: Staging, part: str, kept: Iterator[Documents]) -> None:
        """Turn the kept documents of one part into whatever the shards are made of."""
        raise NotImplementedError

    def plan(self, staging: Staging) -> list[dict[str, Any]]:
        """Decide from the counts alone what each shard holds; JSON values, one for each shard."""
        raise NotImplementedError

    def write_shard(self, staging: Staging, shard: dict[str, Any], folder: Path) -> dict[str, Any]:
        """Write one shard into `folder`; returns its entry in the manifest."""
        raise NotImplementedError

    def finish(self, staging: Staging, shards: list[dict[str, Any]], folder: Path) -> dict[str, Any]:
        """Write what belongs to all shards (documents.parquet, USE.md, tokenizer); returns the manifest."""
        raise NotImplementedError
