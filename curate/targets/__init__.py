"""Training targets: what a trainer reads, as data. Each number of a target's YAML names its source.

A target of one's own is a YAML file with the keys of `Target`; `minimind.yaml` is the one to start from. What a target
calls `use` becomes the USE.md of the shards.
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from curate.errors import PipelineError
from curate.registry import nearest

_FOLDER = Path(__file__).parent


class Layout(BaseModel):
    """One file format that a target's trainer reads."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    dtype: Literal["uint16", "int32", "uint32"] | None = None
    """Of the token ids; none where the file holds text."""
    bos: bool = False
    """Whether each document starts with the target's BOS."""
    eos: bool = False
    """Whether each document ends with the target's EOS."""
    strip: bool = False
    """Whether documents lose the white space around them before they are encoded."""
    sequence_length: int = Field(ge=32)
    """Tokens of a training sequence."""
    reserved: int = Field(0, ge=0)
    """Tokens of a sequence that the trainer adds itself."""
    minimum_sequences: int = Field(1, ge=0)
    minimum_more: int = Field(0, ge=0)
    """A file holds at least `minimum_sequences * sequence_length + minimum_more` tokens."""
    tokens_per_shard: int = Field(ge=1)
    validation: float = Field(0, ge=0, lt=1)
    """Share of the tokens that is held out by default."""
    first_is_validation: bool = False
    """Whether the trainer takes the first file by name as validation: then there is one, and at least one more."""
    names: dict[Literal["train", "validation"], str]
    """File name per split: `{label}`, `{vocabulary}`, `{number}` over all splits, `{index}`, `{count}` in the split."""
    use: str
    """USE.md, with `@{…}` for what is known only when the shards are written."""

    def minimum_tokens(self, sequence_length: int) -> int:
        """Fewest tokens a file may hold."""
        return self.minimum_sequences * sequence_length + self.minimum_more


class Target(BaseModel):
    """A trainer and its formats."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    description: str
    tokenizer: str
    """`train`, or what `curate.tokenizer.load_tokenizer` takes."""
    train: Literal["byte_level_bpe", "sentencepiece"]
    """Kind of tokenizer that `tokenizer: train` makes."""
    vocabulary: int
    """Its size."""
    bos: list[str] = []
    eos: list[str] = []
    """Spellings of the control tokens; the first that the tokenizer has is taken."""
    format: str
    """The default one of `formats`."""
    formats: dict[Literal["jsonl", "flat", "megatron", "arrow"], Layout]


def names() -> list[str]:
    """Names of the built-in targets."""
    return sorted(path.stem for path in _FOLDER.glob("*.yaml"))


def target_file(where: str) -> Path:
    """The YAML of a target: a built-in name, or a path that ends in `.yaml`.

    Raises: PipelineError for an unknown name, with the nearest right one.
    """
    if where.endswith((".yaml", ".yml")):
        return Path(where)
    if where not in names():
        raise PipelineError(f"no target is called {where!r}{nearest(where.lower(), names())}")
    return _FOLDER / f"{where}.yaml"


def load_target(where: str) -> Target:
    """Load a target. Raises: PipelineError."""
    path = target_file(where)
    try:
        return _load(path, path.stat().st_mtime_ns)
    except OSError as error:
        raise PipelineError(f"target {where}: cannot be read: {error.strerror}") from error


@lru_cache(maxsize=8)
def _load(path: Path, changed: int) -> Target:
    """`changed` is the file's state: an edited file is loaded again."""
    try:
        tree: Any = yaml.safe_load(path.read_text(encoding="utf-8"))
        target = Target.model_validate(tree)
    except (yaml.YAMLError, ValidationError, UnicodeDecodeError) as error:
        raise PipelineError(f"target {path}: {_first_line(error)}") from error
    if target.format not in target.formats:
        raise PipelineError(f"target {path}: format {target.format!r} is none of {', '.join(target.formats)}")
    return target


def _first_line(error: Exception) -> str:
    if isinstance(error, ValidationError):
        first = error.errors()[0]
        return f"{'.'.join(str(key) for key in first['loc']) or 'file'}: {first['msg']}"
    return " ".join(str(error).split())
