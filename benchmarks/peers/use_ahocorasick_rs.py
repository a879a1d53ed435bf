# /// script
# dependencies = ["ahocorasick-rs>=1.0.3"]
# ///
"""ahocorasick_rs (Rust): the same words, leftmost and longest, as positions."""

from pathlib import Path
from typing import Any

from serve import Work, each, serve


def words(options: dict[str, Any]) -> Work:
    from ahocorasick_rs import AhoCorasick, MatchKind

    listed = Path(options["words"]).read_text(encoding="utf-8").splitlines()
    return each(AhoCorasick(listed, matchkind=MatchKind.LeftmostLongest).find_matches_as_indexes)


if __name__ == "__main__":
    serve(["ahocorasick-rs"], words)
