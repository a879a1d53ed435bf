"""Texts that show or discuss markup: their tags are what they are about, and stay.

Precision first: one word that only such a text says (`HTML`, `Vue`, 前端), or one tag that is quoted or named as one.
"""

from __future__ import annotations

import re

from curate.cleaners.markup import NAMES, TOKEN

_SHOWN = re.compile(rf"(?:<|&lt;)(?=[/a-z])/?(?:{NAMES})(?:\s[^<>&]{{0,80}})?/?(?:>|&gt;)", re.IGNORECASE)
_BEFORE_SHOWN = re.compile(
    r"(?:标签|标记|元素|使用|加入|插入|加上|添加|输入|改成|替换为|\btags?|\belements?)[\s“‘「『\"'`]*\Z", re.IGNORECASE
)
_AFTER_SHOWN = re.compile(
    r"[\s”’」』\"'`]*(?:标签|标记|元素|节点|属性|换行|tags?\b|elements?\b|attributes?\b)", re.IGNORECASE
)
_QUOTES = frozenset(['""', "''", "“”", "‘’"])
_WORDS = (
    "HTML", "JSX", "TSX", "XML", "CSS", "DOM", "Vue", "React", "Angular", "Svelte", "jQuery", "JSP", "Thymeleaf",
    "Jinja", "BNF",
)  # fmt: skip
_SHOWN_ENTITY = "&(?:amp;)?(?:nbsp|lt|gt|amp|quot|copy);"
# By a literal that opens each pattern: `in` and a literal prefix are searches for bytes, an alternation is not.
_SPEAKS = {
    **{word: re.compile(rf"{word}(?<![\w./-]{word})[0-9]?(?![\w./-])") for word in _WORDS},
    **{
        word: re.compile(re.escape(word))
        for word in ("XHTML", "DHTML", "className=", "网页源码", "网页源代码", "前端", "::=")
    },
    **{word: re.compile(rf"{word}\s{{0,4}}\(?\s{{0,4}}<[a-z]") for word in ("return", "=>")},
    "&": re.compile(rf"{_SHOWN_ENTITY}\s{{0,4}}(?:表示|代表|转义|实体|空格|entit)"),
    **{word: re.compile(rf"{word}[^\n]{{0,20}}{_SHOWN_ENTITY}") for word in ("转义", "实体", "字符引用")},
}
"""What only a text that speaks about markup says."""

# What Rust's expressions look for first, over a column: wherever the patterns above match, these do too.
_OWN_WORDS = [
    re.escape(word) for word in (*_WORDS, "XHTML", "DHTML", "className=", "网页源码", "网页源代码", "前端", "::=")
]
MAY_NAME = "|".join(
    [
        *_OWN_WORDS,
        r"return\s{0,4}\(?\s{0,4}<[a-z]",
        r"=>\s{0,4}\(?\s{0,4}<[a-z]",
        rf"{_SHOWN_ENTITY}\s{{0,4}}(?:表示|代表|转义|实体|空格|entit)",
        rf"(?:转义|实体|字符引用)[^\n]{{0,20}}{_SHOWN_ENTITY}",
    ]
)
_SPACES = "[\\s\\x1c-\\x1f]"
MAY_SHOW = (
    rf"(?i)(?:标签|标记|元素|使用|加入|插入|加上|添加|输入|改成|替换为|tags?|elements?)(?:{_SPACES}|[“‘「『\"'`]){{0,12}}(?:<|&lt;)"
    rf"|(?:>|&gt;)(?:{_SPACES}|[”’」』\"'`]){{0,20}}(?:标签|标记|元素|节点|属性|换行|tag|element|attribute)"
    r"|[“\"‘'](?:<|&lt;)/?[a-z]"
)


def speaks_about_markup(text: str) -> bool:
    """Whether a text shows or discusses markup: its tags then are what it is about."""
    return names_markup(text) or shows_markup(text)


def names_markup(text: str) -> bool:
    """Whether a text holds a word that only texts about markup hold."""
    # Once more without attributes: what a link or a class is called is no word of the text.
    return _holds_word(text) and _holds_word(TOKEN.sub(_without_attributes, text))


def shows_markup(text: str) -> bool:
    """Whether a tag is quoted, or named as one."""
    return any(_is_shown(text, tag.start(), tag.end()) for tag in _SHOWN.finditer(text))


def _without_attributes(token: re.Match[str]) -> str:
    return f"<{token['name']}>" if token["attributes"] else token[0]


def _holds_word(text: str) -> bool:
    return any(word in text and pattern.search(text) for word, pattern in _SPEAKS.items())


def _is_shown(text: str, start: int, end: int) -> bool:
    """Whether a tag is quoted, or named as one."""
    if text[start - 1 : start] + text[end : end + 1] in _QUOTES:
        return True
    before = text[max(0, start - 12) : start]
    return _BEFORE_SHOWN.search(before) is not None or _AFTER_SHOWN.match(text, end, end + 20) is not None
