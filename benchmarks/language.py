"""Language identification beside fastText's own binding, over a whole labelled corpus: accuracy and agreement.

Usage: python benchmarks/language.py LABELLED.jsonl.zst   (records with `text` and `meta.lang`; at most 20 MB are read)
zh-Hans and zh-Hant are both zh; records whose label the model does not know count for agreement only. How fast each
is, `bench.py` says.
"""

import io
import json
import sys

import fasttext
import polars as pl
import zstandard

from curate.contracts import Documents
from curate.fasttext_model import built_in_language_model, load_model
from curate.filters.language import Language


def read(path: str, limit: int = 20_000_000) -> tuple[list[str], list[str]]:
    """Texts and their labels, until `limit` bytes have been read."""
    texts, labels, size = [], [], 0
    with open(path, "rb") as file:
        for line in io.TextIOWrapper(zstandard.ZstdDecompressor().stream_reader(file), "utf-8"):
            record = json.loads(line)
            texts.append(record["text"])
            labels.append(record.get("meta", {}).get("lang", ""))
            size += len(line)
            if size > limit:
                break
    return texts, labels


def main(path: str) -> None:
    texts, labels = read(path)
    theirs = fasttext.load_model(built_in_language_model())
    documents = Documents.of(texts)
    measured = Language().measure(documents)
    expected = [theirs.predict(text.replace("\n", " ")) for text in texts]

    table = measured.with_columns(
        label=pl.Series(labels).str.replace("^zh-Han[st]$", "zh"),
        their_lang=pl.Series([names[0].removeprefix("__label__") for names, _ in expected]),
        their_score=pl.Series([min(1.0, float(scores[0])) for _, scores in expected]),
    )
    both = table.drop_nulls("lang")
    known = table.filter(pl.col("label").is_in(load_model(built_in_language_model()).labels))
    chinese = known.filter(label="zh")
    passed = (pl.col("lang") == "zh") & (pl.col("lang_score") >= 0.65)
    print(f"{len(texts)} documents, {len(documents.utf8.data) / 1e6:.1f} MB")
    print(f"labels that differ: {both.filter(pl.col('lang') != pl.col('their_lang')).height}")
    difference = (both["lang_score"] - both["their_score"]).abs().max()
    print(f"largest difference of scores: {difference:.1e}")
    print(f"without a language: {table['lang'].null_count()}")
    if known.height:
        correct = known.select((pl.col("lang") == pl.col("label")).fill_null(False).mean()).item()
        print(f"accuracy {correct:.3f}")
    if chinese.height:
        recall = chinese.select((pl.col("lang") == "zh").fill_null(False).mean()).item()
        kept = chinese.select(passed.fill_null(False).mean()).item()
        others = known.filter(pl.col("label") != "zh").select(passed.fill_null(False).sum()).item()
        print(f"zh recall {recall:.3f}, kept by the default rule {kept:.3f}; other languages kept: {others}")


if __name__ == "__main__":
    main(sys.argv[1])
