"""Groups of rows as a graph: which pairs to compare, what hangs together, who survives.

Groups come as two columns, `group` and `row`, `int64[n_entries]`, equal groups side by side; a row may be in many
groups. Results depend on which rows share a group, never on the order of groups or rows. Union-find with path halving
(Tarjan and van Leeuwen, "Worst-case analysis of set union algorithms", 1984), the better row as the root: O(log n)
amortised a link. Cost: 8 bytes a row; 60 million links a second where rows lie close together, 14 million between rows
drawn at random from 20 million.
"""

import numpy as np
from numba import uint64

from curate.kernels import inlined, kernel


@inlined
def _root(parent, i):  # type: ignore[no-untyped-def]
    while parent[i] != i:
        parent[i] = parent[parent[i]]
        i = parent[i]
    return i


@kernel
def clusters(left, right, n):  # type: ignore[no-untyped-def]
    """Return each row's root `int64[n]`: the smallest that links `left[i]`-`right[i]` (int64) connect it to."""
    parent = np.arange(n)
    for link in range(len(left)):
        a, b = _root(parent, left[link]), _root(parent, right[link])
        parent[max(a, b)] = min(a, b)
    for row in range(n):
        parent[row] = parent[parent[row]]  # a parent is smaller: it is a root's child already
    return parent


@kernel
def survivors(group, row, kept, rank):  # type: ignore[no-untyped-def]
    """Return each row's survivor `int64[n_rows]`: the kept member of its cluster with the least `rank`, then row.

    `group, row: int64[n_entries]`, equal groups side by side; `kept: bool[n_rows]`; `rank: int64[n_rows]`. Only
    members that are kept link, so clusters don't chain through dropped rows. A row that is dropped, or alone, is its
    own survivor.
    """
    parent = np.arange(len(kept))
    last = -1  # the last kept member of the running group
    for entry in range(len(group)):
        if entry > 0 and group[entry] != group[entry - 1]:
            last = -1
        member = row[entry]
        if not kept[member]:
            continue
        if last >= 0:
            a, b = _root(parent, last), _root(parent, member)
            if rank[a] < rank[b] or (rank[a] == rank[b] and a < b):
                parent[b] = a
            else:
                parent[a] = b
        last = member
    for i in range(len(kept)):
        parent[i] = _root(parent, i)
    return parent


@kernel
def _pairs_of(size, all_pairs_up_to):  # type: ignore[no-untyped-def]
    if size <= all_pairs_up_to:
        return size * (size - 1) // 2
    total, stride = 0, 1
    while stride < size:
        total += size - stride
        stride *= 2
    return total


@kernel
def pairs_within(group, row, all_pairs_up_to):  # type: ignore[no-untyped-def]
    """Return pairs of members of a group, `left << 32 | right` as `uint64[n_pairs]` with left < right, in no set order.

    `group, row: int64[n_entries]` sorted by both; rows below 2**32. In a group of at most `all_pairs_up_to` members
    each meets each; in a larger one each meets those 1, 2, 4, 8, ... places further on: n * log2(n) pairs. So it
    seldom falls apart when members are lost. With 1,000 members, lost at random: half of them, never in 300 tries; 70
    %, 0.6 documents too many survive; 90 %, 23. (Meeting the next 8 instead: 1.9, 17 and 42 too many.)
    """
    n = len(group)
    total, start = 0, 0
    for stop in range(1, n + 1):
        if stop == n or group[stop] != group[start]:
            total += _pairs_of(stop - start, all_pairs_up_to)
            start = stop
    pairs = np.empty(total, np.uint64)
    total, start = 0, 0
    for stop in range(1, n + 1):
        if stop < n and group[stop] == group[start]:
            continue
        small = stop - start <= all_pairs_up_to
        stride = 1
        while stride < stop - start:
            for i in range(start, stop - stride):
                pairs[total] = uint64(row[i]) << uint64(32) | uint64(row[i + stride])
                total += 1
            stride = stride + 1 if small else stride * 2
        start = stop
    return pairs
