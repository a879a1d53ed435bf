"""Do our kernels give what the libraries give that define the truth? Over whole corpora, and on strings by chance.

    python benchmarks/equalities.py FILE.jsonl.zst... --tokenizers FOLDER... [--fuzz 100000] [--trained FILE.jsonl.zst]

For every file: ids of each tokenizer (`tokenizers`, SentencePiece), labels and scores of lid.176.ftz (fastText's own
binding), signatures (datasketch, affine32), and on `--words` documents of it the numbers of datatrove's repetition
filter. Where a corpus has labels of languages (`meta.lang`), says how many are found.

`--fuzz`: so many strings by hypothesis, half of them made of vocabulary entries, for each tokenizer. `--trained` (rows
with `text` and `meta.label`): classifiers of every kind, trained on it by fastText in an environment of its own, and
what they say of its texts. Exits with 1 if anything differs. About 8 minutes for 180 MB.
"""

from __future__ import annotations

import argparse
import io
import itertools
import json
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import environments
import fasttext
import numpy as np
import numpy.typing as npt
import polars as pl
import zstandard
from datasketch import MinHash
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from curate.contracts import Documents, Utf8
from curate.fasttext_model import built_in_language_model, load_model
from curate.filters.repetition import DUPLICATE, TOP, Repetition
from curate.kernels.minhash import permutations, signatures
from curate.kernels.shingles import shingle_hash
from curate.tokenizer import Tokenizer, load_tokenizer
from curate.tokenizer.byte_level import BYTES
from curate.words import words_by

BATCH = 1_000
SHINGLE, PERMUTATIONS = 5, 128
SCORE = 1e-5
"""How far scores may be apart."""
TRAINED = 5_000
"""Texts on which trained classifiers are compared."""
SIGNED = 5_000
"""Documents of each corpus that datasketch signs: it takes a second for 4 MB."""


def read_records(path: Path) -> list[dict[str, Any]]:
    """All rows of a file."""
    with path.open("rb") as raw:
        plain: Any = zstandard.ZstdDecompressor().stream_reader(raw) if path.suffix == ".zst" else raw
        return [json.loads(line) for line in io.TextIOWrapper(plain, "utf-8")]


def read(path: Path) -> pl.DataFrame:
    """All documents of a file: `text`, and `lang` where the rows say so under `meta`."""
    records = read_records(path)
    langs = [record.get("meta", {}).get("lang") for record in records]
    columns = {"text": [record["text"] for record in records], "lang": langs}
    frame = pl.DataFrame(columns, schema={"text": pl.String, "lang": pl.String})
    return frame.with_columns(pl.col("lang").str.replace("^zh-Han[st]$", "zh"))


def batches(texts: pl.Series) -> Iterator[pl.Series]:
    """A thousand at a time."""
    return (texts[start : start + BATCH] for start in range(0, len(texts), BATCH))


def library(tokenizer: Tokenizer) -> Callable[[str], list[int]]:
    """One text to ids, by the library that defines them, with no control ids."""
    if tokenizer.path.suffix == ".model":
        import sentencepiece

        model = sentencepiece.SentencePieceProcessor(model_file=str(tokenizer.path))
        return lambda text: model.encode(text)
    import tokenizers

    spec = json.loads(tokenizer.path.read_bytes()) | {"added_tokens": []}
    whole = tokenizers.Tokenizer.from_str(json.dumps(spec))
    return lambda text: whole.encode(text, add_special_tokens=False).ids


def rows_of(tokenizer: Tokenizer, texts: pl.Series) -> list[list[int]]:
    """Our ids."""
    values, offsets = tokenizer.encode(Utf8.of(texts))
    return [values[start:stop].tolist() for start, stop in itertools.pairwise(offsets)]


def ids(tokenizer: Tokenizer, texts: pl.Series) -> int:
    """How many documents have other ids."""
    encode = library(tokenizer)
    return sum(
        ours != encode(text)
        for batch in batches(texts)
        for ours, text in zip(rows_of(tokenizer, batch), batch, strict=True)
    )


