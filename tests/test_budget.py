"""What training takes: the formulas against numbers worked out by hand and against what projects say of themselves."""

import json

import pytest
from click.testing import CliRunner

from curate.budget import budgets_of_tokens, corpus_of
from curate.budget.cards import Card, cards, find_card
from curate.budget.shown import about, duration
from curate.budget.training import METHODS, Corpus, batch_that_fits, estimate, memory_bytes, models
from curate.cli import main

FULL = METHODS[0]


def command(*words):
    return CliRunner().invoke(main, ["budget", *map(str, words)], catch_exceptions=False)


def hours(target, card, tokens):
    model = models()[target]
    samples = round(tokens / model.sequence_length)
    return estimate(model, Corpus(tokens, samples), cards()[card]).hours_per_epoch


@pytest.mark.parametrize(
    ("target", "ids", "parameters"),
    [("minimind", 6400, 63_912_192), ("whitebox", 4096, 8_483_616), ("qwen2.5-0.5b", 151_936, 494_032_768)],
)
def test_parameters_are_those_counted_in_the_models(target, ids, parameters):
    assert models()[target].model_copy(update={"vocabulary": ids}).parameters == parameters


def test_flops_of_a_minimind_token_by_hand():
    # 6 * 63,912,192 + 12 * 8 * 768 * 340
    assert models()["minimind"].flops_per_token == 383_473_152 + 25_067_520


def test_minimind_says_1_21_hours_for_its_mini_set_on_a_3090():
    # README.md:621: 1.2 GB at 4.3 to 4.5 bytes a token, one epoch; rows full.
    assert hours("minimind", "RTX 3090", 270_000_000) == pytest.approx(1.21, rel=0.05)


@pytest.mark.parametrize(
    ("target", "card", "expected"),
    [
        ("minimind", "GTX 1070", 44), ("minimind", "RTX 3060", 13), ("minimind", "V100", 3.4),
        ("whitebox", "GTX 1070", 25), ("whitebox", "RTX 3060", 7.2), ("whitebox", "V100", 1.9),
        ("qwen2.5-0.5b", "V100", 29),
    ],
)  # fmt: skip
def test_hours_for_a_billion_tokens(target, card, expected):
    # The table was worked out for the white box's own 4,096 ids; with 8,192 it has 12 % more to compute.
    by_hand = expected * (1.122 if target == "whitebox" else 1)
    assert hours(target, card, 10**9) == pytest.approx(by_hand, rel=0.03)


def test_lora_and_recomputing_change_the_hours_by_the_passes_they_take():
    # Full AdamW: 109 h on a 3060 (8-bit Adam computes the same), 373 h on a 1070, where LoRA with checkpointing is as
    # dear as it: no gradients of weights, but a second way forward.
    assert hours("qwen2.5-0.5b", "RTX 3060", 10**9) == pytest.approx(109, rel=0.01)
    assert hours("qwen2.5-0.5b", "GTX 1070", 10**9) == pytest.approx(373, rel=0.01)


@pytest.mark.parametrize(
    ("target", "ids", "batch", "gigabytes"),
    [("minimind", 6400, 32, 4.0), ("minimind", 6400, 4, 1.4), ("whitebox", 4096, 8, 0.4), ("qwen2.5-0.5b", 0, 1, 12.5)],
)
def test_memory_without_the_context(target, ids, batch, gigabytes):
    model = models()[target].model_copy(update={"vocabulary": ids} if ids else {})
    assert round((memory_bytes(model, FULL, batch, "bfloat16") - 0.5e9) / 1e9, 1) == gigabytes


def test_a_card_of_2_gb_holds_four_rows_of_minimind_and_a_step_stays_as_large():
    small = Card(name="small", tflops=2, memory_gib=2)
    assert batch_that_fits(models()["minimind"], FULL, small, 32) == 4
    found = estimate(models()["minimind"], Corpus(10_000, 1_000), small)
    assert (found.batch, found.accumulation) == (4, 64)
    assert found.steps_per_epoch == 4  # 1,000 rows: 250 batches, 64 a step


def test_qwen_takes_what_a_card_has_room_for():
    methods = {name: estimate(models()["qwen2.5-0.5b"], Corpus(10**6, 488), card) for name, card in cards().items()}
    assert {name: one.method.name for name, one in methods.items()} == {
        "GTX 1070": "LoRA, checkpointing", "RTX 3060": "8-bit Adam", "V100": "AdamW", "RTX 3090": "AdamW",
        "RTX 4090": "AdamW",
    }  # fmt: skip
    assert methods["RTX 3090"].batch * methods["RTX 3090"].accumulation == 64


