# /// script
# dependencies = ["kitoken>=0.11.1"]
# ///
"""kitoken (Rust), from the same tokenizer.json; control tokens in text are not looked for."""

from typing import Any

from serve import Work, each, serve


def encode(options: dict[str, Any]) -> Work:
    from kitoken import Kitoken

    encoder = Kitoken.from_file(options["tokenizer"])
    return each(lambda text: encoder.encode(text, False))._replace(
        answers=lambda texts: [list(encoder.encode(text, False)) for text in texts]
    )


if __name__ == "__main__":
    serve(["kitoken"], encode)
