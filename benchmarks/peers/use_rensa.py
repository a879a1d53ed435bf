# /// script
# dependencies = ["rensa>=0.5"]
# ///
"""rensa (Rust): MinHash of shingles that Python makes, which counts, for rensa makes none itself.

`update` text by text is the fastest of its calls on such shingles: as long as its calls for batches with a generator,
twice as fast as those with a list of lists. Its "rho" signatures look at a sample of the shingles and are left out.
"""

from collections.abc import Callable
from typing import Any

from serve import Work, each, serve, shingles, write_links


def r_signatures(options: dict[str, Any]) -> Work:
    from rensa import RMinHash

    return each(lambda text: RMinHash(options["permutations"], 42).update(shingles(text, options["shingle"])))


def c_signatures(options: dict[str, Any]) -> Work:
    from rensa import CMinHash

    return each(lambda text: CMinHash(options["permutations"], 42).update(shingles(text, options["shingle"])))


def r_signatures_of_shingles(options: dict[str, Any]) -> Work:
    """Shingles made before the clock starts, as bytes, which rensa reads fastest."""
    from rensa import RMinHash

    def prepare(texts: list[str]) -> Callable[[], None]:
        shingled = [[shingle.encode() for shingle in shingles(text, options["shingle"])] for text in texts]

        def work() -> None:
            RMinHash.digest_matrix_from_token_byte_sets(shingled, num_perm=options["permutations"], seed=42)

        return work

    return Work(prepare)


def near_duplicates(options: dict[str, Any]) -> Work:
    """Its own streaming deduplicator: bands at its own choice, candidates checked by their signatures."""
    from rensa import RMinHashDeduplicator

    def prepare(texts: list[str]) -> Callable[[], None]:
        def work() -> None:
            seen = RMinHashDeduplicator(options["similarity"], options["permutations"], use_lsh=True)
            seen.add_pairs((str(row), shingles(text, options["shingle"])) for row, text in enumerate(texts))

        return work

    return Work(prepare)


def r_near_duplicate_links(options: dict[str, Any]) -> Work:
    from rensa import RMinHash, RMinHashDeduplicator

    def seen() -> Any:
        return RMinHashDeduplicator(options["similarity"], options["permutations"], use_lsh=True)

    return _links(RMinHash, seen, options)


def c_near_duplicate_links(options: dict[str, Any]) -> Work:
    from rensa import CMinHash, CMinHashDeduplicator

    return _links(CMinHash, lambda: CMinHashDeduplicator(options["similarity"], options["permutations"]), options)


def _links(kind: Any, deduplicator: Callable[[], Any], options: dict[str, Any]) -> Work:
    """Each text with those before it that stayed and are its duplicates; it stays if there are none."""

    def prepare(texts: list[str]) -> Callable[[], int]:
        def work() -> int:
            seen, links = deduplicator(), []
            for row, text in enumerate(texts):
                sketch = kind(options["permutations"], 42)
                sketch.update(shingles(text, options["shingle"]))
                found = seen.get_duplicates(sketch)
                links += [(int(other), row) for other in found]
                if not found:
                    seen.add(str(row), sketch)
            return write_links(links, options)

        return work

    return Work(prepare)


if __name__ == "__main__":
    serve(
        ["rensa"],
        *(r_signatures, c_signatures, r_signatures_of_shingles, near_duplicates),
        *(r_near_duplicate_links, c_near_duplicate_links),
    )
