"""Train the two kinds of tokenizer that the small targets read: byte-level BPE (MiniMind) and SentencePiece (TinyLLM).

Same texts in the same order give the same bytes of the same library version: SentencePiece on one thread (its merges
depend on the number of threads) and into memory (a file name would end up in the model). Only the first `SAMPLE_BYTES`
of the texts are read: on Chinese web text 16 MB took byte-level BPE 25 s and 1.0 GB of memory, SentencePiece 5 s and
0.4 GB, and both grow in proportion (100 MB would want 6 GB and minutes). Formats: MiniMind's `train_tokenizer.py` and
`model/` at d65ef2c; TinyLLM's `train_vocab.py` at 25c84e1 (llama2.c's settings); see `train_sentencepiece`.
"""

from __future__ import annotations

import io
import json
import os
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from curate.errors import PipelineError

MINIMIND_VOCABULARY = 6_400
SENTENCEPIECE_VOCABULARY = 8_192
"""Room for about 4,000 characters of their own and as many words; Chinese text has more characters than 4,096."""

SAMPLE_BYTES = 20_000_000
"""How much text training reads (UTF-8 bytes; the text that reaches it is read whole)."""

_TAGS = "tool_call", "/tool_call", "tool_response", "/tool_response", "think", "/think"
MINIMIND_TOKENS: tuple[tuple[str, bool], ...] = (
    *((f"<|{name}|>", True) for name in ("endoftext", "im_start", "im_end")),
    *((f"<|{name}_{side}|>", True) for name in ("object_ref", "box", "quad", "vision") for side in ("start", "end")),
    *(
        (f"<|{name}|>", True)
        for name in ("vision_pad", "image_pad", "video_pad", "audio_start", "audio_end", "audio_pad")
    ),
    *((f"<tts_{name}>", True) for name in ("pad", "text_bos", "text_eod", "text_bos_single")),
    *((f"<{tag}>", False) for tag in _TAGS),
    *((f"<|buffer{number}|>", False) for number in range(1, 10)),
)
"""MiniMind's 36 added tokens at ids 0 to 35, and whether each is special (left out by `skip_special_tokens`)."""

_META_PIECES = 3 + 256
"""`<unk>`, `<s>`, `</s>` and the bytes of byte fallback, in every SentencePiece vocabulary made here."""
_LINE_CHARS = 1_000
_LINE = re.compile("[^\n\0\u2585]+")
_SENTENCES = re.compile(rf".{{1,{_LINE_CHARS - 1}}}[。!?！？；;](?!$)|.{{1,{_LINE_CHARS}}}", re.DOTALL)


def train_byte_level_bpe(texts: Iterable[str], vocabulary: int, folder: Path) -> Path:
    """Train a tokenizer for MiniMind; write `tokenizer.json` and `tokenizer_config.json`, return the first.

    Ids 0 to 35 are `MINIMIND_TOKENS`, then the 256 bytes, then merges: fewer than `vocabulary` ids only if the texts
    give no more pairs that occur. There is no chat template: pre-training needs none.

    Raises:
        PipelineError: `vocabulary` has no room for the bytes and the added tokens.
    """
    least = len(MINIMIND_TOKENS) + 256
    if vocabulary < least:
        raise PipelineError(f"tokenizer: a vocabulary of {vocabulary} is too small for MiniMind; give {least} or more")
    from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers, trainers

    library = Tokenizer(models.BPE())
    library.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    library.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=vocabulary,
        show_progress=False,
        special_tokens=[AddedToken(token, normalized=False) for token, _ in MINIMIND_TOKENS],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
    )
    library.train_from_iterator(_sample(texts), trainer)
    spec = json.loads(library.to_str())
    # The trainer makes every added token special; MiniMind keeps `<think>` and the like when it decodes.
    for token, (_, special) in zip(spec["added_tokens"], MINIMIND_TOKENS, strict=True):
        token["special"] = special
    _write(folder / "tokenizer_config.json", _json(_minimind_config()))
    return _write(folder / "tokenizer.json", _json(spec))


