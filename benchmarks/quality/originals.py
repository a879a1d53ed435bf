"""Gopher's, C4's and FineWeb's signals and verdicts beside datatrove's own filters, document by document.

    python benchmarks/quality/originals.py EN_WEB.jsonl.zst [--chinese ZH_WEB.jsonl.zst] [--sample 0.1] [--show 3]

Needs spaCy (`pip install 'curate[english]'`) and `regex`. For English the words on both sides are spaCy's, each side
cutting for itself; for Chinese, rjieba's words are given to datatrove's filters, set up as FineWeb-2 sets them up.
Prints for each signal and each filter how many documents differ (0 is wanted), then how many verdicts of `fineweb_en`
differ from datatrove's chain, in which C4's filter cuts lines before FineWeb's looks; for Chinese, too, how many
verdicts of `chinesewebtext` and `mapneo_as_written` differ from what their code does, stated here in plain Python.
"""

from __future__ import annotations

import argparse
import io
import json
import math
import re
import string
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import polars as pl
import zstandard
from datatrove.data import Document
from datatrove.pipeline.filters import (
    c4_filters,
    fineweb_quality_filter,
    gopher_quality_filter,
    gopher_repetition_filter,
)
from datatrove.utils.text import PUNCTUATION_SET, TERMINAL_PUNCTUATION, split_into_words

from curate import judge, profiles
from curate.contracts import Documents, Line
from curate.filters.quality import Quality
from curate.filters.repetition import Repetition

Repetitions = gopher_repetition_filter.GopherRepetitionFilter
Gopher = gopher_quality_filter.GopherQualityFilter
FineWeb = fineweb_quality_filter.FineWebQualityFilter
C4 = c4_filters.C4QualityFilter
WORD_FILTERS = (gopher_quality_filter, gopher_repetition_filter, fineweb_quality_filter)
FINEWEB2 = {
    "repetition": {
        **{"dup_line_frac": 0.287, "dup_para_frac": 0, "dup_line_char_frac": 0, "dup_para_char_frac": 0},
        "top_n_grams": ((2, 0.256), (3, 0.201), (4, 0.171)),
        "dup_n_grams": ((5, 0.198), (6, 0.182), (7, 0.167), (8, 0.154), (9, 0.14), (10, 0.127)),
    },
    "gopher": {"min_avg_word_length": 1, "max_avg_word_length": 5, "max_non_alpha_words_ratio": 0.735},
    "fineweb": {"line_punct_thr": 0.106, "short_line_thr": 999, "char_duplicates_ratio": 0.1, "new_line_ratio": 0.178},
}
OWN_RULES = ("few_ended_lines", "mostly_short_lines", "too_many_lines", "repeated_shown_line_chars")
C4_RULES = ("lorem_ipsum", "curly_bracket", "few_sentences")


def texts(path: Path, share: float) -> Iterator[str]:
    """Yield texts, `share` of them, spread over the file."""
    with path.open("rb") as file:
        stream = zstandard.ZstdDecompressor().stream_reader(file) if path.suffix == ".zst" else file
        for number, line in enumerate(io.TextIOWrapper(stream, encoding="utf-8")):
            if int(number * share) != int((number - 1) * share) or share == 1:
                yield json.loads(line)["text"]


def ratio(part: float, whole: float) -> float | None:
    """None where nothing can be measured."""
    return part / whole if whole else None


