"""The words by which a policy is said to be better or worse, and by which that is denied."""

from __future__ import annotations

import re

_UP = (
    r"(?:confirm(?:s|ed)?|validate[sd]?|b(?:ears?|ore) out|back(?:s|ed)? up|repeat(?:s|"
    r"ed)?) (?:the |what the )?(?:tun|idea|hypothesis|picture|impression|hope|hunch)\w*|better|"
    r"gain\w*|improve\w*|ahead|help\w*(?! (?:is|are|would be)\b)(?! (?:to )?(?:find|tell|see|"
    r"detect|decide|us))|beat\w*|outperform\w*|advantage\w*|benefi\w+|success\w*|pays off|"
    r"superior\w*|(?:favou?rs?|supports?|backs?|in favou?r of|on the side of) the candidate|wins?|"
    r"won(?= (?:with|by|out|the (?:test|day|race))\b)|higher surplus|more surplus|earns? more|"
    r"earned more|preferable|uplift|surplus (?:(?:is|was|went)(?: shown to be)? (?:up|higher)|rose|"
    r"grew)|adopt\w*|switch\w*|swap\w*|prefer\w*|(?:more|most) profitable|upgrade\w*|winners?|"
    r"step forward|right side|good news|roll\w* (?:it |this )?out|deploy\w*|ship(?:ped|ping)? it|"
    r"go(?:ing)? live|scal\w+ (?:it )?up"
)
_DOWN = (
    r"worse\w*|harm\w*|loss(?:es)?|lost|loses?|losing|damag\w+|hurts?|inferior\w*|disadvantage|"
    r"less surplus|lower surplus|surplus (?:fell|dropped|is down|is lower|was lower)|(?:is|are|was|"
    r"were|came out|comes out|ended|ended up|finish\w*) behind|underperform\w*|deteriorat\w*|"
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
    r"nobody|none|if|doesn't|didn't|isn't|can't|inconclusive|undecided|silent|fail(?:s|ed)? to|"
    r"untested|unknown|(?:too|falls?|fell) short|"
    rf"{TOO}|too (?:few|little|small|early|soon)|missing|(?:look(?:ed|ing)?|search\w*) for|"
    r"rather (?:\w+ ){0,3}than|remains? to be (?:shown|proven|established|demonstrated)|perhaps|"
    r"maybe|possibly|sought|tempting|asked (?:about|for)|could|may(?! (?:treat|call|regard|"
    r"consider|say|conclude|assume|safely|rely|expect|trust)\b)|might|falls? short|hardly|"
    r"ruled out|excluded|insufficient|hold(?:ing)? off|stops? short of|instead of|"
    r"unshown|unable to|too far|"
    r"refrain\w*|declin\w+ to|than (?:it|they) (?:is|are)|too weak|yet to|possible that|"
    r"before (?=\w+ing|any)|in doubt|doubtful|lack(?:s|ed|ing)?|absence|scant|until|unless|"
    r"remains to be seen|(?:wrong|mistake|error|premature|unwise|hasty|rash|misleading|"
    r"overreach) to)\b"
)
_QUESTION_BEFORE = re.compile(
    r"\b(?:question|thing asked)(?: (?:of|concern(?:s|ed|ing)|being|was|is))+(?: (?:it|being|to be|"
    r"not|the))*\s?[\"“']?$"
)
_QUESTION_AFTER = re.compile(
    r"^\w+ (?:(?:as|was|is|being) (?:the|our|what)|under|in|the) (?:\w+ )?(?:question|asked|ask)\b"
)
"""``with better as the question``: what was asked claims no answer."""
_NOT_AGAINST = re.compile(
    r"\b(?:no|not an?y?|never a|hardly a|little) (?:\w+ )?(?:reason|need|case|cause|argument|"
    r"grounds?) (?:\w+ )?(?:not|against|to (?:wait|delay|hesitate|hold))\b"
)
"""``There is no reason not to switch``: a denial denied."""
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
    if _NOT_AGAINST.search(clause):
        return False
    if _QUESTION_BEFORE.search(clause) or _QUESTION_AFTER.match(plain[place:]):
        return True
    rest = re.split(
        r"[;,]|:(?! (?:not|no|un\w+)\b)|\bbut\b|\band\b", plain[place if end is None else end :]
    )[0]
    return bool(NO.search(clause.replace("not only", "")) or NO.search(rest))
