"""The benchmark without its peers: texts, programs at the end of a pipe, tables. Nothing here is timed or installed."""

import argparse
import ast
import importlib.util
import json
import sys
from pathlib import Path

import numpy as np
import pytest

BENCHMARKS = Path(__file__).parents[1] / "benchmarks"
sys.path.append(str(BENCHMARKS))

import bench  # noqa: E402
import chart  # noqa: E402
import results  # noqa: E402
import steps_section  # noqa: E402
import texts  # noqa: E402
from comparisons import STEPS, Bound, Peer, Step, verdicts  # noqa: E402
from contest import Program, ProgramError, Row, against, alone, one_line  # noqa: E402
from environments import PEERS, InstallError, dependencies  # noqa: E402

SENTENCE = "秋天的早晨，湖面上起了一层薄雾，打鱼的人说这样的天气最好下网。" * 20

# Texts.


def shingles(text):
    return {text[i : i + 5] for i in range(len(text) - 4)}


def jaccard(one, other):
    return len(shingles(one) & shingles(other)) / len(shingles(one) | shingles(other))


def test_a_perturbed_copy_is_the_same_each_time_and_not_the_text():
    first, again = (texts.perturbed(SENTENCE, 0.08, np.random.default_rng(7)) for _ in range(2))
    assert first == again != SENTENCE
    assert set(first) <= set(SENTENCE)
    assert abs(len(first) - len(SENTENCE)) < 0.05 * len(SENTENCE)
    assert texts.perturbed(SENTENCE, 0.0, np.random.default_rng(7)) == SENTENCE


def test_samples_are_multiplied_by_near_copies_and_far_ones():
    varied = "".join(chr(0x4E00 + i * 7 % 5_000) for i in range(3_000))
    copies = texts.multiplied([varied], 0.2)
    assert copies == texts.multiplied([varied], 0.2)
    assert copies[0] == varied and len(copies) > texts.NEAR_EVERY
    similarity = [jaccard(varied, copy) for copy in copies]
    assert similarity[texts.NEAR_EVERY] > 0.8
    assert all(similarity[copy] < 0.5 for copy in range(1, texts.NEAR_EVERY))
    assert sum(len(copy.encode()) for copy in copies) >= 200_000


def test_the_first_texts_are_an_even_draw_from_all():
    corpus = [f"{'a' if place < 5_000 else 'b'}{place:09}" for place in range(10_000)]
    drawn = texts.ordered(corpus, 0.05, "made up")
    assert len(drawn.texts) == 5_000 and drawn.ends[-1] == 50_000
    for megabytes in (0.01, 0.05):
        part = drawn.texts[: drawn.first(megabytes)]
        assert len(part) == megabytes * 100_000
        assert 0.45 < sum(text.startswith("a") for text in part) / len(part) < 0.55
    assert drawn == texts.ordered(corpus, 0.05, "made up")
    assert drawn.first(0) == 1 and drawn.first(99) == 5_000


def test_stretches_are_spread_over_a_corpus():
    assert texts.spread("abcdefghij", 5) == list("acegi")
    assert texts.spread("ab", 5) == ["a", "b"]


def test_a_folder_is_read_whole(tmp_path):
    (tmp_path / "inside").mkdir()
    (tmp_path / "one.jsonl").write_text('{"text": "一"}\n{"text": ""}\n', encoding="utf-8")
    (tmp_path / "inside" / "two.jsonl").write_text('{"text": "二"}\n', encoding="utf-8")
    assert sorted(texts.read(tmp_path)) == ["一", "二"]
    assert texts.read(tmp_path / "one.jsonl") == ["一"]


def test_words_are_drawn_from_the_text_and_half_of_them_altered(tmp_path):
    texts.write_words([SENTENCE], tmp_path / "words.txt")
    words = (tmp_path / "words.txt").read_text(encoding="utf-8").splitlines()
    assert words == sorted(set(words))
    assert all(3 <= len(word) <= 6 and set(word) <= set(SENTENCE) for word in words)
    assert any(word in SENTENCE for word in words) and any(word not in SENTENCE for word in words)


# Peers.


