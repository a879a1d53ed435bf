"""The write section: same bytes however documents come in parts, budgets, splits, tiny corpora, messages."""

import itertools
import json
import random
import shutil
from pathlib import Path

import numpy as np
import polars as pl
import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st
from shard_tools import byte_level, bytes_of, corpus, manifest, sentencepiece, with_endoftext, write

from curate.contracts import Documents, Staging, Utf8
from curate.errors import PipelineError
from curate.kernels.hashing import hash64
from curate.pipeline import Pipeline
from curate.plan import identity
from curate.targets import load_target, names
from curate.writers import staged
from curate.writers.documents import DocumentsWriter
from curate.writers.planning import Wish, plan_shards
from curate.writers.tokens import Tokens

EVERY_FORMAT = [
    {"target": "minimind", "tokens_per_shard": 4_000},
    {"target": "minimind", "tokens_per_shard": 4_000, "join_documents": True},
    {"target": "minimind", "format": "flat", "tokens_per_shard": 3_000},
    {"target": "whitebox", "tokens_per_shard": 3_000},
    {"target": "qwen2.5-0.5b", "sequence_length": 128, "tokens_per_shard": 3_000, "validation": 0.1},
    {"target": "qwen2.5-0.5b", "sequence_length": 128, "tokens_per_shard": 3_000, "format": "arrow", "validation": 0.1},
    {
        "target": "qwen2.5-0.5b",
        "format": "flat",
        "sequence_length": 128,
        "tokens_per_shard": 3_000,
        "max_tokens": 7_777,
    },
]


def writer_of(parameters: dict) -> Tokens:
    tokenizers = {"minimind": byte_level, "whitebox": sentencepiece, "qwen2.5-0.5b": with_endoftext}
    return Tokens(**{"tokenizer": str(tokenizers[parameters["target"]]()), **parameters})


def label_of(parameters: dict) -> str:
    return "-".join(str(value) for key, value in parameters.items() if key not in ("tokens_per_shard",))


def order_of(frame: pl.DataFrame, seed: int = 0) -> list[str]:
    ids = Utf8.of(frame["id"])
    return frame["id"].gather(np.argsort(hash64(seed, ids.data, ids.offsets))).to_list()


def documents(folder: Path) -> pl.DataFrame:
    return pl.read_parquet(folder / "documents.parquet").cast({"shard": pl.String})


# Same bytes.


@pytest.mark.parametrize("parameters", EVERY_FORMAT, ids=label_of)
def test_the_bytes_do_not_depend_on_how_documents_come_in_parts(parameters, tmp_path):
    frame = corpus(90)
    shuffled = frame.sample(fraction=1, shuffle=True, seed=3)
    one = write(writer_of(parameters), [frame], tmp_path / "one")
    many = write(
        writer_of(parameters), [shuffled[:1], shuffled[:0], shuffled[1:60], shuffled[60:]], tmp_path / "many", batch=7
    )
    assert bytes_of(one) == bytes_of(many)
    assert len(manifest(one)["shards"]) > 1


@pytest.mark.parametrize("parameters", [{"target": "minimind"}, {"target": "whitebox"}], ids=label_of)
def test_trained_tokenizers_give_the_same_bytes_again(parameters, tmp_path):
    one, two = (
        write(Tokens(**parameters, tokenizer="train", vocabulary=600), [corpus(60)], tmp_path / name) for name in "ab"
    )
    assert bytes_of(one) == bytes_of(two)


def test_documents_follow_the_hash_of_seed_and_id(tmp_path):
    frame = corpus(60)
    for seed in (0, 7):
        folder = write(writer_of({"target": "minimind"}), [frame], tmp_path / str(seed), seed=seed)
        assert documents(folder)["id"].to_list() == order_of(frame, seed)


