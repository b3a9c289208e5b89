"""Whether a sentence claims what the verdict shows, and no more."""

from __future__ import annotations

import re

from kit.ai.narrative.attribution import says_tune
from kit.ai.narrative.comparisons import uncited_surplus
from kit.ai.narrative.gates import states
from kit.ai.narrative.overclaims import overclaim
from kit.ai.narrative.sentences import Sentence
from kit.validate.verdict import Verdict

_UP = (
    r"better|gain\w*|improve\w*|ahead|help\w*|beat\w*|outperform\w*|advantage\w*|benefi\w+|"
    r"success\w*|"
    r"pays off|wins?|higher surplus|more surplus|earns? more|earned more|preferable|uplift|"
    r"surplus (?:(?:is|was|went)(?: shown to be)? (?:up|higher)|rose|grew)|adopt\w*|switch\w*|"
    r"prefer\w*"
)
_DOWN = (
    r"worse\w*|harm\w*|loss(?:es)?|lost|loses?|losing|damag\w+|hurts?|inferior\w*|disadvantage|"
    r"less surplus|lower surplus|surplus (?:fell|dropped|is down|is lower|was lower)|"
    r"underperform\w*"
)
_CLAIM = re.compile(rf"(?<![\w-])(?:(?P<up>{_UP})|(?P<down>{_DOWN}))(?!\w)")
_NOT_WORSE = re.compile(
    r"\b(?:not|no|isn't|never|n't)(?: shown| being| to be| any)? (?:worse|inferior)|non-inferior\w*"
)
_NO = re.compile(
    r"\b(?:not|no|nothing|cannot|n't|neither|nor|never|whether|unproven|unclear|open|without|"
    r"nobody|none|if|doesn't|didn't|isn't|can't|inconclusive|"
    r"undecided|silent|fail(?:s|ed)? to|untested|unknown|(?:too|falls?|fell) short|"
    r"too (?:few|little|small|early|soon)|could|may|might|falls? short|hardly|ruled out|excluded)\b"
)
_EVIDENCE = re.compile(
    r"\b(?:show\w*|evidence|prov\w+|proof|f[io]und|say|said|says|tells?|told|unproven|open|speaks?|"
    r"reach\w*|reason to|promis\w+|carry|look(?:ed|s)?(?! like)|exclud\w+|ruled|report\w*|differ|"
    r"see|saw|seen|make it|called|read|lean|weak\w*|detect\w*|establish\w*|answer\w*|conclud\w+|"
    r"claim\w*|demonstrat\w*|confirm\w*|examin\w*|statement|result|earned|about|bears?|follows?|test\w*|yes|inconclusive|undecided|silent|support\w*|stud\w+|ask\w*|"
    r"enough|settle\w*|judg\w+|means?|whether|replay|measured|tested|known|know|beyond)\b"
)
_ONLY_HARM = re.compile(
    r"(?:no|not|without|nothing) [^,;]*\b(?:show\w*|evidence|proof|sign|find|found|reach\w*)\b"
)
_SHOWN_NOT = re.compile(
    r"\b(?:show\w*|f[io]und|tells?|told|saw) (?:us )?that .{0,40}\b(?:not|no|nothing|none)\b"
)
_ASKED = re.compile(
    r"\b(?:did|does|could|was|were|has|have|is|are)?\s?(?:not|no|nothing|neither)\b[^,;]*"
    r"\b(?:show\w*|evidence|proof|reason|find|reach\w*|found|improvement|gain)\b"
)
_SHOWN = {
    "better": "better|gain|improvement|advantage|difference",
    "worse": "worse|harm|loss|difference",
    "not_worse": r"not worse|non-inferior\w*|within the margin",
}
_NAMED = re.compile(r"^(?:the )?(?:candidate|baseline)\s*[:(]|^question\b")
_GROUND = re.compile(r"\b(?:hold-?out|verdict|vault|replay|show[ns]?|than|surplus|answer)\b|保留集")
_SHOWN_WORD = re.compile(r"\bhold-?out\b|\bshow[ns]?\b")
_STAY = re.compile(
    r"should not|\badvise against|\bdo not recommend|\bwe (?:stay|keep|stick|remain|leave)\b|"
    r"\bbaseline (?:stays|remains|is to be kept)\b|\btoo (?:early|soon)\b|\bchosen (?:on|there)\b"
)
_TUNE = re.compile(r"\btun(?:e|ing)\b|调优")
_TUNE_CAUTION = re.compile(r"\bonly\b|\bflatter\w*|\borientation\b|\bno more\b|\bchosen\b")
_NEXT = re.compile(
    r"^(?:to try )?next:(?!.*\b(?:roll\w*|switch\w*|adopt\w*|deploy\w*|launch\w*|go live)\b)"
)
_REPLAY = re.compile(r"\breplay\w*|\blogged\b|\blog\b")
_COULD = re.compile(r"\b(?:could|may|might|outside|beyond|cannot|not)\b")


