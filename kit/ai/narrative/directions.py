"""Words of rise and fall, with negation, and what they say of a quantity."""

from __future__ import annotations

import re
from dataclasses import dataclass

from kit.ai.narrative.ends import NAMED
from kit.ai.narrative.quantities import COSTS

_UP = (
    r"r[io]se[sn]?|rising|higher|highest|more|up|upwards?|gr[eo]ws?|grown|growing|growth|"
    r"increas\w+|climb\w*|gain\w*|exceed\w*|topp?(?:s|ed|ing)|above|bigger|biggest|larger|largest|"
    r"greater|added|adds|extra|additional|uplift|surpass\w*|jump\w*|soar\w*|surg\w+|ahead|beats?|"
    r"outbids?|outspen[dt]s?|outearn\w*|outperform\w*|lift\w*|plus|leads?|led|over(?=took|"
    r"takes)\w*|costlier|pricier|dearer|positive|boost\w*|rais\w+|oversp\w+|advanced|outstrip\w*|"
    r"outpac\w*|(?:has|had|have|holds?|held|an?|the|its) (?:\w+ )?edge(?= (?:in|on|over|with|"
    r"of \d))"
)
_DOWN = (
    r"fell|falls?|fallen|falling|drop\w*|lower|lowest|lowered|less|least|fewer|fewest|down|"
    r"downwards?|declin\w*|slid|slides?|slipp?\w*|shr[aiu]nk\w*|decreas\w*|reduc\w*|cuts?|cheap\w*|"
    r"smaller|smallest|below|behind|lost|loss(?:es)?|lose[sd]?|losing|thrift\w*|frugal|economical|"
    r"gave up|gives? up|sank|sinks?|sunk|dipp?\w*|lags?|lagged|trails?|trailed|shortfall|dwindl\w*|"
    r"plung\w*|tumbl\w*|negative|outbid by|retreat\w*|eas(?:ed|es)|diminish\w*|bled|bleeds?|"
    r"drag(?:s|ged)?|damage[ds]?|harm(?:s|ed)?|dent(?:s|ed)?|setback|disadvantage|deficit|minus|"
    r"weaken\w*|shed|dearth|t(?:akes|ook) away|undercuts?|trailing|lagging|g(?:ave|ives?) back|"
    r"(?:fell|falls?|fallen|came|comes?|was|is) short of(?= the (?:candidate|baseline)| \d)"
)
_GOOD = (
    r"sav(?:ings?|es?|ed)|improv\w*|better|bettered|best|stronger|favou?rabl\w+|well ahead|richer|"
    r"winners?"
)
_BAD = (
    r"worse\w*|worst|deteriorat\w*|weaker|poorer|degrad\w*|hurt\w*|suffer\w*|losers?|"
    r"wrong (?:way|direction)"
)
_WORD = re.compile(
    rf"(?<![\w-])(?:(?P<up>{_UP})|(?P<down>{_DOWN})|(?P<good>{_GOOD})|(?P<bad>{_BAD}))(?![\w])"
)
_NO_COMPARISON = re.compile(
    r"(?:the|these|those|this) (?:extra|additional|added) (?!clicks|conversions|impressions|spend|"
    r"value|surplus|money)|"
    r"no more than that|(?:below|above) (?:is|are|come|show)|\b(?:numbers|figures|table|listed|"
    r"given|see|as) (?:below|above)|more or less|(?:minus|less) (?:the )?(?:baseline|candidate)|"
    r"more (?:out of|for less|with less)|once more|at (?:least|most|best|worst)|"
    rf"{NAMED.pattern}|"
    r"\b(?:of|by|be|for|with|ranges?|takes?|had|has) up to (?=\d)|made up|makes? up|took up|"
    r"\b(?:add|back|break|bring|call|clear|come|draw|end|follow|hand|line|look|own|point|round|set|"
    r"show|sign|split|start|sum|tidy|turn|use|wind|wrap|write)(?:s|d|ed|ing|n)? up|\b(?:wound|"
    r"wrote|came|caught|kept|brought|broke|drew|drawn|broken) up|more data|more traffic|"
    r"more than (?=\d)|(?:fewer|less) than (?=\d)|under-predicts|over-predicts|(?:falls?|fell|came|"
    r"comes?) short(?! of the (?:cand|base)| of \d)|(?:clear|free|devoid|wary) of (?:any |all |"
    r"a )?[a-z]+|up to (?:its|the|a|an)\b|not (?:a )?loss|(?:the|this|that|its) (?:improvement|"
    r"deterioration)(?=,| (?:does|is|was|did)\b)|so far|no change|later on|carr(?:y|ied) over|"
    r"over (?:the|a|all|these|those) (?:same )?(?:log|data|hold|tun|auction|week|day|period|test|"
    r"whole)\w*|turn(?:s|ed)? down|write-?up|follow-?up|back-?up|down to (?:a|the) (?:person|human|"
    r"chance|noise)|up to (?:a|the)? ?(?:person|you|us)|broken? down|break(?:s|ing)? (?:it )?down|"
    r"to top|on top|at the top|lead(?=s? to)|(?:falls?|fell|fallen) (?:in|into|inside|on|under|"
    r"within)\b|(?:above|below) break-?even|by (?:more|less)\b|at the (?:least|most)|"
    r"nothing (?:larger|more)|more than (?:made up|offset|compensat\w+)|outweigh\w*|less again|"
    r"not only|not (?:shown )?worse|not (?:shown )?better|(?:margin )for not worse|over (?=\d)|"
    r"reduced to|plus or minus|(?:larger|bigger|greater|smaller|lesser|better|lion's) (?:part|"
    r"share|half|portion|chunk|slice) of (?:the|this|that|its) (?!auctions|traffic)|too (?:few|"
    r"little|many|much)|winning|added to|minus (?=\d)|plus (?=\d)|lost auctions|not (?:every|all|"
    r"each|any) [a-z ]{0,30}(?:gain\w*|lost|rose|fell|improved)|above (?:all|nil|zero)|"
    r"below (?:nil|zero)"
)
_LESS = re.compile(r"less|least|smaller|lower|fewer|reduced")
_LOSS = re.compile(r"los|sav|shortfall|deficit|disadvantage")
_NOT = re.compile(
    r"\b(?:not|n't|never|nor|no|neither|hardly|without|cannot|nowhere|isn't|didn't|doesn't|"
    r"wasn't)\b"
)
_BREAK = re.compile(r"[,;:.!?()]|\bbut\b|\bwhile\b|\bwhereas\b|\band\b")
_ATTRIBUTE = re.compile(r"(?<!not )(?<!no longer )\bthe$")
"""``I would not repeat the cheaper CPA``: that it is cheaper is not what is denied."""
_NEAR = 5


