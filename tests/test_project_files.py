"""Files for people who want to help: what they point at is there, and the forms are forms."""

import re
from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner

from curate.cli import main

ROOT = Path(__file__).parents[1]
FORMS = sorted((ROOT / ".github" / "ISSUE_TEMPLATE").glob("*.yml"))


@pytest.mark.parametrize("name", ["CONTRIBUTING.md", "CHANGELOG.md", ".github/pull_request_template.md"])
def test_what_a_page_points_at_is_there(name):
    text = (ROOT / name).read_text(encoding="utf-8")
    for target in re.findall(r"\]\(([^)]+)\)", text):
        assert target.startswith("https://keepachangelog.com") or (ROOT / target).exists(), target
    for command in set(re.findall(r"`curate ((?:train )?[a-z]+)", text)):
        assert CliRunner().invoke(main, [*command.split(), "--help"]).exit_code == 0, command


@pytest.mark.parametrize("file", [file for file in FORMS if file.name != "config.yml"], ids=lambda file: file.stem)
def test_a_form_has_what_forms_need(file):
    form = yaml.safe_load(file.read_text(encoding="utf-8"))
    assert {"name", "description", "body"} <= set(form)
    asked = [field for field in form["body"] if field["type"] != "markdown"]
    assert all(field["attributes"]["label"] and field["type"] in {"input", "textarea", "dropdown"} for field in asked)
    identifiers = [field["id"] for field in asked]
    assert len(identifiers) == len(set(identifiers))
    assert any(field.get("validations", {}).get("required") for field in asked)


def test_the_version_of_the_changelog_is_that_of_the_package():
    import curate

    changelog = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    released = re.findall(r"^## \[(\d[^\]]*)\]", changelog, re.MULTILINE)
    assert f"Everything that {curate.__version__} will hold" in changelog or curate.__version__ in released[:1]
