"""The recipe of a language: cleaners, filters, profiles, before a sample has been looked at.

Chinese: `curate_zh`, found on Chinese text. English: Gopher's numbers on the words between spaces (`gopher_en`; spaCy's
words need a package more). Other languages of Latin, Cyrillic and Greek script: the same without its English list of
words. What has neither spaces nor a profile gets no rules of quality.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from curate import registry
from curate.contracts import TEXT, Documents
from curate.filters.near_duplicates import NearDuplicates
from curate.filters.shingle_lengths import long_enough
from curate.first_steps.looking import Looked
from curate.first_steps.words import Words
from curate.first_steps.yaml_text import Entry
from curate.pipeline import make_step

NAMES = {
    "zh": "chinese", "en": "english", "de": "german", "fr": "french", "es": "spanish", "it": "italian",
    "pt": "portuguese", "nl": "dutch", "pl": "polish", "ru": "russian", "uk": "ukrainian", "ja": "japanese",
    "ko": "korean", "ar": "arabic", "tr": "turkish", "vi": "vietnamese", "cs": "czech", "sv": "swedish",
}  # fmt: skip
"""Label of the language model to what the rule `not_…` calls it."""
_WITH_SPACES = ("latn", "cyrl", "grek")
_PLACEHOLDERS = {
    "email": "[email]", "mobile": "[phone]", "landline": "[phone]", "resident_id": "[id]", "bank_card": "[card]",
    "passport": "[id]", "ip": "[ip]", "wechat": "[user]", "qq": "[user]", "plate": "[plate]",
}  # fmt: skip
"""Words of less than six letters: behind 微信号 a longer one would be an account."""
ALWAYS = ("unicode", "personal_data")
"""Cleaners that stand in the file even if a sample has nothing for them."""
COMPARING = ("exact_duplicates", "near_duplicates")

CLEANERS = {
    "unicode": "Mojibake, invisible characters, line ends, half width",
    "html": "Remains of tags and entities",
    "chinese": "Pages in traditional characters become simplified",
    "boilerplate_lines": "Navigation, credits, copyright, share and login bars",
    "personal_data": "E-mail addresses, telephone and card numbers become placeholders",
}
FILTERS = {
    "length": "Documents that are too short.",
    "language": "What is not surely in the language, and pages that are mostly code.",
    "quality": "What is no text: lists, menus, symbols. `curate filters quality` says what each rule measures.",
    "repetition": "What says the same thing again and again.",
    "toxicity": "Gambling, adult, loan and other advertising, by words and how they meet.",
    "exact_duplicates": "Copies.",
    "near_duplicates": "Pages that share most of their text with another one; of a cluster the longest stays.",
}


def step(section: str, entry: Entry) -> Any:
    """What an entry stands for."""
    kind = registry.find(section, entry.name, section)
    return make_step(kind, dict(entry.parameters), f"{section}.{entry.name}", [Path.cwd()])


def cleaners(language: str) -> list[Entry]:
    """Every cleaner that may be wanted, in order."""
    entries = [Entry("unicode", []), Entry("html", [])]
    if language == "zh":
        entries.append(Entry("chinese", [], {"to": "simplified"}))
    personal: Mapping[str, Any] = {} if language == "zh" else {"placeholders": _PLACEHOLDERS}
    return [*entries, Entry("boilerplate_lines", []), Entry("personal_data", [], dict(personal))]


def has_profile(language: str, looked: Looked) -> bool:
    """Whether there are rules of quality and repetition for a language."""
    return language in ("zh", "en") or looked.scripts.get(language) in _WITH_SPACES


def filters(language: str, looked: Looked) -> list[Entry]:
    """Filters with the parameters that a language needs; nothing said yet."""
    entries = [Entry("length", [], {"drop": {"too_short": "chars < 50"}}), _language(language)]
    if language == "zh":
        entries += [Entry(name, [], {"profile": "curate_zh"}) for name in ("quality", "repetition")]
        entries.append(Entry("toxicity", []))
    elif has_profile(language, looked):
        spaces = {"profile": "gopher_en", "words": "spaces"}
        foreign = {} if language == "en" else {"drop": {"few_stop_words": None}}
        entries += [Entry("quality", [], spaces | foreign), Entry("repetition", [], dict(spaces))]
    texts = Documents(looked.sample.frame.select("id", TEXT, "source"))
    usual: int = NearDuplicates.model_fields["shingle"].default
    shingle = long_enough(texts, usual)
    alike: dict[str, Any] = {"similarity": 0.8, "prefer": "chars DESC"}
    alike |= {"shingle": shingle} if shingle != usual else {}
    return [*entries, Entry("exact_duplicates", []), Entry("near_duplicates", [], alike)]


def _language(language: str) -> Entry:
    rule = f"lang != '{language}' OR lang_score < 0.65"
    rules: dict[str, str | None] = {f"not_{NAMES.get(language, language)}": rule}
    if language != "zh":
        rules = {"not_chinese": None, **rules}
    return Entry("language", [], {"drop": {**rules, "mostly_code": "code_ratio > 0.5"}})


def writers(targets: Sequence[str], say: Words) -> list[Entry]:
    """A writer for each target."""
    return [_writer(target, say) for target in targets]


def _writer(target: str, say: Words) -> Entry:
    if target == "documents":
        return Entry("documents", [say("Kept text as JSON lines, for tokenizers and trainers of your own.")])
    if target == "qwen2.5-0.5b":
        note = say(
            "QWEN_TOKENIZER is a folder that holds tokenizer.json: `--set QWEN_TOKENIZER=FOLDER`. "
            "The name on the hub needs the network."
        )
        tokenizer = "${QWEN_TOKENIZER:-Qwen/Qwen2.5-0.5B}"
        return Entry("tokens", [note], {"target": target, "tokenizer": tokenizer})
    note = say("A tokenizer is trained on the kept text; `tokenizer: FOLDER` takes one that you have.")
    return Entry("tokens", [note], {"target": target, "tokenizer": "train"})