def too_strong(sentence: Sentence, verdict: Verdict | None) -> str:
    """Return in plain words what a sentence claims beyond the verdict; empty where nothing.

    Parameters
    ----------
    sentence : Sentence
        Of a narrative.
    verdict : Verdict or None
        None where no look was asked for: nothing is then shown.

    Examples
    --------
    >>> from kit.ai.narrative.sentences import sentences_of
    >>> verdict = Verdict("better", False, "fail", (), "a", "b", "a", "b", "c", 3, 197, 0.004)
    >>> too_strong(sentences_of("It helps.", [])[0], verdict)
    '"helps": the verdict is "not shown better"'
    """
    return (
        overclaim(sentence.plain)
        or _beyond_verdict(sentence, verdict)
        or _denies_verdict(sentence, verdict)
        or _unsupported(sentence, verdict)
    )


def _beyond_verdict(sentence: Sentence, verdict: Verdict | None) -> str:
    """Hold a plain claim, cited or not, against what the holdout shows."""
    plain = sentence.plain
    if not says_tune(sentence) and (reason := _surplus(sentence, verdict)):
        return reason
    if "answer" in states(plain):
        return ""
    if says_tune(sentence) and sentence.cites and not re.search(r"\bholdout\b", plain):
        return "" if _TUNE.search(plain) else _beyond_cited(plain, verdict)
    if _TUNE.search(plain) and not sentence.cites and _claims(plain, None):
        return "a claim of the tune split must cite its figures"
    if says_tune(sentence) and sentence.cites:
        plain = _about_holdout(plain)
    if sentence.cites and not re.search(r"\bholdout\b|\bshow\w*|\bsuperior", plain):
        return _beyond_cited(plain, verdict)
    return _claims(plain, verdict)


def _about_holdout(plain: str) -> str:
    """Return the clauses that do not speak of the tune split, whose figures may be told."""
    clauses = re.split(r"(?<=[;,])(?!\d)|(?=\bbut\b)|(?=\bwhile\b)", plain)
    return "".join(clause for clause in clauses if not _TUNE.search(clause))


def _surplus(sentence: Sentence, verdict: Verdict | None) -> str:
    """Hold a rise or fall of surplus, for which no fact is cited, against the verdict."""
    for word in uncited_surplus(sentence.plain):
        needed = "better" if word.sign("surplus") > 0 else "worse"
        left_open = word.negated or _denied(sentence.plain, word.start)
        if not left_open and (verdict is None or verdict.answer != needed):
            return f'"{word.word}": {_answer(verdict)}'
    return ""


def _beyond_cited(plain: str, verdict: Verdict | None) -> str:
    """Hold ``better than``; a cited rise or fall is checked as a comparison elsewhere."""
    found = re.search(r"(?<![\w-])(?:better than|worse than|helps|outperform\w*)(?!\w)", plain)
    return _claims(plain, verdict) if found else ""


