"""What a sentence says of the verdict, the status and the gates, held against the verdict."""

from __future__ import annotations

import re

from kit.ai.narrative.advice import is_advice
from kit.ai.narrative.gate_turns import NO, OTHERS, SUPPOSED, blank, in_turn, wrong_turn
from kit.ai.narrative.gate_words import (
    COMMON,
    STATUS_IS,
    STATUSES,
    gates_named,
    key_of,
    pattern_of,
    status_said,
    with_repeated,
)
from kit.ai.narrative.numbers import WORDS
from kit.ai.narrative.questions import wrong_question
from kit.ai.narrative.sentences import Sentence
from kit.validate.verdict import Verdict

_ANSWER = re.compile(
    r"not shown not worse|not shown better|not shown worse|not worse|not better|better|worse"
)
_SAYS = re.compile(
    r"\b(?:verdict|answer|result|outcome|conclusion)\b(?: is| was| reads| reads as| comes out as|"
    r" of| on [\w ]+ is| says)?[\s:)\"“'(]*(?=not|better|worse)|"
    r"(?<!ask )(?<!asked )(?<!asking )(?<!question is )(?<!question was )(?<!question being )"
    r"[\"“'](?=not |better|worse)|"
    r"结论[^a-z]*(?:\(verdict\)[^a-z]*)?(?=not|better|worse)"
)
_ALL = re.compile(
    r"(?:every|all|each|both)(?: of)?(?: the)?(?: \w+)? gates?|gates?:? (?:\w+ )*all|"
    r"^the gates (?=pass|fail|rais|are|were|look|say|read|stand|came)"
)
_SOME = re.compile(r"\b(?:one|a|some|another)(?: of the)? (?:\w+ )?gates?\b")
_ONE_TO = {"one": 1} | WORDS
_COUNT = re.compile(
    rf"\b({'|'.join(WORDS)}|\d+)(?: of the)?(?: \w+)? gates?\b|"
    rf"\b({'|'.join(_ONE_TO)}|\d+) (?=pass|fail|cleared|needs?\b|did\b)"
)
_SAVE = r"with the exception of|except|save|bar|other than|apart from|aside from"
_BUT = re.compile(
    r"\bgates?(?: (?:is|are|was|were|say|says|said|read|stand at|came out as))?"
    r"(?: [\"“']?[\w ]{4,14}[\"”']?)?,? "
    rf"(?:but(?: for\b|(?= \w+[.;]?$))|{_SAVE})\b|\bgates? (?:but|{_SAVE})\b"
)
"""``All gates but power``: what is said of that one is held for itself."""
_NONE = re.compile(r"\bno(?:ne of the)?(?: \w+)? gates?")
_ALL_OR_NONE = re.compile(f"{_ALL.pattern}|{_NONE.pattern}|{_SOME.pattern}")
_NOT_PASSED = re.compile(
    r"\b(?:not|cannot|never)\b(?: \w+){0,4} (?:pass|clear|through|fine|clean|green)"
)
_DID_NOT = re.compile(r"\b(?:did|does|do|has|was|is) not(?: yet)? *[.,;]?$")
_DID = re.compile(r"^\W*(?:but |and |while )?[\w ]{0,20}\b(?:did|does|has|was|is)\W*$")
"""``Leakage raised no concern, drift did``: what it did is not said here."""
_NOTHING_OPEN = (
    r"\bnothing (?:\w+ )?(?:pending|open|outstanding)\b|\bno open (?:point|item|issue|question)s?\b"
)
_NOBODY = re.compile(
    rf"{_NOTHING_OPEN}|"
    r"\bno (?:person|one|human|reviewer|analyst|expert)\b|\b(?:nobody|none) (?:has to|needs|"
    r"is needed)\b|\bnothing for a person\b|\bneed not\b|\bnot (?:need|have to|require|call for|"
    r"want)\w*\b|\bnot (?:be )?(?:needed|required|necessary)"
)
_PERSON = re.compile(
    r"\b(?:person|someone|somebody|by hand|colleague|reviewer|analyst|expert|human)\b|"
    rf"\b(?:nobody|no one) (?:has to|needs|is needed)\b|{_NOTHING_OPEN}"
)
_CLAUSE_END = re.compile(r"[,:;]|\band no\b|\b(?:while|because|since|as long as|until)\b")
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
    if is_advice(sentence.plain):
        return ""
    if verdict is None:
        return "there is no verdict" if said and said != {"person"} else ""
    plain = with_repeated(sentence.plain)
    checks = (
        wrong_question,
        _wrong_count,
        _wrong_some,
        _wrong_answer,
        _wrong_status,
        _wrong_all,
        _wrong_gate,
        _wrong_person,
    )
    return next(filter(None, (check(plain, verdict) for check in checks)), "")


def states(plain: str) -> set[str]:
    """Return what a sentence speaks of: ``answer``, ``status``, ``gate``, ``person``."""
    found = {
        "answer": _answer_said(plain) is not None,
        "status": bool(_STATUS.search(plain) and status_said(plain)),
        "gate": bool(status_said(plain) and (gates_named(plain) or _ALL_OR_NONE.search(plain))),
        "person": bool(_PERSON.search(plain)),
    }
    return {name for name, is_said in found.items() if is_said}