def test_dependencies_are_read_from_the_head_of_a_program():
    head = '# /// script\n# dependencies = [\n#     "a[io]>=1",  # why\n#     "b<4",\n# ]\n# ///\n"""What it is."""\n'
    assert dependencies(head) == ["a[io]>=1", "b<4"]
    assert dependencies('# /// script\n# dependencies = ["a"]\n# ///\n') == ["a"]
    assert dependencies('"""Nothing to install."""\n') == []


@pytest.mark.parametrize("program", sorted(path.stem for path in PEERS.glob("use_*.py")))
def test_a_program_serves_the_steps_that_are_compared(program):
    source = (PEERS / f"{program}.py").read_text(encoding="utf-8")
    tree = ast.parse(source)
    functions = {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}
    (call,) = (node for node in ast.walk(tree) if isinstance(node, ast.Call) and ast.unparse(node.func) == "serve")
    served = functions & {node.id for node in ast.walk(call) if isinstance(node, ast.Name)}
    served = {step for step in served if not step.endswith("near_duplicate_links")}  # those `test_recall` knows
    if program == "use_curate":
        assert served == {step.ours for step in STEPS}
    else:
        assert served == {peer.step for step in STEPS for peer in step.peers if peer.program == program}
        assert dependencies(source)


# Programs at the end of a pipe.

FAKE = """
import sys
sys.path.insert(0, {peers!r})
from serve import Work, each, serve

def counting(options):
    print("a library says hello")
    return each(len)._replace(answers=lambda texts: [len(text) + options["off"] for text in texts])

def amounts(options):
    return Work(lambda texts: lambda: 3_000_000)

def failing(options):
    raise ValueError("no file /home/someone/models/one.bin,\\nget it at https://models.example/one.bin")

def failing_later(options):
    return Work(lambda texts: lambda: 1 // (len(texts) < 2))

def dying(options):
    print("out of memory", file=sys.stderr, flush=True)
    sys.stdout.flush()
    import os
    os._exit(7)

serve(["numpy"], counting, amounts, failing, failing_later, dying)
"""


@pytest.fixture
def drawn():
    return texts.ordered([f"第{place}篇" for place in range(6)], 1.0, "made up")


@pytest.fixture
def program(tmp_path, drawn):
    """Start a step of the program above, on the texts drawn."""
    texts.write(drawn, tmp_path / "texts.jsonl")
    (tmp_path / "fake.py").write_text(FAKE.format(peers=str(PEERS)), encoding="utf-8")
    started = []

    def start(step, off=0):
        started.append(Program(sys.executable, tmp_path / "fake.py", step, tmp_path / "texts.jsonl", {"off": off}))
        return started[-1]

    yield start
    for one in started:
        one.close()


def test_a_program_answers_when_it_is_ready_and_after_each_run(program):
    counting = program("counting")
    assert counting.ready["versions"] == {"numpy": np.__version__}
    assert counting.ready["answers"] == [3] * 6
    done = counting.run(3)
    assert done["seconds"] > 0 and done["amount"] is None and done["memory"] > 1_000_000


def test_ours_and_a_peer_run_in_turn_on_the_same_texts(program, drawn):
    ours = program("counting")
    own = alone(("step", "curate"), ours, drawn, 3)
    assert own.amount == drawn.ends[-1] / 1e6 and len(own.seconds) == 3 and own.ratio is None
    same = against(("step", "peer"), ours, program("counting"), drawn, 5, 8.0)
    assert len(same.seconds) == len(same.ours) == 5 and same.same == "same" and same.ratio > 0
    other = against(("step", "peer"), ours, program("counting", off=1), drawn, 1, 8.0)
    assert other.same == "6 of 6 differ"


def test_a_step_may_count_something_else_than_bytes(program, drawn):
    row = alone(("clusters", "curate"), program("amounts"), drawn, 1)
    assert row.amount == 3.0


@pytest.mark.parametrize(
    "step, error",
    [
        ("failing", "ValueError: no file …/one.bin, get it at (an address)"),
        ("dying", "ended with exit code 7: out of memory"),
        ("unknown", "KeyError: 'unknown'"),
    ],
)
def test_a_program_that_fails_says_why_in_one_line(program, step, error):
    with pytest.raises(ProgramError) as raised:
        program(step)
    assert str(raised.value) == error


