"""The made-up corpora of the benchmarks of duplicates: what they say of themselves is true, and the same each time."""

import sys
from pathlib import Path

import numpy as np
import polars as pl
import pytest

DUPLICATES = Path(__file__).parents[1] / "benchmarks" / "duplicates"
sys.path.append(str(DUPLICATES))

import composed  # noqa: E402
import corpus  # noqa: E402
from composed import BASE, EDITED, EXACT, FILLED, FRAMED, SHORTENED  # noqa: E402

CRAWL = corpus.Crawl(2_000, file_documents=500)


@pytest.fixture(scope="module")
def pool():
    chance = np.random.default_rng(0)
    sentences = ["".join(map(chr, 0x4E00 + chance.integers(0, 3_000, size))) for size in chance.integers(12, 47, 3_000)]
    return composed.pool_of(
        ["。".join(sentences) + "。", "𠀋𠀌 is rare, and so is this sentence. <b>Markup is not.</b>"]
    )


@pytest.fixture(scope="module")
def made(pool, tmp_path_factory):
    folder = tmp_path_factory.mktemp("made")
    corpus.write(folder, pool, 7, CRAWL)
    return folder


def rows(folder):
    """Documents with their truth."""
    documents = pl.concat([pl.read_parquet(file) for file in sorted((folder / "documents").iterdir())])
    return pl.concat([documents, corpus.read_truth(folder)], how="horizontal")


def shingles(text):
    return {text[i : i + 5] for i in range(len(text) - 4)}


def jaccard(one, other):
    return len(one & other) / len(one | other)


def test_sentences_are_taken_once_and_without_markup():
    sentences = [f"这是语料里的第{number:03}句话。" for number in range(20)]
    others = ["太短。", "这一句话里面有<b>标记</b>所以不要。", "一二三四五六七八九十，没有句号的一行", "长" * 48 + "。"]
    pool = composed.pool_of(["".join(sentences), "\n".join(others), "".join(sentences[:9])])
    assert "".join(map(chr, pool.points)) == "".join(sentences)
    assert pool.starts.tolist() == list(range(0, 13 * 20 + 1, 13))


def test_a_corpus_without_sentences_is_refused():
    with pytest.raises(SystemExit, match="no sentences"):
        composed.pool_of(["没有句号的一行"])


def test_the_stated_similarity_is_that_of_the_sets_of_shingles(made):
    table = rows(made)
    originals = {row["base"]: shingles(row["text"]) for row in table.iter_rows(named=True) if row["kind"] == BASE}
    copies = table.filter(pl.col("kind") != BASE)
    expected = [jaccard(shingles(text), originals[base]) for text, base in copies.select("text", "base").iter_rows()]
    assert copies["jaccard"].to_list() == pytest.approx(expected, abs=1e-12)
    assert table.filter(pl.col("kind") == BASE)["jaccard"].null_count() == len(originals) == 1_400


def test_copies_are_of_all_kinds_and_most_are_near(made):
    copies = rows(made).filter(pl.col("kind") != BASE)
    assert copies.height == 600
    counts = dict(copies.group_by("kind").len().iter_rows())
    assert all(counts[kind] > 80 for kind in (EXACT, EDITED, SHORTENED, FRAMED)) and counts[FILLED] > 5
    assert copies.filter(pl.col("kind") == EXACT)["jaccard"].min() == 1
    changed = copies.filter(pl.col("kind") != EXACT)
    assert (changed["jaccard"] == 1).sum() < 5, "a character may be replaced by itself"
    assert 0.8 < (copies["jaccard"] >= 0.8).mean() < 0.95
    assert 0.05 < copies["jaccard"].is_between(0.6, 0.8, closed="left").mean() < 0.2


def test_blanks_of_a_template_are_in_the_same_places(made, pool):
    table = rows(made).filter(pl.col("kind") == FILLED)
    original = {base: bytes(corpus.originals(pool, 7, np.array([base])).data).decode() for base in range(4)}
    changed = {base: set() for base in original}
    for base, text in table.select("base", "text").iter_rows():
        assert len(text) == len(original[base])
        changed[base] |= {i for i in range(len(text)) if text[i] != original[base][i]}
    for base, places in changed.items():
        assert len(places) <= len(original[base]) // composed.BLANK_EVERY
    assert changed[0]


def test_unrelated_originals_share_next_to_nothing(pool):
    assert corpus.unrelated(pool, 7, 1_400).mean() < 0.01


def test_a_corpus_is_the_same_each_time_and_its_first_files_are_a_smaller_one(made, pool, tmp_path):
    corpus.write(tmp_path, pool, 7, CRAWL._replace(documents=1_000))
    names = sorted(file.relative_to(tmp_path) for file in tmp_path.rglob("*.parquet"))
    assert len(names) == 4
    assert all((tmp_path / name).read_bytes() == (made / name).read_bytes() for name in names)
    corpus.write(tmp_path, pool, 8, CRAWL._replace(documents=1_000))
    assert not rows(tmp_path)["text"].equals(rows(made)["text"][:1_000])


def test_ids_are_row_numbers_and_originals_are_numbered_in_order(made):
    table = rows(made)
    assert table["id"].cast(pl.Int64).to_list() == list(range(2_000))
    assert table.filter(pl.col("kind") == BASE)["base"].to_list() == list(range(1_400))
    position = {base: row for row, base in enumerate(table["base"]) if table["kind"][row] == BASE}
    files = [(row // 500, position[base] // 500) for row, base in enumerate(table["base"])]
    assert all(own >= other for own, other in files)


def test_a_later_crawl_repeats_the_earlier_one_only(made, pool, tmp_path):
    later = corpus.Crawl(400, 0.5, 200, first_row=2_000, first_base=CRAWL.bases, earlier=True)
    corpus.write(tmp_path, pool, 7, later)
    first, second = rows(made), rows(tmp_path)
    assert second["id"].cast(pl.Int64).to_list() == list(range(2_000, 2_400))
    is_new = second["kind"] == BASE
    assert is_new.sum() == 200 and second.filter(is_new)["base"].min() == CRAWL.bases == 1_400
    old = second.filter(~is_new)
    assert set(old["base"]) <= set(first["base"])
    exact = old.filter(pl.col("kind") == EXACT)
    assert exact.height and set(exact["text"]) <= set(first["text"])
