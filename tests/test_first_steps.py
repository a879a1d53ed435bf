"""`curate init`: by what it prints, and by the pipeline that it writes, which must load and do what the funnel says."""

import json
import random
import re
from pathlib import Path

import polars as pl
import pytest
import yaml
from click.testing import CliRunner

from curate import first_steps
from curate.cli import main
from curate.first_steps import inputs, measured, sampling
from curate.first_steps.words import share, words
from curate.first_steps.yaml_text import Entry, pipeline_text
from curate.pipeline import Pipeline
from curate.readers.files import Jsonl, Text

ROOT = Path(__file__).parents[1]
ENGLISH = """
the committee met with people from the small towns to hear what they have to say on water and on the roads that must be
mended before winter comes and of which many are older than those who drive on them
"""


def init(*flags, typed=None):
    return CliRunner().invoke(main, ["init", *map(str, flags)], input=typed, catch_exceptions=False)


def english(rows):
    """Rows as a shop of articles might hold them: the text is not in `text`."""
    chance = random.Random(0)

    def sentence(number):
        own = [chance.choice(ENGLISH.split()) for _ in range(14)]
        own[4:4] = [f"{''.join(chance.choices('abdeinorst', k=7))}" for _ in range(4)]
        return " ".join(own).capitalize() + "."

    return [
        {"id": i, "url": f"https://example.org/{i}", "body": " ".join(map(sentence, range(9))), "meta": {}}
        for i in range(rows)
    ]


def as_lines(rows):
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture(scope="module")
def chinese(tmp_path_factory):
    """The file written for the samples, and what was printed."""
    out = tmp_path_factory.mktemp("init") / "mine.yaml"
    done = init("--input", ROOT / "samples/skypile", "--target", "minimind", "--target", "documents", "--out", out)
    assert done.exit_code == 0, done.output
    return out, done.stdout


def test_the_pipeline_of_the_samples_loads_from_where_it_lies_and_says_what_was_seen(chinese, here):
    out, _ = chinese
    pipeline = Pipeline.load(out)
    assert [line.label for line in pipeline.clean] == [
        "unicode",
        "html",
        "chinese",
        "boilerplate_lines",
        "personal_data",
    ]
    assert [line.label for line in pipeline.filters][:3] == ["length", "language", "quality"]
    assert [line.label for line in pipeline.write] == ["minimind", "documents"]
    text = out.read_text(encoding="utf-8")
    assert "Drops 35 of the 437 that come here: not_chinese 34, mostly_code 3." in text
    assert "4 of 446 rows could not be read" in text and "max_rejected: 0.02" in text
    assert not any(Path(path).is_absolute() for path in yaml.safe_load(text)["read"][0]["jsonl"]["paths"])
    assert len(pipeline.read[0].step.inputs([pipeline.working, pipeline.folder])) == 3


def test_the_funnel_ends_where_a_run_of_the_same_pipeline_ends(demo, monkeypatch):
    monkeypatch.chdir(ROOT)
    run, _ = demo
    looked = first_steps.look(["samples/skypile"])
    cleaners = [(line.label, line.step) for line in run.pipeline.clean]
    text, changed = measured.cleaned(looked.sample.frame["text"], cleaners)
    verdicts = measured.judged([line.step for line in run.pipeline.filters], text)
    assert measured.funnel(run.pipeline.filters, verdicts)[-1].kept == run.counts()["kept"]
    record = json.loads((run.folder / "run.json").read_text())["cleaned"]
    assert changed == {label: change["documents"] for label, change in record.items()}


def test_what_is_printed_fits_80_columns_and_ends_with_what_to_type(chinese):
    out, printed = chinese
    assert printed.splitlines()[0].startswith("files      3 jsonl (`text`)")
    assert "language   zh 93 %" in printed
    assert re.search(r"^length +5 +1\.1 % +437 +99 %  █+$", printed, re.MULTILINE)
    assert all(len(line) <= 80 or str(out) in line for line in printed.splitlines())
    assert printed.rstrip().endswith(f"curate run {out}")


