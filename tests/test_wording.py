"""The words of the page: escaped, filled in, and there in each language."""

import ast
import string
from collections.abc import Iterator
from pathlib import Path

import pytest

from curate.errors import CurateError
from curate.report import wording as module
from curate.report.markup import Markup
from curate.report.wording import wording

CHINESE = wording("zh").sentences


def said() -> Iterator[tuple[str, str]]:
    """File and line, and each sentence that a module of the report hands to `say`, in Chinese the plural alone."""
    for file in sorted(Path(module.__file__).parent.glob("*.py")):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and ast.unparse(node.func) in ("say", "say.plain", "say.many"):
                place = 2 if ast.unparse(node.func) == "say.many" else 0
                sentence = node.args[place]
                assert isinstance(sentence, ast.Constant), f"{file.name}:{node.lineno}: not a literal"
                yield f"{file.name}:{node.lineno}", sentence.value


def placeholders(sentence: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(sentence) if name is not None}


def test_what_is_filled_in_is_escaped_and_markup_stays() -> None:
    say = wording("en")
    assert say("{a} & {b}", a="<i>", b=Markup("<b>bold</b>")) == "&lt;i&gt; &amp; <b>bold</b>"
    assert say.plain("{a} & {n}", a="<i>", n=1234) == "<i> & 1,234"


def test_chinese_is_said_in_chinese_and_what_it_lacks_in_english() -> None:
    assert wording("zh")("Rules") == "规则"
    assert wording("zh")("not yet translated") == "not yet translated"


def test_one_thing_is_said_otherwise_than_many_in_english_only() -> None:
    told = [wording("en").many(n, "1 rule", "{n} rules") for n in (0, 1, 2, 1234)]
    assert told == ["0 rules", "1 rule", "2 rules", "1,234 rules"]
    assert [wording("zh").many(n, "1 rule", "{n} rules") for n in (1, 2)] == ["1 条规则", "2 条规则"]


def test_every_sentence_of_the_page_has_a_chinese_one_with_the_same_places_to_fill_in() -> None:
    missing = [f"{where}: {sentence}" for where, sentence in said() if sentence not in CHINESE]
    assert missing == []
    for sentence, chinese in CHINESE.items():
        assert placeholders(sentence) == placeholders(chinese), sentence


def test_every_chinese_sentence_is_said_somewhere() -> None:
    assert sorted(set(CHINESE) - {sentence for _, sentence in said()}) == []


def test_a_language_that_the_page_does_not_speak_is_an_error() -> None:
    with pytest.raises(CurateError, match="--lang fr: the report speaks en and zh"):
        wording("fr")
