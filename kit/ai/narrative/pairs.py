"""Which of the facts cited a word of comparison is about."""

from __future__ import annotations

import re
from collections.abc import Sequence

from kit.ai.narrative.directions import Direction
from kit.ai.narrative.meaning import meaning_of
from kit.ai.narrative.quantities import COSTS, RELATED, named_in
from kit.ai.narrative.subjects import CLAUSE
from kit.report.facts import Fact

Cited = Sequence[tuple[Fact, int]]
"""Facts that a sentence cites, each with where."""

TO_MARK = re.compile(r"larger|smaller|bigger|exceed|above|below|greater|less|more|lower|higher")
_PART = re.compile(r";|\s[-–—]\s")  # noqa: RUF001
_NEW = re.compile(
    r"(?:, )?(?:and|but|while|whereas|yet)\b(?! (?:so|thus|hence|therefore)\b|"
    r" (?:the )?(?:candidate|baseline)'s (?:is|was)\b)|, (?:it|they|"
    r"the candidate|the baseline) (?!is\b|was\b|are\b|were\b)"
)
_COULD = re.compile(r"\b(?:could|may|might)\b(?! not)")
_OBJECT = re.compile(r"\b(?:than|exceed\w*|tops?|topped|above|below|beyond|under|over)\b")
_PRICE = re.compile(r"\s(?:unit )?(?:price|cost)s?\b")
_BETWEEN_AFTER = re.compile(r"\s(?:clicks? |conversions? |impressions? |of (?:extra )?)?")
_BETWEEN_BEFORE = re.compile(
    r"\s(?:by |of |is |was |some |about |another |only |just |nearly |"
    r"almost )*[-+$€£¥−]?\s?[\d.,]+\s?[km]?"  # noqa: RUF001
    r"(?: ?(?:%|[a-z]{3}|percent|points|percentage points|pp|clicks|conversions|impressions))?\s"
)
"""What may stand between a word and the amount that it is said of."""


def meant(word: Direction, plain: str, cited: Cited, facts: Sequence[Fact]) -> list[Fact]:
    """Return the facts of one subject that a word of comparison is about.

    Parameters
    ----------
    word : Direction
        In the sentence.
    plain : str
        The sentence.
    cited : sequence of (Fact, int)
        What it cites, each with where.
    facts : sequence of Fact
        All that it may cite: a word beside a quantity, for which nothing is cited, is of these.

    Examples
    --------
    >>> from kit.ai.narrative.directions import directions_in
    >>> fact = Fact("F1", "difference in surplus", 5.0, "USD", "difference")
    >>> said = "it earned 5 usd [f1] more."
    >>> [found.id for found in meant(directions_in(said)[0], said, [(fact, 16)], [fact])]
    ['F1']
    """
    if _is_of_others(word, plain, cited):
        return []
    cited = [pair for pair in _in_part(word, plain, cited) if compares(pair[0])]
    if _PRICE.match(plain, word.end):
        cited = [pair for pair in cited if meaning_of(pair[0]).quantity in COSTS]
    if beside := _beside(word, plain, cited):
        return beside
    start, end = clause_around(plain, word.start)
    named = nearest_named(plain, start, end, word.start)
    if named is not None:
        own = [pair for pair in cited if meaning_of(pair[0]).quantity == named]
        own = own or [p for p in cited if named in RELATED.get(meaning_of(p[0]).quantity, ())]
        if own:
            return one_subject(own, word.start)
        return [] if cited or named == "surplus" else _in_table(named, plain, facts)
    return [] if _is_apart(word, plain, cited) else _in_clause(word, plain, cited)


def _in_part(word: Direction, plain: str, cited: Cited) -> list[tuple[Fact, int]]:
    """Return what is cited between the semicolons, or dashes, around a word."""
    marks = [found.start() for found in _PART.finditer(plain)]
    start = max((mark for mark in marks if mark < word.start), default=0)
    end = min((mark for mark in marks if mark > word.start), default=len(plain))
    return [pair for pair in cited if start <= pair[1] < end]


