"""Whether ``half of the auctions, 49 % [F2]`` and ``twice as many clicks`` are about right."""

from __future__ import annotations

import re
from collections.abc import Sequence

from kit.ai.narrative.amounts import are_of_one
from kit.ai.narrative.meaning import meaning_of
from kit.ai.narrative.numbers import ONE_IN, WORDS
from kit.ai.narrative.sentences import CITE, Sentence
from kit.report.facts import Fact

_ONE_IN = re.compile(ONE_IN)
_ROUGH = re.compile(
    rf"(?<!\w)(?:{ONE_IN}|half(?! of the log)|twice|thrice|doubl\w+|tripl\w+|halv\w+|quadrupl\w+|"
    rf"\w+fold|"
    r"an? (?:third|quarter|fifth|sixth|seventh|eighth|ninth|tenth|dozen)|two thirds|three quarters|"
    r"dozens?|hundreds?|(?<!a )(?<!every )(?<!the )(?<!per )(?<!each )(?<!\d )thousands?|millions|"
    r"an order of magnitude)(?!\w)"
)
"""Words that stand for a ratio or a rough number."""
_PARTS = {
    "half": 1 / 2, "third": 1 / 3, "quarter": 1 / 4, "fifth": 1 / 5, "sixth": 1 / 6,
    "seventh": 1 / 7, "eighth": 1 / 8, "ninth": 1 / 9, "tenth": 1 / 10, "two thirds": 2 / 3,
    "three quarters": 3 / 4,
}  # fmt: skip
_TIMES = {"twice": 2.0, "doubl": 2.0, "thrice": 3.0, "tripl": 3.0, "quadrupl": 4.0, "halv": 0.5}
_OVER = re.compile(r"\b(?:more than|over|above|upwards of|a (?:bit|little) (?:over|above))\s$")
_UNDER = re.compile(
    r"\b(?:less than|under|below|almost|nearly|close to|not quite|short of|shy of)\s$"
)
_MOST_OFF = 0.08
"""How far off a word may be, as a share of what it says."""


def wrong_ratio(sentence: Sentence, facts: Sequence[Fact]) -> str:
    """Return which word for a ratio no figure cited beside it bears out; empty where none.

    Examples
    --------
    >>> from kit.ai.narrative.sentences import sentences_of
    >>> facts = [Fact("F1", "share of auctions with a known price", 0.49, "share", "data")]
    >>> wrong_ratio(sentences_of("Nearly half, 49 % [F1], are known.", [])[0], facts)
    ''
    >>> wrong_ratio(sentences_of("A third, 49 % [F1], are known.", [])[0], facts)
    'a third: a ratio or rough number, which no fact gives'
    """
    plain = CITE.sub(lambda cite: " " * len(cite[0]), sentence.plain)
    known = {fact.id: fact for fact in facts}
    cited = [known[name] for name, _ in sentence.cites if name in known]
    for word in _ROUGH.finditer(plain):
        told = _told(word[0], cited)
        if not any(_fits(*pair, plain[: word.start()]) for pair in told):
            return f"{word[0]}: a ratio or rough number, which no fact gives"
    return ""


def _told(word: str, cited: Sequence[Fact]) -> list[tuple[float, float]]:
    """Return what a word says beside each figure that it may be said of."""
    name = re.sub(r"^an? ", "", word)
    if one_in := _ONE_IN.fullmatch(word):
        return [(1 / WORDS[one_in[1]], abs(fact.value)) for fact in cited if fact.unit == "share"]
    if name in _PARTS:
        return [(_PARTS[name], abs(fact.value)) for fact in cited if fact.unit == "share"]
    times = next((value for start, value in _TIMES.items() if name.startswith(start)), None)
    return [] if times is None else [(times, ratio) for ratio in _ratios(cited)]


def _ratios(cited: Sequence[Fact]) -> list[float]:
    """Return candidate over baseline of every quantity cited for both, and of two parts cited."""
    if len(cited) == 2 and are_of_one(*cited) and cited[1].value:
        return [cited[0].value / cited[1].value]
    sides = {(meaning_of(fact).subject, fact.of): fact.value for fact in cited}
    return [
        value / sides[subject, "baseline"]
        for (subject, of), value in sides.items()
        if of == "candidate" and sides.get((subject, "baseline"))
    ]


def _fits(said: float, actual: float, before: str) -> bool:
    if (_OVER.search(before) and actual < said) or (_UNDER.search(before) and actual > said):
        return False
    return abs(actual - said) <= _MOST_OFF * said
