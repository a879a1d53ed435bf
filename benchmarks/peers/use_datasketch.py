# /// script
# dependencies = ["datasketch>=2.0", "xxhash>=3.5"]
# ///
"""datasketch (NumPy) in its fastest form: `bulk`, one multiply-add a permutation (affine32), xxh32 as the hash."""

from collections.abc import Callable, Iterator
from typing import Any

from serve import Work, serve, shingles, write_links


def sketches(texts: list[str], options: dict[str, Any]) -> Iterator[Any]:
    from datasketch import MinHash
    from xxhash import xxh32_intdigest

    shingled = ([shingle.encode() for shingle in shingles(text, options["shingle"])] for text in texts)
    return MinHash.generator(shingled, num_perm=options["permutations"], hashfunc=xxh32_intdigest, scheme="affine32")


def signatures(options: dict[str, Any]) -> Work:
    def prepare(texts: list[str]) -> Callable[[], None]:
        def work() -> None:
            for _ in sketches(texts, options):
                pass

        return work

    return Work(prepare)


def near_duplicates(options: dict[str, Any]) -> Work:
    """A text stays if the index, at its own choice of bands, knows none like it."""
    from datasketch import MinHashLSH

    def prepare(texts: list[str]) -> Callable[[], None]:
        def work() -> None:
            index = MinHashLSH(options["similarity"], options["permutations"])
            for row, sketch in enumerate(sketches(texts, options)):
                if not index.query(sketch):
                    index.insert(row, sketch)

        return work

    return Work(prepare)


def near_duplicate_links(options: dict[str, Any]) -> Work:
    """All pairs that its index, at its own choice of bands, gives for each text, into the file `links`."""
    from datasketch import MinHashLSH

    def prepare(texts: list[str]) -> Callable[[], int]:
        def work() -> int:
            index = MinHashLSH(options["similarity"], options["permutations"])
            signed = list(sketches(texts, options))
            for row, sketch in enumerate(signed):
                index.insert(row, sketch)
            links = [(row, other) for row, sketch in enumerate(signed) for other in index.query(sketch) if row < other]
            return write_links(links, options)

        return work

    return Work(prepare)


if __name__ == "__main__":
    serve(["datasketch", "numpy", "xxhash"], signatures, near_duplicates, near_duplicate_links)
