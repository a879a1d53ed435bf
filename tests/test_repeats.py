"""Runs that cut what many documents say: a small corpus of invented sites, its bytes, its resume."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import polars as pl
import pytest
from click.testing import CliRunner

import curate
from curate.cli import main
from curate.contracts import Documents
from curate.errors import PipelineError
from curate.filters.repeated import RepeatedLines, RepeatedPassages
from curate.prune import prune_run
from curate.testing import check_filter
from curate.work.forecast import forecast

HEADER = "晨光新闻网欢迎您，请记住本站的新地址"
FOOTER = "版权归晨光新闻网所有，转载请写明出处"
RARE = "夜读书屋的读者都爱在雨天里来"
BANNER = "山城论坛今日热议的话题在这里汇总"
PASSAGE = (
    "河边的老磨坊在三年前的大水里塌了一半，村里的人商量着要把它修好。木匠说梁还能用，石匠说墙要重砌，"
    "会计算了算账，说钱只够修一半。最后大家决定先修屋顶，等秋收以后再把剩下的墙补上，谁家有空谁家出力！"
    "到了冬天，磨坊真的又转起来了，孩子们围着水轮看了整整一个下午，谁也不肯回家去吃饭。"
)
PIPELINE = """
read:
  - jsonl: {{paths: ["{folder}/a*.jsonl"], fields: [url]}}
  - jsonl: {{paths: ["{folder}/b*.jsonl"], fields: [url]}}
filters:
  - length: {{drop: {{too_short: chars < 15}}}}
  - exact_duplicates
  - repeated_lines: {{source_field: url, max_documents: 30, max_share: 0.5, min_documents: 5, memory: {memory}}}
  - repeated_passages: {{memory: {memory}}}
