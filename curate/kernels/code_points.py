"""What one line of a text says for being code, and for being prose.

A line collects points for what code has and prose has not: brackets and semicolons at its end, operators, names with
underscores or humps, calls, assignments, keys of a configuration, tags, options, paths, a keyword in front. And it
counts what prose has: words that follow each other with nothing but a space or a comma between them, and letters of
Han and other scripts that are no part of such words. Comments, strings and `spans` of Markdown count neither way, as
far as a line can tell, and addresses do not count at all. The points were set by reading pages and programs, not
fitted: `benchmarks/quality/language.py` measures what comes of them.
"""

import numpy as np
import numpy.typing as npt
from numba import int64, uint8, uint64

from curate.kernels import inlined, kernel
from curate.kernels.scripts import HAN, KANA, LATIN, SCRIPT, SCRIPTS, SIMPLIFIED, TRADITIONAL, WHITE
from curate.kernels.utf8 import char_at

COUNTS = len(SCRIPTS) + 2
SIMPLIFIED_CHARS, TRADITIONAL_CHARS = len(SCRIPTS), len(SCRIPTS) + 1
"""Columns of `scripts` after those of the scripts."""

COLUMNS = 8
VISIBLE, CJK_BYTES, LATIN_BYTES, OTHER_BYTES, POINTS, PROSE, MARK, MARKUP = range(COLUMNS)
"""Columns of a line: bytes other than white space; bytes of letters, by kind; what speaks for code and for prose; a
mark; whether it may hold an address, a tag or a `span`."""
NO_MARK, COMMENT, HASH, FENCE, NAMED_FENCE, SPAN = range(6)
"""Marks: starts as a comment; as one with `#`, which may be a heading; a fence, or one with a name; all a `span`."""

_LOWER, _UPPER, _DIGIT, _UNDERSCORE, _BLANK, _PUNCTUATION, _BEYOND = range(7)
_HUMP, _JOINED = 16, 24
"""Bits of a word's shape beside one for each kind of its bytes: a capital inside; joined by a hump or an underscore."""
_TICK = 96
"""The quote around a `span`."""
_OPERATORS = (
    '== != <= >= && || :: -> => := += -= *= ++ </ /> /* */ ${ {{ }} () [] {} =" (" (\' [" [\' <- |> << ); )) ]) }) :- '
    "=~ $( #{ @{ %> <? ?> <% \\{ ?. ]] [["
)
_KEYWORDS = (
    "def class return import from if elif else elseif elsif for foreach while do switch case break continue try catch "
    "except finally raise throw throws function func fn fun sub var let const val mut public private protected static "
    "void int char float double bool boolean string struct enum union interface trait impl type typedef namespace "
    "package module using use include require export default new delete async await yield lambda pass end begin then "
    "fi done esac echo print printf println puts local global unset set select insert update create drop alter where "
    "join union group order having limit values into table index view procedure trigger declare exec extends "
    "implements override abstract final virtual template typename auto extern inline sizeof goto with assert "
    "defmodule defp describe it expect test task resource variable output provider data mov add sub push pop call jmp "
    "cmp lea ret xor section message service rpc option syntax repeated query mutation fragment input scalar "
    "program subroutine integer real character dim next loop wend library entity port signal process architecture "
    "when rescue ensure unless until foreach match guard defer go chan range nil null true false self this super "
    "library data where deriving instance newtype infixl in of not and or"
)
_COMMANDS = (
    "SELECT INSERT UPDATE DELETE CREATE DROP ALTER FROM WHERE JOIN LEFT INNER GROUP ORDER HAVING VALUES UNION WITH "
    "PRIMARY FOREIGN CONSTRAINT BEGIN COMMIT RUN COPY ENV WORKDIR EXPOSE CMD ENTRYPOINT ARG LABEL USER VOLUME ADD "
    "HEALTHCHECK LIMIT SET INTO TABLE INDEX GRANT END DECLARE INTEGER REAL PROGRAM CALL RETURN MOVE DISPLAY PERFORM IF"
)


def _hash_of(word: str) -> int:
    value = 0
    for byte in word.encode():
        value = (value * 131 + byte) & 0xFFFFFFFF
    return value


def _set_of(words: str) -> npt.NDArray[np.uint64]:
    return np.array(sorted({_hash_of(word) for word in words.split()}), np.uint64)


def _bytes_kinds() -> npt.NDArray[np.uint8]:
    kinds = np.full(256, _BEYOND, np.uint8)
    for byte in range(128):
        character = chr(byte)
        kinds[byte] = (
            _LOWER if character.islower() else _UPPER if character.isupper() else _DIGIT if character.isdigit()
            else _UNDERSCORE if character == "_" else _BLANK if character.isspace() else _PUNCTUATION
        )  # fmt: skip
    return kinds


def _operators() -> npt.NDArray[np.uint8]:
    table = np.zeros((128, 128), np.uint8)
    for operator in _OPERATORS.split():
        table[ord(operator[0]), ord(operator[1])] = 1
    return table


KINDS, OPERATORS, KEYWORDS, COMMANDS = _bytes_kinds(), _operators(), _set_of(_KEYWORDS), _set_of(_COMMANDS)


