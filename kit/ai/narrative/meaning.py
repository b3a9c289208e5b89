"""What a fact measures, read from its name in whatever order its parts stand."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from kit.report.facts import Fact

_QUANTITIES = tuple(
    (re.compile(rf"(?<![a-z]){pattern}(?![a-z])", re.IGNORECASE), quantity)
    for pattern, quantity in (
        (
            r"(?:minimum |smallest )?detectable (?:effect|difference)|mde",
            "minimum detectable effect",
        ),
        (r"margin", "margin for not worse"),
        (r"looks? (?:used|spent|taken|so far)", "looks used"),
        (r"(?:looks?|queries) (?:left|remaining)|(?:left|remaining) looks?", "looks left"),
        (r"error budget|alpha left|budget left", "error budget left"),
        (r"confidence(?: level)?|level of the interval", "confidence level of the interval"),
        (r"calibration error(?: of the click model)?|ece", "calibration error of the click model"),
        (r"calibration(?: ratio)?|predicted over observed", "calibration ratio"),
        (r"auc(?: of the click model)?", "AUC of the click model"),
        (r"f1(?: score)?(?: of the click model)?", "F1 score of the click model"),
        (r"psi|population stability", "PSI"),
        (r"p95(?: of the market price)?", "P95 of the market price"),
        (r"(?:im|not (?:yet )?)mature|unripe", "share of immature conversions"),
        (r"label (?:maturity|wait)\w*", "label maturity wait"),
        (r"invalid", "share of invalid traffic"),
        (r"floor-bound|at the floor", "share of floor-bound auctions"),
        (r"effective sample(?: size)?", "effective sample size"),
        (r"auctions in the train\w*(?: split)?", "auctions in the training split"),
        (r"(?:length|hours|size) of (?:a |each |the )?block|block (?:length|size)", "block length"),
        (r"(?:time )?blocks", "time blocks"),
        (r"win rate|share of auctions won", "win rate"),
        (r"ctr|click-?(?: |)through rate", "CTR"),
        (r"cvr|conversion rate", "CVR"),
        (r"cpc|cost per click", "CPC"),
        (r"cpa|cost per (?:conversion|acquisition|action)", "CPA"),
        (r"e?cpm|(?:cost|price) (?:per|for a) (?:mille|thousand)(?: impressions)?", "eCPM"),
        (r"roas|return on ad spend", "ROAS"),
        (r"surplus", "surplus"),
        (r"spend|spent|outlay", "spend"),
        (r"value", "value"),
        (r"clicks", "clicks"),
        (r"conversions", "conversions"),
        (r"impressions", "impressions"),
        (r"auctions|bid requests", "auctions"),
        (r"campaigns", "campaigns"),
        (r"exchanges", "exchanges"),
    )
)
"""How each quantity is called in the name of a fact; the first that is found stands."""

_SIDED = frozenset({
    "win rate", "CTR", "CVR", "CPC", "CPA", "eCPM", "ROAS", "surplus", "spend", "value", "clicks",
    "conversions", "impressions",
})  # fmt: skip
"""Quantities that exist for parts of the traffic, too."""

_LOW = re.compile(
    r"\b(?:low(?:er)?|bottom) (?:end|bound|limit|edge)\b|\b(?:low|lower)(?=\s*(?:$|[,(;:]))", re.I
)
_HIGH = re.compile(
    r"\b(?:high(?:er)?|upper|top) (?:end|bound|limit|edge)\b|\b(?:high|upper)(?=\s*(?:$|[,(;:]))",
    re.I,
)
_NARROWED = re.compile(
    r"(?<![\w-])(?:(?:low|lower|bottom|high|higher|upper|top) (?:end|bound|limit|edge)|"
    r"(?:interval|confidence|\d+ ?%)? ?(?:low|lower|high|upper)(?=\s*(?:$|[,(;:)]))|interval|"
    r"per (?:thousand|1,?000) auctions|all [a-z]+|overall|over all|[\w-]+ minus [\w-]+|"
    r"(?:candidate|policy) (?:minus|less|over|against|versus|vs) (?:the )?baseline|"
    r"relative(?: to (?:the )?baseline)?|difference|change|delta|lift|gain|uplift|tun(?:e|"
    r"ing)(?:[ -](?:split|set))?|hold-?out(?:[ -](?:split|set))?|candidate(?:'s)?|baseline(?:'s)?|"
    r"absolute|total|point estimate|estimate|percent|of the confidence)(?![\w-])",
    re.IGNORECASE,
)
_LEAD = re.compile(r"^(?:in|on|of|for|at|by|the|from|to|and|with|within)(?![\w-])", re.IGNORECASE)
_TAIL = re.compile(r"\b(?:in|on|of|for|at|by|the|from|to|and|with|within)$", re.IGNORECASE)


@dataclass(frozen=True)
class Meaning:
    """A fact's name, taken apart.

    Parameters
    ----------
    quantity : str
        A key of `kit.ai.narrative.quantities.NAMES`, or the name's own words.
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


@lru_cache(maxsize=4096)
def meaning_of(fact: Fact) -> Meaning:
    """Take a fact's name apart.

    Examples
    --------
    >>> meaning_of(Fact("F1", "difference in surplus, banner, low end", 1.0, "USD", "difference"))
    Meaning(quantity='surplus', change=True, end='low', segment='banner', tune=False)
    >>> meaning_of(Fact("F2", "tune split CPC of the baseline", 1.0, "USD", "baseline")).subject
    ('CPC', '')
    """
    change = fact.of == "difference"
    quantity, rest = _quantity(fact.name)
    end = ("low" if _LOW.search(fact.name) else "high" if _HIGH.search(fact.name) else "") * change
    is_sided = quantity in _SIDED and fact.of in ("candidate", "baseline", "difference")
    return Meaning(quantity, change, end, _segment(rest) if is_sided else "", fact.is_tune)


@lru_cache(maxsize=4096)
def names_quantity(name: str) -> bool:
    """Return whether a fact's name says what was measured, not only an end of an interval.

    Examples
    --------
    >>> names_quantity("difference in CTR, low"), names_quantity("interval low")
    (True, False)
    """
    return any(pattern.search(name) for pattern, _ in _QUANTITIES)


def _quantity(name: str) -> tuple[str, str]:
    """Return what a name measures, and what else it says."""
    for pattern, quantity in _QUANTITIES:
        if found := pattern.search(name):
            return quantity, f"{name[: found.start()]} , {name[found.end() :]}"
    return name, ""


def _segment(rest: str) -> str:
    """Return the part of the traffic that a name narrows to: what no other part of it says."""
    pieces = re.split(r"[,();:]|\s[-–]\s", _NARROWED.sub(" ", rest))  # noqa: RUF001
    return ", ".join(filter(None, map(_bare, pieces)))


def _bare(piece: str) -> str:
    piece = " ".join(piece.split())
    while piece and (shorter := _TAIL.sub("", _LEAD.sub("", piece)).strip(" -")) != piece:
        piece = shorter
    return piece
