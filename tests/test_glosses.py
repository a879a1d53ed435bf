"""What signals and rules are in few words, for readers who do not know the names."""

import polars as pl
import pytest

from curate import judge, registry
from curate.contracts import Filter, Line
from curate.filters.length import Length
from curate.filters.quality import Quality
from curate.filters.repetition import Repetition
from curate.filters.toxicity import Toxicity
from curate.report.glosses import Glosses, _tables


class Shouting(Filter):
    """Measure how loud a page is.

    Signals:
        loud: capital letters; only those of Latin.
        louder, loudest: how many
            exclamation marks.

    Source: none.
    """

    signals = {"loud": pl.Int64, "louder": pl.Int64, "quiet": pl.Int64}
    rules = {"too_loud": "loud > 3"}


def glosses(step, language="en", label="x"):
    return Glosses((Line(label, "filters[0]", step),), language)


def test_a_signal_is_told_in_both_languages():
    assert glosses(Length()).signal("chars") == "characters of the text, white space included"
    assert glosses(Length(), "zh").signal("chars") == "文本的字符数（含空白）"


def test_a_renamed_filter_keeps_its_glosses():
    named = glosses(Length(name="body"), label="body")
    assert named.signal("body_chars") == "characters of the text, white space included"
    assert named.rule("body.too_short") == "the text is too short"


def test_numbers_and_categories_are_filled_in():
    assert glosses(Repetition(), "zh").signal("duplicate_10_gram_ratio") == "重复出现的 10 元组所占比例"
    assert glosses(Toxicity()).signal("gambling_topic_words") == "different words on the subject of gambling"
    assert glosses(Toxicity(), "zh", "toxicity").rule("toxicity.loans") == "贷款类用语密集"


def test_a_filter_of_ones_own_tells_in_its_docstring():
    told = glosses(Shouting())
    assert [told.signal(name) for name in ("loud", "louder", "quiet")] == [
        "capital letters",
        "how many exclamation marks",
        "",
    ]
    assert told.rule("x.too_loud") == ""


@pytest.mark.parametrize("language", ["en", "zh"])
def test_every_signal_and_rule_of_the_built_in_filters_is_told(language):
    for name in registry.names("filters"):
        kind = registry.find("filters", name, "filters")
        steps = [kind.model_construct()] if kind.signals or kind.rules else []
        told = Glosses(tuple(Line(name, "filters[0]", step) for step in steps), language)
        for signal in kind.signals:
            assert told.signal(signal), f"{name}: {signal}"
        for rule in kind.rules:
            assert told.rule(f"{name}.{rule}"), f"{name}: {rule}"
    for step, label in ((Quality(), "quality"), (Repetition(), "repetition"), (Toxicity(), "toxicity")):
        told = glosses(step, language, label)
        assert [rule for rule in judge.merged(step) if not told.rule(f"{label}.{rule}")] == []
        assert [signal for signal in step.signal_types() if not told.signal(signal)] == []


def test_each_gloss_is_there_twice():
    assert [key for table in _tables().values() for key, told in table.items() if len(told) != 2] == []
