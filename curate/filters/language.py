"""Language, script and code: what a document is written in.

A fastText model names languages (lid.176.ftz unless another file is named), and three things are done around it that
it cannot do itself. Lines that are code are told apart (`kernels.code_lines`). The prose that is left is gathered by
kind of script (Han and kana; Latin; others) in windows of 4,000 bytes, and each window is judged alone
(`kernels.passages`), so that neither code nor an English tail outvotes a Chinese page. And a label that the script
rules out gives way to the likeliest one that it allows: text in Han without kana is not Japanese, nor Serbian.
A text of one kind of script, shorter than a window and without code, addresses, tags or `spans`, is seen whole: its
label and score are those of fastText's own `predict(text.replace("\\n", " "))`, unless the script rules them out.

Nothing here knows a language by name but for Chinese and Japanese labels, which any model has: `zh`, `cmn_Hani`, ….
The built-in model: Joulin et al. 2016 (arXiv:1607.01759, arXiv:1612.03651), CC-BY-SA 3.0, 176 languages; `zh` holds
simplified and traditional Chinese, beside `yue` and `wuu`. `benchmarks/quality/language.py` measures all of this.
Chinese pages take 1.2 to 1.45 times as long as the model alone (73 MB/s and more where it makes 105), English ones 1.1.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, NamedTuple

import numpy as np
import numpy.typing as npt
import polars as pl

from curate.contracts import Documents, Filter, InputFile, Utf8
from curate.fasttext_model import FastTextModel, built_in_language_model, load_model
from curate.lines import lines_of

if TYPE_CHECKING:
    from curate.kernels.code_lines import Lines
    from curate.kernels.passages import Windows

WINDOW_BYTES = 4_000
"""About 1,300 Han characters or 650 English words: enough for a sure label, short enough to find a tail."""
MIXED_BELOW, ALL_CODE = 0.85, 0.9
"""`lang_ratio` of a page that is in one language, `code_ratio` of one that is all code; between them it is mixed. Of
news, encyclopedia paragraphs, abstracts and forum questions at most 5 in 10,000 are, of pages labelled as mixed with
English 92 %, with code all; technical articles (35 %) and documentation (74 %) lie on both sides."""
NO_KANA, MUCH_KANA = 0.01, 0.2
"""Share of kana among Han and kana below which text is not Japanese, and above which it is not Chinese: a Chinese page
on Japanese quotes less, Japanese prose has 0.3 and more."""
JAPANESE_KANA = 0.1
"""Share of kana from which the script is called Japanese."""
HAN_LABELS = frozenset(["zh", "cmn", "zho", "yue", "wuu", "lzh", "gan", "hak", "nan", "hsn", "cdo"])
JAPANESE_LABELS = frozenset(["ja", "jpn"])

Floats = npt.NDArray[np.float64]
Rows = npt.NDArray[np.int64]


class Language(Filter):
    """Measure what a document is written in, and drop what is not surely Chinese.

    Signals (all null where the text has no letter; ratios are 0..1):
        lang: the label that the most of the prose has, without `__label__`. Where nothing but code is left, the label
            of the whole text.
        lang_score: its probability, the mean over the windows that have it.
        lang_ratio: prose in `lang` / all prose and code; markup left out.
        mixed: whether `lang_ratio` is below 0.85 and `code_ratio` below 0.9: a page of two languages, or of a language
            and code.
        code_ratio: how much of the text stands in lines that are code; a source file has more than 0.5.
        script: of the prose in `lang`, as ISO 15924 names it: hans, hant (by the characters that only simplified or
            only traditional Chinese has; hani where there is none), jpan, kore, latn, cyrl, …; zzzz for rare ones.
        han_letter_ratio, kana_letter_ratio, latin_letter_ratio: letters of these scripts / all letters. (`han_ratio` of
            `quality` is a share of all visible characters.)

    `lang_ratio` and `code_ratio` are counted in bytes of UTF-8 other than white space, addresses left out: so a Han
    character weighs as much as three Latin letters, which is about what it says.
    """

    version: ClassVar[int] = 3

    signals: ClassVar[Mapping[str, Any]] = {
        "lang": pl.String,
        "lang_score": pl.Float64,
        "lang_ratio": pl.Float64,
        "mixed": pl.Boolean,
        "code_ratio": pl.Float64,
        "script": pl.String,
        "han_letter_ratio": pl.Float64,
        "kana_letter_ratio": pl.Float64,
        "latin_letter_ratio": pl.Float64,
    }
    rules: ClassVar[Mapping[str, str]] = {
        "not_chinese": "lang != 'zh' OR lang_score < 0.65",
        "mostly_code": "code_ratio > 0.5",
    }

    model: Annotated[str | None, InputFile()] = None
    """A fastText model (`.bin` or `.ftz`) whose labels are languages; null: the built-in lid.176.ftz."""

    def files(self) -> list[str]:
        return [self.model or built_in_language_model()]

    def check(self) -> None:
        load_model(self.files()[0])

    def measure(self, documents: Documents) -> pl.DataFrame:
        from curate.kernels.code_lines import IS_CODE
        from curate.kernels.code_points import VISIBLE
        from curate.kernels.scripts import HAN, KANA, LATIN, SCRIPTS

        lines = lines_of(documents)
        visible = lines.rows[:, VISIBLE].astype(np.int64)
        all_visible = lines.per_text(visible)
        letters = lines.scripts[:, 1 : len(SCRIPTS)].sum(axis=1)
        kana = _ratio(lines.scripts[:, KANA], lines.scripts[:, HAN] + lines.scripts[:, KANA])
        model = load_model(self.files()[0])
        found = languages(model, documents.utf8, lines)
        code = lines.per_text(visible * (lines.kinds == IS_CODE))
        columns = {
            "lang": pl.Series(model.labels, dtype=pl.String).gather(found.label.clip(0)),
            "lang_score": found.score.clip(0.0, 1.0),
            "lang_ratio": _ratio(found.size, found.prose + code),
            "code_ratio": _ratio(code, all_visible),
            "script": _scripts(lines, found.group, kana),
            **{
                f"{name}_letter_ratio": _ratio(lines.scripts[:, number], letters)
                for name, number in (("han", HAN), ("kana", KANA), ("latin", LATIN))
            },
        }
        mixed = (pl.col("lang_ratio") < MIXED_BELOW) & (pl.col("code_ratio") < ALL_CODE)
        measured = pl.DataFrame(columns).with_columns(mixed=mixed).select(list(self.signals))
        return measured.select(pl.when(pl.Series((letters > 0) & (found.label >= 0))).then(pl.all()))

    def evidence(self, documents: Documents) -> pl.DataFrame:
        """Point at prose that is in another language than `lang` (of `lang`, `lang_ratio`, `mixed`), at code (of
        `code_ratio`, `lang_ratio`, `mixed`), and at the letters of a script, or all others where these are fewer."""
        from curate.filters import language_evidence

        return language_evidence.evidence(documents, load_model(self.files()[0]))


def _ratio(part: Rows, whole: Rows) -> Floats:
    """0 where there is nothing."""
    return np.asarray(part / np.maximum(whole, 1), np.float64)


class _Found(NamedTuple):
    label: npt.NDArray[np.int32]
    score: Floats
    size: Rows
    """Bytes of the windows that have the label, white space left out."""
    prose: Rows
    """Bytes of all windows."""
    group: Rows
    """The kind of script of these windows."""
    windows: Windows
    window_labels: npt.NDArray[np.int32]


def languages(model: FastTextModel, text: Utf8, lines: Lines) -> _Found:
    from curate.kernels.code_points import CJK_BYTES, OTHER_BYTES
    from curate.kernels.passages import vote, windows_of

    n_docs = len(text.offsets) - 1
    windows = windows_of(text.data, lines, WINDOW_BYTES)
    labels, scores = _labels(model, windows)
    prose = np.bincount(windows.docs, windows.weights, n_docs).astype(np.int64)
    label, score, size, group = np.full(n_docs, -1, np.int32), np.zeros(n_docs), *np.zeros((2, n_docs), np.int64)
    vote(windows.docs, windows.groups, windows.weights, labels, scores, len(model.labels), label, score, size, group)
    rest = np.flatnonzero(label < 0)
    if len(rest):  # nothing but code: the model may say what it makes of it
        best, probabilities = model.predict(_picked(text, rest))
        by_script = lines.rows[:, CJK_BYTES : OTHER_BYTES + 1].astype(np.int64)
        letters = np.stack([lines.per_text(column)[rest] for column in by_script.T], axis=1)
        label[rest], score[rest], group[rest] = best[:, 0], probabilities[:, 0], letters.argmax(axis=1)
    return _Found(label, score, size, prose, group, windows, labels)


def _labels(model: FastTextModel, windows: Windows) -> tuple[npt.NDArray[np.int32], Floats]:
    """The label and probability of each window; among labels that its script allows, if the best is not one of them."""
    from curate.kernels.passages import CJK

    best, probabilities = model.predict(Utf8(windows.data, windows.offsets))
    labels, scores = best[:, 0], probabilities[:, 0].astype(np.float64)
    # Rows: other scripts, Han without kana, Han with some kana, Japanese.
    kind = np.where(windows.groups != CJK, 0, 1 + (windows.kana >= NO_KANA) + (windows.kana > MUCH_KANA))
    allowed = _allowed(model.labels)
    wrong = np.flatnonzero((labels >= 0) & np.any(allowed, axis=1, keepdims=True)[kind, 0] & ~allowed[kind, labels])
    if len(wrong):
        ranked, chances = model.predict(_picked(Utf8(windows.data, windows.offsets), wrong), len(model.labels))
        fits = (ranked >= 0) & allowed[kind[wrong][:, None], ranked]
        row, first = np.arange(len(wrong)), fits.argmax(axis=1)
        total = np.where(fits, chances, 0).sum(axis=1)
        known = total > 0
        labels[wrong[known]] = ranked[row, first][known]
        scores[wrong[known]] = (chances[row, first][known] / total[known]).clip(0.0, 1.0)
    return labels, scores


def _allowed(labels: tuple[str, ...]) -> npt.NDArray[np.bool_]:
    """Which labels each kind of window may have, `bool[4, n_labels]`; labels may end in a script, as GlotLID's do."""
    language = [label.partition("_")[0] for label in labels]
    han = np.array([name in HAN_LABELS for name in language]) | _end(labels, "_Hani", "_Hans", "_Hant")
    japanese = np.array([name in JAPANESE_LABELS for name in language]) | _end(labels, "_Jpan")
    return np.stack([~(han | japanese), han, han | japanese, japanese])