def test_what_fails_becomes_a_row(program, tmp_path, drawn, monkeypatch):
    monkeypatch.setattr(bench, "PEERS", tmp_path)
    pythons = {"fake": Path(sys.executable), "absent": InstallError("pip: no such package\nat all")}
    run = bench.Bench(drawn, tmp_path / "texts.jsonl", {}, {}, 1, 1.0, pythons)
    step = Step("step", "what", "counting")
    ours = program("counting")
    later = bench.row_of(step, Peer("later", "fake", "failing_later"), ours, {}, run)
    assert later.error == "ZeroDivisionError: integer division or modulo by zero"
    missing = bench.row_of(step, Peer("missing", "absent", "any"), ours, {}, run)
    assert missing == Row("step", "missing", error="pip: no such package at all")


def test_a_step_that_ours_fails_is_one_row(tmp_path, drawn, monkeypatch):
    monkeypatch.setattr(bench, "PEERS", tmp_path)
    (tmp_path / "use_curate.py").write_text("raise SystemExit('broken')\n")
    run = bench.Bench(drawn, tmp_path / "texts.jsonl", {}, {}, 1, 1.0, {})
    rows = list(bench.rows_of(Step("step", "what", "counting", (Peer("a", "b", "c"),)), run))
    assert rows == [Row("step", "curate", error="ended with exit code 1: broken")]


def test_messages_are_kept_short_and_without_this_machines_folders():
    assert one_line("a\n b  /home/x/y.json c") == "a b …/y.json c"
    assert len(one_line("long " * 100)) == 200


def test_one_step_or_one_tool_can_be_chosen():
    assert [step.name for step in bench.chosen("language")] == ["language"]
    assert {peer.tool for step in bench.chosen("rensa") for peer in step.peers} >= {"rensa R", "rensa C"}
    assert bench.chosen(None) == list(STEPS)
    with pytest.raises(SystemExit, match="--only sorting: known are counts, quality, repetition"):
        bench.chosen("sorting")


# Results.


def row(step, tool, seconds=1.0, ours=(), **values):
    return Row(step, tool, amount=20.0, seconds=[seconds] * 5, ours=list(ours), memory=3 * 10**8, **values)


ROWS = [
    row("minimind", "curate", 0.4, own_memory=0, versions={"curate": "0.1.0", "numba": "1"}, threads=1.0),
    row("minimind", "tokenizers", 4.0, [0.4, 0.4, 0.5, 0.4, 0.1], same="same", threads=1.9, versions={"t": "0.23"}),
    row("minimind", "kitoken", 0.5, [0.4] * 5, same="3 of 200 differ"),
    row("minimind", "tiktoken", 1.0, [0.4] * 5),
    Row("minimind", "datatrove", error="ImportError: a | b"),
    row("counts", "curate", 0.05),
]


def test_a_ratio_is_the_median_over_the_pairs():
    assert ROWS[1].ratio == pytest.approx(10.0)
    assert (ROWS[1].speed, ROWS[1].our_speed) == (5.0, 50.0)


def test_bounds_are_met_not_met_or_not_measured():
    step = next(step for step in STEPS if step.name == "minimind")
    eight, fastest = verdicts(step, ROWS)
    assert (eight.wanted, eight.met) == ("at least 8 × tokenizers", True)
    assert fastest.reached == pytest.approx(1.25) and fastest.met is False
    assert [verdict.met for verdict in verdicts(step, ROWS[:3])] == [True, None]
    failed = [Row("minimind", "tokenizers", error="not installed")]
    assert [verdict.met for verdict in verdicts(step, failed)] == [None, None]
    counts = next(step for step in STEPS if step.name == "counts")
    assert counts.bounds == (Bound(300),)
    assert [(one.reached, one.met) for one in verdicts(counts, ROWS)] == [(pytest.approx(400), True)]


def test_clusters_are_counted_by_the_minute():
    step = next(step for step in STEPS if step.name == "clusters")
    speed, memory = verdicts(step, [row("clusters", "curate", 60.0, own_memory=2_200_000_000)])
    assert (speed.wanted, speed.reached, speed.met) == ("at least 5 M documents a minute", 20.0, True)
    assert (memory.wanted, memory.reached, memory.met) == ("at most 100 bytes of memory a document", 110.0, False)