def word_signals(text: str, words: list[str], stop_words: list[str]) -> dict[str, float | None]:
    """What datatrove's filters compare with their thresholds, by their functions and in their words."""
    plain = [word for word in words if any(character not in PUNCTUATION_SET for character in word)]
    split, shown = text.splitlines(), [line for line in text.split("\n") if line.strip()]
    repetition = gopher_repetition_filter
    lines, paragraphs = re.split("\n+", text), re.split(r"\n{2,}", text.strip())
    (line_number, line_chars), (number, chars) = map(repetition.find_duplicates, (lines, paragraphs))
    found: dict[str, float | None] = {
        "words": len(plain),
        "mean_word_chars": ratio(sum(map(len, plain)), len(plain)),
        "hash_word_ratio": ratio(text.count("#"), len(words)),
        "ellipsis_word_ratio": ratio(text.count("...") + text.count("…"), len(words)),
        "alpha_word_ratio": ratio(sum(any(map(str.isalpha, word)) for word in words), len(words)),
        "newline_word_ratio": ratio(text.count("\n"), len(words)),
        "stop_words": len(set(stop_words) & set(words)),
        "bullet_line_ratio": ratio(sum(line.lstrip().startswith(("•", "-")) for line in split), len(split)),
        "ellipsis_line_ratio": ratio(sum(line.rstrip().endswith(("...", "…")) for line in split), len(split)),
        "ended_line_ratio": ratio(sum(line.endswith(tuple(TERMINAL_PUNCTUATION)) for line in shown), len(shown)),
        "short_line_ratio": ratio(sum(len(line) <= 30 for line in shown), len(shown)),
        "duplicate_line_ratio": line_number / len(lines),
        "duplicate_line_char_ratio": ratio(line_chars, len(text)),
        "duplicate_paragraph_ratio": number / len(paragraphs),
        "duplicate_paragraph_char_ratio": ratio(chars, len(text)),
        "duplicate_shown_line_char_ratio": ratio(repetition.find_duplicates(shown)[1], len(text.replace("\n", ""))),
    }
    for n in (2, 3, 4):
        grams = repetition.get_n_grams(words, n)
        found[f"top_{n}_gram_ratio"] = repetition.find_top_duplicate(grams) / len(text) if grams else 0.0
    for n in range(5, 11):
        found[f"duplicate_{n}_gram_ratio"] = ratio(repetition.find_all_duplicate(words, n), len(text))
    if not words:
        found |= {name: None for name in found if "_gram_" in name}
    return found