def test_comments_and_messages_in_chinese(here):
    done = init("--input", ROOT / "samples/skypile/part-2.jsonl", "--yes", "--lang", "zh")
    assert done.exit_code == 0 and "逐个过滤器" in done.stdout and "接下来" in done.stdout
    comments = [line for line in Path("pipeline.yaml").read_text(encoding="utf-8").splitlines() if "# " in line]
    said = [line for line in comments if re.search(r"[a-z]{3} [a-z]{2,} [a-z]+", line) and "curate" not in line]
    assert not said, "a sentence without a translation"
    Pipeline.load("pipeline.yaml")


def test_every_sentence_that_code_says_has_a_chinese_one():
    said = set()
    for file in Path(first_steps.__file__).parent.glob("*.py"):
        source = file.read_text(encoding="utf-8")
        for literals in re.findall(r'\bsay\(\s*((?:"[^"\n]*"\s*)+)[,)]', source):
            said.add("".join(re.findall(r'"([^"\n]*)"', literals)))
    said |= set(first_steps.proposal.recipe.CLEANERS.values()) | set(first_steps.proposal.recipe.FILTERS.values())
    known = words("zh").sentences
    assert len(said) > 50 and said == set(known)
    for sentence, other in known.items():
        assert sorted(re.findall(r"{(\w+)}", sentence)) == sorted(re.findall(r"{(\w+)}", other)), sentence


@pytest.mark.parametrize("kind", ["jsonl", "parquet"])
def test_english_gets_its_own_rules_and_the_longest_field_is_the_text(kind, here):
    rows = english(60)
    if kind == "jsonl":
        Path("news.jsonl").write_text(as_lines(rows))
    else:
        pl.DataFrame(rows).drop("meta").write_parquet("news.parquet", row_group_size=20)
    done = init("--input", f"news.{kind}", "--target", "whitebox")
    assert done.exit_code == 0, done.output
    pipeline = Pipeline.load("pipeline.yaml")
    read = pipeline.read[0].step
    assert (
        read.text == "body"
        and pipeline.name == "news"
        and "Also there: url" in done.stdout + Path("pipeline.yaml").read_text()
    )
    by_label = {line.label: line.step for line in pipeline.filters}
    assert by_label["quality"].profile == "gopher_en" and by_label["quality"].words == "spaces"
    assert by_label["language"].drop["not_english"] == "lang != 'en' OR lang_score < 0.65"
    assert by_label["language"].drop["not_chinese"] is None and "toxicity" not in by_label
    assert by_label["near_duplicates"].shingle > 5
    assert re.search(r"^length +60 +100 %", done.stdout, re.MULTILINE), "English text is not dropped"


def test_short_texts_get_a_shorter_limit_and_the_reason_is_said(here):
    rows = [{"q": f"第{i}题：{chr(0x4E00 + 37 * i)}字在这句话里是什么意思，怎么读？"} for i in range(80)]
    Path("题.jsonl").write_text(as_lines(rows), encoding="utf-8")
    done = init("--input", "题.jsonl", "--yes")
    assert "length.too_short drops 100 % of the 80 documents that come to it" in done.stdout
    (length,) = [line.step for line in Pipeline.load("pipeline.yaml").filters if line.label == "length"]
    assert 15 <= int(length.drop["too_short"].rpartition("< ")[2]) <= 24


