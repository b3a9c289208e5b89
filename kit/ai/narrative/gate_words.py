"""How a sentence names the gates, and what it says that each came to."""

from __future__ import annotations

import re

STATUSES = (
    (
        "needs a person",
        r"needs? a person|person|by hand|human|someone|somebody|colleague|reviewer|analyst|expert|"
        r"judg\w+|awaits?",
    ),
    (
        "fail",
        r"fail\w*|(?:remains?|has|have|needs?|ought|is|are) to be \w+|(?:without|lacks?|"
        r"lacking) (?:a |any )?(?:pass\w*|clear\w*)|(?:an? |the )?open (?:point|question|issue|"
        r"item)|(?:is|are|remains?|stays?|still) (?:still )?open\b|(?:did|does|has) not get\w*|"
        r"not (?:yet )?(?:clear\w*|resolved|settled|through|done|signed off|closed)|"
        r"raise[sd]? (?:a |any )?(?:concern|flag|alarm|objection|issue|problem)\w*|(?:did|does|do|"
        r"has|have) not pass\w*|not pass\w*|not met|broke\w*",
    ),
    (
        "pass",
        r"pass(?:ed|es|ing)?|fine|ok|okay|clean|clear\w*|rais\w+ no|no objection|green|sound|good|"
        r"healthy|intact|in order|(?:no|nothing) [\w ]*(?:flagged|found)|satisf\w+|unproblematic|"
        r"no (?:issue|problem|concern|cause)\w*|under control|succe\w+|held(?! against)|holds|"
        r"(?:is|are|been|"
        r"went|gone|got|waved) through|signed off|(?:is|are|been) (?:closed|resolved|settled|done|"
        r"ticked off)",
    ),
)
NAMES = {
    "leakage": r"leak\w*",
    "calibration": r"calibrat\w+(?! (?:error|ratio|value))",
    "drift": r"drift\w*",
    "overlap": r"overlap\w*",
    "stress": r"stress\w*",
    "worst_segment": r"worst[ _-]segment",
    "label_maturity": r"(?:label[ _])?maturity(?! (?:wait|period))|maturity of (?:the )?labels|"
    r"label gate",
    "sample_size": r"sample[ _]size(?: gate)?(?! of)",
    "invalid_traffic": r"invalid[ _]traffic gate",
}
COMMON = frozenset({"effect", "exploration", "power", "replay", "support"})
"""Gates whose names are words of every day: they are named beside *gate* or what it said."""
_SAME_GATE = {"maturity": "label_maturity", "labels": "label_maturity", "sample": "sample_size"}
SAID = re.compile(
    "|".join(rf"(?P<{name.replace(' ', '_')}>\b(?:{said})\b)" for name, said in STATUSES)
)
ANY_SAID = "|".join(said for _, said in STATUSES)
_AS_IS = re.compile(
    rf"\b({ANY_SAID})([\"”']?),? (?:as|and so|so) (?:is|was|are|were|did|does|do) ([^,.;]*gates?\b)"
)
_EXCEPTED = (
    r"(?:(?<=but )|(?<=but for )|(?<=except )|(?<=except for )|(?<=exception of )|(?<=save )|"
    r"(?<=save for ))"
)
STATUS_IS = re.compile(
    r"\bstatus\b(?: (?:is|was|reads?|says?|stays|remains|overall|here|of the verdict|as|out|com\w+|"
    rf"nonetheless|still|now|therefore|thus))*:? [\"“']?(?:{ANY_SAID})\b"
    r"(?![\"”']?,? (?:because|due|owing|on account|given|as a result of) )"
)


def status_said(plain: str) -> str | None:
    """Return which status a sentence speaks of first in order of weight; None where of none.

    Examples
    --------
    >>> status_said("leakage passed"), status_said("leakage is new")
    ('pass', None)
    """
    for status, pattern in STATUSES:
        if re.search(rf"\b(?:{pattern})\b", plain):
            return status
    return None


def gates_named(plain: str) -> list[str]:
    """Return the gates that a sentence names.

    Examples
    --------
    >>> gates_named("drift failed, leakage passed")
    ['leakage', 'drift']
    """
    names = [*NAMES, *COMMON]
    return [name for name in names if re.search(rf"\b(?:{pattern_of(name)})\b", plain)]


def with_repeated(plain: str) -> str:
    """Return a sentence with what *as is the effect gate* repeats put into words.

    Examples
    --------
    >>> with_repeated('the status is "fail", as is the effect gate.')
    'the status is "fail", the effect gate says fail.'
    """
    return _AS_IS.sub(lambda found: f"{found[1]}{found[2]}, {found[3]} says {found[1]}", plain)


def pattern_of(name: str) -> str:
    """Return how a gate is called in a sentence."""
    if name in COMMON:
        said = rf",? (?:[\w,]+ ){{0,4}}?[\"“']?(?:{ANY_SAID})\b"
        return rf"{name}(?= (?:gate|check|test)\b|{said})|{_EXCEPTED}{name}"
    return NAMES.get(name, rf"{name.replace('_', '[ _-]')}")


def key_of(gate: str) -> str:
    """Return the name by which a verdict's gate is known here."""
    name = gate.replace(" ", "_")
    return _SAME_GATE.get(name, name)