def test_documents_of_one_id_stand_in_an_order_of_their_own(tmp_path):
    texts = [f"第{number}个文本。" * 20 for number in range(30)]
    frame = pl.DataFrame({"id": ["same"] * 30, "text": texts, "source": ["test"] * 30})
    parameters = {"target": "minimind", "format": "flat", "tokens_per_shard": 700}
    one = write(writer_of(parameters), [frame], tmp_path / "one")
    two = write(writer_of(parameters), [frame[20:], frame[:20].reverse()], tmp_path / "two")
    assert bytes_of(one) == bytes_of(two)
    assert manifest(one)["documents"] == 30


def test_planning_in_many_buckets_gives_the_same_shards(tmp_path, monkeypatch):
    frames = [corpus(90)[:40], corpus(90)[40:]]
    for number, parameters in enumerate(EVERY_FORMAT):
        one = write(writer_of(parameters), frames, tmp_path / f"one-{number}")
        with monkeypatch.context() as patch:
            patch.setattr(staged, "PLAN_DOCUMENTS", 4)
            many = write(writer_of(parameters), frames, tmp_path / f"many-{number}")
        assert bytes_of(one) == bytes_of(many)


def test_a_pass_that_finds_its_file_does_nothing(tmp_path):
    frame, writer = corpus(40), Tokens(target="minimind", tokenizer="train", vocabulary=600)
    folder = write(writer, [frame], tmp_path)
    before, staging = bytes_of(folder), Staging(tmp_path / "staging", ("part-00000",), 0, "minimind")

    def never(*_: object) -> pl.Series:
        raise AssertionError("asked again")

    times = {path: path.stat().st_mtime_ns for path in staging.folder.rglob("*.*") if path.name != "plan.json"}
    writer.prepare(staging, never)
    writer.stage(staging, "part-00000", (never() for _ in range(1)))
    assert {path: path.stat().st_mtime_ns for path in times} == times
    shutil.rmtree(folder)
    folder.mkdir()
    shards = [writer.write_shard(staging, shard, folder) for shard in writer.plan(staging)]
    writer.finish(staging, shards, folder)
    assert {**before} == {**bytes_of(folder), "manifest.json": before["manifest.json"]}


def test_more_parts_than_file_descriptors_are_no_problem(tmp_path):
    resource = pytest.importorskip("resource")
    frame, limits = corpus(150), resource.getrlimit(resource.RLIMIT_NOFILE)
    open_now = len(list(Path("/dev/fd").iterdir()))
    resource.setrlimit(resource.RLIMIT_NOFILE, (open_now + 40, limits[1]))
    try:
        many = write(writer_of(EVERY_FORMAT[2]), [frame[row : row + 1] for row in range(150)], tmp_path / "many")
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, limits)
    assert bytes_of(many) == bytes_of(write(writer_of(EVERY_FORMAT[2]), [frame], tmp_path / "one"))


# Budgets and splits.


def test_whole_documents_close_a_shard_before_it_would_be_exceeded(tmp_path):
    folder = write(
        writer_of({"target": "qwen2.5-0.5b", "sequence_length": 32, "tokens_per_shard": 100}), [corpus(60)], tmp_path
    )
    shards, frame = manifest(folder)["shards"], documents(folder)
    for number, shard in enumerate(shards):
        own = frame.filter(pl.col("shard") == shard["files"][0]["name"])["tokens"]
        assert own.sum() == shard["tokens"]
        assert shard["tokens"] <= 100 or shard["documents"] == 1
        if number + 2 < len(shards):  # the last one may have joined the one before
            following = frame.filter(pl.col("shard") == shards[number + 1]["files"][0]["name"])["tokens"][0]
            assert shard["tokens"] + following > 100
    assert any(shard["documents"] == 1 and shard["tokens"] > 100 for shard in shards)


def test_a_last_shard_below_the_trainers_minimum_joins_the_one_before(tmp_path):
    frame = corpus(60)
    total = manifest(write(writer_of({"target": "whitebox"}), [frame], tmp_path / "one"))["shards"][1]["tokens"]
    size = (total - 100) // 3  # leaves 100 to 102 tokens, fewer than 512
    folder = write(writer_of({"target": "whitebox", "tokens_per_shard": size}), [frame], tmp_path / "two")
    sizes = [shard["tokens"] for shard in manifest(folder)["shards"]]
    assert sizes[1:3] == [size, size] and sizes[3] == total - 2 * size and len(sizes) == 4