def _in_clause(word: Direction, plain: str, cited: Cited) -> list[Fact]:
    """Return the facts of one subject that is cited in a word's own clause, else nearest to it."""
    start, end = clause_around(plain, word.start)
    own = [pair for pair in cited if start <= pair[1] < end]
    return one_subject(own or cited, word.start)


def _is_apart(word: Direction, plain: str, cited: Cited) -> bool:
    """Return whether a word is of a clause of its own, to which no figure is given."""
    start, _ = clause_around(plain, word.start)
    is_last = all(place < start for _, place in cited)
    return bool(is_last and _NEW.match(plain, start))


def _is_of_others(word: Direction, plain: str, cited: Cited) -> bool:
    """Return whether two things are compared that are no two sides of one quantity."""
    if _COULD.search(plain[clause_around(plain, word.start)[0] : word.start]):
        return True
    than = _OBJECT.search(plain, word.start)
    before = [fact for fact, place in cited if than and place < than.start()]
    after = [fact for fact, place in cited if than and place > than.start()]
    if not before or not after or not TO_MARK.match(word.word):
        return False
    one, other = before[-1], after[0]
    first, second = meaning_of(one), meaning_of(other)
    if one.of == other.of == "difference" and first.tune != second.tune:
        return True  # one difference on both splits: `amounts` holds their sizes
    differ = first.quantity != second.quantity
    return differ and (one.of == other.of or not compares(other) or not compares(one))


def _beside(word: Direction, plain: str, cited: Cited) -> list[Fact]:
    """Return the difference that stands right beside a word: ``30.89 USD [F9] more``."""
    for fact, place in cited:
        if fact.of != "difference" or meaning_of(fact).end:
            continue
        after = plain[place + len(fact.id) + 2 : word.start]
        before = plain[word.end : place]
        is_after = place < word.start and _BETWEEN_AFTER.fullmatch(after)
        is_before = place > word.start and _BETWEEN_BEFORE.fullmatch(before)
        if is_after or is_before:
            return [fact]
    return []


def compares(fact: Fact) -> bool:
    """Return whether a fact is of a side or of their difference.

    Examples
    --------
    >>> compares(Fact("F1", "auctions", 5, "count", "data"))
    False
    """
    return fact.of in ("candidate", "baseline", "difference")


def _in_table(quantity: str, plain: str, facts: Sequence[Fact]) -> list[Fact]:
    tune = "tun" in plain
    return [
        fact
        for fact in facts
        if compares(fact)
        and (read := meaning_of(fact)).subject == (quantity, "")
        and read.tune == tune
    ]


def one_subject(cited: Cited, place: int) -> list[Fact]:
    """Return the facts of the subject that is cited soonest after a place, else nearest before.

    Examples
    --------
    >>> one_subject([], 0)
    []
    """
    if not cited:
        return []
    after = [pair for pair in cited if pair[1] >= place]
    nearest = min(after or cited, key=lambda pair: abs(pair[1] - place))
    subject = meaning_of(nearest[0]).subject
    return [fact for fact, _ in cited if meaning_of(fact).subject == subject]


def clause_around(plain: str, place: int) -> tuple[int, int]:
    """Return where the clause around a place starts and ends.

    Examples
    --------
    >>> clause_around("it rose, but spend fell", 18)
    (9, 23)
    """
    marks = [found.start() for found in CLAUSE.finditer(plain)]
    start = max((mark for mark in marks if mark < place), default=0)
    end = min((mark for mark in marks if mark > place), default=len(plain))
    return start, end


def nearest_named(plain: str, start: int, end: int, place: int) -> str | None:
    """Return the quantity that is named nearest to a place, within a clause.

    Examples
    --------
    >>> nearest_named("its ctr and its cpc fell", 0, 24, 20)
    'CPC'
    """
    places = [
        (abs(start + at - place), name)
        for name, found in named_in(plain[start:end]).items()
        for at in found
        if name not in ("looks left", "looks used", "auctions", "exchanges", "campaigns")
    ]
    return min(places)[1] if places else None