def test_a_rule_that_drops_much_is_told_of_and_a_milder_one_stands_as_a_comment(here):
    menu = " ".join(["Home | About | Prices | Contact | 12 | 34 | 56 | 78 |"] * 2)
    rows = [{"text": f"{menu} {row['body']} {menu} {menu}"} for row in english(60)]
    Path("menus.jsonl").write_text(as_lines(rows))
    done = init("--input", "menus.jsonl", "--yes", "--language", "en")
    assert "quality.few_alphabetic_words drops" in done.stdout and "would drop about" in done.stdout
    text = Path("pipeline.yaml").read_text()
    (proposed,) = re.findall(r"^ +# (few_alphabetic_words: alpha_word_ratio < [\d.]+)$", text, re.MULTILINE)
    assert float(proposed.rpartition(" ")[2]) < 0.8
    Pipeline.parse(text.replace("      # drop:", "      drop:").replace(f"# {proposed}", proposed))


def test_questions_have_guesses_that_enter_takes(here, monkeypatch):
    Path("in").mkdir()
    Path("in/a.jsonl").write_text(as_lines(english(30)))
    Path("pipeline.yaml").write_text("taken")
    monkeypatch.setattr(first_steps, "on_terminal", lambda: True)
    done = init(typed="nowhere\nin\n\n\nminimind, tokyo\nwhitebox documents\n\n")
    assert done.exit_code == 2 and "no such file or folder" in done.output
    done = init(typed="in\n\n\nminimind, tokyo\nwhitebox documents\n\n")
    assert done.exit_code == 0, done.output
    assert "1  body" in done.stderr and "one or several of" in done.stderr
    assert "en 100 %" in done.stderr and Path("pipeline.yaml").read_text() == "taken"
    assert len(Pipeline.load("pipeline-2.yaml").write) == 2


def test_without_a_terminal_what_is_missing_is_named(here):
    done = init()
    assert done.exit_code == 2
    assert done.stderr == (
        "curate: init asks on a terminal only; here give --input and --target; --yes takes the guess for the others\n"
    )
    assert "give --input\n" in init("--yes").stderr


def test_a_file_that_is_there_is_not_written_over(here):
    Path("a.jsonl").write_text(as_lines(english(3)))
    Path("pipeline.yaml").write_text("mine")
    done = init("--input", "a.jsonl", "--yes")
    assert done.exit_code == 2 and "--force writes over it" in done.stderr
    assert Path("pipeline.yaml").read_text() == "mine"
    done = init("--input", "a.jsonl", "--yes", "--force")
    assert done.exit_code == 0 and Pipeline.load("pipeline.yaml").name == "a"
    assert "only 3 documents in the sample" in done.stdout


