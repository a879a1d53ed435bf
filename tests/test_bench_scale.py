"""The benchmarks of duplicates at scale: what they count, and that a bound which is missed is called so."""

import argparse
import io
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import polars as pl
import pytest

DUPLICATES = Path(__file__).parents[1] / "benchmarks" / "duplicates"
sys.path.append(str(DUPLICATES))

import composed  # noqa: E402
import corpus  # noqa: E402
import kill_compare  # noqa: E402
import scale  # noqa: E402
import scores  # noqa: E402
import second_crawl  # noqa: E402
import watched  # noqa: E402
from composed import BASE, EDITED, EXACT  # noqa: E402
from watched import Pass, Sample, Watched  # noqa: E402

# Scores.

TRUTH = pl.DataFrame(
    {
        "kind": [BASE, EDITED, BASE, EXACT, EDITED, EDITED, BASE],
        "base": [0, 0, 1, 1, 0, 1, 2],
        "jaccard": [None, 0.85, None, 1.0, 0.95, 0.7, None],
    },
    schema_overrides={"kind": pl.UInt8},
)


def test_a_perfect_run_finds_every_near_pair_and_joins_nothing_else():
    found = scores.scored(np.array([0, 0, 2, 2, 0, 5, 6]), TRUTH)
    assert (found.pairs, found.recall, found.recall_near, found.recall_far) == (3, 1, 1, 0)
    assert (found.joined, found.clusters, found.largest_cluster) == (0, 2, 3)
    assert np.isnan(found.recall_farther)


def test_a_pair_is_found_when_a_third_document_survives_of_both():
    found = scores.scored(np.array([1, 1, 2, 3, 1, 2, 6]), TRUTH)
    assert found.recall == pytest.approx(2 / 3) and found.recall_near == 1 and found.recall_far == 1
    assert (found.joined, found.clusters) == (0, 2)


def test_documents_that_are_dropped_for_others_originals_are_counted():
    found = scores.scored(np.array([0, 0, 0, 0, 0, 5, 0]), TRUTH)
    assert found.joined == 3 and found.recall == 1 and found.largest_cluster == 6


# Watching.


def test_passes_are_read_from_the_lines_that_end_them():
    lines = (
        "measure: 12 of 40, 3.1 MB/s, 2 min left\n"
        "compare near_duplicates: group: 21 done (3 done before) in 1.5 s\n"
        "warning: filter near_duplicates dropped nothing\n"
        "judge: 1 done in 0.2 s, 9.0 MB/s\n"
    )
    told: list[str] = []
    passes = list(watched._passes(io.StringIO(lines), 0.0, told))
    assert [one.name for one in passes] == ["compare near_duplicates: group", "judge"]
    assert [round(one.stop - one.start, 6) for one in passes] == [1.5, 0.2]
    assert len(told) == 4


def run_of(passes, samples):
    record = {"passes": [{"pass": one.name, "seconds": one.stop - one.start} for one in passes]}
    return Watched(record, passes, samples)


def test_the_peak_is_that_between_band_keys_and_verdicts():
    passes = [Pass("measure", 0, 5), Pass("compare a: sort", 5, 7), Pass("judge", 8, 9), Pass("write x", 9, 12)]
    samples = [
        Sample(time, memory, 1, 1, 1, 2) for time, memory in ((1, 900), (6, 50), (7.5, 70), (8.5, 60), (10, 800))
    ]
    done = run_of(passes, samples)
    assert done.comparing == (5, 9) and done.peak("whole") == 70
    assert done.seconds() == {"compare a: sort": 2, "judge": 1}
    with pytest.raises(SystemExit, match="compared nothing"):
        _ = run_of(passes[:1], samples).comparing


@pytest.mark.skipif(not Path("/proc/self/smaps_rollup").exists(), reason="memory is read from Linux' /proc")
def test_memory_is_that_of_all_processes_of_the_group():
    code = (
        "import subprocess, sys; held = bytearray(b'x') * 40_000_000; print('held', flush=True); "
        "len(sys.argv) > 1 or subprocess.run([sys.executable, '-c', CODE, 'child']); sys.stdin.read()"
    )
    code = f"CODE = {('CODE = 0; ' + code)!r}; {code}"
    process = subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, start_new_session=True
    )
    with process:
        assert [process.stdout.readline() for _ in range(2)] == ["held\n"] * 2
        held = [watched._memory(pid) for pid in watched._group(process.pid)]
        process.stdin.close()
    assert len(held) == 2 and all(40e6 < anonymous <= pss <= resident < 100e6 for pss, resident, anonymous in held)
    assert not list(watched._group(process.pid)) and watched._memory(process.pid) is None


