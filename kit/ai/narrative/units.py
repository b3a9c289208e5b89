"""Whether a written number is a fact's value: unit, scale, sign and rounding."""

from __future__ import annotations

import re

from kit.ai.narrative.directions import directions_in
from kit.ai.narrative.meaning import Meaning, meaning_of
from kit.ai.narrative.numbers import CURRENCIES, Written
from kit.report.facts import Fact

_SYMBOLS = {"$": "USD", "€": "EUR", "£": "GBP", "¥": "CNY"}
_MINOR = {"fen": "CNY", "cent": "USD", "pence": "GBP", "penny": "GBP", "p": "GBP"}
_CENTS = ("USD", "EUR")
_NATION = re.compile(r"^(?:us|u\.s\.|american|euro|eur|usd)[ -](?=cents?\b|dollars?\b)")
_NATIONS = {"us": "USD", "u.": "USD", "am": "USD", "eu": "EUR"}
_HOURS = {
    "h": 1.0, "hr": 1.0, "hrs": 1.0, "hour": 1.0, "hours": 1.0, "day": 24.0, "days": 24.0,
    "d": 24.0, "week": 168.0, "weeks": 168.0, "minute": 1 / 60, "minutes": 1 / 60,
    "min": 1 / 60, "month": 720.0, "months": 720.0, "second": 1 / 3600, "seconds": 1 / 3600,
}  # fmt: skip
_POINTS = re.compile(r"(?:%|percent(?:age)?|per cent)[ -]?points?|points?|pp\b|bps?\b")
_PERCENT = re.compile(r"%|percent\b|per cent\b|pct\b")
_MONEY = re.compile(r"(?P<code>[a-z]{3})\b(?P<cpm>\s?cpms?\b)?")
_RATE = re.compile(r"^.{0,30}?\b(?:per|an?|each)\s(click|conversion|impression|day|hour|auction)\b")
_CODES = re.compile(
    rf"^(?:(?:us|u\.s\.|american|euro|eur|usd)[ -](?=cents?\b|dollars?\b))?(?:{CURRENCIES}|yuan|"
    r"dollars?|euros?|pounds?|fen|cents?|pence|penny|p)\b"
)
_NOUNS = (
    "clicks|conversions|impressions|auctions|exchanges|campaigns|blocks|looks|days|hours|users|"
    "visitors|customers|viewers|orders|sales|devices|publishers|advertisers"
)
_PER_UNIT = re.compile(
    r"\b(?:each|every|per|an?|one|for) (?:us |euro )?(?:dollar|euro|pound|yuan|usd|eur|gbp|cny)\b"
)
"""``Each euro of spend brings back 1.4 euros [F8]``: how a ROAS may be told."""
_HOUR_BLOCKS = re.compile(r"(?:\w+[ -])?(?:hour|hourly|daily|day)(?:-long)?[ -]blocks?\b")
_NOUN = re.compile(rf"\b({_NOUNS}|clicked|{_NOUNS.replace('s|', '|')[:-1]})\b")
_SUITS = {
    "clicks": ("click", "clicked"),
    "conversions": ("conversion",),
    "impressions": ("impression",),
    "auctions": ("auction",),
    "auctions in the training split": ("auction",),
    "effective sample size": ("auction",),
    "exchanges": ("exchange",),
    "campaigns": ("campaign",),
    "time blocks": ("block",),
    "looks left": ("look",),
    "looks used": ("look",),
}
_UNSIGNED = re.compile(
    r"\b(?:harm\w*|damage\w*|bled|setback|dent\w*|(?<!relative )differ\w*(?! in)|gap|apart|"
    r"worst|disadvantage|los\w+|cost\w*|fewer|within|short\w*|saving|drop|cut|negative|margin|"
    r"excluded|fall|fell|less|"
    r"gave|change|detract\w*|under\w+|behind|trail\w*|subtract\w*|down|below|shy|worse|drag\w*|"
    r"deduct\w*|took|takes|minus|lower|weigh\w*|reduc\w*|shav\w*|eat\w*)\b"
)
"""Words beside which a difference may stand without its minus sign."""
_SIZES = re.compile(
    r"\b(?:differ\w*|gap|apart|within|margin|change|t(?:ook|akes)|lower (?:end|bound|"
    r"limit))\b"
)
"""Of these an end of an interval, which has a sign of its own, may not do without its minus."""
_BY = re.compile(
    r"\b(?:up|down|rose|risen|fell|fallen|grew|grown|dropped|climbed|higher|lower|increased?|"
    r"decreased?|reduced?|cut|gained|lost|declined|improved|better|worse|shrank) by (?:about |"
    r"some |roughly )?[$€£]?$"
)
_OVER = re.compile(r"\b(?:just over|well over|more than|upwards of|just above) [$€£¥]?$")
_UNDER = re.compile(
    r"\b(?:not quite|just under|well under|less than|fewer than|just below|just shy of) [$€£¥]?$"
)
_THOUSAND = re.compile(r"e?cpm|thousand impressions|(?:per|each|a) (?:thousand|mille)")
_COPIED = "eCPM, tune split"
"""As `kit.facts_of` names it: a model copies its unit, for which *eCPM* alone does not stand."""
_COPIED_THOUSAND = re.compile(r"\bcpms?\b|thousand|\bmille\b")
_PRICED = re.compile(rf"\b(?:{CURRENCIES}) e?cpm\b")
"""A unit that, written once, makes the bare currency beside it another one."""