@pytest.mark.parametrize("parameters", EVERY_FORMAT, ids=label_of)
def test_max_tokens_is_never_exceeded(parameters, tmp_path):
    frame = corpus(90)
    folder = write(writer_of({**parameters, "max_tokens": 6_001}), [frame], tmp_path)
    found = manifest(folder)
    if found["format"] == "flat":
        assert found["tokens"] == 6_001
    elif found["format"] == "arrow":
        assert 6_001 - 2 * 128 < found["tokens"] <= 6_001
    else:
        assert found["tokens"] <= 6_001
        left = set(frame["id"]) - set(documents(folder)["id"])
        assert len(left) == found["documents_left_out"] > 0
    assert found["documents"] == documents(folder).height < 90
    assert documents(folder)["id"].to_list() == order_of(frame)[: found["documents"]]


@pytest.mark.parametrize("share", [0.05, 0.3])
@pytest.mark.parametrize("parameters", EVERY_FORMAT, ids=label_of)
def test_validation_is_whole_documents_from_the_front_of_the_order(parameters, share, tmp_path):
    frame = corpus(90)
    folder = write(writer_of({**parameters, "validation": share}), [frame], tmp_path)
    found, places = manifest(folder), documents(folder)
    split = {file["name"]: shard["split"] for shard in found["shards"] for file in shard["files"]}
    splits = [split[name] for name in places["shard"]]
    assert set(splits) == {"train", "validation"}
    assert splits == sorted(splits, reverse=True)  # all of validation, then all of train
    held_out = sum(shard["tokens"] for shard in found["shards"] if shard["split"] == "validation")
    wanted = share * found["tokens"]
    if found["target"] == "whitebox":  # one file, no larger than a shard
        wanted = min(wanted, found["tokens_per_shard"])
        assert len([shard for shard in found["shards"] if shard["split"] == "validation"]) == 1
    assert wanted * 0.97 <= held_out <= wanted + 2_500


def test_validation_files_of_minimind_lie_out_of_the_patterns_reach(tmp_path):
    folder = write(writer_of({"target": "minimind", "validation": 0.1}), [corpus(60)], tmp_path)
    assert [path.name for path in folder.glob("*.jsonl")] == ["minimind-00000.jsonl"]
    assert [path.name for path in (folder / "validation").iterdir()] == ["minimind-00000.jsonl"]


