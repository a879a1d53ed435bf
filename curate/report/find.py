"""A box that finds a document among those on the page, by its id or by words of its text; `find.js` moves it."""

from __future__ import annotations

from curate.report.collect import Report
from curate.report.markup import Markup, element
from curate.report.wording import Wording


def find_box(report: Report, say: Wording) -> Markup:
    """Hidden where there is no script. What the script says stands in its attributes, with places to fill in."""
    words = {
        "data_found": say.plain("found on this page: {found} of {shown}", found="{found}", shown="{shown}"),
        "data_none": say.plain(
            "Not among the {shown} documents on this page; the run has {all}. Ask it by id: {command}",
            shown="{shown}", all=report.stats.documents, command="{command}",
        ),
    }  # fmt: skip
    field = element(
        "input", type="search", id="find", autocomplete="off", spellcheck="false",
        placeholder=say.plain("id, or words of the text"),
    )  # fmt: skip
    label = element("label", say("Find a document"), for_="find")
    return element(
        "div", label, field, element("output", for_="find"), class_="find", role="search", hidden="", **words
    )
