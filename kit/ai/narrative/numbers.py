"""Every number that a sentence writes, with its unit as written and what it cites."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from kit.ai.narrative.sentences import CITE, Sentence

_SMALL = re.findall(
    r"\w+",
    "two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen "
    "seventeen eighteen nineteen",
)
_TENS = re.findall(r"\w+", "twenty thirty forty fifty sixty seventy eighty ninety")
WORDS = {word: 2 + i for i, word in enumerate(_SMALL)} | {
    word: 20 + 10 * i for i, word in enumerate(_TENS)
}
SCALES = {"k": 1e3, "thousand": 1e3, "m": 1e6, "mn": 1e6, "million": 1e6, "bn": 1e9, "billion": 1e9}

CURRENCIES = "usd|eur|cny|gbp|jpy|inr|chf|aud|cad|krw|brl|rmb"

_COUNTED = (
    r"look(?=[\s\]]+(?:is |are )?(?:left|remain\w*|used|gone)|s)|exchange|campaign|day|hour|week|"
    r"block|auction|click|conversion|"
    "impression|percent|point|segment|million|thousand"
)

_DIGITS = re.compile(
    r"(?<![\w.])(?P<sign>(?:(?<![\d\]])[+\-\u2212]|(?:minus|plus)\s)\s?)?"
    rf"(?P<symbol>(?:us|a|c)?[$€£¥]\s?|\b(?:{CURRENCIES})\s(?=[\d.]))?"
    r"(?P<number>(?:\d{1,3}(?:[, ]\d{3})+(?!\d)|\d+)(?:\.\d+)?|\.\d+)(?:\s?(?P<scale>k|thousand|mn|"
    r"million|m|bn|billion)(?![a-z]))?"
)
_WORDS = re.compile(
    rf"(?<![\w-])(?P<sign>minus\s|plus\s)?(?P<number>(?:{'|'.join(_TENS)})-\w+|"
    rf"{'|'.join([*_SMALL, *_TENS])}|one(?!\s(?:click|conversion|impression|"
    rf"auction)\s)(?=\s(?:{_COUNTED})))"
    r"(?:\s(?P<scale>thousand|million|billion))?(?![\w-])"
)
ONE_IN = rf"one (?:[a-z]+ )?(?:in|out of)(?: every)? ({'|'.join([*_SMALL, *_TENS])})"
"""``one conversion in five``: a share, which `kit.ai.narrative.ratios` holds against one."""

_ORDINAL = re.compile(r"(?:st|nd|rd|th)\b")
_THE_TWO = re.compile(r"(?:\bthe|\ball|\bthese|\bboth|\bbetween|\bother)\s$")
_BOTH_SIDES = re.compile(r" (?:policies|sides|bidders|strategies|contenders|rivals)\b")
_TO_CITE = re.compile(r"(?P<unit>(?:(?!\[)[^\d.,;:()\n]){0,40}?)\s?(?=\[[a-z]+\d+\])")
_AFTER_CITE = re.compile(
    r"\s(?!(?:and|or|against|to|versus|vs|but|for|with|in|on|at|while|whereas|as|when|so|because|"
    r"if|after|before|from|by|of|than|though|the|a|an|it|which|is|was|were|are)\b)((?:%|"
    r"[a-z]+)(?: [a-z]+)?)"
)
_GATES = re.compile(
    r"(?: of the)?(?: \w+)? gates?\b|(?: out)? of (?:the )?\w+(?= (?:passed|failed|gates?)\b)|"
    r"(?= (?:passed|failed|did|needs?)\b)"
)
"""How many gates there are, the verdict tells: `kit.ai.narrative.gates`."""
_LINK = re.compile(
    r"\s*(?:to|and|through|up to|or|against|vs?\.?|versus|(?:up |down )?from|in place of|"
    r"instead of|rather than|after|before|as against|compared (?:with|to)|"
    r"[-\u2013\u2014\u2192/~,])\s*[$€£¥]?"
)
"""What stands between two numbers of one unit."""
_APPOSED = re.compile(
    r"[^\d\[\]().;]{0,40}(?:\(|(?<=days), |(?<=weeks), |(?<=week), |(?<=hours), |, i\.e\.,? |"
    r", that is,? |, or |, namely )[^\d\[\]]{0,12}"
)
"""``three days (72 hours [F8])``: the same amount once more."""
_MOST_WORDS = 4
_HEDGE = re.compile(
    r"(?:not quite|just (?:over|under|above|below|shy of|short of)|close to|upwards of|more than|"
    r"less than|under|below|above|well (?:over|under)|about|roughly|some|near(?:ly)?|around|"
    r"approximately|almost|circa|over|~)\s?$"
)


@dataclass(frozen=True)
class Written:
    """One number as it stands in a sentence.

    Parameters
    ----------
    text : str
        The digits or the word.
    value : float
        Read with its scale, without its sign.
    sign : {"", "+", "-"}
        As written.
    step : float
        What one in the last written place is worth.
    place : float
        The same, where a word such as *about* does not make it larger.
    tail : str
        What follows, up to the citation or a few words on: the unit stands in it.
    symbol : str
        A currency sign in front.
    cites : tuple of str
        Ids that stand right after it; empty where none does.
    start, end : int
        Where in the sentence.
    """

    text: str
    value: float
    sign: str
    step: float
    place: float
    tail: str
    symbol: str
    cites: tuple[str, ...]
    start: int
    end: int


def numbers_in(sentence: Sentence) -> list[Written]:
    """Return the numbers of a sentence, in order; names and citations are none.

    Examples
    --------
    >>> from kit.ai.narrative.sentences import sentences_of
    >>> [one] = numbers_in(sentences_of("It fell by -3.2k USD [F4].", [])[0])
    >>> one.value, one.sign, one.step, one.tail, one.cites
    (3200.0, '-', 100.0, 'usd', ('F4',))
    """
    plain = _without_cites(sentence.plain)
    found = [*_DIGITS.finditer(plain), *_WORDS.finditer(plain)]
    kept = [one for one in found if not _is_name(plain, one) and not _GATES.match(plain, one.end())]
    written = sorted((_written(sentence, one) for one in kept), key=lambda one: one.start)
    return _shared(written, sentence.plain)


def _shared(numbers: list[Written], plain: str) -> list[Written]:
    """Give one of two numbers in a row what only the other writes: its unit, its citation.

    ``8.9 cents [F4] in place of 10.5 [F5]``, ``between 80 and 319 USD [F4][F5]``,
    ``80-319 USD [F4][F5]``, ``three days (72 hours [F8])``, ``0.1 [F4] to 0.3 percentage
    points [F5]``.
    """
    for i in range(len(numbers) - 1):
        one, other = numbers[i], numbers[i + 1]
        if one.cites and other.cites and not other.symbol and _bare(other, plain):
            link = plain[one.end : other.start].rpartition("]")[2]
            if _LINK.fullmatch(link) and link.strip() not in (",", "and"):
                numbers[i + 1] = replace(other, tail=one.tail, symbol=one.symbol)
        if not one.cites and other.cites and _APPOSED.fullmatch(plain, one.end, other.start):
            numbers[i] = replace(one, cites=other.cites)
            continue
        between = CITE.sub("", plain[one.end : other.start])
        if not _LINK.fullmatch(between):
            continue
        if not one.cites and len(other.cites) > 1 and not CITE.search(plain, one.end, other.start):
            first, *rest = other.cites
            numbers[i] = replace(one, tail=other.tail, cites=(first,), symbol=one.symbol)
            numbers[i + 1] = replace(other, cites=tuple(rest))
        elif one.cites and other.cites and not one.symbol and _bare(one, plain):
            numbers[i] = replace(one, tail=other.tail)
    return numbers


def _bare(number: Written, plain: str) -> bool:
    """Return whether nothing stands between a number and its citation."""
    return plain[number.end :].lstrip().startswith("[")


def _without_cites(text: str) -> str:
    return CITE.sub(lambda cite: " " * (len(cite[0]) - 1) + "]", text)


def _is_name(plain: str, found: re.Match[str]) -> bool:
    """Tell ``the two policies`` from ``two looks``; words glued by a hyphen are names."""
    word = found["number"]
    if _ORDINAL.match(plain, found.end()):
        return True
    if word[0].isalpha() and re.search(
        r"\bone (?:[a-z]+ )?(?:in|out of)(?: every)? $", plain[: found.start()]
    ):
        return True
    if word == "two" and _BOTH_SIDES.match(plain, found.end()):
        return True
    if word[0].isalpha():
        return bool(_THE_TWO.search(plain[: found.start()]))
    return found.start() > 0 and plain[found.start()] in "-" and plain[found.start() - 1].isalpha()


def _written(sentence: Sentence, found: re.Match[str]) -> Written:
    groups = found.groupdict()
    scale = SCALES.get(groups["scale"] or "", 1.0)
    value, place = _value(found["number"])
    step = place
    tail, cites = _tail(sentence.plain[found.end() :])
    if step == 1.0 and _HEDGE.search(sentence.plain[: found.start()]):
        step = _round_step(value)
    return Written(
        found["number"], value * scale, _sign(groups["sign"] or ""), step * scale,
        place * scale, tail,
        (groups.get("symbol") or "").strip(), cites, found.start(), found.end(),
    )  # fmt: skip


def _tail(rest: str) -> tuple[str, tuple[str, ...]]:
    near = _TO_CITE.match(rest)
    if near is None or len(near["unit"].split()) > _MOST_WORDS:
        return rest[:40].strip(), ()
    ids: list[str] = []
    place = near.end()
    while cite := CITE.match(rest, place):
        ids.append(cite[1].upper())
        place = cite.end()
        place += 1 if CITE.match(rest, place + 1) else 0
    unit = near["unit"].strip()
    if not unit and (after := _AFTER_CITE.match(rest, place)):
        unit = after[1]
    return unit, tuple(ids)


def _value(number: str) -> tuple[float, float]:
    if number[0].isalpha():
        return _word(number), 1.0
    digits = re.sub("[, ]", "", number)
    decimals = len(digits.partition(".")[2])
    return float(digits), 10.0**-decimals


def _word(number: str) -> float:
    tens, _, ones = number.partition("-")
    units = {"one": 1} | WORDS
    return float(units.get(tens, 0) + units.get(ones, 0))


def _round_step(value: float) -> float:
    """Return what the last place that is no zero is worth: about 12,000 is rounded to 1,000."""
    step = 1.0
    while value and value % (10 * step) == 0:
        step *= 10
    return step


def _sign(written: str) -> str:
    mark = written.strip()
    if mark in ("-", "\N{MINUS SIGN}", "minus"):
        return "-"
    return "+" if mark else ""
