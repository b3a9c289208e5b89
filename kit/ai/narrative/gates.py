"""What a sentence says of the verdict, the status and the gates, held against the verdict."""

from __future__ import annotations

import re

from kit.ai.narrative.numbers import WORDS
from kit.ai.narrative.sentences import Sentence
from kit.validate.verdict import Verdict

_ANSWER = re.compile(
    r"not shown not worse|not shown better|not shown worse|not worse|not better|better|worse"
)
_SAYS = re.compile(
    r"\b(?:verdict|answer|result|outcome|conclusion)\b(?: is| was| reads| reads as| comes out as|"
    r" of| on [\w ]+ is| says)?"
    r"[\s:)\"“'(]*(?=not|better|worse)|[\"“'](?=not |better|worse)|"
    r"结论[^a-z]*(?:\(verdict\)[^a-z]*)?(?=not|better|worse)"
)
_NO = re.compile(r"\b(?:not|no|never|short of|n't)\b")
_STATUSES = (
    (
        "needs a person",
        r"needs? a person|person|by hand|human|someone|somebody|colleague|reviewer|"
        r"analyst|expert|judg\w+|awaits?",
    ),
    (
        "fail",
        r"fail\w*|not (?:yet )?(?:clear\w*|resolved|settled)|raise[sd]? (?:a |any )?(?:concern|"
        r"flag|alarm|objection|issue|problem)\w*|"
        r"(?:did|does|do|has|have) not pass\w*|not pass\w*|not met|broke\w*",
    ),
    (
        "pass",
        r"pass(?:ed|es|ing)?|fine|ok|okay|clean|clear\w*|raised no|raises no|no objection|green|"
        r"sound|good|healthy|intact|in order|(?:no|nothing) [\w ]*(?:flagged|found)|satisf\w+|"
        r"unproblematic|no (?:issue|problem|concern|cause)\w*|under control|succe\w+|held|holds",
    ),
)
_NAMES = {
    "leakage": r"leak\w*",
    "calibration": r"calibrat\w+(?! (?:error|ratio|value))",
    "drift": r"drift\w*",
    "overlap": r"overlap\w*",
    "replay": r"replay gate",
    "stress": r"stress\w*",
    "worst_segment": r"worst[ _]segment",
    "label_maturity": r"label[ _]maturity|label gate|maturity gate",
    "sample_size": r"sample[ _]size(?: gate)?(?! of)",
    "exploration": r"exploration",
    "invalid_traffic": r"invalid[ _]traffic gate",
    "effect": r"effect gate",
}
_ALL = re.compile(
    r"(?:every|all|each|both)(?: of)?(?: the)?(?: \w+)? gates?|gates?:? (?:\w+ )*all|"
    r"^the gates (?=pass|fail)"
)
_SOME = re.compile(r"\b(?:one|a|some|another)(?: of the)? (?:\w+ )?gates?\b")
_COUNT = re.compile(rf"\b({'|'.join(WORDS)}|\d+)(?: of the)?(?: \w+)? gates?\b")
_NONE = re.compile(r"\bno(?:ne of the)?(?: \w+)? gates?")
_ALL_OR_NONE = re.compile(f"{_ALL.pattern}|{_NONE.pattern}|{_SOME.pattern}")
_SUPPOSED = re.compile(r"^\W*(?:if|once|until|unless|should|when|before|provided|assuming)\b")
_DID = re.compile(r"^\W*(?:but |and |while )?[\w ]{0,20}\b(?:did|does|has|was|is)\W*$")
"""``Leakage raised no concern, drift did``: what it did is not said here."""
_NOBODY = re.compile(
    r"\bno (?:person|one|human|reviewer|analyst|expert)\b|\bnothing for a person\b|\bneed not\b|"
    r"\bnot (?:need|have to|require|call for|want)\w*\b|\bnot (?:be )?(?:needed|required|necessary)"
)
_STATUS = re.compile(r"\bstatus\b")


def wrong_statement(sentence: Sentence, verdict: Verdict | None) -> str:
    """Return what a sentence says of the verdict that is not so; empty where nothing.

    Parameters
    ----------
    sentence : Sentence
        Of a narrative.
    verdict : Verdict or None
        None where no look was asked for: nothing may then be said of one.

    Examples
    --------
    >>> from kit.ai.narrative.sentences import sentences_of
    >>> verdict = Verdict("better", False, "fail", (), "a", "b", "a", "b", "c", 3, 197, 0.004)
    >>> wrong_statement(sentences_of("The verdict is better.", [])[0], verdict)
    'the verdict is "not shown better"'
    """
    said = states(sentence.plain)
    if verdict is None:
        return "there is no verdict" if said and said != {"person"} else ""
    checks = (
        _wrong_count,
        _wrong_some,
        _wrong_answer,
        _wrong_status,
        _wrong_all,
        _wrong_gate,
        _wrong_person,
    )
    return next(filter(None, (check(sentence.plain, verdict) for check in checks)), "")


def states(plain: str) -> set[str]:
    """Return what a sentence speaks of: ``answer``, ``status``, ``gate``, ``person``."""
    found = {
        "answer": _answer_said(plain) is not None,
        "status": bool(_STATUS.search(plain) and _status_said(plain)),
        "gate": bool(_status_said(plain) and (_gates_named(plain) or _ALL_OR_NONE.search(plain))),
        "person": bool(
            re.search(
                r"\b(?:person|someone|by hand|colleague|reviewer|analyst|"
                r"expert)\b",
                plain,
            )
        ),
    }
    return {name for name, is_said in found.items() if is_said}