def test_minimind_counts_rows_and_the_white_box_windows_of_its_training_files(demo):
    run, _ = demo
    manifests = run.manifests()
    model, corpus = corpus_of(models()["minimind"], manifests["minimind"])
    assert corpus == Corpus(
        manifests["minimind"]["tokens"], manifests["minimind"]["rows"], pytest.approx(0.1675, abs=1e-4)
    )
    model, corpus = corpus_of(models()["whitebox"], manifests["whitebox"])
    training = [shard["tokens"] for shard in manifests["whitebox"]["shards"] if shard["split"] == "train"]
    assert corpus.tokens == sum(training) < manifests["whitebox"]["tokens"]
    assert corpus.samples == sum(training) // 256
    assert model.vocabulary == manifests["whitebox"]["tokenizer"]["vocabulary"]


def test_epochs_stop_where_repeats_add_little():
    minimind = {tokens: budgets_of_tokens(tokens, ["minimind"])[0] for tokens in (10**6, 640_000_000, 10**10)}
    assert [budget.epochs for budget in minimind.values()] == [4, 2, 1]
    assert budgets_of_tokens(10**6, ["qwen2.5-0.5b"])[0].epochs == 1


def test_a_run_prints_data_cards_and_what_to_type(demo):
    run, _ = demo
    printed = command(run.folder).stdout
    assert max(map(len, printed.splitlines())) <= 80
    manifest = run.manifests()["minimind"]
    assert f"{manifest['tokens']:,} tokens: {manifest['rows']:,} rows of 340, 17 % padding" in printed
    assert "RTX 3060, RTX 3090, RTX 4090:\n    python train_pretrain.py --epochs 4 --batch_size 32 \\\n" in printed
    assert "--max_seq_len 340 --dtype float16" in printed and "dtype has no float32" in printed
    assert f"vocab_size = {run.manifests()['whitebox']['tokenizer']['vocabulary']};" in printed
    for assumption in ("Hours: x0.6 to x1.5", "V100: 112 TFLOPS in float16, share 0.3", "arXiv 2305.16264"):
        assert assumption in printed
    (only,) = run.budget("minimind", cards=["3090"])
    assert [one.card.name for one in only.estimates] == ["RTX 3090"]


def test_tokens_may_be_given_instead_of_a_run_and_json_is_for_scripts():
    printed = command("--tokens", "1e9", "--target", "minimind", "--card", "3090").stdout
    assert "rows of 340, taken to be full" in printed
    # 1e9 / 338 * 340 positions / 60.8 k a second = 4.59 h; x0.6 and x1.5
    assert "RTX 3090  bf16  4.5 GB  32 x 8  11,557  2.8-6.9 h" in printed
    (found,) = json.loads(command("--tokens", "1e9", "--target", "minimind", "--card", "3090", "--json").stdout)
    assert found["cards"][0]["hours_per_epoch"] == [2.76, 6.89]
    assert found["cards"][0]["steps_per_epoch"] == 11_557


def test_a_card_of_ones_own_and_a_model_that_does_not_fit():
    printed = command(
        "--tokens", "1e8", "--target", "qwen2.5-0.5b", "--card", "name=tiny,tflops=3,memory=4GB,precision=float16"
    ).stdout
    assert "tiny  fp16  does not fit: 4.8 GB, it has 4 GiB" in printed
    assert find_card("gtx 1070").memory_gib == 8


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--tokens", "1e9", "--card", "5090"], "no one card is called '5090'"),
        (["--tokens", "1e9", "--card", "tflops=3"], "needs tflops=… and memory=…GB"),
        (["--tokens", "1e9", "--card", "tflops=3,memory=4,colour=red"], "'colour' is unknown"),
        (["--tokens", "1e9", "--card", "tflops=0,memory=4"], "tflops: input should be greater than 0"),
        (["--tokens", "1e9", "--target", "minimnd"], "did you mean 'minimind'?"),
    ],
)
def test_what_is_wrong_is_said_in_one_line(words, message):
    done = command(*words)
    assert done.exit_code == 1 and message in done.stderr and done.stderr.count("\n") == 1


def test_a_run_without_shards_says_what_to_do(crawls, demo):
    done = command(crawls / "runs" / "a")
    assert done.exit_code == 1 and "`- tokens: {target: minimind}`" in done.stderr and done.stderr.count("\n") == 1
    done = command(demo[0].folder, "--target", "qwen2.5-0.5b")
    assert done.exit_code == 1 and "but for minimind and whitebox" in done.stderr
    assert command().exit_code == 2


def test_numbers_are_rounded_as_far_as_they_are_known():
    assert [duration(value) for value in (0.001, 0.5, 5, 200, 0.00001)] == [
        "2.2-5.4 s", "18-45 min", "3.0-7.5 h", "5.0-12 days", "under 1 s",
    ]  # fmt: skip
    assert [about(value) for value in (63_912_192, 1_278_243_840, 999, 999_900)] == ["63.9 M", "1.28 B", "999", "1 M"]