def misfit(written: Written, fact: Fact, sentence: str) -> str:
    """Return in plain words why a written number is not a fact's value; empty where it is.

    Parameters
    ----------
    written : Written
        As `numbers_in` found it.
    fact : Fact
        That it cites.
    sentence : str
        In small letters: an eCPM may be told from it.

    Examples
    --------
    >>> from kit.ai.narrative.numbers import numbers_in
    >>> from kit.ai.narrative.sentences import sentences_of
    >>> said = sentences_of("It won 41.3 percentage points [F1].", [])[0]
    >>> misfit(numbers_in(said)[0], Fact("F1", "win rate", 0.4126, "share", "candidate"), "")
    '41.3: F1 is a share, written as a number or in percent; percentage points are for differences'
    """
    meaning = meaning_of(fact)
    factor, wrong = _factor(written, fact, meaning, sentence)
    wrong = (
        wrong or _wrong_rate(written, meaning, sentence) or _wrong_level(written, fact, sentence)
    )
    if wrong:
        return f"{written.text}: {fact.id} is {wrong}"
    return _wrong_value(written, fact.value * factor, fact, sentence) or _lost_minus(
        written, fact, sentence
    )


def _factor(written: Written, fact: Fact, meaning: Meaning, sentence: str) -> tuple[float, str]:
    """Return what the fact's value is multiplied by in the unit as written, or what is wrong."""
    tail = written.tail
    if fact.unit == "share":
        return _of_share(tail, meaning)
    if fact.unit == "percent":
        plain = _PERCENT.search(tail) and not _POINTS.search(tail)
        return 1.0, "" if plain else "a relative difference, written in percent, not in points"
    if fact.unit in ("ratio", "count"):
        is_per_unit = meaning.quantity == "ROAS" and _PER_UNIT.search(sentence)
        if is_per_unit and _has_money(written.tail) and "cpm" not in written.tail:
            return 1.0, ""
        return 1.0, _of_bare(written, fact, meaning)
    if fact.unit in ("days", "hours"):
        return _of_time(written, fact)
    return _of_money(written, fact, sentence)


def _of_share(tail: str, meaning: Meaning) -> tuple[float, str]:
    if _has_money(tail) or _first_word(tail) in _HOURS:
        return 1.0, "a share, not money or time"
    points, percent = _POINTS.match(tail), _PERCENT.match(tail)
    if points and not meaning.change:
        return 1.0, (
            "a share, written as a number or in percent; percentage points are for differences"
        )
    if percent and not points and meaning.change:
        return 1.0, "a difference of shares, written in percentage points; percent is relative"
    return (100.0 if points or percent else 1.0), ""


def _of_bare(written: Written, fact: Fact, meaning: Meaning) -> str:
    tail = _HOUR_BLOCKS.sub("blocks", written.tail)
    name = "a ratio" if fact.unit == "ratio" else f"a count of {meaning.quantity}"
    if _PERCENT.match(tail) or _POINTS.match(tail):
        return f"{name}, not a percentage"
    if _has_money(tail) or written.symbol:
        return f"{name}, not money"
    if _first_word(tail) in _HOURS:
        return f"{name}, not a time"
    noun = _NOUN.search(tail)
    suits = _SUITS.get(meaning.quantity, ())
    if fact.unit == "count" and noun and suits and not noun[1].startswith(suits):
        return f"{name}, not of {noun[1]}"
    return ""


def _of_time(written: Written, fact: Fact) -> tuple[float, str]:
    if _PERCENT.match(written.tail) or _has_money(written.tail) or written.symbol:
        return 1.0, f"a number of {fact.unit}"
    noun = _NOUN.search(written.tail)
    if noun and not noun[1].startswith(("day", "hour")):
        return 1.0, f"a number of {fact.unit}, not of {noun[1]}"
    unit = _first_word(written.tail)
    return (_HOURS[fact.unit] / _HOURS[unit] if unit in _HOURS else 1.0), ""


