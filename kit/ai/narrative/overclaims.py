"""Words that claim more than any replay can show: certainty, future, causes, everybody."""

from __future__ import annotations

import re
from collections.abc import Sequence

from kit.ai.narrative.claims import CLAIM, NO, NOT_WORSE, is_denied
from kit.ai.narrative.directions import directions_in
from kit.ai.narrative.overclaim_words import EVERY_PART, KINDS, Kind

_SAYS = re.compile(
    r"\b(?:holds?|held|works?|appl(?:y|ies)|valid|same|safe|succe\w+|profit\w*|good|fine|true|"
    r"suits?|fits?|better|worse|wins?|won|pays?|shows?|proves?|run|launch\w*|adopt\w*|ship\w*|"
    r"roll\w*|deploy\w*|switch\w*|unbeatable|unbeaten|ready|recommend\w*|expect\w*|will|looks?|"
    r"bank|d(?:o|oes|id) (?:\w+ )?(?:well|badly|fine|so)|way to go|as (?:it|they) d(?:o|oes|id))\b"
)
"""What is said of *every part* if it is to claim anything, beside a rise or fall."""
_NOT = re.compile(
    rf"{NO.pattern}|\b(?:far from|weaker than|less than|short of|rather than|as opposed to|"
    r"assum\w+|unable|suppos\w+|should not|before)\b"
)
_NOT_STUDIED = re.compile(
    r"\b(?:not|never)(?: been)? (?:studied|looked|examined|known|asked|tested|shown|measured|part|"
    r"seen|covered|claimed|addressed|answered|investigated|tried|considered|said|visible|warranted|"
    r"justified|intended|supported|implied|allowed|possible)\b|\b(?:may|might|could) (?:well |"
    r"also )?(?:differ|vary|change|react|behave|look)\b|\b(?:unknown|untested|unclear|open|outside|"
    r"unexamined|too far)\b|^\w+ (?:us |you )?(?:nothing|little)\b"
)
_BREAK = re.compile(r"[;:!?]|\.(?!\d)|,(?!\d)|\bbut\b|\bwhile\b")
_NEAR = 12
_REFUSED = re.compile(
    r"\b(?:not|no|never|n't|cannot|nothing|hardly|neither)\b(?: [\w-]+){0,4} (?:proof|prove[sn]?|"
    r"evidence|means?|say|imply|show[ns]?|claim\w*|sign|take|read|conclude|promise|call|"
    r"call(?:ed)?)\b|\b(?:no|nothing|neither) (?:\w+ )?(?:is|are|was|comes?) $|\bwhether\b"
)
_MENTIONED = re.compile(
    r"[\"“'](?:significant|proven|certain|guaranteed|safe|sure)[\"”'](?= is a word| is not)|"
    r"\bmargin\b[^.;]*\b(?:ruled out|excluded)\b"
)
_ANSWERS = re.compile(r"[\"“'\u2018]not (?:shown )?(?:not )?(?:better|worse)[.,]?[\"”'\u2019]")
_ASKED = re.compile(r"^\W*(?:and |but |so )?(?:which|what|why|how|whether|who|where|that)\b")
_UNANSWERED = re.compile(
    r"\b(?:not|n't|cannot|nobody|no one|nothing|unknown|open|unclear|anyone's guess|no \w+ can|"
    r"(?:another|different) (?:matter|question)|beyond|outside|remains)\b"
)


def overclaim(plain: str) -> str:
    """Return what a sentence claims that no verdict allows; empty where nothing.

    Parameters
    ----------
    plain : str
        A sentence in small letters; see `kit.ai.narrative.sentences.Sentence`.

    Examples
    --------
    >>> overclaim("the gain is guaranteed")
    '"guaranteed" claims certainty, which no sample gives'
    >>> overclaim("this does not prove that the gain will last")
    ''
    """
    plain = NOT_WORSE.sub(_blank, _ANSWERS.sub(_blank, _MENTIONED.sub(_blank, plain)))
    return _first(plain, [kind for kind in KINDS if kind.name != EVERY_PART])


def every_part(plain: str) -> str:
    """Return by which words a sentence speaks of every part of the traffic; empty where none.

    Examples
    --------
    >>> every_part("each exchange gained")
    '"each exchange" claims every part, which was not looked at one by one'
    """
    kinds = [kind for kind in KINDS if kind.name == EVERY_PART]
    if firm := _first(plain, [kind for kind in kinds if not kind.deniable]):
        return firm
    said = _first(plain, [kind for kind in kinds if kind.deniable])
    if not said:
        return ""
    is_claim = any(not is_denied(plain, found.start()) for found in CLAIM.finditer(plain))
    if is_claim or any(not word.negated for word in directions_in(plain)):
        return said
    clause = _clause_of(plain, plain.find(said.split('"')[1]))
    return said if _SAYS.search(clause) or says_something(clause) else ""


def _clause_of(plain: str, place: int) -> str:
    start = max((found.end() for found in _BREAK.finditer(plain, 0, place)), default=0)
    end = _BREAK.search(plain, place)
    return plain[start : end.start() if end else len(plain)]


def _first(plain: str, kinds: Sequence[Kind]) -> str:
    for kind in kinds:
        for found in kind.pattern.finditer(plain):
            denied = _denied if kind.deniable else _refused
            if not denied(plain, found.start()):
                return f'"{found[0]}" claims {kind.name}'
    return ""


def says_something(plain: str) -> bool:
    """Return whether a clause holds a word of rise, fall, gain or loss.

    Examples
    --------
    >>> says_something("both were replayed"), says_something("both gained")
    (False, True)
    """
    return bool(CLAIM.search(plain) or directions_in(plain))


def _blank(found: re.Match[str]) -> str:
    return " " * len(found[0])


def _refused(plain: str, place: int) -> bool:
    """Return whether a claim that is itself a *no* is refused: ``this is no proof of no harm``."""
    return bool(_REFUSED.search(_BREAK.split(plain[:place])[-1]))


def _denied(plain: str, place: int) -> bool:
    clause = _BREAK.split(plain[:place])[-1]
    near = " ".join(clause.split()[-_NEAR:])
    if _ASKED.match(clause) and _UNANSWERED.search(plain[place:]):
        return True
    return bool(_NOT.search(near) or _NOT_STUDIED.search(_BREAK.split(plain[place:])[0]))
