"""Whether a number is said of the side, the quantity and the split that its fact is of."""

from __future__ import annotations

import re
from collections.abc import Sequence

from kit.ai.narrative.meaning import meaning_of
from kit.ai.narrative.quantities import RELATED, may_mean, named_in, without_units
from kit.ai.narrative.sentences import Sentence
from kit.report.facts import Fact

_TUNE = re.compile(r"\btun(?:e|ing)\b|调优")
_HOLDOUT = re.compile(r"\bhold-?out\b|保留集")
_NOT = re.compile(r"\b(?:not|no|nothing|never|cannot|whether|unlike|n't|neither|nor)\b")
_BACK = re.compile(r"\b(?:there|it|its|that|this|so|these|those|also|too|apart)\b")
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
    for fact in facts:
        if fact.id not in cited or fact.of in ("data", "look"):
            continue
        if fact.is_tune and not says_tune(sentence):
            return f"{fact.id} is of the tune split, which the sentence does not say"
        if fact.is_tune and holdout and not _NOT.search(plain):
            return f"{fact.id} is of the tune split, not of the holdout"
        if not fact.is_tune and tune and not holdout:
            return f"{fact.id} is of the holdout, not of the tune split"
    return ""


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
    if not named_in(without_units(sentence.plain)):
        return ""
    named = set(named_in(sentence.plain)) - _WEAK
    cited = {name for name, _ in sentence.cites}
    measured = {meaning_of(fact).quantity for fact in facts if fact.id in cited}
    near = measured.union(*(RELATED.get(one, frozenset()) for one in measured))
    if measured and named and not near & (named | _WEAK) and _is_sided(facts, cited):
        said = ", ".join(sorted(named))
        return f"{', '.join(sorted(measured))} is cited for {said}"
    for fact in facts:
        quantity = meaning_of(fact).quantity
        if fact.id in cited and named and not _may_mean(quantity, sentence):
            return f"{fact.id} is {quantity}, of which the sentence does not speak"
    return ""


def _is_sided(facts: Sequence[Fact], cited: set[str]) -> bool:
    return any(fact.of in ("candidate", "baseline") for fact in facts if fact.id in cited)


def _may_mean(quantity: str, sentence: Sentence) -> bool:
    """Return whether a quantity is meant, by its name here or in the sentence before."""
    before = sentence.before
    named = before is not None and quantity in named_in(before.plain)
    return named or may_mean(quantity, sentence.plain)
