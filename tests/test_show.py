"""What `curate show` prints of runs: on the demo's run, and on small ones whose numbers are known."""

import re

import pytest
from click.testing import CliRunner
from cluster_runs import invented, run_of

from curate.cli import main
from curate.show import Asked, lines
from curate.work.passes import run_pipeline

TEXTS = {f"page {chars}": invented(chars, chars) for chars in (16, 18, 19, 20, 22, 40, 90)}


def show(*words):
    return CliRunner().invoke(main, ["show", *map(str, words)])


def ids(shown):
    return [line.split("  ")[0].removeprefix("── ") for line in shown.splitlines() if line.startswith("── ")]


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """Documents of known length, dropped below 20; the last one twice."""
    folder = tmp_path_factory.mktemp("show") / "in"
    return run_of(folder, {**TEXTS, "page 40 again": TEXTS["page 40"]}, ["exact_duplicates"])


def test_border_cases_are_the_nearest_ones_kept_and_dropped_by_turns(run):
    printed = show(run.folder, "--near", "length.too_short", "-n", 4).stdout
    assert ids(printed) == ["page 20", "page 19", "page 22", "page 18"]
    assert "length.too_short drops when chars < 20" in printed and "before duplicates" in printed
    assert "── page 20  just kept: chars = 20, the number itself" in printed
    assert "── page 18  just dropped: chars = 18, 2 below" in printed
    assert "just kept: chars = 40, 20 above (dropped as a duplicate of page 40)" in show(
        run.folder, "--near", "length.too_short", "-n", 20
    ).stdout.replace("\n  ", "")


def test_a_number_without_dropped_documents_says_so(tmp_path):
    run = run_of(tmp_path / "in", {"a": invented(1), "b": invented(2)}, ["exact_duplicates"])
    assert "chars < 20: no document is dropped by it alone\n" in show(run.folder, "--near", "length.too_short").stdout
    assert "chars < 20\n── " in show(run.folder, "--near", "length.too_short", "-n", 1).stdout


def test_border_cases_come_as_a_frame(run):
    near = run.near("length.too_short", 3)
    assert near.select("number", "quantity", "distance", "id", "kept").rows() == [
        ("20", 20.0, 0.0, "page 20", True),
        ("20", 19.0, 1.0, "page 19", False),
        ("20", 22.0, 2.0, "page 22", True),
    ]
    assert near["text"].to_list() == [TEXTS[id] for id in near["id"]]


@pytest.mark.parametrize(
    ("reason", "message"),
    [
        ("length.too_shart", "did you mean 'length.too_short'?"),
        ("exact_duplicates.duplicate", "compares documents with one another, so it has no border"),
        ("kept", "kept is no rule"),
    ],
)
def test_what_has_no_border_is_said_in_one_line(run, reason, message):
    done = show(run.folder, "--near", reason)
    assert done.exit_code == 1 and message in done.stderr and done.stderr.count("\n") == 1


def test_documents_by_chance_are_the_same_every_time_and_others_with_another_seed(run):
    first = ids(show(run.folder, "--random", "-n", 4).stdout)
    assert first == ids(show(run.folder, "--random", "-n", 4, "--seed", 0).stdout) == run.sample(n=4)["id"].to_list()
    assert any(first != run.sample(n=4, seed=seed)["id"].to_list() for seed in range(1, 4))
    assert set(ids(show(run.folder, "--random", "--reason", "length.too_short", "-n", 9).stdout)) == {
        "page 16", "page 18", "page 19",
    }  # fmt: skip
    assert sorted(run.sample("kept", 99)["id"]) == ["page 20", "page 22", "page 40", "page 90"]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--cluster", "x", "--id", "y"], "--cluster stands alone: leave out --id"),
        (["--near", "length.too_short", "--reason", "kept"], "--near stands alone: leave out --reason"),
        (["--diff"], "name it with --id"),
        (["--seed", "3"], "--seed goes with --random"),
        (["--random", "--id", "x"], "leave out --random"),
        (["--random", "--reason", "rejected"], "leave out --random"),
        (["--tokens"], "give a folder under shards/"),
    ],
)
def test_options_that_do_not_go_together_are_refused_with_a_way_out(run, words, message):
    done = show(run.folder, *words)
    assert done.exit_code == 2 and message in done.stderr


def test_one_document_tells_why_first_then_every_rule_and_every_signal(run):
    printed = show(run.folder, "--id", "page 18").stdout
    assert printed.splitlines()[:2] == [
        "── page 18  dropped: length.too_short",
        "dropped because chars = 18: length.too_short drops when chars < 20",
    ]
    assert "  drops  length.too_short            chars < 20  [chars = 18]\n" in printed
    assert "  -      exact_duplicates.duplicate  another document of its group survives\n" in printed
    assert "text_bytes = 54" in printed and printed.rstrip().endswith(TEXTS["page 18"])
    kept = show(run.folder, "--id", "page 90").stdout
    assert "── page 90  kept\nkept: it breaks no rule\n" in kept