write: [{{documents: {{format: parquet}}}}]
"""


def story(number: int) -> str:
    """A text that shares no line with that of another number."""
    place, thing = chr(0x4E00 + 37 * number), chr(0x6000 + 53 * number)
    first = f"第{number}个故事发生在{place}县，那里的人都认得{thing}。"
    return f"{first}\n他走了{number}里路，才到{thing}家门前，这就是{place}县{thing}家的来历。"


def rows() -> list[dict[str, str]]:
    """Forty pages of a site with header and footer, ten of a small forum, twenty of others; a passage in four."""
    pages = [{"url": f"https://news.example/{i}", "text": f"{HEADER}\n{story(i)}\n{FOOTER}"} for i in range(40)]
    pages += [{"url": f"http://forum.example:80/{i}", "text": f"{BANNER}\n\n{story(50 + i)}"} for i in range(6)]
    pages += [{"url": f"http://forum.example/x/{i}", "text": f"{story(60 + i)}\n{RARE}"} for i in range(4)]
    pages += [
        {"url": f"http://site{i}.example/", "text": f"{story(70 + i)}\n{RARE if i < 16 else BANNER}"} for i in range(20)
    ]
    pages += [{"url": "http://a.example/1", "text": f"{story(95)}{PASSAGE}{story(96)}"}]
    pages += [{"url": "http://b.example/1", "text": f"短。{PASSAGE}"}]
    pages += [{"url": "http://c.example/1", "text": f"{story(97)}\n{PASSAGE}\n{story(98)}"}]
    pages += [{"url": "http://d.example/1", "text": f"  {HEADER}\n{FOOTER}  \n又短。"}]
    pages += [{"url": "http://e.example/1", "text": "这一页本来就只有这么一句话，再没有别的了。"}]
    return pages


def write_corpus(folder: Path, memory: str = "1GB") -> Path:
    """The corpus in two parts, and its pipeline."""
    (folder / "in").mkdir(parents=True)
    for name, some in (("a", rows()[:30]), ("b", rows()[30:])):
        text = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in some)
        (folder / f"in/{name}.jsonl").write_text(text, encoding="utf-8")
    pipeline = folder / "sites.yaml"
    pipeline.write_text(PIPELINE.format(folder=folder / "in", memory=memory), encoding="utf-8")
    return pipeline


def fingerprint(folder: Path) -> dict[str, str]:
    """Hash of every file that must be the same each time."""
    kinds = ("signals", "keys", "passages", "cuts", "groups", "shards")
    files = [file for kind in kinds for file in folder.glob(f"{kind}/**/*") if file.is_file()]
    files += folder.glob("verdicts-*/*")
    return {str(file.relative_to(folder)): hashlib.sha256(file.read_bytes()).hexdigest() for file in files}


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    """The pipeline of a corpus in two parts that no test changes, and its run."""
    folder = tmp_path_factory.mktemp("finished")
    pipeline = write_corpus(folder)
    return pipeline, curate.run_pipeline(pipeline, folder / "run", workers=2)


def written(run: curate.Run) -> list[str]:
    return pl.read_parquet(run.folder / "shards/documents/documents-*.parquet")["text"].to_list()


def test_headers_and_footers_of_a_site_are_cut_and_nothing_else(finished):
    _, run = finished
    lines = [line for text in written(run) for line in text.split("\n")]
    assert not {HEADER, FOOTER} & {line.strip() for line in lines}
    expected = {
        line
        for number in (*range(40), *range(50, 56), *range(60, 64), *range(70, 90))
        for line in story(number).split("\n")
    }
    assert expected <= set(lines)
    # 20 of 74 documents have this line, in no source more than half of them: it stays.
    assert lines.count(RARE) == 20
    # 10 documents have this one, and six of the ten pages of the forum: it is cut there, and stays elsewhere.
    assert lines.count(BANNER) == 4


def test_a_page_of_furniture_is_dropped_and_one_that_was_short_is_not(finished):
    _, run = finished
    assert run.documents("repeated_lines.too_little_left")["text"].str.contains("又短").to_list() == [True]
    assert "这一页本来就只有这么一句话，再没有别的了。" in written(run)


def test_the_first_kept_document_keeps_a_passage_and_later_ones_lose_it(finished):
    _, run = finished
    found = run.documents().filter(pl.col("text").str.contains("老磨坊"))
    assert found["repeated_passages.too_little_left"].to_list() == [False, True, False]
    assert found["shared_passage_chars"].to_list() == [len(PASSAGE)] * 3
    with_passage = [text for text in written(run) if "磨坊" in text]
    assert with_passage == [f"{story(95)}{PASSAGE}{story(96)}"]
    assert f"{story(97)}\n{story(98)}" in written(run)


def test_cuts_are_in_the_record_and_can_be_shown(finished):
    _, run = finished
    per_page = len(HEADER) + len(FOOTER) + 1  # the last line has no line end
    assert run.record["cut"] == {
        "repeated_lines": {"documents": 46, "chars": 40 * per_page + 6 * (len(BANNER) + 1)},
        "repeated_passages": {"documents": 1, "chars": len(PASSAGE) + 1},
    }
    shown = CliRunner().invoke(main, ["show", str(run.folder), "-n", "100"]).stdout
    shown = shown.replace("\n", "")  # folded at 80 columns
    assert f"⟦{HEADER}" in shown and f"⟦{PASSAGE}" in shown
    assert not [warning for warning in run.record["warnings"] if "repeated" in warning]


def test_any_memory_and_any_number_of_workers_give_the_same_bytes(finished, tmp_path, monkeypatch):
    pipeline, whole = finished
    small = tmp_path / "small.yaml"
    small.write_text(pipeline.read_text(encoding="utf-8").replace("1GB", "1KB"), encoding="utf-8")
    run = curate.run_pipeline(small, tmp_path / "run", workers=1)
    assert fingerprint(run.folder) == fingerprint(whole.folder) != {}


@pytest.mark.parametrize("kind", ["group slice", "mark part"])
def test_a_run_that_stopped_between_slices_goes_on_to_the_same_bytes(finished, tmp_path, monkeypatch, kind):
    """The engine stops after the second task of a kind; then the same run goes on."""
    from curate.engines.local import Local

    pipeline, whole = finished
    small = tmp_path / "small.yaml"
    small.write_text(pipeline.read_text(encoding="utf-8").replace("1GB", "1KB"), encoding="utf-8")
    real, seen = Local.map, []

    def stops(self, tasks):
        for outcome in real(self, tasks):
            seen.append(outcome.task.action)
            if seen.count(kind) == 2:
                raise KeyboardInterrupt
            yield outcome

    monkeypatch.setattr(Local, "map", stops)
    with pytest.raises(KeyboardInterrupt):
        curate.run_pipeline(small, tmp_path / "run", workers=1)
    monkeypatch.undo()
    left = sorted(path.name for path in (tmp_path / "run/groups").glob("repeated_lines-*/*"))
    assert any("slice-" in name for name in left)
    run = curate.run_pipeline(small, tmp_path / "run", workers=1)
    assert fingerprint(run.folder) == fingerprint(whole.folder)


def test_a_file_that_is_gone_is_made_again(finished, tmp_path):
    pipeline, whole = finished
    run = curate.run_pipeline(pipeline, tmp_path / "run", workers=1)
    gone = [run.shared_file(line, run.parts[0]) for line in run.plan.passage_filters]
    for file in gone:
        file.unlink()
    for part in run.parts:
        run.verdicts_file(part).unlink()
    assert fingerprint(curate.run_pipeline(pipeline, tmp_path / "run", workers=1).folder) == fingerprint(whole.folder)


def edited(pipeline: Path, old: str, new: str, out: Path) -> curate.Run:
    text = pipeline.read_text(encoding="utf-8")
    assert old in text
    pipeline.write_text(text.replace(old, new), encoding="utf-8")
    return curate.run_pipeline(pipeline, out, workers=1)


def passes(run: curate.Run) -> list[str]:
    return [one["pass"] for one in run.record["passes"]]


def test_an_edited_threshold_compares_again_and_measures_nothing(tmp_path):
    pipeline = write_corpus(tmp_path)
    curate.run_pipeline(pipeline, tmp_path / "run", workers=1)
    run = edited(pipeline, "max_documents: 30", "max_documents: 15", tmp_path / "run")
    assert run.record["parts"]["measured"] == 0 and "compare repeated_lines: mark" in passes(run)
    assert not any(RARE in text for text in written(run))
    again = edited(pipeline, "passages: {", "passages: {min_left: 0, ", tmp_path / "run")
    assert again.record["parts"]["measured"] == 0 and not any("compare" in name for name in passes(again))
    assert again.record["dropped"]["repeated_passages.too_little_left"] == 0
    assert "短。" in written(again)
    off = edited(pipeline, "min_left: 0", "min_left: 50, drop: {too_little_left: null}", tmp_path / "run")
    assert "repeated_passages.too_little_left" not in off.reasons() and written(off) == written(again)
    removed = {path.parent.name for path, _ in prune_run(off)}
    assert removed == {"cuts", "groups", "run"}
    assert written(curate.run_pipeline(pipeline, tmp_path / "run", workers=1)) == written(again)
    assert "judge" not in passes(off.open(off.folder))


def test_a_new_file_is_measured_alone_and_compared_with_all(tmp_path):
    pipeline = write_corpus(tmp_path)
    curate.run_pipeline(pipeline, tmp_path / "run", workers=1)
    row = json.dumps({"url": "http://e.example/", "text": f"{story(99)}{PASSAGE}{story(93)}"}, ensure_ascii=False)
    (tmp_path / "in/b2.jsonl").write_text(row, encoding="utf-8")
    run = curate.run_pipeline(pipeline, tmp_path / "run", workers=1)
    assert run.record["parts"]["measured"] == 1
    assert run.record["cut"]["repeated_passages"] == {"documents": 2, "chars": 2 * len(PASSAGE) + 1}


def test_check_foretells_disk_and_passes(finished):
    pipeline, run = finished
    found = forecast(curate.Pipeline.load(pipeline), run.folder)
    assert {"compare repeated_lines: done", "compare repeated_passages: done"} <= set(found.passes)
    assert found.disk["signals/repeated_passages"] >= 0
    assert "shared_passage_chars: Int64 (repeated_passages)" in found.columns
    new = forecast(curate.Pipeline.load(pipeline), run.folder.parent / "other")
    assert "compare repeated_lines: to do" in new.passes


def test_a_field_that_no_reader_keeps_is_an_error(tmp_path):
    pipeline = write_corpus(tmp_path)
    with pytest.raises(PipelineError, match="repeated_lines: no reader keeps a field 'host'"):
        edited(pipeline, "source_field: url", "source_field: host", tmp_path / "run")
    edited(pipeline, "max_share: 0.5", "max_share: null", tmp_path / "run")


def test_the_rule_that_is_judged_last_can_be_switched_off_and_not_rewritten(tmp_path):
    pipeline = write_corpus(tmp_path)
    with pytest.raises(PipelineError, match=r"passages\.drop\.too_little_left: a parameter decides this; only null"):
        edited(pipeline, "passages: {", "passages: {drop: {too_little_left: chars_left < 3}, ", tmp_path / "run")


@pytest.mark.parametrize("step", [RepeatedLines(), RepeatedLines(unit="paragraph"), RepeatedPassages(min_chars=5)])
def test_promises(step):
    check_filter(step)


def lines_of(text: str, **parameters: object) -> list[str]:
    """What can be cut of a text."""
    segments = RepeatedLines.model_validate(parameters).segments(Documents.of([text]))
    return [text.encode()[start:stop].decode() for start, stop in segments.select("start", "text_end").rows()]


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("责任编辑和排版校对都是我们\n", ["责任编辑和排版校对都是我们"]),
        ("版权所有，不得转载", []),  # eight Han and no ninth: below nine
        ("    return total_of_all_items;\n", []),  # code
        ("----------------------------------------\n", []),
        ("译者：[某人](https://site.example/somebody)\n", ["译者：[某人](https://site.example/somebody)"]),
        ("| 2024 | 11 | 27 | 3.5 % |\n", []),
        ("Subscribe to our weekly newsletter today", ["Subscribe to our weekly newsletter today"]),
        ("Read more about it", []),
        ("\u3000\u3000春天来了花园里的花都开了。 \n\n", ["\u3000\u3000春天来了花园里的花都开了。"]),
    ],
)
def test_lines_that_can_be_cut_have_letters_and_are_no_code(text, lines):
    assert lines_of(text, min_chars=9) == lines


def test_paragraphs_are_cut_as_wholes():
    text = "第一段的第一行有这么长\n第一段的第二行也有这么长\n\n\n第二段只有一行那么短\n"
    assert lines_of(text, unit="paragraph") == [text.split("\n\n\n")[0], "第二段只有一行那么短"]
    segments = RepeatedLines(unit="paragraph").segments(Documents.of([text]))
    assert segments["end"].to_list() == [len(text.split("第二段只")[0].encode()), len(text.encode())]


def test_the_host_of_an_address_is_the_source():
    frame = pl.DataFrame(
        {"text": ["a"] * 4, "url": ["https://me@A.example:8080/x?y", "http://a.example", "某站", None]}
    )
    found = RepeatedLines(source_field="url").sources(Documents(frame))
    assert found is not None and found.to_list() == ["a.example", "a.example", "某站", None]
    assert RepeatedLines(max_share=None, source_field="nowhere").sources(Documents(frame)) is None


def test_a_notebook_cuts_the_same():
    texts = [row["text"] for row in rows()]
    lines, passages = RepeatedLines(max_documents=30, max_share=None), RepeatedPassages(drop={"shared": "chars > 1000"})
    table = curate.apply([{"length": {"drop": {"too_short": "chars < 15"}}}, lines, passages], texts)
    shared = table.filter(pl.col("text").str.contains("老磨坊"))
    assert shared["shared_passage_chars"].to_list() == [len(PASSAGE)] * 3
    assert shared["reasons"].to_list() == [[], ["repeated_passages.too_little_left"], []]
    assert [[one["end"] - one["start"] for one in cut] for cut in shared["cuts"]] == [[], [], [len(PASSAGE) + 1]]
    assert table["repeated_line_chars"].head(2).to_list() == [len(HEADER) + len(FOOTER) + 1] * 2
    assert table.filter(pl.col("text").str.ends_with("又短。"))["reasons"].to_list() == [
        ["repeated_lines.too_little_left"]
    ]


def test_an_empty_corpus_and_one_document_are_valid_runs(tmp_path):
    pipeline = write_corpus(tmp_path)
    for name, text in (("a", ""), ("b", json.dumps({"text": f"{story(1)}\n{HEADER}", "url": None}))):
        (tmp_path / f"in/{name}.jsonl").write_text(text, encoding="utf-8")
    run = curate.run_pipeline(pipeline, tmp_path / "run", workers=1)
    assert run.counts()["kept"] == 1 and run.record["cut"]["repeated_passages"] == {"documents": 0, "chars": 0}
    (tmp_path / "in/b.jsonl").write_text("", encoding="utf-8")
    assert curate.run_pipeline(pipeline, tmp_path / "empty", workers=1).counts()["documents"] == 0


def test_two_filters_of_one_kind_have_names_and_cut_one_after_the_other(tmp_path):
    pipeline = write_corpus(tmp_path)
    second = "  - repeated_passages: {name: short, min_chars: 30, min_left: 0}\n"
    run = edited(pipeline, "write:", f"{second}write:", tmp_path / "run")
    assert {"shared_passage_chars", "short_shared_passage_chars"} <= set(run.signals().columns)
    assert run.record["cut"]["repeated_passages"] == {"documents": 1, "chars": len(PASSAGE) + 1}
    assert run.record["cut"]["short"] == run.record["cut"]["repeated_passages"]  # one span, left out once
    assert written(run).count(f"{story(97)}\n{story(98)}") == 1
