"""Kept documents to token shards that a trainer reads as they are: MiniMind, TinyLLM (the white box), Qwen2.5-0.5B.

Documents are encoded part by part and shuffled by `hash64(seed, id)`; shards have their borders in that order, so the
bytes depend on the documents, the seed and the parameters, not on parts or workers. Validation is the documents that
come first in it. Cost: encoding (`curate.tokenizer`), and the disk: until they are done, shards lie there twice.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import numpy as np
import polars as pl
from pydantic import Field, field_validator

from curate import disk
from curate.contracts import Documents, InputFile, Staging, Writer
from curate.errors import PipelineError
from curate.targets import Layout, Target, load_target, names, target_file
from curate.writers import guide
from curate.writers.folder import copy_tokenizer, join_documents, listed, other_files, write_documents
from curate.writers.formats import Format, Job, find_format
from curate.writers.planning import Shard, Wish, plan_shards
from curate.writers.staged import BEGIN, END, Staged, write_part

if TYPE_CHECKING:
    from curate.tokenizer import Tokenizer

SAMPLE_BYTES = 100_000_000
"""Text that a tokenizer is trained on, at most: the first documents in the order of the shuffle."""
TRAINING_BYTES_PER_TOKEN = 100
"""A SentencePiece vocabulary larger than this allows would hold words that were seen once or twice."""


class Training(Enum):
    """What `tokenizer:` says instead of a path. An enum, so that a folder called `train` is not taken for it."""

    train = "train"


class Tokens(Writer):
    """Write token shards for a training target, with manifest.json, documents.parquet and USE.md."""

    target: Annotated[str, InputFile(*names())]
    """`minimind`, `whitebox`, `qwen2.5-0.5b`, or the path of a target of your own (.yaml)."""
    tokenizer: Annotated[Training | str | None, InputFile(), Field(union_mode="left_to_right")] = None
    """A tokenizer.json, a .model, a folder, a hub name, or `train`; the target says which by default."""
    vocabulary: int | None = Field(None, ge=512)
    """Size of the tokenizer that is trained."""
    format: str | None = None
    """One of the target's formats."""
    sequence_length: int | None = Field(None, ge=32)
    """Tokens of a training sequence."""
    tokens_per_shard: int | None = Field(None, ge=1)
    """Tokens in a file: exactly, or (where documents stay whole) at most."""
    max_tokens: int | None = Field(None, ge=1)
    """Stop after so many tokens, validation included: exactly in the formats `flat` and `arrow`, else before the
    document that would exceed it."""
    validation: float | None = Field(None, ge=0, lt=1)
    """Share of tokens held out, in whole documents."""
    join_documents: bool = False
    """jsonl: fill rows across documents, which the model sees no border of."""
    labels: bool = False
    """arrow: add a column `labels` (a copy of input_ids), as ms-swift's cached data sets have."""
    lengths: bool = False
    """arrow: add a column `lengths`, as ms-swift's cached data sets have."""

    @field_validator("target")
    @classmethod
    def _is_known(cls, value: str) -> str:
        try:
            target_file(value)
        except PipelineError as error:
            raise ValueError(str(error)) from error
        return value

    # What the machine asks before anything is read.

    def label(self, default: str) -> str:
        return self.name or Path(self.target).name.removesuffix(".yaml").removesuffix(".yml")

    def files(self) -> list[str]:
        found = [str(target_file(self.target))]
        return found if self._is_trained() else [*found, str(self._named_tokenizer().path)]

    def measured_parameters(self) -> dict[str, Any]:
        # File names carry the label, so a new name means new shards. Target and tokenizer come in by `files`.
        parameters = super().measured_parameters() | {"label": self.label(""), "trained": self._is_trained()}
        return {name: value for name, value in parameters.items() if name not in ("target", "tokenizer")}

    def disk_share(self) -> float:
        # Bytes of text in a token of Chinese: 4.3 with MiniMind's tokenizer, 4.9 with Qwen2.5's.
        return np.dtype(self._layout().dtype).itemsize / 4.5 if self._layout().dtype else 1.03

    def check(self) -> None:
        layout = self._layout()
        for option, wanted in (("join_documents", "jsonl"), ("labels", "arrow"), ("lengths", "arrow")):
            if getattr(self, option) and self._format_name() != wanted:
                raise PipelineError(f"{option}: only with format: {wanted}, not {self._format_name()}")
        if layout.first_is_validation and self.validation == 0:
            raise PipelineError(f"validation: {self._target().name} reads its first file as validation; leave a share")
        minimum, size = layout.minimum_tokens(self._sequence_length()), self._tokens_per_shard()
        if size < minimum:
            raise PipelineError(f"tokens_per_shard: {size} are too few; the trainer needs {minimum} in each file")
        if self.vocabulary and not self._is_trained():
            raise PipelineError("vocabulary: a tokenizer that exists has its own; only with tokenizer: train")
        if self._is_trained():
            self._check_ids(self._vocabulary(), "a trained tokenizer")
        else:
            self._check_ids(self._named_tokenizer().vocabulary, f"tokenizer {self._tokenizer_name()}")
            self._job(self._named_tokenizer(), "")

    def notes(self) -> list[str]:
        if self._is_trained() or (library := self._named_tokenizer().library) is None:
            return []
        fast = "byte-level BPE split like GPT-2's or Qwen2's, and SentencePiece BPE that takes text as it is"
        return [
            f"tokenizer {self._tokenizer_name()} is left to `{library}`, a few MB/s; 15 to 30 times as fast: {fast}"
        ]

    def _check_ids(self, vocabulary: int, what: str) -> None:
        kind = self._layout().dtype
        if kind and vocabulary - 1 > np.iinfo(kind).max:
            wider = [name for name, other in self._target().formats.items() if other.dtype not in (kind, None)]
            advice = (
                f"format: {wider[0]}" if wider else "a smaller tokenizer, or target: qwen2.5-0.5b (four bytes an id)"
            )
            raise PipelineError(
                f"tokenizer: {what} has {vocabulary:,} ids, and {kind} holds {np.iinfo(kind).max + 1:,}; use {advice}"
            )

    # Parameters, with the target's defaults.

    def _target(self) -> Target:
        return load_target(self.target)

    def _format_name(self) -> str:
        return self.format or self._target().format

    def _layout(self) -> Layout:
        formats = self._target().formats
        if self._format_name() not in formats:
            raise PipelineError(f"format: {self._target().name} has {', '.join(formats)}, not {self.format}")
        return formats[self._format_name()]  # type: ignore[index]

    def _format(self) -> Format:
        return find_format(self._format_name())

    def _tokenizer_name(self) -> str:
        default = Training.train if self._target().tokenizer == "train" else self._target().tokenizer
        chosen = default if self.tokenizer is None else self.tokenizer
        return chosen.value if isinstance(chosen, Training) else chosen

    def _is_trained(self) -> bool:
        if self.tokenizer is None:
            return self._target().tokenizer == "train"
        return isinstance(self.tokenizer, Training)

    def _named_tokenizer(self) -> Tokenizer:
        from curate.tokenizer import load_tokenizer

        return load_tokenizer(self._tokenizer_name())

    def _vocabulary(self) -> int:
        return self.vocabulary or self._target().vocabulary

    def _sequence_length(self) -> int:
        return self.sequence_length or self._layout().sequence_length

    def _tokens_per_shard(self) -> int:
        return self.tokens_per_shard or self._layout().tokens_per_shard

    def _validation(self) -> float:
        return self._layout().validation if self.validation is None else self.validation

    def _job(self, tokenizer: Tokenizer, label: str) -> Job:
        target, layout = self._target(), self._layout()
        ids = {}
        for name, spellings, used in (("bos", target.bos, layout.bos), ("eos", target.eos, layout.eos)):
            found = [tokenizer.id_of(token) for token in spellings]
            ids[name] = next((number for number in found if number is not None), None)
            if used and ids[name] is None:
                raise PipelineError(
                    f"tokenizer {tokenizer.path.name} has no {' or '.join(spellings)}, which {target.name} puts around "
                    f"documents; use a tokenizer that has it, or a target of your own with `{name}:`"
                )
        return Job(
            label, layout, tokenizer, ids["bos"], ids["eos"], self._sequence_length(),
            self.join_documents, self.labels, self.lengths,
        )  # fmt: skip

    # The passes.

    def prepare(self, staging: Staging, sample: Callable[[int], pl.Series]) -> None:
        folder = staging.folder / "tokenizer"
        if self._is_trained() and not (folder / "done.json").exists():
            texts = sample(SAMPLE_BYTES)
            texts = texts.filter(texts.str.strip_chars() != "")
            disk.write_json(folder / "done.json", {"file": self.train(texts, folder) if len(texts) else None})

    def warm_up(self, staging: Staging) -> None:
        job, small = self._staged_job(staging), staging._replace(folder=staging.folder / "compile", parts=("0",))
        if job is None:
            return
        batch = self._format().stage(job, Documents.of(["一句话，用来编译。And one in English.\n", "另一篇。"]))
        write_part(small, "0", [batch])
        stretch = Staged(small).stretch(BEGIN, END)
        for name, payload in batch.payloads.items():
            stretch.fill(name, np.empty(len(payload.values), payload.values.dtype))
        shutil.rmtree(small.folder)

    def train(self, texts: pl.Series, folder: Path) -> str:
        """Train the target's kind of tokenizer on texts; returns the name of its file in `folder`."""
        from curate.tokenizer import training

        if self._target().train == "byte_level_bpe":
            return training.train_byte_level_bpe(texts, self._vocabulary(), folder).name
        room = int(texts.str.len_bytes().sum()) // TRAINING_BYTES_PER_TOKEN
        size = self.vocabulary or max(512, min(self._vocabulary(), room))
        return training.train_sentencepiece(texts, size, folder).name

    def _staged_job(self, staging: Staging) -> Job | None:
        """None when there was no text to train a tokenizer on."""
        from curate.tokenizer import load_tokenizer

        if not self._is_trained():
            return self._job(self._named_tokenizer(), staging.label)
        file = (disk.read_json(staging.folder / "tokenizer" / "done.json") or {}).get("file")
        return self._job(load_tokenizer(staging.folder / "tokenizer" / file), staging.label) if file else None

    def stage(self, staging: Staging, part: str, kept: Iterator[Documents]) -> None:
        job, form = self._staged_job(staging), self._format()
        # Without a tokenizer there is no document with any text, so nothing is encoded.
        batches = (form.stage(job, documents) for documents in kept) if job else iter(())
        write_part(staging, part, batches)

    def plan(self, staging: Staging) -> list[dict[str, Any]]:
        layout, length = self._layout(), self._sequence_length()
        wish = Wish(
            exact=self._format().exact,
            tokens_per_shard=self._tokens_per_shard(),
            multiple=length if self._format().by_rows else 1,
            minimum=layout.minimum_tokens(length),
            max_tokens=self.max_tokens,
            validation=self._validation(),
            one_validation_file=layout.first_is_validation,
        )
        shards, warning = plan_shards(Staged(staging), wish)
        disk.write_json(staging.folder / "plan.json", {"warning": warning, "tokens": sum(one.tokens for one in shards)})
        return [shard.to_json() for shard in shards]

    def write_shard(self, staging: Staging, shard: dict[str, Any], folder: Path) -> dict[str, Any]:
        job, plan = self._staged_job(staging), Shard.from_json(shard)
        if job is None:
            raise ValueError("a shard without any document")
        stretch = Staged(staging).stretch(plan.first, plan.last)
        written = self._format().write(job, plan, stretch, folder)
        begun = write_documents(_documents_file(staging, plan.number), stretch, written)
        counts = {"tokens": written.tokens, "documents": begun, **written.counts}
        return {"split": plan.split, "files": listed(folder, written.files), **counts}

    def finish(self, staging: Staging, shards: list[dict[str, Any]], folder: Path) -> dict[str, Any]:
        job = self._staged_job(staging)
        join_documents([_documents_file(staging, number) for number in range(len(shards))], folder)
        manifest = self._manifest(staging, shards, job)
        if job:
            self._format().finish(job, shards, folder)
            if self._is_trained():
                manifest["tokenizer"]["files"] = copy_tokenizer(job.tokenizer.path.parent, folder)
        guide.write(self._layout().use, manifest, folder)
        manifest["files"] = other_files(folder, shards)
        return manifest

    def _manifest(self, staging: Staging, shards: list[dict[str, Any]], job: Job | None) -> dict[str, Any]:
        layout, counts = self._layout(), Staged(staging).counts
        totals = {
            key: sum(entry[key] for entry in shards) for key in ("tokens", "documents", "rows", "neutralised")
            if any(key in entry for entry in shards) or key in ("tokens", "documents")
        }  # fmt: skip
        plan = disk.read_json(staging.folder / "plan.json")
        manifest: dict[str, Any] = {
            "target": self._target().name,
            "format": self._format_name(),
            "dtype": layout.dtype,
            "tokenizer": self._tokenizer_record(job),
            "bos": {"id": job.bos if job else None, "written": layout.bos},
            "eos": {"id": job.eos if job else None, "written": layout.eos},
            "seed": staging.seed,
            "sequence_length": self._sequence_length(),
            "row_tokens": self._sequence_length() - layout.reserved,
            "tokens_per_shard": self._tokens_per_shard(),
            "max_tokens": self.max_tokens,
            "validation": self._validation(),
            "join_documents": self.join_documents,
            "columns": ["input_ids", *(name for name in ("labels", "lengths") if getattr(self, name))],
            **totals,
            "documents_without_text": counts["blank"],
            "documents_left_out": counts["documents"] - totals["documents"],
            "tokens_left_out": counts["total_tokens"] - plan["tokens"],
        }
        if layout.dtype is None and totals.get("rows"):
            manifest["pad_share"] = round(1 - totals["tokens"] / (totals["rows"] * manifest["row_tokens"]), 4)
        if self._format_name() != "arrow":
            del manifest["columns"]
        return manifest | ({"warning": plan["warning"]} if plan["warning"] else {}) | {"shards": shards}

    def _tokenizer_record(self, job: Job | None) -> dict[str, Any]:
        if job is None:
            return {"name": "train", "sha256": None, "vocabulary": None}
        name = job.tokenizer.path.name if self._is_trained() else self._tokenizer_name()
        return {"name": name, "sha256": job.tokenizer.sha256, "vocabulary": job.tokenizer.vocabulary}


def _documents_file(staging: Staging, number: int) -> Path:
    return staging.folder / f"documents-{number:05}.parquet"
