"""What is to be tried next: words of advice claim nothing of what was or of what is to come."""

from __future__ import annotations

import re

_LEAD = re.compile(r"^to try next\b[:,]?")
_ADVISED = re.compile(
    r"\b(?:repeat\w*|settl(?:e|ed|ing)|ahead(?: of)?|clear(?:ing)?|verify(?:ing)?|confirm(?:ing)?|"
    r"validat(?:e|ing)|rul(?:e|ing) out|exclud(?:e|ing)|explain\w*|dr[io]ves?|causes?|resolv(?:e|"
    r"ing)|"
    r"every|each|all|any|exact(?:ly)?|solid|robust|real|future|live traffic|"
    r"add\w* nothing|win(?:ning)? back|(?:to|until|whether) (?:pass|hold|show)\w*|help\w*|"
    r"improv(?:e|ing)|optimal|continu(?:e|ing)|"
    r"forecast\w*|the same|why)\b"
)
_ROLLED = re.compile(
    r"\b(?:roll\w* (?:it |this |the candidate )?out|switch|adopt|deploy|launch|ship|go live|"
    r"put (?:it|the candidate)\b.*\b(?:live|production|use))\b"
)
_PLAIN_VERB = re.compile(
    r"(?:cut|lower|raise|reduce|increase|decrease|drop|lift|narrow|widen|ease|boost|add|shed|save|"
    r"improve|better|beat|lead|advance|grow|shrink|slide|plunge|damage|trail|undercut|top|save|"
    r"trim|gain|win|lose)\b"
)
_TOLD_TO = re.compile(r"(?:^to try next[:,]? |\b(?:and|or|to|then) |, )(?:\w+ly )?$")
_OF_EACH = re.compile(
    r"\b(?:auctions|bids|requests|impressions|hours|clicks|exchanges|segments|that|which|where|"
    r"what) (?:the )?(?:candidate|baseline|it|one|both|part|neither)(?: side)? (?:won|lost|gained)"
    r"(?:,? (?:and|but|or) (?:the )?(?:candidate|baseline|it|other|not) (?:won|lost|gained))?\b|"
    r"\b(?:won|lost) (?:auctions|bids|requests|impressions|clicks|value|volume)\b|"
    r"\b(?:that|which|where) (?:the )?(?:candidate|baseline|production|it|one|neither) (?:\w+ )?"
    r"(?:wins|loses)\b|"
    r"\bwhere (?:the |its )?[\w -]+ (?:is|are) (?:low|high|weak|strong|thin|poor|rare|scarce)\w*\b"
)
"""``the auctions that the baseline won and the candidate lost``: which of them, not how many."""
_ASSERTS = re.compile(
    r"\b(?:is|are|was|were|has|have|does|do|did|will|would|can|could|cannot|must|should|shall|"
    r"because|since|gained|earned|earns|won|(?<!of )wins|beats?|lost|passed|passes|(?<!the )failed|"
    r"fails|"
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
    return bool(_LEAD.match(plain)) and not _ASSERTS.search(_OF_EACH.sub("", plain))


def is_to_be_done(plain: str, place: int) -> bool:
    """Return whether the word at a place says what to do next, as ``cut`` does, not what came.

    Examples
    --------
    >>> said = "to try next: cut the features."
    >>> is_to_be_done(said, said.index("cut")), is_to_be_done("it cut spend.", 3)
    (True, False)
    """
    if not _LEAD.match(plain):
        return False
    if any(one.start() <= place < one.end() for one in _OF_EACH.finditer(plain)):
        return True
    return bool(_TOLD_TO.search(plain[:place]) and _PLAIN_VERB.match(plain, place))


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
