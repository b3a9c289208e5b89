"""Whether a sentence that cites no fact says something that needs none."""

from __future__ import annotations

import re

from kit.ai.narrative.attribution import says_tune
from kit.ai.narrative.claims import CLAIM, NO, NOT_WORSE, is_denied
from kit.ai.narrative.comparisons import uncited_surplus
from kit.ai.narrative.directions import directions_in
from kit.ai.narrative.gates import states
from kit.ai.narrative.openings import names_both
from kit.ai.narrative.sentences import Sentence
from kit.validate.verdict import Verdict

_GREETING = re.compile(
    r"(?:(?:certainly|sure|of course|absolutely|(?:great|good) question|hello|hi|hey|dear|thanks|"
    r"thank you|sorry|(?:kind |best )?regards|cheers|yours|morning|good (?:morning|afternoon|"
    r"evening|day)|to sum up|in short|in brief|summary|recap|result|results|question|answer|"
    r"read-?out|update|tl;dr|all|team|(?:the )?(?:good|bad) news|everyone|everybody|folks|both|"
    r"client|there|again|for asking|for the question|in advance|(?:happy|glad) to (?:discuss|"
    r"explain|help|share)|let me know(?: if .*)?|colleagues|in numbers)[ ,]*)+[!.:,]*"
)
_OPENING = re.compile(
    r"(?:(?:here|below) (?:is|are|comes?|follows?)|this (?:note|report|summary|text|memo|email|"
    r"mail|message|page) (?:is|covers?|describes?|summari[sz]es?|compares?|reports?|tells?|"
    r"looks?))\b"
)
_QUESTION = re.compile(
    r"(?:not )?(?:better|worse)\?|(?:the |our )?question\b[^?]*\?|(?:so,? |and |but |then )?(?:is|"
    r"curious|wondering|are|was|were|does|do|did|has|have|can|could|should|would|what|which|how|"
    r"where|will)\b[^?]*\?"
)
_BARE_QUESTION = re.compile(
    r"(?!(?:who|why|no\w*|surely|not|doubt)\b)(?:\w+ ){0,4}\w+[,:]? "
    r"(?:is it |was it )?(?:shown )?(?:not )?(?:better|worse)"
    r"(?: than (?:the )?(?:candidate|baseline))?\?"
)
_IS_ITSELF = re.compile(
    r"(?:here,? )?(?:the )?(candidate|baseline) (?:here |in these facts |of the verdict )?(?:is|"
    r"was) (?:the )?\1(?: here)?"
    r"(?:,? (?:and|while) (?:the )?(candidate|baseline) (?:is|was)? ?(?:the )?\2)?"
    r"(?:,? (?:and )?(?:the )?question (?:is|was) (?:whether it is )?[\"“']?(?:not )?"
    r"(?:better|worse)[.,]?[\"”']?)?[.,]?"
)
"""``The candidate is ORTB``, with the name read as its side, and what was asked of it."""
_DOUBTED = re.compile(r"\b(?:not|doubt|deny|argue|wait|hesitate)\b|n't\b")
_NAMED = re.compile(r"^(?:the )?(?:candidate|baseline)\s*[:(]|^question\b")
_EVIDENCE = re.compile(
    r"\b(?:show\w*|evidence|prov\w+|proof|f[io]und|say|said|says|tells?|told|unproven|unshown|open|"
    r"speaks?|reach\w*|reason to|promis\w+|carry|look(?:ed|s)?(?! like)|exclud\w+|ruled|report\w*|"
    r"differ|see|saw|seen|make it|called|read|lean|weak\w*|detect\w*|establish\w*|answer\w*|"
    r"conclud\w+|claim\w*|demonstra\w*|confirm\w*|examin\w*|statement|result|earned|about|bears?|"
    r"follows?|test\w*|yes|releas\w+|intend\w*|interpret\w*|exist\w*|giv\w+|disclos\w+|publish\w+|"
    r"reveal\w*|basis|case for|grounds?|rul\w+|final|provisional|emerg\w*|turn\w* out|c[ao]me out|"
    r"recommend\w*|condemn\w*|endors\w*|justif\w*|warrant\w*|licen[cs]e\w*|inconclusive|undecided|"
    r"silent|support\w*|stud\w+|ask\w*|enough|settle\w*|judg\w+|means?|whether|replay|measured|"
    r"tested|known|know|beyond|call(?:ing|ed)?|visible|risk|infer\w*|draw\w*)\b"
)
_GROUND = re.compile(
    r"\b(?:pending|subject to|hold-?out|verdict|vault|replay|show[ns]?|than|surplus|answer|"
    r"candidate|baseline|it (?:is|was|did|does|has|had|came|ended|finished|gained|earned|made|lost|"
    r"won))\b|保留集"
)
_OPEN = re.compile(r"\bjury\b.*\bout\b|remains to be seen|up in the air|too close to call")
_SHOWN_WORD = re.compile(r"\bhold-?out\b|\bshow[ns]?\b")
_DROP = r"dropp?|shelve|park|binn?|scrapp?|discard|abandon|withdraw|retire|reject|stopp?"
_STAY = re.compile(
    r"(?<!baseline )should not|\badvise against|\bdo not recommend|\bwe (?:stay|keep|stick|remain|"
    r"leave)\b|\bbaseline (?:stays?|remains?|is to be kept)\b|\btoo (?:early|soon)\b|\bchosen (?:"
    r"on|there)\b|\bbaseline (?:should|must|ought to|is to) (?:stay|remain|be kept)|\b(?:"
    r"keep(?:ing)?|stay(?:ing)? with|stick (?:with|to)|leave|retain) (?:the )?baseline\b|"
    r"keep what we have|\blet(?: us|'s) (?:keep|stay|wait|hold)|"
    rf"^(?:please )?(?:{_DROP}) (?!the baseline)|(?<!baseline )\b(?:should|must|is to|"
    rf"ought to) (?:now )?be (?:{_DROP})\w*"
)
_ROLLOUT = re.compile(
    r"\b(?:roll-?out|roll\w* (?:it |this )?out|launch\w*|deploy\w*|go-live|switch\w*|adopt\w*|"
    r"swap\w*|ship\w*)\b"
)
_TUNE_CAUTION = re.compile(
    r"\bonly\b|\bflatter\w*|\borientation\b|\bno more\b|\bbias\w*|\boverfit\w*|\boptimis\w*|"
    r"\bselect\w*|\binflat\w*|better than they are|too (?:good|high|rosy)|rosy|\bchosen\b|"
    r"\bpicked\b"
)
_NEXT = re.compile(
    r"^(?:(?:to try |as a )?next(?: step)?s?(?: is| are|:|,)|(?:one|a|the|my|our) (?:next|sensible|"
    r"natural|obvious|reasonable) (?:step|thing|move))(?!.*\b(?:roll\w*|switch\w*|adopt\w*|"
    r"deploy\w*|launch\w*|go live)\b)"
)
_REPLAY = re.compile(r"\breplay\w*|\blogged\b|\blog\b|\brivals?\b|\bcompetit\w+")
_COULD = re.compile(r"\b(?:assum\w+|need not|could|may|might|outside|beyond|cannot|not)\b")
_PERSON = re.compile(r"\b(?:i|we|me|my|us|our)\b")
_CARE = re.compile(
    r"\b(?:wait|hold (?:off|back|fire|on)|pause|refrain|careful\w*|caution\w*|with (?:some |"
    r"due )?care|grain of salt|conjectur\w*|(?:recommendation|advice|suggestion):|guess\w*|"
    r"speculat\w*|pinch of salt|before (?:we|any|anything|a)|leave\b.*\baside|shelve|abandon|"
    r"discard|for now|keep an eye|watch|look again|re-?check|investigat\w*|more (?:data|time|days|"
    r"traffic|auctions)|decision (?:rests|lies|is)|(?:longer|larger|bigger|fresh|new|second|"
    r"further) (?:holdout|test|run|sample|log|experiment)|(?:premature|hasty|unwise|too (?:early|"
    r"soon))|another (?:candidate|look|test|run)|live (?:a/?b )?test|next step|mind|bear in mind|"
    r"note that|remember)\b"
)
_MODAL = re.compile(
    r"\b(?:perhaps|maybe|possibly)\b|\b(?:may|might|could|can|need not|need) (?:well |also |"
    r"still )?(?:be|differ|vary|change|look|behave|depend|not)\b"
)
_METHOD = re.compile(
    r"\b(?:compar(?:ed|es?|ison)|replayed|asked|question|evaluated|examined|measured|chosen|picked|"
    r"selected|tuned|pre-?registered|sealed|in advance|beforehand|bootstrap\w*|gate|pitted|"
    r"set against|same (?:auctions|log|traffic|data|requests|days)|put against|faced|scored|ran on|"
    r"run on|bid on|went through|were given|was given)\b"
)
_SCOPE = re.compile(
    r"\b(?:only|alone|limited to|confined to|restricted to|beyond|outside|applies to|refers? to|"
    r"holds for|specific to|tied to|particular to|about|concerns?)\b[^.]*\b(?:hold-?out|log|data|"
    r"period|days?|traffic|weeks?|window|split)\b"
)
_OF_POLICY = re.compile(
    r"^(?:[a-z-]+,? ){0,3}?(?:the |this |an? )?(?:candidate|baseline|policy|policies|it(?! is (?:a|"
    r"an|about|only|for|of|the|one|but|just)\b)|they|both|surplus|outcome|effect|risk|floors|"
    r"margin)\b|\b(?:confident|recommend\w*|rollout|go with|time to|trend|optimum|retest|"
    r"discussion|does not (?:work|help)|works?(?= [.!])|(?:is|are|was|were) (?:\w+ )?(?:high|low|"
    r"good|bad))\b"
)
"""What is said of the policies or of what to do now needs a ground."""
_DESCRIBED = re.compile(
    r"(?:the )?(?:candidate|baseline) (?:(?:is|was) (?:the|our|what) (?:[\w-]+ )*?(?:polic\w+|"
    r"proposal|rule|bidder|model|reference|benchmark|present|current|today|test|production|"
    r"use)\b(?! to)|(?:splits?|caps?|shades?|bids?|adds|multipl\w+|uses?|applies|sets?|reads?|"
    r"estimates?|predicts?|treats?|replaces|divides?|spreads?|paces?|scores?) (?!smarter|wise|"
    r"clever|better|well\b))"
)
"""What a policy is or does by design, not what came of it."""
_DEFINED = re.compile(
    r"^(?:by )?[a-z-]+(?: [a-z-]+)? (?:we )?means? |\bis defined as\b|\bstands for\b|"
    r"\bis (?:the )?value (?:less|minus)\b"
)
_OF_EVIDENCE = re.compile(
    r"\b(?:lean\w*|points?|agree\w*|nearly|almost|close|refut\w*|rejects?|wrong|right|final|"
    r"mount\w*|story|independent|representative|understat\w*|overstat\w*|holds?|nil|within|"
    r"side effects?|dead end|in it|changed|too short|gates show|edge)\b"
)
"""What is said of the evidence as if it had an answer needs one."""
_FEW = 3
_ASIDE = re.compile(r"^(?:let|please|fix|do|note|treat|read|see|take|these|those|that is|here)\b")


