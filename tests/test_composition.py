"""What a corpus is made of: hosts of addresses, and tables of languages, lengths, sources."""

import json
from pathlib import Path

import polars as pl
import pytest

import curate
from curate.report import hosts
from curate.report.collect import Report, collect
from curate.report.composition import composition_section
from curate.report.hosts import Hosts, host, hosts_of
from curate.report.wording import wording
from curate.stats import Tally

PAGES = [
    ("https://www.example.com/a", 90), ("http://example.com:8080/b?c=//evil.org", 20), ("//News.Example.COM.CN./x", 90),
    ("https://example.org", 90), ("not an address", 90), (None, 90), ('"><script>alert(1)</script>', 90),
]  # fmt: skip


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Report:
    folder = tmp_path_factory.mktemp("hosts")
    rows = [{"id": str(place), "text": "长" * chars, "URL": url} for place, (url, chars) in enumerate(PAGES)]
    (folder / "a.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    pipeline = "read:\n  - jsonl: {paths: [a.jsonl], id: id, fields: [URL]}\nfilters: [length]\n"
    (folder / "p.yaml").write_text(pipeline, encoding="utf-8")
    return collect(curate.run_pipeline(folder / "p.yaml", folder / "run", workers=1))


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://www.example.com/path", "example.com"),
        ("https://a.b.example.co.uk", "example.co.uk"),
        ("HTTP://User:Secret@Example.com:80/", "example.com"),
        ("example.gov.cn/page", "example.gov.cn"),
        ("https://192.168.1.1/x", "192.168.1.1"),
        ("https://[2001:db8::1]/x", "[2001:db8::1]"),
        ("https://例子.中国/", "例子.中国"),
        ("ftp://com.cn/", "com.cn"),
        ("javascript:alert(1)", None),
        ("words of a page", None),
        ("", None),
        (None, None),
    ],
)
def test_the_registered_host_of_an_address(url: str | None, expected: str | None) -> None:
    assert pl.DataFrame({"url": [url]}, schema={"url": pl.String}).select(host(pl.col("url"))).item() == expected


def test_hosts_are_counted_with_what_is_kept(report: Report) -> None:
    assert report.hosts == Hosts(
        "URL",
        [
            ("example.com", Tally(1, 1, 270, 60)),
            ("example.com.cn", Tally(1, 0, 270, 0)),
            ("example.org", Tally(1, 0, 270, 0)),
        ],
        different=3,
        without=3,
    )


def test_hosts_beyond_the_most_are_let_go_the_rarest_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hosts, "MOST_HOSTS", 1)
    one = pl.DataFrame(
        {"host": ["a", "b"], "kept": [1, 2], "dropped": [0, 3], "kept_bytes": [9, 9], "dropped_bytes": [0, 9]}
    )
    assert hosts._together([one, one]).to_dicts() == [
        {"host": "b", "kept": 4, "dropped": 6, "kept_bytes": 18, "dropped_bytes": 18}
    ]


def test_the_section_shows_sites_lengths_and_sources(report: Report) -> None:
    shown = composition_section(report, wording("en"))
    for words in (
        "Sites",
        "example.com.cn",
        "Lengths in characters",
        "0 to 127",
        "Sources",
        "3 documents have no address.",
    ):
        assert words in shown
    assert "example.com.cn" in composition_section(report, wording("zh"))


def test_a_corpus_without_addresses_has_no_sites(demo: tuple[curate.Run, str]) -> None:
    assert hosts_of(demo[0]) is None


def test_a_page_of_the_demo_names_languages(demo: tuple[curate.Run, str]) -> None:
    assert Path(demo[0].folder, "report.html").read_text(encoding="utf-8").count("<small>Chinese</small>") == 1
