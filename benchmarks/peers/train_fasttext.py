# /// script
# dependencies = ["fasttext>=0.9.3"]
# ///
"""Train small classifiers of every kind with fastText, and write down what it predicts: the truth for `equalities.py`.

    python train_fasttext.py LABELLED.txt TEXTS.jsonl FOLDER

LABELLED.txt is what `fasttext.train_supervised` reads. FOLDER gets `<kind>.bin` (and `.ftz`), each with a `.json`:
the three best labels and scores of each text. Each kind is trained in a process of its own, up to five times: release
0.9.3 stops now and then with "Encountered NaN", and a fresh process mends that.
"""

import json
import subprocess
import sys
from pathlib import Path

KINDS = {
    "softmax": {"loss": "softmax"},
    "hierarchical": {"loss": "hs"},
    "one-vs-all": {"loss": "ova"},
    "negative-sampling": {"loss": "ns"},
    "word-bigrams": {"loss": "softmax", "wordNgrams": 2, "bucket": 200_000},
    "character-ngrams": {"loss": "hs", "minn": 2, "maxn": 4, "bucket": 100_000},
    "character-ngrams-from-nought": {"loss": "hs", "maxn": 4, "bucket": 100_000},
    "both": {"loss": "ova", "wordNgrams": 3, "minn": 1, "maxn": 3, "bucket": 100_000},
}
QUANTISED = {"softmax": {}, "word-bigrams": {"cutoff": 20_000, "qnorm": True}, "both": {"cutoff": 30_000}}
BEST = 3


def train(kind: str, labelled: str, texts: str, folder: str) -> None:
    import fasttext

    with open(texts, encoding="utf-8") as lines:
        read = [json.loads(line)["text"].replace("\n", " ") for line in lines]
    model = fasttext.train_supervised(labelled, dim=16, epoch=3, thread=1, verbose=0, **KINDS[kind])
    write(model, read, Path(folder) / f"{kind}.bin")
    if kind in QUANTISED:
        model.quantize(labelled, retrain=False, thread=1, **QUANTISED[kind])
        write(model, read, Path(folder) / f"{kind}.ftz")


def main(arguments: list[str]) -> None:
    if len(arguments) == 4:
        train(*arguments)
        return
    for kind in KINDS:
        command = [sys.executable, __file__, kind, *arguments]
        if not any(subprocess.run(command).returncode == 0 for _ in range(5)):
            raise SystemExit(f"{kind}: cannot be trained")


def write(model, texts: list[str], path: Path) -> None:
    """Save a model and what it says, by way of the binding's core: with NumPy 2 `predict` of release 0.9.3 fails."""
    model.save_model(str(path))
    said = [[[label, score] for score, label in model.f.predict(text + "\n", BEST, 0.0, "strict")] for text in texts]
    path.with_name(f"{path.name}.json").write_text(json.dumps(said), encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
