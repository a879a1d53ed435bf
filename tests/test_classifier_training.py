"""Training a classifier: samples, parts, figures, features, the training itself, the model's file, the card.

AUC, precision, calibration and ratios are worked out by hand, or by comparing all pairs; the file is read by fastText.
"""

import gzip
import itertools
import json
import subprocess
import sys
from pathlib import Path

import fasttext
import numpy as np
import polars as pl
import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st

from curate.classifier import figures, learning, samples, training
from curate.classifier.model_file import model_bytes
from curate.cli import main
from curate.contracts import Documents
from curate.errors import PipelineError
from curate.fasttext_model import load_model
from curate.filters.classifier import Classifier
from curate.filters.domain import Domain

SUBJECTS = {
    "kitchen": ["锅里的汤", "案板上的面团", "新磨的豆浆", "蒸笼里的包子", "腌好的萝卜", "烤箱里的饼"],
    "football": ["前锋的射门", "门将的扑救", "边路的传中", "后卫的抢断", "裁判的哨声", "看台上的球迷"],
    "weather": ["夜里的大风", "山前的积云", "午后的阵雨", "江边的薄雾", "清早的霜冻", "北方的寒潮"],
}
MOODS = ["让人高兴", "很少见到", "十分要紧", "没有变化", "来得太晚", "刚刚好", "叫人难忘", "不算稀奇"]
TIMES = [f"{month}月{day}日" for month in range(1, 5) for day in range(1, 6)]


def sentences(label: str) -> list[str]:
    """960 sentences; nothing but the subject tells the labels apart."""
    return [f"{time}，{one}{mood}。" for time, one, mood in itertools.product(TIMES, SUBJECTS[label], MOODS)]


def write_lines(file: Path, texts: list[str], **fields: str) -> str:
    file.write_text("".join(json.dumps({"text": text, **fields}) + "\n" for text in texts), encoding="utf-8")
    return str(file)


@pytest.fixture
def two(tmp_path: Path) -> list[str]:
    positive = write_lines(tmp_path / "kitchen.jsonl", sentences("kitchen"))
    negative = write_lines(tmp_path / "football.jsonl", sentences("football"))
    return ["--positive", positive, "--negative", negative]


def frame(texts: list[str], label: str = "a", source: str = "one") -> pl.DataFrame:
    return pl.DataFrame({"text": texts, "label": label, "source": source})


# Samples


def test_files_of_every_kind_are_read(tmp_path: Path) -> None:
    write_lines(tmp_path / "one.jsonl", ["甲", " "])
    (tmp_path / "two.jsonl.gz").write_bytes(gzip.compress(json.dumps({"text": "乙"}).encode()))
    pl.DataFrame({"text": ["丙"]}).write_parquet(tmp_path / "three.parquet")
    (tmp_path / "four.txt").write_text("丁\n\n戊\n", encoding="utf-8")
    names = ["one.jsonl", "two.jsonl.gz", "three.parquet", "four.txt"]
    read, files = samples.read_samples({"x": [str(tmp_path / name) for name in names]}, "text", None)
    assert read["text"].to_list() == list("甲乙丙丁戊")
    assert [(one["file"], one["samples"], len(one["sha256"])) for one in files] == [
        ("one.jsonl", 1, 64), ("two.jsonl.gz", 1, 64), ("three.parquet", 1, 64), ("four.txt", 2, 64),
    ]  # fmt: skip


def test_the_source_is_a_field_even_inside_another_and_a_url_counts_by_its_host(tmp_path: Path) -> None:
    rows = [
        {"text": "甲", "meta": {"site": "https://news.example.com/a/1"}},
        {"text": "乙", "meta": {"site": "https://news.example.com:80/b"}},
        {"text": "丙", "meta": {"site": "archive"}},
        {"text": "丁"},
    ]
    file = tmp_path / "rows.jsonl"
    file.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    read, _ = samples.read_samples({"x": [str(file)]}, "text", "meta.site")
    assert read["source"].to_list()[:3] == ["news.example.com", "news.example.com", "archive"]
    assert read["source"][3].endswith("rows.jsonl")


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("rows.csv", "text\n", "cannot tell what this is"),
        ("none.jsonl", None, "no file matches"),
        ("rows.jsonl", '{"content": "x"}\n', "field 'text' is missing.*--text-field"),
    ],
)
def test_a_file_that_cannot_be_read_is_an_error_of_one_line(
    tmp_path: Path, name: str, content: str | None, says: str
) -> None:
    if content is not None:
        (tmp_path / name).write_text(content, encoding="utf-8")
    with pytest.raises(PipelineError, match=says) as error:
        samples.read_samples({"x": [str(tmp_path / name)]}, "text", None)
    assert "\n" not in str(error.value)


