"""What `curate check` foretells of the disk."""

from pathlib import Path

import pytest

from curate.pipeline import Pipeline
from curate.work.forecast import DOCUMENT_BYTES, forecast

PIPELINE = """
read:
  - jsonl: {{paths: ['{folder}/pages.jsonl']}}
filters:
  - length
  - exact_duplicates
  - near_duplicates: {{verify: {verify}}}
"""
DOCUMENTS = 100
ON_THE_WAY = "groups/{}, on the way, if 50% of documents are alike"


def projected(folder: Path, verify: bool) -> dict[str, int]:
    """Bytes of folders, for a file as large as 100 pages."""
    (folder / "pages.jsonl").write_text('{"text": "一"}\n'.ljust(DOCUMENTS * DOCUMENT_BYTES - 2), encoding="utf-8")
    return forecast(Pipeline.parse(PIPELINE.format(folder=folder, verify=str(verify).lower()))).disk


def test_keys_are_counted_by_their_columns(tmp_path: Path) -> None:
    found = projected(tmp_path, verify=False)
    assert found["keys/exact_duplicates"] == 16 * DOCUMENTS  # two columns of 8 bytes
    assert found["keys/near_duplicates"] == 128 * DOCUMENTS  # 16 bands
    assert found["signals/length"] > 0 and "signals/near_duplicates" not in found


def test_what_a_comparison_takes_on_the_way_is_counted(tmp_path: Path) -> None:
    unverified, verified = projected(tmp_path, verify=False), projected(tmp_path, verify=True)
    assert unverified[ON_THE_WAY.format("exact_duplicates")] == int(0.5 * 4 * DOCUMENTS)
    near = ON_THE_WAY.format("near_duplicates")
    assert unverified[near] == int(0.5 * 4 * 16 * DOCUMENTS)
    assert verified[near] - unverified[near] == pytest.approx(0.5 * verified["documents"], abs=2)
