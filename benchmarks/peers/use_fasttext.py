# /// script
# dependencies = ["fasttext>=0.9.3"]
# ///
"""fastText's own binding, whole texts in one call: given a list, `predict` leaves NumPy out, with which 0.9.3 fails."""

from collections.abc import Callable
from typing import Any

from serve import Work, serve

BATCH = 1_000


def language(options: dict[str, Any]) -> Work:
    import fasttext

    model = fasttext.load_model(options["language_model"])

    def prepare(texts: list[str]) -> Callable[[], None]:
        def work() -> None:
            for start in range(0, len(texts), BATCH):
                model.predict([text.replace("\n", " ") for text in texts[start : start + BATCH]])

        return work

    def answers(texts: list[str]) -> list[Any]:
        labels, _ = model.predict([text.replace("\n", " ") for text in texts])
        return [label[0].removeprefix("__label__") for label in labels]

    return Work(prepare, answers)


if __name__ == "__main__":
    serve(["fasttext"], language)
