"""Whether a number is said of the side, the quantity and the split that its fact is of."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import groupby

from kit.ai.narrative.meaning import meaning_of
from kit.ai.narrative.quantities import NAMES, OF_SIDES, RELATED, may_mean, named_in, without_units
from kit.ai.narrative.sentences import CITE, Sentence
from kit.report.facts import Fact

_TUNE = re.compile(r"\btun(?:e|ing)\b|调优")
_HOLDOUT = re.compile(r"\bhold-?out\b|保留集")
_SPLIT = re.compile(rf"{_TUNE.pattern}|{_HOLDOUT.pattern}")
_NOT = re.compile(r"\b(?:not|no|nothing|never|cannot|whether|unlike|n't|neither|nor)\b")
_THAN_HOLDOUT = re.compile(
    r"(?:(?P<more>larger|bigger|wider|greater|more)|smaller|narrower|less)(?: \w+)? than "
    r"(?:the one |that |it (?:is|was) )?(?:on|in|of) the hold-?out\b"
)
_BACK = re.compile(r"\b(?:there|it|its|that|this|so|these|those|also|too|apart)\b")
_SIDED = OF_SIDES | {"surplus"}
_RUN = re.compile(r"(?:\[f\d+\] ?){2,}")
_MORE = re.compile(r" (?:more|less|fewer|extra|higher|lower|additional) ")
_LEFT = re.compile(r" (?:looks? )?(?:is|are|remain)?(?: still)? ?(?:left|remain\w*|available)\b")
_USED = re.compile(r" (?:looks? )?(?:is|are|was|were|have been)? ?(?:used|spent|taken)\b")
_REFERENCE = re.compile(
    r"\b(?:of|to|than) the (?:candidate|baseline)'s [a-z]+|\b(?:after|net of|minus|less) (?:the |"
    r"its )?(?:spend|costs?)\b"
)
"""What an effect is told in parts of: ``11.9 % [F2] of the baseline's value``."""
_BESIDE = 24
_WHOLES = re.compile(r"\b(auctions|conversions|clicks|impressions|bids|days|hours)\b")
_OF_WHOLE = re.compile(rf" of (?:the |all |our )?{_WHOLES.pattern}")
_IS_NUMBER = re.compile(r"\b(?:is|was|stands at|stood at|of|=|:) [-\d.,]+ ?%? ?\[(f\d+)\]")
_THAT = r"\b(?:the|these|those|that|this|of) [-+$€£¥]?\d[\d.,]*"
_WEAK = frozenset(
    {
        "auctions",
        "campaigns",
        "exchanges",
        "time blocks",
        "margin for not worse",
        "PSI",
        "share of floor-bound auctions",
        "looks left",
        "looks used",
        "calibration ratio",
    }
)
"""Quantities that a sentence may name in passing: *of auctions*, *on three exchanges*."""


def wrong_split(sentence: Sentence, facts: Sequence[Fact]) -> str:
    """Return why a figure of one split is passed off as one of the other; empty where none is."""
    cited = {name for name, _ in sentence.cites}
    plain = sentence.plain
    tune, holdout = _TUNE.search(plain), _HOLDOUT.search(plain)
    if tune and holdout and _in_turn(sentence, facts):
        return ""
    for fact in facts:
        if fact.id not in cited or fact.of in ("data", "look"):
            continue
        if fact.is_tune and not says_tune(sentence):
            return f"{fact.id} is of the tune split, which the sentence does not say"
        if fact.is_tune and holdout and not _NOT.search(plain) and not _is_held(fact, plain, facts):
            return f"{fact.id} is of the tune split, not of the holdout"
        if not fact.is_tune and tune and not holdout:
            return f"{fact.id} is of the holdout, not of the tune split"
    return ""


def _in_turn(sentence: Sentence, facts: Sequence[Fact]) -> bool:
    """Return whether both splits are named, and figures of both cited, in the same order."""
    known = {fact.id: fact for fact in facts if fact.of not in ("data", "look")}
    cited = [known[name].is_tune for name, _ in sentence.cites if name in known]
    named = [bool(_TUNE.match(found[0])) for found in _SPLIT.finditer(sentence.plain)]
    first, second = ([is_tune for is_tune, _ in groupby(order)] for order in (cited, named))
    return first == second and len(first) > 1


def _is_held(fact: Fact, plain: str, facts: Sequence[Fact]) -> bool:
    """Return whether a difference is told to be larger or smaller than its own on the holdout."""
    told = _THAN_HOLDOUT.search(plain)
    own = [one for one in facts if not one.is_tune and one.of == fact.of == "difference"]
    meant = (meaning_of(fact).subject, "")
    held = [one for one in own if ((of := meaning_of(one)).subject, of.end) == meant]
    if not told or not held:
        return False
    return (abs(fact.value) > abs(held[0].value)) == bool(told["more"])


def says_tune(sentence: Sentence) -> bool:
    """Return whether a sentence speaks of the tune split, itself or by what it points back to."""
    if _TUNE.search(sentence.plain):
        return True
    before = sentence.before
    points_back = before is not None and _BACK.search(sentence.plain)
    return bool(
        points_back and before and not _HOLDOUT.search(sentence.plain) and says_tune(before)
    )


