"""What is to be tried next: words of advice claim nothing of what was or of what is to come."""

from __future__ import annotations

import re

_LEAD = re.compile(r"^to try next\b[:,]?")
_ADVISED = re.compile(
    r"\b(?:repeat\w*|settl(?:e|ing)|ahead(?: of)?|clear(?:ing)?|verify(?:ing)?|confirm(?:ing)?|"
    r"validat(?:e|ing)|rul(?:e|ing) out|exclud(?:e|ing)|explain\w*|drives?|causes?|resolv(?:e|ing)|"
    r"every|each|all|any|exact(?:ly)?|solid|robust|real|future|live traffic|"
    r"(?:to|until|whether) (?:pass|hold|show)\w*|help\w*|improv(?:e|ing)|optimal|continu(?:e|ing)|"
    r"forecast\w*|the same|why)\b"
)
_ROLLED = re.compile(
    r"\b(?:roll\w* (?:it |this |the candidate )?out|switch|adopt|deploy|launch|ship|go live|"
    r"put (?:it|the candidate)\b.*\b(?:live|production|use))\b"
)
_ASSERTS = re.compile(
    r"\b(?:is|are|was|were|has|have|does|do|did|will|would|can|could|cannot|must|should|shall|"
    r"because|since|gained|earned|earns|won|wins|beats?|lost|passed|passes|failed|fails|"
    r"scal\w+ up)\b"
)


def is_advice(plain: str) -> bool:
    """Return whether a sentence only says what to try next: no verb of it tells what is.

    Examples
    --------
    >>> is_advice("to try next: clear leakage, then look again.")
    True
    >>> is_advice("to try next: roll it out, as leakage passed.")
    False
    """
    return bool(_LEAD.match(plain)) and not _ASSERTS.search(plain)


def rolled_out(plain: str) -> str:
    """Return by which words of what is to be tried next a policy goes live; empty where none.

    Examples
    --------
    >>> rolled_out("to try next: switch to it."), rolled_out("to try next: a live test.")
    ('switch', '')
    """
    found = _ROLLED.search(plain) if _LEAD.match(plain) else None
    return found[0] if found else ""


def without_advised(plain: str) -> str:
    """Return what is to be tried next without words of advice, which claim something elsewhere.

    Examples
    --------
    >>> without_advised("to try next: settle it before a look is spent.")
    'to try next:        it before a look is spent.'
    """
    if not _LEAD.match(plain):
        return plain
    return _ADVISED.sub(lambda found: " " * len(found[0]), plain)