def _answer_said(plain: str) -> str | None:
    for lead in _SAYS.finditer(plain):
        found = _ANSWER.match(plain, lead.end())
        if found and plain[found.end() : found.end() + 1] != "?":
            return found[0]
    found = re.match(
        r"(?:tl;dr: )?(better(?=[.!]?$)|worse(?=[.!]?$)|not (?:shown )?(?:not )?worse|"
        r"not shown better)(?=[,.:;])",
        plain,
    )
    return found[1] if found else None


def _wrong_answer(plain: str, verdict: Verdict) -> str:
    said = _answer_said(plain)
    if said is None:
        return ""
    lead = plain[: plain.index(said)]
    after = plain[plain.index(said) + len(said) :]
    denied = bool(
        re.search(
            r"\b(?:not|no|short of|out of|beyond|missed|unshown)\b", lead + after.split(",")[0]
        )
    )
    if denied:
        return (
            f'the verdict is "{verdict.answer}"'
            if said == verdict.answer and "short" in lead
            else ""
        )
    return "" if said == verdict.answer else f'the verdict is "{verdict.answer}"'


def _status_said(plain: str) -> str | None:
    for status, pattern in _STATUSES:
        if re.search(rf"\b(?:{pattern})\b", plain):
            return status
    return None


def _wrong_status(plain: str, verdict: Verdict) -> str:
    found = _STATUS.search(plain)
    if not found:
        return ""
    said = _status_said(plain[found.start() :]) or _status_said(plain)
    return "" if said in (None, verdict.status) else f'the status is "{verdict.status}"'


def _wrong_all(plain: str, verdict: Verdict) -> str:
    said = _status_said(plain)
    statuses = {gate.status for gate in verdict.gates}
    if said is not None and _NONE.search(plain):
        said = _status_said(_clause_of(_NONE.pattern, plain))
        return f'a gate says "{said}"' if said in statuses else ""
    if not (every := _ALL.search(plain)):
        return ""
    said = _status_said(_clause_at(every.start(), plain)) or said
    if said is None:
        return ""
    denied = re.search(r"\bnot (?:every|all)\b", plain)
    return "" if (statuses == {said}) != bool(denied) else "not every gate came out so"


def _wrong_count(plain: str, verdict: Verdict) -> str:
    """Hold ``all three gates passed`` against how many there are, or came out so."""
    found = _COUNT.search(plain)
    count = WORDS.get(found[1], None) or int(found[1]) if found else None
    said = _status_said(plain)
    known = {len(verdict.gates), sum(gate.status == said for gate in verdict.gates)}
    return "" if count is None or count in known else f"there are not {count} such gates"


def _wrong_some(plain: str, verdict: Verdict) -> str:
    """Hold ``one gate failed`` against the gates."""
    found = _SOME.search(plain)
    said = _status_said(_clause_at(found.start(), plain)) if found else None
    statuses = {gate.status for gate in verdict.gates}
    return "" if said in (None, "pass", *statuses) else f'no gate says "{said}"'


def _gates_named(plain: str) -> list[str]:
    return [name for name, pattern in _NAMES.items() if re.search(rf"\b(?:{pattern})\b", plain)]


def _wrong_gate(plain: str, verdict: Verdict) -> str:
    for name in _gates_named(plain):
        clause = _clause_of(_NAMES[name], plain)
        said = _status_said(clause) or _status_said(plain)
        if said == "pass" and re.search(r"\b(?:did|does|do|has|was|is) not *[.,;]?$", clause):
            said = "fail"  # calibration passed, drift did not
        statuses = [gate.status for gate in verdict.gates if gate.gate.replace(" ", "_") == name]
        if said is None or _is_figure(plain) or _SUPPOSED.search(clause) or _DID.search(clause):
            continue
        if not statuses:
            return f"{name.replace('_', ' ')}: the verdict has no such gate"
        if said not in statuses and not (said == "fail" and "needs a person" in statuses):
            return f'{name}: its gate says "{statuses[0]}"'
        if said == "pass" and set(statuses) != {"pass"}:
            return f'{name}: its gate does not say "pass" on every split'
    return ""


def _clause_at(place: int, plain: str) -> str:
    """Return the clause around a place: ``the gates passed, and yet a person has to sign off``."""
    marks = [found.start() for found in re.finditer(r"[,;:]|\b(?:so|but|yet|although)\b", plain)]
    start = max((mark for mark in marks if mark <= place), default=0)
    return plain[start : min((mark for mark in marks if mark > place), default=len(plain))]


def _clause_of(pattern: str, plain: str) -> str:
    """Return the clause in which a gate is named: ``drift failed, so the status is ...``."""
    clauses = re.split(r"[,;:]|\bso\b|\bbut\b", plain)
    return next((clause for clause in clauses if re.search(rf"\b(?:{pattern})\b", clause)), plain)


def _is_figure(plain: str) -> bool:
    """Return whether a gate's word stands for a measured number: it cites one and names no gate."""
    return "[" in plain and not re.search(r"\bgate\b|\bfail\w*|\bpass\w*", plain)


def _wrong_person(plain: str, verdict: Verdict) -> str:
    if "person" not in states(plain):
        return ""
    is_doubted = "needs a person" in {verdict.status, *(gate.status for gate in verdict.gates)}
    if _NOBODY.search(plain):
        return "it says that no person is needed" if is_doubted else ""
    return "" if is_doubted else "no person is asked for by the verdict"