def test_the_same_text_is_in_one_part_only_and_contradictions_are_left_out() -> None:
    texts = [f"第{number}句" for number in range(400)]
    both = pl.concat([frame(texts), frame(texts[:50]), frame([f"别的{text}" for text in texts] + texts[:30], "b")])
    divided, done = samples.divide(both, 0)
    assert divided["text"].n_unique() == divided.height == 400 + 400 - 30
    assert done == {"by": "text", "doubles_left_out": 50, "contradictions_left_out": 60}
    shares = divided["part"].value_counts(normalize=True)
    assert dict(shares.iter_rows())["held_out"] == pytest.approx(0.2, abs=0.05)


def test_with_many_sources_a_source_is_in_one_part_only() -> None:
    rows = [frame([f"{label}{source}{n}" for n in range(9)], label, f"site{source}")
            for label in "ab" for source in range(40)]  # fmt: skip
    divided, done = samples.divide(pl.concat(rows), 0)
    assert done["by"] == "source"
    assert divided.group_by("source").agg(pl.col("part").n_unique())["part"].max() == 1


def test_the_order_of_the_files_changes_nothing() -> None:
    rows = pl.concat([frame([f"{label}第{n}句" for n in range(200)], label, label) for label in "ab"])
    there, _ = samples.divide(rows, 3)
    back, _ = samples.divide(rows.reverse(), 3)
    assert there.equals(back)
    assert not there.equals(samples.divide(rows, 4)[0])


def test_a_label_of_few_texts_is_refused() -> None:
    rows = pl.concat([frame([f"第{n}句" for n in range(200)]), frame([f"另{n}" for n in range(49)], "rare")])
    with pytest.raises(PipelineError, match="rare: 49 different texts; a classifier needs 50"):
        samples.divide(rows, 0)


def test_labels_are_balanced_by_the_one_in_the_middle_and_chosen_by_hash() -> None:
    rows = pl.concat([frame([f"{label}{n}" for n in range(count)], label)
                      for label, count in [("a", 300), ("b", 100), ("c", 60)]])  # fmt: skip
    taken = samples.balance(rows, 0, None)
    assert dict(taken["label"].value_counts().iter_rows()) == {"a": 125, "b": 100, "c": 60}
    assert taken.equals(samples.balance(rows.sample(fraction=1, shuffle=True, seed=1), 0, None))
    assert taken["label"].to_list() != sorted(taken["label"])
    assert samples.balance(rows, 0, 50)["label"].value_counts()["count"].to_list() == [50, 50, 50]


# Figures


def test_precision_recall_and_f1_are_those_worked_out_by_hand() -> None:
    truth, found = np.array([0, 0, 0, 1, 1]), np.array([0, 0, 1, 1, 0])
    found_a, found_b = figures.by_label(truth, found, ["a", "b"]).values()
    assert found_a == {"precision": 2 / 3, "recall": 2 / 3, "f1": 2 / 3, "samples": 3}
    assert found_b == {"precision": 1 / 2, "recall": 1 / 2, "f1": 1 / 2, "samples": 2}
    assert figures.macro_f1(truth, found, ["a", "b"]) == pytest.approx(7 / 12)


def test_a_label_that_is_never_found_has_nothing_but_zeros() -> None:
    assert figures.by_label(np.array([0, 1]), np.array([0, 0]), ["a", "b"])["b"]["f1"] == 0


