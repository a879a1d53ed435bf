# /// script
# dependencies = [
#     "dolma>=1.2.1",
#     "boto3==1.26.76",  # what its s3fs of 2023 goes with; pip would search for minutes
# ]
# ///
"""dolma's taggers. They split at blanks, so that a Chinese document counts as a word or a few: they do less work, and
most of their numbers mean nothing on such text."""

from typing import Any

from serve import Work, each, serve


def tagger(name: str) -> Work:
    import dolma.taggers  # noqa: F401  # registers them
    from dolma.core.data_types import InputSpec
    from dolma.core.registry import TaggerRegistry

    made = TaggerRegistry.get(name)()
    return each(lambda text: made.tag(InputSpec(id="0", text=text, source="text", version=None)))


def gopher_v2(options: dict[str, Any]) -> Work:
    return tagger("gopher_v2")


def c4_v2(options: dict[str, Any]) -> Work:
    return tagger("c4_v2")


if __name__ == "__main__":
    serve(["dolma"], gopher_v2, c4_v2)