@inlined
def _is_in(words, value):  # type: ignore[no-untyped-def]
    at = np.searchsorted(words, value)
    return at < len(words) and words[at] == value


@kernel
def address_end(data, i, stop):  # type: ignore[no-untyped-def]
    """One past the address whose "://" starts at `i`; ASCII only, as in a link."""
    while i < stop:
        b = data[i]
        if b <= 32 or b >= 127 or b == 34 or b == 39 or b == 41 or b == 60 or b == 62 or b == 93 or b == 96:
            break
        i += 1
    return i


@kernel
def _line_mark(data, i, stop):  # type: ignore[no-untyped-def]
    """What the first visible bytes of a line, from `i` on, say of it."""
    b = data[i]
    after = data[i + 1] if i + 1 < stop else uint8(32)
    third = data[i + 2] if i + 2 < stop else uint8(32)
    if (b == 96 or b == 126) and after == b and third == b:  # ``` or ~~~
        while i < stop and data[i] == b:
            i += 1
        while i < stop and data[i] <= 32:
            i += 1
        return FENCE if i >= stop else NAMED_FENCE
    if b == 35:  # "#"
        return HASH
    if b == 47 and (after == 47 or after == 42):  # // and /*
        return COMMENT
    if b == 42 and after == 47:  # */
        return COMMENT
    if b == 45 and after == 45 and third != 45:  # --, but no ruler
        return COMMENT
    if b == 59 or (b == 37 and after != 37 and after >= 32):  # ; and %
        return COMMENT
    if b == 60 and after == 33 and third == 45:  # <!--
        return COMMENT
    if (b == 34 or b == 39) and after == b and third == b:  # three quotes
        return COMMENT
    return NO_MARK


