"""The lines and sentences of a batch: found once, and shared by the filters that ask."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from curate.contracts import Documents

Integers = npt.NDArray[np.int64]

LETTER_BYTES = 3
"""Letters are counted in bytes: those of one Han character, or of three Latin letters, which say about as much."""

if TYPE_CHECKING:
    from curate.kernels.code_lines import Lines
    from curate.kernels.sentences import Sentences


def lines_of(documents: Documents) -> Lines:
    """Divide the texts of a batch into lines, and say which are code (`kernels.code_lines`)."""
    from curate.kernels import code_lines

    return documents.shared("lines", lambda: code_lines.lines_of(*documents.utf8))


def sentences_of(documents: Documents) -> Sentences:
    """Divide the prose of a batch into sentences (`kernels.sentences`)."""
    from curate.kernels import sentences

    return documents.shared("sentences", lambda: sentences.sentences_of(documents.utf8.data, lines_of(documents)))


def letters_of(data: npt.NDArray[np.uint8], starts: Integers, stops: Integers) -> Integers:
    """How much spans say: their letters, digits and Han characters, in thirds of a Han character."""
    from curate.kernels.units import letter_bytes
    from curate.kernels.utf8 import character_classes

    return np.asarray(letter_bytes(data, starts, stops, character_classes()))


def sentence_letters(documents: Documents) -> Integers:
    """`letters_of` each sentence."""
    found = sentences_of(documents)
    return documents.shared("sentence_letters", lambda: letters_of(documents.utf8.data, found.start, found.text_end))


def sentence_hashes(documents: Documents) -> npt.NDArray[np.uint64]:
    """Hash each sentence."""
    from curate.kernels.hashing import hash64_of_spans

    found = sentences_of(documents)
    return documents.shared(
        "sentence_hashes", lambda: hash64_of_spans(0, documents.utf8.data, found.start, found.text_end)
    )
