"""Where two texts differ: by sentences first, then by the characters of the sentences that changed.

The shortest edit script by E. W. Myers, "An O(ND) Difference Algorithm and Its Variations", Algorithmica 1 (1986), but
with a bound on edits and steps instead of a clock: the same texts give the same answer on any machine. Two texts of
100,000 characters take 0.1 s; where they have little in common, they are said to differ as a whole.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, NamedTuple

MOST_EDITS = 400
"""Insertions and deletions of sentences, or of characters in a place, that are told one by one."""
MOST_STEPS = 1_000_000
"""Comparisons of sentences or characters before a place is left as it is: 0.2 s."""
MOST_REFINED = 40
"""Places that are looked at character by character."""
LEAST_SAME = 4
"""Fewer characters that two changes have between them are no common text, but chance."""
CONTEXT_CHARS = 20
"""Common text shown on either side of a change."""

# A sentence with what ends it; English ones end with a full stop and a space.
_SENTENCE = re.compile(r"(?:(?!\.\s)[^\n。！？!?；;])*(?:[\n。！？!?；;]+|\.\s+|$)")


class Change(NamedTuple):
    """A place where two sequences differ: `one[start:stop]` stands for `other[other_start:other_stop]`."""

    start: int
    stop: int
    other_start: int
    other_stop: int


class Stretch(NamedTuple):
    """Text in a place where two texts differ."""

    side: str
    """Which text has it: `both`, `one`, `other`."""
    text: str


Hunk = list[Stretch]
"""Changes that lie close together, with what both texts have before, between and after them."""


def hunks(one: str, other: str) -> list[Hunk]:
    """Find the places where two texts differ, in order; `…` stands for common text that is left out."""
    groups: list[list[Change]] = []
    for change in differences(one, other):
        if groups and change.start - groups[-1][-1].stop <= 2 * CONTEXT_CHARS:
            groups[-1].append(change)
        else:
            groups.append([change])
    return [_hunk(one, other, group) for group in groups]


def _hunk(one: str, other: str, changes: Sequence[Change]) -> Hunk:
    first, last = changes[0], changes[-1]
    start, stop = max(first.start - CONTEXT_CHARS, 0), min(last.stop + CONTEXT_CHARS, len(one))
    found = [Stretch("both", ("…" if start else "") + one[start : first.start])]
    for change, following in zip(changes, [*changes[1:], None], strict=True):
        found.append(Stretch("one", one[change.start : change.stop]))
        found.append(Stretch("other", other[change.other_start : change.other_stop]))
        found.append(Stretch("both", one[change.stop : following.start if following else stop]))
    found.append(Stretch("both", "…" if stop < len(one) else ""))
    return [stretch for stretch in found if stretch.text]


def middle_left_out(text: str, most: int) -> str:
    """A text of more than `most` characters without what is between its two ends."""
    if len(text) <= most:
        return text
    ends = most // 2
    return f"{text[:ends]} … {len(text) - 2 * ends:,} characters … {text[-ends:]}"


def differences(one: str, other: str) -> list[Change]:
    """Find where two texts differ, in characters, in order; between changes both have the same text."""
    found: list[Change] = []
    for number, change in enumerate(_by_sentence(one, other)):
        found += _by_character(one, other, change) if number < MOST_REFINED else [change]
    return _joined(found)


def _by_sentence(one: str, other: str) -> list[Change]:
    sentences, other_sentences = _SENTENCE.findall(one), _SENTENCE.findall(other)
    changes = edits(sentences, other_sentences)
    if changes is None:
        return [Change(0, len(one), 0, len(other))]
    ends, other_ends = _ends(sentences), _ends(other_sentences)
    return [Change(ends[a], ends[b], other_ends[c], other_ends[d]) for a, b, c, d in changes]


def _ends(pieces: Sequence[str]) -> list[int]:
    ends = [0]
    for piece in pieces:
        ends.append(ends[-1] + len(piece))
    return ends


def _by_character(one: str, other: str, change: Change) -> list[Change]:
    """What of a change is left when its characters are compared."""
    inside = edits(one[change.start : change.stop], other[change.other_start : change.other_stop])
    if inside is None:
        return [_without_ends(one, other, change)]
    by, other_by = change.start, change.other_start
    return [Change(start + by, stop + by, at + other_by, end + other_by) for start, stop, at, end in inside]


def _without_ends(one: str, other: str, change: Change) -> Change:
    """A change without what both texts begin and end with."""
    mine, others = one[change.start : change.stop], other[change.other_start : change.other_stop]
    before = _same_start(mine, others)
    after = _same_start(mine[before:][::-1], others[before:][::-1])
    return Change(change.start + before, change.stop - after, change.other_start + before, change.other_stop - after)


def _same_start(one: str, other: str) -> int:
    """Characters with which both texts begin."""
    differ = (place for place, (mine, others) in enumerate(zip(one, other, strict=False)) if mine != others)
    return next(differ, min(len(one), len(other)))


def _joined(changes: Sequence[Change]) -> list[Change]:
    """Changes with hardly anything between them become one."""
    found: list[Change] = []
    for change in changes:
        if found and change.start - found[-1].stop < LEAST_SAME:
            before = found.pop()
            change = Change(before.start, change.stop, before.other_start, change.other_stop)
        found.append(change)
    return found


def edits(one: Sequence[Any], other: Sequence[Any]) -> list[Change] | None:
    """Find the fewest insertions and deletions that turn one sequence into the other; changes that touch are one.

    None: more than `MOST_EDITS`, or not found in `MOST_STEPS`.
    """
    rounds = _rounds(one, other)
    return None if rounds is None else _touching(_way_back(rounds, len(one), len(other)))


def _rounds(one: Sequence[Any], other: Sequence[Any]) -> list[dict[int, int]] | None:
    """Before each round of one more edit: diagonal (position in one less position in other) to the furthest position in
    one that was reached on it. Myers, figure 2."""
    furthest, rounds, steps = {1: 0}, [], 0
    for n_edits in range(MOST_EDITS + 1):
        rounds.append(dict(furthest))
        for diagonal in range(-n_edits, n_edits + 1, 2):
            down = _goes_down(furthest, diagonal, n_edits)
            start = x = furthest[diagonal + 1] if down else furthest[diagonal - 1] + 1
            y = x - diagonal
            while x < len(one) and y < len(other) and one[x] == other[y]:
                x, y = x + 1, y + 1
            furthest[diagonal] = x
            if x >= len(one) and y >= len(other):
                return rounds
            steps += x - start + 1
        if steps > MOST_STEPS:
            break
    return None


def _goes_down(furthest: dict[int, int], diagonal: int, n_edits: int) -> bool:
    """Whether a diagonal is reached from the one above it, by an insertion out of `other`."""
    return diagonal == -n_edits or (diagonal != n_edits and furthest[diagonal - 1] < furthest[diagonal + 1])


def _way_back(rounds: Sequence[dict[int, int]], x: int, y: int) -> list[Change]:
    """The edits of the way to the end of both, in order."""
    found = []
    for n_edits in range(len(rounds) - 1, 0, -1):
        furthest, diagonal = rounds[n_edits], x - y
        down = _goes_down(furthest, diagonal, n_edits)
        x = furthest[diagonal + 1] if down else furthest[diagonal - 1]
        y = x - (diagonal + 1 if down else diagonal - 1)
        found.append(Change(x, x, y, y + 1) if down else Change(x, x + 1, y, y))
    return found[::-1]


def _touching(changes: Sequence[Change]) -> list[Change]:
    found: list[Change] = []
    for change in changes:
        if found and found[-1].stop == change.start and found[-1].other_stop == change.other_start:
            before = found.pop()
            change = Change(before.start, change.stop, before.other_start, change.other_stop)
        found.append(change)
    return found
