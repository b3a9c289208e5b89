"""Whether what is said of every part of the traffic is cited for every part."""

from __future__ import annotations

from collections.abc import Sequence

from kit.ai.narrative.advice import is_advice
from kit.ai.narrative.directions import directions_in
from kit.ai.narrative.meaning import meaning_of
from kit.ai.narrative.overclaims import every_part
from kit.ai.narrative.sentences import Sentence
from kit.report.facts import Fact


def wrong_parts(sentence: Sentence, facts: Sequence[Fact]) -> str:
    """Return why a sentence may not speak of every part; empty where it may or does not.

    Examples
    --------
    >>> from kit.ai.narrative.sentences import sentences_of
    >>> facts = [Fact("F1", "difference in surplus, video", 1.5, "USD", "difference"),
    ...          Fact("F2", "difference in surplus, banner", -2.5, "USD", "difference")]
    >>> said = sentences_of("Every format gained: 1.5 USD [F1] and 2.5 USD [F2].", [])[0]
    >>> wrong_parts(said, facts)
    '"gained": surplus of banner is lower for the candidate'
    """
    said = every_part(sentence.plain)
    if not said or is_advice(sentence.plain):
        return ""
    cited = [fact for fact in _parts(facts) if fact.id in {name for name, _ in sentence.cites}]
    words = directions_in(sentence.plain)
    if any(said.split('"')[1] in fact.name.lower() for fact in facts):
        return ""  # the figure of all regions
    if len(cited) < 2 or not words or not _are_all(cited, facts):
        return said
    word = words[0]
    is_none = word.negated or sentence.plain.startswith(("no ", "none ", "neither "))
    says = word.sign(meaning_of(cited[0]).quantity) * (-1 if is_none else 1)
    for fact in cited:
        if fact.value * says < 0:
            of = meaning_of(fact)
            how = "higher" if fact.value > 0 else "lower"
            return f'"{word.word}": {of.quantity} of {of.segment} is {how} for the candidate'
    return ""


def _parts(facts: Sequence[Fact]) -> list[Fact]:
    return [fact for fact in facts if (of := meaning_of(fact)).segment and of.change and not of.end]


def _are_all(cited: Sequence[Fact], facts: Sequence[Fact]) -> bool:
    """Return whether every part that there is a figure of is cited."""
    first = meaning_of(cited[0])
    known = {
        fact.id
        for fact in _parts(facts)
        if (of := meaning_of(fact)).quantity == first.quantity and of.tune == first.tune
    }
    return known <= {fact.id for fact in cited}