@given(
    st.lists(st.integers(1, 60), max_size=40), st.booleans(), st.integers(20, 200), st.sampled_from([1, 8]),
    st.integers(1, 60), st.one_of(st.none(), st.integers(1, 1_500)), st.sampled_from([0, 0.1, 0.5]), st.booleans(),
)  # fmt: skip
@settings(max_examples=300, deadline=None)
def test_shards_tile_the_order_and_keep_their_promises(sizes, exact, size, multiple, minimum, budget, share, one):
    class Counts:
        """Documents of these sizes, three at a time, hashes in pairs."""

        counts = {"total_tokens": sum(sizes), "documents": len(sizes)}

        def ordered(self, name):
            hashes = np.array([number // 2 for number in range(len(sizes))], np.uint64)
            for start in range(0, len(sizes), 4):
                yield hashes[start : start + 4], np.array(sizes[start : start + 4], np.int64)

    multiple = multiple if exact else 1
    minimum = max(minimum, multiple)
    wish = Wish(exact, max(size, minimum), multiple, minimum, budget, share if not one else 0.1, one)
    shards, warning = plan_shards(Counts(), wish)
    ends = np.cumsum([0, *sizes])

    def position(cut):
        row = min(2 * cut.hash + cut.rank, len(sizes))
        return int(ends[row]) + cut.within

    assert bool(shards) or warning
    for shard in shards:
        assert position(shard.last) - position(shard.first) == shard.tokens
    for split in ("validation", "train"):
        own = [shard for shard in shards if shard.split == split]
        for before, after in itertools.pairwise(own):
            assert before.last == after.first
        assert all(shard.tokens >= minimum for shard in own if exact) and sum(s.tokens for s in own) % multiple == 0
        if own:
            assert own[0].first == (0, 0, 0) or own[0].first.within == 0
            assert sum(shard.tokens for shard in own) >= minimum
    assert sum(shard.tokens for shard in shards) <= min(sum(sizes), budget or 10**9)
    if one and shards:
        assert [shard.split for shard in shards].count("validation") == 1 and len(shards) > 1


# Little text.


@pytest.mark.parametrize("parameters", EVERY_FORMAT, ids=label_of)
@pytest.mark.parametrize("texts", [[], [""], ["  \n"]], ids=["none", "empty", "blank"])
def test_without_any_text_there_is_a_manifest_that_says_so(parameters, texts, tmp_path):
    frame = pl.DataFrame(
        {"id": ["a"] * len(texts), "text": texts, "source": ["x"] * len(texts)}, schema=corpus(1).schema
    )
    folder = write(writer_of(parameters), [frame], tmp_path)
    found = manifest(folder)
    assert found["shards"] == [] and "no text was kept" in found["warning"]
    assert found["documents_without_text"] == len(texts)
    assert "no shard" in (folder / "USE.md").read_text(encoding="utf-8")
    assert documents(folder).height == 0


@pytest.mark.parametrize("target", ["minimind", "whitebox"])
def test_nothing_to_train_a_tokenizer_on_is_no_crash(target, tmp_path):
    assert manifest(write(Tokens(target=target, tokenizer="train"), [corpus(5)[:0]], tmp_path / "a"))["shards"] == []
    assert manifest(write(Tokens(target=target, tokenizer="train"), [], tmp_path / "b"))["shards"] == []


def test_too_little_text_for_tinyllm_writes_no_shard_and_says_why(tmp_path):
    folder = write(writer_of({"target": "whitebox"}), [corpus(1, 3)], tmp_path)
    assert manifest(folder)["shards"] == []
    assert "too little: the trainer needs about 1,024" in manifest(folder)["warning"]


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"target": "whitebox"}, "tokens lie in too few documents, which stay whole: the trainer needs about 1,024"),
        ({"target": "minimind", "max_tokens": 50}, "the first are too long for max_tokens (50): the trainer needs"),
    ],
)
def test_one_long_document_that_cannot_be_dealt_out_is_told_apart_from_too_little_text(parameters, message, tmp_path):
    frame = corpus(40).select(pl.lit("a").alias("id"), pl.col("text").str.join(""), pl.lit("x").alias("source"))
    folder = write(writer_of(parameters), [frame], tmp_path)
    assert manifest(folder)["shards"] == [] and message in manifest(folder)["warning"]


@pytest.mark.parametrize("target", ["minimind", "whitebox"])
def test_one_short_text_is_enough_to_train_a_tokenizer(target, tmp_path):
    folder = write(Tokens(target=target, tokenizer="train"), [corpus(1, 1)], tmp_path)
    assert len(manifest(folder)["shards"]) == (1 if target == "minimind" else 0)


def test_too_little_for_validation_leaves_it_out_and_says_so(tmp_path):
    folder = write(writer_of({"target": "minimind", "validation": 0.5}), [corpus(1)], tmp_path)
    assert [shard["split"] for shard in manifest(folder)["shards"]] == ["train"]
    assert "validation" in manifest(folder)["warning"]


# What is wrong is said before anything is read.


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"target": "qwen2.5-0.5b", "format": "jsonl"}, "format: qwen2.5-0.5b has megatron, arrow, flat, not jsonl"),
        ({"target": "whitebox", "join_documents": True}, "join_documents: only with format: jsonl, not flat"),
        ({"target": "minimind", "labels": True}, "labels: only with format: arrow"),
        ({"target": "whitebox", "validation": 0}, "validation: whitebox reads its first file as validation"),
        ({"target": "whitebox", "tokens_per_shard": 100}, "tokens_per_shard: 100 are too few; the trainer needs 512"),
        ({"target": "minimind", "vocabulary": 900}, "vocabulary: a tokenizer that exists has its own"),
        ({"target": "minimind", "tokenizer": "nowhere/at/all"}, "tokenizer nowhere/at/all: no such file"),
        ({"target": "mine.yaml"}, "target mine.yaml: cannot be read: No such file"),
    ],
)  # fmt: skip
def test_a_wrong_parameter_is_named(parameters, message):
    with pytest.raises(PipelineError) as error:
        Tokens(**{"tokenizer": str(byte_level()), **parameters}).check()
    assert str(error.value).startswith(message)


