"""Documents of a run that are worth looking at: by chance, and nearest to the numbers of a rule.

Both are the same every time, hold only what is shown of each part, and read the text of nothing else. Cost: a hash of
each id, or two expressions a number.
"""

from __future__ import annotations

from itertools import chain, zip_longest
from typing import TYPE_CHECKING

import polars as pl

from curate import borders, comparisons, disk, judge, looking, whatif
from curate.contracts import ID, Utf8
from curate.errors import CurateError

if TYPE_CHECKING:
    from curate.run import Run

COMPARISON, NUMBER, QUANTITY, DISTANCE = "comparison", "number", "quantity", "distance"


def sample(run: Run, reason: str | None, n: int, seed: int) -> pl.DataFrame:
    """See `Run.sample`."""
    from curate.kernels.hashing import hash64

    run.must_be_finished()
    condition = looking.has_reason(run, reason)
    found = [pl.DataFrame(schema={"part": pl.Int64, "row": pl.Int64, "hash": pl.UInt64})]
    for place, part in enumerate(run.parts):
        verdicts = disk.read_frame(run.verdicts_file(part), None)
        rows = verdicts.select(condition.arg_true()).to_series()
        hashes = pl.Series("hash", hash64(seed, *Utf8.of(verdicts[ID][rows])), pl.UInt64)
        own = pl.DataFrame([rows.cast(pl.Int64).alias("row"), hashes]).bottom_k(n, by="hash")
        found.append(own.select(pl.lit(place, pl.Int64).alias("part"), "row", "hash"))
    places = pl.concat(found).sort("hash", "part", "row").head(n)
    return _documents(run, places.select("part", "row"))


def near(run: Run, reason: str, n: int) -> pl.DataFrame:
    """See `Run.near`."""
    run.must_be_finished()
    asked = numbers_of(run, reason)
    types = run.signal_types()
    row_rules = [rule.reason for rule in judge.compile_rules(run.pipeline.filters, types)]
    wanted = {"text_bytes", *(name for one in asked for name in one.signals)}
    found = []
    for place, part in enumerate(run.parts):
        verdicts = disk.read_frame(run.verdicts_file(part), [ID, *row_rules])
        decided = whatif.of_part(asked, run.part_signals(part, wanted), verdicts.drop(ID))
        turned = ((one, turned) for one, (turned, _) in zip(asked, decided, strict=True))
        found.append(borders.of_part(place, turned, verdicts[ID], each=n))
    nearest = borders.nearest(found, each=n)
    places = pl.concat([_in_turns(nearest.filter(comparison=place), n) for place in range(len(asked))])
    numbers = pl.Series([asked[place].text for place in places["comparison"]], dtype=pl.String)
    facts = places.select(COMPARISON, numbers.alias(NUMBER), QUANTITY, DISTANCE)
    documents = _documents(run, places.select("part", "row"))
    clashing = {name: f"{name} of the document" for name in facts.columns if name in documents.columns}
    return pl.concat([facts, documents.rename(clashing)], how="horizontal")


def numbers_of(run: Run, reason: str) -> list[comparisons.Comparison]:
    """The numbers of a rule that looks at one document. Raises: CurateError."""
    looking.has_reason(run, reason)
    if reason in ("kept", "dropped"):
        raise CurateError(
            f"{reason} is no rule, so it has no border; --near takes a rule, for example length.too_short"
        )
    types = run.signal_types()
    rule = next((one for one in judge.compile_rules(run.pipeline.filters, types) if one.reason == reason), None)
    if rule is None:
        raise CurateError(
            f"{reason} compares documents with one another, so it has no border; `--reason {reason}` shows some"
        )
    found = comparisons.of_rule(rule, types)
    if not found:
        raise CurateError(
            f"{reason} compares nothing with a number ({rule.condition}), so it has no border; "
            f"`--reason {reason}` shows what it drops"
        )
    return found


def _in_turns(nearest: pl.DataFrame, n: int) -> pl.DataFrame:
    """Kept and dropped ones by turns, while there are both."""
    sides = [nearest.with_row_index("place?").filter(kept=kept)["place?"].to_list() for kept in (True, False)]
    turns = [place for place in chain(*zip_longest(*sides)) if place is not None]
    return nearest[turns[:n]]


def _documents(run: Run, places: pl.DataFrame) -> pl.DataFrame:
    """Documents at `part` and `row`, in their order, with repetitions."""
    frames = []
    for (part,), rows in places.unique().sort("part", "row").group_by("part", maintain_order=True):
        number = int(str(part))
        documents = looking.part_documents(run, run.parts[number], rows["row"])
        frames.append(pl.concat([rows.rename({"part": "part?", "row": "row?"}), documents], how="horizontal"))
    if not frames:
        return pl.DataFrame()
    table = pl.concat(frames)
    keys = places.rename({"part": "part?", "row": "row?"})
    return keys.join(table, on=["part?", "row?"], how="left", maintain_order="left").drop("part?", "row?")
