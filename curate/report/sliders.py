"""A slider on each number of a rule: what would come back or go with another one, at once and inside the page.

Counts are made here, for each stop of the slider, and are exact (`whatif`); the script `page.js` looks them up. Stops
are round numbers spread over the signal's axis, and every number of the grid near the present one. About 3 KB a slider.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Sequence
from decimal import Decimal

import numpy as np
import numpy.typing as npt
import yaml

from curate.comparisons import Comparison
from curate.report.charts import HEIGHT, WIDTH, Axis
from curate.report.collect import Report
from curate.report.markup import Markup, element
from curate.report.parts import NAME_CHARS, code, name
from curate.report.shards import tokens_of
from curate.report.wording import Wording
from curate.whatif import GRID, Decided, digits_of

SLOTS = 140
"""Into which an axis is divided; of each slot one number is a stop."""
NEAR = 40
"""Numbers of the grid on either side of the present one that are stops, too."""
MOST_WRITERS = 3
MOST_COMPUTED = 12
CONDITION_CHARS = 2_000
"""A rule that is longer has no line to copy."""

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]


def words(report: Report, say: Wording) -> Markup:
    """What the script says, and what a byte of text is in tokens; nothing of it is shown."""
    kept_bytes = report.stats.kept_bytes
    rates = [
        element("span", label[:40], data_rate=f"{tokens / kept_bytes:.6g}")
        for label, tokens in list(_tokens_made(report).items())[:MOST_WRITERS]
        if kept_bytes and tokens
    ]
    hole = {key: f"{{{key}}}" for key in ("documents", "tokens", "writer", "now", "then")}
    sentences = {
        "back_one": say.plain("1 document comes back"),
        "back": say.plain("{documents} documents come back", documents=hole["documents"]),
        "go_one": say.plain("1 document goes"),
        "go": say.plain("{documents} documents go", documents=hole["documents"]),
        "nothing": say.plain("Nothing would change."),
        "tokens": say.plain("{writer}: about {tokens} tokens", writer=hole["writer"], tokens=hole["tokens"]),
        "total": say.plain("kept before duplicates: {now} → {then}", now=hole["now"], then=hole["then"]),
    }
    note = say(
        "Move a slider to see what another number would do: the documents, bytes and tokens (estimated) that would "
        "come back or go, among those that no other rule drops. One number at a time; every other rule stays as it is. "
        "Duplicates are left out of the estimate: what comes back was not compared with anything yet."
    )
    attributes = {f"data_{key}": sentence for key, sentence in sentences.items()}
    return element("div", element("p", note, class_="note"), rates, id="what-if", hidden="", **attributes)


def _tokens_made(report: Report) -> dict[str, int]:
    """Writer to the tokens of all kept text, also those that its shards leave out."""
    left_out = {label: manifest.get("tokens_left_out") for label, manifest in report.manifests.items()}
    return {
        label: tokens + (more if isinstance(more := left_out[label], int) else 0)
        for label, tokens in tokens_of(report).items()
    }


def sliders(report: Report, say: Wording, places: Sequence[int], across: Axis | None, most: int) -> Markup | None:
    """The numbers of these comparisons, each with its rule and a slider; the script shows the sliders.

    Those of the first `most` comparisons of the page that decide something have one.
    """
    if not places:
        return None
    with_slider = set(_turning(report)[:most])
    items = [_threshold(report, say, place, across, place in with_slider) for place in places]
    return element("ul", items, class_="thresholds")


def computed(report: Report, say: Wording, label: str, most: int) -> Markup | None:
    """A card of the numbers of a filter's rules that are compared with what is computed from several signals."""
    own = [place for place in _turning(report)[:most] if _is_computed(report.decisions.comparisons[place], label)]
    if not own:
        return None
    title = element("h4", say("Computed from several signals"))
    return element("figure", title, element("figcaption", sliders(report, say, own[:MOST_COMPUTED], None, most)))