class Counted(C4):
    """C4's filter with its own statistics, and the sentences of the lines that it keeps."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.counts: Counter[str] = Counter()

    def stat_update(self, *names: str, **_: Any) -> None:
        self.counts.update(names)

    def signals(self, document: Document) -> tuple[bool, dict[str, int]]:
        """Verdict and counts; those after an early end (lorem ipsum, a bracket) mean nothing."""
        self.counts.clear()
        sentences = 0
        original = c4_filters.split_into_sentences

        def counting(text: str, language: str) -> list[str]:
            nonlocal sentences
            found = original(text, language)
            sentences += len(found)
            return found

        c4_filters.split_into_sentences = counting
        try:
            verdict = self.filter(document)
        finally:
            c4_filters.split_into_sentences = original
        kept, reason = verdict if isinstance(verdict, tuple) else (verdict, "")
        ours = {"c4_lines": "line-total", "kept_lines": "line-kept", "unended_lines": "line-filter-no_terminal_punc",
                "few_word_lines": "line-filter-too_few_words", "javascript_lines": "line-filter-javascript",
                "policy_lines": "line-filter-policy", "long_word_lines": "line-filter-too_long_word"}  # fmt: skip
        counts = {name: self.counts[theirs] for name, theirs in ours.items()} | {"kept_sentences": sentences}
        return kept, counts if reason not in ("lorem_ipsum", "curly_bracket") else {}


def kept_by(step: Any, document: Document) -> bool | None:
    """The verdict of a filter of datatrove; None where it fails (a mean of no words)."""
    try:
        verdict = step.filter(document)
    except ZeroDivisionError:
        return None
    return bool(verdict[0] if isinstance(verdict, tuple) else verdict)


class Comparison:
    """Counts documents that differ, by what differs."""

    def __init__(self, title: str, show: int) -> None:
        self.title, self.show = title, show
        self.compared: Counter[str] = Counter()
        self.different: Counter[str] = Counter()

    def add(self, name: str, ours: Any, theirs: Any, text: str) -> None:
        """Compare one number or verdict."""
        self.compared[name] += 1
        same = ours == theirs or (
            ours is not None and theirs is not None and math.isclose(ours, theirs, rel_tol=1e-9, abs_tol=1e-12)
        )
        if not same:
            self.different[name] += 1
            if self.different[name] <= self.show:
                print(f"  {name}: {ours} here, {theirs} there: {text[:120]!r}")

    def print(self) -> None:
        """Print the table."""
        print(f"\n{self.title}")
        for name, number in self.compared.items():
            print(f"  {name:34} {self.different[name]:6} of {number} differ")


def measured(profile: str, documents: Documents) -> tuple[list[dict[str, Any]], list[set[str]]]:
    """Signals and broken rules of each document under both filters of a profile."""
    filters = profiles.load(profile).filters
    kinds = {"quality": Quality, "repetition": Repetition}
    lines = [Line(name, name, kinds[name](profile=profile)) for name in filters]
    types = {name: kind for line in lines for name, kind in judge.signal_columns(line).items()}
    signals = pl.concat([line.step.measure(documents) for line in lines], how="horizontal")
    verdicts = judge.rule_frame(signals, judge.compile_rules(lines, types))
    broken = [{rule.partition(".")[2] for rule, drops in row.items() if drops} for row in verdicts.to_dicts()]
    return signals.to_dicts(), broken


def compare_english(batch: list[str], into: Comparison, steps: dict[str, Any]) -> None:
    """Compare a batch of English texts under the three English profiles."""
    documents = Documents.of(batch)
    both, gopher = measured("fineweb_en", documents), measured("gopher_en", documents)
    c4, stop = measured("c4_en", documents), profiles.section("gopher_en", "quality").measure["stop_words"]
    repetition_rules = set(profiles.section("gopher_en", "repetition").drop)
    for number, text in enumerate(batch):
        document = Document(text=text, id="")
        for name, value in word_signals(text, split_into_words(text), stop).items():
            into.add(name, both[0][number][name], value, text)
        broken, own = gopher[1][number], both[1][number]
        into.add("VERDICT gopher quality", not broken - repetition_rules, kept_by(steps["gopher"], document), text)
        into.add(
            "VERDICT gopher repetition", not broken & repetition_rules, kept_by(steps["repetition"], document), text
        )
        into.add("VERDICT fineweb", not own & set(OWN_RULES), kept_by(steps["fineweb"], document), text)
        for label, (signals, verdicts) in {"c4_en": c4, "fineweb_en": both}.items():
            kept, counts = steps[label].signals(Document(text=text, id=""))
            into.add(f"VERDICT {label}, C4's rules", not verdicts[number] & set(C4_RULES), kept, text)
            for name, value in counts.items():
                into.add(f"{label} {name}", signals[number][name], value, text)
        chain = Document(text=text, id="")
        order = ("repetition", "gopher", "fineweb_en", "fineweb")
        into.add("(the chain of fineweb_en)", not own, all(kept_by(steps[name], chain) for name in order), text)


def compare_chinese(batch: list[str], into: Comparison, steps: dict[str, Any]) -> None:
    """Compare a batch of Chinese texts under fineweb2_zh, rjieba's words given to both sides."""
    import rjieba

    (signals, verdicts), stop = measured("fineweb2_zh", Documents.of(batch)), FINEWEB2["gopher"]["stop_words"]
    own = {"few_ended_lines", "too_many_lines", "repeated_line_chars"}
    repetition = set(profiles.section("fineweb2_zh", "repetition").drop) - own
    for number, text in enumerate(batch):
        words = [word.strip() for word in rjieba.cut(text) if word.strip()]
        for module in WORD_FILTERS:
            module.split_into_words = lambda *_, words=words: words
        document, broken = Document(text=text, id=""), verdicts[number]
        for name, value in word_signals(text, words, stop).items():
            into.add(name, signals[number][name], value, text)
        into.add("VERDICT gopher quality", not broken - repetition - own, kept_by(steps["gopher"], document), text)
        into.add("VERDICT gopher repetition", not broken & repetition, kept_by(steps["repetition"], document), text)
        into.add("VERDICT fineweb", not broken & own, kept_by(steps["fineweb"], document), text)


def repeated_share(grams: list[str]) -> float:
    """Share of the n-grams that occur more than once."""
    return sum(count for count in Counter(grams).values() if count > 1) / max(1, len(grams))


def chinesewebtext_keeps(text: str) -> bool:
    """What ChineseWebText's `preprocess.py` does, without its rules on Traditional characters and sensitive words."""
    small = re.sub("[ \n\t]", "", text.strip().lower())
    return (
        len(text) > 200
        and len(text) / (text.count("\n") + 1) >= 10
        and len(re.findall("[\u4e00-\u9fa5]", text)) / len(text) >= 0.3
        and repeated_share([small[i : i + 13] for i in range(len(small) - 13)]) <= 0.5
    )