@inlined
def survey_line(data, start, stop, table, kinds, operators, keywords, commands, scripts, row):  # type: ignore[no-untyped-def]
    """Fill the `row` of the line `data[start:stop]` and add its letters to `scripts`."""
    first, end = start, stop
    while first < end and data[first] <= 32:
        first += 1
    while end > first and data[end - 1] <= 32:
        end -= 1
    visible = outside = cjk = latin = other = 0  # bytes; outside of `spans`
    n_latin = n_han = 0
    sets = uint64(0)  # Han characters of one set: traditional ones in the upper half
    points = operators_seen = names = calls = options = paths = key = 0
    pairs = quoted = unquoted_han = words = 0
    quote, comment, assigned, markup = uint8(0), False, False, False
    plain_before = False  # a plain word, then nothing but one space, or a comma and a space
    previous = uint8(32)
    i = first
    while i < end:
        b = data[i]
        kind = kinds[b]
        if kind <= _UNDERSCORE:
            at, word_hash, shape = uint64(i), uint64(0), 0  # bits of shape: lower, upper, digit, underscore, hump
            stop_at = uint64(end)
            while at < stop_at:
                b = data[at]
                kind = kinds[b]
                if kind <= _UNDERSCORE:
                    n_latin += kind <= _UPPER
                    latin += kind <= _UPPER
                    if kind == _UPPER and shape & 1:
                        shape |= _HUMP
                    shape |= 1 << kind
                    if words == 0:
                        word_hash = (word_hash * uint64(131) + uint64(b)) & uint64(0xFFFFFFFF)
                    at += uint64(1)
                elif 0xC3 <= b < 0xCA or (b == 0xE1 and data[at + uint64(1)] >= 0xB8):  # é, ế
                    width = 2 if b < 0xE0 else 3
                    n_latin += 1
                    latin += width
                    shape |= 1
                    at += uint64(width)
                else:
                    break
            size = int64(at) - i
            visible += size
            words += 1
            b = data[at] if at < stop_at else uint8(10)
            if quote == _TICK:
                plain_before = False
            else:
                outside += size
                if comment:
                    plain_before = False
                else:
                    names += shape & _JOINED != 0 and shape & 3 != 0
                    plain = size > 1 and (shape == 1 or shape == 3)
                    if plain and plain_before:
                        quoted += quote != 0
                        pairs += quote == 0
                    plain_before = plain
                    calls += b == 40
                    if words == 1 and i <= first + 2 and size > 1:  # a dash or a bracket may stand before it
                        points += _is_in(keywords, word_hash)
                        points += 2 * (_is_in(commands, word_hash) and int64(at) < end)
                        # a key of YAML or of a data structure
                        if b == 58 and shape & 2 == 0 and (int64(at) + 1 >= end or data[at + uint64(1)] == 32):
                            key = 2 if int64(at) + 1 >= end or first > start else 1
            previous = data[at - uint64(1)] if data[at - uint64(1)] < 128 else uint8(97)
            i = int64(at)
            continue
        if kind == _BLANK:
            if previous == 32:
                plain_before = False
            previous = uint8(32)
            i += 1
            continue
        if kind == _BEYOND:
            at, stop_at = uint64(i), uint64(end)
            bits = uint8(0)
            while at < stop_at and 0xE4 <= data[at] <= 0xE9:
                low = uint64(data[at + uint64(1)] & 0x3F) << uint64(6) | uint64(data[at + uint64(2)] & 0x3F)
                bits = table[uint64(data[at] & 0x0F) << uint64(12) | low]
                if bits & SCRIPT != HAN:
                    break
                sets += uint64(bits & SIMPLIFIED) | uint64(bits & TRADITIONAL) << uint64(32)
                at += uint64(3)
            size = int64(at) - i
            script = HAN
            if size:
                n_han += size // 3
                visible += size
            else:
                point, size = char_at(data, i)
                bits = table[point]
                script = int64(bits & SCRIPT)
                scripts[script] += 1
                visible += 0 if bits & WHITE else size
            outside += size if quote != _TICK else 0
            if script == LATIN:
                latin += size
            elif script:
                plain_before = False
                if script in (HAN, KANA):
                    cjk += size
                else:
                    other += size
                unquoted_han += size // 3 if quote == 0 and not comment else 0
            previous = uint8(128)
            i += size
            continue
        if b == 58 and i + 2 < end and data[i + 1] == 47 and data[i + 2] == 47:  # an address says nothing
            i = address_end(data, i, end)
            previous, plain_before, markup = uint8(97), False, True
            continue
        visible += 1
        markup |= b == 60 or b == _TICK
        if b != 44 and b != 39:
            plain_before = False
        follows = data[i + 1] if i + 1 < end else uint8(10)
        if b == _TICK:
            quote = uint8(0) if quote == _TICK else uint8(_TICK) if quote == 0 else quote
        elif quote != _TICK:
            outside += 1
            if not comment:
                operators_seen += operators[previous & 127, b] if previous < 128 else 0
                if b == 34 or (b == 39 and (quote == 39 or kinds[previous] > _UNDERSCORE)):
                    quote = b if quote == 0 else uint8(0) if quote == b else quote
                elif quote == 0:
                    if b == 61:
                        assigned |= previous != 61 and follows != 61 and 0 < words <= 4
                    elif b == 47:
                        comment = previous == 47 and i > first + 1
                        paths += kinds[previous] <= _UNDERSCORE and kinds[follows] <= _UNDERSCORE
                    elif b == 35:
                        comment = previous == 32 and i > first and follows == 32
                    elif b == 45:
                        options += previous == 32 and i > first and (kinds[follows] <= _UPPER or follows == 45)
                    elif b == 36:
                        names += kinds[follows] <= _UNDERSCORE and kinds[follows] != _DIGIT
        previous = b
        i += 1
    scripts[LATIN] += n_latin
    scripts[HAN] += n_han
    scripts[SIMPLIFIED_CHARS] += int64(sets & uint64(0xFFFFFFFF)) // SIMPLIFIED
    scripts[TRADITIONAL_CHARS] += int64(sets >> uint64(32)) // TRADITIONAL
    mark = _line_mark(data, first, end) if first < end else NO_MARK
    if mark == NO_MARK and outside == 0 and cjk <= latin and visible > 0:
        mark = SPAN
    most = max(3, visible // 20)  # one formula does not make a paragraph code; a page without line ends is a long line
    points += 2 * min(operators_seen, most) + min(names, most) + min(calls, most)
    points += min(options, 2) + min(paths, 2) + key
    if visible > 0:
        points += 2 * assigned + _edges(data, first, end, latin + cjk + other == 0, pairs, mark)
    if points > 0 and first > start:
        points += 1 + (data[start] == 9)
    row[VISIBLE], row[CJK_BYTES], row[LATIN_BYTES], row[OTHER_BYTES] = visible, cjk, latin, other
    row[POINTS], row[PROSE], row[MARK], row[MARKUP] = points, 2 * pairs + quoted // 2 + unquoted_han, mark, markup


@kernel
def _edges(data, first, end, alone, pairs, mark):  # type: ignore[no-untyped-def]
    """Points for how the line `data[first:end]` begins and ends; `alone`: it has no letters."""
    front, last = data[first], data[end - 1]
    follows = data[first + 1] if first + 1 < end else uint8(10)
    if alone:
        points = 2 * (
            last == 125 or last == 93 or last == 41 or front == 123 or front == 125 or front == 93 or front == 41
        )
    elif last == 59 or last == 123 or last == 125:  # ; { }
        points = 2
    else:
        points = int64(last == 40 or last == 91 or last == 92)  # ( [ \
    section = front == 91 and last == 93 and not alone and pairs == 0  # [section]
    tag = front == 60 and last == 62  # < … >
    command = front == 92 and follows >= 65  # \begin
    decorator = (front == 64 or front == 36) and follows >= 65  # @decorator, $variable
    prompt = front == 36 and follows == 32 and first + 2 < end and data[first + 2] >= 65  # $ command
    include = mark == HASH and 97 <= follows <= 122  # #include
    key = False  # "key":
    if front == 34:
        j = first + 1
        while j < end and data[j] != 34:
            j += 1
        key = j + 1 < end and data[j + 1] == 58
    points += 2 * (section or tag or command or decorator or include or key)
    points += 6 * prompt + (front == 40 and last == 41)  # (a form)
    return points