def _is_computed(one: Comparison, label: str) -> bool:
    return one.signal is None and one.reason.startswith(f"{label}.")


def _turning(report: Report) -> list[int]:
    """Comparisons that decide on a document."""
    return [place for place, decided in enumerate(report.decisions.decided) if len(decided.places)]


def _threshold(report: Report, say: Wording, place: int, across: Axis | None, movable: bool) -> Markup:
    one, decided = report.decisions.comparisons[place], report.decisions.decided[place]
    turning, dropped = int(decided.counts[:, :, 0].sum()), int(decided.counts[:, [0, 3], 0].sum())
    told = say("decides on no document by itself")
    if turning:
        told = say("decides by itself: {kept} kept, {dropped} dropped", kept=turning - dropped, dropped=dropped)
    compared = [code(quantity(one)), " "] if one.signal is None else None
    head = element(
        "div",
        "┆ ",
        compared,
        one.sign,
        " ",
        element("b", one.text),
        " ",
        name(one.reason),
        " ",
        element("span", told, class_="quiet"),
    )
    return element("li", head, _slider(one, decided, say, place, across) if movable and turning else None)


def quantity(one: Comparison) -> str:
    """What is compared with the number: a signal, or as far as the text before the number tells."""
    if one.signal is not None:
        return one.signal
    parts = re.split(r"\b(?:AND|OR|NOT|WHEN|BETWEEN)\b", one.condition[: one.start], flags=re.IGNORECASE)
    return re.sub(r"[<>=!\s]+$", "", parts[-1].strip().lstrip("(")) or "…"


def _slider(one: Comparison, decided: Decided, say: Wording, place: int, across: Axis | None) -> Markup:
    numbers = stops(one, decided, across)
    flips = decided.flips(one.operator, numbers)
    now = numbers.index(one.number)
    flips[now] = 0  # the present number may lie between two of the grid
    texts = [written(number) for number in numbers]
    texts[now] = one.text
    label = say("Another number for {rule}", rule=name(one.reason))
    identity = f"slider-{place}"
    line = _line(one)
    buttons = element(
        "span",
        element("button", say("copy"), type="button", class_="copy") if line else None,
        element("button", say("back to {number}", number=one.text), type="button", class_="reset"),
    )
    return element(
        "div",
        element("label", label, for_=identity, class_="hidden-label"),
        element("input", type="range", id=identity, min=0, max=len(numbers) - 1, step=1, value=now, autocomplete="off"),
        element("output", for_=identity, aria_live="polite"),
        element(
            "div",
            element("code", line) if line else element("b", one.text, class_="number"),
            buttons,
            class_="edited",
            hidden="",
        ),
        class_="slider",
        hidden="",
        data_threshold=place,
        data_reason=one.reason[:NAME_CHARS],
        data_signal=(one.signal or "")[:NAME_CHARS],
        data_operator=one.operator,
        data_now=now,
        data_kept=decided.kept[0],
        data_numbers=" ".join(texts),
        data_all_back=_pairs(flips[:, 0]),
        data_all_go=_pairs(flips[:, 1]),
    )


def _pairs(flips: Integers) -> str | None:
    if not flips.any():
        return None
    return " ".join(f"{documents}:{size}" for documents, size in flips.tolist())


def _line(one: Comparison) -> Markup | None:
    """The line under `drop` of a pipeline, the number apart, so that it can be replaced."""
    rule = one.reason.partition(".")[2]
    if len(one.condition) > CONDITION_CHARS:
        return None
    before, after = one.condition[: one.start], one.condition[one.stop :]
    if _is_plain(rule, one.condition) and _is_plain(rule, one.edited("1")):
        before, after = f"{rule}: {before}", after
    else:
        before, after = f'{rule}: "{_quoted(before)}', f'{_quoted(after)}"'
    return element("span", before, element("b", one.text, class_="number"), after)


