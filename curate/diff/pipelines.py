"""What differs between the pipelines of two runs: rules by their conditions, steps by their parameters, inputs by their
content; in the order of the file."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from curate import disk, judge
from curate.contracts import CorpusFilter, Filter, Line

if TYPE_CHECKING:
    from curate.run import Run

MOST_PATHS = 3
"""Input files that are named."""


class Change(NamedTuple):
    """One thing that is not the same in both pipelines."""

    where: str
    """`rule length.too_short`, `near_duplicates.similarity`, `input`, …"""
    was: str | None
    """None: it was not there."""
    now: str | None
    """None: it is not there any more."""


def changes(run: Run, other: Run) -> list[Change]:
    """Find what differs, from the inputs to the writers."""
    return [
        *_inputs(run, other),
        *_plain("limit", run.plan.limit, other.plan.limit),
        *_plain("seed", run.pipeline.seed, other.pipeline.seed),
        *_steps("reader", run.pipeline.read, other.pipeline.read),
        *_steps("cleaner", run.pipeline.clean, other.pipeline.clean),
        *_steps("filter", run.pipeline.filters, other.pipeline.filters),
        *_rules(run, other),
        *_steps("writer", run.pipeline.write, other.pipeline.write),
        *_tokenizers(run, other),
        *_versions(run, other),
    ]


def _plain(where: str, was: Any, now: Any) -> Iterator[Change]:
    if was != now:
        yield Change(where, _written(was), _written(now))


def _written(value: Any) -> str:
    return "none" if value is None else str(getattr(value, "value", value))


def _inputs(run: Run, other: Run) -> Iterator[Change]:
    """Input files by path; their names are digests of path, size and time."""
    was, now = ({one["path"]: one["name"] for one in _listed(one_run)} for one_run in (run, other))
    gone, new = sorted(was.keys() - now.keys()), sorted(now.keys() - was.keys())
    edited = sorted(path for path in was.keys() & now.keys() if was[path] != now[path])
    if gone:
        yield Change("input", _some(gone), None)
    if new:
        yield Change("input", None, _some(new))
    if edited:
        yield Change("input", _some(edited), f"{'the same' if len(edited) == 1 else 'these'}, changed since")


def _listed(run: Run) -> list[dict[str, Any]]:
    return list((disk.read_json(run.folder / "inputs.json") or {}).get("inputs", []))


def _some(paths: Sequence[str]) -> str:
    more = f" and {len(paths) - MOST_PATHS:,} more" if len(paths) > MOST_PATHS else ""
    return ", ".join(paths[:MOST_PATHS]) + more


def _steps(kind: str, was: Sequence[Line[Any]], now: Sequence[Line[Any]]) -> Iterator[Change]:
    """Steps by what they are called, several of one name in order."""
    old, new = _by_label(was), _by_label(now)
    for label in [*old, *(label for label in new if label not in old)]:
        if label not in new:
            yield Change(f"{kind} {label[0]}", "there", None)
        elif label not in old:
            yield Change(f"{kind} {label[0]}", None, "there")
        else:
            yield from _parameters(label[0], kind, old[label], new[label])
    shared = [[label for label in side if label in old and label in new] for side in (old, new)]
    if shared[0] != shared[1]:
        yield Change(f"order of {kind}s", *(", ".join(label for label, _ in side) for side in shared))


def _by_label(lines: Sequence[Line[Any]]) -> dict[tuple[str, int], Line[Any]]:
    found: dict[tuple[str, int], Line[Any]] = {}
    for line in lines:
        number = sum(label == line.label for label, _ in found)
        found[line.label, number] = line
    return found


def _parameters(label: str, kind: str, was: Line[Any], now: Line[Any]) -> Iterator[Change]:
    if type(was.step) is not type(now.step):
        yield Change(f"{kind} {label}", type(was.step).__qualname__, type(now.step).__qualname__)
        return
    left_out = {"drop", "name"}
    old, new = was.step.model_dump(exclude=left_out), now.step.model_dump(exclude=left_out)
    found = [
        Change(f"{label}.{name}", _written(old[name]), _written(new[name])) for name in old if old[name] != new[name]
    ]
    yield from found


def _rules(run: Run, other: Run) -> Iterator[Change]:
    was, now = _conditions(run.pipeline.filters), _conditions(other.pipeline.filters)
    for reason in [*was, *(reason for reason in now if reason not in was)]:
        if was.get(reason) != now.get(reason):
            yield Change(f"rule {reason}", was.get(reason), now.get(reason))


def _conditions(filters: Sequence[Line[Filter]]) -> dict[str, str]:
    """Reason to condition, of rules that are conditions, with single spaces; and of those of corpus filters that are
    there or not."""
    return {
        f"{line.label}.{name}": "on" if isinstance(line.step, CorpusFilter) else " ".join(condition.split())
        for line in filters
        for name, condition in judge.merged(line.step).items()
    }


def _tokenizers(run: Run, other: Run) -> Iterator[Change]:
    was, now = run.manifests(), other.manifests()
    for label in was:
        # a writer of documents has none
        if label in now and all("tokenizer" in manifests[label] for manifests in (was, now)):
            kinds = [_tokenizer(manifests[label]) for manifests in (was, now)]
            if kinds[0] != kinds[1]:
                yield Change(f"tokenizer of {label}", *kinds)


def _tokenizer(manifest: dict[str, Any]) -> str:
    one = manifest["tokenizer"]
    return f"{Path(str(one['name'])).name}, {one['vocabulary'] or 0:,} ids, sha256 {str(one['sha256'])[:12]}"


def _versions(run: Run, other: Run) -> Iterator[Change]:
    was, now = run.record["versions"], other.record["versions"]
    for name in was:
        if was[name] != now.get(name):
            yield Change(f"version of {name}", was[name], now.get(name))
