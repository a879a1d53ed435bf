"""What is compared with what, and what ours must reach. To add a peer: a program in `peers/`, and a line here.

A peer's program is `peers/use_<name>.py`; it says in its head what has to be installed, and has a function for each
step. `peers/serve.py` says what such a function gives back.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from contest import Row

OPTIONS = {"permutations": 128, "shingle": 5, "similarity": 0.8}
"""Given to every program, beside paths: `words`, `tokenizer`, `language_model`."""


class Peer(NamedTuple):
    tool: str
    """Its name in the tables."""
    program: str
    """`peers/<program>.py`."""
    step: str
    """The function in it."""


class Bound(NamedTuple):
    """What ours must reach."""

    least: float
    peers: tuple[str, ...] = ()
    """How many times as fast as each of these; none: the rate itself."""
    memory: bool = False
    """Instead, how many bytes of memory a document may take at most."""


class Step(NamedTuple):
    name: str
    what: str
    """What is done, in a line."""
    ours: str
    """The function of `peers/use_curate.py`."""
    peers: tuple[Peer, ...] = ()
    bounds: tuple[Bound, ...] = ()
    tokenizer: str = ""
    """Which tokenizer it needs."""
    unit: str = "MB/s"


MINUTE = "M documents a minute"


def _tokenizing(name: str, what: str) -> Step:
    return Step(
        name,
        what,
        "tokens",
        (
            Peer("tokenizers", "use_tokenizers", "encode"),
            Peer("tokenizers, batch_fast", "use_tokenizers", "encode_batch_fast"),
            Peer("kitoken", "use_kitoken", "encode"),
            Peer("tiktoken", "use_tiktoken", "encode"),
            Peer("datatrove", "use_datatrove", "tokens"),
        ),
        (Bound(8, ("tokenizers",)), Bound(1.5, ("kitoken", "tiktoken"))),
        tokenizer=name,
    )


STEPS = (
    Step("counts", "the kernels below length and quality: characters and lines", "counts", bounds=(Bound(300),)),
    Step(
        "quality",
        "the filters: length, and what a text is made of",
        "quality",
        (
            Peer("datatrove", "use_datatrove", "quality"),
            Peer("Data-Juicer", "use_data_juicer", "quality"),
            Peer("dolma c4_v2", "use_dolma", "c4_v2"),
        ),
    ),
    Step(
        "repetition",
        "repeated n-grams, lines, paragraphs",
        "repetition",
        (
            Peer("datatrove", "use_datatrove", "repetition"),
            Peer("Data-Juicer", "use_data_juicer", "repetition"),
        ),
        (Bound(60),),
    ),
    Step(
        "filters",
        "length, quality and repetition together; of datatrove the three that FineWeb-2 uses for Chinese",
        "filters",
        (
            Peer("datatrove", "use_datatrove", "filters"),
            Peer("Data-Juicer", "use_data_juicer", "filters"),
            Peer("dolma gopher_v2", "use_dolma", "gopher_v2"),
        ),
        (Bound(150, ("datatrove",)),),
    ),
    Step(
        "language",
        "language identification with lid.176.ftz, whole text",
        "language",
        (Peer("fastText", "use_fasttext", "language"),),
        (Bound(5, ("fastText",)),),
    ),
    Step(
        "words",
        "20,000 words of 3 to 6 characters: half of them stand in the text, half are altered",
        "words",
        (
            Peer("ahocorasick_rs", "use_ahocorasick_rs", "words"),
            Peer("Data-Juicer", "use_data_juicer", "flagged_words"),
            Peer("Data-Juicer, split at blanks", "use_data_juicer", "flagged_words_at_blanks"),
        ),
        (Bound(150),),
    ),
    Step(
        "signatures",
        "MinHash, 128 permutations of character 5-grams",
        "signatures",
        (
            Peer("rensa R", "use_rensa", "r_signatures"),
            Peer("rensa C", "use_rensa", "c_signatures"),
            Peer("rensa R, shingles given", "use_rensa", "r_signatures_of_shingles"),
            Peer("datasketch", "use_datasketch", "signatures"),
        ),
        (Bound(8, ("rensa R", "rensa C")), Bound(40, ("datasketch",))),
    ),
    Step(
        "near duplicates",
        "texts to verdicts, at a similarity of 0.8; only ours compares the texts of candidates",
        "near_duplicates",
        (
            Peer("rensa R", "use_rensa", "near_duplicates"),
            Peer("datasketch", "use_datasketch", "near_duplicates"),
            Peer("Data-Juicer", "use_data_juicer", "near_duplicates"),
            Peer("datatrove", "use_datatrove", "near_duplicates"),
        ),
    ),
    Step(
        "clusters",
        "band keys of four million documents, read band by band, to survivors; a tenth are copies",
        "clusters",
        bounds=(Bound(5), Bound(100, memory=True)),
        unit=MINUTE,
    ),
    _tokenizing("minimind", "byte-level BPE"),
    _tokenizing("qwen2.5", "byte-level BPE with NFC"),
)


def speed_in(step: Step, speed: float | None) -> float | None:
    """A speed in the step's unit."""
    return speed and speed * (60 if step.unit == MINUTE else 1)


class Verdict(NamedTuple):
    """A bound, and how it stands."""

    step: str
    wanted: str
    reached: float | None
    """None: not measured."""
    met: bool | None


def verdicts(step: Step, rows: Sequence[Row]) -> list[Verdict]:
    """Hold the rows of a step against its bounds. Of several peers the fastest counts; all must have been measured."""
    measured = {row.tool: row for row in rows if row.step == step.name and not row.error}
    return [_verdict(step, bound, measured) for bound in step.bounds]


def _verdict(step: Step, bound: Bound, measured: dict[str, Row]) -> Verdict:
    if bound.memory:
        ours = measured.get("curate")
        taken = ours.own_memory / ours.amount / 1e6 if ours and ours.own_memory and ours.amount else None
        return Verdict(
            step.name, f"at most {bound.least:g} bytes of memory a document", taken, taken and taken <= bound.least
        )
    if bound.peers:
        ratios = [measured[peer].ratio if peer in measured else None for peer in bound.peers]
        known = [ratio for ratio in ratios if ratio is not None]
        reached = min(known) if len(known) == len(ratios) else None
        wanted = f"{bound.least:g} × {' and '.join(bound.peers)}"
    else:
        reached = speed_in(step, measured["curate"].speed) if "curate" in measured else None
        wanted = f"{bound.least:g} {step.unit}"
    return Verdict(step.name, f"at least {wanted}", reached, None if reached is None else reached >= bound.least)
