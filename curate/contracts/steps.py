"""A step: one line of a pipeline, its parameters and nothing else."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Generic, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field
from pydantic.fields import FieldInfo


class InputFile:
    """Marks a parameter that names a file: `model: Annotated[str, InputFile()]`; or a list of files and patterns.

    The pipeline resolves it (working directory, then the pipeline's folder), and the file's bytes, not its name, enter
    the fingerprint. `names` mean something of their own (`train`, a profile that is shipped) and are never looked up,
    even if a folder of that name lies around.
    """

    def __init__(self, *names: str) -> None:
        self.names = names

    @classmethod
    def of(cls, info: FieldInfo) -> InputFile | None:
        """The mark of a pydantic field, if it carries one."""
        return next((mark for mark in info.metadata if isinstance(mark, cls)), None)


class Step(BaseModel):
    """Parameters of one line of a pipeline; unknown keys are errors."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    version: ClassVar[int] = 1
    """Raised when the same parameters give other results: part of the fingerprint."""

    def files(self) -> list[str]:
        """Files whose bytes decide the result (models, word lists): part of the fingerprint."""
        return []

    def packages(self) -> list[str]:
        """Distributions whose version decides the result (a segmenter, say): part of the fingerprint."""
        return []

    def measured_parameters(self) -> dict[str, Any]:
        """Parameters that decide what is measured: what only decides (`drop`) or names is left out."""
        return self.model_dump(exclude={"drop", "name"})

    def label(self, default: str) -> str:
        """What columns, reasons and folders call this step; `default` is its registered name."""
        return getattr(self, "name", None) or default

    def check(self) -> None:
        """Find out before anything is read that the step cannot run (a model that is missing, say).

        Raises: PipelineError, without the place, which the pipeline adds.
        """

    def notes(self) -> list[str]:
        """Remarks for `curate check`: what works, but slower or otherwise than one might think."""
        return []


StepT = TypeVar("StepT", bound=Step)


@dataclass(frozen=True)
class Line(Generic[StepT]):
    """One line of a section: a step, what it is called, and where it stands in the file."""

    label: str
    """Columns, reasons and folders carry this name; unique inside a section."""
    where: str
    """`filters[2].quality`, for messages."""
    step: StepT


def _to_bytes(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    match = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*([KMG]?)B?\s*", value, re.IGNORECASE)
    if not match:
        raise ValueError(f"expected a size such as 64MB, not {value!r}")
    return int(float(match[1]) * {"": 1, "K": 1000, "M": 1000**2, "G": 1000**3}[match[2].upper()])


ByteSize = Annotated[int, BeforeValidator(_to_bytes), Field(gt=0)]
"""A number of bytes, also written `64MB` (decimal units)."""
