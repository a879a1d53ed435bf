"""The two tokenizers of a benchmark: MiniMind's and Qwen2.5's if the user has them, else two of their kind, trained.

Trained ones have the splitting and the normalisation of the real ones, and smaller vocabularies (6,400 and 24,000 ids,
learnt from 8 MB): what they say about speed is near, not the same. So the results name them.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

TRAINING_BYTES = 8_000_000
QWEN_VOCABULARY = 24_000


class TokenizerFile(NamedTuple):
    path: Path
    what: str
    """For the reader of the results."""


def minimind(folder: Path | None, texts: Sequence[str], work: Path) -> TokenizerFile:
    """MiniMind's tokenizer, or one of 6,400 ids with GPT-2's splitting."""
    if folder:
        return TokenizerFile(_given(folder, "minimind"), "MiniMind's tokenizer")
    from curate.tokenizer.training import MINIMIND_VOCABULARY, train_byte_level_bpe

    path = train_byte_level_bpe(_sample(texts), MINIMIND_VOCABULARY, work / "minimind")
    return TokenizerFile(path, f"{MINIMIND_VOCABULARY:,} ids trained on this text, with MiniMind's splitting")


def qwen(folder: Path | None, texts: Sequence[str], work: Path) -> TokenizerFile:
    """Qwen2.5's tokenizer, or one with Qwen2's splitting and NFC."""
    if folder:
        return TokenizerFile(_given(folder, "qwen2.5"), "Qwen2.5's tokenizer")
    path = work / "qwen2.5" / "tokenizer.json"
    path.parent.mkdir()
    _train_qwen(_sample(texts), path)
    return TokenizerFile(path, f"{QWEN_VOCABULARY:,} ids trained on this text, with Qwen2.5's splitting")


def _given(folder: Path, name: str) -> Path:
    path = folder / name / "tokenizer.json"
    if not path.is_file():
        raise SystemExit(f"--tokenizers {folder}: no {name}/tokenizer.json in it")
    return path


def _sample(texts: Sequence[str]) -> list[str]:
    taken, size = [], 0
    for text in texts:
        if size >= TRAINING_BYTES:
            break
        taken.append(text)
        size += len(text.encode())
    return taken


def _train_qwen(texts: list[str], path: Path) -> None:
    from tokenizers import Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, trainers

    from curate.tokenizer.byte_level import _QWEN2_PATTERN

    library = Tokenizer(models.BPE())
    library.normalizer = normalizers.NFC()
    split = pre_tokenizers.Split(Regex(_QWEN2_PATTERN), "isolated")
    in_bytes = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    library.pre_tokenizer = pre_tokenizers.Sequence([split, in_bytes])
    library.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(vocab_size=QWEN_VOCABULARY, show_progress=False, initial_alphabet=alphabet)
    library.train_from_iterator(texts, trainer)
    library.save(str(path))