def test_an_id_that_nobody_has_is_an_error(run):
    assert "no document has the id 'nobody'" in show(run.folder, "--id", "nobody").stderr
    assert "and the verdict kept" in show(run.folder, "--id", "page 18", "--reason", "kept").stderr


# On the demo.


def test_what_counts_for_a_rule_is_highlighted_and_the_legend_says_how(demo):
    run, _ = demo
    printed = show(run.folder, "--reason", "toxicity.gambling", "-n", 2).stdout
    legend, rest = printed.split("\n", 1)
    assert legend == "highlighted: ‹gambling_words›  ‹gambling_topic_words›²  ‹solicitation_words›³"
    assert re.search(r"‹投注›²", rest) and "\x1b" not in printed
    coloured = "\n".join(lines(run.folder, Asked(reason="toxicity.gambling", number=1), in_colour=True))
    assert "\x1b[43mgambling_words" in coloured and "‹" not in coloured


def test_the_demo_reads_well_in_80_columns(demo):
    from rich.cells import cell_len

    run, _ = demo
    id = run.documents("toxicity.gambling", limit=1)["id"][0]
    for words in (["-n", "30"], ["--id", id], ["--near", "quality.few_stop_words"], ["--random", "-n", "9"]):
        printed = show(run.folder, *words)
        assert printed.exit_code == 0, printed.output
        assert max(cell_len(line) for line in printed.stdout.splitlines()) <= 80, words


def test_a_diff_shows_each_cleaner_and_what_it_changed(demo):
    run, _ = demo
    changed = run.signals().filter(personal_numbers=1)["id"][0]
    printed = show(run.folder, "--id", changed, "--diff").stdout
    assert "unicode: nothing" in printed
    assert re.search(r"personal_data: \d+ to \d+ characters, 1 place\n.*\[-\d{17}[\dX]-\]\{\+\[身份证号\]\+\}", printed)


# Raw against cleaned.


@pytest.fixture
def cleaned(tmp_path):
    text = "价格：１２３元\\u200b。联系 zhang.wei@qq.com 吧\\u001b[2J"
    rows = f'{{"id": "a", "text": "{text}"}}\n{{"id": "b", "text": "平安"}}\n'
    (tmp_path / "in.jsonl").write_text(rows, "utf-8")
    (tmp_path / "p.yaml").write_text(
        f"read:\n  - jsonl: {{paths: ['{tmp_path}/in.jsonl'], id: id}}\nclean: [unicode, personal_data]\n"
        "filters: [length]\n"
    )
    return run_pipeline(tmp_path / "p.yaml", tmp_path / "run", workers=1)


def test_raw_text_is_read_again_from_its_input(cleaned):
    printed = show(cleaned.folder, "--id", "a", "--diff").stdout
    assert "[-only before-] {+only after+}" in printed and "\\u200b" in printed and "\x1b" not in printed
    assert "[-zhang.wei@qq.com-]" in printed
    assert "unicode: nothing\npersonal_data: nothing" in show(cleaned.folder, "--id", "b", "--diff").stdout


def test_an_input_that_changed_or_is_gone_is_said_in_one_line(cleaned, tmp_path):
    source = tmp_path / "in.jsonl"
    source.write_text(source.read_text("utf-8").replace("元", "圆"), "utf-8")
    changed = show(cleaned.folder, "--id", "a", "--diff")
    assert changed.exit_code == 1 and "has changed since the run" in changed.stderr
    source.unlink()
    gone = show(cleaned.folder, "--id", "a", "--diff")
    assert gone.exit_code == 1 and "cannot be read again (No such file or directory)" in gone.stderr
    assert gone.stderr.count("\n") == 1


def test_an_id_of_the_input_cannot_move_the_cursor(tmp_path):
    (tmp_path / "in.jsonl").write_text('{"id": "\\u001b[2Jx", "text": "短"}\n')
    (tmp_path / "p.yaml").write_text(
        f"read:\n  - jsonl: {{paths: ['{tmp_path}/in.jsonl'], id: id}}\nfilters: [length]\n"
    )
    run = run_pipeline(tmp_path / "p.yaml", tmp_path / "run", workers=1)
    assert "\x1b" not in show(run.folder).stdout and "── \\x1b[2Jx" in show(run.folder).stdout


def test_no_run_and_no_shard_is_said_in_one_line(tmp_path):
    assert "no run here" in show(tmp_path).stderr
    assert "no such file or folder" in show(tmp_path / "nothing").stderr
    (tmp_path / "x.bin").write_bytes(b"123")
    assert "no manifest.json beside it" in show(tmp_path / "x.bin").stderr


def test_a_run_of_another_version_is_told_in_one_line(tmp_path):
    (tmp_path / "run.json").write_text('{"name": "old"}', encoding="utf-8")
    found = show(tmp_path)
    assert found.exit_code == 1
    assert "not of this version (no folder, limit, pipeline, variables, working)" in found.stderr
    assert found.stderr.count("\n") == 1
