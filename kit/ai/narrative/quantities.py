"""What a fact measures, and the words by which a sentence names it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache, lru_cache

from kit.ai.narrative.sentences import CITE

_UNIT = re.compile(r"(?<![a-z])(?:usd|eur|cny|gbp|jpy|inr|chf|aud|cad|krw|brl) cpms?(?![a-z])")

NAMES: dict[str, str] = {
    "surplus": (
        r"surplus|盈余|(?:of )?value (?:after|net of) (?:(?:the|its|media) )*(?:spend|costs?)"
    ),
    "spend": r"spen[dt]s?|(?:less|more) money|spend(?:ing|er)|outlay",
    "value": r"value(?! bids)|(?<!it is )worth(?! (?:nothing|noting|a|the|it))",
    "win rate": (
        r"win rates?|share of auctions won|(?:more|fewer) wins(?!,? ?(?:though|:))|"
        r"w[io]n(?:s|ning)? (?:more|fewer|less)(?! (?:impr|click|conv))|胜率|outbid"
    ),
    "CTR": r"ctrs?|click-through rates?",
    "CVR": r"cvrs?|conversion rates?|convert\w*",
    "CPC": (
        r"cpcs?|clicks? (?:costs?|became|got)|(?:cost|price) (?:per|of a|for a) click|(?:each|a|"
        r"per) click"
    ),
    "CPA": (
        r"cpas?|(?:cost|price) (?:per|of an?|for an?) (?:conversion|acquisition|action)|(?:each|a|"
        r"per) conversion(?! rate)|(?:acquisitions?|conversions?) (?:costs?|(?:was|were|became|got|"
        r"grew) (?:cheap|dear|costl|pric)\w*)"
    ),
    "eCPM": r"e?cpms?(?! bids)|(?:a|per|for a) thousand(?: impressions)?(?! auctions)|per mille",
    "ROAS": r"roas|returns?(?: on ad spend)?|returned|per unit of spend",
    "clicks": (
        r"clicks(?! model)|click counts?|clicked|click (?:more|less|fewer)|(?:more|fewer|"
        r"extra) click"
    ),
    "conversions": r"conversions|conversion counts?",
    "share of immature conversions": r"(?:im)?mature|still open|outstanding|unripe",
    "impressions": r"impressions|impression counts?",
    "auctions": r"auctions?",
    "campaigns": r"campaigns?",
    "exchanges": r"exchanges",
    "time blocks": r"blocks?",
    "effective sample size": r"effective samples?(?: size)?",
    "looks left": r"looks?(?! used)",
    "looks used": r"looks?(?! left)",
    "error budget left": r"error budget",
    "margin for not worse": r"margin|tolerance|allowance",
    "minimum detectable effect": (
        r"detectable|mde|smallest(?: true)? effect|could (?:not )?be (?:found|told)|(?:can|"
        r"could) (?:have )?(?:pick(?:ed)? up|ma[dk]e out|detect|see|find)"
    ),
    "confidence level of the interval": r"(?:interval|percent) level|level of|"
    r"confidence(?! (?:band|interval|bounds?|limits?|range))",
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
    "value": r"back|returns?|returned|brought",
    "surplus": (
        r"gain\w*|los[st]\w*|lose|earn\w*|ahead|behind|difference|interval|(?:low|high)er? end|"
        r"uplift|headline|better|worse|gap|estimate|effect|differ|up|down|went|bottom line|end|"
        r"rise|fall|rose|fell|drop|moved|ma[dk]es?|br(?:ing|ought)s?|contribut\w*|deliver\w*|"
        r"yield\w*|advantage|benefit|worth|bound|bounds|edge|total|kept|keeps?|nett?(?:s|ed)?|"
        r"pocket\w*|took|takes?|left|result|lead|leads|margin|loss|win|band|range"
    ),
    "spend": r"paid|pa(?:y|id|ying)|saving|cost\w*|cheap\w*|thrift\w*|money|bought|buy\w*|budget|"
    r"for [$€£¥]?\d[\d.,]*",
    "win rate": r"w[io]n\w*|share|auctions?",
    "CPC": r"click (?:cost|became|is|was)|cost\w*|(?:over)?pa(?:y|id)\w*|cheap\w*|dear\w*",
    "CPA": r"conversion (?:cost|became)|cost\w*|(?:over)?pa(?:y|id)\w*|cheap\w*|dear\w*",
    "eCPM": r"price|cost|pa(?:y|id)\w*|cheap\w*|dear\w*|sav\w+",
    "auctions": r"log|data|replayed|raw count|requests?|sample",
    "impressions": r"w[io]n\w*|bought|views?",
    "share of immature conversions": r"conversions|matur\w*",
    "effective sample size": r"auctions?|sample",
    "minimum detectable effect": r"effects?",
    "error budget left": r"budget",
    "calibration ratio": r"calibration",
    "calibration error of the click model": r"calibration|error",
    "confidence level of the interval": r"level|@|at \d+ ?%|interval|bounds?|band|range|confident|"
    r"certain\w*",
}
"""Words by which a quantity may be meant, too weak to exclude another."""

RELATED: dict[str, frozenset[str]] = {
    "CPC": frozenset({"clicks"}),
    "CTR": frozenset({"clicks"}),
    "conversions": frozenset({"CVR"}),
    "CPA": frozenset({"conversions"}),
    "CVR": frozenset({"conversions"}),
    "share of immature conversions": frozenset({"conversions", "label maturity wait"}),
    "eCPM": frozenset({"impressions"}),
    "ROAS": frozenset({"value", "spend"}),
}
"""What a rate may be told with: a price *for clicks*. Units tell the two apart."""

OF_SIDES = frozenset(
    {"spend", "value", "win rate", "CTR", "CVR", "CPC", "CPA", "eCPM", "ROAS", "clicks",
     "conversions", "impressions"}
)  # fmt: skip
"""What is measured of a side beside surplus, by which alone it is judged."""

COSTS = frozenset({"spend", "CPC", "CPA", "eCPM", "calibration error of the click model"})
"""Quantities of which less is better."""


def named_in(text: str) -> dict[str, list[int]]:
    """Return the quantities that a text names, each with where.

    Examples
    --------
    >>> named_in("its win rate and its CPC")
    {'win rate': [4], 'CPC': [21]}
    """
    return {name: list(places) for name, places in _named(text)}


@lru_cache(maxsize=1024)  # each check of a sentence asks
def _named(text: str) -> tuple[tuple[str, tuple[int, ...]], ...]:
    text = _without_cites(text).lower()
    spans = [(*span, name) for name, words in NAMES.items() for span in _spans(words, text)]
    found: dict[str, tuple[int, ...]] = {}
    for start, end, name in spans:
        if not any(_holds(other, (start, end)) for *other, _ in spans):
            found[name] = (*found.get(name, ()), start)
    return tuple(found.items())


def _holds(outer: Sequence[int], inner: tuple[int, int]) -> bool:
    """Return whether a longer name holds a shorter one: ``return on ad spend``."""
    longer = outer[1] - outer[0] > inner[1] - inner[0]
    return longer and outer[0] <= inner[0] and inner[1] <= outer[1]


def may_mean(quantity: str, text: str) -> bool:
    """Return whether a text names a quantity, or says a word by which it is often meant."""
    known = [words[quantity] for words in (NAMES, ALSO) if quantity in words]
    text = _without_cites(text).lower()
    return not known or any(_spans(words, text) for words in known)


def _spans(words: str, text: str) -> list[tuple[int, int]]:
    return [found.span() for found in _whole(words).finditer(text)]


@cache
def _whole(words: str) -> re.Pattern[str]:
    """Return the pattern of words that stand by themselves in a text of small letters."""
    return re.compile(rf"(?<![a-z])(?:{words})(?![a-z])")


def _without_cites(text: str) -> str:
    return CITE.sub(lambda cite: " " * len(cite[0]), text)


def without_units(text: str) -> str:
    """Return a text without the unit of a price, which names no quantity.

    Examples
    --------
    >>> without_units("at 2.61 usd cpm")
    'at 2.61 '
    """
    return _UNIT.sub("", text)
