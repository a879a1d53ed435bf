"""Two runs over the same corpus: flips counted against a plain join of both runs' tables, and what is printed."""

import json
from collections import Counter
from pathlib import Path

import polars as pl
import pytest
from click.testing import CliRunner
from duplicate_texts import invented

from curate.cli import main
from curate.diff import compare, pairs, shown
from curate.diff.pipelines import Change, changes
from curate.diff.samples import samples_of
from curate.errors import CurateError
from curate.run import Run
from curate.terminal import columns
from curate.work.passes import run_pipeline

LOOSE = """
name: loose
read:
  - jsonl: {paths: ['FOLDER/pages*.jsonl'], id: id}
clean: [unicode]
filters:
  - length: {drop: {too_short: chars < 40, huge: chars > 380}}
  - exact_duplicates
  - near_duplicates: {prefer: chars DESC}
"""
NEVER = "".join(f", never_{number}: chars = {-number}" for number in range(1, 71))
"""More rules than a number of 64 bits can hold."""
LOOSE = LOOSE.replace("chars > 380", f"chars > 380{NEVER}")
STRICT = LOOSE.replace("name: loose", "name: strict").replace(
    "chars < 40, huge: chars > 380", "chars < 120, thin: lines > 3"
)
STRICT = STRICT.replace("prefer: chars DESC", "prefer: chars").replace("clean: [unicode]", "clean: [unicode, html]")


HOSTILE = "page \x1b[2J"


def pages() -> list[dict[str, str]]:
    texts = [invented(number, 20 + 8 * number) for number in range(50)]
    texts += [text + "转载请注明。" for text in texts[20:30]]  # near duplicates, longer by a sentence
    texts += [invented(99, 150) + "\n\n" + "短。\n" * 4, "短。\n" * 15]
    rows = [{"id": f"page {number}", "text": text} for number, text in enumerate(texts)]
    return [*rows, {"id": HOSTILE, "text": invented(98, 60) + "<b>字</b>"}]


def write(file: Path, rows: list[dict[str, str]]) -> None:
    file.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")


def ran(folder: Path, pipeline: str, name: str) -> Run:
    file = folder / f"{name}.yaml"
    file.write_text(pipeline.replace("FOLDER", str(folder)), encoding="utf-8")
    return run_pipeline(file, folder / "runs" / name, workers=1)


@pytest.fixture(scope="module")
def both(tmp_path_factory) -> tuple[Run, Run]:
    folder = tmp_path_factory.mktemp("diff")
    write(folder / "pages.jsonl", pages())
    return ran(folder, LOOSE, "loose"), ran(folder, STRICT, "strict")


@pytest.fixture(scope="module")
def elsewhere(tmp_path_factory, both) -> Run:
    """The strict run over the same pages in another order, in two files, without the first three and with one more."""
    folder = tmp_path_factory.mktemp("elsewhere")
    rows = [*pages()[3:][::-1], {"id": "more", "text": invented(200, 200)}]
    write(folder / "pages-0.jsonl", rows[:20])
    write(folder / "pages-1.jsonl", rows[20:])
    return ran(folder, STRICT, "elsewhere")


def command(*words):
    return CliRunner().invoke(main, ["diff", *map(str, words)], catch_exceptions=False)


def broken(run: Run, row: dict) -> list[str]:
    return [reason for reason in run.reasons() if row[reason]]


def by_hand(run: Run, other: Run) -> dict[str, dict[str, list[str]]]:
    """Id to reasons, for each direction, by a loop over both tables."""
    was, now = ({row["id"]: row for row in one.signals().iter_rows(named=True)} for one in (run, other))
    shared = [id for id in was if id in now]
    dropped = {id: broken(other, now[id]) for id in shared if was[id]["kept"] and not now[id]["kept"]}
    kept = {id: broken(run, was[id]) for id in shared if now[id]["kept"] and not was[id]["kept"]}
    exchanged = {
        (id, now[id]["duplicate_of"]) for id in dropped
        if now[id]["duplicate_of"] in kept and was[now[id]["duplicate_of"]]["duplicate_of"] == id
    }  # fmt: skip
    for mine, others in exchanged:
        del dropped[mine], kept[others]
    neither = [id for id in shared if not was[id]["kept"] and not now[id]["kept"]]
    still = [id for id in neither if broken(run, was[id]) != broken(other, now[id])]
    return {"dropped": dropped, "kept": kept, "exchanged": dict(exchanged), "still": {id: [] for id in still}}


