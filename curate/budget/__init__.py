"""What training on shards takes: epochs, steps, memory and hours on graphics cards, as ranges.

Estimates by the formulas of `training`; nothing was measured. 20 tokens a parameter: Hoffmann et al. 2022, "Training
Compute-Optimal Large Language Models". Up to 4 epochs are worth about as much as new text, further ones less and less:
Muennighoff et al. 2023, "Scaling Data-Constrained Language Models", arXiv 2305.16264.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import ceil
from typing import TYPE_CHECKING, Any

from curate.budget.cards import Card, cards
from curate.budget.training import Corpus, Estimate, Model, estimate, models
from curate.errors import CurateError
from curate.registry import nearest

if TYPE_CHECKING:
    from curate.run import Run

LEAST, MOST = 0.6, 1.5
"""Times the estimated hours: the range that is told."""
TOKENS_PER_PARAMETER = 20
USEFUL_EPOCHS = 4
"""Repeats beyond so many epochs add little."""


@dataclass(frozen=True)
class Budget:
    """One model on a corpus, on several cards."""

    model: Model
    corpus: Corpus
    estimates: tuple[Estimate, ...]

    @property
    def wanted_tokens(self) -> int:
        """20 tokens a parameter."""
        return TOKENS_PER_PARAMETER * self.model.parameters

    @property
    def epochs_wanted(self) -> float:
        """Epochs of this corpus that make `wanted_tokens`."""
        return self.wanted_tokens / self.corpus.tokens

    @property
    def epochs(self) -> int:
        """Epochs worth training: as many as `wanted_tokens` takes, not more than repeats are worth; 1 of a model that
        is trained already."""
        return 1 if self.model.continued else max(1, min(USEFUL_EPOCHS, round(self.epochs_wanted)))

    def to_json(self) -> dict[str, Any]:
        """Plain values, for scripts."""
        return {
            "target": self.model.target, "model": self.model.name, "parameters": self.model.parameters,
            "vocabulary": self.model.vocabulary, "sequence_length": self.model.sequence_length,
            "tokens": self.corpus.tokens, "samples": self.corpus.samples, "padding": self.corpus.padding,
            "tokens_20n": self.wanted_tokens, "epochs_to_20n": round(self.epochs_wanted, 3), "epochs": self.epochs,
            "cards": [_plain(estimate) for estimate in self.estimates],
        }  # fmt: skip


def _plain(estimate: Estimate) -> dict[str, Any]:
    hours = estimate.hours_per_epoch
    return {
        "card": estimate.card.name, "precision": estimate.card.precision,
        "method": estimate.method.name if estimate.method else None, "memory_bytes": round(estimate.memory_bytes),
        "batch": estimate.batch, "accumulation": estimate.accumulation, "steps_per_epoch": estimate.steps_per_epoch,
        "hours_per_epoch": [float(f"{hours * LEAST:.3g}"), float(f"{hours * MOST:.3g}")] if estimate.method else None,
    }  # fmt: skip


def corpus_of(model: Model, manifest: Mapping[str, Any]) -> tuple[Model, Corpus]:
    """A model as it would be with a manifest's vocabulary and length, and its training shards."""
    training = [shard for shard in manifest["shards"] if shard["split"] == "train"]
    vocabulary = manifest["tokenizer"]["vocabulary"] or model.vocabulary
    length = manifest["sequence_length"]
    changed: dict[str, Any] = {"sequence_length": length}
    if not model.fixed_vocabulary:
        changed["vocabulary"] = vocabulary
    tokens = sum(shard["tokens"] for shard in training)
    if all("rows" in shard for shard in training):
        samples = sum(shard["rows"] for shard in training)
        # MiniMind fills rows up, and puts BOS and EOS into each; rows of ids are full.
        padding = max(1 - tokens / (samples * manifest["row_tokens"]), 0.0) if samples else None
        return model.model_copy(update=changed), Corpus(tokens, samples, padding)
    samples = sum(max(shard["tokens"] // length, 1) for shard in training)
    return model.model_copy(update=changed), Corpus(tokens, samples, 0.0)


def corpus_of_tokens(model: Model, tokens: int) -> Corpus:
    """A corpus of which only the number of tokens is known; rows are taken to be full."""
    if model.counts == "windows":
        return Corpus(tokens, ceil(tokens / model.sequence_length), 0.0)
    return Corpus(tokens, ceil(tokens / (model.sequence_length - 2)))


def budgets_of(run: Run, targets: Sequence[str] = (), chosen: Sequence[Card] = ()) -> list[Budget]:
    """What training on the shards of a run takes, by target. Raises: CurateError when it has none."""
    manifests = {manifest["target"]: manifest for manifest in run.manifests().values() if _has_training(manifest)}
    there = [target for target in manifests if target in models() and _is_its_own(manifests[target])]
    for target in targets or there:
        _must_be_known(target)
        if target not in there:
            raise CurateError(
                f"{run.folder}: no shards for {target}, but for {' and '.join(there) or 'none'}; write them "
                f"with `- tokens: {{target: {target}}}`, or say how many tokens there are: --tokens 1.2e9"
            )
    if not there:
        raise CurateError(
            f"{run.folder}: no shards of {', '.join(models())} to train on; add `- tokens: {{target: minimind}}` under "
            "`write:` and run again, or say how many tokens there are: --tokens 1.2e9"
        )
    found = [corpus_of(models()[target], manifests[target]) for target in targets or there]
    return [_budget(model, corpus, chosen) for model, corpus in found]


def _has_training(manifest: Mapping[str, Any]) -> bool:
    return any(shard.get("split") == "train" and shard["tokens"] for shard in manifest.get("shards", []))


def _is_its_own(manifest: Mapping[str, Any]) -> bool:
    """Whether a model reads this format; the flat one of MiniMind is for its first version, of another size."""
    return models()[manifest["target"]].counts != "rows" or "rows" in manifest


def budgets_of_tokens(tokens: int, targets: Sequence[str] = (), chosen: Sequence[Card] = ()) -> list[Budget]:
    """What training on so many tokens takes, by target (all of them by default). Raises: CurateError."""
    for target in targets:
        _must_be_known(target)
    wanted = [models()[target] for target in targets or models()]
    return [_budget(model, corpus_of_tokens(model, tokens), chosen) for model in wanted]


def _must_be_known(target: str) -> None:
    if target not in models():
        raise CurateError(f"--target: no model is known for {target!r}{nearest(target, list(models()))}")


def _budget(model: Model, corpus: Corpus, chosen: Sequence[Card]) -> Budget:
    return Budget(model, corpus, tuple(estimate(model, corpus, card) for card in chosen or cards().values()))
