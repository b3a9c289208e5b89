"""The templates of pages, and a narrative as a piece of one."""

from __future__ import annotations

from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from kit.report.narrative import Narrative

TEMPLATES = Path(__file__).parent / "templates"


def html_templates() -> Environment:
    """Return the templates of HTML; all that is filled in is escaped."""
    return Environment(
        loader=FileSystemLoader(TEMPLATES), autoescape=True, undefined=StrictUndefined,
        trim_blocks=True, lstrip_blocks=True,
    )  # fmt: skip


def narrative_html(narrative: Narrative) -> str:
    """Return a narrative as HTML for a notebook: words, facts and what was struck.

    Parameters
    ----------
    narrative : Narrative
        From `kit.flow.narrate.narrate`.

    Examples
    --------
    >>> print(narrative_html(Narrative("me", ("It <b>won</b>.",), ())).splitlines()[1])
    <p>It &lt;b&gt;won&lt;/b&gt;.</p>
    """
    parts = html_templates().get_template("narrative.html.j2").module
    said = parts.words(narrative, "")  # type: ignore[attr-defined]
    return str(said) + str(parts.facts(narrative, ""))  # type: ignore[attr-defined]