def is_courtesy(plain: str) -> bool:
    """Return whether a sentence only greets, opens or asks.

    Parameters
    ----------
    plain : str
        A sentence in small letters.

    Examples
    --------
    >>> is_courtesy("great question!"), is_courtesy("is it better?"), is_courtesy("it is better.")
    (True, True, False)
    """
    if plain.endswith("?") and len(plain.split()) <= _FEW and not CLAIM.search(plain):
        return True
    if _BARE_QUESTION.fullmatch(plain) or _IS_ITSELF.fullmatch(plain):
        return True
    if _GREETING.fullmatch(plain) or (_QUESTION.fullmatch(plain) and not _DOUBTED.search(plain)):
        return True
    return bool(_OPENING.match(plain)) and not _says_something(plain)


def unsupported(sentence: Sentence, verdict: Verdict | None) -> str:
    """Return why a sentence that cites no fact may not stand; empty where it may.

    It may where it tells the verdict, what is not known, how it was asked or what to be careful of.

    Parameters
    ----------
    sentence : Sentence
        Of a narrative.
    verdict : Verdict or None
        What the vault said.

    Examples
    --------
    >>> from kit.ai.narrative.sentences import sentences_of
    >>> unsupported(sentences_of("It earns its place.", [])[0], None)
    'it cites no fact and states nothing of the verdict'
    """
    plain = sentence.plain
    if sentence.cites or states(plain) or _NAMED.search(plain):
        return ""
    if _DEFINED.search(plain) and not _claims_something(plain):
        return ""
    if sentence.told and not _says_something(plain):
        return ""
    if _is_short(sentence) or _tells_verdict(plain, verdict) or _is_caution(sentence, verdict):
        return ""
    if not _claims_something(plain) and names_both(sentence, verdict):
        return ""
    if not _says_something(plain) and not _is_of_result(plain):
        return ""
    return "it cites no fact and states nothing of the verdict"


