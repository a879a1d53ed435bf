"""Profiles: the numbers of a family of rules as data, each with its source and its reasons.

A profile is a YAML file: `name`, `source`, `date`, `why`, `deviations`, and for each filter that can follow it
`measure` (parameters of the filter that change what is measured) and `drop` (rules, as in a pipeline). What a pipeline
says itself goes before the profile. A profile that is `made_for: text with spaces` is refused on Chinese.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from curate.contracts import TEXT, Documents, Filter, InputFile
from curate.errors import PipelineError


class Section(BaseModel):
    """What a profile says to one filter."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    measure: dict[str, Any] = Field(default_factory=dict)
    """Parameters of the filter, by name."""
    drop: dict[str, str | None]
    """Name of the defect to its condition."""


class Profile(BaseModel):
    """A checked profile."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    source: str
    """Where the numbers come from."""
    date: str
    """When they were found or taken over."""
    why: str
    """What was seen that speaks for them."""
    deviations: str
    """Where they differ from their source, or from what others do."""
    made_for: Literal["any text", "text with spaces"] = "any text"
    """`text with spaces`: its rules count words that spaces part, and Chinese has none: refused there."""
    filters: dict[str, Section]
    """Name of a filter to what it is told."""


def names() -> list[str]:
    """Built-in profiles, sorted."""
    return sorted(path.stem for path in Path(__file__).parent.glob("*.yaml"))


def is_file(profile: str) -> bool:
    """Whether `profile` means a file (`.yaml`, `.yml`) and not a built-in profile."""
    return Path(profile).suffix in (".yaml", ".yml")


def load(profile: str) -> Profile:
    """Load a profile by name or path. Raises: PipelineError in one line."""
    # a built-in one may arrive as a path, where a folder of that name lies about
    path = Path(profile) if is_file(profile) else Path(__file__).parent / f"{Path(profile).name}.yaml"
    if not is_file(profile) and not path.exists():
        raise PipelineError(f"no profile is called {profile!r}; known: {', '.join(names())}, or a path to a .yaml")
    try:
        return _read(path, path.stat().st_mtime_ns)
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise PipelineError(f"{profile}: cannot be read as a profile: {' '.join(str(error).split())}") from error
    except ValidationError as error:
        raise PipelineError(f"{profile}: {_one_line(error)}") from error


@cache
def _read(path: Path, modified: int) -> Profile:
    return Profile.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")))


def _one_line(error: ValidationError) -> str:
    first = error.errors()[0]
    place = ".".join(map(str, first["loc"]))
    return f"{place}: {first['msg']}" if place else first["msg"]


def checked(profile: str) -> str:
    """Check the name of a built-in profile; a path is looked at later, when it is known from where.

    Raises: ValueError, as pydantic's validators do.
    """
    try:
        if not is_file(profile):
            load(profile)
    except PipelineError as error:
        raise ValueError(str(error)) from error
    return profile


ProfileName = Annotated[str, InputFile(*names()), AfterValidator(checked)]
"""A parameter that names a profile: a built-in one, or a path to a .yaml."""


def section(profile: str, name: str) -> Section:
    """What a profile says to the filter `name`. Raises: PipelineError if it says nothing."""
    filters = load(profile).filters
    if name not in filters:
        raise PipelineError(f"{profile}: this profile says nothing about {name}; it has {', '.join(filters)}")
    return filters[name]


_NOT_MEASURED = {"name", "drop", "profile", "force"}


def parameters(step: Filter, name: str) -> dict[str, Any]:
    """What the filter `step` measures with: its own parameters where they are given, else its profile's.

    All parameters but `name`, `drop`, `profile` and `force`, none of them None. What neither says is as the filter's
    `measured_by_default` has it. Raises: PipelineError.
    """
    profile: str = step.profile  # type: ignore[attr-defined]
    defaults: Mapping[str, Any] = step.measured_by_default  # type: ignore[attr-defined]
    given = step.model_dump(exclude=_NOT_MEASURED, exclude_none=True)
    try:
        whole = type(step).model_validate({**defaults, **section(profile, name).measure, **given})
    except ValidationError as error:
        raise PipelineError(f"{profile}: filters.{name}.measure.{_one_line(error)}") from error
    values = whole.model_dump(exclude=_NOT_MEASURED)
    missing = [key for key, value in values.items() if value is None]
    if missing:
        raise PipelineError(f"{profile}: filters.{name}.measure: {missing[0]} is missing")
    return values


def wants_spaces(profile: str, words: str) -> bool:
    """Whether a filter counts words that spaces part: its profile is made for such text, or it is told to."""
    return load(profile).made_for == "text with spaces" or words in ("spaces", "spacy")


def refuse_chinese(profile: str, documents: Documents) -> None:
    """Refuse a profile that is made for text with spaces if most letters of a sample are Han.

    Raises: PipelineError.
    """
    text = documents.frame[TEXT]
    han = int(text.str.count_matches(r"\p{Han}").sum())
    letters = int(text.str.count_matches(r"\p{L}").sum())
    if 2 * han > letters:
        raise PipelineError(
            f"with {profile} it counts words that spaces part, and {han / letters:.0%} of the letters in the first "
            "documents are Han, which has no spaces: a clause would be a word, and nearly every document would be "
            "dropped; use curate_zh (or another profile for Chinese), or say `force: true`"
        )
