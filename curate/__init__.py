"""Raw text corpora in, tokenized shards for small-model training out."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from curate.api import apply as apply
    from curate.api import explain as explain
    from curate.contracts import Cleaned as Cleaned
    from curate.contracts import Cleaner as Cleaner
    from curate.contracts import CorpusFilter as CorpusFilter
    from curate.contracts import Documents as Documents
    from curate.contracts import Filter as Filter
    from curate.contracts import Reader as Reader
    from curate.contracts import Writer as Writer
    from curate.errors import CurateError as CurateError
    from curate.errors import PipelineError as PipelineError
    from curate.pipeline import Pipeline as Pipeline
    from curate.run import Run as Run
    from curate.shards import open_shards as open_shards
    from curate.shards import verify_shards as verify_shards
    from curate.verdicts import Verdicts as Verdicts
    from curate.work.passes import run_pipeline as run_pipeline

__version__ = "0.1.0"

_HOMES = {
    **dict.fromkeys(["apply", "explain"], "api"),
    **dict.fromkeys(["Cleaned", "Cleaner", "CorpusFilter", "Documents", "Filter", "Reader", "Writer"], "contracts"),
    **dict.fromkeys(["CurateError", "PipelineError"], "errors"),
    "run_pipeline": "work.passes",
    "Pipeline": "pipeline",
    "Run": "run",
    "Verdicts": "verdicts",
    **dict.fromkeys(["open_shards", "verify_shards"], "shards"),
}

__all__ = sorted(["__version__", *_HOMES])


def __getattr__(name: str) -> Any:
    # Names are imported when they are first used, so that `curate --help` does not load Polars and numba.
    if name not in _HOMES:
        raise AttributeError(f"module 'curate' has no attribute {name!r}")
    return getattr(importlib.import_module(f"curate.{_HOMES[name]}"), name)