def fuzzed(tokenizer: Tokenizer, cases: int) -> int:
    """How many strings by chance were the same; raises AssertionError with the shortest one that is not."""
    encode = library(tokenizer)
    vocabulary = sorted(json.loads(tokenizer.path.read_bytes())["model"]["vocab"])
    entries = [bytes(BYTES.get(letter, 32) for letter in token).decode(errors="ignore") for token in vocabulary]
    fragments = ["'s", "'LL", "'\u017f", " ", "  ", "\n", "\r\n", "\t", "\u3000", "\xa0", "\x85", "1", "½", "e\u0301"]
    anything = st.text(st.characters(codec="utf-8"), max_size=60)
    made = st.lists(st.sampled_from(entries) | st.sampled_from(fragments), max_size=20).map("".join)
    done = 0

    @settings(max_examples=-(-cases // 8), deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(st.lists(anything | made, min_size=8, max_size=8))
    def same(texts: list[str]) -> None:
        nonlocal done
        assert rows_of(tokenizer, pl.Series(texts, dtype=pl.String)) == [encode(text) for text in texts]
        done += len(texts)

    same()
    return done


def languages(texts: pl.Series) -> tuple[npt.NDArray[np.bool_], float, list[str]]:
    """Whether each label differs from fastText's, the largest difference of scores, and our labels."""
    model, theirs = load_model(built_in_language_model()), fasttext.load_model(built_in_language_model())
    labels, scores = model.predict(Utf8.of(texts))
    ours = [model.labels[label] for label in labels[:, 0]]
    expected = [theirs.predict(text.replace("\n", " ")) for text in texts]
    differ = np.array([f"__label__{mine}" != names[0] for mine, (names, _) in zip(ours, expected, strict=True)])
    their_scores = np.array([float(found[0]) for _, found in expected])
    return differ, float(np.abs(scores[:, 0] - their_scores).max()), ours


def trained(path: Path) -> int:
    """How many texts get other labels or scores from classifiers that fastText has trained; says so for each kind."""
    with tempfile.TemporaryDirectory() as work:
        folder = Path(work)
        records = read_records(path)
        some = pl.Series([record["text"] for record in records], dtype=pl.String).sample(TRAINED, seed=0)
        lines = (f"__label__{one['meta']['label']} {' '.join(one['text'].replace(chr(10), ' '))}\n" for one in records)
        (folder / "labelled.txt").write_text("".join(lines), encoding="utf-8")
        spaced = pl.Series([" ".join(text) for text in some], dtype=pl.String)
        rows = (json.dumps({"text": text}) + "\n" for text in spaced)
        (folder / "texts.jsonl").write_text("".join(rows), encoding="utf-8")
        program = environments.PEERS / "train_fasttext.py"
        arguments = [folder / "labelled.txt", folder / "texts.jsonl", folder]
        subprocess.run([environments.python_of("train_fasttext"), program, *arguments], check=True)
        models = sorted(folder.glob("*.bin")) + sorted(folder.glob("*.ftz"))
        return sum(_say(f"{model.name}, {len(spaced):,} texts", _said(model, spaced)) for model in models)


def _said(path: Path, texts: pl.Series) -> int:
    model = load_model(str(path))
    expected = json.loads(path.with_name(f"{path.name}.json").read_text(encoding="utf-8"))
    labels, scores = model.predict(Utf8.of(texts), k=3)
    differing = 0
    for row, said in enumerate(expected):
        ours = {model.labels[label]: score for label, score in zip(labels[row], scores[row], strict=True) if label >= 0}
        theirs = {label.removeprefix("__label__"): score for label, score in said}
        apart = [abs(ours[label] - score) for label, score in theirs.items() if label in ours]
        differing += ours.keys() != theirs.keys() or max(apart, default=0.0) > SCORE
    return differing


def signed(texts: pl.Series) -> int:
    """How many documents have another signature than datasketch gives them."""
    ours = signatures(*Utf8.of(texts), SHINGLE, *permutations(PERMUTATIONS))
    differing = 0
    for row, text in enumerate(texts):
        sketch = MinHash(PERMUTATIONS, hashfunc=shingle_hash, scheme="affine32")
        shingles = {text[i : i + SHINGLE] for i in range(max(1, len(text) - SHINGLE + 1))} if text else set()
        sketch.update_batch([shingle.encode() for shingle in shingles])
        differing += not np.array_equal(ours[row], sketch.hashvalues)
    return differing


def repeated(texts: pl.Series) -> int:
    """How many documents have other shares of repeated words than datatrove finds."""
    sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
    from datatrove_truth import datatrove_filters

    module = datatrove_filters().repetition
    documents = Documents.of(texts.to_list())
    ours = Repetition(profile="fineweb2_zh").measure(documents)[TOP + DUPLICATE].to_numpy()
    cut = words_by("jieba", documents)
    assert cut is not None
    starts, ends, first_word = cut
    data, differing = documents.utf8.data.tobytes(), 0
    for row, text in enumerate(texts):
        span = range(first_word[row], first_word[row + 1])
        words = [data[starts[word] : ends[word]].decode() for word in span]
        grams = {n: module.get_n_grams(words, n) for n in (2, 3, 4)}
        expected = [module.find_top_duplicate(grams[n]) / len(text) if grams[n] else 0.0 for n in (2, 3, 4)]
        expected += [module.find_all_duplicate(words, n) / len(text) for n in range(5, 11)]
        differing += bool(words) and not np.allclose(ours[row], expected, atol=1e-12, rtol=0)
    return differing


def compare(path: Path, tokenizers: list[Tokenizer], words: int) -> int:
    """Print how a file compares; returns how many documents differ in anything."""
    frame = read(path)
    texts = frame["text"]
    print(f"{path.name}: {len(texts):,} documents, {texts.str.len_bytes().sum() / 1e6:.1f} MB", flush=True)
    total = 0
    for tokenizer in tokenizers:
        total += _say(f"ids of {tokenizer.path.parent.name} ({tokenizer.kind})", ids(tokenizer, texts))
    differ, apart, labels = languages(texts)
    total += _say("labels of languages", int(differ.sum()))
    total += _say(f"scores (largest difference {apart:.1e})", int(apart > SCORE))
    known = frame.with_columns(ours=pl.Series(labels)).filter(pl.col("lang").is_in(sorted(set(labels))))
    if known.height:
        print(f"  of {known.height:,} labelled documents {(known['lang'] == known['ours']).mean():.3f} are found")
    some = texts.sample(min(SIGNED, len(texts)), seed=0)
    total += _say(f"signatures of {len(some):,}", signed(some))
    few = texts.filter(texts.str.len_bytes() < 60_000).sample(min(words, len(texts)), seed=0)
    total += _say(f"repeated words of {len(few):,}", repeated(few))
    return total


def _say(what: str, differing: int) -> int:
    print(f"  {what}: {differing} differ", flush=True)
    return differing


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("files", nargs="*", type=Path)
    parser.add_argument("--tokenizers", nargs="+", type=Path, default=[])
    parser.add_argument("--fuzz", type=int, default=0)
    parser.add_argument("--trained", type=Path)
    parser.add_argument("--words", type=int, default=2_000)
    options = parser.parse_args()
    tokenizers = [load_tokenizer(folder) for folder in options.tokenizers]
    for tokenizer in tokenizers if options.fuzz else []:
        print(
            f"{tokenizer.path.parent.name}: {fuzzed(tokenizer, options.fuzz):,} strings by chance, 0 differ", flush=True
        )
    differing = trained(options.trained) if options.trained else 0
    return int(differing + sum(compare(path, tokenizers, options.words) for path in options.files) > 0)


if __name__ == "__main__":
    sys.exit(main())
