"""What a sentence says of an interval: its sign, and the margin."""

from __future__ import annotations

import re
from collections.abc import Sequence

from kit.ai.narrative.meaning import meaning_of
from kit.ai.narrative.sentences import Sentence
from kit.report.facts import Fact

_BOTH = re.compile(
    r"both signs|(?:includes?|contains?|covers?|spans?|straddles?|crosses|crossed|"
    r"touches) (?:zero|nil|0\b)|"
    r"part of (?:the|its) interval|partly negative|partly positive|either sign|zero (?:lies|"
    r"is) (?:inside|within)"
)
_POSITIVE = re.compile(
    r"(?:whole|entire|all of the|full) (?:\w+ )?(?:interval|range).*(?:positive|above|gain)|"
    r"(?:low|lower) end.*(?:above(?! (?:the |its |our |minus )?(?:\w+ )?margin)|is a gain|"
    r"positive)|both ends.*(?:gains|positive|above)|"
    r"excludes (?:zero|nil|0\b)|interval.*(?:above|clear of) (?:zero|nil|0\b|any loss|no change)"
)
_NEGATIVE = re.compile(
    r"(?:whole|entire|all of the|full) (?:\w+ )?(?:interval|range).*(?:negative|below|loss)|"
    r"(?:better|high|higher|upper) end.*(?:is a loss|negative|below)|"
    r"both ends.*(?:loss|negative|below)|interval.*below (?:zero|nil|0\b)"
)
_INSIDE = re.compile(
    r"\b(?:inside|within|smaller than|stays? (?:in|under)|larger than the worst)\b|"
    r"margin[^.]*\blarger than\b|not (?:more|larger|bigger) than the margin"
)
_OUTSIDE = re.compile(
    r"\b(?:outside|beyond|exceeds?|exceeded|breach\w*|breaks?|past|crosses)\b|more than the margin|"
    r"margin[^.]*\bsmaller than\b|\bbelow (?:the |its |our |minus )?(?:\w+ )?margin"
)
_NOT = re.compile(r"\b(?:not|no|never|nor|n't)\b")
_AT = re.compile(r"\bat (most|least|worst|best)\b[^\[]*\[(f\d+)\]")
_BOUNDED = re.compile(r"\bmargin\b")
_LEFT_OPEN = re.compile(
    r"\b(?:rul\w+ out|whether|could|cannot|may|might|if|not (?:been )?shown?|can't|must|would)\b"
)
"""Words beside which a margin is spoken of without saying that it is kept or broken."""


def wrong_interval(sentence: Sentence, facts: Sequence[Fact]) -> str:
    """Return in plain words what the interval does not bear out; empty where nothing.

    Parameters
    ----------
    sentence : Sentence
        Of a narrative.
    facts : sequence of Fact
        All that the narrative may cite.

    Examples
    --------
    >>> from kit.ai.narrative.sentences import sentences_of
    >>> facts = [Fact("F1", "difference in surplus, low end", 3.6, "USD", "difference"),
    ...          Fact("F2", "difference in surplus, high end", 10.9, "USD", "difference")]
    >>> wrong_interval(sentences_of("Part of the interval is negative [F1][F2].", [])[0], facts)
    'the interval is positive throughout'
    """
    checks = (_wrong_end, _wrong_sign, _wrong_margin)
    return next(filter(None, (check(sentence, facts) for check in checks)), "")


def _wrong_sign(sentence: Sentence, facts: Sequence[Fact]) -> str:
    plain = sentence.plain
    says = [
        (sign, pattern)
        for sign, pattern in ((0, _BOTH), (1, _POSITIVE), (-1, _NEGATIVE))
        if pattern.search(plain)
    ]
    if not says:
        return ""
    cited = _ends(sentence, facts)
    if not cited:
        return "the interval: no end of one is cited"
    signs = {(end.value > 0) - (end.value < 0) for end in cited}
    actual = 0 if len(signs) > 1 else signs.pop()
    if says[0][0] == 0 and len(cited) == 1:
        return "the interval: both its ends must be cited"
    if actual == says[0][0]:
        return ""
    how = {1: "positive throughout", -1: "negative throughout", 0: "of both signs"}
    return f"the interval is {how[actual]}"


def _ends(sentence: Sentence, facts: Sequence[Fact]) -> list[Fact]:
    cited = {name for name, _ in sentence.cites}
    return [fact for fact in facts if fact.id in cited and meaning_of(fact).end]


def _wrong_end(sentence: Sentence, facts: Sequence[Fact]) -> str:
    """Hold ``at most``, ``at least``, ``at worst`` and ``at best`` against the end they cite."""
    known = {fact.id: fact for fact in facts}
    for found in _AT.finditer(sentence.plain):
        fact = known.get(found[2].upper())
        end = meaning_of(fact).end if fact is not None else ""
        if fact is None or not end:
            continue
        is_outer = (end == "high") == (fact.value > 0)  # of a loss, the low end is the larger
        suits = {
            "most": is_outer,
            "least": not is_outer,
            "worst": end == "low",
            "best": end == "high",
        }
        if not suits[found[1]]:
            return f'"at {found[1]}": {fact.id} is the other end'
    return ""


def _wrong_margin(sentence: Sentence, facts: Sequence[Fact]) -> str:
    if not _BOUNDED.search(sentence.plain) or _LEFT_OPEN.search(sentence.plain):
        return ""
    inside, outside = _INSIDE.search(sentence.plain), _OUTSIDE.search(sentence.plain)
    if outside and _NOT.search(sentence.plain[: outside.start()]):
        inside, outside = outside, None
    margin = next((f for f in facts if meaning_of(f).quantity == "margin for not worse"), None)
    loss = _loss(sentence, facts)
    if not (inside or outside) or margin is None or loss is None:
        return ""
    fits = loss.value >= -margin.value
    if bool(inside and not outside) == fits:
        return ""
    return f"the margin: {loss.id} is {'inside' if fits else 'outside'} it"


def _loss(sentence: Sentence, facts: Sequence[Fact]) -> Fact | None:
    """Return the difference that is held against the margin: what is cited, else the low end."""
    cited = {name for name, _ in sentence.cites}
    differences = [
        fact
        for fact in facts
        if fact.of == "difference"
        and meaning_of(fact).subject == ("surplus", "")
        and fact.unit != "percent"
    ]
    named = [fact for fact in differences if fact.id in cited]
    low = [fact for fact in differences if meaning_of(fact).end == "low"]
    return next(iter(named or low or differences), None)
