"""Facts whose names leave out what the fact before them says: ``low`` after a difference."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from kit.ai.narrative.meaning import names_quantity
from kit.report.facts import Fact

_INTERVAL = re.compile(r"\b(?:low(?:er)?|high(?:er)?|upper|bottom|top|interval|bound)\b", re.I)
_HEADLINE = "surplus"


def with_whole_names(facts: Sequence[Fact], sides: Sequence[str] = ()) -> tuple[Fact, ...]:
    """Return facts in which every difference names what it is a difference of.

    An end of an interval is of the difference that stands before it; a difference that says
    nothing is of surplus, which a candidate is judged by.

    Parameters
    ----------
    facts : sequence of Fact
        All that a narrative may cite, in order.
    sides : sequence of str
        What the candidate and the baseline are called: no part of what a fact measures.

    Examples
    --------
    >>> facts = [Fact("F1", "CTR difference", 0.1, "share", "difference"),
    ...          Fact("F2", "low", 0.05, "share", "difference")]
    >>> with_whole_names(facts)[1].name
    'CTR difference, low'
    """
    whole: list[Fact] = []
    before = _HEADLINE
    for fact in (_without(sides, fact) for fact in facts):
        if fact.of != "difference":
            whole.append(fact)
            continue
        if names_quantity(fact.name):
            before = fact.name if not _INTERVAL.search(fact.name) else before
            whole.append(fact)
        else:
            first = before if _INTERVAL.search(fact.name) else _HEADLINE
            whole.append(replace(fact, name=f"{first}, {fact.name}"))
    return tuple(whole)


def _without(sides: Sequence[str], fact: Fact) -> Fact:
    """Return a fact without the name of a side in its own."""
    name = fact.name
    for side in sorted(sides, key=len, reverse=True):
        name = re.sub(
            rf"(?:\b(?:of|for|under|with) )?(?:the )?(?<!\w){re.escape(side)}(?!\w)", "", name
        )
    if name == fact.name:
        return fact
    bare = name.strip(" ,-:")
    return replace(fact, name=bare) if bare and names_quantity(bare) else fact
