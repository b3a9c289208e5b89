"""Whether a sentence only names the two sides, as a text may open, and claims nothing of them."""

from __future__ import annotations

import re

from kit.ai.narrative.numbers import numbers_in
from kit.ai.narrative.sentences import Sentence
from kit.validate.verdict import Verdict

_PHRASES = re.compile(
    r"\b(?:t(?:ook|akes?) on|(?:gets?|got) an? (?:\w+ )?(?:look|rival|trial)|makes? (?:for )?"
    r"(?:quite )?an?|as it gets|worth a (?:\w+ )?look|"
    r"[wc](?:ent|ame) up against|side by side|squar(?:es?|ed) (?:off|up)|"
    r"(?:has|have|had|takes?|took) a go(?: at)?|st[ao]+n?d(?:s|ing)? up to|"
    r"step(?:s|ped) (?:up|in|into the ring)|tr(?:ies|ied) (?:its|their) luck|(?:w[eo]nt|goes) "
    r"head to head|head to head)\b"
)
"""How two sides are put beside each other in words that alone may mean more."""
_STAGE = frozenset(
    re.findall(
        r"\w+",
        "a an the this that these it its they them here there now so let s us we i two both other "
        "another one and or with to of on in at by for from as up near about between where what "
        "which who how when then versus vs v against beside besides next side alongside opposite "
        "together is are was were be been being has had have does did whether not compar "
        "comparison set put plac held hold pitt measur weigh test judg check examin look see "
        "seen view read run ran try tried trial lin stack meet met meett fac stand stood com "
        "came contest contender challenger challeng rival opponent counterpart partner company "
        "benchmark yardstick reference measure base control incumbent candidate baseline policy "
        "policie bid bidd bidder rule setup approach method alternative question ask topic subject "
        "matter thing task case duo pair name call interest simple plain easy familiar usual old "
        "new fresh close quite short report note summary today first second same log logg "
        "auction data replay day current present serv play act role part quantity better "
        "worse concern time round few figure pictur study exercise line bout stage corner bar "
        "their trial duel showdown matchup meeting ring sat sit week evaluation experiment versu "
        "through main story again once colleague opposition under model version variant feature "
        "extra added idea concept notion proposal proposed scheme design kind sort way style "
        "flavour curiou wonder known knowing learn talk discuss speak tell told open while during "
        "across within oppos engineer lay laid our us my you surplus verdict rest term unit "
        "currency usd eur gbp cny jpy gave giv serv result assess",
    )
)
"""Words of a sentence that puts two things beside each other, without their endings."""
_ENDING = re.compile(r"(?:ing|ed|es|s|e)$")
_COMMAND = re.compile(
    r"^(?:please )?(?:run|put|set|hold|compare|test|try|check|see|look|read|measure|call|ask|"
    r"judge|use)\b(?! (?:against|beside|next|side|alongside|opposite|up|to)\b)"
)
_CHOSEN = re.compile(r"\b(?:the one|it is|that is it)\b")
_SHORTEST, _CUT = 4, 3


def names_both(sentence: Sentence, verdict: Verdict | None) -> bool:
    """Return whether a sentence names both sides and does no more than put them beside each other.

    Parameters
    ----------
    sentence : Sentence
        In which nothing was found that is claimed: a word that is not of such a sentence is one
        that may claim something.
    verdict : Verdict or None
        Which names the two sides; they may be inflected, or told by a part of their names.

    Examples
    --------
    >>> from kit.ai.narrative.sentences import sentences_of
    >>> verdict = Verdict("better", False, "fail", (), "pacing by hour", "truthful bids", "a", "b",
    ...                   "c", 3, 197, 0.004)
    >>> said = sentences_of("Hourly pacing beside bidding truthfully. Truthful pacing rules.", [])
    >>> [names_both(one, verdict) for one in said]
    [True, False]
    """
    plain = _PHRASES.sub(" beside ", sentence.plain)
    if verdict is None or sentence.cites or _COMMAND.match(plain) or _CHOSEN.search(plain):
        return False
    if numbers_in(sentence):
        return False
    sides = [
        (side, _stems(name, other))
        for side, name, other in (
            ("candidate", verdict.candidate, verdict.baseline),
            ("baseline", verdict.baseline, verdict.candidate),
        )
    ]
    words = re.findall(r"\w+", plain)
    named = {side for side, stems in sides for word in words if _is_of(word, side, stems)}
    return len(named) == len(sides) and all(
        _is_staged(word) or any(_is_of(word, side, stems) for side, stems in sides)
        for word in words
    )


def _stems(name: str, other: str) -> tuple[str, ...]:
    """Return how the words of a name begin that the other side does not share."""
    theirs = set(re.findall(r"\w+", other.lower()))
    own = [word for word in re.findall(r"[a-z]+", name.lower()) if word not in theirs]
    return tuple(word[: max(_SHORTEST, len(word) - _CUT)] for word in own if not _is_staged(word))


def _is_of(word: str, side: str, stems: tuple[str, ...]) -> bool:
    return word == side or (bool(stems) and word.startswith(stems))


def _is_staged(word: str) -> bool:
    return word in _STAGE or _ENDING.sub("", word) in _STAGE
