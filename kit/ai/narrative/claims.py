"""The words by which a policy is said to be better or worse, and by which that is denied."""

from __future__ import annotations

import re

_UP = (
    r"better|gain\w*|improve\w*|ahead|help\w*(?! (?:is|are|would be)\b)(?! (?:to )?(?:find|tell|"
    r"see|detect|decide|us))|"
    r"beat\w*|outperform\w*|advantage\w*|benefi\w+|"
    r"success\w*|"
    r"pays off|superior\w*|(?:favou?rs?|supports?|backs?|in favou?r of|on the side of) the candidate|"
    r"wins?|won(?= (?:with|by|out|"
    r"the (?:test|day|race))\b)|higher surplus|more surplus|"
    r"earns? more|earned more|preferable|uplift|"
    r"surplus (?:(?:is|was|went)(?: shown to be)? (?:up|higher)|rose|grew)|adopt\w*|switch\w*|"
    r"prefer\w*|(?:more|most) profitable|upgrade\w*|winners?|step forward|right side|good news|"
    r"roll\w* (?:it |this )?out|deploy\w*|ship(?:ped|ping)? it|go(?:ing)? live|scal\w+ (?:it )?up"
)
_DOWN = (
    r"worse\w*|harm\w*|loss(?:es)?|lost|loses?|losing|damag\w+|hurts?|inferior\w*|disadvantage|"
    r"less surplus|lower surplus|surplus (?:fell|dropped|is down|is lower|was lower)|"
    r"(?:is|are|was|were|came out|comes out|ended|ended up|finish\w*) behind|"
    r"underperform\w*|deteriorat\w*|"
    r"(?:favou?rs?|supports?|backs?|in favou?r of|on the side of) the baseline"
)
CLAIM = re.compile(rf"(?<![\w-])(?:(?P<up>{_UP})|(?P<down>{_DOWN}))(?!\w)")
NOT_WORSE = re.compile(
    r"\b(?:not|no|isn't|never|n't)(?: shown| being| to be| any)? (?:worse|inferior)\b|"
    r"non-inferior\w*"
)
TOO = (
    r"too (?:wide|broad|noisy|thin|coarse|close|vague|short|uncertain|few|little|small|weak|tiny|"
    r"fragile) (?:\w+ )?(?=(?:for|to)\b)"
)
"""*Too small to*: a claim that follows is not made."""
NO = re.compile(
    r"\b(?:not|no|nothing|cannot|n't|neither|nor|never|whether|unproven|unclear|open|without|"
    r"nobody|none|if|doesn't|didn't|isn't|can't|inconclusive|"
    r"undecided|silent|fail(?:s|ed)? to|untested|unknown|(?:too|falls?|fell) short|"
    rf"{TOO}|too (?:few|little|small|early|soon)|missing|(?:look(?:ed|ing)?|search\w*) for|"
    r"sought|asked (?:about|for)|could|may(?! (?:treat|call|"
    r"regard|consider|say|conclude|assume|safely|rely|expect|trust)\b)|might|falls? short|hardly|ruled out|excluded|"
    r"insufficient|hold(?:ing)? off|stops? short of|instead of|unshown|refrain\w*|declin\w+ to|"
    r"than (?:it|they) (?:is|"
    r"are)|too weak|yet to|possible that|before (?=\w+ing|"
    r"any)|in doubt|doubtful|lack(?:s|"
    r"ed|ing)?|absence|scant|until|unless|"
    r"remains to be seen|"
    r"(?:wrong|mistake|error|premature|unwise|hasty|rash|misleading|overreach) to)\b"
)
_NEW_CLAUSE = re.compile(
    r"[;:]|\bbut\b|(?<!not )\byet\b(?! to)|, (?=(?:it|the candidate|the baseline|we|they|i|one) )"
)


def is_denied(plain: str, place: int, end: int | None = None) -> bool:
    """Return whether a claim is denied or left open, before it or after it in the same clause.

    Parameters
    ----------
    plain : str
        A sentence in small letters.
    place, end : int
        Where the claim stands; with `end`, only what follows it may deny it.

    Examples
    --------
    >>> is_denied("it is not shown to be better", 23)
    True
    """
    clause = _NEW_CLAUSE.split(plain[:place])[-1]
    rest = re.split(r"[;,]|:(?! (?:not|no|un\w+)\b)|\bbut\b|\band\b", plain[place if end is None else end :])[0]
    return bool(NO.search(clause.replace("not only", "")) or NO.search(rest))
