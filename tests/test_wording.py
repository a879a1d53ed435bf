"""The words of the page: escaped, filled in, and there in each language."""

import pytest

from curate.errors import CurateError
from curate.report.markup import Markup
from curate.report.wording import wording


def test_what_is_filled_in_is_escaped_and_markup_stays():
    say = wording("en")
    assert say("{a} & {b}", a="<i>", b=Markup("<b>bold</b>")) == "&lt;i&gt; &amp; <b>bold</b>"


def test_chinese_is_said_in_chinese_and_what_it_lacks_in_english():
    assert wording("zh")("Rules") == "规则"
    assert wording("zh")("not yet translated") == "not yet translated"


def test_a_language_that_the_page_does_not_speak_is_an_error():
    with pytest.raises(CurateError, match="--lang fr: the report speaks en and zh"):
        wording("fr")