def test_tables_show_all_tools_and_why_one_failed():
    section = steps_section.section(ROWS, {"minimind": "BPE, made up"}, facts())
    assert [table.title for table in section.tables] == ["Bounds", "counts", "minimind"]
    lines = results.markdown(section.tables[2]).splitlines()
    assert lines[1] == "| --- | --: | --: | --: | --: | --: | --: | --: | --- |"
    assert lines[3] == (
        "| tokenizers | 5.00 MB/s | 50.0 MB/s | 10.0 × | 20.0 MB | 300 MB | 0 MB | 0.23 | same answers, 1.9 threads |"
    )
    assert lines[6] == "| datatrove |  |  |  |  |  |  |  | failed: ImportError: a \\| b |"
    assert "| minimind | at least 1.5 × kitoken and tiktoken | 1.25 | **not met** |" in results.markdown(
        section.tables[0]
    )


def test_a_line_on_the_terminal_has_everything():
    step = next(step for step in STEPS if step.name == "minimind")
    assert steps_section.line(ROWS[1], step).split()[:6] == ["tokenizers", "5.00", "MB/s", "50.0", "MB/s", "10.0"]
    assert steps_section.line(ROWS[4], step).endswith("failed: ImportError: a | b")


def facts():
    return {"text": "6 texts", "machine": "a machine", "date": "today", "commit": "abc", "command": "make", "runs": 5}


def test_a_section_replaces_its_own_kind_and_leaves_the_others(tmp_path):
    other = results.Section("Growth", "How it grows.", [results.Table(["text", "time"], [["1 GB", "2 s"]])], {"a": 1})
    results.put("growth", other, tmp_path)
    results.put("steps", steps_section.section(ROWS, {}, facts()), tmp_path)
    results.put("growth", results.Section("Growth", "How it grew."), tmp_path)
    data = json.loads((tmp_path / "results.json").read_text(encoding="utf-8"))
    assert list(data) == ["growth", "steps"]
    assert data["steps"]["data"]["rows"][4]["error"] == "ImportError: a | b"
    written = (tmp_path / "RESULTS.md").read_text(encoding="utf-8")
    assert "How it grew." in written and "How it grows." not in written
    assert "### minimind" in written and "6 texts" in written


def test_the_chart_holds_all_tools_in_both_schemes():
    svg = chart.draw(ROWS, {"minimind": "made up"})
    assert svg.startswith("<svg") and "prefers-color-scheme:dark" in svg
    for text in ("minimind", "made up", "tokenizers", "10.0 ×", "failed", "kitoken"):
        assert f">{text}<" in svg
    for light, dark in chart.DARK.items():
        assert f'"{light}"' in svg and f":{dark}}}" in svg
    assert "http" not in svg.replace("http://www.w3.org", "")


@pytest.mark.parametrize("name", ["RESULTS.md", "results.json"])
def test_committed_results_name_no_folder_of_the_machine_they_were_made_on(name):
    text = (Path(bench.__file__).parent / name).read_text(encoding="utf-8")
    assert "/tmp/" not in text and '"working"' not in text and '"folder"' not in text
    assert str(Path(__file__).parents[1]) not in text


def test_the_command_in_the_results_names_what_was_not_usual():
    usual = {"corpus": Path("a/b.jsonl"), "tokenizers": None, "runs": 5, "megabytes": 20, "seconds": 8.0}
    assert bench.command(argparse.Namespace(**usual)) == "make bench CORPUS=b.jsonl"
    shorter = argparse.Namespace(**usual | {"seconds": 4.0})
    assert bench.command(shorter) == 'make bench CORPUS=b.jsonl BENCH="--seconds 4"'


@pytest.mark.parametrize("script", sorted(path.name for path in (BENCHMARKS / "quality").glob("*.py")))
def test_scripts_of_quality_import_only_what_is_there(script, monkeypatch):
    monkeypatch.syspath_prepend(BENCHMARKS / "quality")
    tree = ast.parse((BENCHMARKS / "quality" / script).read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        named = [node.module or ""] if isinstance(node, ast.ImportFrom) else []
        named += [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        for name in named:
            assert importlib.util.find_spec(name.partition(".")[0]), name
