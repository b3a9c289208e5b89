"""Words of rise and fall, with negation, and what they say of a quantity."""

from __future__ import annotations

import re
from dataclasses import dataclass

from kit.ai.narrative.ends import NAMED
from kit.ai.narrative.quantities import COSTS

_UP = (
    r"r[io]se[sn]?|rising|higher|highest|more|up|upwards?|gr[eo]ws?|grown|growing|growth|"
    r"increas\w+|climb\w*|gain\w*|exceed(?!ed by\b)\w*|topp?(?:s|ed|ing)|above|bigger|biggest|"
    r"larger|largest|"
    r"greater|added|adds|extra|additional|uplift|surpass\w*|jump\w*|soar\w*|surg\w+|ahead|beats?|"
    r"outbids?|outspen[dt]s?|out(?:earn|number|shin)\w*|outperform\w*|lift\w*|plus|leads?|led|"
    r"over(?=took|"
    r"takes)\w*|costlier|pricier|dearer|positive|boost\w*|rais\w+|oversp\w+|advanced|outstrip\w*|"
    r"widen(?:s|ed)|outpac\w*|(?:has|had|have|holds?|held|an?|the|its) (?:\w+ )?edge(?= (?:in|on|"
    r"over|with|of \d))"
)
_DOWN = (
    r"narrow(?:s|ed)|fell|falls?|fallen|falling|drop\w*|lower|lowest|lowered|less|least|fewer|"
    r"fewest|down|downwards?|declin\w*|slid|slides?|slipp?\w*|shr[aiu]nk\w*|decreas\w*|reduc\w*|"
    r"cuts?|cheap\w*|smaller|smallest|below|behind|lost|loss(?:es)?|lose[sd]?|losing|thrift\w*|"
    r"frugal|economical|g(?:ave|ives?|iven|iving) up|sank|sinks?|sunk|dipp?\w*|lags?|lagged|"
    r"trail(?:s|ed)?|shortfall|dwindl\w*|plung\w*|"
    r"tumbl\w*|negative|outbid by|exceeded by|retreat\w*|eas(?:ed|es)|diminish\w*|"
    r"bled|bleeds?|drag(?:s|ged)?|damage[ds]?|harm(?:s|ed)?|dent(?:s|ed)?|setback|disadvantage|"
    r"deficit|minus|weaken\w*|shed|dearth|t(?:akes|ook) away|undercuts?|trailing|lagging|g(?:ave|"
    r"ives?) back|(?:fell|falls?|fallen|came|comes?|was|is) short of(?= the (?:candidate|baseline)|"
    r" \d| the [$€£¥]?\d| that )|(?:(?<=\] )|(?<=, ))short of(?= (?:the )?(?:candidate|baseline|"
    r"[$€£¥]?\d))"
)
_GOOD = (
    r"sav(?:ings?|es?|ed)|improv\w*|better|bettered|best|stronger|favou?rabl\w+|well ahead|richer|"
    r"winners?"
)
_BAD = (
    r"worse\w*|worst|deteriorat\w*|weaker|poorer|degrad\w*|hurt\w*|suffer\w*|losers?|wrong (?:way|"
    r"direction)"
)
_WORD = re.compile(
    rf"(?<![\w-])(?:(?P<up>{_UP})|(?P<down>{_DOWN})|(?P<good>{_GOOD})|(?P<bad>{_BAD}))(?![\w])"
)
_REACH = (
    r"\b(?:interval|range|band|gap|difference|ends?|reach\w*|extend\w*|run(?:s|ning)?|goes|all|"
    r"f\d+\])"
)
_AMOUNT = r"[-+\u2212]?[$€£¥]?\d"
_NO_COMPARISON = re.compile(
    r"(?:the|these|those|this) (?:extra|additional|added) (?!clicks|conversions|impressions|spend|"
    r"value|surplus|money)|no more than that|(?:below|above) (?:is|are|come|show)|\b(?:numbers|"
    r"figures|table|listed|given|see|as) (?:below|above)|more or less|(?:minus|"
    r"less) (?:the )?(?:baseline|candidate)|more (?:out of|for less|with less)|once more|"
    r"at (?:least|most|best|worst)|"
    rf"{NAMED.pattern}|"
    rf"\b(?:of|by|be|for|with|ranges?|takes?|had|has) up to (?=\d)|{_REACH} (?:up|"
    rf"down) to (?={_AMOUNT})|"
    r"\badds? (?:the |a |one )?(?:new |extra )?(?:feature|column|signal|candidate|[a-z]+_\w+)|"
    r"(?:larger|bigger|wider|greater|more|smaller|narrower|less)(?: \w+)? than (?:the one |that |"
    r"it "
    r"(?:is|was) )?(?:on|in|of) the hold-?out\b|"
    r"\b(?:fell|falls?|goes|went|c[ao]mes?) to the (?:candidate|baseline)\b|"
    r"\b(?:allow|leave|mak)\w* (?:room )?for (?:more|less|both)\b|made up|makes? up|took up|"
    r"\b(?:add|back|break|bring|call|clear|come|draw|end|follow|hand|line|look|own|point|round|set|"
    r"show|sign|split|start|sum|tidy|turn|use|wind|wrap|write)(?:s|d|ed|ing|n)? up|\b(?:wound|put|"
    r"held(?= up (?:against|next|beside))|lined|measur(?:es?|ed)|stack(?:s|ed)|squar(?:es?|ed)|"
    r"weighed|wrote|ran|piled|racked|came|caught|kept|brought|broke|drew|drawn|broken|paid|pa(?:y|"
    r"ys|ying)|pass(?:ed|es|ing)) up|"
    r"more data|more traffic|(?<!, )(?:more|fewer|less) than (?=\d)|"
    r"under-predicts|over-predicts|"
    r"(?:falls?|fell|came|comes?) short(?! of (?:the (?:cand|base)|that |\d))|(?:clear|free|devoid|"
    r"wary) of (?:any |all |a )?[a-z]+|up to (?:its|the|a|an)\b|not (?:a )?loss|(?:the|this|that|"
    r"its) (?:improvement|deterioration)(?=,| (?:does|is|was|did)\b)|so far|no change|later on|"
    r"carr(?:y|ied) over|over (?:the|a|all|these|those) (?:same )?(?:log|data|hold|tun|auction|"
    r"week|day|period|test|whole)\w*|turn(?:s|ed)? down|write-?up|follow-?up|back-?up|down to (?:a|"
    r"the) (?:person|human|chance|noise)|up to (?:a|the)? ?(?:person|you|us)|broken? down|"
    r"break(?:s|ing)? (?:it )?down|to top|on top|at the top|lead(?=s? to)|(?:falls?|fell|"
    r"fallen) (?:in|into|inside|on|under|within)\b|(?:above|below) break-?even|by (?:more|less)\b|"
    r"at the (?:least|most)|nothing (?:larger|more)|more than (?:made up|offset|compensat\w+)|"
    r"outweigh\w*|less again|not only|not (?:shown )?worse|not (?:shown )?better|"
    r"(?:margin )for not worse|over (?=\d)|reduced to|plus or minus|(?:larger|bigger|greater|"
    r"smaller|lesser|better|lion's) (?:part|share|half|portion|chunk|slice) of (?:the|this|that|"
    r"its) (?!auctions|traffic)|too (?:few|little|many|much)|winning|added to|minus (?=\d)|"
    r"plus (?=\d)|lost auctions|not (?:every|all|each|any) [a-z ]{0,30}(?:gain\w*|lost|rose|fell|"
    r"improved)|above (?:all|nil|zero)(?:, up to (?=[$€£¥]?\d))?|below (?:nil|zero)"
)
_LESS = re.compile(r"less|least|smaller|lower|fewer|reduced")
_LOSS = re.compile(r"los|sav|shortfall|deficit|disadvantage")
_GOT = re.compile(r"gain|added|adds")
"""What *less* of is not more: ``gained less value``, where ``rose less`` still rose."""
_NOT = re.compile(
    r"\b(?:not|n't|never|nor|no|none|neither|hardly|without|cannot|nowhere|isn't|didn't|doesn't|"
    r"wasn't)\b"
)
_BREAK = re.compile(r"[,;:.!?()]|\bbut\b|\bwhile\b|\bwhereas\b|\band\b")
_ATTRIBUTE = re.compile(r"(?<!not )(?<!no longer )\bthe$")
"""``I would not repeat the cheaper CPA``: that it is cheaper is not what is denied."""
_NONE_OF = re.compile(r"\bnone of\b")
_NEITHER = re.compile(r"\bneither\b(?=.*\bnor\b)")
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
    if _NONE_OF.search(clause):
        return True
    if _ATTRIBUTE.search(near):
        return False
    return len(_NOT.findall(_NEITHER.sub("", near))) % 2 == 1


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
        is_less = second.word == "less" and (_LOSS.match(first.word) or _GOT.match(first.word))
        return flip[first.kind] if is_less else first.kind
    return second.kind