def test_a_tokenizer_that_is_left_to_its_library_is_told(tmp_path):
    spec = json.loads(byte_level().read_text(encoding="utf-8"))
    file = tmp_path / "slow.json"
    file.write_text(json.dumps(spec | {"normalizer": {"type": "Lowercase"}}), encoding="utf-8")
    (note,) = Tokens(target="minimind", tokenizer=str(file)).notes()
    assert note.startswith(f"tokenizer {file} is left to `tokenizers`")
    assert Tokens(target="minimind", tokenizer=str(byte_level())).notes() == []
    assert Tokens(target="minimind", tokenizer="train").notes() == []


def test_ids_that_do_not_fit_are_refused_with_the_way_out():
    with pytest.raises(PipelineError, match=r"151,644 ids, and uint16 holds 65,536; use .*qwen2.5-0.5b"):
        Tokens(target="whitebox", tokenizer=str(with_endoftext())).check()
    with pytest.raises(PipelineError, match="holds 65,536"):
        Tokens(target="whitebox", tokenizer="train", vocabulary=70_000).check()


def test_a_tokenizer_without_the_targets_control_token_is_refused():
    with pytest.raises(PipelineError, match=r"tok\d+\.model has no <\|endoftext\|>"):
        Tokens(target="qwen2.5-0.5b", tokenizer=str(sentencepiece())).check()


def pipeline(write_section: str, folder: Path) -> Pipeline:
    return Pipeline.parse(f"read:\n  - jsonl: {{paths: [x]}}\nwrite:\n{write_section}", folder)


def test_an_unknown_target_names_the_nearest_one(tmp_path):
    with pytest.raises(
        PipelineError, match=r"write\[0\].tokens.target: no target is called 'minimin'; did you mean 'minimind'\?"
    ):
        pipeline("  - tokens: {target: minimin}", tmp_path)


def test_the_folder_is_called_after_the_target_or_the_name(tmp_path):
    found = pipeline(
        "  - tokens: {target: qwen2.5-0.5b}\n  - tokens: {target: minimind, name: mini}\n  - documents", tmp_path
    )
    assert [line.label for line in found.write] == ["qwen2.5-0.5b", "mini", "documents"]


def test_folders_called_like_a_target_or_train_are_not_taken_for_them(tmp_path, monkeypatch):
    for name in ("minimind", "train"):
        (tmp_path / name).mkdir()
    monkeypatch.chdir(tmp_path)
    (line,) = pipeline("  - tokens: {target: minimind, tokenizer: train}", tmp_path).write
    line.step.check()
    assert line.label == "minimind" and line.step.measured_parameters()["trained"]


def test_the_fingerprint_follows_tokenizer_target_and_name(tmp_path):
    copy = tmp_path / "tokenizer.json"
    shutil.copy(byte_level(), copy)
    base = json.dumps(identity(Tokens(target="minimind", tokenizer=str(byte_level()))), default=str)
    assert json.dumps(identity(Tokens(target="minimind", tokenizer=str(copy))), default=str) == base
    copy.write_bytes(copy.read_bytes() + b"\n")
    others = [
        Tokens(target="minimind", tokenizer=str(copy)), Tokens(target="minimind", tokenizer="train"),
        Tokens(target="minimind", tokenizer=str(byte_level()), name="other"),
        Tokens(target="minimind", tokenizer=str(byte_level()), format="flat"),
    ]  # fmt: skip
    assert len({base, *(json.dumps(identity(other), default=str) for other in others)}) == 5


# Targets.


