"""The process in which fastText trains: this file, run as a program; a JSON object comes on its standard input.

Nothing of curate is imported. A process of its own, because fastText 0.9.3 stops now and then with "Encountered
NaN", and only a fresh process mends that. One thread: then the same lines give the same model, byte for byte.
"""

from __future__ import annotations

import importlib
import json
import sys

NO_TRAINER, NOT_A_NUMBER = 3, 4
"""Exit codes: the module `fasttext` is missing or cannot train; the training came upon NaN."""


def main() -> int:
    """Train as told: `lines` and `model` are paths, `parameters` go to `fasttext.train_supervised`."""
    told = json.load(sys.stdin)
    try:
        fasttext = importlib.import_module("fasttext")
    except ImportError:
        return NO_TRAINER
    if not hasattr(fasttext, "train_supervised"):  # fasttext-predict, which bears the same name
        return NO_TRAINER
    try:
        model = fasttext.train_supervised(told["lines"], thread=1, verbose=0, **told["parameters"])
    except RuntimeError as error:
        if "NaN" not in str(error):
            raise
        return NOT_A_NUMBER
    model.save_model(told["model"])
    return 0


if __name__ == "__main__":
    sys.exit(main())