def _answer_said(plain: str) -> str | None:
    for lead in _SAYS.finditer(plain):
        found = _ANSWER.match(plain, lead.end())
        if found and plain[found.end() : found.end() + 1] != "?":
            return found[0]
    found = re.match(
        r"(?:(?:tl;dr|yes|so|in short|result|answer)[:,] )?(better(?=[.!]?$)|worse(?=[.!]?$)|"
        r"not (?:shown )?(?:not )?worse|not shown better)(?=[,.:;])",
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


def _wrong_status(plain: str, verdict: Verdict) -> str:
    found = _STATUS.search(plain)
    if not found:
        return ""
    after = _CLAUSE_END.split(plain[found.end() :].lstrip(' :"'))[0]
    said = status_said(after) or status_said(plain[found.start() :]) or status_said(plain)
    if said == "pass" and NO.search(after):
        return 'the status is "pass"' if verdict.status == "pass" else ""
    return "" if said in (None, verdict.status) else f'the status is "{verdict.status}"'


def _wrong_all(plain: str, verdict: Verdict) -> str:
    said = status_said(plain)
    excepted = gates_named(plain) if _BUT.search(plain) or OTHERS.search(plain) else []
    statuses = {gate.status for gate in verdict.gates if key_of(gate.gate) not in excepted}
    if said is not None and _NONE.search(plain):
        said = status_said(_clause_of(_NONE.pattern, plain))
        return f'a gate says "{said}"' if said in statuses else ""
    if in_turn(plain) or not (every := _ALL.search(plain)):
        return ""
    said = status_said(_clause_at(every.start(), plain)) or said
    if said is None:
        return ""
    denied = re.search(r"\bnot (?:every|all)\b", plain)
    return "" if (statuses == {said}) != bool(denied) else "not every gate came out so"


def _wrong_count(plain: str, verdict: Verdict) -> str:
    """Hold ``all three gates passed`` and ``three passed, one failed`` against the gates."""
    if "gate" not in plain:
        return ""
    for found in _COUNT.finditer(plain):
        word = found[1] or found[2]
        count = _ONE_TO[word] if word in _ONE_TO else int(word)
        rest = re.split(r"[,;]|\band\b|\bbut\b", plain[found.start() :])[0]
        said = status_said(rest) or status_said(_clause_at(found.start(), plain))
        said = said or status_said(plain[found.start() :])
        so_many = sum(gate.status == said for gate in verdict.gates)
        known = {so_many} if found[2] else {so_many, len(verdict.gates)}
        if count not in known:
            return f"there are not {count} such gates"
    return ""


def _wrong_some(plain: str, verdict: Verdict) -> str:
    """Hold ``one gate failed`` against the gates."""
    found = _SOME.search(plain)
    said = status_said(_clause_at(found.start(), plain)) if found else None
    statuses = {gate.status for gate in verdict.gates}
    if said == "fail" and statuses != {"pass"} and re.search(r"\b(?:open|not)\b", plain):
        return ""
    return "" if said in (None, "pass", *statuses) else f'no gate says "{said}"'


def _wrong_gate(plain: str, verdict: Verdict) -> str:
    if pairs := in_turn(plain):
        return wrong_turn(pairs, verdict)
    plain = STATUS_IS.sub(blank, plain)
    own = {key_of(gate.gate) for gate in verdict.gates}
    named = [name for name in own if re.search(rf"\b(?:{pattern_of(name)})\b", plain)]
    for name in dict.fromkeys([*gates_named(plain), *sorted(named)]):
        clause = _clause_of(pattern_of(name), plain)
        said = status_said(clause) or _status_after(name, plain)
        if said == "pass" and (_DID_NOT.search(clause) or _NOT_PASSED.search(clause)):
            said = "fail"  # calibration passed, drift did not
        statuses = [gate.status for gate in verdict.gates if key_of(gate.gate) == name]
        is_supposed = SUPPOSED.search(re.split(rf"\b(?:{pattern_of(name)})\b", clause)[0])
        if said is None or _is_figure(plain) or is_supposed or _DID.search(clause):
            continue
        if _BUT.search(plain) and said not in statuses:
            continue
        if not statuses:
            if name in COMMON and not re.search(rf"\b{name} gate\b", plain):
                continue
            return f"{name.replace('_', ' ')}: the verdict has no such gate"
        if said not in statuses and not (said == "fail" and "needs a person" in statuses):
            return f'{name}: its gate says "{statuses[0]}"'
        if said == "pass" and set(statuses) != {"pass"}:
            return f'{name}: its gate does not say "pass" on every split'
    return ""


def _status_after(name: str, plain: str) -> str | None:
    """Return what is said next after a gate whose own clause says nothing: ``A, B passed``."""
    found = re.search(rf"\b(?:{pattern_of(name)})\b", plain)
    rest = plain[found.end() :] if found else plain
    statuses = [
        (word.start(), status)
        for status, pattern in STATUSES
        if (word := re.search(rf"\b(?:{pattern})\b", rest))
    ]
    return min(statuses)[1] if statuses else None


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
    return "[" in plain and not re.search(
        r"\bgate\b|\bfail|\bpass|\brais|\bno (?:concern|obj)", plain
    )


def _wrong_person(plain: str, verdict: Verdict) -> str:
    if "person" not in states(plain):
        return ""
    is_doubted = "needs a person" in {verdict.status, *(gate.status for gate in verdict.gates)}
    if _NOBODY.search(plain):
        return "it says that no person is needed" if is_doubted else ""
    return "" if is_doubted else "no person is asked for by the verdict"
