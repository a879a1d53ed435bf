"""Texts made from texts: near-copies, broken encodings, stray characters.

Each function is given a text and gives back the text with one defect, or None where the defect cannot be made as it
must be (a copy as like its base as promised, an encoding that ftfy repairs exactly). Draws depend on `SEED` and names.
"""

from __future__ import annotations

import hashlib
import random
import re
from pathlib import Path
from typing import NamedTuple

import ftfy

SEED = 20240501
TEXTS = Path(__file__).parent / "texts"
FOUND = (0.825, 0.97)
"""Jaccard of near-copies that must be found: clear of the pipeline's 0.8, and no exact copies."""
NOT_FOUND = (0.50, 0.74)
HEADERS = (
    "首页 > 生活 > 正文  2023-05-17 09:30",
    "当前位置：首页 - 资讯中心 - 正文",
    "作者：本站编辑  阅读：1286  评论：3",
    "【字号 大 中 小】 打印本页 关闭窗口",
)
FOOTERS = (
    "上一篇：已经是第一篇  下一篇：返回列表",
    "版权声明：转载请注明出处。",
    "责任编辑：小何  点击排行 更多>>",
    "分享到：空间 好友 收藏 举报",
)


class Text(NamedTuple):
    """One text of `samples/texts/`."""

    name: str
    """`<genre>/<number>`, numbered from 0 in the order of the file."""
    text: str


def texts(genres: tuple[str, ...]) -> list[Text]:
    """Read the texts of some genres; a line of five equals signs stands between two texts."""
    found: list[Text] = []
    for genre in genres:
        whole = (TEXTS / f"{genre}.txt").read_text(encoding="utf-8")
        split = [part.strip() for part in re.split(r"^=====$", whole, flags=re.MULTILINE)]
        found += [Text(f"{genre}/{number}", part) for number, part in enumerate(filter(None, split))]
    return found


def by_hash(name: str) -> bytes:
    """Order names as if by lot: adding a text moves no other."""
    return hashlib.sha256(f"{SEED} {name}".encode()).digest()


def shingles(text: str) -> set[str]:
    """All runs of five characters."""
    return {text[start : start + 5] for start in range(len(text) - 4)}


def jaccard(left: str, right: str) -> float:
    """Share of the 5-grams of two texts that both have."""
    first, second = shingles(left), shingles(right)
    return len(first & second) / len(first | second)


def letters(text: str) -> str:
    """The text without spaces and punctuation."""
    return "".join(filter(str.isalnum, text))


def within(limits: tuple[float, float], left: str, right: str) -> bool:
    """Whether the Jaccard lies within limits, counted on all characters and on letters alone."""
    low, high = limits
    return low <= jaccard(left, right) <= high and low <= jaccard(letters(left), letters(right)) <= high


def edit(text: str, rate: float, draw: random.Random) -> str:
    """Change about `rate` of the characters: another one of the text, one less, one more, or two swapped."""
    letters_of = list(text)
    for position in sorted(draw.sample(range(1, len(text) - 1), max(1, round(rate * len(text)))), reverse=True):
        other = text[draw.randrange(len(text))].strip() or "的"
        kind = draw.randrange(4)
        letters_of[position : position + 2] = {
            0: [other, letters_of[position + 1]],
            1: [letters_of[position + 1]],
            2: [*letters_of[position : position + 2], other],
            3: [letters_of[position + 1], letters_of[position]],
        }[kind]
    return "".join(letters_of)


def edited(base: Text, lowest: float, highest: float, limits: tuple[float, float]) -> str | None:
    """A copy with edits whose Jaccard with its base lies within `limits`; None when no draw gives one."""
    for attempt in range(60):
        draw = random.Random(f"{SEED} edited {base.name} {attempt}")
        copy = edit(base.text, draw.uniform(lowest, highest), draw)
        if within(limits, base.text, copy):
            return copy
    return None


def shortened(base: Text) -> str | None:
    """A copy that lacks one sentence from its middle."""
    sentences = re.findall(r"[^。！？]*[。！？]?", base.text)
    for dropped in sorted(range(1, len(sentences) - 2), key=lambda index: -len(sentences[index])):
        copy = "".join(sentences[:dropped] + sentences[dropped + 1 :])
        if len(sentences[dropped]) >= 10 and within(FOUND, base.text, copy):
            return copy
    return None


def framed(base: Text, choices: tuple[str, ...], pattern: str) -> str | None:
    """A copy with a line of a web page's frame before or after it."""
    line = choices[by_hash(base.name)[0] % len(choices)]
    copy = pattern.format(line=line, text=base.text)
    return copy if within(FOUND, base.text, copy) else None


def garbled(base: Text, codec: str) -> str | None:
    """The text as it looks when its UTF-8 is read as `codec`; None where ftfy does not get it back exactly."""
    wrong = base.text.encode().decode(codec)
    plain = ftfy.TextFixerConfig(unescape_html=False, uncurl_quotes=False, fix_character_width=False)
    return wrong if ftfy.fix_encoding(wrong) == base.text == ftfy.fix_text(wrong, plain) else None


def scattered(text: str, mark: str, name: str) -> str:
    """Put `mark` between characters, every eight or so."""
    draw = random.Random(f"{SEED} scattered {name}")
    return "".join(char + mark if draw.random() < 0.12 else char for char in text[:-1]) + text[-1]


def with_token(base: Text, token: str) -> str | None:
    """Quote a control token after the first sentence, and again at the end."""
    first, stop, rest = base.text.partition("。")
    return f"{first}{stop}{token}{rest}\n{token}" if stop else None


def half(text: str) -> str | None:
    """The first half of a text, up to the end of a sentence; None where no sentence ends there."""
    middle = len(text) // 2
    end = text.find("。", middle - 40, middle + 40)
    return text[: end + 1] if end >= 120 else None