def _minimind_config() -> dict[str, Any]:
    return {
        "tokenizer_class": "PreTrainedTokenizerFast",
        "bos_token": "<|im_start|>",
        "eos_token": "<|im_end|>",
        "pad_token": "<|endoftext|>",
        "unk_token": "<|endoftext|>",
        "additional_special_tokens": [token for token, special in MINIMIND_TOKENS if special][1:],
        "add_bos_token": False,
        "add_eos_token": False,
        "clean_up_tokenization_spaces": False,
        "model_max_length": 131_072,
    }


def train_sentencepiece(texts: Iterable[str], vocabulary: int, folder: Path) -> Path:
    """Train a SentencePiece BPE model with byte fallback; write it as `tok{V}.model` (V: its ids), return its path.

    Ids: `<unk>` 0, `<s>` 1, `</s>` 2, no pad, bytes 3 to 258. V is `vocabulary`, or all that the texts give if that is
    less. The `(vocabulary - 259) // 2` most frequent characters get ids of their own (all of them, if they are fewer),
    so half the room is left for words, and rare characters are spelt in bytes: nothing is unknown.

    Unlike TinyLLM's own settings, `remove_extra_whitespaces` and `add_dummy_prefix` are off: blanks come back as they
    were, and text without blanks gets no blank in front. Decoding gives the text back (but U+2581, which SentencePiece
    uses for the blank). Lines are cut into sentences first: SentencePiece skips lines over 4,192 bytes without a word.

    Raises:
        PipelineError: no text, or `vocabulary` below 512.
    """
    if vocabulary < 512:
        raise PipelineError(
            f"tokenizer: a vocabulary of {vocabulary} leaves no room beside 256 bytes; give 512 or more"
        )
    sentences = [sentence for text in _sample(texts) for sentence in _sentences(text)]
    if not sentences:
        raise PipelineError("tokenizer: no text to train on; keep more documents, or name a tokenizer that exists")
    from sentencepiece import SentencePieceProcessor, SentencePieceTrainer

    model = io.BytesIO()
    SentencePieceTrainer.train(
        sentence_iterator=iter(_of_frequent_characters(sentences, (vocabulary - _META_PIECES) // 2)),
        model_writer=model,
        model_type="bpe",
        vocab_size=vocabulary,
        hard_vocab_limit=False,
        character_coverage=1.0,
        num_threads=1,
        byte_fallback=True,
        split_digits=True,
        allow_whitespace_only_pieces=True,
        normalization_rule_name="identity",
        remove_extra_whitespaces=False,
        add_dummy_prefix=False,
        minloglevel=2,
    )
    size = SentencePieceProcessor(model_proto=model.getvalue()).get_piece_size()
    return _write(folder / f"tok{size}.model", model.getvalue())


def _sample(texts: Iterable[str]) -> Iterator[str]:
    size = 0
    for text in texts:
        yield text
        size += len(text.encode())
        if size >= SAMPLE_BYTES:
            return


def _sentences(text: str) -> Iterator[str]:
    """Lines, cut below 4,192 bytes; SentencePiece skips a line that holds a NUL or its own marker U+2585."""
    for line in _LINE.findall(text):
        if len(line) <= _LINE_CHARS:
            yield line
        else:
            yield from _SENTENCES.findall(line)


def _of_frequent_characters(sentences: list[str], characters: int) -> list[str]:
    """Cut the sentences at all but their `characters` most frequent characters (of equals, those that came first).

    What a `character_coverage` does too: no piece spans such a character. But that has to lie between 0.98 and 1, and
    SentencePiece stops if the characters it keeps outnumber the vocabulary.
    """
    counts = Counter[str]()
    for sentence in sentences:
        counts.update(sentence)
    if len(counts) <= characters:
        return sentences
    cuts = dict.fromkeys((ord(character) for character, _ in counts.most_common()[characters:]), "\n")
    return [piece for sentence in sentences for piece in sentence.translate(cuts).split("\n") if piece]


def _json(content: dict[str, Any]) -> bytes:
    return (json.dumps(content, ensure_ascii=False, indent=2) + "\n").encode()


def _write(path: Path, content: bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f".{path.name}.{os.getpid()}")
    unfinished.write_bytes(content)
    os.replace(unfinished, path)
    return path