def test_flips_are_those_of_a_plain_loop_over_both_runs(both):
    found, expected = compare(*both), by_hand(*both)
    assert found.matched == len(pages()) and found.only == (0, 0)
    for flips, reasons in ((found.dropped, expected["dropped"]), (found.kept, expected["kept"])):
        assert flips.documents == len(reasons) > 0
        told = {name: reason.documents for name, reason in flips.reasons.items()}
        assert told == Counter(name for names in reasons.values() for name in names)
        firsts = {name: reason.first for name, reason in flips.reasons.items() if reason.first}
        assert firsts == Counter(names[0] for names in reasons.values())
        alone = {name: reason.alone for name, reason in flips.reasons.items() if reason.alone}
        assert alone == Counter(names[0] for names in reasons.values() if len(names) == 1)
    assert found.exchanged == len(expected["exchanged"]) > 0
    assert found.still_dropped == len(expected["still"])
    assert found.resized == 1  # one page has tags, which the strict pipeline takes out
    assert both[1].counts()["kept"] == both[0].counts()["kept"] - found.dropped.documents + found.kept.documents


def test_flips_are_a_frame_with_all_reasons(both):
    expected = by_hand(*both)
    flips = both[0].diff(both[1]).flips
    lost = flips.filter((pl.col("now") == "dropped") & ~pl.col("exchanged"))
    assert dict(lost.select("id", "reasons").iter_rows()) == expected["dropped"]
    assert flips["exchanged"].sum() == 2 * len(expected["exchanged"])
    swapped = flips.filter(pl.col("exchanged") & (pl.col("now") == "dropped"))
    assert dict(swapped.select("id", "survivor").iter_rows()) == expected["exchanged"]


@pytest.mark.parametrize("at_a_time", [10, 1_000])
def test_parts_that_differ_are_joined_by_id_whatever_fits_into_memory(both, elsewhere, monkeypatch, at_a_time):
    monkeypatch.setattr(pairs, "BUCKET_ROWS", at_a_time)
    found, expected = compare(both[0], elsewhere), by_hand(both[0], elsewhere)
    assert (found.matched, found.only) == (len(pages()) - 3, (3, 1))
    assert (found.dropped.documents, found.kept.documents) == (len(expected["dropped"]), len(expected["kept"]))
    assert found.exchanged == len(expected["exchanged"])
    assert found.still_dropped == len(expected["still"])
    lost = found.flips.filter((pl.col("now") == "dropped") & ~pl.col("exchanged"))
    assert set(lost["id"]) == set(expected["dropped"]) and lost["row"].is_sorted()
    ids = pl.concat([pl.read_parquet(elsewhere.verdicts_file(part))["id"] for part in elsewhere.parts])
    assert ids[lost["other_row"].to_list()].to_list() == lost["id"].to_list()


def test_of_an_id_that_stands_twice_the_first_is_the_first():
    one = pl.DataFrame({"id": ["a", "b", "a", "c"], "row": [0, 1, 2, 3]}).with_columns(
        pl.col("id").hash(0).alias(pairs._HASH)
    )
    other = pl.DataFrame({"id": ["a", "a", "a", "b"], "row": [9, 8, 7, 6]}).with_columns(
        pl.col("id").hash(0).alias(pairs._HASH)
    )
    found = pairs._joined(one, other)
    assert list(zip(found.one["row"], found.other["row"], strict=True)) == [(0, 9), (1, 6), (2, 8)]


def test_runs_without_a_document_in_common_say_so(both, crawls):
    done = command(both[0].folder, crawls / "runs" / "a")
    assert done.exit_code == 1 and done.stderr.count("\n") == 1
    assert "have no document in common" in done.stderr and "ids such as 'page 0'" in done.stderr
    assert "no run here" in command(both[0].folder, "nowhere").stderr


def test_a_run_compared_with_itself_has_nothing_to_tell(demo):
    run, _ = demo
    printed = command(run.folder, run.folder).stdout
    assert "pipeline\n  the same\n" in printed
    assert "kept → dropped: 0 documents\ndropped → kept: 0 documents\n" in printed and "──" not in printed
    tokens = f"{run.record['outputs']['minimind']['tokens']:,}"
    assert f"tokens of minimind    {tokens:>15}  {tokens:>15}\n" in printed


def test_the_pipelines_difference_is_told_rule_by_rule_and_step_by_step(both):
    assert changes(*both) == [
        Change("cleaner html", None, "there"),
        Change("near_duplicates.prefer", "chars DESC", "chars"),
        Change("rule length.too_short", "chars < 40", "chars < 120"),
        Change("rule length.huge", "chars > 380", None),
        Change("rule length.thin", None, "lines > 3"),
    ]
    printed = command(*(run.folder for run in both)).stdout
    assert "  + cleaner html, only in B\n" in printed
    assert "  rule length.too_short\n    - chars < 40\n    + chars < 120\n" in printed
    assert "  rule length.thin, only in B\n    + lines > 3\n" in printed


