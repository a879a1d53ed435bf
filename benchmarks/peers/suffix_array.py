# /// script
# dependencies = ["pydivsufsort>=0.0.20", "numpy"]
# ///
"""A suffix array of all texts (libdivsufsort) and the common prefixes of its neighbours (Kasai), in one piece.

    python suffix_array.py TEXTS.npz

TEXTS.npz holds `data: uint8[n_bytes]`, `starts, stops: int64[n]`: where planted runs lie. A run is found if its suffix
shares so many bytes with a neighbour in the array. Prints one line of JSON: seconds, bytes of memory, runs found.
"""

import json
import resource
import sys
import time

import numpy as np
from pydivsufsort import divsufsort, kasai


def main() -> None:
    arrays = np.load(sys.argv[1])
    data, starts, stops = arrays["data"], arrays["starts"], arrays["stops"]
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    started = time.perf_counter()
    suffixes = divsufsort(data)
    sorted_in = time.perf_counter() - started
    common = kasai(data, suffixes)  # common[i]: bytes that the suffixes of ranks i and i + 1 share
    seconds = time.perf_counter() - started
    ranks = np.empty(len(suffixes), np.int64)
    ranks[suffixes] = np.arange(len(suffixes))
    rank = ranks[starts]
    longest = np.maximum(common[rank], np.where(rank > 0, common[rank - 1], 0))
    memory = 1024 * (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
    found = int((longest >= stops - starts).sum())
    print(json.dumps({"sorting": sorted_in, "seconds": seconds, "memory": memory, "found": found}))


if __name__ == "__main__":
    main()