@dataclass(frozen=True)
class Direction:
    """One word of comparison.

    Parameters
    ----------
    word : str
        As it stands.
    kind : {"up", "down", "good", "bad"}
        What it says, before negation.
    negated : bool
        Whether a *not* governs it.
    start, end : int
        Where.
    """

    word: str
    kind: str
    negated: bool
    start: int
    end: int

    def sign(self, quantity: str) -> int:
        """Return +1 where the word says that a quantity is larger, -1 where smaller.

        Examples
        --------
        >>> word = directions_in("its cpc improved")[0]
        >>> word.sign("CPC"), word.sign("surplus")
        (-1, 1)
        """
        if self.kind in ("up", "down"):
            return 1 if self.kind == "up" else -1
        return (1 if self.kind == "good" else -1) * (-1 if quantity in COSTS else 1)


def directions_in(plain: str) -> list[Direction]:
    """Return the words of comparison in a sentence, in order.

    Examples
    --------
    >>> [(one.word, one.negated) for one in directions_in("it does not win more, it wins fewer")]
    [('more', True), ('fewer', False)]
    """
    text = _NO_COMPARISON.sub(lambda found: " " * len(found[0]), plain)
    return _merged(text, [
        Direction(found[0], str(found.lastgroup), _negated(text, found.start()), *found.span())
        for found in _WORD.finditer(text)
    ])  # fmt: skip


def _negated(text: str, place: int) -> bool:
    before = text[:place]
    clause = _BREAK.split(before)[-1]
    near = " ".join(clause.split()[-_NEAR:])
    if _ATTRIBUTE.search(near):
        return False
    return len(_NOT.findall(near)) % 2 == 1


def _merged(text: str, words: list[Direction]) -> list[Direction]:
    """Keep the last of neighbours that say one thing together: ``more expensive``, ``went up``."""
    kept: list[Direction] = []
    for word in words:
        if kept and not text[kept[-1].end : word.start].strip():
            word = Direction(
                word.word, _together(kept[-1], word), kept[-1].negated, kept[-1].start, word.end
            )
            kept.pop()
        kept.append(word)
    return kept


def _together(first: Direction, second: Direction) -> str:
    """Return what two words say together: ``lost more``, ``a smaller loss``."""
    flip = {"up": "down", "down": "up", "good": "bad", "bad": "good"}
    if _LESS.match(first.word) and (_LOSS.match(second.word) or second.kind in ("good", "bad")):
        return flip[second.kind]
    if second.word in ("more", "less"):
        falls_short = _LOSS.match(first.word) and second.word == "less"
        return flip[first.kind] if falls_short else first.kind
    return second.kind
