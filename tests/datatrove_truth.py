"""datatrove's filters as the truth for formulas on words, and texts of the shared corpora; used by several tests."""

import importlib.util
import io
import json
import sys
from collections.abc import Callable
from functools import cache
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

SHARED = Path(__file__).parents[2] / "shared"


@cache
def datatrove_filters() -> Any:
    """datatrove's modules `repetition`, `quality` and `fineweb`.

    They import `regex`, which datatrove does not ask for by itself and these filters don't use; where it is missing, an
    empty stand-in serves for the import, and nothing imported with it stays behind for other tests.
    """
    before, missing = set(sys.modules), importlib.util.find_spec("regex") is None
    if missing:
        stand_in = ModuleType("regex")
        vars(stand_in).update(compile=lambda *_: None, VERBOSE=0, UNICODE=0)
        sys.modules["regex"] = stand_in
    names = {
        "repetition": "gopher_repetition_filter",
        "quality": "gopher_quality_filter",
        "fineweb": "fineweb_quality_filter",
    }
    prefix = "datatrove.pipeline.filters."
    modules = SimpleNamespace(**{key: importlib.import_module(prefix + name) for key, name in names.items()})
    if missing:
        for name in set(sys.modules) - before:
            if name == "regex" or name.startswith("datatrove"):
                del sys.modules[name]
    return modules


def run_filter(module: Any, make: Callable[[], Any], text: str, words: list[str]) -> tuple[bool, str]:
    """Keep or drop `text` as the filter of `module` does, its words given; the reason is "" if it is kept."""
    document = SimpleNamespace(text=text)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "split_into_words", lambda *_: words)
        result = make().filter(document)
    return result if isinstance(result, tuple) else (result, "")


def shared_texts(corpus: str, number: int, longest: int = 20_000) -> list[str]:
    """Texts spread over a shared corpus; skips the test where there is none."""
    path = SHARED / "corpora" / f"{corpus}.jsonl.zst"
    if not path.exists():
        pytest.skip(f"no shared corpus {path.name}")
    import zstandard

    with path.open("rb") as file:
        lines = list(io.TextIOWrapper(zstandard.ZstdDecompressor().stream_reader(file), encoding="utf-8"))
    texts = (json.loads(line)["text"] for line in lines[:: max(1, len(lines) // (2 * number))])
    return [text for text in texts if 0 < len(text) <= longest][:number]
