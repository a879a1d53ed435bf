import json
from pathlib import Path

import polars as pl
import pytest
from duplicate_texts import invented, surviving
from pydantic import ValidationError

import curate
from curate.contracts import Documents
from curate.errors import PipelineError
from curate.filters.exact_duplicates import ExactDuplicates
from curate.grouping import groups_of_equal_keys
from curate.testing import check_filter


def test_exact_copies_survive_once() -> None:
    texts = ["同一篇", "另一篇", "同一篇", "同一篇 ", "同一篇"]
    assert surviving(ExactDuplicates(), texts) == [0, 1, 0, 3, 0]


def test_exact_duplicates_tell_apart_what_differs_in_one_bit() -> None:
    assert surviving(ExactDuplicates(), ["a" * 100, "a" * 99 + "b", "a" * 99, ""]) == [0, 1, 2, 3]


def test_empty_texts_are_duplicates_of_each_other() -> None:
    assert surviving(ExactDuplicates(), ["", "a", ""]) == [0, 1, 0]


def test_keys_are_unsigned() -> None:
    measured = ExactDuplicates().measure(Documents.of(["一篇", "", "另一篇"]))
    assert dict(measured.schema) == {"text_hash_a": pl.UInt64, "text_hash_b": pl.UInt64}
    assert measured.height == 3


def test_a_batch_without_documents_has_keys_without_rows() -> None:
    filter_ = ExactDuplicates()
    assert filter_.measure(Documents.of([])).schema == filter_.measure(Documents.of(["一篇"])).schema


def test_keys_do_not_depend_on_the_batch() -> None:
    filter_, texts = ExactDuplicates(), [invented(number, 20 + number) for number in range(30)]
    apart = pl.concat([filter_.measure(Documents.of([text])) for text in texts])
    assert apart.equals(filter_.measure(Documents.of(texts)))


def test_a_thousand_equal_texts_leave_one() -> None:
    assert surviving(ExactDuplicates(), [invented(4)] * 1_000) == [0] * 1_000


@pytest.mark.parametrize(
    ("ignore", "equal", "different"),
    [
        ("case", ("Straße Nr", "STRASSE nR"), ("Strasse", "Strase")),
        ("width", ("ＡＢＣ，ｶﾞﾗｽ　１", "ABC,ガラス 1"), ("カラス", "ガラス")),
        ("spaces", ("今天 天气\n\u3000好", "今天天气好"), ("今天 天气 好", "今天 天气 坏")),
        ("punctuation", ("“好”，是的。", "好，是的！"), ("1.5", "16")),
    ],
)
def test_what_is_ignored_does_not_count_and_the_rest_does(
    ignore: str, equal: tuple[str, str], different: tuple[str, str]
) -> None:
    filter_ = ExactDuplicates.model_validate({"ignore": [ignore]})
    assert surviving(filter_, [*equal]) == [0, 0]
    assert surviving(filter_, [*different]) == [0, 1]
    assert surviving(ExactDuplicates(), [*equal]) == [0, 1]
    others = [name for name in ("case", "width", "spaces", "punctuation") if name != ignore]
    assert surviving(ExactDuplicates.model_validate({"ignore": others}), [*equal]) == [0, 1]


def test_everything_may_be_ignored_at_once() -> None:
    filter_ = ExactDuplicates(ignore=("case", "width", "spaces", "punctuation"))
    assert surviving(filter_, ["《Ａpp》 上线 了！", "app上线了", "app上线", "【APP】上线了。"]) == [0, 0, 2, 0]


def test_a_text_of_punctuation_alone_equals_its_copies_only() -> None:
    filter_ = ExactDuplicates(ignore=("punctuation", "spaces"))
    assert surviving(filter_, ["！！！", "???", "", " ", "！！！", ""]) == [0, 1, 2, 3, 0, 2]


def test_the_order_of_what_is_ignored_does_not_matter() -> None:
    assert ExactDuplicates(ignore=("width", "case")) == ExactDuplicates.model_validate(
        {"ignore": ["case", "width", "case"]}
    )
    with pytest.raises(ValidationError, match="'case', 'width', 'spaces' or 'punctuation'"):
        ExactDuplicates.model_validate({"ignore": ["cases"]})


