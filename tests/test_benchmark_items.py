"""Benchmark files in every shape that is read; all questions are of this test's own making."""

import gzip
import json

import polars as pl
import pytest
import zstandard

from curate.errors import PipelineError
from curate.filters.benchmark_items import Item, expand, names, read_items

ROW = {"question": "渡口的石阶共有多少级？", "answer": "一百零八级。"}
LINE = json.dumps(ROW, ensure_ascii=False) + "\n"


def items(file, **fields):
    return read_items(str(file), "b", fields)


def test_json_lines_are_read_plain_and_packed(write):
    expected = [Item("b/1", ROW["question"], (), ROW["answer"]), Item("b/2", ROW["question"], (), ROW["answer"])]
    data = (LINE + "\n" + LINE).encode()
    assert items(write("a.jsonl", data)) == expected
    assert items(write("a.jsonl.gz", gzip.compress(data))) == expected
    assert items(write("a.jsonl.zst", zstandard.ZstdCompressor().compress(data))) == expected


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        ({"question": "q?", "answer": "step\n#### 3"}, Item("b/1", "q?", (), "step\n#### 3")),  # GSM8K
        (
            {"task_id": "T/0", "prompt": "def f():", "canonical_solution": "  return 1", "test": "assert f()"},
            Item("b/T/0", "def f():", (), "  return 1"),  # HumanEval
        ),
        (
            {"id": 7, "question": "q?", "A": "甲", "B": "乙", "C": "丙", "D": "丁", "answer": "A"},
            Item("b/7", "q?", ("甲", "乙", "丙", "丁"), "A"),  # C-Eval
        ),
        ({"Question": "q?", "A": "甲", "B": "乙", "Answer": "B"}, Item("b/1", "q?", ("甲", "乙"), "B")),  # CMMLU
        (
            {
                "index": 0,
                "question": "1．（2分）问（ ）\nA．甲 B．乙\nC．丙\nD．丁\n",
                "answer": ["A"],
                "analysis": "略",
            },
            Item("b/1", "1．（2分）问（ ）\n", ("甲", "乙", "丙", "丁"), "A"),  # GAOKAO-Bench
        ),
        ({"question": "q?", "choices": ["x", "y"], "answer": 1}, Item("b/1", "q?", ("x", "y"), "")),  # MMLU
        (
            {"id": "k", "question": "q?", "choices": {"text": ["x", "y"], "label": ["A", "B"]}},
            Item("b/k", "q?", ("x", "y"), ""),  # ARC
        ),
        ({"problem": "q", "solution": "s"}, Item("b/1", "q", (), "s")),  # MATH
        ({"text": "q", "code": "c", "task_id": 3}, Item("b/3", "q", (), "c")),  # MBPP
        ({"id": "i", "text": "q\na", "meta": {"question": "q", "answer": "a"}}, Item("b/i", "q", (), "a")),
        ({"question": "甲说A，乙说B，谁对？"}, Item("b/1", "甲说A，乙说B，谁对？", (), "")),
    ],
)
def test_the_fields_of_known_benchmarks_are_found(write, row, expected):
    assert items(write("x.jsonl", json.dumps(row))) == [expected]


def test_a_json_tree_is_read_down_to_its_questions(write):
    question = {"id": "Q1", "question": "谁修的桥？", "answers": [{"text": "石匠"}]}
    squad = {"version": "1", "data": [{"title": "t", "paragraphs": [{"context": "石匠修桥。", "qas": [question]}]}]}
    assert items(write("squad.json", json.dumps(squad))) == [Item("b/Q1", "谁修的桥？", (), "")]
    older = [{"context_text": "石匠修桥。", "qas": [{"query_id": "Q1", "query_text": "谁修的桥？"}]}]
    assert items(write("older.json", json.dumps(older))) == [Item("b/Q1", "谁修的桥？", (), "")]
    exam = {"keywords": "2031_Exam", "example": [{"question": "谁修的桥？", "answer": ["A"]}]}
    assert items(write("exam.json", json.dumps(exam))) == [Item("b/1", "谁修的桥？", (), "A")]


def test_tables_are_read(write, tmp_path):
    expected = [Item("b/0", "多少级？", ("1", "二"), "A")]
    assert items(write("t.csv", "id,question,A,B,answer\n0,多少级？,1,二,A\n")) == expected
    assert items(write("t.tsv", "id\tquestion\tA\tB\tanswer\n0\t多少级？\t1\t二\tA\n")) == expected
    frame = pl.DataFrame({"id": [0], "question": ["多少级？"], "choices": [["1", "二"]], "answer": ["A"]})
    frame.write_parquet(tmp_path / "t.parquet")
    assert items(tmp_path / "t.parquet") == expected


def test_fields_of_ones_own_come_first(write):
    file = write("own.jsonl", json.dumps({"nr": 5, "stem": "谁？", "question": "x", "key": ["甲", "乙"], "why": "w"}))
    assert items(file, id="nr", question="stem", options="key", answer="why") == [
        Item("b/5", "谁？", ("甲", "乙"), "w")
    ]


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("x.jsonl", '{"stem": "q", "key": "a"}\n', "has no question in any row: looked for question, prompt"),
        ("x.jsonl", '{"stem": "q", "key": "a"}\n', "saw key, stem; name the field, as in `fields: {question: …}`"),
        ("x.jsonl", "", "saw none"),
        ("x.jsonl", "{broken\n", "cannot be read as a benchmark: "),
        ("x.jsonl", "[1]\n", "expected an object for each item, not "),
        ("x.jsonl.gz", "no gzip", "cannot be read as a benchmark: "),
        ("x.txt", "谁？", "its name must end in one of .jsonl, "),
    ],
)
def test_a_file_without_items_says_why_in_one_line(write, name, content, message):
    file = write(name, content)
    with pytest.raises(PipelineError) as caught:
        items(file)
    assert message in str(caught.value) and str(file) in str(caught.value) and "\n" not in str(caught.value)


def test_patterns_name_files_each_once(write, tmp_path):
    for name in ("b.jsonl", "a.jsonl", "sub/c.csv"):
        write(name, LINE)
    files = expand([f"{tmp_path}/*.jsonl", f"{tmp_path}/a.jsonl", f"{tmp_path}/**/*.csv"])
    assert files == [f"{tmp_path}/{name}" for name in ("a.jsonl", "b.jsonl", "sub/c.csv")]
    with pytest.raises(PipelineError, match=r"benchmarks: no file .*none\.jsonl; correct the path"):
        expand([f"{tmp_path}/none.jsonl"])


def test_benchmarks_are_called_after_their_file_and_then_its_folder():
    assert names(["x/gsm.jsonl.zst", "x/Other.test.csv"]) == ["gsm", "Other.test"]
    assert names(["val/law.csv", "dev/law.csv.gz", "dev/art.csv"]) == ["val/law", "dev/law", "art"]