def _claims(plain: str, verdict: Verdict | None) -> str:
    text = _NOT_WORSE.sub(lambda found: " " * len(found[0]), plain)
    for found in _CLAIM.finditer(text):
        of_baseline = _of_baseline(plain, found.start())
        if _denied(plain, found.start()):
            if of_baseline:
                return f'"{found[0]}": the baseline was not asked about'
            continue
        needed = "better" if bool(found["up"]) != of_baseline else "worse"
        if verdict is None or verdict.answer != needed:
            return f'"{found[0]}": {_answer(verdict)}'
    said = _NOT_WORSE.search(plain)
    if said and not _denied(plain, said.start()) and "not shown" not in plain:
        allowed = verdict is not None and verdict.answer in ("not worse", "better")
        return "" if allowed else f'"{said[0]}": {_answer(verdict)}'
    return ""


def _of_baseline(plain: str, place: int) -> bool:
    """Return whether a claim's subject is the baseline: ``the baseline is worse``."""
    clause = re.split(r"[;:,]|\bbut\b", plain[:place])[-1]
    return bool(re.search(r"\bbaseline(?:'s)?\b(?: \w+){0,3} ?$", clause)) and not re.search(
        r"\b(?:than|against|over|above|below|from|to) (?:the )?baseline", clause
    )


def _denied(plain: str, place: int) -> bool:
    """Return whether a claim is denied or left open, before it or after it in the same clause."""
    clause = re.split(r"[;:]|\bbut\b", plain[:place])[-1]
    rest = re.split(r"[;:,]|\bbut\b|\band\b", plain[place:])[0]
    return bool(_NO.search(clause.replace("not only", "")) or _NO.search(rest))


def _answer(verdict: Verdict | None) -> str:
    return "there is no verdict" if verdict is None else f'the verdict is "{verdict.answer}"'


def _denies_verdict(sentence: Sentence, verdict: Verdict | None) -> str:
    """Strike ``the holdout did not show a gain`` where it did."""
    if verdict is None or "not prove" in sentence.plain:
        return ""
    if not verdict.shown:
        return _unasked(sentence.plain, verdict)
    plain = sentence.plain
    claimed = _SHOWN[verdict.question]
    if (
        _ASKED.search(plain)
        and re.search(rf"\b(?:{claimed})\b", plain)
        and not re.search(r"\b(?:last|cause\w*|other|future|prove)\b", plain)
    ):
        if verdict.question == "not_worse" and "better" in plain:
            return ""
        return f"it denies what is shown: {_answer(verdict)}"
    return ""


def _is_grounded(plain: str, verdict: Verdict) -> bool:
    return bool(verdict.shown and (_NO.search(plain) or _GROUND.search(plain)))


def _unasked(plain: str, verdict: Verdict) -> str:
    """Strike ``no harm was found`` where it was asked whether the candidate is better."""
    if _SHOWN_NOT.search(plain) and not re.search(
        r"\b(?:not|n't|nothing|without|neither) .*show", plain
    ):
        return "that nothing was shown does not show that there is nothing"
    kinds = {found.lastgroup for found in _CLAIM.finditer(plain)}
    is_caution = re.search(r"\bnot (?:a |the )?(?:same|proof|prove|mean|say)\b", plain)
    if (
        verdict.question == "better"
        and kinds == {"down"}
        and not is_caution
        and (_ONLY_HARM.search(plain))
    ):
        return "the holdout was not asked whether it is worse"
    return ""


def _unsupported(sentence: Sentence, verdict: Verdict | None) -> str:
    """Strike what cites nothing and speaks neither of the verdict nor of what is not known."""
    plain = sentence.plain
    if sentence.cites or states(plain) or _NAMED.search(plain):
        return ""
    if _NO.search(plain) and _EVIDENCE.search(plain):
        return ""
    claims = _CLAIM.search(plain) or (uncited_surplus(plain) and _SHOWN_WORD.search(plain))
    if verdict is not None and claims and _is_grounded(plain, verdict):
        return ""
    if _STAY.search(plain) and (verdict is None or verdict.answer != "better"):
        return ""
    if says_tune(sentence) and _TUNE_CAUTION.search(plain):
        return ""
    if _NEXT.search(plain):
        return ""
    if _REPLAY.search(plain) and _COULD.search(plain):
        return ""
    return "it cites no fact and states nothing of the verdict"