def wrong_quantity(sentence: Sentence, facts: Sequence[Fact]) -> str:
    """Return which fact is of another quantity than the one the sentence names; empty where none.

    Examples
    --------
    >>> from kit.ai.narrative.sentences import sentences_of
    >>> fact = Fact("F1", "ROAS", 1.2, "ratio", "candidate")
    >>> wrong_quantity(sentences_of("Its CTR is 1.2 [F1].", [])[0], [fact])
    'ROAS is cited for CTR'
    """
    cited = {name for name, _ in sentence.cites}
    if reason := _wrong_follower(sentence.plain, [f for f in facts if f.id in cited]):
        return reason
    if not named_in(without_units(sentence.plain)):
        return ""
    if reason := _wrong_subject(sentence.plain, facts):
        return reason
    named = set(named_in(_REFERENCE.sub("", sentence.plain))) - _WEAK
    measured = {meaning_of(fact).quantity for fact in facts if fact.id in cited}
    near = measured.union(*(RELATED.get(one, frozenset()) for one in measured))
    if measured and named and not near & (named | _WEAK) and _is_sided(facts, cited):
        said = ", ".join(sorted(named))
        return f"{', '.join(sorted(measured))} is cited for {said}"
    for fact in facts:
        quantity = meaning_of(fact).quantity
        if fact.id not in cited or not named or _is_known(fact, sentence):
            continue
        if not _may_mean(quantity, sentence) and not RELATED.get(quantity, frozenset()) & named:
            return f"{fact.id} is {quantity}, of which the sentence does not speak"
    return ""


def wrong_run(sentence: Sentence, facts: Sequence[Fact]) -> str:
    """Return what is wrong with citations in a row, which must be of one thing; empty where none.

    Examples
    --------
    >>> from kit.ai.narrative.sentences import sentences_of
    >>> facts = [Fact("F1", "value", 1.2, "USD", "candidate"),
    ...          Fact("F2", "spend", 1.1, "USD", "baseline")]
    >>> wrong_run(sentences_of("Value rose [F1][F2].", [])[0], facts)
    'F1 and F2 are of value and spend, which the sentence does not compare'
    """
    known = {fact.id: fact for fact in facts}
    named = set(named_in(sentence.plain))
    for run in _RUN.finditer(sentence.plain):
        ids = [found[1].upper() for found in CITE.finditer(run[0])]
        if len(set(ids)) < len(ids):
            return f"{ids[0]}: one fact is cited twice in a row"
        quantities = {meaning_of(known[name]).quantity: name for name in ids if name in known}
        of = [meaning_of(known[name]).quantity for name in ids if name in known]
        alone = {quantity for quantity in of if of.count(quantity) == 1} & _SIDED
        if len(quantities) > 1 and set(quantities) <= _SIDED and not alone <= named:
            first, second, *_ = quantities
            return (
                f"{quantities[first]} and {quantities[second]} are of {first} and {second}, "
                "which the sentence does not compare"
            )
    return ""


def _wrong_subject(plain: str, facts: Sequence[Fact]) -> str:
    """Hold ``the PSI is 0.04 [F13]`` against a fact whose name shares no word with the sentence."""
    known = {fact.id: fact for fact in facts if fact.of in ("data", "look")}
    for found in _IS_NUMBER.finditer(plain):
        fact = known.get(found[1].upper())
        start = max(0, found.start() - _BESIDE)
        names = list(named_in(plain[start : found.start()]))
        if fact is None or not names or meaning_of(fact).quantity in NAMES:
            continue
        words = re.findall(r"[a-z]{4,}", fact.name.lower())
        if not any(word.rstrip("s") in plain for word in words) and not may_mean(
            names[0], fact.name
        ):
            return f"{fact.id} is {fact.name}, not {names[0]}"
    return ""


def _is_sided(facts: Sequence[Fact], cited: set[str]) -> bool:
    return any(fact.of in ("candidate", "baseline") for fact in facts if fact.id in cited)


def _wrong_follower(plain: str, cited: Sequence[Fact]) -> str:
    """Hold ``9 % [F1] more spend`` and ``two looks [F2] are left`` against what is cited."""
    for fact in cited:
        quantity = meaning_of(fact).quantity
        after = plain[plain.find(f"[{fact.id.lower()}]") + len(fact.id) + 2 :]
        if more := _MORE.match(after):
            named = {name for name, at in named_in(after[more.end() :]).items() if at[0] == 0}
            near = {quantity, *RELATED.get(quantity, ())}
            if named and not named & near and fact.of in ("candidate", "baseline", "difference"):
                return f"{fact.id} is {quantity}, not {min(named)}"
        if wrong := _wrong_whole(fact, after):
            return wrong
        other = {"looks used": _LEFT, "looks left": _USED}.get(quantity)
        if other is not None and other.match(after):
            return f"{fact.id} is {quantity}"
    return ""


def _wrong_whole(fact: Fact, after: str) -> str:
    """Hold ``12 % [F7] of auctions`` against a share of conversions."""
    found = _OF_WHOLE.match(after)
    own = _WHOLES.findall(fact.name.lower())
    if found is None or fact.unit != "share" or fact.of != "data" or not own or found[1] in own:
        return ""
    return f"{fact.id} is a share of {own[0]}, not of {found[1]}"


def _is_known(fact: Fact, sentence: Sentence) -> bool:
    """Return whether an effect was told before: ``the 3,200 EUR [F7] come from spend``."""
    if fact.of != "difference":
        return False
    if {"minimum detectable effect", "margin for not worse"} & set(named_in(sentence.plain)):
        return True
    return bool(re.search(rf"{_THAT}[^\[.;]{{0,12}}\[{fact.id}\]", sentence.plain, re.IGNORECASE))


def _may_mean(quantity: str, sentence: Sentence) -> bool:
    """Return whether a quantity is meant, by its name here or in the sentence before."""
    before = sentence.before
    named = before is not None and quantity in named_in(before.plain)
    return named or may_mean(quantity, sentence.plain)