@settings(deadline=None)
@given(st.lists(st.tuples(st.sampled_from([0.0, 0.2, 0.5, 0.9, 1.0]), st.booleans()), max_size=40))
def test_auc_is_the_share_of_pairs_in_the_right_order(rows: list[tuple[float, bool]]) -> None:
    scores, positive = np.array([one for one, _ in rows]), np.array([one for _, one in rows], np.bool_)
    pairs = [(above > below) + (above == below) / 2 for above in scores[positive] for below in scores[~positive]]
    found = figures.auc(scores, positive)
    assert found == (pytest.approx(np.mean(pairs)) if pairs else None)


def test_the_calibration_table_holds_mean_score_and_share_of_each_tenth() -> None:
    scores, positive = np.array([0.02, 0.06, 0.95, 1.0, 0.91]), np.array([False, True, True, True, False])
    low, high = figures.calibration(scores, positive)
    assert low == {"from": 0.0, "samples": 2, "mean_score": pytest.approx(0.04), "positive_share": 0.5}
    assert high["from"] == 0.9 and high["samples"] == 3 and high["positive_share"] == pytest.approx(2 / 3)


def test_each_threshold_has_precision_and_recall() -> None:
    rows = figures.thresholds(np.array([0.15, 0.55, 0.85]), np.array([False, True, True]))
    assert [row["threshold"] for row in rows] == [number / 10 for number in range(1, 10)]
    assert (rows[0]["precision"], rows[0]["recall"]) == (2 / 3, 1)
    assert (rows[6]["precision"], rows[6]["recall"]) == (1, 0.5)
    assert (rows[8]["precision"], rows[8]["recall"]) == (0, 0)


# The command line


@pytest.mark.parametrize(
    "arguments",
    [[], ["--positive", "a.txt"], ["--label", "x=a.txt", "--negative", "b.txt"], ["--label", "x"],
     ["--label", "a b=c.txt"], ["--label", "one=a.txt"]],
)  # fmt: skip
def test_a_command_without_two_labels_says_what_it_needs(arguments: list[str], tmp_path: Path) -> None:
    done = CliRunner().invoke(main, ["train", "classifier", *arguments, "--out", str(tmp_path / "m.bin")])
    assert done.exit_code == 2 and done.stderr.startswith("curate: ") and done.stderr.count("\n") == 1


def test_a_trained_classifier_tells_what_it_learnt_and_is_read_by_the_filter(tmp_path: Path, two: list[str]) -> None:
    out = tmp_path / "models" / "kitchen.bin"
    command = [sys.executable, "-m", "curate.cli", "train", "classifier", *two, "--out", str(out)]
    printed = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    for heading in ("precision", "AUC 1.000", "mean score", "score >=", "most telling", f"model: {out}"):
        assert heading in printed
    card = json.loads(out.with_name("kitchen.bin.json").read_text(encoding="utf-8"))
    assert card["held_out"]["macro_f1"] > 0.99 and card["positive"] == "positive" and card["split"] == "distinct"
    assert sum(card["samples"]["held_out"].values()) > 300
    assert {"汤", "豆"} & set("".join(card["telling"]["positive"]))
    step = Classifier(model=str(out))
    step.check()
    measured = step.measure(Documents.of(["今天锅里的汤很鲜。", "今天前锋的射门很准。"]))
    assert measured["classifier_label"].to_list() == ["positive", "negative"]
    assert measured["classifier_score"][0] > 0.5 > measured["classifier_score"][1]


def test_the_same_files_and_seed_give_the_same_bytes(tmp_path: Path, two: list[str]) -> None:
    patterns = training.labelled([two[1]], [two[3]], [])
    for name in ("one.bin", "two.bin"):
        training.train_classifier(patterns, tmp_path / name, positive="positive")
    for ending in ("", ".json"):
        assert (tmp_path / f"one.bin{ending}").read_bytes() == (tmp_path / f"two.bin{ending}").read_bytes()


def test_several_labels_make_a_model_for_domains(tmp_path: Path) -> None:
    patterns = {label: [write_lines(tmp_path / f"{label}.jsonl", sentences(label))] for label in SUBJECTS}
    done = training.train_classifier(patterns, tmp_path / "domains.bin")
    assert done.card["held_out"]["macro_f1"] > 0.99 and "auc" not in done.card["held_out"]
    measured = Domain(model=str(done.model)).measure(Documents.of(["山前的积云让人高兴", "边路的传中没有变化"]))
    assert measured["domain"].to_list() == ["weather", "football"]


