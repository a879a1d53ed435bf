"""The sample pipeline, run whole: its verdicts against the labels of `samples/`, its shards, its printed output."""

import collections
import fnmatch
import hashlib
import json
import os
from pathlib import Path

import pytest

import curate

ROOT = Path(__file__).parents[1]
LABELS = [json.loads(line) for line in (ROOT / "samples/labels.jsonl").read_text(encoding="utf-8").splitlines()]


@pytest.fixture(scope="session")
def fates(demo):
    """(file, row) of each sample row to its document as a dictionary, or None when it was rejected."""
    run, _ = demo
    documents = {row["id"]: row for row in run.documents().iter_rows(named=True)}
    offsets = _offsets()
    return {
        (label["file"], label["row"]): documents.get(
            f"samples/skypile/{label['file']}:{offsets[label['file']][label['row']]}"
        )
        for label in LABELS
    }


def _offsets():
    """Byte offset of each line of the decompressed sample files, blank ones too."""
    from curate.readers.streams import chunks

    found = {}
    for file in sorted((ROOT / "samples/skypile").iterdir()):
        starts = [0]
        for line in b"".join(chunks(str(file))).split(b"\n"):
            starts.append(starts[-1] + len(line) + 1)
        found[file.name] = starts
    return found


def _reasons(run, row):
    return [reason for reason in run.reasons() if row[reason]]


def _is_as_expected(label, run, row):
    if label["expected"] == "rejected":
        return row is None
    if row is None:
        return False
    reasons = _reasons(run, row)
    if label["expected"] == "kept":
        return not reasons
    if label["expected"] == "cleaned":
        return not reasons and hashlib.sha256(row["text"].encode()).hexdigest() == label["clean_sha256"]
    rule = label["rule"] or "*"
    return bool(reasons) and any(fnmatch.fnmatch(reason, rule) for reason in reasons)


def test_every_planted_defect_meets_its_fate(demo, fates):
    run, _ = demo
    wrong = [
        (label, row and _reasons(run, row))
        for label in LABELS
        if label["defect"] and label["expected"] != "one_of_cluster"
        for row in [fates[label["file"], label["row"]]]
        if not _is_as_expected(label, run, row)
    ]
    assert wrong == []


def test_pages_that_quote_a_benchmark_say_which_item(fates):
    quoting = [label for label in LABELS if label["defect"] == "contaminated"]
    assert len(quoting) >= 5
    for label in quoting:
        assert fates[label["file"], label["row"]]["contamination_items"] == label["item"]


def test_of_each_planted_cluster_exactly_one_survives(demo, fates):
    run, _ = demo
    clusters = collections.defaultdict(list)
    for label in LABELS:
        if "cluster" in label:
            clusters[label["cluster"], label["rule"]].append(fates[label["file"], label["row"]])
    assert len(clusters) >= 40
    for (cluster, rule), members in clusters.items():
        kept = [row for row in members if row["kept"]]
        if len(kept) != 1:
            # A cluster of advertisements leaves no survivor: all of them break another rule.
            assert not kept and all(set(_reasons(run, row)) - {rule} for row in members), (cluster, rule)
            continue
        dropped = [row for row in members if not row["kept"]]
        assert all(rule in _reasons(run, row) and row["duplicate_of"] == kept[0]["id"] for row in dropped), cluster


def test_at_most_three_percent_of_the_good_documents_are_dropped(demo, fates):
    run, _ = demo
    good = [fates[label["file"], label["row"]] for label in LABELS if label["expected"] == "kept"]
    lost = {row["id"]: _reasons(run, row) for row in good if not row["kept"]}
    assert len(good) >= 150
    assert len(lost) <= 0.03 * len(good), lost


def test_rows_add_up_and_are_printed(demo):
    run, printed = demo
    counts = run.counts()
    assert counts["documents"] == counts["kept"] + counts["dropped"]
    assert counts["documents"] + counts["rejected"] == len(LABELS)
    assert (
        f"{len(LABELS)} = {counts['kept']} kept + {counts['dropped']} dropped + {counts['rejected']} rejected"
        in printed
    )
    assert os.path.join(run.folder, "report.html") in printed


def test_the_shards_of_both_targets_are_sound_and_hold_the_kept_documents(demo):
    run, _ = demo
    for target in ("minimind", "whitebox"):
        folder = run.folder / "shards" / target
        assert curate.verify_shards(folder) == []
        assert curate.open_shards(folder).manifest["documents"] == run.counts()["kept"]
        assert (folder / "USE.md").exists()


def test_the_report_opens_offline_and_names_every_rule(demo):
    run, _ = demo
    page = (run.folder / "report.html").read_text(encoding="utf-8")
    assert all(reason in page for reason in run.reasons())
    assert "http://" not in page.replace("http://www.w3.org", "") and "https://" not in page


def test_the_shown_output_is_what_the_demo_prints(demo):
    run, printed = demo
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    shown = readme.split("<!-- output of: curate run pipelines/skypile_small.yaml -->\n```text\n")[1].split("```")[0]
    assert printed.replace(str(run.folder.parent), "runs") == shown
