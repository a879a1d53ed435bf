"""Texts made from texts: near-copies, broken encodings, stray characters.

Each function is given a text and gives back the text with one defect, or None where the defect cannot be made as it
must be (a copy as like its base as promised, an encoding that ftfy repairs exactly). Draws depend on `SEED` and names.
"""

from __future__ import annotations

import hashlib
import json
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
    "本文原载《青石镇生活》第十七期，经作者同意收入本栏。",
    "这一篇是读者寄来的稿子，题目为编者所加。",
    "整理旧稿时翻出这一篇，略作改动，放在这里。",
    "以下文字由听众口述，志愿者记录成文。",
)
FOOTERS = (
    "这一篇就写到这里，欢迎读者来信说说自己的看法。",
    "文中所写都是旧事，如有出入，请知情的朋友指正。",
    "本栏每逢初一、十五更新，下一期再见。",
    "稿件由镇文化站选送，读者可到站里取阅全本。",
)
FURNITURE = (
    ("首页 > 生活 > 正文\n", ""),
    ("当前位置：首页 > 资讯中心 > 正文\n", "\n上一篇：已经是第一篇  下一篇：返回列表"),
    ("", "\n分享到：微信 微博 QQ空间"),
    ("", "\n相关阅读\n点击查看更多>>"),
    ("", "\n上一篇：山里的雾\n下一篇：河边的灯"),
    ("", "\n版权所有 © 青石镇生活网 未经授权不得转载"),
)
"""Lines of a page's frame before and after a text."""
CREDITS = ("（责任编辑：何小树）", "（责编：周南、李北）", "[责任编辑：石桥]")
"""What an editor leaves behind the last sentence."""

PERSONAL = {
    "personal_mobile": ("有事请打小何的手机 13800138000，晚上也行。", "有事请打小何的手机 [手机号]，晚上也行。"),
    "personal_email": ("来稿寄到 hexiaoshu@qingshi-life.cn 即可。", "来稿寄到 [电子邮箱] 即可。"),
    "personal_resident_id": ("领稿费请报身份证号 110105198802143521。", "领稿费请报身份证号 [身份证号]。"),
    "wrong_resident_id": ("本批货物的编号是 110105198802143527，请核对。",) * 2,
    "personal_bank_card": ("稿费汇入卡号 6222020000001234566，户名何小树。", "稿费汇入卡号 [银行卡号]，户名何小树。"),
    "wrong_bank_card": ("这张旧发票的流水号是 6222020000001234565。",) * 2,
    "personal_wechat": ("读者群请加微信号 qingshi_2017 进入。", "读者群请加微信号 [微信号] 进入。"),
}
"""Defect to a sentence, and what the cleaner leaves of it; numbers whose checksum is wrong stay."""


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


def traditional(base: Text) -> str | None:
    """The text in traditional characters; None where turning it back gives another text."""
    from opencc import OpenCC

    written = OpenCC("s2t").convert(base.text)
    return written if written != base.text == OpenCC("t2s").convert(written) else None


def spaced(base: Text) -> str | None:
    """A blank between all characters of a line; None for texts that hold blanks, letters or digits."""
    if re.search(r"[ \t\u3000A-Za-z0-9]", base.text):
        return None
    return "\n".join(" ".join(line) for line in base.text.split("\n"))


def in_furniture(base: Text) -> str:
    """The text in the frame of its page."""
    before, after = FURNITURE[by_hash(base.name)[0] % len(FURNITURE)]
    return f"{before}{base.text}{after}"


def credited(base: Text) -> str | None:
    """The text with its editor's name behind the last sentence."""
    return f"{base.text}{CREDITS[by_hash(base.name)[0] % len(CREDITS)]}" if base.text.endswith("。") else None


def marked_up(base: Text) -> str | None:
    """The text as a careless extractor leaves it: paragraphs in tags, blanks and quotes as entities."""
    if re.search(r"[<>&]", base.text) or "“" not in base.text:
        return None
    lines = base.text.replace("“", "&ldquo;").replace("”", "&rdquo;").split("\n")
    return "\n".join(f"<p>{line}</p>" if line else "" for line in lines)


def full_width(base: Text) -> str | None:
    """Letters and digits as wide as Han; None where there are fewer than six of them."""
    wide = re.sub("[A-Za-z0-9]", lambda match: chr(ord(match[0]) + 0xFEE0), base.text)
    return wide if sum(one != other for one, other in zip(wide, base.text, strict=True)) >= 6 else None


def benchmark_items() -> list[tuple[str, str, str]]:
    """Items of `samples/benchmarks`: name, the whole item with its options in another order, its answer alone."""
    items = []
    for file in sorted((TEXTS.parent / "benchmarks").glob("*.jsonl")):
        for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), 1):
            item = json.loads(line)
            options = [item[letter] for letter in "DBCA" if letter in item]
            answer = item[item["answer"]] if options else item["answer"]
            listed = [f"{place}. {option}" for place, option in zip("ABCD", options, strict=False)]
            items.append((f"{file.stem}/{item.get('id', number)}", "\n".join([item["question"], *listed]), answer))
    return items


def between(text: str, passage: str) -> str:
    """The text with a passage on lines of its own, after the line that holds its middle."""
    place = text.find("\n", len(text) // 2)
    place = len(text) if place < 0 else place
    return f"{text[:place]}\n{passage}\n{text[place:].lstrip()}".rstrip()


def half(text: str) -> str | None:
    """The first half of a text, up to the end of a sentence; None where no sentence ends there."""
    middle = len(text) // 2
    end = text.find("。", middle - 40, middle + 40)
    return text[: end + 1] if end >= 120 else None