WIDE = {ord(wide): narrow for wide, narrow in zip("。“”‘’", ".\"\"''", strict=True)}
NARROWED = set(range(0xFF01, 0xFF5F)) - {0xFF02, 0xFF07, 0xFF0E}
WIDE |= {point: chr(point - 0xFEE0) for point in NARROWED if not chr(point - 0xFEE0).isalnum()}


def mapneo_keeps(text: str) -> bool:
    """What the rules of MAP-NEO's `filter.py` do on a text from which no URL has to be taken; words are rjieba's."""
    import rjieba

    half = text.translate(WIDE)
    normal, original = unicodedata.normalize("NFKC", half), unicodedata.normalize("NFKC", text)
    plain = re.sub(r"[^\w\s]", "", normal)
    words = [word for word in rjieba.cut(plain) if word.strip()]
    split, n, counts = normal.splitlines(), len(normal), Counter(normal)
    runs = len(re.findall("…+", half)) + len(re.findall(r"\.{2,}", half))
    return (
        sum(map(len, re.findall("【(.*?)】", original))) <= 0.1 * len(original)
        and sum(bool(part.strip()) for part in re.split(r'[.!…?;"]+', half)) > 1
        and 50 <= n <= 10_000
        and 1.3 <= sum(map(len, words)) / max(1, len(words)) <= 10
        and max(len(re.findall("#+", half)), runs) <= 0.1 * len(half)
        and sum(map(str.isdigit, plain)) <= 0.3 * len(plain)
        and sum(line.endswith(("readmore", "展开", "更多")) for line in split) <= 0.3 * len(split)
        and sum(line.startswith(tuple("•●○■□▪▫※·➢‣▶◀◦–")) for line in split) <= 0.9 * len(split)
        and any(character == "…" or character in string.punctuation for character in normal)
        and len(counts) > 0.1 * n
        and -sum(count / n * math.log(count / n) for count in counts.values()) >= 3
    )


def compare_recipes(batch: list[str], into: Comparison, steps: dict[str, Any]) -> None:
    """Compare the verdicts of two recipes for Chinese with what their code does."""
    _, chinesewebtext = measured("chinesewebtext", Documents.of(batch))
    _, mapneo = measured("mapneo_as_written", Documents.of(batch))
    for number, text in enumerate(batch):
        into.add("VERDICT chinesewebtext", not chinesewebtext[number], chinesewebtext_keeps(text), text)
        if not re.search(r"[a-zA-Z0-9]\.[a-zA-Z]", text):  # what their rules on URLs find
            into.add("VERDICT mapneo_as_written", not mapneo[number], mapneo_keeps(text), text)


def compare(path: Path, share: float, into: Comparison, one: Callable[..., None], steps: dict[str, Any]) -> None:
    """Compare a file in batches, and print what differs."""
    batch: list[str] = []
    for text in texts(path, share):
        batch.append(text)
        if sum(map(len, batch)) > 4_000_000:
            one(batch, into, steps)
            batch = []
    one(batch, into, steps)
    into.print()


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("english", type=Path)
    parser.add_argument("--chinese", type=Path)
    parser.add_argument("--sample", type=float, default=1.0)
    parser.add_argument("--show", type=int, default=0, help="print so many documents that differ, of each kind")
    options = parser.parse_args()
    steps = {"repetition": Repetitions(), "gopher": Gopher(), "fineweb": FineWeb(), "c4_en": Counted(),
             "fineweb_en": Counted(filter_no_terminal_punct=False)}  # fmt: skip
    compare(options.english, options.sample, Comparison("English", options.show), compare_english, steps)
    if options.chinese:
        FINEWEB2["gopher"]["stop_words"] = profiles.section("fineweb2_zh", "quality").measure["stop_words"]
        steps = {"repetition": Repetitions(**FINEWEB2["repetition"]), "gopher": Gopher(**FINEWEB2["gopher"]),
                 "fineweb": FineWeb(**FINEWEB2["fineweb"])}  # fmt: skip
        compare(options.chinese, options.sample, Comparison("Chinese", options.show), compare_chinese, steps)
        compare(options.chinese, options.sample, Comparison("Recipes for Chinese", options.show), compare_recipes, {})


if __name__ == "__main__":
    main()