def test_every_target_loads_and_its_guide_names_only_what_is_known(tmp_path):
    assert names() == ["minimind", "qwen2.5-0.5b", "whitebox"]
    for number, parameters in enumerate([*EVERY_FORMAT, {"target": "whitebox", "name": "own"}]):
        folder = write(writer_of(parameters), [corpus(90)], tmp_path / str(number))
        use = (folder / "USE.md").read_text(encoding="utf-8")
        assert "@{" not in use and "None" not in use
        first = next(shard for shard in manifest(folder)["shards"] if shard["split"] == "train")["files"][0]["name"]
        if manifest(folder)["format"] == "megatron":
            assert first.removesuffix(".bin") in use
        elif manifest(folder)["target"] == "whitebox":
            assert f"`{Path(first).parent}/`" in use and "`tok700/00000_validation.bin`" in use
        elif manifest(folder)["format"] != "arrow":
            assert first.split("-")[0] in use


def test_a_target_of_ones_own_is_a_file(tmp_path):
    text = (Path(load_target.__globals__["_FOLDER"]) / "minimind.yaml").read_text(encoding="utf-8")
    own = tmp_path / "tiny.yaml"
    own.write_text(text.replace("name: minimind", "name: tiny").replace("sequence_length: 340", "sequence_length: 66"))
    folder = write(Tokens(target=str(own), tokenizer=str(byte_level())), [corpus(20)], tmp_path)
    assert folder.name == "tiny" and manifest(folder)["row_tokens"] == 64
    own.write_text(text.replace("vocabulary: 6400", "vocabulary: many"))
    with pytest.raises(PipelineError, match="vocabulary: Input should be a valid integer"):
        Tokens(target=str(own), tokenizer=str(byte_level())).check()


# Documents.


@pytest.mark.parametrize("form", ["jsonl.zst", "parquet"])
def test_documents_come_out_as_they_went_in(form, tmp_path):
    chance = random.Random(0)
    texts = ['"\\\x00\x1f\u2028', "<|im_end|>", "", "好\r\n", *corpus(16)["text"]]
    frame = pl.DataFrame(
        {
            "id": [str(n) for n in range(20)],
            "text": texts,
            "source": ["x"] * 20,
            "url": ["u", None] * 10,
            "year": range(20),
        }
    ).with_columns(score=pl.Series([chance.random() for _ in range(20)]))
    folder = write(DocumentsWriter(format=form, signals=True), [frame[:8], frame[:0], frame[8:]], tmp_path, batch=3)
    names = [shard["files"][0]["name"] for shard in manifest(folder)["shards"]]
    assert names == [f"documents-00000.{form}", f"documents-00001.{form}"]
    if form == "parquet":
        found = pl.concat([pl.read_parquet(folder / name) for name in names])
        assert found.equals(frame)
    else:
        raw = [zstandard.ZstdDecompressor().stream_reader((folder / name).read_bytes()).read() for name in names]
        rows = [json.loads(line) for part in raw for line in part.decode().split("\n")[:-1]]
        assert rows == frame.to_dicts()


def test_a_field_that_is_missing_everywhere_makes_no_unreadable_parquet(tmp_path):
    frame = corpus(4).with_columns(url=pl.lit(None))
    folder = write(DocumentsWriter(format="parquet"), [frame], tmp_path)
    assert pl.read_parquet(folder / "documents-00000.parquet").schema["url"] == pl.String


def test_no_kept_document_writes_no_documents_file(tmp_path):
    folder = write(DocumentsWriter(), [corpus(3)[:0]], tmp_path)
    assert sorted(bytes_of(folder)) == ["USE.md", "manifest.json"]
    assert "no document was kept" in manifest(folder)["warning"]


def test_batches_without_documents_are_no_part_of_the_file(tmp_path):
    staging = Staging(tmp_path / "staging", ("p",), 0, "documents")
    staging.folder.mkdir()
    writer = DocumentsWriter(format="parquet")
    writer.stage(staging, "p", iter([Documents(corpus(2)[:0]), Documents(corpus(2)), Documents(corpus(2)[:0])]))
    assert writer.plan(staging)[0]["documents"] == 2