def _tells_verdict(plain: str, verdict: Verdict | None) -> bool:
    if (NO.search(plain) and _EVIDENCE.search(plain)) or _OPEN.search(plain):
        return True
    if verdict is None:
        return False
    if verdict.answer == "not worse" and re.search(r"\b(?:within|inside)\b.*\bmargin\b", plain):
        return True
    claims = (
        CLAIM.search(plain)
        or NOT_WORSE.search(plain)
        or (uncited_surplus(plain) and _SHOWN_WORD.search(plain))
    )
    is_grounded = verdict.shown and (NO.search(plain) or _GROUND.search(plain))
    return bool(claims and is_grounded)


def _is_caution(sentence: Sentence, verdict: Verdict | None) -> bool:
    """Return whether a sentence warns, waits or says what to try next."""
    plain = sentence.plain
    if _STAY.search(plain) and (verdict is None or verdict.answer != "better"):
        return True
    if (rollout := _ROLLOUT.search(plain)) and is_denied(plain, rollout.start()):
        return True
    if says_tune(sentence) and _TUNE_CAUTION.search(plain):
        return True
    if _NEXT.search(plain) or (_REPLAY.search(plain) and _COULD.search(plain)):
        return True
    if _claims_something(plain):
        return False
    if _MODAL.search(plain) and not sentence.cites:
        return True
    return bool(_CARE.search(plain) or (_PERSON.search(plain) and NO.search(plain)))


def _is_short(sentence: Sentence) -> bool:
    """Return whether a few words speak of the figures cited before them."""
    before = sentence.before
    return len(sentence.plain.split()) <= _FEW and bool(before and before.cites)


def _is_of_result(plain: str) -> bool:
    """Return whether a sentence speaks of what came out, and not of how it was asked."""
    if (
        _DESCRIBED.match(plain)
        or _METHOD.search(plain)
        or _SCOPE.search(plain)
        or _ASIDE.match(plain)
    ):
        return False
    return bool(_OF_POLICY.search(plain) or _OF_EVIDENCE.search(plain))


def _says_something(plain: str) -> bool:
    return _claims_something(plain) or bool(directions_in(plain))


def _claims_something(plain: str) -> bool:
    return any(not is_denied(plain, found.start()) for found in CLAIM.finditer(plain))
