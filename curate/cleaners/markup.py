"""HTML in a text: what of it is a remain of extraction, and what the text shows on purpose.

Precision first. Only names of real HTML elements count (`<think>`, `<stdio.h>`, `List<T>` do not); what stands in
code (fences, backticks, indented blocks) stays; so does a whole page that speaks about markup. A tag without attributes
that may be a placeholder (`SELECT * FROM <table>`) counts only if the page also closes it. An escaped tag (`&lt;p&gt;`)
stays escaped: nobody can tell whether it is shown. Every scan goes through a text once: a megabyte of `<` takes as long
as any other.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from functools import cache
from html.entities import html5
from typing import NamedTuple


def _names(listed: str) -> frozenset[str]:
    return frozenset(listed.split())


BLOCKS = _names(
    "address article aside blockquote body br caption center dd details dialog div dl dt fieldset figcaption figure "
    "footer form h1 h2 h3 h4 h5 h6 head header hr html legend li main menu nav ol optgroup option p pre section "
    "select summary table tbody tfoot thead title tr ul"
)
"""Elements that stand on lines of their own: their tags become line ends."""
CELLS = _names("td th")
"""Elements that are parted by a space."""
INLINE = _names(
    "a abbr acronym area audio b base basefont bdi bdo big button canvas cite code col colgroup data datalist del dfn "
    "em embed font frame frameset i iframe img input ins kbd label link map mark marquee meta meter nobr noscript "
    "object output param picture progress q rp rt ruby s samp script small source span strike strong style sub sup "
    "svg textarea time track tt u var video wbr"
)
BODILESS = _names("script style svg head iframe textarea select object canvas")
"""Elements whose content is no text."""
NEVER_CLOSED = _names("br dd dt hr li p td th tr wbr")
"""Elements that pages leave open, and whose names nobody takes for placeholders."""

NAMES = "|".join(sorted(BLOCKS | CELLS | INLINE, key=lambda name: (-len(name), name)))
# Attributes hold no `<`, so that a scan ends at the next one: the time stays linear in the text.
_ATTRIBUTES = r"""[\s/](?:(?:[^<>"']|"[^"<]*"|'[^'<]*')*|[^<>]*)"""
_TAG = rf"<(?=[/a-z])(?P<close>/?)(?P<name>{NAMES})(?P<attributes>{_ATTRIBUTES})?>"
_ENTITY = (
    r"&(?:(?:amp|\#38|\#x26);)*(?P<entity>\#[0-9]{1,7}|\#x[0-9a-f]{1,6}|[a-z][a-z0-9]{1,31});"  # &amp;nbsp; is one too
)
_RAISED = r"<(?=s)(?P<raised>su[pb])(?:\s[^<>]*)?>(?P<content>[^<>\n]{1,12})</(?P=raised)\s*>"
TOKEN = re.compile(rf"<!--|<!\[CDATA\[|\]\]>|<!doctype\b[^<>]*>|{_RAISED}|{_TAG}|{_ENTITY}", re.IGNORECASE)
_OPENS_TAG = re.compile(rf"/?(?:{NAMES})(?![\w.:-])|!--|!doctype|!\[CDATA", re.IGNORECASE)

_FENCE = re.compile(r"^[ \t>]{0,20}(```|~~~)[^\n]*\n(?:.*?^[ \t>]{0,20}\1|.*)", re.DOTALL | re.MULTILINE)
_BACKTICKS = re.compile(r"``[^\n]{1,300}?``|`[^`\n]+`")
_INDENTED = re.compile(r"\n\n((?: {4}|\t)[^\n]*(?:\n(?: {4}|\t)[^\n]*)*)")


class _Token(NamedTuple):
    start: int
    end: int
    text: str
    """What stands in its place: for tags a line end, a space or nothing, for entities a character."""
    is_gap: bool
    """Whether it melts into the white space around it."""


def may_hold_remains(text: str) -> bool:
    """Whether a text holds anything that a pass could change."""
    return "<" in text or "&" in text or _TRACE.search(text) is not None


def strip_remains(text: str) -> str:
    """Remove tags, comments, scripts and styles, and decode entities, outside of code; one pass."""
    tokens = list(_removable(text, _code_spans(text)))
    return _strip_script_lines(_without(text, tokens) if tokens else text)


def is_page(text: str) -> bool:
    """Whether a text is a page of HTML rather than a text with remains of it."""
    head = text[:2000].lstrip("\ufeff \t\r\n").lower()
    if head.startswith(("<!doctype html", "<html", "<?xml")) and "<html" in head:
        end = text.rfind("</html>")
        return end < 0 or end > 0.8 * len(text)
    if text.count("<") < 20:
        return False
    in_tags = sum(match.end() - match.start() for match in TOKEN.finditer(text) if match["name"])
    return in_tags >= 0.5 * len(text) and not _code_spans(text)


def _code_spans(text: str) -> list[tuple[int, int]]:
    """Where code stands, in order: fences, indented blocks without a sentence, backticks."""
    spans = [match.span() for match in _FENCE.finditer(text)] if "```" in text or "~~~" in text else []
    if "    " in text or "\t" in text:
        indented = (match for match in _INDENTED.finditer(text) if not re.search("[。！？]", match[0]))
        spans += [match.span(1) for match in indented]
    if "`" in text:
        spans += [match.span() for match in _BACKTICKS.finditer(text)]
    return sorted(spans)


def _outside(matches: Iterator[re.Match[str]], spans: list[tuple[int, int]]) -> Iterator[re.Match[str]]:
    """Those matches that start in no span."""
    n, end = 0, 0
    for match in matches:
        while n < len(spans) and spans[n][0] <= match.start():
            end = max(end, spans[n][1])
            n += 1
        if match.start() >= end:
            yield match


def _removable(text: str, code: list[tuple[int, int]]) -> Iterator[_Token]:
    """Tokens that are remains, in order, none inside another."""
    matches = list(_outside(TOKEN.finditer(text), code))
    closed = {match["name"].lower() for match in matches if match["close"]}
    ends = _Ends(text)
    position, escaped = 0, False
    for match in matches:
        start = match.start()
        if start < position or _may_join(text, position, start):
            continue
        if match["entity"]:
            character = _decoded(match, escaped)
            if character is None:
                continue
            escaped = character == "&lt;" or (escaped and character != "&gt;")
            token = _Token(start, match.end(), character, character in ("", " "))
        elif match["raised"]:
            token = _Token(start, match.end(), _raised(match), False)
        elif (match["name"] or "").lower() == "rt" and "rt" in closed and not closed & {"rp"}:
            token = _Token(start, match.end(), "）" if match["close"] else "（", False)
        elif match["name"]:
            if not _is_remain(match, closed):
                continue
            name = match["name"].lower()
            end = ends.after_body(match.end(), name) if name in BODILESS and not match["close"] else match.end()
            token = _Token(start, end, _border(name, text, start), True)
        else:
            end = ends.of_other(match)
            if end < 0:
                continue
            token = _Token(start, end, "", True)
        position = token.end
        yield token


def _border(name: str, text: str, start: int) -> str:
    """What parts the text before and behind a tag."""
    if name not in BLOCKS:
        return " " if name in CELLS else ""
    if name == "br" and text.startswith("|", text.rfind("\n", max(0, start - 2000), start) + 1):
        return " "  # a row of a Markdown table is one line
    return "\n"


class _Ends:
    """Finds where comments and bodies end; a search that failed once fails from there on, and is not made again."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._missing: set[str] = set()
        self._in_data = False

    def _find(self, pattern: str, position: int) -> int:
        if pattern in self._missing:
            return -1
        match = _compiled(pattern).search(self._text, position)
        if match is None:
            self._missing.add(pattern)
            return -1
        return match.end()

    def after_body(self, position: int, name: str) -> int:
        """One past the closing tag; where none is, one past the opening tag."""
        end = self._find(rf"</{name}\s*>", position)
        return end if end >= 0 else position

    def of_other(self, match: re.Match[str]) -> int:
        """One past a comment, a doctype, or a mark of CDATA; -1 where it has no end."""
        kind = match[0][:4].lower()
        if kind == "<!--":
            return self._find("-->", match.end())
        if kind == "<![c":
            self._in_data = self._find(r"\]\]>", match.end()) >= 0
            return match.end() if self._in_data else -1
        if kind == "]]>":
            was, self._in_data = self._in_data, False
            return match.end() if was else -1
        return match.end()


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern, re.IGNORECASE)


_OPEN = re.compile(rf"(?:<[/!]?\w{{0,12}}|<[/!]?(?:{NAMES})[\s/][^<>]*|&[#\w]*)\Z", re.IGNORECASE)


def _may_join(text: str, position: int, start: int) -> bool:
    """Whether what stands before `start` could become a tag or an entity with what stands behind it."""
    before = text[max(position, start - 200) : start]
    if before.rfind("<") <= before.rfind(">") and "&" not in before[-33:]:
        return False
    return _OPEN.search(before, max(before.rfind("<"), before.rfind("&"), 0)) is not None


def _decoded(match: re.Match[str], escaped: bool) -> str | None:
    """The character of an entity; itself where it belongs to an escaped tag; None if there is no such entity."""
    name = match["entity"]
    if name[0] != "#" and f"{name};" not in html5:
        return None
    character = html.unescape(f"&{name};")
    if character.isspace():
        return " "
    if not character.isprintable() or character == "\ufffd":
        return ""
    if character == "<" and _OPENS_TAG.match(match.string, match.end()):
        return "&lt;"
    return "&gt;" if character == ">" and escaped else character


_HIGH = str.maketrans("0123456789+-−=()ni", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁻⁼⁽⁾ⁿⁱ")
_LOW = str.maketrans("0123456789+-−=()", "₀₁₂₃₄₅₆₇₈₉₊₋₋₌₍₎")


def _raised(match: re.Match[str]) -> str:
    """`10<sup>5</sup>` is 10⁵ and not 105; notes ([1]) and ordinals (th) need no mark."""
    content = match["content"].strip()
    is_high = match["raised"].lower() == "sup"
    if re.fullmatch(r"[0-9+\-−=()ni]+" if is_high else r"[0-9+\-−=()]+", content):
        return content.translate(_HIGH if is_high else _LOW)
    mark = "^" if is_high else "_"
    if re.fullmatch(r"[A-Za-z]", content):
        return mark + content
    return f"{mark}({content})" if re.fullmatch(r"[\w ]*\w ?[+\-−*/,] ?\w[\w ]*", content, re.ASCII) else content


_ATTRIBUTE = re.compile(
    r"[\s/]*(?:[a-z_:@#][\w:.-]*\s*=|(?:async|checked|controls|defer|disabled|hidden|noshade|nowrap|required|selected)\b)",
    re.IGNORECASE,
)


def _is_remain(match: re.Match[str], closed: set[str]) -> bool:
    """Whether a tag is markup that was left over, and not a comparison, a type or a placeholder."""
    name, attributes = match["name"].lower(), (match["attributes"] or "").strip("/ \t\n")
    if attributes:
        return not match["close"] and _ATTRIBUTE.match(match["attributes"]) is not None
    if name == "s":  # a language model's mark of a text's start, more often than a struck-out word
        return False
    if match["close"] or name in closed or name in ("br", "wbr", "hr"):
        return True
    before = match.string[match.start() - 1 : match.start()]
    return name in NEVER_CLOSED and not (before.isascii() and (before.isalnum() or before == "_"))


def _without(text: str, tokens: list[_Token]) -> str:
    """Put the tokens' own text in their places, and one gap where tokens and white space meet."""
    pieces: list[str] = []
    position = n = 0
    while n < len(tokens):
        first = tokens[n]
        if not first.is_gap:
            pieces += [text[position : first.start], first.text]
            position, n = first.end, n + 1
            continue
        end, marks, spaces = first.end, [first.text], []
        n += 1
        while n < len(tokens) and tokens[n].is_gap and not text[end : tokens[n].start].strip():
            spaces.append(text[end : tokens[n].start])
            marks.append(tokens[n].text)
            end, n = tokens[n].end, n + 1
        before = text[position : first.start]
        kept = before.rstrip()
        after = _SPACE.match(text, end)
        position = after.end() if after else end
        pieces.append(kept)
        if position == len(text):
            pieces.append("\n" if text.endswith("\n") and any(pieces) else "")
        elif any(pieces):
            pieces.append(_gap(marks, [before[len(kept) :], *spaces, text[end:position]]))
    return "".join([*pieces, text[position:]])


_SPACE = re.compile(r"\s*")


def _gap(marks: list[str], spaces: list[str]) -> str:
    """What parts the text before and behind a run of tags and white space."""
    if not any(marks):
        return max(spaces, key=len)
    if "\n" in marks or any("\n" in space for space in spaces):
        return "\n\n" if any(space.count("\n") > 1 for space in spaces) else "\n"
    return " "


_CALLS = r"_hmt|document\.write|bd_?share|adsbygoogle|google_ad_|_gaq\.push|cpro_id|BAIDU_CLB"
_STYLES = r"\{ ?(?:margin|padding|font|color|width|display|background|text-|border|float|line-height|height)"
SCRIPT_TRACE = rf"{_CALLS}|{_STYLES}"
"""Found in every line that is removed as script or style."""
_TRACE = re.compile(SCRIPT_TRACE)
_SCRIPT_LINE = re.compile(
    r"^[ \t]*(?:"
    r"(?:var |window[.\[]|document\.write|\(function|\(adsbygoogle|_hmt|_gaq\.push|google_ad_client)[^\n]{0,2000}[;)}]"
    rf"|[.#]?[a-zA-Z][\w.#:, >-]{{0,200}}{_STYLES}"
    r"[\w-]*:[^\n{}]{1,500}\}(?:[ \t]*[.#]?[a-zA-Z][\w.#:, >-]{0,200}\{[^\n{}]{1,500}\})*"
    r")[ \t]*(?:\n|\Z)",
    re.MULTILINE,
)


def _strip_script_lines(text: str) -> str:
    """Remove lines that are a call of a known counter or advertisement, or rules of style, outside of code."""
    if not _TRACE.search(text):
        return text
    code = _code_spans(text)
    pieces, position = [], 0
    for match in _outside(_SCRIPT_LINE.finditer(text), code):
        if _TRACE.search(match[0]):
            pieces.append(text[position : match.start()])
            position = match.end()
    return "".join([*pieces, text[position:]])
