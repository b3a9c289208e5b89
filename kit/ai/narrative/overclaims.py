"""Words that claim more than any replay can show: certainty, future, causes, everybody."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from kit.ai.narrative.claims import CLAIM, NO, NOT_WORSE, is_denied
from kit.ai.narrative.directions import directions_in

_PARTS = (
    r"accounts?|advertisers?|auctions?|audiences?|browsers?|buyers?|campaigns?|cases?|channels?|"
    r"circumstances?|clients?|conditions?|countr(?:y|ies)|days?|devices?|exchanges?|formats?|"
    r"future|groups?|hours?|logs?|markets?|metrics?|measures?|other|one|parts?|partners?|"
    r"publishers?|quarters?|regions?|segments?|settings?|sites?|situations?|slices?|time|traffic|"
    r"types?|users?|weeks?"
)
_CHOICE = (
    r"policy|bidder|bidding|model|strategy|choice|option|approach|rule|way|setup|version|bet|"
    r"algorithm|method|solution|thing|performer|one|we"
)
_SAYS = re.compile(
    r"\b(?:holds?|held|works?|appl(?:y|ies)|valid|same|safe|succe\w+|profit\w*|good|fine|true|"
    r"suits?|fits?|better|worse|wins?|won|pays?|shows?|proves?|run|launch\w*|adopt\w*|ship\w*|"
    r"roll\w*|deploy\w*|switch\w*|unbeatable|unbeaten|ready|recommend\w*|expect\w*|will|looks?|"
    r"bank|d(?:o|oes|id) (?:\w+ )?(?:well|badly|fine|so)|as (?:it|they) d(?:o|oes|id))\b"
)
"""What is said of *every part* if it is to claim anything, beside a rise or fall."""
_IS_SAID = re.compile(
    r"\b(?:whatever|whichever|no matter|regardless)\b[^,;]*\b(?:says?|shows?|suggests?|tells?|looks?)\b"
)
"""``Whatever the tune split says``: put aside, not said of every part."""
_QUANTIFIED = re.compile(r'"(?:every|each|any|all|whole|entire)\b')
_NOT = re.compile(
    rf"{NO.pattern}|\b(?:not|n't|never|no|nothing|cannot|neither|nor|nobody|none|without|hardly|un(?:clear|"
    r"known)|"
    r"doesn't|don't|isn't|didn't|can't|won't|wouldn't|far from|weaker than|less than|short of|"
    r"rather than|instead of|as opposed to|fails? to|assum\w+|suppos\w+|whether|open|should not|missing|lack\w*|absence|if (?:one|"
    r"you|we)|could|before)\b"
)
_NOT_STUDIED = re.compile(
    r"\b(?:not|never)(?: been)? (?:studied|looked|examined|known|asked|tested|shown|measured|part|"
    r"seen|covered|claimed|addressed|answered|investigated|tried|considered|said|visible)\b|"
    r"\b(?:unknown|untested|unclear|open|outside|unexamined)\b|^\w+ (?:us |you )?(?:nothing|"
    r"little)\b"
)
_BREAK = re.compile(r"[;:!?]|\.(?!\d)|,(?!\d)|\bbut\b|\bwhile\b")
_NEAR = 12
_REFUSED = re.compile(
    r"\b(?:not|no|never|n't|cannot|nothing|hardly|neither)\b(?: [\w-]+){0,4} (?:proof|prove[sn]?|"
    r"evidence|means?|say|imply|show[ns]?|claim\w*|sign|take|read|conclude|promise|call|"
    r"call(?:ed)?)\b"
    r"|\b(?:no|nothing|neither) (?:\w+ )?(?:is|are|was|comes?) $|\bwhether\b"
)
_MENTIONED = re.compile(
    r"[\"“'](?:significant|proven|certain|guaranteed|safe|sure)[\"”'](?= is a word| is not)|"
    r"\bmargin\b[^.;]*\b(?:ruled out|excluded)\b"
)
_ANSWERS = re.compile(r"[\"“'\u2018]not (?:shown )?(?:not )?(?:better|worse)[.,]?[\"”'\u2019]")
_OF_TEST = (
    r"nothing|none|no|not|gates?|leak\w*|drift\w*|calib\w*|overlap|maturity|power|ends?|interval|"
    r"margin|hold-?out|split|sample|test|looks?|noise|blocks?|figures?|person|picked|chosen|"
    r"selected|tuned|days?|short|small|few|data"
)
"""What an answer, unlike an effect, may well be due to."""
_ASKED = re.compile(r"^\W*(?:and |but |so )?(?:which|what|why|how|whether|who|where|that)\b")
_UNANSWERED = re.compile(
    r"\b(?:not|n't|cannot|nobody|no one|nothing|unknown|open|unclear|anyone's guess|"
    r"another (?:matter|question)|(?:a )?different (?:matter|question)|beyond|outside|remains)\b"
)
_EVERY_PART = "every part, which was not looked at one by one"


@dataclass(frozen=True)
class _Kind:
    name: str
    pattern: re.Pattern[str]
    deniable: bool


def _kind(name: str, *patterns: str, deniable: bool = True) -> _Kind:
    whole = "|".join(patterns)
    return _Kind(name, re.compile(rf"(?<![\w-])(?:{whole})(?!\w)"), deniable)


_KINDS = (
    _kind(
        "certainty, which no sample gives",
        r"certain(?:ly|ty)?", r"guarant\w+", r"sure(?:ly)?", r"assured(?:ly)?", r"(?<!as )always",
        r"forever", r"prov(?:e|es|ed|en|ing)(?! nothing| (?:to be )?invalid)", r"proof",
        r"definit\w+", r"inevitabl\w+",
        r"conclusive\w*", r"impossib\w+(?! to)", r"undeniabl\w+", r"undoubted\w*", r"undisputed\w*",
        r"unquestionabl\w+", r"clearly",
        r"(?<!sign )(?:a|the|is|are|was|very|quite|pretty|so|perfectly|crystal) clear"
        r"(?! of| whether| picture of)", r"obvious(?:ly)?(?! next)",
        r"rul\w+ out",
        r"exclud\w+ (?:that|any|the possib)", r"dominat\w+", r"matter of time",
        r"strictly", r"un(?:ambiguous|equivocal)\w*", r"categorical\w*", r"(?<!it )plainly",
        r"hands down", r"by far",
        r"vastly", r"hugely", r"(?:tremendous|spectacular|enormous|dramatic)\w*", r"no-brainer",
        r"game[- ]changer\w*", r"slam dunk", r"a must", r"breakthrough\w*", r"revolution\w*",
        r"transform\w*",
        r"rock[- ]solid", r"(?:water|air)tight", r"iron-?clad", r"speaks for itself",
        r"convincing\w*",
        r"answers? (?:the|our|this) question", r"bound to",
        r"(?<!to )(?<!could )(?<!might )(?<!may )settle\w*",
        r"statistically", r"significant\w*", r"real",
        r"true (?:gain|effect|improvement|loss)(?! (?:\w+ )?(?:may|might|could|below|under|"
        r"of less|smaller))",
        r"verified", r"validated", r"solid", r"robust\w*",
        r"foolproof", r"right (?:approach|idea|choice|way|policy)", r"exact(?:ly)?",
        r"bulletproof", r"safe(?:ly|r|st)?", r"reliabl\w+", r"fact that",
        r"must be", r"can only (?:rise|grow|gain|improve|win|fall)",
        r"full confidence", r"fully(?! (?:above|below|positive|negative|inside|within))",
        r"entirely(?! (?:above|below|positive|negative|inside|within|on))",
        r"completely(?! (?:above|below|positive|negative|inside|within))", r"perfect\w*",
        r"massive\w*", r"overwhelm\w+", r"won the",
        rf"best (?:possible|ever|available|imaginable|of all|in class|\w+ (?:ever|possible|we)\b)",
        rf"(?:the|our|your|its) (?:very |single )?best (?:{_CHOICE})",
        r"(?:is|are|was|does|did|works?|perform\w*|far(?:es|ed)) (?:the )?best(?= *[.,;!]|$)",
        r"optimal\w*",
        r"never(?! (?:left|leaves?|looked|asked|measured|part|meant)\b)", r"(?:every|all) doubts?", r"conclude\w*",
        r"decisive\w*", r"works", r"trust\w*", r"rel(?:y|ied)", r"lean on",
    ),
    _kind(
        "certainty, which no sample gives",
        r"(?:no|zero) (?:\w+ ){1,3}(?:at all|whatsoever)(?! (?:\w+ )?(?:was|is|has been)? ?(?:shown|"
        r"found|reported|released))", r"stands? in the way", r"(?:beyond|no|without|free of|zero|out of|"
        r"leaves? no) (?:any |all |a )?(?:doubt|risk|"
        r"chance|"
        r"question|danger|downside|way|reason to (?:doubt|wait|worry|hesitate|fear|suspect))\w*",
        r"risk-free",
        r"nothing (?:can|could|will|is left|left|remains|to (?:lose|fear|check|worry))",
        r"no (?:further|more|other) (?:check|look|test|review|doubt|question|evidence)s?"
        r"(?! (?:is |are |was |were )?(?:possible|left|remain|allowed|available|can|has|have|"
        r"open))",
        r"no need (?:to|for)", r"needs? no", r"not needed", r"unnecessary", r"no longer",
        r"(?:not|n't|doesn't) matter",
        r"(?:not|cannot) (?:be )?(?:just |mere |merely |pure |by )?(?:luck|chance|noise|"
        r"coincidence|random\w*)",
        r"no (?:room|space) for(?! (?:a |any )?(?:gain|loss|improvement)\b)", r"at no (?:extra |additional |further )?(?:cost|price|risk)",
        r"free lunch", r"cost-free", r"(?:not|n't|without|no) (?:\w+ )?hesitat\w+",
        r"(?:should|need|must|can)(?: not|n't) (?:wait|delay|worry|hold back|be afraid)",
        r"(?:change|alter|mean)s? nothing",
        r"no (?:person|human)(?! (?:needs?|is needed|has to|must|is asked))",
        r"no case against", r"there can be no", r"no (?:weak|blind|sore) (?:spot|point)s?",
        r"no weakness\w*", r"no hidden",
        r"too (?:short|small|few|little|weak|thin|noisy)[^,;]* to (?:see|show|detect|find|reveal|"
        r"notice|prove|"
        r"confirm|pick up) (?:the|its|this|that|our) (?:\w+ )?(?:gain|improvement|effect|"
        r"advantage|benefit|edge|"
        r"loss|harm|uplift)",
        r"(?:skip|without|no need for|spare) (?:us )?(?:the |a |any )?(?:live |further )?(?:test|"
        r"check|review|person)s?",
        r"(?:go|going|rolled?) (?:live|out) (?:now|at once|today|everywhere)",
        r"(?:little|hardly any|scant) (?:doubt|risk|chance(?! (?:of \w+ing|to)\b))", r"den(?:y|ies|ied)", r"disput\w+",
        r"costs? (?:us |you |one )?nothing",
        r"without further (?:thought|ado|delay|discussion|review)",
        r"can(?:not|'t| not) (?:lose|fail|hurt|harm|go wrong|(?:do|be|get) (?:worse|any)|help but)",
        r"(?:nothing|nobody|no one|little) \w+ against",
        deniable=False,
    ),
    _kind(
        "that a check may be passed over",
        r"formalit\w+", r"waste of", r"technicalit\w+", r"can be ignored", r"ignor\w+",
        r"disregard\w*",
        r"irrelevant", r"immaterial", r"(?:can|could|may|might|should|to) (?:\w+ )?(?:be )?wav\w+ (?:through|aside)", r"nothing to worry",
        r"bureaucra\w+", r"overlook\w*", r"look past", r"overrul\w+", r"overrid\w+",
        r"brush\w* (?:aside|off)", r"skip(?:ped)? it",
        r"make\w* no odds", r"beside the point", r"good to go", r"no big deal",
    ),
    _kind(
        "the future, of which a replay knows nothing",
        r"(?<!you )will(?! have to| need to)", r"won't", r"going to", r"going forward", r"future",
        r"from now on",
        r"(?:coming|following) (?:week|month|quarter|year|period|season)s?", r"next (?:week|"
        r"month|quarter|year|season|time)", r"continu\w+", r"persist\w*",
        r"keeps? (?:on )?\w+ing", r"(?<!want it )(?<!to be )(?<!be )repeat\w*", r"lasts?(?!ing|"
        r" look)", r"lasting", r"to stay(?! with)",
        r"permanent\w*",
        r"long[- ](?:run|term)", r"tomorrow", r"flips?", r"forecast\w*", r"expect\w*", r"shall",
        r"year after year", r"ahead of us", r"live traffic",
        r"(?<!stay )(?<!stays )(?<!remain )(?<!remains )in production", r"remain so",
        r"way forward", r"future of",
        r"carr(?:y|ies) over", r"generali[sz]e\w*", r"extends? to", r"sooner or later",
        r"(?<!i )(?<!we )(?<!what )would (?:pass|show(?! (?:nothing|only))|clear|succeed|"
        r"come out|earn|"
        r"gain|win|sav|mak|"
        r"bring|increas|r[io]s|improv|pay|help(?! (?:to )?(?:find|tell|see|detect|decide|settle|"
        r"us|here))|grow|hold|also|"
        r"have (?:won|been(?! (?:missed|undetected|detected|found|seen|noticed|needed|too|wrong))|"
        r"earned|gained|made|shown|paid|passed|improved|beaten|come out)|"
        r"be (?:\w+ ){0,2}(?:better|higher|larger|bigger|more|lower|cheaper|worse|smaller|the same|"
        r"true|seen|similar|positive|profitable|up|down|reached|there|found|visible|safe|as|shown|"
        r"confirmed|proven|big|great|clear|a gain(?= (?:in|on|of|for)|\.)))\w*",
        r"promise[sd]?", r"annual\w*", r"a year", r"per year",
        r"hold(?:s)? (?:on|for|in) (?:every|any|all|other)",
    ),
    _kind(
        "a cause, which a comparison does not show",
        rf"(?:because|due to|owing to|on account of)(?![^.;]*\b(?:{_OF_TEST})\b)",
        r"is what \w+ed",
        r"(?:is|lies|are) behind (?:the|this|it)(?! (?:candidate|baseline))",
        r"brought about", r"made possible", r"(?<!part )accounts? for the", r"fuel\w*",
        r"mechanism", r"comes? down to", r"is down to",
        r"down to (?:its|the|better|smarter)",
        r"(?:reflects|is a product of|is the (?:work|fruit) of)",
        r"by virtue of", r"on the back of", r"through (?:better|smarter|its)", r"credit\w*",
        r"thanks to",
        r"caus(?:e|es|ed|ing|al\w*)",
        r"driven by", r"dr[io]v(?:es|e|en)", r"leads? to", r"led to",
        r"(?:(?:is|are|was|were|as) an? (?:\w+ )?|the direct )result of", r"result(?:s|ed)? (?:in|from)",
        r"attributabl\w+", r"explain\w*(?! [^.]*\barithmetic)",
        r"(?:(?<!which )is|that's|this is|reason|shows?|shown|know|see|understand|clear|"
        r"tell) why(?! (?:i|we|someone|a person)\b)",
        r"(?:is|was|just|only|mere(?:ly)?) (?:noise|luck|chance|accident)", r"as a result",
        r"responsible for(?! (?:the|most|more|a) (?:\w+ )?(?:part|share|bulk|"
        r"half))",
        r"com(?:e|es|ing) from(?! (?:the )?(?:part|hold|tun|log|same|test|block|a\b|data|"
        r"value|spend|replay|table|facts?|list))(?=\s+\w)", r"stems? from", r"owes?", r"the reason (?:for|is|why)",
        r"(?:sole|main|only|real|chief|simple|very|single|biggest|prime) reasons? (?:for|why|that)",
        r"ma(?:k|d)es? the (?:gain|difference|loss|uplift)", r"ma(?:k|d)es? (?:users|people|visitors|customers|viewers)",
        r"by (?:simply )?(?:learning|bidding) \w+",
    ),
    _kind(
        _EVERY_PART,
        rf"(?:every|each|any|all|all the|whole|entire)(?: one)?(?: of (?:the|our))? "
        rf"(?:(?!of\b)\w+ ){{0,2}}(?:{_PARTS})(?! (?:cost|became|conver))",
        r"every(?:one|body)(?! (?:who|that)\b)", r"everything(?! (?:else|below|above|here|in this|else in this))",
        r"everywhere", r"any(?:one|body)(?! (?:who|that)\b)",
        r"anywhere",
        r"wherever",
        r"whenever", r"whatever", r"whichever", r"across the board", r"throughout the",
        r"(?:all|every) (?:counts?|fronts?|ways?|measures?|metrics?|respects?)", r"in general",
        r"generally", r"universal\w*", r"no matter", r"regardless", r"all round",
        r"in all respects",
        r"in every respect",
        r"the only (?=(?:thing|way|policy|bidder|model|choice|option|answer|sensible|right|one)\b)",
    ),
    _kind(
        _EVERY_PART,
        r"(?:nobody|no one|no other \w+|none) (?:will|can|could|would)(?! (?:call|say|claim|want)\b)",
        r"no \w+ will",
        r"not (?:better|worse) (?:anywhere|(?:on|in|for|under|at) any)",
        r"no (?:\w+ )?(?:segment|exchange|campaign|part|advertiser|exception|user|slice|loser|"
        r"format|"
        r"device)s?",
        r"not (?:a single|one) \w+", r"without exception",
        r"(?:advertiser|campaign|publisher|user|client|exchange|device|account)s alike",
        r"(?:large|big) and small", r"small and large", r"nobody (?:los|suffer)\w+",
        r"none of the (?:segments|exchanges|campaigns)", r"nowhere",
        deniable=False,
    ),
    _kind(
        "sameness, which a test that shows nothing does not show",
        r"(?<!traffic )(?<!auctions )(?<!log )(?<!data )(?<!requests )"
        r"(?<!picture )(?<!story )(?<!sign )(?<!order )(?<!direction )(?<!ranking )"
        r"(?:is|are|was|were|be|do|does|did|perform\w*|stay\w*|remain\w*|much|exactly|just|about|"
        r"earn\w*|made|basically|virtually|effectively|practically|essentially) (?:just |about |"
        r"much |"
        r"exactly )?the same(?! (?:auction|log|traffic|data|day|hour|request|week|block|split|time|"
        r"holdout|thing as|way|campaign|impression))",
        r"the same (?:surplus|result|outcome|performance|quality|value|effect|return|success)\w*",
        r"(?:one and|will be|of) the same(?! (?:auction|log|traffic|data|day|hour|request|week|"
        r"block|"
        r"split|size|sign|sort|order|kind|campaign))",
        r"the same (?:will|would|goes|holds|is true)",
        r"wins? the same", r"(?:equally|as) (?:good|strong|profitable|effective)",
        r"identical\w*", r"equal(?:s|ity)?(?! )",
        r"equivalen\w+",
        r"as good(?: as)?", r"at least as good", r"on (?:a )?par", r"indistinguishable",
        r"keeps? (?:up|pace)",
        r"no different", r"interchangeabl\w+", r"equals(?! [-+$€£¥]?\d)", r"replaces",
        r"substitute\w*",
        r"agrees? (?:that|with)", r"in agreement",
        r"a (?:draw|tie|wash|stalemate|dead heat)", r"neck and neck",
        r"just as \w+", r"makes? no difference",
        r"harmless", r"(?:does|do|did|performs?|just|every bit) as well(?: as)?", r"level with",
    ),
    _kind(
        "sameness, which a test that shows nothing does not show",
        r"(?<!of )(?<!above )(?<!below )(?<!than )(?:no|zero|without) (?!show|find|prov|"
        r"see)(?:\w+ )?"
        r"(?:difference|harm|effect on(?![^,;]*\b(?:reported|shown|found|claimed|released)\b)|"
        r"change|impact|loss|"
        r"gain to be had)"
        r"(?! (?:\w+ )?(?:was|is|were|has been)? ?(?:shown|found|reported))",
        r"(?:add|bring|do|contribut|achiev|gain|earn|win|chang)\w* nothing",
        r"no effect(?![^,;]*\b(?:reported|shown|found|claimed|released)\b| is| was)",
        r"nothing (?:(?:is|was|has been|has) )?(?:lost|changed)", r"los(?:es|t|e|ing) nothing",
        deniable=False,
    ),
    _kind(
        "what the log does not hold",
        r"users? (?:like|love|prefer|click(?!ed on)|enjoy|see)\w*",
        r"customers?", r"sales", r"brands?",
        r"market share", r"competitors?", r"(?<!smaller )(?<!larger )(?<!lower )profits?",
        r"people(?! (?:in|who|with)\b)", r"consumers?", r"audiences? (?:like|love|prefer|respond|engage)\w*",
        r"satisf\w+", r"(?:ad|creative|inventory|lead|user) (?:quality|experience|intent)",
        r"happy(?! to)|happier", r"publishers? (?:like|earn|gain)\w*", r"industry",
        r"revenue",
    ),
)  # fmt: skip


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
    return _first(plain, [kind for kind in _KINDS if kind.name != _EVERY_PART])


def every_part(plain: str) -> str:
    """Return by which words a sentence speaks of every part of the traffic; empty where none.

    Examples
    --------
    >>> every_part("each exchange gained")
    '"each exchange" claims every part, which was not looked at one by one'
    """
    said = _first(plain, [kind for kind in _KINDS if kind.name == _EVERY_PART])
    if not said:
        return ""
    is_claim = any(not is_denied(plain, found.start()) for found in CLAIM.finditer(plain))
    if is_claim or not _QUANTIFIED.match(said):
        return "" if _IS_SAID.search(plain) and not is_claim else said
    clause = _clause_of(plain, plain.find(said.split('"')[1]))
    return said if _SAYS.search(clause) or says_something(clause) else ""


def _clause_of(plain: str, place: int) -> str:
    start = max((found.end() for found in _BREAK.finditer(plain, 0, place)), default=0)
    end = _BREAK.search(plain, place)
    return plain[start : end.start() if end else len(plain)]


def _first(plain: str, kinds: Sequence[_Kind]) -> str:
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
