"""How many characters of a text belong to each of a few kinds, by a table of code points."""

import numpy as np

from curate.kernels import kernel
from curate.kernels.utf8 import char_at


@kernel
def count_kinds(data, offsets, table, out):  # type: ignore[no-untyped-def]
    """Fill `out: int64[n_docs, n_kinds]`: characters of each kind `table: uint8[0x110000]` (values below `n_kinds`).

    About 900 MB/s of Chinese.
    """
    counts = np.zeros(256, np.int64)
    n_kinds = out.shape[1]
    for doc in range(len(offsets) - 1):
        counts[:n_kinds] = 0
        i, stop = offsets[doc], offsets[doc + 1]
        while i < stop:
            while i < stop and 0xE0 <= data[i] < 0xF0:
                counts[table[(data[i] & 0x0F) << 12 | (data[i + 1] & 0x3F) << 6 | (data[i + 2] & 0x3F)]] += 1
                i += 3
            while i < stop and data[i] < 0x80:
                counts[table[data[i]]] += 1
                i += 1
            if i < stop:
                point, width = char_at(data, i)
                counts[table[point]] += 1
                i += width
        out[doc] = counts[:n_kinds]
