import pytest

from site_tools.slug import slugify, unique


@pytest.fixture
def taken():
    return {"hello", "hello-2"}


@pytest.mark.parametrize(
    ("title", "expected"),
    [
        ("Hello World", "hello-world"),
        ("  spaces  ", "spaces"),
        ("C++ and C#", "c-and-c"),
        ("", "untitled"),
    ],
)
def test_slugify(title, expected):
    assert slugify(title) == expected


def test_unique_counts_up(taken):
    assert unique("hello", taken) == "hello-3"
    assert unique("other", taken) == "other"


def test_long_titles_are_cut():
    slug = slugify("word " * 100)
    assert len(slug) <= 60
    assert not slug.endswith("-")
