"""What a text may call the two sides and the parts of the traffic by, and what is read instead."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from kit.ai.narrative.directions import directions_in
from kit.ai.narrative.meaning import meaning_of
from kit.ai.narrative.numbers import CURRENCIES
from kit.ai.narrative.quantities import named_in
from kit.report.facts import Fact
from kit.validate.verdict import Verdict

_CANDIDATE, _BASELINE, _PART = "the candidate", "the baseline", "part"
_COMMON = frozenset(
    re.findall(
        r"\w+",
        "all any auction bid bidder bidding bids campaign click cost device even exchange filter "
        "fixed flat floor full hard hour last late market segment site user "
        "logged model more new no old one policy price production raw rule soft table test value",
    )
)
"""Words of a name that a sentence may well mean otherwise."""

_PLAIN = frozenset({"flat", "fixed", "hard", "soft", "raw", "full", "static", "uniform", "steady"})
"""First words of a name that are read as the side only where nothing else can be meant."""
_LEADS = (
    "for", "than", "under", "with", "against", "versus", "vs", "vs.", "over", "beside", "by", "of",
)  # fmt: skip
_DOES = ("made", "spent", "paid", "won", "had", "got", "bought", "earned", "cost", "does", "did")
_OPEN_ENDS = frozenset({"at", "of", "by", "to", "with", "for", "from", "in", "on"})
_EACH = {"hour": "hourly", "day": "daily", "week": "weekly", "segment": "segment-wise"}
_PRESENT = frozenset({"current", "existing", "present", "today's"})
_BIDS = ("bid", "bids", "bidding", "bidder")
_NUMBER = re.compile(rf"\d|^(?:{CURRENCIES})$", re.IGNORECASE)
_SPLITS = frozenset({"tune", "tuning", "holdout", "hold-out", "log", "data", "split", "test"})
"""Last words of a name that mean a split or the log, wherever they stand after *the*."""


def names_in(facts: Sequence[Fact], verdict: Verdict | None) -> list[tuple[str, str]]:
    """Return what is put in place of each name, longer names first.

    Parameters
    ----------
    facts : sequence of Fact
        Whose names say the parts of the traffic.
    verdict : Verdict or None
        Which names the two sides.

    Returns
    -------
    list of (str, str)
        The name, and ``the candidate``, ``the baseline`` or ``part``.

    Examples
    --------
    >>> verdict = Verdict("better", False, "fail", (), "model K7", "model K6", "a", "b", "c", 3,
    ...                   197, 0.004)
    >>> names_in([], verdict)[-2:]
    [('K7', 'the candidate'), ('K6', 'the baseline')]
    """
    segments = {segment for fact in facts if (segment := meaning_of(fact).segment)}
    names = [(segment, _PART) for segment in sorted(segments)]
    if verdict is None:
        return names
    sides = ((verdict.candidate, _CANDIDATE), (verdict.baseline, _BASELINE))
    short = [
        (word, side)
        for (name, side), (other, _) in zip(sides, reversed(sides), strict=True)
        for word in _short(name, other)
        if not any(fact.name.startswith(f"{word.removeprefix('the ')} of") for fact in facts)
    ]
    first = [(name.split()[0], side) for name, side in sides]
    plain = [(word, side) for word, side in first if word.lower() in _PLAIN]
    led = [(f"{lead} {word}", f"{lead} {side}") for word, side in plain for lead in _LEADS]
    does = [(f"{word} {verb}", f"{side} {verb}") for word, side in plain for verb in _DOES]
    return [*names, *sides, *led, *does, *_in_production(facts, verdict), *short]


def _in_production(facts: Sequence[Fact], verdict: Verdict) -> Iterator[tuple[str, str]]:
    """Yield where *in production* means a baseline that is named so, and not what is to come."""
    if "production" in verdict.baseline.lower().split():
        cites = (f"[{fact.id}]" for fact in facts if fact.of == "baseline")
        leads = (*_LEADS, "from", "to", *cites)
        yield from ((f"{lead} in production", f"{lead} {_BASELINE}") for lead in leads)


def _short(name: str, other: str) -> Iterator[str]:
    """Yield the words by which a side is called for short: ``B2``, ``isotonic``, ``the mix``."""
    theirs = {word.lower() for word in other.split()}
    own = [word for word in name.split() if word.lower() not in theirs]
    yield from _inflected(name)
    if own and own[0] == name.split()[0] and own[0].lower() in _PLAIN:
        yield f"{own[0]}'s"
    for word in own:
        if (re.search(r"\d", word) and re.search(r"[A-Za-z]", word)) or "_" in word:
            yield word
        elif word == name.split()[-1] and len(name.split()) > 1 and word.lower() not in _SPLITS:
            yield f"the {word}"
        elif word == name.split()[0] and _is_rare(word):
            yield word


def _inflected(name: str) -> Iterator[str]:
    """Yield a name without its numbers and its *current*, and with its bids in other forms."""
    words = [word for word in name.split() if not _NUMBER.search(word)]
    words = words[1:] if words and words[0].lower() in _PRESENT else words
    while words and words[-1].lower() in _OPEN_ENDS:
        words.pop()
    if len(words) == 3 and words[1] == "by" and words[2] in _EACH:
        yield f"{_EACH[words[2]]} {words[0]}"
    if len(words) > 1:
        forms = _BIDS if words[-1].lower() in _BIDS else words[-1:]
        yield from (" ".join([*words[:-1], form]) for form in forms)


def _is_rare(word: str) -> bool:
    low = word.lower()
    is_short = len(low) < 3 if word.isupper() else len(low) < 5
    return not is_short and low not in _COMMON and not named_in(low) and not directions_in(low)
