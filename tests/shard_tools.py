"""What the tests of writers share: small tokenizers, a corpus, the machine's calls in order, and the trainers' readers.

The readers follow `facts/trainers.md` (sources and lines there), not our code.
"""

import json
import random
import shutil
import struct
import tempfile
from functools import cache
from pathlib import Path

import numpy as np
import polars as pl

from curate.contracts import Documents, Staging, Writer
from curate.tokenizer import training

SHARED = Path(__file__).parents[2] / "shared" / "tokenizers"

SENTENCES = (
    "清晨的渡口还没有人，雾气贴着水面慢慢地走。",
    "老张把船推下河，回头问：“今天去不去镇上？”",
    "去！豆腐要趁早卖，晚了就酸了。",
    "县里的水文站每两个小时记一次水位，单位是米，保留两位小数。",
    "如果水位超过警戒线，值班员要在五分钟内打电话；电话打不通，就骑车去说。",
    "The ferry holds twelve people, two bicycles and one patient goat.",
    "Nobody remembers who built the stone steps, but everybody uses them.",
    "第3章讨论了12种方法，其中7种在2019年以后才出现……",
    "他说不清楚，她也没有再问。",
    "价格：三元五角；数量：四十；合计：一百四十元。",
    "山路很窄、很陡，石阶上长满青苔，下雨以后没有人敢走夜路",
    "What is a river? Water that has made up its mind!",
)
"""Written for these tests."""


def text_of(number: int, sentences: int) -> str:
    """A text of so many sentences in some order; paragraphs after every few."""
    chance = random.Random(number)
    parts = [f"{number}号。"]
    for _ in range(sentences):
        parts.append(chance.choice(SENTENCES) + ("\n" if chance.random() < 0.2 else ""))
    return "".join(parts)


def corpus(documents: int, sentences: int = 30, prefix: str = "doc") -> pl.DataFrame:
    """Documents of one to `sentences` sentences, ids in no special order."""
    chance = random.Random(documents)
    texts = [text_of(number, chance.randint(1, sentences)) for number in range(documents)]
    ids = [f"{prefix}-{number}" for number in range(documents)]
    return pl.DataFrame({"id": ids, "text": texts, "source": ["test"] * documents})


@cache
def _folder() -> Path:
    import atexit

    folder = Path(tempfile.mkdtemp(prefix="curate-tests-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


@cache
def byte_level() -> Path:
    """A small tokenizer with MiniMind's 36 added tokens."""
    texts = [text_of(number, 40) for number in range(60)]
    return training.train_byte_level_bpe(texts, 900, _folder() / "byte_level")


@cache
def sentencepiece() -> Path:
    """A small SentencePiece model."""
    texts = [text_of(number, 40) for number in range(60)]
    return training.train_sentencepiece(texts, 700, _folder() / "sentencepiece")


@cache
def with_endoftext() -> Path:
    """A byte-level tokenizer whose `<|endoftext|>` has an id above 65,535, as Qwen's."""
    spec = json.loads(byte_level().read_text(encoding="utf-8"))
    spec["added_tokens"][0]["id"] = 151_643
    spec["model"]["vocab"]["<|endoftext|>"] = 151_643
    path = _folder() / "wide" / "tokenizer.json"
    path.parent.mkdir()
    path.write_text(json.dumps(spec, ensure_ascii=False), encoding="utf-8")
    return path


def write(writer: Writer, parts: list[pl.DataFrame], out: Path, seed: int = 0, batch: int = 50) -> Path:
    """Call a writer as the machine does; returns the folder of shards. Staging stays, in `out / 'staging'`."""
    label = writer.label("documents")
    folder = out / label
    folder.mkdir(parents=True)
    staging = Staging(out / "staging", tuple(f"part-{number:05}" for number in range(len(parts))), seed, label)
    staging.folder.mkdir(exist_ok=True)
    writer.check()
    whole = pl.concat(parts) if parts else pl.DataFrame({"text": []}, schema={"text": pl.String})
    writer.prepare(staging, lambda n_bytes: whole.sort("id")["text"] if parts else whole["text"])
    for name, frame in zip(staging.parts, parts, strict=True):
        writer.stage(staging, name, (Documents(frame[start : start + batch]) for start in range(0, len(frame), batch)))
    plan = json.loads(json.dumps(writer.plan(staging)))
    shards = [json.loads(json.dumps(writer.write_shard(staging, shard, folder))) for shard in plan]
    manifest = writer.finish(staging, shards, folder)
    (folder / "manifest.json").write_text(json.dumps(manifest | {"fingerprint": "0" * 12}), encoding="utf-8")
    return folder


def manifest(folder: Path) -> dict:
    return json.loads((folder / "manifest.json").read_text(encoding="utf-8"))


def bytes_of(folder: Path) -> dict[str, bytes]:
    """Every file of a folder."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()
    }


def minimind_rows(path: Path, tokenizer: Path, length: int = 340) -> tuple[list[list[int]], int]:
    """MiniMind lm_dataset.py:42-54: ids of every row before padding, and how many rows it cut.

    The tokenizer is called as transformers does: added tokens in the text are parsed.
    """
    from tokenizers import Tokenizer

    library = Tokenizer.from_file(str(tokenizer))
    rows, cut = [], 0
    for line in path.read_text(encoding="utf-8").split("\n")[:-1]:
        sample = json.loads(line)
        ids = library.encode(str(sample["text"]), add_special_tokens=False).ids
        cut += len(ids) > length - 2
        rows.append([1, *ids[: length - 2], 2])
    return rows, cut


def tinyllm_windows(folder: Path, vocabulary: int, length: int = 256) -> dict[str, list[np.ndarray]]:
    """TinyLLM preprocess.py:144-177: file name to its windows; asserts what the loader asserts."""
    names = sorted(path for path in (folder / f"tok{vocabulary}").glob("*.bin"))
    assert len(names) >= 2
    found = {}
    for path in names:
        ids = np.memmap(path, np.uint16, "r")
        windows = len(ids) // length - 1
        assert windows > 0, "this shard is way too small? investigate."
        found[path.name] = [np.asarray(ids[n * length : n * length + length + 1]) for n in range(windows)]
    return found


def megatron_documents(prefix: str) -> list[np.ndarray]:
    """Megatron-LM indexed_dataset.py:54-214, byte by byte; nothing may be left over."""
    raw = Path(f"{prefix}.idx").read_bytes()
    assert raw[:9] == b"MMIDIDX\x00\x00"
    version, code, sequences, documents = struct.unpack("<QBQQ", raw[9:34])
    assert (version, documents) == (1, sequences + 1)
    dtype = {4: np.dtype("<i4"), 8: np.dtype("<u2")}[code]
    sizes = np.frombuffer(raw, "<i4", sequences, 34)
    offsets = np.frombuffer(raw, "<i8", sequences, 34 + 4 * sequences)
    indices = np.frombuffer(raw, "<i8", documents, 34 + 12 * sequences)
    assert len(raw) == 34 + 12 * sequences + 8 * (sequences + 1)
    assert indices.tolist() == list(range(sequences + 1))
    ids = np.fromfile(f"{prefix}.bin", dtype)
    assert len(ids) == sizes.sum()
    return [ids[start // dtype.itemsize :][:size] for start, size in zip(offsets.tolist(), sizes.tolist(), strict=True)]
