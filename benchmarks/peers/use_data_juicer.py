# /// script
# dependencies = [
#     "py-data-juicer>=1.6.1",
#     "aiohttp>=3.10",  # imported, not asked for
#     "ray>=2.50",      # else installed while it is imported
# ]
# ///
"""Data-Juicer: those of its filters that need no words and so can do Chinese, its flagged words, its MinHash.

Operators are called on batches of 1,000, as it does itself, but on lists: without the way through `datasets`, which
would only cost time. `flagged_words` splits Chinese by a SentencePiece model, which it downloads at its first use.
"""

import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from serve import Work, serve

BATCH = 1_000
os.environ["DATA_JUICER_CACHE_HOME"] = os.path.join(sys.prefix, "cache")  # not in the user's home


def filtered(*operators: Any) -> Work:
    """Measure and judge, operator by operator."""
    from data_juicer.utils.constant import Fields

    def prepare(texts: list[str]) -> Callable[[], None]:
        def work() -> None:
            for start in range(0, len(texts), BATCH):
                batch = texts[start : start + BATCH]
                samples = {"text": batch, Fields.stats: [{} for _ in batch]}
                for operator in operators:
                    samples = operator.compute_stats_batched(samples)
                    list(operator.process_batched(samples))

        return work

    return Work(prepare)


def quality_operators() -> list[Any]:
    from data_juicer.ops import filter as operators

    return [
        operators.TextLengthFilter(),
        operators.AlphanumericFilter(),
        operators.SpecialCharactersFilter(),
        operators.AverageLineLengthFilter(),
        operators.MaximumLineLengthFilter(),
    ]


def repetition_operators() -> list[Any]:
    from data_juicer.ops.filter import CharacterRepetitionFilter

    return [CharacterRepetitionFilter()]


def quality(options: dict[str, Any]) -> Work:
    return filtered(*quality_operators())


def repetition(options: dict[str, Any]) -> Work:
    return filtered(*repetition_operators())


def filters(options: dict[str, Any]) -> Work:
    return filtered(*quality_operators(), *repetition_operators())


def flagged_words(options: dict[str, Any], tokenization: bool = True) -> Work:
    from data_juicer.ops.filter import FlaggedWordFilter

    listed = Path(options["words"])
    asset = {"zh": listed.read_text(encoding="utf-8").splitlines()}
    listed.with_name("flagged_words.json").write_text(json.dumps(asset), encoding="utf-8")
    return filtered(FlaggedWordFilter(lang="zh", tokenization=tokenization, flagged_words_dir=str(listed.parent)))


def flagged_words_at_blanks(options: dict[str, Any]) -> Work:
    """Without the model: what stands between blanks is a word, and so hardly any is found."""
    return flagged_words(options, tokenization=False)


def near_duplicates(options: dict[str, Any]) -> Work:
    """Its own choice of bands."""
    from data_juicer.ops.deduplicator import DocumentMinhashDeduplicator
    from data_juicer.utils.constant import HashKeys
    from datasets import Dataset, disable_progress_bars

    disable_progress_bars()
    operator = DocumentMinhashDeduplicator(
        tokenization="character",
        window_size=options["shingle"],
        lowercase=False,
        num_permutations=options["permutations"],
        jaccard_threshold=options["similarity"],
    )

    def prepare(texts: list[str]) -> Callable[[], None]:
        def work() -> None:
            hashes = [operator.compute_hash({"text": text})[HashKeys.minhash] for text in texts]
            operator.process(Dataset.from_dict({"text": texts, HashKeys.minhash: hashes}))

        return work

    return Work(prepare)


if __name__ == "__main__":
    serve(
        ["py-data-juicer", "datasets", "numpy"],
        *(quality, repetition, filters, flagged_words, flagged_words_at_blanks, near_duplicates),
    )