def test_disk_is_counted_in_blocks_of_what_matches(tmp_path):
    (tmp_path / "keys" / "near").mkdir(parents=True)
    (tmp_path / "keys" / "near" / "a").write_bytes(os.urandom(100_000))
    (tmp_path / "other").write_bytes(os.urandom(50_000))
    whole, keys = watched.disk_bytes(tmp_path), watched.disk_bytes(tmp_path, ["keys", "missing"])
    assert 100_000 <= keys < 120_000 and 50_000 <= whole - keys < 60_000


def test_a_copy_of_a_run_holds_what_was_measured_only(tmp_path):
    for name in ("documents-1/a", "signals/near-1/a", "keys/near-1/a", "groups/near-1/a", "verdicts-2/a", "run.json"):
        file = tmp_path / "run" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(name, encoding="utf-8")
    watched.measured_copy(tmp_path / "run", tmp_path / "copy")
    left = {file.relative_to(tmp_path / "copy").as_posix() for file in (tmp_path / "copy").rglob("a")}
    assert left == {"documents-1/a", "signals/near-1/a", "keys/near-1/a"}
    assert (tmp_path / "run/groups/near-1/a").exists() and not (tmp_path / "copy/run.json").exists()
    assert (tmp_path / "copy/signals/near-1/a").stat().st_ino == (tmp_path / "run/signals/near-1/a").stat().st_ino


# Killing.


def test_a_kill_counts_only_while_the_run_compares(tmp_path):
    (tmp_path / "inputs.json").write_text('{"parts": [1, 2]}', encoding="utf-8")
    (tmp_path / "run.json").write_text("{}", encoding="utf-8")
    (tmp_path / "signals").mkdir()
    assert kill_compare.state(tmp_path) == "before"
    (tmp_path / "groups" / "near").mkdir(parents=True)
    assert kill_compare.state(tmp_path) == "inside"
    (tmp_path / "verdicts-1").mkdir()
    for name in ("a", "b"):
        assert kill_compare.state(tmp_path) == "inside"
        (tmp_path / "verdicts-1" / f"{name}.parquet").touch()
    assert kill_compare.state(tmp_path) == "after"


# Bounds, growth, projection.


def figures(documents, setting, seconds, whole=1.5e9, **values):
    filled = {"documents": documents, "setting": setting, "memory_setting": "default", "seconds": seconds,
              "passes": {"judge": seconds}, "whole": whole, "anonymous": whole, "largest": whole, "recall": 0.995,
              "keys_bytes": 168 * documents, "temporary_bytes": 300 * documents, "verdicts": "abc"}  # fmt: skip
    return filled | values


def test_bounds_say_which_are_missed():
    met = [figures(10**6, "off", 50), figures(10**7, "off", 590), figures(10**7, "small", 700, 0.9e9)]
    assert {row[3] for row in scale.bound_rows(met)} == {"met"}
    missed = [
        figures(10**6, "off", 40),
        figures(10**7, "off", 601, 2.1e9, keys_bytes=221 * 10**7),
        figures(10**7, "small", 1, 1.1e9, verdicts="other"),
    ]
    assert [row[3] for row in scale.bound_rows(missed)] == ["**not met**"] * 6
    on = [figures(10**6, "on", 9, recall=0.98), figures(10**6, "on-small", 9, 1e9, verdicts="other")]
    assert [row[3] for row in scale.bound_rows(on)] == ["", "**not met**", "met", "met", "**not met**"]


def test_memory_is_the_most_of_any_size():
    rows = scale.memory_rows([figures(10**6, "off", 1, 2.5e9), figures(10**7, "off", 1, 1.5e9)], 2e9)
    assert [(row[1], row[3]) for row in rows] == [("2.5", "**not met**")]
    assert scale.memory_rows([], 2e9) == []