def pretended(folder: Path, run: Run, was: str, now: str) -> Run:
    """A run that says of itself what another one says, but for what is replaced."""
    folder.mkdir()
    for name in ("run.json", "inputs.json"):
        (folder / name).write_text((run.folder / name).read_text("utf-8").replace(was, now), "utf-8")
    return Run.open(folder)


def test_other_inputs_an_edited_one_and_another_order_are_told(both, elsewhere, tmp_path):
    loose, strict = both
    told = {change.where for change in changes(strict, elsewhere)}
    assert {"input", "jsonl.paths"} <= told and "filter length" not in told
    (source,) = json.loads((loose.folder / "inputs.json").read_text("utf-8"))["inputs"]
    edited = pretended(tmp_path / "edited", loose, source["name"], "0" * 12)
    assert changes(loose, edited) == [Change("input", source["path"], "the same, changed since")]
    other = pretended(tmp_path / "other", strict, "[unicode, html]", "[html, unicode]")
    assert changes(strict, other) == [Change("order of cleaners", "unicode, html", "html, unicode")]
    newer = pretended(tmp_path / "newer", loose, '"curate": "0.1.0"', '"curate": "0.2.0"')
    assert changes(loose, newer) == [Change("version of curate", "0.1.0", "0.2.0")]


def test_the_printed_page_fits_80_columns_and_escapes_what_pages_say(both):
    done = command(*(run.folder for run in both), "-n", 50)
    lines = done.stdout.splitlines()
    assert max(len(line) for line in lines if not line.startswith(("A  ", "B  "))) <= 80
    found = both[0].diff(both[1])
    assert f"{len(pages())} documents in both\n1 document with a text of another size\n" in done.stdout
    kept = [run.counts()["kept"] for run in both]
    assert f"kept                  {kept[0]:>15}  {kept[1]:>15}  {kept[1] - kept[0]:+}\n" in done.stdout
    assert f"kept → dropped: {found.dropped.documents} documents, " in done.stdout
    assert f"exchanged: {found.exchanged} documents for a copy that B keeps instead" in done.stdout
    assert "\x1b" not in done.stdout and "── page \\x1b[2J\n   kept → dropped: length.too_short\n" in done.stdout


def test_samples_show_the_signals_of_the_rule_and_are_the_same_each_time(both):
    found = both[0].diff(both[1], samples=4)
    assert found.samples.equals(both[0].diff(both[1], samples=4).samples)
    assert found.samples.group_by("now").len().sort("now").rows() == [
        ("dropped", 4),
        ("kept", min(4, found.kept.documents)),
    ]
    reasons = set(found.samples.filter(pl.col("now") == "dropped")["reason"])
    assert reasons == {name for name, reason in found.dropped.reasons.items() if reason.first}, "each rule has its turn"
    short = next(sample for sample in samples_of(found) if sample.reasons == ("length.too_short",))
    assert [measured.name for measured in short.signals][:1] == ["chars"]
    assert 40 <= short.signals[0].was == short.signals[0].now < 120 and len(short.text) == short.signals[0].now
    assert (
        f"── {short.id}\n   kept → dropped: length.too_short\n   chars = {short.signals[0].now}"
        in command(*(run.folder for run in both)).stdout
    )


def test_without_samples_no_document_is_shown(both):
    assert "──" not in command(*(run.folder for run in both), "-n", 0).stdout


def test_json_is_for_scripts(both):
    found = json.loads(command(*(run.folder for run in both), "--json", "-n", 2).stdout)
    assert found["matched"] == len(pages()) and [run["name"] for run in found["runs"]] == ["loose", "strict"]
    assert found["dropped"]["reasons"]["length.too_short"]["documents"] > 0
    assert len(found["samples"]) == 4 and found["changes"][0] == {"where": "cleaner html", "was": None, "now": "there"}


def test_an_unfinished_run_is_refused(both, tmp_path):
    unfinished = pretended(tmp_path / "unfinished", both[0], "", "")
    with pytest.raises(CurateError, match="not finished"):
        both[0].diff(unfinished.folder)


def test_runs_that_write_documents_have_no_tokenizers_to_compare_and_no_budget(tmp_path):
    write(tmp_path / "pages.jsonl", pages()[:5])
    run = ran(tmp_path, LOOSE + "write:\n  - documents\n", "written")
    assert run.diff(run).changes == []
    budget = CliRunner().invoke(main, ["budget", str(run.folder)])
    assert budget.exit_code == 1
    assert "no shards of minimind" in budget.stderr
    assert budget.stderr.count("\n") == 1


def test_a_condition_with_chinese_words_stays_within_80_columns():
    lines = shown._wrapped("    - ", "source IN (" + ", ".join(["'新闻网站'"] * 30) + ")").split("\n")
    assert len(lines) > 2 and lines[0].startswith("    - source") and lines[1].startswith("      ")
    assert all(columns(line) <= 80 for line in lines)