def test_a_model_is_a_file_that_fasttext_reads_and_mostly_agrees_with(tmp_path: Path, two: list[str]) -> None:
    done = training.train_classifier(training.labelled([two[1]], [two[3]], []), tmp_path / "m.bin")
    theirs = fasttext.load_model(str(done.model))
    texts = Documents.of([*sentences("kitchen")[::40], *sentences("football")[::40]])
    ours = Classifier(model=str(done.model)).measure(texts)["classifier_label"]
    lines = learning._tokens(texts.frame["text"])
    found = [theirs.f.predict(line + "\n", 1, 0.0, "strict")[0][1] for line in lines]
    assert found == [f"__label__{label}" for label in ours]
    mean = load_model(str(done.model)).predict(texts.utf8, 1, split=True)[1][:, 0]
    assert [theirs.f.predict(line + "\n", 1, 0.0, "strict")[0][0] for line in lines] == pytest.approx(mean, abs=1e-4)


# Features and weights


def test_features_are_those_of_two_texts_at_least_each_once_and_the_end_of_the_text() -> None:
    found = learning.features_of(pl.Series(["春天春", "春，春天", "夏"]))
    # 春, ^春 and 春天 stand in two texts each, and so does 天; the rest (天春, 春$, 春，, …) in one.
    assert found.words.rows() == [("</s>", 3), ("^春", 2), ("天", 2), ("春", 2), ("春天", 2)]
    assert found.numbers.tolist() == [0, 1, 2, 3, 4, 0, 1, 2, 3, 4, 0]
    assert found.borders.tolist() == [0, 5, 10, 11]


def test_the_ratio_is_the_logarithm_of_two_smoothed_shares() -> None:
    found = learning.features_of(pl.Series(["春天", "春来", "天来", "x"]))
    names = found.words["word"].to_list()
    ratios = dict(zip(names, learning.ratios(found, np.array([True, True, False, False])), strict=True))
    # 春 is in 2 of 2 positive texts and no other, 天 in one of each; 2 is added to the counts, 4 to the texts.
    assert ratios["春"] == pytest.approx(np.log((4 / 6) / (2 / 6)))
    assert ratios["天"] == 0 and ratios["</s>"] == 1


def test_texts_of_a_rare_label_are_rare_where_nothing_tells(tmp_path: Path) -> None:
    found = learning.features_of(pl.Series(["春"] * 100))
    vectors = learning.learn(found, (np.arange(100) < 20).astype(np.int64), 2, 10.0, 0)
    path = tmp_path / "m.bin"
    path.write_bytes(model_bytes(found.words, ["often", "rare"], vectors))
    scores = training.probabilities(path, ["often", "rare"], pl.Series(["春"]))
    assert scores[0] == pytest.approx([0.8, 0.2], abs=0.02)


def test_a_text_without_any_feature_has_a_score(tmp_path: Path, two: list[str]) -> None:
    done = training.train_classifier(training.labelled([two[1]], [two[3]], []), tmp_path / "m.bin", positive="positive")
    measured = Classifier(model=str(done.model)).measure(Documents.of(["qwertz", ""]))
    assert 0 < measured["classifier_score"][0] < 1 and measured["classifier_score"][1] is None


def test_the_strength_is_that_of_the_least_loss_on_the_validation_part(tmp_path: Path, two: list[str]) -> None:
    done = training.train_classifier(training.labelled([two[1]], [two[3]], []), tmp_path / "m.bin")
    tried = done.card["trained_by"]["validation_loss_by_strength"]
    assert list(tried) == [str(one) for one in training.STRENGTHS]
    assert tried[str(done.card["trained_by"]["strength"])] == min(tried.values())


def test_the_logarithmic_loss_is_the_mean_over_the_true_labels() -> None:
    found = figures.logarithmic_loss(np.array([0, 1]), np.array([[0.5, 0.5], [0.75, 0.25]]))
    assert found == pytest.approx((np.log(2) + np.log(4)) / 2)
