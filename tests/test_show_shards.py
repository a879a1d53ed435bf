"""What `curate show SHARD` prints: documents and tokens of every format, special ids apart from text."""

import json
import shutil

import polars as pl
import pytest
from click.testing import CliRunner
from shard_tools import SENTENCES, byte_level, corpus, sentencepiece, with_endoftext, write

from curate.cli import main
from curate.show import Asked, lines
from curate.writers.documents import DocumentsWriter
from curate.writers.tokens import Tokens

QWEN = {"target": "qwen2.5-0.5b", "sequence_length": 128, "tokens_per_shard": 2_000}
WRITERS = {
    "jsonl": lambda: Tokens(target="minimind", tokenizer=str(byte_level()), tokens_per_shard=3_000),
    "joined": lambda: Tokens(
        target="minimind", tokenizer=str(byte_level()), tokens_per_shard=3_000, join_documents=True
    ),
    "flat": lambda: Tokens(target="whitebox", tokenizer=str(sentencepiece()), tokens_per_shard=2_000),
    "v1": lambda: Tokens(target="minimind", format="flat", tokenizer=str(byte_level()), tokens_per_shard=2_000),
    "megatron": lambda: Tokens(**QWEN, tokenizer=str(with_endoftext()), validation=0.1),
    "arrow": lambda: Tokens(**QWEN, format="arrow", tokenizer=str(with_endoftext()), validation=0.1),
    "documents": lambda: DocumentsWriter(),
}  # fmt: skip
PAGES = corpus(40)
HOSTILE = "他写道：<|im_start|>，然后\x1b[2J停笔。"


@pytest.fixture(scope="module")
def shards(tmp_path_factory):
    """A folder of shards by format; the first page holds a control token, spelt out, and a control character."""
    pages = PAGES.with_columns(
        text=pl.when(pl.col("id") == "doc-0").then(pl.lit(HOSTILE)).otherwise("text"),
    )
    folder = tmp_path_factory.mktemp("shards")
    return {kind: write(writer(), [pages], folder / kind) for kind, writer in WRITERS.items()}


def show(*words):
    return CliRunner().invoke(main, ["show", *map(str, words)])


def heads(printed):
    return [line for line in printed.splitlines() if line.startswith("── ")]


def squeezed(text):
    return "".join(text.split())


@pytest.mark.parametrize("kind", WRITERS)
def test_each_format_shows_its_documents_with_their_text(shards, kind):
    printed = show(shards[kind], "-n", 3)
    assert printed.exit_code == 0, printed.output
    assert len(heads(printed.stdout)) == 3
    assert any(sentence[:8] in squeezed(printed.stdout) for sentence in SENTENCES)
    assert "\x1b" not in printed.stdout


@pytest.mark.parametrize("kind", ["jsonl", "flat", "v1", "megatron", "arrow", "documents"])
def test_a_document_is_found_by_its_id_and_shown_whole(shards, kind):
    (text,) = PAGES.filter(id="doc-7")["text"]
    printed = show(shards[kind], "--id", "doc-7").stdout
    told = printed.replace("⟪<|endoftext|> 900⟫", "").replace("⏎", "")
    assert all("doc-7" in head for head in heads(printed))
    if kind not in ("flat", "v1", "arrow"):  # there a document may go on in the next file
        assert squeezed(text) in squeezed(told)
    missing = show(shards[kind], "--id", "nobody")
    assert missing.exit_code == 1 and "no document has the id 'nobody' here" in missing.stderr


def test_special_ids_are_told_from_text_that_spells_the_same(shards):
    printed = squeezed(show(shards["v1"], "--id", "doc-0").stdout)
    assert "⟪<|im_start|>1⟫他写道：<|im_start|>，然后\\x1b[2J停笔。⟪<|im_end|>2⟫" in printed
    assert printed.count("⟪") == 3, "one of them in the legend"
    coloured = "\n".join(lines(shards["v1"], Asked(id="doc-0"), in_colour=True))
    assert "\x1b[45m<|im_start|> 1\x1b[0m" in coloured and "⟪" not in coloured


def test_each_token_is_shown_with_its_id(shards):
    printed = show(shards["v1"], "--id", "doc-0", "--tokens").stdout
    assert "⟪<|im_start|> 1⟫ | " in printed and "| ⟪<|im_end|> 2⟫" in printed.replace("\n", " ")
    assert "\\x1b" in printed and "\x1b" not in printed
    text_rows = show(shards["jsonl"], "--tokens", "-n", 1).stdout
    assert " | " in text_rows, "rows of text are encoded to be looked at"
    pieces = show(shards["flat"], "--tokens", "-n", 1).stdout
    assert "⟪<s> 1⟫ | " in pieces and "<0x" not in pieces