def test_settings_say_what_the_filter_is_given():
    texts = {setting: scale.pipeline_text([Path("a")], setting, "1MB") for setting in scale.SETTINGS}
    given = {setting: json.loads(text.rpartition("near_duplicates: ")[2]) for setting, text in texts.items()}
    assert given == {
        "off": {"verify": False}, "small": {"verify": False, "memory": "1MB"},
        "on": {"verify": True}, "on-small": {"verify": True, "memory": "1MB"},
    }  # fmt: skip


def test_growth_is_a_power_and_the_projection_follows_it():
    grown = [figures(n, "off", (n / 1e6) ** 1.05, 1e9 + 10 * n) for n in (10**6, 10**7)]
    assert scale.exponent(grown) == pytest.approx(1.05)
    name, hours, memory, slope, keys, temporary = scale.projection(grown)
    assert name == "off, default" and float(hours) == pytest.approx(233**1.05 / 3600, abs=0.05)
    assert (memory, slope, keys, temporary) == ("3.33", "10.0", "39", "70")
    shrinking = [figures(10**6, "off", 1, 2e9), figures(10**7, "off", 9, 1.1e9)]
    assert scale.projection(shrinking)[2:4] == ["1.10", "-100.0"]


def test_figures_replace_those_of_the_same_size_and_setting(tmp_path):
    file = tmp_path / "measured.json"
    for one in (figures(2, "on", 1), figures(1, "off", 1), figures(2, "off", 1), figures(2, "on", 7)):
        kept = scale.keep(one, file)
    assert [(one["documents"], one["setting"], one["seconds"]) for one in kept] == [(1, "off", 1), (2, "off", 1),
                                                                                   (2, "on", 7)]  # fmt: skip
    assert json.loads(file.read_text(encoding="utf-8")) == kept


# A second crawl.


def test_a_repeat_needs_the_right_old_document_and_run():
    kinds = pl.Series([EXACT, EXACT, EDITED, EDITED, BASE, BASE], dtype=pl.UInt8)
    truth = pl.DataFrame({"kind": kinds, "base": [0, 1, 0, 0, 3, 4], "jaccard": [1.0, 1.0, 0.9, 0.9, None, None]})
    said = second_crawl.Found(
        repeats=np.array([1, 1, 1, 0, 0, 1], bool), right=np.array([1, 0, 1, 0, 0, 0], bool),
        kept=np.array([0, 0, 0, 1, 1, 0], bool), truth=truth, survives=np.array([1, 1, 1, 1, 0, 0], bool),
    )  # fmt: skip
    rows = {name.rpartition(",")[0]: (value, verdict) for name, value, _, verdict in second_crawl.rows_of(said)}
    assert rows["repeats of a survivor, Jaccard >= 0.8: found"] == ("0.75000", "**not met**")
    assert rows["the same, with the right old document"] == ("0.50000", "**not met**")
    assert rows["exact repeats of a survivor: found"] == ("1.00000", "met")
    assert rows["new originals: kept"] == ("0.50000", "**not met**")
    assert rows["new originals said to be repeats"] == ("1", "**not met**")


# Whole, small.


def test_a_small_corpus_goes_the_whole_way(tmp_path):
    chance = np.random.default_rng(0)
    sentences = ["".join(map(chr, 0x4E00 + chance.integers(0, 3_000, size))) for size in chance.integers(12, 47, 3_000)]
    pool = composed.pool_of(["。".join(sentences) + "。"])
    corpus.write(tmp_path / "corpus", pool, 0, corpus.Crawl(1_500, file_documents=500))
    options = argparse.Namespace(
        work=tmp_path, file_documents=500, small="50KB", workers=1, corpora=[Path("folder/made.jsonl")]
    )
    usual, small = (scale.measure(options, tmp_path / "corpus", 1_000, setting) for setting in ("on", "on-small"))
    near = corpus.read_truth(tmp_path / "corpus", files=2)["jaccard"] >= 0.8
    assert usual["pairs"] == near.sum() > 200 and usual["recall"] >= 0.99 and usual["joined"] == 0
    assert usual["seconds"] > 0 and usual["keys_bytes"] > 1_000 * 8
    assert small["verdicts"] == usual["verdicts"]
    shown = scale.section([usual, small], options)
    assert [table.title for table in shown.tables] == ["", "Growth", "Where the time goes"]
    assert "--corpora made.jsonl" in shown.text and str(tmp_path) not in json.dumps(shown.data)
    assert all(len(row) == len(table.columns) for table in shown.tables for row in table.rows)
