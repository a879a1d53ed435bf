# /// script
# dependencies = [
#     "datatrove>=0.10.1",
#     "jieba>=0.42.1",
#     "orjson>=3.10",
#     "regex",
#     "spacy>=3.8",
#     "tokenizers>=0.23.1",
#     "xxhash<4",  # 0.10.1 fails with 4: "Strings must be encoded before hashing"
# ]
# ///
"""datatrove: its filters at FineWeb-2's Chinese numbers, its four stages of MinHash, its tokenizer.

Steps are chained as its local executor chains them, over documents that are in memory. A chain stops at the first
filter that drops a document; ours measures every one by everything. Sources: github.com/huggingface/fineweb-2,
fineweb-2-pipeline.py and configs/cmn_Hani.yml.
"""

import shutil
import struct
import tempfile
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

from serve import Work, serve, write_links

LANGUAGE = "cmn_Hani"
STOP_WORDS = [*"的年在月是和日了於·為有被人中为他與後也而由"]


def gopher_repetition() -> Any:
    from datatrove.pipeline.filters import GopherRepetitionFilter

    return GopherRepetitionFilter(
        language=LANGUAGE,
        dup_para_frac=0,
        dup_line_char_frac=0,
        dup_para_char_frac=0,
        dup_line_frac=0.287,
        top_n_grams=((2, 0.256), (3, 0.201), (4, 0.171)),
        dup_n_grams=((5, 0.198), (6, 0.182), (7, 0.167), (8, 0.154), (9, 0.14), (10, 0.127)),
    )


def fineweb_quality() -> Any:
    from datatrove.pipeline.filters import FineWebQualityFilter

    return FineWebQualityFilter(
        language=LANGUAGE, short_line_thr=999, char_duplicates_ratio=0.1, line_punct_thr=0.106, new_line_ratio=0.178
    )


def gopher_quality() -> Any:
    from datatrove.pipeline.filters import GopherQualityFilter

    return GopherQualityFilter(
        language=LANGUAGE,
        max_avg_word_length=5,
        min_avg_word_length=1,
        stop_words=STOP_WORDS,
        max_non_alpha_words_ratio=0.735,
        min_stop_words=2,
    )


def documents(texts: list[str]) -> list[Any]:
    from datatrove.data import Document

    return [Document(text=text, id=str(row)) for row, text in enumerate(texts)]


def run(data: Iterable[Any] | None, *steps: Any) -> None:
    """Draw all documents through the steps."""
    for step in steps:
        data = step.run(data, 0, 1)
    for _ in data or []:
        pass


def chained(*steps: Any) -> Work:
    def prepare(texts: list[str]) -> Callable[[], None]:
        data = documents(texts)
        return lambda: run(data, *steps)

    return Work(prepare)


def filters(options: dict[str, Any]) -> Work:
    return chained(gopher_repetition(), fineweb_quality(), gopher_quality())


def quality(options: dict[str, Any]) -> Work:
    return chained(fineweb_quality(), gopher_quality())


def repetition(options: dict[str, Any]) -> Work:
    return chained(gopher_repetition())


def in_new_folder(work: Callable[[list[Any], str], None]) -> Work:
    """A step that leaves files; each time starts with an empty folder."""

    def prepare(texts: list[str]) -> Callable[[], None]:
        data = documents(texts)

        def in_folder() -> None:
            folder = tempfile.mkdtemp()
            try:
                work(data, folder)
            finally:
                shutil.rmtree(folder)

        return in_folder

    return Work(prepare)


def near_duplicates(options: dict[str, Any]) -> Work:
    """Its own 14 buckets of 8 hashes over five words, as FineWeb-2 has them."""

    def stages(data: list[Any], folder: str) -> None:
        from datatrove.pipeline.dedup import MinhashDedupCluster, MinhashDedupFilter

        config = pair_up(data, folder)
        MinhashDedupCluster(f"{folder}/buckets", f"{folder}/remove_ids", config=config).run(None, 0, 1)
        run(data, MinhashDedupFilter(f"{folder}/remove_ids"))

    return in_new_folder(stages)


def near_duplicate_links(options: dict[str, Any]) -> Work:
    """All pairs that share a bucket; its files name neighbours only, so a bucket's chain is spread to pairs."""

    def stages(data: list[Any], folder: str) -> None:
        pair_up(data, folder)
        write_links([pair for file in sorted(Path(folder, "buckets").iterdir()) for pair in _pairs(file)], options)

    return in_new_folder(stages)


def _pairs(file: Path) -> Iterator[tuple[int, int]]:
    """Pairs of rows that share a bucket of one file of (file, row, file, row)."""
    chain: list[int] = []
    for _, row, _, other in struct.iter_unpack("<4I", file.read_bytes()):
        chain = [*chain, other] if chain and chain[-1] == row else [row, other]
        yield from ((earlier, other) for earlier in chain[:-1])


def pair_up(data: list[Any], folder: str) -> Any:
    """Signatures, and pairs bucket by bucket; returns its configuration."""
    from datatrove.pipeline.dedup import MinhashDedupSignature
    from datatrove.pipeline.dedup.minhash import MinhashConfig, MinhashDedupBuckets
    from datatrove.utils.hashing import HashConfig

    config = MinhashConfig(hash_config=HashConfig(hash_fc="xxhash", precision=64))

    signed = f"{folder}/signatures"
    MinhashDedupSignature(signed, config=config, language=LANGUAGE).run(data, 0, 1)
    for bucket in range(config.num_buckets):
        MinhashDedupBuckets(signed, f"{folder}/buckets", config=config).run(None, bucket, config.num_buckets)
    return config


def tokens(options: dict[str, Any]) -> Work:
    """Documents to a file of ids, left in their order."""
    from datatrove.pipeline.tokens import DocumentTokenizer

    def tokenize(data: list[Any], folder: str) -> None:
        DocumentTokenizer(folder, options["tokenizer"], shuffle_documents=False).run(data, 0, 1)

    return in_new_folder(tokenize)


if __name__ == "__main__":
    serve(
        ["datatrove", "jieba", "spacy", "tokenizers", "xxhash"],
        *(filters, quality, repetition, near_duplicates, near_duplicate_links, tokens),
    )
