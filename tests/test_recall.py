"""The benchmark of near duplicates: its truth, and its scores, by hand. Nothing here is timed or installed."""

import json
import struct
import sys
from pathlib import Path

import numpy as np
import pytest
import zstandard
from duplicate_texts import edited, invented, similarity
from hypothesis import given, settings
from hypothesis import strategies as st

BENCHMARKS = Path(__file__).parents[1] / "benchmarks"
sys.path += [str(BENCHMARKS), str(BENCHMARKS / "duplicates"), str(BENCHMARKS / "peers")]

import labelled  # noqa: E402
import recall  # noqa: E402
import use_datatrove  # noqa: E402
from contest import Program  # noqa: E402

near = [edited(invented(number % 9, 200), number / 500) for number in range(30)]


def linked_by_python(texts: list[str], least: float) -> list[list[int]]:
    return [[a, b] for b in range(len(texts)) for a in range(b) if similarity(texts[a], texts[b]) >= least]


@pytest.mark.parametrize("least", [0.5, 0.8, 1.0])
def test_brute_force_finds_the_pairs_that_python_finds(least: float) -> None:
    texts = [*near, near[3], invented(40, 5)]
    expected = sorted(linked_by_python(texts, least))
    assert expected and len(expected) < 150
    assert labelled.true_links(texts, least).tolist() == expected


@settings(deadline=None, max_examples=50)
@given(st.lists(st.text("ab", min_size=5, max_size=12), max_size=8), st.sampled_from([0.3, 0.5, 0.8, 1.0]))
def test_brute_force_finds_all_pairs_of_texts_that_share_much(texts: list[str], least: float) -> None:
    assert labelled.true_links(texts, least).tolist() == sorted(linked_by_python(texts, least))


def test_f1_counts_pairs_in_one_cluster() -> None:
    truth = np.array([0, 0, 0, 3, 3, 5])  # 3 + 1 pairs
    assert labelled.f1(truth, truth) == 1
    assert labelled.f1(np.array([0, 0, 2, 3, 3, 5]), truth) == 2 * 2 / (2 + 4)
    assert labelled.f1(np.array([0, 0, 0, 3, 3, 3]), truth) == 2 * 4 / (6 + 4)
    assert labelled.f1(np.arange(6), np.arange(6)) == 1
    assert labelled.f1(np.arange(6), truth) == 0


def corpus() -> labelled.Corpus:
    # 0 is the base of 1 (0.9), 2 (0.7) and 3 (0.5); 4 and 5 are distractors
    return labelled.Corpus(
        texts=list("abcdef"),
        left=np.array([0, 0, 0]),
        right=np.array([1, 2, 3]),
        jaccard=np.array([0.9, 0.7, 0.5]),
        edit=["exact", "shuffle", "shuffle"],
        distractor=np.array([False] * 4 + [True] * 2),
    )


def test_a_pair_is_linked_directly_or_found_in_a_chain() -> None:
    truth = labelled.joined(np.array([[0, 1]]), 6)
    scores = labelled.scored(np.array([[0, 1], [1, 3], [4, 5]]), corpus(), truth)
    assert scores.linked.tolist() == [True, False, False]
    assert scores.together.tolist() == [True, False, True]
    assert scores.distractors == 2
    assert scores.f1 == 2 * 1 / (4 + 1)
    assert labelled.scored(np.empty((0, 2), np.int64), corpus(), truth).linked.tolist() == [False] * 3


def bounds_of(links: list[list[int]], seconds: float) -> list[str]:
    truth = labelled.joined(np.array([[0, 1]]), 6)
    found = recall.Found("curate", np.array(links), seconds)
    scores = labelled.scored(found.links, labels(), truth)
    return [row[-1] for row in recall.bounds(recall.Judged(found, scores), labels().jaccard).rows]


def labels() -> labelled.Corpus:
    """As `corpus`, with one pair more, of 0.85: 0 and 5, no distractor."""
    one = corpus()
    return one._replace(
        left=np.append(one.left, 0),
        right=np.append(one.right, 5),
        jaccard=np.append(one.jaccard, 0.85),
        edit=[*one.edit, "edit_2"],
        distractor=np.array([False] * 4 + [True, False]),
    )