def _is_plain(rule: str, condition: str) -> bool:
    """Whether YAML reads the condition back as it is, without quotes."""
    try:
        read: object = yaml.safe_load(f"{rule}: {condition}")
    except (yaml.YAMLError, ValueError):
        return False
    return read == {rule: condition}


def _quoted(text: str) -> str:
    """Text as it stands between double quotes in YAML, for which more than for JSON is no plain character."""
    inside = json.dumps(text, ensure_ascii=False)[1:-1]
    return re.sub("[\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]", lambda match: f"\\u{ord(match[0]):04x}", inside)


# Stops.


def stops(one: Comparison, decided: Decided, across: Axis | None) -> list[float]:
    """The numbers that a slider offers, ascending, the present one among them."""
    low, high = (min(max(end, GRID[1]), GRID[-2]) for end in (_low(one, decided), _high(one, decided)))
    first = max(int(np.searchsorted(GRID, low, side="right")) - 2, 0)
    last = min(int(np.searchsorted(GRID, high)) + 1, len(GRID) - 1)
    places = np.arange(first, last + 1)
    if one.whole:
        # One step beyond either end, where all or nothing is dropped.
        beyond = [math.floor(low) - 1, math.ceil(high) + 1]
        places = places[GRID[places] == np.floor(GRID[places])]
        extra = [float(number) for number in beyond if number in GRID]
    else:
        extra = []
    if len(places) > SLOTS + 2 * NEAR:
        near = np.abs(places - np.searchsorted(GRID, one.number)) <= NEAR
        places = np.union1d(_roundest(places, across), places[near])
    return sorted({*GRID[places].tolist(), *extra, one.number})


def _low(one: Comparison, decided: Decided) -> float:
    return min(one.number, decided.low if decided.low is not None else one.number)


def _high(one: Comparison, decided: Decided) -> float:
    return max(one.number, decided.high if decided.high is not None else one.number)


def _roundest(places: Integers, across: Axis | None) -> Integers:
    """Of each slot of the axis the roundest number."""
    numbers = GRID[places]
    scaled = _scaled(numbers, across)
    slots = np.floor(SLOTS * (scaled - scaled[0]) / (scaled[-1] - scaled[0]))
    order = np.lexsort((places, _roundness(places), slots))
    _, chosen = np.unique(slots[order], return_index=True)
    return places[order[chosen]]


def _scaled(numbers: Floats, across: Axis | None) -> Floats:
    constant = across.constant if across is not None else (1.0 if max(abs(numbers)) > 100 else None)
    return numbers if constant is None else np.sign(numbers) * np.log1p(np.abs(numbers) / constant)


def _roundness(places: Integers) -> Integers:
    """How round numbers of the grid are: 0 is the roundest."""
    digits = digits_of(places)
    return np.select([digits % 100 == 0, digits % 50 == 0, digits % 10 == 0, digits % 5 == 0], [0, 1, 2, 3], 4)


def written(value: float) -> str:
    """A number of the grid as SQL takes it: without an exponent."""
    return format(Decimal(f"{value:.3g}").normalize(), "f") if value else "0"


def pointer(svg: Markup, across: Axis) -> Markup:
    """A chart with a line that follows the slider, hidden until one is moved."""
    origin = re.search(r"translate\(([\d.]+),([\d.]+)\)", svg)
    if origin is None:
        return svg
    left, top = float(origin[1]), float(origin[2])
    line = (
        f'<line class="moved" visibility="hidden" y1="{top:g}" y2="{top + HEIGHT:g}" data-left="{left:g}" '
        f'data-width="{WIDTH}" data-low="{across.edges[0]!r}" data-high="{across.edges[-1]!r}" '
        f'data-constant="{"" if across.constant is None else repr(across.constant)}"></line>'
    )
    head, _, _ = svg.rpartition("</svg>")
    return Markup(f"{head}{line}</svg>")
