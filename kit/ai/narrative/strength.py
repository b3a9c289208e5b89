"""Whether a sentence claims what the verdict shows, and no more."""

from __future__ import annotations

import re
from dataclasses import replace

from kit.ai.narrative.advice import is_advice, rolled_out, without_advised
from kit.ai.narrative.attribution import says_tune
from kit.ai.narrative.claims import CLAIM, NOT_WORSE, is_denied
from kit.ai.narrative.comparisons import uncited_surplus
from kit.ai.narrative.gates import states
from kit.ai.narrative.overclaims import overclaim
from kit.ai.narrative.quantities import OF_SIDES, named_in
from kit.ai.narrative.questions import as_question, without_asked
from kit.ai.narrative.sentences import Sentence
from kit.ai.narrative.support import is_courtesy, unsupported
from kit.validate.verdict import Verdict

_ONLY_HARM = re.compile(
    r"(?:no|not|without|nothing) [^,;]*\b(?:show\w*|evidence|proof|sign|find|found|reach\w*)\b"
)
_SHOWN_NOT = re.compile(
    r"\b(?:show\w*|f[io]und|tells?|told|saw|answers?) (?:us )?(?:that|it|the candidate|"
    r"the baseline) .{0,40}\b(?:not|no|nothing|none)\b"
)
_ASKED = re.compile(
    r"\b(?:did|does|could|was|were|has|have|is|are)?\s?(?:not|no|nothing|"
    r"neither)\b[^,;]*\b(?:show\w*|evidence|proof|reason|find|reach\w*|found|improvement|gain)\b"
)
_SHOWN = {
    "better": "better|gain|improvement|advantage|difference",
    "worse": "worse|harm|loss|difference",
    "not_worse": r"not worse|non-inferior\w*|within the margin",
}
_SEEN = (
    r"(?:shown|established|demonstrated|found|proven|proved|substantiated|confirmed|seen|reached)"
)
_COPULA = r"(?:is|was|does|did|has|has been|could|could be|can|can be)"
_IS_NOT = {
    question: re.compile(
        rf"\b(?:{nouns})\b[^,;.\[]{{0,60}}\b{_COPULA} (?:not|never) (?:be |been )?{_SEEN}\b|"
        rf"^[^,;\[]*\b(?:is|was|did|does) not (?:(?:shown|found)(?: to be)? )?(?:{verbs})\b"
    )
    for question, nouns, verbs in (
        (
            "better",
            r"superiority|improvement|gain|advantage",
            r"better|improve|gain|beat|outperform",
        ),
        ("worse", r"inferiority|deterioration|harm", r"worse|inferior|harm|do worse"),
        ("not_worse", r"non-inferiority", r"non-inferior"),
    )
}
"""What denies a shown answer flatly."""
_NARROWED = re.compile(
    r"\btun(?:e|ing)|\b(?:if|whether|why|how|than|by|elsewhere|everywhere|every|each|all|any|other|"
    r"before|until|next|only|merely|just|simply|much|part|proof)\b|\?"
)
_TUNE = re.compile(r"\btun(?:e|ing)\b|调优")
_NOT_TUNE = re.compile(r"\bnot (?:of |on |in |from )?(?:the )?tun")
_OF_HOLDOUT = re.compile(
    r"\bholdout\b|\bshown\b|\bsuperior|\bshow\w* (?:that|it|the candidate|the baseline|to be)\b"
)
_FLATTERED = re.compile(r"\b(?:bias\w*|flatter\w*|overfit\w*|inflat\w*|optimis\w*|than they are)\b")
_DRAWN = re.compile(
    r"\b(?:(?:should|must|can|may|let us) (?:now |safely )?(?=switch|adopt|roll|deploy|launch|ship|"
    r"prefer)|so|hence|therefore|thus|which means|(?:shows?|proves?|means?|demonstrates?|implies|"
    r"makes?|suggests?|indicates?|tells? us) (?:us )?(?:that )?(?=(?:the )?(?:candidate|baseline|"
    r"it)\b)|(?:is|are|was|were) shown to)\b"
)
"""What leads from a figure of the tune split to a claim."""
_SO = re.compile(
    r"[,;:] (?:and )?(?:so|hence|therefore|thus|which means|meaning|that is|i\.e\.|in other "
    r"words)\b,?"
)
"""What leads from the answer, as quoted, to what it is taken to mean."""
_FLAT = re.compile(
    r"\b(?:(?:candidate|baseline|it|they) (?:is|are)) (?:not )?(?:better|worse)\b"
    r"(?= *[,;.](?! (?:on|in) (?:the )?tun)|$)"
)
"""``The candidate is better, with ...``: said of the policy, whatever is cited after it."""
_OF_POLICY = re.compile(
    r"(?<![\w-])(?:(?:better|worse|stronger|weaker) (?:than|policy|model|choice|option|approach|"
    r"bidder|strategy|rule|side|of the two|performer|bet|deal|one(?! of))|(?:an?|the|real|net|"
    r"clear) (?:\w+ )?(?:improvement|win|success|winner|upgrade|advantage|progress|"
    r"step forward)(?! (?:in|of|rate|for|on))|(?:more|most|less) profitable|preferable|helps|"
    r"outperform\w*|won (?:with|by|out|the)|pa(?:ys|id|y) off|superior\w*|inferior\w*|"
    r"right side)(?!\w)"
)
"""What is said of a policy as a whole, beside whatever figure."""

