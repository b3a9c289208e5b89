"""What a sentence says of an interval: its sign, and the margin."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from kit.ai.narrative.ends import HIGH, LOW, NAMED, ends_named
from kit.ai.narrative.meaning import meaning_of
from kit.ai.narrative.sentences import Sentence
from kit.report.facts import Fact

_OF_IT = re.compile(r"\binterval of (?:the|that|this) (?:difference|gap)\b")
_BOTH = re.compile(
    r"both signs|(?:a|any|some) (?:loss|gain) (?:\w+ )?(?:within reach|(?:is|remains|"
    r"stays) possible)|(?:includes?|contains?|covers?|spans?|straddles?|crosses|crossed|"
    r"touches) (?:zero|nil|0\b)|(?<!no )part of (?:the|its) interval|partly negative|"
    r"partly positive|either sign|zero (?:lies|is) (?:inside|within)"
)
_POSITIVE = re.compile(
    r"no room for (?:a |any )?loss|(?:whole|entire|all of the|full) (?:\w+ )?(?:interval|"
    r"range).*(?:positive|above|gain)|"
    rf"(?:{LOW})(?:(?!{HIGH}).)*(?:above(?! (?:the |its |our |minus )?(?:negative|margin|"
    r"\w+ margin)| [-\u2212]?\d)|is a gain|positive)|both ends.*(?:gains|positive|above)|"
    r"interval[^;]*\b(?:entirely|wholly|fully|all) (?:positive|above)|"
    r"interval(?:(?!, which).)*\b(?:stay|remain)\w* (?:\w+ )?positive|"
    r"interval[^;]*\bpositive throughout|sign is clear|excludes (?:zero|nil|0\b|(?:a|any) loss|"
    r"losses)|interval.*(?:above|clear of) (?:zero|nil|0\b|any loss|no change)"
)
_NEGATIVE = re.compile(
    r"(?:whole|entire|all of the|full) (?:\w+ )?(?:interval|range).*(?:negative|below|loss)|"
    rf"(?:{HIGH})(?:(?!{LOW}).)*(?:is a loss|negative|below)|"
    r"both ends.*(?:loss|negative|below)|interval[^;]*\b(?:entirely|wholly|fully|all) (?:negative|"
    r"below)|interval(?:(?!, which).)*\b(?:stay|remain)\w* (?:\w+ )?negative|"
    r"interval[^;]*\bnegative throughout|interval(?!.*\b(?:begin|start|reach|dip|extend|go|"
    r"open)\w* (?:\w+ )?below).*below (?:zero|nil|0\b)|no room for (?:a |any )?gain"
)
_INSIDE = re.compile(
    r"\b(?:inside|within|smaller than|stays? (?:in|under)|larger than the worst)\b|"
    r"margin[^.]*\blarger than\b|not (?:more|larger|bigger) than the margin"
)
_COVERS = re.compile(r"\bmargin\b[^;]*\bexceed\w* (?:the|its|a|any) (?:\w+ )?loss")
_OUTSIDE = re.compile(
    r"\b(?:outside(?! the interval)|beyond|exceeds?|exceeded|breach\w*|breaks?|past|crosses)\b|"
    r"more than the margin|margin[^.]*\bsmaller than\b|\bbelow (?:the |its |our |"
    r"minus )?(?:\w+ )?margin"
)
_TO_CITE = re.compile(r"[^\[;]*?\[(f\d+)\]")
_CITED_BEFORE = re.compile(r"\[f\d+\],? (?:as|at|for|being|is|on) (?:(?:its|the) )?$")
_NO_PART = re.compile(r"\b(?:no part|neither end|nowhere|not even)\b")
_AS_END = re.compile(
    r"\b(?:ends?|bounds?|limits?|edge|low|lower|high|higher|upper|top|bottom|worst|best|interval|"
    r"range|between|at (?:least|most)|up to|as (?:much|little|large|small|high|low|far)|could|may|"
    r"might|from|starts?|starting|reach\w*|begin\w*|down to|cannot|rul\w+|exclud\w+|margin|"
    r"pessimistic|optimistic|minimum|maximum|extreme|least|most|compatible|tail|side|case)\b"
)
_NEARLY = re.compile(
    r"\b(?:almost|nearly|all but|barely|just) (?:\w+ )?(?=touch|cross|includ|contain)\w+"
)
_TO_AN_END = re.compile(
    r"\b(?:interval|range)(?: \w+){0,6}? (?:up to|down to|from|(?:end|start|begin|stop|"
    r"run)\w*|low|high|lower|upper)\b"
)
"""``the interval up to 9 [F11] leaves room for either sign``: one end stands for both."""
_SIGNED_END = re.compile(rf"\b(?:negative|positive) (?:{LOW}|{HIGH})\b")
"""``a negative low end``: `levels` holds the one end against its sign."""
_DENIED = re.compile(
    r"\b(?:not|never|n't|nowhere|without) (?:\w+ )?(?:includ|contain|cover|span|straddl|cross|"
    r"touch)|\bfree of\b"
)
_NOT = re.compile(r"\b(?:not|no|never|nor|n't|without)\b")
_AT = re.compile(r"\bat (?:the )?(?:very )?(most|least|worst|best)\b[^\[]*\[(f\d+)\]")
_BOUNDED = re.compile(r"\bmargin\b")
_LEFT_OPEN = re.compile(
    r"\b(?:rul\w+ out|whether|could|cannot|may|might|if|not (?:been )?shown?|can't|must|would)\b"
)
"""Words beside which a margin is spoken of without saying that it is kept or broken."""


def wrong_interval(sentence: Sentence, facts: Sequence[Fact]) -> str:
    """Return in plain words what the interval does not bear out; empty where nothing.

    Examples
    --------
    >>> from kit.ai.narrative.sentences import sentences_of
    >>> facts = [Fact("F1", "difference in surplus, low end", 3.6, "USD", "difference"),
    ...          Fact("F2", "difference in surplus, high end", 10.9, "USD", "difference")]
    >>> wrong_interval(sentences_of("Part of the interval is negative [F1][F2].", [])[0], facts)
    'the interval is positive throughout'
    """
    checks = (_wrong_use, _wrong_end, _wrong_name, _wrong_sign, _wrong_margin)
    return next(filter(None, (check(sentence, facts) for check in checks)), "")


def with_margin(sentence: Sentence, facts: Sequence[Fact]) -> Sentence:
    """Return a sentence with the word *margin* after every citation of it.

    Examples
    --------
    >>> from kit.ai.narrative.sentences import sentences_of
    >>> margin = Fact("F1", "margin for not worse", 2.0, "USD", "look")
    >>> with_margin(sentences_of("No loss over 2 USD [F1].", [])[0], [margin]).plain
    'no loss over 2 usd [f1] margin.'
    """
    plain = sentence.plain
    for fact in facts:
        if meaning_of(fact).quantity == "margin for not worse":
            plain = plain.replace(f"[{fact.id.lower()}]", f"[{fact.id.lower()}] margin")
    return replace(sentence, plain=plain)


def _wrong_sign(sentence: Sentence, facts: Sequence[Fact]) -> str:
    plain = sentence.plain
    plain = _SIGNED_END.sub("", _NEARLY.sub("", plain))
    says = [
        (sign, pattern)
        for sign, pattern in ((0, _BOTH), (1, _POSITIVE), (-1, _NEGATIVE))
        if pattern.search(plain)
    ]
    if not says:
        return ""
    if _NO_PART.search(plain):
        says = [(-says[0][0], says[0][1])]
    cited = _ends(sentence, facts)
    if not cited and _OF_IT.search(plain):
        cited = _of_difference(sentence, facts)
    if len(cited) == 1 and _TO_AN_END.search(plain):
        cited = _whole(cited[0], facts)
    denied = says[0][0] == 0 and _DENIED.search(plain)
    if not cited:
        return "the interval: no end of one is cited"
    signs = {(end.value > 0) - (end.value < 0) for end in cited}
    actual = 0 if len(signs) > 1 else signs.pop()
    if denied:
        return "" if actual else "the interval is of both signs"
    if says[0][0] == 0 and len(cited) == 1:
        return "the interval: both its ends must be cited"
    if actual == says[0][0]:
        return ""
    how = {1: "positive throughout", -1: "negative throughout", 0: "of both signs"}
    return f"the interval is {how[actual]}"


def _whole(end: Fact, facts: Sequence[Fact]) -> list[Fact]:
    """Return both ends of the interval of which one end is cited, as far as they are known."""
    meaning = meaning_of(end)
    return [
        fact
        for fact in facts
        if (read := meaning_of(fact)).end
        and (read.subject, read.tune) == (meaning.subject, meaning.tune)
        and fact.unit == end.unit
    ]


def _of_difference(sentence: Sentence, facts: Sequence[Fact]) -> list[Fact]:
    """Return both ends of the interval of the one difference told, by its sides or whole."""
    ids = {name for name, _ in sentence.cites}
    told = {((of := meaning_of(fact)).subject, of.tune) for fact in facts if fact.id in ids}
    ends = [fact for fact in facts if meaning_of(fact).end]
    return [end for end in ends if {((of := meaning_of(end)).subject, of.tune)} == told]


def _ends(sentence: Sentence, facts: Sequence[Fact]) -> list[Fact]:
    cited = {name for name, _ in sentence.cites}
    ends = [fact for fact in facts if fact.id in cited and meaning_of(fact).end]
    if ends or cited or sentence.before is None:
        return ends
    return _ends(sentence.before, facts)


def _wrong_end(sentence: Sentence, facts: Sequence[Fact]) -> str:
    """Hold ``at most``, ``at least``, ``at worst`` and ``at best`` against the end they cite."""
    known = {fact.id: fact for fact in facts}
    for found in _AT.finditer(sentence.plain):
        fact = known.get(found[2].upper())
        end = meaning_of(fact).end if fact is not None else ""
        if fact is not None and not end and _is_estimate(fact, facts):
            return f'"at {found[1]}": {fact.id} is no end of the interval'
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


def _is_estimate(fact: Fact, facts: Sequence[Fact]) -> bool:
    """Return whether a difference is known with its interval."""
    subject = meaning_of(fact).subject
    ends = [other for other in facts if meaning_of(other).end]
    return fact.of == "difference" and any(meaning_of(end).subject == subject for end in ends)


def _wrong_use(sentence: Sentence, facts: Sequence[Fact]) -> str:
    """Strike ``it earned 9 USD [F2] more`` where that is but an end of the interval."""
    ends = _ends(sentence, facts) if sentence.cites else []
    others = [fact for fact in facts if fact.of == "difference" and fact not in ends]
    told = [fact for fact in others if fact.id in {name for name, _ in sentence.cites}]
    said = _AS_END.search(sentence.plain) or NAMED.search(sentence.plain)
    if len(ends) != 1 or told or not others or said:
        return ""
    return f"{ends[0].id} is an end of the interval, which the sentence does not say"


def _wrong_name(sentence: Sentence, facts: Sequence[Fact]) -> str:
    """Hold ``its upper end is 9 USD [F1]`` against the end that it cites."""
    known = {fact.id: fact for fact in facts}
    plain = sentence.plain
    named = ends_named(plain)
    for i, (said, start, stop) in enumerate(named):
        following = named[i + 1][1] if i + 1 < len(named) else len(plain)
        found = _TO_CITE.match(plain, stop, following)
        if found is None or _CITED_BEFORE.search(plain[:start]):
            continue
        fact = known.get(found[1].upper())
        end = meaning_of(fact).end if fact is not None else ""
        if end and end != said:
            return f"{found[1].upper()} is the {end} end"
    return ""


def _wrong_margin(sentence: Sentence, facts: Sequence[Fact]) -> str:
    if not _BOUNDED.search(sentence.plain) or _LEFT_OPEN.search(sentence.plain):
        return ""
    inside, outside = _INSIDE.search(sentence.plain), _OUTSIDE.search(sentence.plain)
    if _COVERS.search(sentence.plain):
        inside, outside = _COVERS.search(sentence.plain), None
    elif outside and _NOT.search(sentence.plain[: outside.start()]):
        inside, outside = outside, None
    margin = next((f for f in facts if meaning_of(f).quantity == "margin for not worse"), None)
    loss = _loss(sentence, facts)
    if not (inside or outside) or margin is None or loss is None:
        return ""
    if loss.value > 0 and outside:
        return ""  # a gain may exceed the margin
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
    worst = sorted(named, key=lambda fact: fact.value)
    return next(iter(worst or low or differences), None)