def test_a_file_of_a_folder_is_shown_alone_from_the_document_asked_for(shards):
    folder = shards["megatron"]
    manifest = json.loads((folder / "manifest.json").read_text())
    names = [entry["files"][0]["name"] for entry in manifest["shards"]]
    printed = show(folder / names[1], "-n", 2, "--from", 1).stdout
    assert [head.split()[1:3] for head in heads(printed)] == [[names[1], "#1"], [names[1], "#2"]]
    index = show(folder / names[1].replace(".bin", ".idx"), "-n", 2, "--from", 1).stdout
    assert heads(index) == heads(printed)
    first = manifest["shards"][0]["documents"]
    assert heads(show(folder, "-n", 1, "--from", first).stdout)[0].split()[1:3] == [names[1], "#0"]
    assert "no document 999 here" in show(folder, "--from", 999).stdout


@pytest.mark.parametrize("kind", ["jsonl", "flat", "v1", "megatron", "arrow"])
def test_shards_without_documents_parquet_are_shown_by_what_the_ids_tell(shards, kind, tmp_path):
    folder = shutil.copytree(shards[kind], tmp_path / kind)
    with_ids = heads(show(folder, "-n", 2).stdout)
    (folder / "documents.parquet").unlink()
    printed = show(folder, "-n", 2).stdout
    assert "documents.parquet is missing: no ids of documents" in printed
    assert [head.split()[:3] for head in heads(printed)] == [head.split()[:3] for head in with_ids]
    if kind != "jsonl":
        assert [line for line in printed.splitlines() if " tokens, " in line and line[0] == " "]


def test_shards_without_their_tokenizer_show_ids(shards, tmp_path):
    folder = shutil.copytree(shards["v1"], tmp_path / "v1")
    manifest = json.loads((folder / "manifest.json").read_text())
    manifest["tokenizer"]["name"] = "moved/tokenizer.json"
    (folder / "manifest.json").write_text(json.dumps(manifest))
    printed = show(folder, "-n", 1, "--tokens").stdout
    assert "ids only, without text: tokenizer" in printed and "⟪BOS 1⟫ | " in printed


@pytest.mark.parametrize("kind", ["jsonl", "flat", "megatron", "arrow", "documents"])
def test_a_file_that_was_cut_off_is_an_error_of_one_line(shards, kind, tmp_path):
    folder = shutil.copytree(shards[kind], tmp_path / kind)
    name = json.loads((folder / "manifest.json").read_text())["shards"][0]["files"][0]["name"]
    (folder / name).write_bytes((folder / name).read_bytes()[:-3])
    done = show(folder)
    assert done.exit_code == 1 and "it was cut off or changed" in done.stderr and done.stderr.count("\n") == 1


def test_bytes_that_are_no_shard_are_an_error_of_one_line(shards, tmp_path):
    folder = shutil.copytree(shards["arrow"], tmp_path / "arrow")
    entry = json.loads((folder / "manifest.json").read_text())["shards"][0]["files"][0]
    (folder / entry["name"]).write_bytes(b"?" * entry["bytes"])
    done = show(folder)
    assert done.exit_code == 1 and "cannot be read (ArrowInvalid" in done.stderr and done.stderr.count("\n") == 1


def test_an_unknown_format_a_stranger_and_options_of_runs_are_refused(shards, tmp_path):
    folder = shutil.copytree(shards["flat"], tmp_path / "flat")
    assert "is no shard (not in" in show(folder / "USE.md").stderr
    refused = show(folder, "--near", "length.too_short")
    assert refused.exit_code == 2 and "--near: only a run knows" in refused.stderr
    manifest = json.loads((folder / "manifest.json").read_text()) | {"format": "tfrecord"}
    (folder / "manifest.json").write_text(json.dumps(manifest))
    unknown = show(folder)
    assert unknown.exit_code == 1 and "knows no format 'tfrecord'" in unknown.stderr and unknown.stderr.count("\n") == 1


def test_a_folder_of_several_shards_says_to_name_one(shards, tmp_path):
    for kind in ("flat", "v1"):
        shutil.copytree(shards[kind], tmp_path / kind)
    done = show(tmp_path)
    assert done.exit_code == 1 and "several shards here; name one" in done.stderr