_IS_BASELINE = re.compile(r"\w+[^,;.\[]{0,30}? (?:is|was|are|were|goes to|went to) the baseline\b")
_UNCLAIMED = re.compile(
    r"\blos\w+ less\b|\b(?:not )?(?:better|worse)\s?\?|\bboth (?:policies|sides|bidders|models|"
    r"of them|are)? ?(?:los\w+|made (?:a )?loss\w*|gain\w*)|\b(?:contain|includ|cover|allow|exclud|"
    r"reach|span)\w* (?:\w+ ){0,2}(?:gains?|loss(?:es)?)(?: (?:and|or|"
    r"as well as) (?:\w+ )?(?:gains?|loss(?:es)?))?"
)
"""Words of gain and loss that claim none: a question, both sides alike, what an interval holds."""


_LOSS = r"(?:loss|harm|deficit|shortfall|drop|damage)(?:es)?"
_BEYOND = (
    r"(?:more than|larger|bigger|greater|worse|beyond|above|over|exceeding|past|as (?:big|large|"
    r"great) as)"
)
_RULED_OUT = re.compile(
    rf"(?:an?|any|every|all) {_LOSS}\b[^;,.]{{0,40}}?\b{_BEYOND}\b[^;]*?\b(?:is|are|was|were|"
    rf"has been|"
    r"can be|may be|lies|falls) (?:thus |hence |therefore )?(?:ruled out|excluded|outside (?:the|"
    r"its) interval)|"
    rf"(?<!not )(?<!to )\b(?:rules?|ruled|ruling|excludes?|excluded) (?:out )?(?:an? |"
    rf"any )?{_LOSS}\b[^;,.]{{0,40}}?\b{_BEYOND}\b[^;]*|(?:the|any|"
    rf"its) {_LOSS} (?:\w+ ){{0,2}}(?:within|inside|under|below|smaller than)\b[^;,]*\bmargin\b"
)


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
    sentence = replace(sentence, plain=_in_short(as_question(sentence.plain)))
    if is_courtesy(sentence.plain):
        return ""
    if rolled := rolled_out(sentence.plain):
        return f'"{rolled}": to go live is more than a next try'
    if is_advice(sentence.plain):
        return overclaim(sentence.plain)
    return (
        overclaim(sentence.plain)
        or _beyond_verdict(sentence, verdict)
        or _denies_verdict(sentence, verdict)
        or unsupported(sentence, verdict)
    )


def _in_short(plain: str) -> str:
    """Return a sentence with a loss beyond the margin, ruled out or not met, told as *not worse*.

    ``a loss of more than 2 usd [f4] (the margin) is ruled out``
    """
    return without_advised(without_asked(_RULED_OUT.sub(" it is not worse ", plain)))


def _beyond_verdict(sentence: Sentence, verdict: Verdict | None) -> str:
    """Hold a plain claim, cited or not, against what the holdout shows."""
    plain = sentence.plain
    if not says_tune(sentence) and (reason := _surplus(sentence, verdict)):
        return reason
    if "answer" in states(plain):
        so = _SO.search(plain)
        return _claims(plain[so.start() :], verdict) if so and not says_tune(sentence) else ""
    if says_tune(sentence) and sentence.cites and not re.search(r"\bholdout\b", plain):
        if _TUNE.search(plain):
            drawn = _DRAWN.search(plain)
            flat = _FLAT.search(plain)
            if flat and not _TUNE.search(plain[: flat.start()]):
                return _claims(flat[0], verdict)
            return _claims(plain[drawn.start() :], verdict) if drawn else ""
        return _beyond_cited(plain, verdict)
    of_tune = _TUNE.search(plain) and not _NOT_TUNE.search(plain)
    of_tune = of_tune and not _FLATTERED.search(plain)
    if of_tune and not sentence.cites and _claims(plain, None):
        return "a claim of the tune split must cite its figures"
    if says_tune(sentence) and sentence.cites:
        plain = _about_holdout(plain)
    if sentence.cites and not _OF_HOLDOUT.search(plain):
        return _beyond_cited(plain, verdict)
    return _claims(plain, verdict)


def _about_holdout(plain: str) -> str:
    """Return the clauses that do not speak of the tune split, whose figures may be told."""
    whole = re.sub(r"^(\w+(?: \w+){0,3}),", r"\1", plain)  # in tuning, it gained
    clauses = re.split(r"(?<=[;,])(?!\d)|(?=\bbut\b)|(?=\bwhile\b)", whole)
    return "".join(clause for clause in clauses if not _TUNE.search(clause))