@pytest.mark.parametrize(
    ("name", "data", "said"),
    [
        ("a.jsonl", b"", "a.jsonl is empty"),
        ("a.jsonl", b"\n \n", "a.jsonl is empty"),
        ("a.jsonl", b"{broken\n{also\n", "no row of it can be read"),
        ("a.jsonl", b'{"id": 3, "tags": ["a"]}\n', "no field holds text; its rows have id (a number), tags (an array)"),
        ("a.json", b'[{"text": "x"}]', "is one JSON value, not a row a line"),
        ("a.txt", b"\x89PNG\0\0\0\xff\xfe\xfd\xfc\xfb\xfa", "is binary"),
        ("a.txt", "今天的天气很好，我们去公园。".encode("gbk"), "is not UTF-8, perhaps GBK; iconv -f GB18030"),
        ("a.zip", b"PK\x03\x04abcdef", "is a zip archive; unpack it"),
        ("a.parquet", b"PAR1nothing", "cannot be read as Parquet"),
        ("a.jsonl.gz", b"\x1f\x8bnothing", "a.jsonl.gz"),
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_said_in_one_line(name, data, said, here):
    Path(name).write_bytes(data)
    done = init("--input", name, "--yes")
    assert done.exit_code in (1, 2) and said in done.stderr, done.output
    assert done.stderr.count("\n") == 1 and not Path("pipeline.yaml").exists()


def test_what_is_misspelt_is_answered_with_the_nearest_name(here):
    Path("新闻.jsonl").write_text(as_lines(english(3)))
    assert "did you mean '新闻.jsonl'?" in init("--input", "新聞.jsonl", "--yes").stderr
    assert "did you mean 'body'?" in init("--input", "新闻.jsonl", "--yes", "--text-field", "bodi").stderr
    assert "did you mean 'minimind'?" in init("--input", "x", "--target", "minimint").stderr
    assert "such as zh or en" in init("--input", "x", "--yes", "--language", "Chinese").stderr
    Path("empty").mkdir()
    assert "nothing in it; looked for .jsonl" in init("--input", "empty", "--yes").stderr


def test_a_folder_is_read_by_its_data_and_notes_beside_it_are_left_out(here, write):
    for name in ("d/a.jsonl", "d/deep/b.jsonl", "d/c.jsonl.gz", "d/README.md", "d/.hidden.jsonl"):
        write(name, as_lines(english(2)))
    found = inputs.find(["d"])
    assert found.patterns == {"jsonl": ["d/**/*.jsonl", "d/*.jsonl.gz"]} and found.left_out == ["d/README.md"]
    write("t/a.txt", "Hello.")
    assert inputs.find(["t"]).patterns == {"text": ["t/*.txt"]}


def test_names_from_outside_cannot_leave_their_comment():
    text = pipeline_text(["x\nread: y"], "n", {"read": [Entry("jsonl", ["a\u0085b\n- text"], {"paths": ["a{,}\n*"]})]})
    assert yaml.safe_load(text) == {"name": "n", "seed": 0, "read": [{"jsonl": {"paths": ["a{,}\n*"]}}]}


def test_shares_of_files_fill_up_from_longer_ones():
    assert sampling._shares([1, 100, 2], 50) == [1, 47, 2]
    assert sampling._shares([5, 5], 50) == [5, 5]
    assert sum(sampling._shares([400, 400, 400], 1000)) == 1000


def test_a_large_file_is_sampled_at_places_spread_over_it(tmp_path):
    file = tmp_path / "large.jsonl"
    row = json.dumps({"text": "x" * 990}) + "\n"
    with file.open("w") as stream:
        for number in range(20_000):
            stream.write(row.replace("xxxxxx", f"{number:06}", 1))
    reader = Jsonl(paths=[str(file)])
    taken = sampling.sample([(reader, reader.inputs([tmp_path]))], 100)
    numbers = taken.frame["text"].str.slice(0, 6).cast(int)
    assert len(numbers) == 100 and numbers.min() == 0 and numbers.max() > 15_000


def test_of_long_documents_a_sample_holds_fewer(tmp_path, monkeypatch):
    monkeypatch.setattr(sampling, "SAMPLE_BYTES", 20_000)
    for number in range(60):
        (tmp_path / f"book-{number:02}.txt").write_text(f"{number} " * 500)
    reader = Text(paths=[f"{tmp_path}/*.txt"])
    taken = sampling.sample([(reader, reader.inputs([tmp_path]))], 1_000)
    assert taken.frame.height == 20 and taken.files == 60
    lines = tmp_path / "books.jsonl"
    lines.write_text("".join(json.dumps({"text": f"{number} " * 500}) + "\n" for number in range(60)))
    reader = Jsonl(paths=[str(lines)])
    assert sampling.sample([(reader, reader.inputs([tmp_path]))], 1_000).frame.height == 20


def test_the_milder_number_drops_one_in_twenty():
    frame = pl.DataFrame({"ratio": [number / 100 for number in range(1, 101)]})
    assert measured.milder("ratio < 0.5", frame) == "ratio < 0.06", "0.05 drops four"
    assert measured.milder("ratio > 0.5", frame) == "ratio > 0.95"
    assert measured.milder("ratio < 0.5 OR ratio > 2", frame) is None
    assert measured.round_towards(0.04567, down=True) == 0.045 and measured.round_towards(1234, down=False) == 1300
    assert (share(0, 3), share(1, 30), share(1, 3)) == ("0 %", "3.3 %", "33 %")
