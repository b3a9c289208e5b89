"""`check_narrative`: keep of a text what the facts and the verdict bear out, and say why not."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import chain

from kit.ai.narrative.aliases import names_in
from kit.ai.narrative.amounts import wrong_amounts
from kit.ai.narrative.attribution import wrong_quantity, wrong_run, wrong_split
from kit.ai.narrative.comparisons import without_told, wrong_direction
from kit.ai.narrative.degrees import without_sameness, wrong_degree
from kit.ai.narrative.gates import states, wrong_statement
from kit.ai.narrative.intervals import with_margin, wrong_interval
from kit.ai.narrative.levels import wrong_level
from kit.ai.narrative.numbers import numbers_in
from kit.ai.narrative.parts import wrong_parts
from kit.ai.narrative.ratios import wrong_ratio
from kit.ai.narrative.sentences import CITE, Sentence, sentences_of
from kit.ai.narrative.sides import wrong_side
from kit.ai.narrative.strength import too_strong
from kit.ai.narrative.units import misfit
from kit.ai.narrative.whole_names import with_whole_names
from kit.report.facts import Fact
from kit.report.narrative import Struck
from kit.validate.verdict import Verdict

_HOLDOUT = re.compile(r"\bhold-?out\b")
_ANSWERS = re.compile(r"\b(?:better|worse|show\w*|asked|gain|loss|harm)\b")
_LINK = re.compile(r"\w+://|\bwww\.|\bjavascript:|\bdata:\w+/|<[a-z/!][^>]{0,40}>?|\]\(|&#?\w+;")


@dataclass(frozen=True)
class CheckedNarrative:
    """A text, sentence by sentence.

    Parameters
    ----------
    kept : tuple of str
        What may stand, in order, citations included.
    struck : tuple of Struck
        What may not, in order.
    """

    kept: tuple[str, ...]
    struck: tuple[Struck, ...]

    @property
    def text(self) -> str:
        """Return what was kept, without the citations."""
        plain = re.sub(rf"\s?{CITE.pattern}", "", " ".join(self.kept))
        return plain.strip()


def check_narrative(text: str, facts: Sequence[Fact], verdict: Verdict | None) -> CheckedNarrative:
    """Hold every sentence of a text against facts and verdict; in doubt it is struck.

    Every number must cite a fact right after it, ``7.50 USD [F2]``, and match it in value to the
    rounding written, in unit, scale and sign. Every comparison must go the way the facts do.
    Nothing may be claimed beyond the verdict: not certainty, causes, the future or every part.

    Parameters
    ----------
    text : str
        A narrative, by a person, a model or `kit.write_narrative`.
    facts : sequence of Fact
        All that it may cite.
    verdict : Verdict or None
        What the vault said; None where it was not asked.

    Examples
    --------
    >>> facts = [Fact("F1", "spend", 1234.5, "USD", "candidate")]
    >>> verdict = Verdict("better", False, "fail", (), "a", "b", "a", "b", "c", 3, 197, 0.004)
    >>> checked = check_narrative("It spent 1,235 USD [F1]. It spent 2,000 USD.", facts, verdict)
    >>> checked.text
    'It spent 1,235 USD.'
    >>> checked.struck[0].reason
    '2,000: cites no fact'
    """
    kept: list[str] = []
    struck: list[Struck] = []
    facts = with_whole_names(facts, (verdict.candidate, verdict.baseline) if verdict else ())
    for sentence in sentences_of(text, names_in(facts, verdict)):
        reason = _wrong(sentence, facts, verdict)
        if reason:
            struck.append(Struck(sentence.text, reason))
        else:
            kept.append(sentence.text)
    return CheckedNarrative(tuple(kept), tuple(struck))


def tells_answer(text: str, facts: Sequence[Fact], verdict: Verdict | None) -> bool:
    """Return whether a sentence says what the holdout answered, or that it was not asked.

    Parameters
    ----------
    text : str
        One sentence of a narrative that was kept.
    facts : sequence of Fact
        All that it may cite.
    verdict : Verdict or None
        What the vault said.

    Examples
    --------
    >>> verdict = Verdict("better", False, "fail", (), "a", "b", "a", "b", "c", 3, 197, 0.004)
    >>> tells_answer('The answer is "not shown better".', [], verdict)
    True
    """
    said = [one.plain for one in sentences_of(text, names_in(facts, verdict))]
    return any(
        "answer" in states(plain) or (_HOLDOUT.search(plain) and _ANSWERS.search(plain))
        for plain in said
    )


def _wrong(sentence: Sentence, facts: Sequence[Fact], verdict: Verdict | None) -> str:
    of_facts = (check(sentence, facts) for check in _OF_FACTS)
    rest = with_margin(without_told(without_sameness(sentence, facts), facts), facts)
    of_verdict = (check(rest, verdict) for check in _OF_VERDICT)
    return next(filter(None, chain(of_facts, of_verdict)), "")


def _linked(sentence: Sentence, facts: Sequence[Fact]) -> str:
    found = _LINK.search(sentence.plain)
    return f"{found[0]}: a link or markup, which a narrative does not hold" if found else ""


def _unknown(sentence: Sentence, facts: Sequence[Fact]) -> str:
    known = {fact.id for fact in facts}
    missing = [name for name, _ in sentence.cites if name not in known]
    return f"{missing[0]}: there is no such fact" if missing else ""


def _wrong_number(sentence: Sentence, facts: Sequence[Fact]) -> str:
    known = {fact.id: fact for fact in facts}
    for number in numbers_in(sentence):
        if not number.cites and _is_level_of(number.text, sentence, facts):
            continue
        if not number.cites:
            return f"{number.text}: cites no fact"
        wrong = [misfit(number, known[name], sentence.plain) for name in number.cites]
        if all(wrong):
            return wrong[0]
    return ""


def _is_level_of(text: str, sentence: Sentence, facts: Sequence[Fact]) -> bool:
    """Return whether a number is of a cited fact's name: ``95 % are below 61 USD [F2]``, P95."""
    cited = {name for name, _ in sentence.cites}
    return any(re.search(rf"\bP{text}\b", fact.name) for fact in facts if fact.id in cited)


_OF_FACTS: tuple[Callable[[Sentence, Sequence[Fact]], str], ...] = (
    _linked,
    _unknown,
    wrong_ratio,
    _wrong_number,
    wrong_split,
    wrong_quantity,
    wrong_run,
    wrong_side,
    wrong_level,
    wrong_direction,
    wrong_degree,
    wrong_interval,
    wrong_amounts,
    wrong_parts,
)
"""Checks against the facts, cheapest first. Each is given a sentence and all facts it may cite,
and returns in plain words why the sentence is wrong; an empty text where it is not."""
_OF_VERDICT: tuple[Callable[[Sentence, Verdict | None], str], ...] = (wrong_statement, too_strong)
"""Checks against the verdict, asked where the facts bear a sentence out."""