def _surplus(sentence: Sentence, verdict: Verdict | None) -> str:
    """Hold a rise or fall of surplus, for which no fact is cited, against the verdict."""
    for word in uncited_surplus(sentence.plain):
        needed = "better" if word.sign("surplus") > 0 else "worse"
        left_open = word.negated or is_denied(sentence.plain, word.start)
        if not left_open and (verdict is None or verdict.answer != needed):
            return f'"{word.word}": {_answer(verdict)}'
    return ""


def _beyond_cited(plain: str, verdict: Verdict | None) -> str:
    """Hold what is said of a policy as a whole; `comparisons` checks a cited rise or fall."""
    found = _OF_POLICY.search(plain)
    if found is None or _of_another(plain, found.start()):
        return ""
    return _claims(plain, verdict)


def _of_another(plain: str, place: int) -> bool:
    """Return whether a word is said of a rate or a price: ``its CTR is better than ...``."""
    clause = re.split(r"[;:]|,(?!\d)|\bbut\b", plain[:place])[-1]
    return bool(set(named_in(clause)) & OF_SIDES)


def _claims(plain: str, verdict: Verdict | None) -> str:
    plain = _UNCLAIMED.sub(lambda found: " " * len(found[0]), plain)
    text = NOT_WORSE.sub(lambda found: " " * len(found[0]), plain)
    for found in CLAIM.finditer(text):
        of_baseline = _of_baseline(plain, found.start())
        if is_denied(plain, found.start()):
            if of_baseline:
                return f'"{found[0]}": the baseline was not asked about'
            continue
        needed = "better" if bool(found["up"]) != of_baseline else "worse"
        if verdict is None or verdict.answer != needed:
            return f'"{found[0]}": {_answer(verdict)}'
    said = NOT_WORSE.search(plain)
    if said and not is_denied(plain, *said.span()) and "not shown" not in plain:
        allowed = verdict is not None and verdict.answer in ("not worse", "better")
        return "" if allowed else f'"{said[0]}": {_answer(verdict)}'
    return ""


def _of_baseline(plain: str, place: int) -> bool:
    """Return whether a claim's subject is the baseline: ``the baseline is worse``."""
    if _IS_BASELINE.match(plain, place):
        return True
    clause = re.split(r"[;:,]|\bbut\b", plain[:place])[-1]
    return bool(re.search(r"\bbaseline(?:'s)?\b(?: \w+){0,3} ?$", clause)) and not re.search(
        r"\b(?:than|against|over|above|below|from|to) (?:the )?baseline", clause
    )


def _answer(verdict: Verdict | None) -> str:
    return "there is no verdict" if verdict is None else f'the verdict is "{verdict.answer}"'


def _denies_verdict(sentence: Sentence, verdict: Verdict | None) -> str:
    """Strike ``the holdout did not show a gain`` where it did."""
    if verdict is None or "not prove" in sentence.plain:
        return ""
    if not verdict.shown:
        return _unasked(sentence.plain, verdict)
    plain = sentence.plain
    denied = _IS_NOT[verdict.question].search(plain)
    if denied and not _NARROWED.search(plain):
        return f"it denies what is shown: {_answer(verdict)}"
    plain = plain if "not shown" in plain else NOT_WORSE.sub(" non-inferior", plain)
    claimed = _SHOWN[verdict.question]
    asked = _ASKED.search(plain)
    start = asked.start() if asked and verdict.question == "not_worse" else 0
    if (
        asked
        and not re.search(r"\bpart\b", plain[: asked.end()])
        and re.search(rf"\b(?:{claimed})\b", plain[start:])
        and not re.search(r"\bacross the board\b|\b(?:every|each|all) \w+|\beverywhere\b", plain)
        and not re.search(r"\b(?:last|cause\w*|other|future|prove)\b", plain)
    ):
        if verdict.question == "not_worse" and "better" in plain:
            return ""
        return f"it denies what is shown: {_answer(verdict)}"
    return ""


def _unasked(plain: str, verdict: Verdict) -> str:
    """Strike ``no harm was found`` where it was asked whether the candidate is better."""
    if _SHOWN_NOT.search(plain) and not re.search(
        r"\b(?:not|n't|nothing|without|neither) .*show", plain
    ):
        return "that nothing was shown does not show that there is nothing"
    kinds = {found.lastgroup for found in CLAIM.finditer(plain)}
    if re.search(r"\bwhether\b", plain):
        return ""
    is_caution = re.search(r"\bnot (?:a |the )?(?:same|proof|prove|mean|say)\b", plain)
    if (
        verdict.question == "better"
        and kinds == {"down"}
        and not is_caution
        and (_ONLY_HARM.search(plain))
    ):
        return "the holdout was not asked whether it is worse"
    return ""