def _end(labels: tuple[str, ...], *scripts: str) -> npt.NDArray[np.bool_]:
    return np.array([label.endswith(scripts) for label in labels])


def _picked(text: Utf8, rows: npt.NDArray[np.intp]) -> Utf8:
    """Copy a few texts together."""
    from curate.kernels.ragged import scatter

    sizes = np.diff(text.offsets)[rows]
    offsets = np.concatenate([[0], np.cumsum(sizes)])
    data = np.empty(int(offsets[-1]), np.uint8)
    scatter(text.data, text.offsets[rows], sizes, offsets[:-1], data)
    return Utf8(data, offsets)


def _scripts(lines: Lines, group: Rows, kana: Floats) -> pl.Series:
    from curate.kernels.code_points import SIMPLIFIED_CHARS, TRADITIONAL_CHARS
    from curate.kernels.passages import CJK, LATIN
    from curate.kernels.scripts import HANGUL, SCRIPTS

    other = HANGUL + lines.scripts[:, HANGUL : len(SCRIPTS)].argmax(axis=1)
    codes = np.array([*SCRIPTS, "hans", "hant", "jpan"])
    codes[HANGUL] = "kore"
    hans = len(SCRIPTS)
    simplified, traditional = lines.scripts[:, SIMPLIFIED_CHARS], lines.scripts[:, TRADITIONAL_CHARS]
    chinese = np.select([simplified > traditional, traditional > simplified], [hans, hans + 1], SCRIPTS.index("hani"))
    cjk = np.where(kana >= JAPANESE_KANA, hans + 2, chinese)
    number = np.select([group == CJK, group == LATIN], [cjk, SCRIPTS.index("latn")], other)
    return pl.Series(codes[number], dtype=pl.String)