def _of_money(written: Written, fact: Fact, sentence: str) -> tuple[float, str]:
    currency, _, cpm = fact.unit.partition(" ")
    what = f"in {fact.unit}"
    tail = written.tail
    if _PERCENT.match(tail) or _POINTS.match(tail) or _first_word(tail) in _HOURS:
        return 1.0, what
    code, minor, has_cpm = _currency(written, currency)
    if code and code != currency:
        return 1.0, f"{what}, not in {code}"
    if not code and _NOUN.match(tail):
        return 1.0, f"{what}, not a count"
    if has_cpm and not cpm:
        return 1.0, f"{what}, not a price for a thousand impressions"
    names_it = _COPIED_THOUSAND if fact.name == _COPIED else _THOUSAND
    is_told = names_it.search(sentence) and not _PRICED.search(sentence)
    if code and cpm and not has_cpm and not is_told:
        return 1.0, f"{what}, a price for a thousand impressions"
    return (100.0 if minor else 1.0), ""


def _currency(written: Written, currency: str) -> tuple[str, bool, bool]:
    """Return the currency as written, whether its hundredth, and whether for a thousand."""
    tail = written.tail
    nation = _NATION.match(tail)
    word = _first_word(tail[nation.end() :] if nation else tail).removesuffix("s")
    has_cpm = bool(re.match(r"\w+\scpms?\b", tail)) or word == "cpm"
    if written.symbol:
        mark = written.symbol.upper()
        return _SYMBOLS.get(mark[-1], "CNY" if mark == "RMB" else mark), False, has_cpm
    home = _NATIONS[nation[0][:2]] if nation else ""
    if word in _MINOR:
        is_home = word == "cent" and currency in _CENTS
        return home or (currency if is_home else _MINOR[word]), True, has_cpm
    spoken = {"dollar": "USD", "euro": "EUR", "pound": "GBP", "yuan": "CNY", "rmb": "CNY"}
    if word in spoken:
        return home or spoken[word], False, has_cpm
    return (_first_word(tail).upper() if _CODES.match(tail) else ""), False, has_cpm


def _wrong_rate(written: Written, meaning: Meaning, sentence: str) -> str:
    """Return what is wrong with ``per click`` and the like, after the number or its citation."""
    after = re.sub(r"\[\w+\]", "", sentence[written.end :])
    found = _RATE.match(re.split(r"[,;:()]|\d", after)[0])
    if not found or found[1] not in ("click", "conversion", "impression", "day", "hour"):
        return ""
    suits = {"click": "CPC", "conversion": "CPA"}.get(found[1])
    return "" if meaning.quantity == suits else f"{meaning.quantity}, not per {found[1]}"


def _wrong_level(written: Written, fact: Fact, sentence: str) -> str:
    """Return what is wrong with ``up by 1,434 USD [F1]`` where that is all the surplus there is."""
    if fact.of not in ("candidate", "baseline") or not _BY.search(sentence[: written.start]):
        return ""
    return "no difference but the whole"


def _wrong_value(written: Written, value: float, fact: Fact, sentence: str) -> str:
    size = abs(value)
    before = sentence[: written.start]
    rounding = 0.5 * written.place
    if (_OVER.search(before) and size < written.value - rounding) or (
        _UNDER.search(before) and size > written.value + rounding
    ):
        return (
            f"{written.text}: {fact.id}, {fact.value:,.10g} {fact.unit}, is on the other side of it"
        )
    slack = 0.5 * written.step + 1e-9 * max(1.0, size)
    off = abs(written.value - size)
    if off > slack or (written.value == 0 and size > 1e-12):
        return f"{written.text}: does not match {fact.id}, which is {fact.value:,.10g} {fact.unit}"
    if meaning_of(fact).quantity == "margin for not worse":
        return ""  # a loss may be at most so large: said with a minus sign or without
    if (written.sign == "-" and value > 0) or (written.sign == "+" and value < 0):
        return f"{written.text}: {fact.id} has the other sign"
    return ""


def _lost_minus(written: Written, fact: Fact, sentence: str) -> str:
    """Strike a loss that is written as a plain number, without a word that says it is one."""
    is_end = bool(meaning_of(fact).end)
    if is_end:
        sentence = _SIZES.sub("", sentence)
    if fact.value >= 0 or written.sign or _UNSIGNED.search(sentence):
        return ""
    words = [word for word in directions_in(sentence) if word.kind in ("down", "bad") or not is_end]
    if words:  # `comparisons` holds the word against the sign
        return ""
    return f"{written.text}: {fact.id} is negative, which the sentence does not say"


def _has_money(tail: str) -> bool:
    return bool(_CODES.match(tail))


def _first_word(tail: str) -> str:
    found = re.match(r"[a-z]+", tail)
    return found[0] if found else ""
