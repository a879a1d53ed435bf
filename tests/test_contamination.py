"""The filter `contamination` on benchmarks and pages written for this test."""

import json
import random
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from marked import marked

import curate
from curate import plan
from curate.contracts import Documents
from curate.describe import describe_filter
from curate.errors import PipelineError
from curate.filters.contamination import Contamination
from curate.pipeline import Pipeline
from curate.testing import check_filter

OPEN = [
    {"question": "青石渡的摆渡人老秦一共养过几条黄狗？", "answer": "三条。"},
    {"question": "老秦几岁？", "answer": "七十"},
    {"question": "谁？", "answer": "他"},
    {
        "question": "Mira packs 14 lanterns into each of her 6 crates, drops 5 of them on the way to the harbour, and "
        "sells the others to the keeper of the northern lighthouse for 3 coins each. How many coins does Mira bring "
        "back home?",
        "answer": "She packs 14 * 6 = 84 lanterns and sells 84 - 5 = 79 of them.\nThat makes 79 * 3 = 237 coins.\n"
        "#### 237",
    },
]
OPTIONS = [
    "渡口建于明代，清代曾两次重修",
    "石阶共一百零八级，全用本地青石",
    "对岸的码头比渡口早修了四十年",
    "老秦的船是他祖父从外乡买来的",
]
CHOICE = {
    "id": 9,
    "question": "下列关于青石渡的说法，错误的是",
    **dict(zip("ABCD", OPTIONS, strict=True)),
    "answer": "C",
}
PAGE = ["青石渡在山路的尽头。", "每天清早，老秦把船划到对岸。", "He sells lanterns there. ", "傍晚他再划回来。"]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    lines = [json.dumps(row, ensure_ascii=False) for row in OPEN]
    (tmp_path / "ferry.jsonl").write_text("\n".join(lines), encoding="utf-8")
    (tmp_path / "exam.json").write_text(json.dumps([CHOICE], ensure_ascii=False), encoding="utf-8")
    return tmp_path


@pytest.fixture
def step(folder: Path) -> Contamination:
    return Contamination(benchmarks=[f"{folder}/*.json*"])


def found(step, *texts):
    """What each text is said to hold."""
    return step.measure(Documents.of(list(texts)))["contamination_items"].to_list()


def dropped(step, text):
    rules = step.own_rules()
    measured = step.measure(Documents.of([text]))
    return [name for name, rule in rules.items() if rule and measured.select(pl.sql_expr(rule)).item() is not False]


def test_it_keeps_the_promises_of_a_filter(step):
    check_filter(step)
    check_filter(step.model_copy(update={"cut": True}), [OPEN[0]["question"], "", "页面。", OPEN[3]["question"] * 2])


@pytest.mark.parametrize("number", [0, 1, 3])
def test_an_item_is_found_by_name_wherever_it_stands(step, number):
    question, answer = OPEN[number]["question"], OPEN[number]["answer"]
    name = f"ferry/{number + 1}"
    texts = [
        question,
        question + "\n" + answer,
        "".join(PAGE[:2]) + question + "".join(PAGE[2:]),
        "\n".join(PAGE) + "\n" + question,
        question.upper().translate({code: code + 0xFEE0 for code in range(0x21, 0x7F)}),
        question.replace("，", ", ").replace("？", " ？").replace(" ", "\n"),
    ]
    assert found(step, *texts) == [name] * len(texts)
    assert dropped(step, texts[2]) == ["benchmark_item"]


def test_pages_that_say_something_like_it_stay(step):
    texts = [
        "".join(PAGE),
        "青石渡的摆渡人老秦一共养过三条黄狗。",  # the source of a question
        "青石渡的摆渡人老秦一共养过几条",
        "没人知道老秦几岁的时候来到这里。",  # a short question inside of a sentence
        "谁？",  # too short
        "Mira packs 14 lanterns into each of her 6 crates, drops 5 of them on the way to the harbour, and rests.",
        OPEN[3]["answer"],  # an answer alone
        "\n".join(OPTIONS[:1]),
        CHOICE["question"] + "\nA. 老秦不姓秦\nB. 没有渡口\n",
    ]
    assert found(step, *texts) == [None] * len(texts)
    assert not any(dropped(step, text) for text in texts)


