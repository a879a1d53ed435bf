"""The sections of texts: documents kept, documents dropped by each rule, rows that could not be read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from curate.report.border_cases import border_section
from curate.report.collect import Report, RuleEntry
from curate.report.dropped import FIRST_CHARS, Dropped
from curate.report.find import find_box
from curate.report.markup import Markup, element, shortened
from curate.report.parts import code, fact, name, section
from curate.report.samples import Sample
from curate.report.texts import excerpt_note, sample_text
from curate.report.wording import Wording
from curate.stats import ALONE, BROKEN
from curate.why import condition_in, sentences

RAW_CHARS = 600
MOST_SIGNALS = 120
"""Signals listed with a sample."""
MOST_REASONS = 4
"""Rules of a document that are told in sentences."""
SHORT_REASONS = 2
"""The same, where documents are told in short."""
SENTENCE_CHARS = 600
OTHER_CHARS = 160
"""Of the sentence of another rule: its own section has it whole."""
CONDITION_CHARS = 1_000


def samples_section(report: Report, say: Wording, each: int, borders: int, dropped: int) -> Markup:
    """Up to `each` documents for every rule, and as many that were kept; `dropped` of those that were not, in short."""
    intro = say(
        "Why a document was kept or dropped. Chosen by a hash of the id, the same ones every time; first those that no "
        "other rule drops, which would come back if this rule were off. What counts for the rule is {marked}; what the "
        "shards leave out is {struck}.",
        marked=element("mark", say("marked")),
        struck=element("s", say("struck through")),
    )
    shown = {reason: samples[:each] for reason, samples in report.samples.items()}
    title = [element("b", say("kept")), " ", _counted(say.many(report.stats.kept, "1 document", "{n} documents"))]
    kept = _details(report, say, "kept", title, shown["kept"], None, report.stats.kept)
    rules = [
        _rule(report, say, place, rule, shown[rule.reason], border_section(report, say, rule.reason, borders))
        for place, rule in enumerate(report.rules)
    ]
    listed = _dropped(report, say, report.dropped[:dropped])
    note = element("p", intro, class_="note")
    return section("samples", say("Documents"), note, find_box(report, say), listed, kept, rules)


def _dropped(report: Report, say: Wording, listed: Sequence[Dropped]) -> Markup | None:
    """Dropped documents in short, so that most that are missed can be found on the page."""
    n = report.stats.documents - report.stats.kept
    if not listed:
        return None
    whole = say.many(n, "the one that was dropped, in short", "all {n} that were dropped, in short")
    some = say("{shown} of {n} that were dropped, in short", shown=len(listed), n=n)
    title = [element("b", say("dropped")), " ", _counted(whole if len(listed) == n else some)]
    items = [
        element(
            "li", code(one.id), " ", element("span", shortened(one.text, FIRST_CHARS), class_="excerpt"),
            _why(report, say, one, None, SHORT_REASONS),
        )
        for one in listed
    ]  # fmt: skip
    inner = element("ul", items, class_="dropped-list")
    return element("details", element("summary", title), inner, class_="rule", id="dropped")


def _rule(
    report: Report, say: Wording, place: int, rule: RuleEntry, samples: Sequence[Sample], borders: Markup | None
) -> Markup:
    broken, alone = (int(report.stats.by_reason[place][column]) for column in (BROKEN, ALONE))
    counted = say.many(broken, "1 document, {alone} by it alone", "{n} documents, {alone} by it alone", alone=alone)
    told = report.glosses[say.language].rule(rule.reason)
    title = [element("b", name(rule.reason)), " ", element("span", told), " " if told else "", _counted(counted)]
    return _details(report, say, f"rule-{place}", title, samples, rule, broken, borders)


def _counted(words: str) -> Markup:
    return element("span", words, class_="n")


def _details(
    report: Report,
    say: Wording,
    anchor: str,
    title: Sequence[Markup | str],
    samples: Sequence[Sample],
    rule: RuleEntry | None,
    n: int,
    borders: Markup | None = None,
) -> Markup:
    if samples:
        inner = element("div", [_article(report, say, sample, rule) for sample in samples], class_="documents")
    else:
        none = say("None is shown, to keep this page small.") if n else say("No document.")
        inner = element("p", none, class_="note")
    meaning = _meaning(report, say, rule) if rule else None
    return element("details", element("summary", title), meaning, inner, borders, class_="rule", id=anchor)


def _meaning(report: Report, say: Wording, rule: RuleEntry) -> Markup:
    """The condition of a rule, and what its signals count."""
    said = condition_in(say.language, rule.condition)
    condition = code(said, CONDITION_CHARS) if rule.signals else name(said)
    signals = [
        element("div", element("dt", code(signal)), element("dd", told))
        for signal in rule.signals
        if (told := report.glosses[say.language].signal(signal))
    ]
    return element(
        "div",
        element("p", say("drops when"), " ", condition),
        element("dl", signals, class_="glosses") if signals else None,
        class_="meaning",
    )


def _article(report: Report, say: Wording, sample: Sample, rule: RuleEntry | None) -> Markup:
    kept = not sample.reasons
    header = [
        element("span", code(sample.id)),
        element("b", say("kept") if kept else say("dropped"), class_="kept" if kept else "dropped"),
    ]
    if note := excerpt_note(say, sample):
        header.append(element("span", note))
    text = sample_text(say, sample, report.glosses[say.language].signal)
    return element(
        "article",
        element("header", header),
        _why(report, say, sample, rule),
        element("div", text, class_="text"),
        _everything(report, say, sample),
    )


def _why(
    report: Report, say: Wording, sample: Sample | Dropped, rule: RuleEntry | None, most_rules: int = MOST_REASONS
) -> Markup | None:
    """Why a document was dropped: what each rule means, and what it saw; the rule under which it is shown first."""
    if not sample.reasons:
        return None
    own = rule.reason if rule else None
    broken = sorted(sample.broken, key=lambda one: one.reason != own)
    shown, left = broken[:most_rules], broken[most_rules:]
    lengths = [SENTENCE_CHARS if one.reason == own else OTHER_CHARS for one in shown]
    told = [
        element("li", _meant(report, say, one.reason), element("span", name(sentence, most)))
        for one, sentence, most in zip(shown, sentences(shown, say.language), lengths, strict=True)
    ]
    if left:
        rules = name(", ".join(one.reason for one in left))
        more = say.many(len(left), "and 1 more rule: {rules}", "and {n} more rules: {rules}", rules=rules)
        told.append(element("li", element("span", more)))
    return element("ul", told, class_="why")


def _meant(report: Report, say: Wording, reason: str) -> Markup | None:
    told = report.glosses[say.language].rule(reason)
    return element("b", told) if told else None


def _everything(report: Report, say: Wording, sample: Sample) -> Markup:
    glosses = report.glosses[say.language]
    listed = [*sample.fields.items(), *sample.signals.items()][:MOST_SIGNALS]
    rows = [
        element("div", element("dt", name(key), title=glosses.signal(key) or None), element("dd", fact(value)))
        for key, value in listed
    ]
    return element("details", element("summary", say("all that was measured")), element("dl", rows))


def rejected_section(report: Report, say: Wording) -> Markup | None:
    """The first rows that could not be read."""
    if not report.rejected:
        return None
    shown, folder = len(report.rejected_rows), code("rejected/")
    if shown < report.rejected:
        intro = say(
            "The first {shown} of {n} rows that could not be read; each is kept, with its place and bytes, in {folder} "
            "of the run.",
            shown=shown, n=report.rejected, folder=folder,
        )  # fmt: skip
    else:
        intro = say.many(
            shown,
            "The one row that could not be read; it is kept, with its place and bytes, in {folder} of the run.",
            "All {n} rows that could not be read; each is kept, with its place and bytes, in {folder} of the run.",
            folder=folder,
        )
    rows = element("div", [_rejected(say, row) for row in report.rejected_rows], class_="documents")
    return section("rejected", say("Rejected rows"), element("p", intro, class_="note"), rows)


def _rejected(say: Wording, row: Mapping[str, Any]) -> Markup:
    if row.get("line"):
        place = say("line {line}, offset {offset}", line=str(row["line"]), offset=str(row.get("offset")))
    else:
        place = say("offset {offset}", offset=str(row.get("offset")))
    header = element(
        "header", element("span", code(str(row.get("file")))), element("span", place),
        element("b", name(str(row.get("reason")))),
    )  # fmt: skip
    raw = shortened(str(row.get("raw", "")), RAW_CHARS)
    return element("article", header, element("div", raw, class_="text mono"))
