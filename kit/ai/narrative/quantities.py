"""What a fact measures, and the words by which a sentence names it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from kit.ai.narrative.sentences import CITE
from kit.report.facts import TUNE, Fact

_CHANGE = re.compile(r"(?:relative )?difference in (.+)")
_ENDS = {"low end": "low", "high end": "high"}

NAMES: dict[str, str] = {
    "surplus": r"surplus|盈余",
    "spend": r"spen[dt]s?|(?:less|more) money|spend(?:ing|er)|outlay",
    "value": r"value(?! bids)|worth",
    "win rate": r"win rates?|share of auctions won|wins? (?:more|fewer|less)|胜率|outbid",
    "CTR": r"ctrs?|click-through rates?",
    "CPC": (
        r"cpcs?|clicks? (?:costs?|became)|(?:cost|price) (?:per|of a|for a) click|(?:each|a|"
        r"per) click"
    ),
    "CPA": r"cpas?|(?:cost|price) (?:per|of a) conversion|(?:each|a|per) conversion",
    "eCPM": r"e?cpms?(?! bids)|(?:a|per|for a) thousand(?: impressions)?|per mille",
    "ROAS": r"roas|returns?(?: on ad spend)?|returned|per unit of spend",
    "clicks": r"clicks(?! model)|clicked",
    "conversions": r"conversions",
    "impressions": r"impressions",
    "auctions": r"auctions?",
    "campaigns": r"campaigns?",
    "exchanges": r"exchanges",
    "time blocks": r"blocks?",
    "effective sample size": r"effective samples?(?: size)?",
    "looks left": r"looks?(?! used)",
    "looks used": r"looks?(?! left)",
    "error budget left": r"error budget",
    "margin for not worse": r"margin",
    "minimum detectable effect": (
        r"detectable|smallest(?: true)? effect|could (?:not )?be (?:found|told)"
    ),
    "confidence level of the interval": r"level|confidence",
    "AUC of the click model": r"auc",
    "F1 score of the click model": r"f1(?: score)?",
    "PSI": r"psi|drift",
    "P95 of the market price": r"p95",
    "calibration error of the click model": r"calibration error",
    "calibration ratio": r"calibration ratio|predict\w*|ratio of predicted|click model",
    "share of invalid traffic": r"invalid",
    "share of floor-bound auctions": r"floor",
    "label maturity wait": r"labels?|matur\w+|wait\w*",
}
"""Names of each quantity, as patterns over small letters."""

ALSO: dict[str, str] = {
    "surplus": (
        r"gain\w*|los[st]\w*|lose|earn\w*|ahead|behind|difference|interval|(?:low|high)er? end"
        r"|uplift|headline|better|worse|gap|estimate|effect|differ|up|down|went|bottom line|end"
        r"|rise|fall|rose|fell|drop|moved"
    ),
    "spend": r"paid|pa(?:y|id|ying)|saving|cost\w*|cheap\w*|thrift\w*|money",
    "win rate": r"w[io]n\w*|share|auctions?",
    "CPC": r"click (?:cost|became|is|was)|cost\w*|(?:over)?pa(?:y|id)\w*|cheap\w*|dear\w*",
    "CPA": r"conversion (?:cost|became)|cost\w*|(?:over)?pa(?:y|id)\w*|cheap\w*|dear\w*",
    "eCPM": r"price|cost|pa(?:y|id)\w*|cheap\w*|dear\w*|sav\w+",
    "auctions": r"log|data|replayed",
    "impressions": r"w[io]n\w*|bought",
    "effective sample size": r"auctions?|sample",
    "minimum detectable effect": r"effects?",
    "error budget left": r"budget",
    "calibration ratio": r"calibration",
}
"""Words by which a quantity may be meant, too weak to exclude another."""

RELATED: dict[str, frozenset[str]] = {
    "CPC": frozenset({"clicks"}),
    "CPA": frozenset({"conversions"}),
    "eCPM": frozenset({"impressions"}),
    "ROAS": frozenset({"value", "spend"}),
}
"""What a rate may be told with: a price *for clicks*. Units tell the two apart."""

COSTS = frozenset({"spend", "CPC", "CPA", "eCPM", "calibration error of the click model"})
"""Quantities of which less is better."""


@dataclass(frozen=True)
class Meaning:
    """A fact's name, taken apart.

    Parameters
    ----------
    quantity : str
        A key of `NAMES`, or the name's own words.
    change : bool
        Whether it is a difference of two sides.
    end : {"", "low", "high"}
        Which end of an interval, if one.
    segment : str
        The part of the traffic; empty for all of it.
    tune : bool
        Whether it is of the tune split.
    """

    quantity: str
    change: bool
    end: str
    segment: str
    tune: bool

    @property
    def subject(self) -> tuple[str, str]:
        """Return what two facts must share to be compared."""
        return self.quantity, self.segment


def meaning_of(fact: Fact) -> Meaning:
    """Take a fact's name apart.

    Examples
    --------
    >>> meaning_of(Fact("F1", "difference in surplus, banner, low end", 1.0, "USD", "difference"))
    Meaning(quantity='surplus', change=True, end='low', segment='banner', tune=False)
    """
    head, *parts = fact.name.split(", ")
    found = _CHANGE.fullmatch(head)
    end = next((_ENDS[part] for part in parts if part in _ENDS), "")
    narrowed = [part for part in parts if part not in _ENDS and part != TUNE]
    segment = ", ".join(narrowed) if found else ""
    return Meaning(_quantity(found[1] if found else head), found is not None, end, segment,
                   TUNE in parts)  # fmt: skip


def _quantity(head: str) -> str:
    if head in NAMES:
        return head
    return next((name for name in NAMES if head.startswith(f"{name} ")), head)


def named_in(text: str) -> dict[str, list[int]]:
    """Return the quantities that a text names, each with where.

    Examples
    --------
    >>> named_in("its win rate and its CPC")
    {'win rate': [4], 'CPC': [21]}
    """
    text = _without_cites(text)
    spans = [(*span, name) for name, pattern in NAMES.items() for span in _spans(pattern, text)]
    found: dict[str, list[int]] = {}
    for start, end, name in spans:
        if not any(_holds(other, (start, end)) for *other, _ in spans):
            found.setdefault(name, []).append(start)
    return found


def _holds(outer: Sequence[int], inner: tuple[int, int]) -> bool:
    """Return whether a longer name holds a shorter one: ``return on ad spend``."""
    longer = outer[1] - outer[0] > inner[1] - inner[0]
    return longer and outer[0] <= inner[0] and inner[1] <= outer[1]


def may_mean(quantity: str, text: str) -> bool:
    """Return whether a text names a quantity, or says a word by which it is often meant."""
    known = [words[quantity] for words in (NAMES, ALSO) if quantity in words]
    text = _without_cites(text)
    return not known or any(_spans(pattern, text) for pattern in known)


def _spans(pattern: str, text: str) -> list[tuple[int, int]]:
    found = re.finditer(rf"(?<![a-z])(?:{pattern})(?![a-z])", text.lower())
    return [match.span() for match in found]


def _without_cites(text: str) -> str:
    return CITE.sub(lambda cite: " " * len(cite[0]), text)
