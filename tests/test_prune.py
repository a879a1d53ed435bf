"""Pruning a run: what no current fingerprint names goes, what a comparison still needs stays."""

import json
from pathlib import Path

from curate.prune import prune_run
from curate.run import Run
from curate.work.passes import run_pipeline

PIPELINE = "read:\n  - jsonl: {paths: [pages.jsonl]}\nfilters:\n  - near_duplicates\n"


def run_of(folder: Path) -> Run:
    rows = [json.dumps({"text": f"第{number}页"}, ensure_ascii=False) for number in range(3)]
    (folder / "pages.jsonl").write_text("\n".join(rows), encoding="utf-8")
    (folder / "pages.yaml").write_text(PIPELINE)
    return run_pipeline(folder / "pages.yaml", folder / "run", workers=1)


def test_prune_knows_keys_and_what_groups_were_made_of(tmp_path: Path) -> None:
    run = run_of(tmp_path)
    (line,) = run.plan.corpus_filters
    assert prune_run(run) == []
    on_the_way = run.groups_folder(line) / "pairs-0of1.parquet"
    old = run.folder / "keys/near_duplicates-000000000000/x.arrow"
    gone = run.keys_file(line, run.parts[0]).with_name("000000000000-00000.arrow")
    for file in (on_the_way, old, gone):
        file.parent.mkdir(exist_ok=True)
        file.write_text("old")
    run.groups_file(line).rename(run.folder / "kept")
    assert {path for path, _ in prune_run(run)} == {old.parent, gone}, "a comparison that is going on needs its files"
    (run.folder / "kept").rename(run.groups_file(line))
    assert [path for path, _ in prune_run(run)] == [on_the_way]
