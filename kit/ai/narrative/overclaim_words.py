"""The words that claim more than any replay can show, by what they claim."""

from __future__ import annotations

import re
from dataclasses import dataclass

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
_OF_TEST = (
    r"nothing|none|no|not|gates?|(?:im)?mature|labels?|leak\w*|drift\w*|calib\w*|overlap|maturity|"
    r"power|ends?|interval|margin|hold-?out|(?<!tune )split|sample|test|looks?|noise|blocks?|"
    r"figures?|person|"
    r"picked|chosen|selected|tuned|days?|short|small|few|data"
)
"""What an answer, unlike an effect, may well be due to."""
EVERY_PART = "every part, which was not looked at one by one"


@dataclass(frozen=True)
class Kind:
    """Words that claim one thing too much.

    Parameters
    ----------
    name : str
        What they claim.
    pattern : re.Pattern
        Over small letters.
    deniable : bool
        Whether a *not* before them takes the claim back; it does not where they hold one.
    """

    name: str
    pattern: re.Pattern[str]
    deniable: bool


def _kind(name: str, *patterns: str, deniable: bool = True) -> Kind:
    whole = "|".join(patterns)
    return Kind(name, re.compile(rf"(?<![\w-])(?:{whole})(?!\w)"), deniable)


KINDS = (
    _kind(
        "certainty, which no sample gives",
        r"certain(?:ly|ty)?", r"guarant\w+", r"sure(?:ly)?", r"assured(?:ly)?", r"(?<!as )always",
        r"forever", r"prov(?:e|es|ed|en|ing)(?! nothing| (?:to be )?invalid)", r"proof",
        r"definit\w+", r"inevitabl\w+", r"conclusive\w*", r"impossib\w+(?! to)", r"undeniabl\w+",
        r"undoubted\w*", r"undisputed\w*", r"unquestionabl\w+", r"clearly",
        r"(?<!sign )(?:a|the|is|are|was|very|quite|pretty|so|perfectly|crystal) clear(?! of|"
        r" whether| picture of)",
        r"obvious(?:ly)?(?! next)", r"rul\w+ out", r"exclud\w+ (?:that|any|the possib)",
        r"dominat\w+", r"matter of time", r"strictly", r"un(?:ambiguous|equivocal)\w*",
        r"categorical\w*", r"(?<!it )(?<!put )plainly", r"hands down", r"by far", r"vastly",
        r"hugely",
        r"(?:tremendous|spectacular|enormous|dramatic)\w*", r"no-brainer", r"game[- ]changer\w*",
        r"slam dunk", r"a must", r"breakthrough\w*", r"revolution\w*", r"transform\w*",
        r"rock[- ]solid", r"(?:water|air)tight", r"iron-?clad", r"speaks for itself",
        r"convincing\w*", r"answers? (?:the|our|this) question", r"bound to",
        r"(?<!to )(?<!could )(?<!might )(?<!may )settle\w*", r"statistically", r"significant\w*",
        r"real",
        r"true (?:gain|effect|improvement|loss)(?! (?:\w+ )?(?:may|might|could|below|under|"
        r"of less|smaller))",
        r"verified", r"validated", r"solid", r"robust\w*", r"foolproof",
        r"right (?:approach|idea|choice|way|policy)", r"exact(?:ly)?", r"bulletproof",
        r"safe(?:ly|r|st)?", r"reliabl\w+", r"fact that", r"must be",
        r"can only (?:rise|grow|gain|improve|win|fall)", r"full confidence",
        r"fully(?! (?:above|below|positive|negative|inside|within))",
        r"entirely(?! (?:above|below|positive|negative|inside|within|on))",
        r"completely(?! (?:above|below|positive|negative|inside|within))", r"perfect\w*",
        r"massive\w*", r"overwhelm\w+", r"won the",
        r"best (?:possible|ever|available|imaginable|of all|in class|\w+ (?:ever|possible|we)\b)",
        rf"(?:the|our|your|its) (?:very |single )?best (?:{_CHOICE})",
        r"(?:is|are|was|does|did|works?|perform\w*|far(?:es|ed)) (?:the )?best(?= *[.,;!]|$)",
        r"optimal\w*", r"never(?! (?:left|leaves?|looked|asked|measured|part|meant)\b)",
        r"(?:every|all) doubts?", r"conclude\w*", r"decisive\w*", r"works", r"trust\w*",
        r"rel(?:y|ied)", r"lean on",
    ),
    _kind(
        "certainty, which no sample gives",
        r"(?:no|zero) (?:\w+ ){1,3}(?:at all|whatsoever)(?! (?:\w+ )?(?:was|is|"
        r"has been)? ?(?:shown|found|reported|released))",
        r"stands? in the way",
        r"(?:beyond|no|without|free of|zero|out of|leaves? no) (?:any |all |a )?(?:doubt|risk|"
        r"chance|question|danger|downside|way|reason to (?:doubt|wait|worry|hesitate|fear|"
        r"suspect))\w*",
        r"risk-free",
        r"nothing (?:can|could|will|is left|left|remains|to (?:lose|fear|check|worry))",
        r"no (?:further|more|other) (?:check|look|test|review|doubt|question|"
        r"evidence)s?(?! (?:is |are |was |were )?(?:possible|left|remain|allowed|available|can|"
        r"has|have|open))",
        r"no need (?:to|for)", r"needs? no", r"not needed", r"unnecessary", r"no longer",
        r"(?:not|n't|doesn't) matter",
        r"(?:not|cannot) (?:be )?(?:just |mere |merely |pure |by )?(?:luck|chance|noise|"
        r"coincidence|random\w*)",
        r"no (?:room|space) for(?! (?:a |any )?(?:gain|loss|improvement)\b)",
        r"at no (?:extra |additional |further )?(?:cost|price|risk)", r"free lunch", r"cost-free",
        r"(?:not|n't|without|no) (?:\w+ )?hesitat\w+",
        r"(?:should|need|must|can)(?: not|n't) (?:wait|delay|worry|hold back|be afraid)",
        r"(?:change|alter|mean)s? nothing",
        r"no (?:person|human)(?! (?:needs?|is needed|has to|must|is asked))", r"no case against",
        r"there can be no", r"no (?:weak|blind|sore) (?:spot|point)s?", r"no weakness\w*",
        r"no hidden",
        r"too (?:short|small|few|little|weak|thin|noisy)[^,;]* to (?:see|show|detect|find|reveal|"
        r"notice|prove|confirm|pick up) (?:the|its|this|that|our) (?:\w+ )?(?:gain|improvement|"
        r"effect|advantage|benefit|edge|loss|harm|uplift)",
        r"(?:skip|without|no need for|spare) (?:us )?(?:the |a |any )?(?:live |further )?(?:test|"
        r"check|review|person)s?",
        r"(?:can|could|will|would) ever", r"for good(?= *[.,;!]|$)",
        r"(?:go|going|rolled?) (?:live|out) (?:now|at once|today|everywhere)",
        r"(?:little|hardly any|scant) (?:doubt|risk|chance(?! (?:of \w+ing|to)\b))",
        r"den(?:y|ies|ied)", r"disput\w+", r"costs? (?:us |you |one )?nothing",
        r"without further (?:thought|ado|delay|discussion|review)",
        r"can(?:not|'t| not) (?:lose|fail|hurt|harm|go wrong|(?:do|be|get) (?:worse|any)|help but)",
        r"(?:nothing|nobody|no one|little) \w+ against",
        deniable=False,
    ),
    _kind(
        "that a check may be passed over",
        r"formalit\w+", r"waste of", r"technicalit\w+", r"can be ignored", r"ignor\w+",
        r"disregard\w*", r"irrelevant", r"immaterial",
        r"(?:can|could|may|might|should|to) (?:\w+ )?(?:be )?wav\w+ (?:through|aside)",
        r"nothing to worry", r"no(?:body| one| need)(?: \w+)? (?:to )?(?:worry|fear|fret)\w*",
        r"bureaucra\w+", r"overlook\w*", r"look past", r"overrul\w+",
        r"brush\w* (?:aside|off)", r"an? (?:mere |minor |small )?detail", r"skip(?:ped)? it",
        r"make\w* no odds", r"beside the point", r"good to go", r"no big deal",
    ),
    _kind(
        "the future, of which a replay knows nothing",
        r"(?<!you )will(?! have to| need to)", r"won't", r"going to", r"going forward", r"future",
        r"from now on", r"(?:coming|following) (?:week|month|quarter|year|period|season)s?",
        r"next (?:week|month|quarter|year|season|time)", r"continu\w+", r"persist\w*",
        r"keeps? (?:on )?\w+ing", r"(?<!want it )(?<!to be )(?<!be )repeat\w*",
        r"(?<!the )(?<!its )(?<!our )lasts?(?!ing| look)",
        r"lasting", r"to stay(?! with)", r"permanent\w*",
        r"long[- ](?:run|term)", r"tomorrow", r"flips?", r"forecast\w*",
        r"expect(?!ed (?:(?:clicks?|value|conversions?)\b|to (?:detect|find|see|show)\b))\w*",
        r"shall",
        r"year after year", r"ahead of us", r"live traffic",
        r"(?<!stay )(?<!stays )(?<!remain )(?<!remains )(?<!what runs )(?<!what is )"
        r"(?<!run )(?<!now )(?<!currently )(?<!bids )"
        r"in production", r"remain so",
        r"way forward", r"future of", r"carr(?:y|ies) over", r"generali[sz]e\w*", r"extends? to",
        r"sooner or later",
        r"(?<!i )(?<!we )(?<!what )would (?:pass|show(?! (?:nothing|only))|clear|succeed|come out|"
        r"earn|gain|win|sav|mak|bring|increas|r[io]s|improv|pay|help(?! (?:to )?(?:find|tell|see|"
        r"detect|decide|settle|us|here))|grow|hold|also|have (?:won|been(?! (?:missed|undetected|"
        r"detected|found|seen|noticed|needed|too|wrong))|earned|gained|made|shown|paid|passed|"
        r"improved|beaten|come out)|be (?:\w+ ){0,2}(?:better|higher|larger|bigger|more|lower|"
        r"cheaper|worse|smaller|the same|true|seen|similar|positive|profitable|up|down|reached|"
        r"there|found|visible|safe|as|shown|confirmed|proven|big|great|clear|a gain(?= (?:in|on|"
        r"of|for)|\.)))\w*",
        r"promise[sd]?", r"annual\w*", r"a year", r"per year",
        r"hold(?:s)? (?:on|for|in) (?:every|each|any|all|other)",
    ),
    _kind(
        "a cause, which a comparison does not show",
        rf"(?:because|due to|owing to|on account of)(?!(?:[^.;]|\.\d)*\b(?:{_OF_TEST})\b)",
        r"(?:only|just|solely|merely|simply|purely|precisely|entirely) (?:because|due to|owing to|"
        r"down to)",
        r"because (?:the |its? )?(?:candidate|baseline|pacing|model|policy|bidder|shading|it|they) "
        r"(?!is\b|was\b|are\b|were\b|has\b|had\b|did\b|does\b|cannot\b|could\b)\w+s\b",
        r"is what \w+ed", r"(?:is|lies|are) behind (?:the|this|it)(?! (?:candidate|baseline))",
        r"brought about", r"(?:is|are|was|were) to (?:blame|thank)", r"made possible",
        r"(?<!part )accounts? for the", r"fuel\w*",
        r"(?<=, )as [^,;]*\btun(?:e|ing)\b[^,;]* (?:shows?|proves?)", r"mechanism",
        r"comes? down to", r"is down to(?! [-+$€£¥\u2212]?\d)",
        r"down to (?:its|the|better|smarter)",
        r"(?:reflects|is a product of|is the (?:work|fruit) of)", r"by virtue of",
        r"on the back of", r"through (?:better|smarter|its)", r"credit\w*",
        r"thanks to(?! (?:every\w+|all|you)\b)",
        r"caus(?:e|es|ed|ing|al\w*)", r"driven by", r"dr[io]v(?:es|e|en)", r"leads? to", r"led to",
        r"(?:(?:is|are|was|were|as) an? (?:\w+ )?|the direct )result of",
        r"result(?:s|ed)? (?:in|from)", r"attributabl\w+", r"explain\w*(?! [^.]*\barithmetic)",
        r"(?:(?<!which )is|that's|this is|reason|shows?|shown|(?<!to )know|see|understand|clear|"
        r"tell) why(?! (?:i|we|someone|a person)\b)",
        r"(?:is|was|just|only|mere(?:ly)?) (?:noise|luck|chance|accident)", r"as a result",
        r"responsible for(?! (?:the|most|more|a) (?:\w+ )?(?:part|share|bulk|half))",
        r"com(?:e|es|ing) from(?! (?:the |[\d,]+ (?:time )?)?(?:part|hold|tun|log|same|test|"
        r"block|a\b|data|value|spend|replay|table|facts?|list))(?=\s+\w)",
        r"stems? from", r"owes?", r"the reason (?:for|is|why)",
        r"(?:sole|main|only|real|chief|simple|very|single|biggest|prime) reasons? (?:for|why|that)",
        r"ma(?:k|d)es? the (?:gain|difference|loss|uplift)",
        r"ma(?:k|d)es? (?:users|people|visitors|customers|viewers)",
        r"by (?:simply )?(?:learning|bidding) \w+",
    ),
    _kind(
        EVERY_PART,
        rf"(?:every|each|any|all|all the|whole|entire)(?: one)?(?: of (?:the|"
        rf"our))? (?:(?!of\b)\w+ ){{0,2}}(?:{_PARTS})(?! (?:cost|became|conver))",
        r"every(?:one|body)(?! (?:who|that)\b)",
        r"everything(?! (?:else|below|above|here|in this|else in this))", r"everywhere",
        r"any(?:one|body)(?! (?:who|that)\b)", r"anywhere", r"wherever", r"whenever", r"whatever",
        r"whichever", r"across the board", r"throughout the",
        r"(?:all|every) (?:counts?|fronts?|ways?|measures?|metrics?|respects?)", r"in general",
        r"generally", r"universal\w*", r"no matter", r"regardless", r"all round",
        r"in all respects", r"in every respect",
        r"the only (?=(?:thing|way|policy|bidder|model|choice|option|answer|sensible|right|one)\b)",
    ),
    _kind(
        EVERY_PART,
        r"(?:nobody|no one|no other \w+|none) (?:will|can|could|would)(?! (?:call|say|claim|"
        r"want)\b)",
        r"no \w+ will", r"not (?:better|worse) (?:anywhere|(?:on|in|for|under|at) any)",
        r"no (?:\w+ )?(?:segment|exchange|campaign|part|advertiser|exceptions|user|slice|loser|"
        r"format|device)s?",
        r"not (?:a single|one) (?!claim|word|figure)\w+", r"without exception",
        r"(?:advertiser|campaign|publisher|user|client|exchange|device|account)s alike",
        r"(?:large|big) and small", r"small and large", r"nobody (?:los|suffer)\w+",
        r"none of the (?:segments|exchanges|campaigns)", r"nowhere(?! near\b)",
        deniable=False,
    ),
    _kind(
        "sameness, which a test that shows nothing does not show",
        r"(?<!traffic )(?<!auctions )(?<!log )(?<!data )(?<!requests )(?<!picture )(?<!story "
        r")(?<!sign )(?<!order )(?<!direction )(?<!ranking )(?:is|are|was|were|be|do|does|did|"
        r"perform\w*|stay\w*|remain\w*|much|exactly|just|about|earn\w*|made|basically|virtually|"
        r"effectively|practically|essentially) (?:just |about |much |"
        r"exactly )?the same(?! (?:auction|log|traffic|data|day|hour|request|week|block|split|"
        r"time|holdout|thing as|way|campaign|impression))",
        r"the same (?:surplus|result|outcome|performance|quality|value|effect|return|success)\w*",
        r"(?:one and|will be|of) the same(?! (?:auction|log|traffic|data|day|hour|request|week|"
        r"block|split|size|sign|sort|order|kind|campaign))",
        r"the same (?:will|would|goes|holds|is true)", r"wins? the same",
        r"(?:equally|as) (?:good|strong|profitable|effective)",
        r"identical\w*(?! (?:auctions|logs?|data|requests|traffic|days|conditions))",
        r"equal(?:s|ity)?(?! )", r"equivalen\w+", r"as good(?: as)?", r"at least as good",
        r"on (?:a )?par", r"indistinguishable", r"keeps? (?:up|pace)", r"no different",
        r"interchangeabl\w+", r"equals(?! [-+$€£¥]?\d)", r"replaces", r"substitute\w*",
        r"agrees? (?:that|with)", r"in agreement", r"a (?:draw|tie|wash|stalemate|dead heat)",
        r"neck and neck", r"just as \w+", r"makes? no difference", r"harmless",
        r"(?:does|do|did|performs?|just|every bit) as well(?: as)?", r"level with",
    ),
    _kind(
        "sameness, which a test that shows nothing does not show",
        r"(?<!of )(?<!above )(?<!below )(?<!than )(?:no|zero|without) (?!show|find|prov|"
        r"see)(?:\w+ )?(?:difference|harm|effect on(?![^,;]*\b(?:reported|shown|found|claimed|"
        r"released)\b)|change|impact|loss|gain to be had)(?! (?:\w+ )?(?:was|is|were|"
        r"has been)? ?(?:shown|found|reported))",
        r"(?:add|bring|do|contribut|achiev|gain|earn|win|chang)\w* nothing",
        r"no effect(?![^,;]*\b(?:reported|shown|found|claimed|released)\b| is| was)",
        r"nothing (?:(?:is|was|has been|has) )?lost", r"nothing (?:(?:was|has been|has) )?changed",
        r"los(?:es|t|e|ing) nothing",
        deniable=False,
    ),
    _kind(
        "what the log does not hold",
        r"users? (?:like|love|prefer|click(?!ed on)|enjoy|see)\w*", r"customers?", r"sales",
        r"brands?", r"market share", r"competitors?",
        r"(?<!smaller )(?<!larger )(?<!lower )profits?",
        r"people(?! (?:in|who|with|asked|(?:even )?click(?:ed)? (?:more|less|often|on))\b)",
        r"consumers?", r"audiences? (?:like|love|prefer|respond|engage)\w*", r"satisf\w+",
        r"(?:ad|creative|inventory|lead|user) (?:quality|experience|intent)",
        r"happy(?! to)|happier", r"publishers? (?:like|earn|gain)\w*", r"industry", r"revenue",
    ),
)  # fmt: skip