def test_every_bound_may_be_met_and_missed() -> None:
    recall_, near_, wrong, far, distractors, f1, seconds = range(7)
    good = bounds_of([[0, 1], [0, 5]], 10)
    assert [good[at] for at in (recall_, near_, wrong, far, distractors, seconds)] == ["met"] * 6
    assert bounds_of([[0, 1]], 10)[f1] == "met"
    bad = bounds_of([[0, 2], [0, 3], [3, 4]], 10.1)
    assert bad == ["missed"] * 7


@pytest.mark.parametrize(("tool", "program", "step"), recall.TOOLS + recall.SLOW_TOOLS)
def test_a_program_has_the_step_that_is_asked_for(tool: str, program: str, step: str) -> None:
    source = (recall.PEERS / f"{program}.py").read_text(encoding="utf-8")
    assert f"def {step}(options" in source and step in source.partition("    serve(")[2], tool


def test_tables_have_a_row_for_each_tool_and_a_column_for_each_kind() -> None:
    truth = labelled.joined(np.array([[0, 1]]), 6)
    judged = [
        recall.Judged(recall.Found(tool, links, 1.0), labelled.scored(links, labels(), truth))
        for tool, links in (("curate", np.array([[0, 1]])), ("other", np.array([[0, 2]])))
    ]
    # 1 - (1 - 0.7 ** 6) ** 16 = 0.865
    assert ["0.7 to 0.75", "1", "0.865", "0.000", "1.000"] in recall.by_similarity(judged, labels()).rows
    assert recall.by_edit(judged, labels()).rows == [
        ["edit_2", "1", "0.000", "0.000"],
        ["exact", "1", "1.000", "0.000"],
    ]
    summary = recall.summary(judged, labels().jaccard)
    assert [row[:4] for row in summary.rows] == [
        ["curate", "0.5000", "0.0000", "1.0000"],
        ["other", "0.0000", "0.0000", "0.0000"],
    ]
    assert {len(row) for row in summary.rows} == {len(summary.columns)}


def test_a_corpus_is_read_in_an_order_by_chance_with_its_labels(tmp_path: Path) -> None:
    records = [
        {"id": "a", "text": "one", "meta": {"role": "base", "base": "a", "edit": None, "jaccard": None}},
        {"id": "b", "text": "two", "meta": {"role": "variant", "base": "a", "edit": "edit_1", "jaccard": 0.9}},
        {"id": "c", "text": "three", "meta": {"role": "distractor", "base": None, "edit": None, "jaccard": None}},
    ]
    file = tmp_path / "labelled.jsonl.zst"
    file.write_bytes(zstandard.compress("\n".join(map(json.dumps, records)).encode()))
    read = labelled.read(file)
    assert sorted(read.texts) == ["one", "three", "two"]
    assert [read.texts[read.left[0]], read.texts[read.right[0]]] == ["one", "two"]
    assert (read.jaccard.tolist(), read.edit) == ([0.9], ["edit_1"])
    assert [text for text, is_one in zip(read.texts, read.distractor, strict=True) if is_one] == ["three"]


def test_ours_are_the_links_of_a_whole_run(tmp_path: Path) -> None:
    texts = [*near, near[3]]
    found = recall.ours(corpus()._replace(texts=texts), tmp_path, verify=True)
    assert found.links.tolist() == labelled.true_links(texts, 0.8).tolist()


def test_a_peer_leaves_its_links_in_a_file(tmp_path: Path) -> None:
    labelled.write(corpus()._replace(texts=near), tmp_path / "texts.jsonl")
    given = recall.OPTIONS | {"links": str(tmp_path / "links.json")}
    program = recall.PEERS / "use_datasketch.py"
    with Program(sys.executable, program, "near_duplicate_links", tmp_path / "texts.jsonl", given) as peer:
        done = peer.run(len(near))
    links = json.loads((tmp_path / "links.json").read_text())
    assert done["amount"] == len(links) > 0
    assert all(similarity(near[a], near[b]) > 0.6 for a, b in links)


def test_datatrove_names_neighbours_and_all_pairs_are_meant(tmp_path: Path) -> None:
    file = tmp_path / "00000_00.dups"
    file.write_bytes(b"".join(struct.pack("<4I", 0, a, 0, b) for a, b in [(1, 4), (4, 6), (2, 3)]))
    assert list(use_datatrove._pairs(file)) == [(1, 4), (1, 6), (4, 6), (2, 3)]
