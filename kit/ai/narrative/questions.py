"""What was asked of the candidate: told as a question, it claims no answer."""

from __future__ import annotations

import re

from kit.validate.verdict import Verdict

_QUOTED = r"question (?:is|was|being) [\"“'](?P<quoted>not worse|better|worse)[.,]?[\"”']"
_TOLD = (
    r"(?:asked|checked|tested|screened|examined|looked at|compared with the (?:candidate|"
    r"baseline)) (?:to be|about|for|on)(?: being| any| an?| signs? of)* "
    r"(?P<told>(?:not|no) worse|non-inferior\w*|better|worse|gains?|improvements?|"
    r"harm|loss(?:es)?|damage)(?= than\b| (?:against|to|beside) the\b|[,.;]|$)"
)
_ASKED = re.compile(rf"\b(?:{_QUOTED}|{_TOLD})")
_OPENS = re.compile(
    r"(?:is|are|was|were|does|do|did|has|have|can|could|should|would|what|which|how|where|will)\b"
)
_TOLD_AS = re.compile(
    r", (?:(?:so )?(?:that|this|which) (?:is|was) (?:what (?:we|i) (?:asked|wondered|wanted)|"
    r"(?:the|our) (?:question|thing|point|issue|story|matter|task))\b[\w ]*|"
    r"(?:so )?(?:we|i|people|everyone|you|the team) (?:asked?|wondered|wanted to know))\.$"
)
_TO_LEARN = re.compile(
    r" to (?:learn|see|find out|tell|check|know|judge|decide) (?:if|whether)\b[^,;]*(?=[.]$)"
)
_ASKS = re.compile(r"[;:,] (?:is|was|does|did|has|would|can) (?:it|the candidate)\b[^;?]*\?$")
_BEGINS = {
    "not_worse": ("no",),
    "better": ("better", "gain", "improve"),
    "worse": ("worse", "harm", "loss", "damage"),
}
"""How the words begin in which each question is asked."""


def wrong_question(plain: str, verdict: Verdict) -> str:
    """Return which question a sentence says was asked that was not; empty where none.

    Examples
    --------
    >>> verdict = Verdict("better", False, "fail", (), "a", "b", "a", "b", "c", 3, 197, 0.004)
    >>> wrong_question("it was checked for harm.", verdict)
    'the question is "better"'
    """
    found = _ASKED.search(plain)
    said = found and (found["quoted"] or found["told"])
    if not said or said.startswith(_BEGINS[verdict.question]):
        return ""
    return f'the question is "{verdict.question.replace("_", " ")}"'


def as_question(plain: str) -> str:
    """Return a question that is told as one with its mark: ``does it help, that was the point``.

    Examples
    --------
    >>> as_question("is it doing harm, that was the thing to settle.")
    'is it doing harm?'
    """
    return _TOLD_AS.sub("?", plain) if _OPENS.match(plain) else plain


def without_asked(plain: str) -> str:
    """Return a sentence without the answers that were only asked about.

    Examples
    --------
    >>> without_asked("it was checked for harm, and it is better.")
    'it was compared, and it is better.'
    """
    plain = _ASKED.sub(lambda found: found[0] if found["quoted"] else "compared", plain)
    return _ASKS.sub(".", _TO_LEARN.sub("", plain))
