"""Every rule of every built-in profile: a text on which it fires, and one close to it on which it does not."""

from functools import cache
from typing import Any

import polars as pl
import pytest
from profile_texts import GOOD, PAIRS, SHORT

from curate import judge, profiles
from curate.contracts import Documents, Line
from curate.errors import PipelineError
from curate.filters.quality import Quality
from curate.filters.repetition import Repetition

HEAD = "name: x\nsource: x\ndate: x\nwhy: x\ndeviations: x\n"
CASES = [(profile, reason) for profile, pairs in PAIRS.items() for reason in pairs]


@cache
def lines(profile: str) -> tuple[Line, ...]:
    filters: dict[str, Any] = {"quality": Quality, "repetition": Repetition}
    # the English ones must fire on words that white space parts, too: no test needs spaCy
    words = "spaces" if profile.endswith("_en") else None
    return tuple(Line(name, "", filters[name](profile=profile, words=words)) for name in profiles.load(profile).filters)


@cache
def broken(profile: str, text: str) -> set[str]:
    """Reasons for which the profile drops `text`."""
    types = {name: kind for line in lines(profile) for name, kind in judge.signal_columns(line).items()}
    documents = Documents.of([text])
    signals = pl.concat([line.step.measure(documents) for line in lines(profile)], how="horizontal")
    verdict = judge.rule_frame(signals, judge.compile_rules(lines(profile), types)).row(0, named=True)
    return {reason for reason, drops in verdict.items() if drops}


@pytest.mark.parametrize(("profile", "reason"), CASES)
def test_every_rule_fires_on_its_defect_and_not_on_what_is_close(profile: str, reason: str) -> None:
    fires, close = PAIRS[profile][reason]
    assert reason in broken(profile, fires)
    assert reason not in broken(profile, close)


@pytest.mark.parametrize("profile", profiles.names())
def test_no_rule_is_without_its_two_texts(profile: str) -> None:
    rules = {f"{line.label}.{rule}" for line in lines(profile) for rule in line.step.own_rules()}
    assert rules == set(PAIRS[profile])


@pytest.mark.parametrize("kind", GOOD)
def test_curate_zh_keeps_good_text_of_any_kind_and_length(kind: str) -> None:
    assert broken("curate_zh", GOOD[kind]) == set()


def test_curate_zh_does_not_judge_by_length() -> None:
    everything = "\n\n".join(GOOD.values())
    parts = [everything[start : start + 120] for start in range(0, len(everything) - 120, 60)]
    assert {reason for part in parts for reason in broken("curate_zh", part)} <= {
        "quality.few_stop_words"
    }  # the shell commands
    assert (
        broken("curate_zh", "\n".join(f"{n}、{sentence}。" for n, sentence in enumerate(everything.split("。"))))
        == set()
    )


@pytest.mark.parametrize(
    "text",
    [
        "欢迎光临本店，全场商品八折优惠。\n" * 40,
        SHORT.encode().decode("gbk", errors="replace"),
        SHORT.encode("gbk").decode("utf-8", errors="replace").encode().decode("gbk", errors="replace"),
        SHORT.encode().decode("latin-1"),
        "".join(f"2024-{n:02}-11 {n * 37 % 97}.{n % 10} {n * 53 % 89}.{n % 7}% " for n in range(40)) + "涨跌幅数据。",
        "━━━━━━━━★★★★★★━━━━━━━━☆☆☆☆☆☆=======" * 3 + "点击进入",
    ],
    ids=[
        "a line 40 times",
        "UTF-8 read as GBK",
        "GBK read as UTF-8, then as GBK",
        "UTF-8 read as Latin-1",
        "numbers",
        "symbols",
    ],
)
def test_curate_zh_catches(text: str) -> None:
    assert broken("curate_zh", text) != set()


@pytest.mark.parametrize("profile", profiles.names())
def test_a_profile_says_where_its_numbers_come_from_and_why(profile: str) -> None:
    loaded = profiles.load(profile)
    assert loaded.name == profile
    assert min(len(loaded.source), len(loaded.why), len(loaded.deviations)) > 3 and len(loaded.why) > 200


def test_the_numbers_of_fineweb2_are_its_configuration() -> None:
    """configs/cmn_Hani.yml of FineWeb-2, and the two that its pipeline sets."""
    rules = profiles.section("fineweb2_zh", "repetition").drop
    words = {5: 0.198, 6: 0.182, 7: 0.167, 8: 0.154, 9: 0.14, 10: 0.127}
    expected = {f"repeated_{n}_grams": f"duplicate_{n}_gram_ratio > {number}" for n, number in words.items()}
    expected |= {
        f"top_{n}_gram": f"top_{n}_gram_ratio > {number}" for n, number in {2: 0.256, 3: 0.201, 4: 0.171}.items()
    }
    expected |= {
        "repeated_lines": "duplicate_line_ratio > 0.287",
        "repeated_line_chars": "duplicate_shown_line_char_ratio > 0.1",
    }
    assert rules == expected
    quality = profiles.section("fineweb2_zh", "quality")
    assert quality.drop["few_ended_lines"] == "ended_line_ratio < 0.106"
    assert quality.drop["few_alphabetic_words"] == "alpha_word_ratio < 0.735"
    assert quality.drop["too_many_lines"] == "newline_word_ratio > 0.178"
    assert len(quality.measure["stop_words"]) == 22


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("name: x\n", "source: Field required"),
        ("name: [\n", "cannot be read as a profile"),
        (
            HEAD + "filters: {length: {drop: {}}}\n",
            "says nothing about quality",
        ),
        (
            HEAD + "filters: {quality: {measure: {wrods: jieba}, drop: {}}}\n",
            "filters.quality.measure.wrods: Extra inputs are not permitted",
        ),
        (
            HEAD + "filters: {quality: {measure: {words: jieba}, drop: {}}}\n",
            "filters.quality.measure: stop_words is missing",
        ),
    ],
)
def test_a_wrong_profile_is_told_in_one_line(tmp_path_factory: pytest.TempPathFactory, text: str, message: str) -> None:
    path = tmp_path_factory.mktemp("profiles") / "mine.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(PipelineError, match=message) as caught:
        Quality(profile=str(path)).check()
    assert "\n" not in str(caught.value)