def with_urls(urls: list[str | None]) -> Documents:
    frame = Documents.of(["一篇"] * len(urls)).frame
    return Documents(frame.with_columns(pl.Series("url", urls, dtype=pl.String)))


def test_a_field_is_compared_instead_of_the_text() -> None:
    urls = ["http://a/1", "http://a/2", None, "http://a/1", "", None, "", "HTTP://A/2"]
    for ignore, expected in {(): {(0, 3)}, ("case",): {(0, 3), (1, 7)}}.items():
        filter_ = ExactDuplicates.model_validate({"field": "url", "ignore": ignore})
        keys = filter_.measure(with_urls(urls)).with_columns(row=pl.int_range(8, dtype=pl.Int64))
        assert keys["text_hash_a"].is_null().to_list() == [url in (None, "") for url in urls]
        groups = groups_of_equal_keys(keys.select("row", "text_hash_a", "text_hash_b"))
        assert {tuple(rows["row"]) for _, rows in groups.group_by("group")} == expected


def test_a_field_that_no_reader_keeps_is_refused() -> None:
    pipeline = "read:\n  - jsonl: {{paths: [x], fields: [{}]}}\nfilters:\n  - exact_duplicates: {{field: url}}"
    curate.Pipeline.parse(pipeline.format("url"))
    with pytest.raises(PipelineError) as error:
        curate.Pipeline.parse(pipeline.format("urls"))
    assert str(error.value) == (
        "filters[0].exact_duplicates: no reader keeps a field 'url'; add it to its `fields`; did you mean 'urls'?"
    )
    with pytest.raises(PipelineError, match="the documents have no field 'url'"):
        ExactDuplicates(field="url").measure(Documents.of(["a"]))


@pytest.mark.parametrize("name", ["id", "text", "source"])
def test_a_field_that_every_document_has_is_refused(name: str) -> None:
    with pytest.raises(PipelineError) as error:
        curate.apply([{"exact_duplicates": {"field": name}}], ["a"])
    expected = f"expected a field that a reader keeps; every document has {name!r} anyway"
    assert str(error.value) == f"filters[0].exact_duplicates.field: {expected}"
    with pytest.raises(PipelineError, match=r"filters\[0\]\.exact_duplicates\.field: .* at least 1 character"):
        curate.apply([{"exact_duplicates": {"field": ""}}], ["a"])


def test_a_run_compares_texts_and_the_field_that_its_reader_keeps(tmp_path: Path) -> None:
    urls = ["a", "b", "a", None, None, "b"]
    rows = [{"id": str(row), "text": "一二三四四五"[row], "url": url} for row, url in enumerate(urls)]
    (tmp_path / "pages.jsonl").write_text("\n".join(json.dumps(row) for row in rows), encoding="utf-8")
    pipeline = tmp_path / "pages.yaml"
    pipeline.write_text(
        "read:\n  - jsonl: {paths: [pages.jsonl], id: id, fields: [url]}\n"
        "filters:\n  - exact_duplicates\n  - exact_duplicates: {name: same_url, field: url}\n"
    )
    run = curate.run_pipeline(pipeline, out=tmp_path / "run", workers=1)
    verdicts = run.signals()
    assert verdicts["exact_duplicates.duplicate"].to_list() == [False, False, False, False, True, False]
    assert verdicts["same_url.duplicate"].to_list() == [False, False, True, False, False, True]


def test_a_frame_is_compared_by_a_column() -> None:
    frame = pl.DataFrame({"text": ["一", "二", "三"], "url": ["a", "b", "a"]})
    found = curate.apply([{"exact_duplicates": {"field": "url"}}], frame)
    assert found["kept"].to_list() == [True, True, False]
    with pytest.raises(
        PipelineError, match=r"filters\[0\]\.exact_duplicates: the frame has no column 'ulr'; did you mean"
    ):
        curate.apply([{"exact_duplicates": {"field": "ulr"}}], frame)


def test_the_promises_of_a_filter_are_kept() -> None:
    check_filter(ExactDuplicates())
    check_filter(ExactDuplicates(ignore=("case", "width", "spaces", "punctuation")))