def test_coverage_says_how_much_of_an_item_is_there(step):
    measured = step.measure(
        Documents.of([OPEN[0]["question"], "青石渡的摆渡人老秦一共养过三条黄狗。", "".join(PAGE), ""])
    )
    assert measured["contamination_coverage"].to_list() == [1.0, 13 / 17, 0.0, 0.0]
    assert measured["contaminated_items"].to_list() == [1, 0, 0, 0]


@pytest.mark.parametrize("seed", range(6))
def test_options_count_in_any_order_and_under_any_letters(step, seed):
    rng = random.Random(seed)
    options = rng.sample(OPTIONS, 4)
    letters = rng.choice(["ABCD", "1234", "甲乙丙丁"])
    join = rng.choice(["\n", "  ", "；"])
    text = CHOICE["question"] + "（  ）\n" + join.join(f"{a}. {b}" for a, b in zip(letters, options, strict=True))
    assert found(step, "".join(PAGE) + text, text + "\n答案：C") == ["exam/9", "exam/9"]


def test_most_of_an_item_with_options_is_enough(step):
    some = CHOICE["question"] + "\n" + "\n".join(OPTIONS[:3])
    assert found(step, some, CHOICE["question"] + OPTIONS[0]) == ["exam/9", None]
    assert found(step.model_copy(update={"min_coverage": 0.8}), some) == [None]


def test_a_whole_question_needs_fewer_of_its_options(tmp_path):
    row = {
        "question": "青石渡口的石阶是哪一年修成的",
        "choices": ["康熙三年春", "乾隆二年冬", "道光八年秋", "同治九年夏"],
    }
    (tmp_path / "b.jsonl").write_text(json.dumps(row))
    step = Contamination(benchmarks=str(tmp_path / "b.jsonl"))
    three, two = ("".join(f"\n{option}" for option in row["choices"][:n]) for n in (3, 2))
    texts = [row["question"] + three, row["question"] + two, row["question"], three + "\n" + row["choices"][3]]
    assert found(step, *texts) == ["b/1", None, None, None]


