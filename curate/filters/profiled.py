"""What filters share whose numbers stand in a profile: its rules, its parameters, and on which text it may be used."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from curate import profiles
from curate.contracts import Documents, Filter
from curate.profiles import ProfileName
from curate.words import check_words, packages


class ProfiledFilter(Filter):
    """A filter with a section of its own in profiles; its parameter `words` says where words end."""

    section: ClassVar[str]
    """Name of the section."""

    profile: ProfileName = "curate_zh"
    """A built-in profile, or a path to one (.yaml)."""
    force: bool = False
    """Use a profile that is made for text with spaces on Chinese nevertheless."""

    def check(self) -> None:
        check_words(self.measured_parameters()["words"])

    def checks_text(self) -> bool:
        return not self.force and profiles.wants_spaces(self.profile, self.measured_parameters()["words"])

    def check_text(self, documents: Documents) -> None:
        profiles.refuse_chinese(self.profile, documents)

    def packages(self) -> list[str]:
        return packages(self.measured_parameters()["words"])

    def measured_parameters(self) -> dict[str, Any]:
        return profiles.parameters(self, self.section)

    def own_rules(self) -> Mapping[str, str | None]:
        return profiles.section(self.profile, self.section).drop