def test_a_long_question_may_have_lost_a_word(step):
    text = OPEN[3]["question"]
    assert found(step, text.replace("northern", "southern"), text.replace("Mira", "Nora", 1)) == ["ferry/4", "ferry/4"]
    assert found(step, text[: len(text) // 2]) == [None]


def test_a_word_of_the_page_may_run_into_an_item(tmp_path):
    question = "Which of the two old bridges did the masons of Harrow finish first in 1702?"
    (tmp_path / "b.jsonl").write_text(json.dumps({"question": question}))
    step = Contamination(benchmarks=str(tmp_path / "b.jsonl"))
    assert found(step, "see also" + question, "no" + question[5:]) == ["b/1", None]


def test_all_items_of_a_page_are_listed_those_with_most_units_first(step):
    text = "\n".join([OPEN[1]["question"], OPEN[3]["question"], OPEN[0]["question"]])
    measured = step.measure(Documents.of(["x", text]))
    assert measured["contamination_items"].to_list() == [None, "ferry/4, ferry/1, ferry/2"]
    assert measured["contaminated_items"].to_list() == [0, 3]


def test_an_item_of_two_benchmarks_has_both_names(folder, step):
    (folder / "copy.csv").write_text(f"id,question\n7,{OPEN[0]['question']}\n", encoding="utf-8")
    both = Contamination(benchmarks=[f"{folder}/copy.csv", f"{folder}/ferry.jsonl"])
    assert found(both, OPEN[0]["question"]) == ["copy/7, ferry/1"]


def test_what_many_items_share_says_nothing(tmp_path):
    asked = "请仔细阅读下面这段材料然后回答后面的问题"
    rows = [{"question": f"{asked}：{name}的船停在第几个桥洞下面过冬？"} for name in "甲乙丙丁戊己庚辛壬癸"]
    (tmp_path / "b.jsonl").write_text("\n".join(map(json.dumps, rows)))
    step = Contamination(benchmarks=str(tmp_path / "b.jsonl"))
    assert found(step, asked + "。", rows[3]["question"], rows[3]["question"].removeprefix(asked)) == [
        None, "b/4", None,
    ]  # fmt: skip
    measured = step.measure(Documents.of([asked]))
    assert measured["contamination_coverage"].item() == 0


def test_check_says_how_many_items_are_too_short(step, folder):
    assert step.notes() == [
        "ferry: 1 of 4 items are too short, or too much like others, to be told from ordinary text; "
        "they are not looked for"
    ]
    assert step.model_copy(update={"min_units": 5}).notes()[0].startswith("ferry: 2 of 4 items")
    assert found(step.model_copy(update={"min_units": 5}), "老秦几岁？") == [None]
    assert Contamination(benchmarks=str(folder / "exam.json")).notes() == []


def test_an_item_with_short_options_only_is_not_looked_for(tmp_path):
    rows = [{"question": "选", "A": "青石渡口的船", "B": "白石", "C": "红", "D": "黑"}]
    (tmp_path / "b.json").write_text(json.dumps(rows))
    step = Contamination(benchmarks=str(tmp_path / "b.json"))
    assert step.notes()[0].startswith("b: 1 of 1 items")
    assert found(step, "青石渡口的船。") == [None]


def cut(step, text):
    """A text as it is without what would be cut."""
    data = text.encode()
    spans = step.measure_and_cut(Documents.of(["前页", text])).cuts
    assert spans["row"].to_list() == [1] * spans.height
    keep = bytearray(b"\1" * len(data))
    for start, end in spans.select("start", "end").rows():
        assert 0 <= start < end <= len(data)
        keep[start:end] = bytes(end - start)
    return bytes(byte for byte, kept in zip(data, keep, strict=True) if kept).decode()


def test_the_passage_is_cut_by_whole_sentences(step):
    question, answer = OPEN[0]["question"], OPEN[0]["answer"]
    assert cut(step, PAGE[0] + question + PAGE[1]) == PAGE[0] + PAGE[1]
    assert cut(step, f"{PAGE[0]}\n{question}\n{PAGE[1]}") == f"{PAGE[0]}\n{PAGE[1]}"
    assert cut(step, f"{PAGE[0]}他问：“{question}”{PAGE[1]}") == PAGE[0] + PAGE[1]
    assert cut(step, "".join(PAGE) + answer) == "".join(PAGE) + answer


def test_options_and_a_long_answer_are_cut_with_the_question(step):
    options = "\n".join(f"{a}. {b}" for a, b in zip("ABCD", reversed(OPTIONS), strict=True))
    assert cut(step, f"{PAGE[0]}\n{CHOICE['question']}\n{options}\n{PAGE[1]}") == f"{PAGE[0]}\n{PAGE[1]}"
    item = f"{OPEN[3]['question']}\n{OPEN[3]['answer']}"
    assert cut(step, f"{PAGE[1]}\n{item}\n{PAGE[3]}") == f"{PAGE[1]}\n{PAGE[3]}"


def test_a_page_without_items_is_left_alone(step):
    assert cut(step, "".join(PAGE)) == "".join(PAGE)
    measured = step.measure_and_cut(Documents.of([]))
    assert measured.cuts.height == 0 and measured.signals.height == 0
    assert dict(measured.signals.schema) == dict(step.signal_types())


@settings(deadline=None, max_examples=60)
@given(data=st.data())
def test_cuts_stand_on_borders_of_characters_and_take_the_item(tmp_path_factory, data):
    file = tmp_path_factory.getbasetemp() / "once.jsonl"
    if not file.exists():
        file.write_text("\n".join(json.dumps(row) for row in OPEN))
    step = Contamination(benchmarks=str(file))
    odd = st.text(st.sampled_from("春é😀。\n a.\0\u0301“"), max_size=20)
    question = data.draw(st.sampled_from([OPEN[0]["question"], OPEN[3]["question"]]))
    text = data.draw(odd) + "。" + question + data.draw(odd)
    assert question not in cut(step, text)
    assert found(step, text)[0] is not None


def test_cutting_is_a_decision_and_switches_the_rule_off(step):
    cutting = step.model_copy(update={"cut": True})
    assert (step.cuts_text(), cutting.cuts_text()) == (False, True)
    assert cutting.own_rules() == {"benchmark_item": None, "nothing_left": "chars_left < 1"}
    assert cutting.measured_parameters() == step.measured_parameters()
    assert plan.identity(cutting) == plan.identity(step)


def test_the_fingerprint_holds_bytes_and_names_but_no_folder(folder, tmp_path_factory):
    step = Contamination(benchmarks=str(folder / "ferry.jsonl"))
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    copy = elsewhere / "ferry.jsonl"
    copy.write_bytes((folder / "ferry.jsonl").read_bytes())
    assert plan.identity(Contamination(benchmarks=str(copy))) == plan.identity(step)
    renamed = copy.rename(elsewhere / "other.jsonl")
    assert plan.identity(Contamination(benchmarks=str(renamed))) != plan.identity(step)
    copy.write_text(json.dumps(OPEN[0]))
    assert plan.identity(Contamination(benchmarks=str(copy))) != plan.identity(step)


def test_a_changed_benchmark_is_read_again(tmp_path):
    file = tmp_path / "b.jsonl"
    file.write_text(json.dumps(OPEN[0]))
    step = Contamination(benchmarks=str(file))
    assert found(step, OPEN[0]["question"], OPEN[3]["question"]) == ["b/1", None]
    file.write_text(json.dumps(OPEN[3]))
    assert found(step, OPEN[0]["question"], OPEN[3]["question"]) == [None, "b/1"]


@pytest.mark.parametrize("odd", ["a" * 300_000, "谁？" * 100_000, "\u200b" * 99_999, "\0", "\u0301", "a b " * 99_999])
def test_odd_pages_are_read_in_passing(step, odd):
    assert found(step, odd, odd + "。" + OPEN[0]["question"] + odd) == [None, "ferry/1"]


def test_a_page_that_is_nothing_but_an_item_is_dropped_when_passages_are_cut(folder):
    step = Contamination(benchmarks=[str(folder / "ferry.jsonl")], cut=True)
    table = curate.apply([step], [OPEN[0]["question"], f"今天的晚饭很简单。\n{OPEN[0]['question']}"])
    assert table["chars_left"].to_list()[0] == 0
    assert table["reasons"].to_list() == [["contamination.nothing_left"], []]


def test_the_filter_is_described_though_its_benchmarks_must_be_given():
    page = describe_filter("contamination")
    assert "benchmarks (required)" in page
    assert "contamination.benchmark_item: contaminated_items > 0" in page


def test_paths_and_patterns_are_looked_up_beside_the_pipeline(folder):
    text = "read:\n  - jsonl: {paths: [x]}\nfilters:\n  - contamination: {benchmarks: %s}\n"
    for benchmarks in ("[ferry.jsonl, exam.json]", "['*.json*']"):
        (line,) = Pipeline.parse(text % benchmarks, folder=folder).filters
        assert line.label == "contamination"
        assert sorted(line.step.files()) == [str(folder / "exam.json"), str(folder / "ferry.jsonl")]


@pytest.mark.parametrize(
    ("benchmarks", "message"),
    [
        ("none.jsonl", "benchmarks: no file none.jsonl; correct the path"),
        ("none/*.jsonl", "benchmarks: no file none/"),
    ],
)
def test_a_missing_benchmark_is_found_before_the_run(benchmarks, message):
    with pytest.raises(PipelineError, match=message.replace("*", r"\*")):
        Contamination(benchmarks=benchmarks).check()


def test_a_benchmark_without_a_question_is_found_before_the_run(tmp_path):
    (tmp_path / "b.jsonl").write_text('{"stem": "谁？"}')
    with pytest.raises(PipelineError, match=r"has no question in any row: .* saw stem; name the field"):
        Contamination(benchmarks=str(tmp_path / "b.jsonl")).check()
    Contamination(benchmarks=str(tmp_path / "b.jsonl"), fields={"question": "stem"}).check()


def test_the_passage_of_an_item_is_marked_and_of_coverage_the_runs(step):
    question = OPEN[0]["question"]
    page = "".join(PAGE[:2]) + question + "".join(PAGE[2:])
    assert marked(step, "contaminated_items", page) == [question]
    assert marked(step, "contamination_coverage", page) == [question[:-1]]


def test_part_of_an_item_is_marked_as_what_is_covered_and_is_not_found(step):
    page = PAGE[0] + OPEN[3]["question"][:80] + "\n" + PAGE[1]
    assert marked(step, "contaminated_items", page) == []
    (covered,) = marked(step, "contamination_coverage", page)
    assert OPEN[3]["question"][:80].startswith(covered) and len(covered) > 70
