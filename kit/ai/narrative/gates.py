"""What a sentence says of the verdict, the status and the gates, held against the verdict."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import groupby

from kit.ai.narrative.advice import is_advice
from kit.ai.narrative.numbers import WORDS
from kit.ai.narrative.sentences import Sentence
from kit.validate.verdict import Verdict

_ANSWER = re.compile(
    r"not shown not worse|not shown better|not shown worse|not worse|not better|better|worse"
)
_SAYS = re.compile(
    r"\b(?:verdict|answer|result|outcome|conclusion)\b(?: is| was| reads| reads as| comes out as|"
    r" of| on [\w ]+ is| says)?[\s:)\"“'(]*(?=not|better|worse)|"
    r"(?<!ask )(?<!asked )(?<!asking )[\"“'](?=not |better|worse)|"
    r"结论[^a-z]*(?:\(verdict\)[^a-z]*)?(?=not|better|worse)"
)
_NO = re.compile(r"\b(?:not|no|never|short of|n't|cannot)\b")
_STATUSES = (
    (
        "needs a person",
        r"needs? a person|person|by hand|human|someone|somebody|colleague|reviewer|analyst|expert|"
        r"judg\w+|awaits?",
    ),
    (
        "fail",
        r"fail\w*|(?:remains?|has|have|needs?|ought|is|are) to be \w+|(?:without|lacks?|"
        r"lacking) (?:a |any )?(?:pass\w*|clear\w*)|(?:an? |the )?open (?:point|question|issue|"
        r"item)|(?:is|are|remains?|stays?|still) (?:still )?open\b|(?:did|does|has) not get\w*|"
        r"not (?:yet )?(?:clear\w*|resolved|settled|through|done|signed off|closed)|"
        r"raise[sd]? (?:a |any )?(?:concern|flag|alarm|objection|issue|problem)\w*|(?:did|does|do|"
        r"has|have) not pass\w*|not pass\w*|not met|broke\w*",
    ),
    (
        "pass",
        r"pass(?:ed|es|ing)?|fine|ok|okay|clean|clear\w*|rais\w+ no|no objection|green|sound|good|"
        r"healthy|intact|in order|(?:no|nothing) [\w ]*(?:flagged|found)|satisf\w+|unproblematic|"
        r"no (?:issue|problem|concern|cause)\w*|under control|succe\w+|held|holds|(?:is|are|been|"
        r"went|gone|got|waved) through|signed off|(?:is|are|been) (?:closed|resolved|settled|done|"
        r"ticked off)",
    ),
)
_NAMES = {
    "leakage": r"leak\w*",
    "calibration": r"calibrat\w+(?! (?:error|ratio|value))",
    "drift": r"drift\w*",
    "overlap": r"overlap\w*",
    "stress": r"stress\w*",
    "worst_segment": r"worst[ _]segment",
    "label_maturity": r"(?:label[ _])?maturity(?! (?:wait|period))|maturity of (?:the )?labels|"
    r"label gate",
    "sample_size": r"sample[ _]size(?: gate)?(?! of)",
    "invalid_traffic": r"invalid[ _]traffic gate",
}
_COMMON = frozenset({"effect", "exploration", "power", "replay", "support"})
"""Gates whose names are words of every day: they are named beside *gate* or what it said."""
_SAME_GATE = {"maturity": "label_maturity", "labels": "label_maturity", "sample": "sample_size"}
_ALL = re.compile(
    r"(?:every|all|each|both)(?: of)?(?: the)?(?: \w+)? gates?|gates?:? (?:\w+ )*all|"
    r"^the gates (?=pass|fail|rais|are|were|look|say)"
)
_SOME = re.compile(r"\b(?:one|a|some|another)(?: of the)? (?:\w+ )?gates?\b")
_ONE_TO = {"one": 1} | WORDS
_COUNT = re.compile(
    rf"\b({'|'.join(WORDS)}|\d+)(?: of the)?(?: \w+)? gates?\b|"
    rf"\b({'|'.join(_ONE_TO)}|\d+) (?=pass|fail|cleared|needs?\b|did\b)"
)
_BUT = re.compile(r"\bgates? (?:but|except|save|bar|other than|apart from|aside from)\b")
"""``All gates but power``: what is said of that one is held for itself."""
_OTHERS = re.compile(
    r"\b(?:(?:other|remaining) (?:\w+ )?gates?|the (?:rest|others)|all others|everything else)\b"
)
_NONE = re.compile(r"\bno(?:ne of the)?(?: \w+)? gates?")
_ALL_OR_NONE = re.compile(f"{_ALL.pattern}|{_NONE.pattern}|{_SOME.pattern}")
_SUPPOSED = re.compile(r"\b(?:if|once|until|unless|should|when|before|provided|assuming)\b")
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
    r"\bno (?:person|one|human|reviewer|analyst|expert)\b|\bnobody (?:has to|needs|is needed)\b|"
    r"\bnothing for a person\b|\bneed not\b|\bnot (?:need|have to|require|call for|want)\w*\b|"
    r"\bnot (?:be )?(?:needed|required|necessary)"
)
_PERSON = re.compile(
    r"\b(?:person|someone|somebody|by hand|colleague|reviewer|analyst|expert|human)\b|"
    rf"\b(?:nobody|no one) (?:has to|needs|is needed)\b|{_NOTHING_OPEN}"
)
_CLAUSE_END = re.compile(r"[,:;]|\b(?:while|because|since|as long as|until)\b")
_STATUS = re.compile(r"\bstatus\b")
_SAID = re.compile(
    "|".join(rf"(?P<{name.replace(' ', '_')}>\b(?:{said})\b)" for name, said in _STATUSES)
)
_ANY_SAID = "|".join(said for _, said in _STATUSES)
_STATUS_IS = re.compile(
    r"\bstatus\b(?: (?:is|was|reads?|says?|stays|remains|overall|here|of the verdict|as|out|com\w+|"
    rf"nonetheless|still|now|therefore|thus))*:? (?:{_ANY_SAID})\b"
)


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


def _status_said(plain: str) -> str | None:
    for status, pattern in _STATUSES:
        if re.search(rf"\b(?:{pattern})\b", plain):
            return status
    return None


def _wrong_status(plain: str, verdict: Verdict) -> str:
    found = _STATUS.search(plain)
    if not found:
        return ""
    after = _CLAUSE_END.split(plain[found.end() :].lstrip(' :"'))[0]
    said = _status_said(after) or _status_said(plain[found.start() :]) or _status_said(plain)
    if said == "pass" and _NO.search(after):
        return 'the status is "pass"' if verdict.status == "pass" else ""
    return "" if said in (None, verdict.status) else f'the status is "{verdict.status}"'


def _wrong_all(plain: str, verdict: Verdict) -> str:
    said = _status_said(plain)
    excepted = _gates_named(plain) if _BUT.search(plain) or _OTHERS.search(plain) else []
    statuses = {gate.status for gate in verdict.gates if _key(gate.gate) not in excepted}
    if said is not None and _NONE.search(plain):
        said = _status_said(_clause_of(_NONE.pattern, plain))
        return f'a gate says "{said}"' if said in statuses else ""
    if _in_turn(plain) or not (every := _ALL.search(plain)):
        return ""
    said = _status_said(_clause_at(every.start(), plain)) or said
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
        said = _status_said(rest) or _status_said(_clause_at(found.start(), plain))
        said = said or _status_said(plain[found.start() :])
        so_many = sum(gate.status == said for gate in verdict.gates)
        known = {so_many} if found[2] else {so_many, len(verdict.gates)}
        if count not in known:
            return f"there are not {count} such gates"
    return ""


def _wrong_some(plain: str, verdict: Verdict) -> str:
    """Hold ``one gate failed`` against the gates."""
    found = _SOME.search(plain)
    said = _status_said(_clause_at(found.start(), plain)) if found else None
    statuses = {gate.status for gate in verdict.gates}
    if said == "fail" and statuses != {"pass"} and re.search(r"\b(?:open|not)\b", plain):
        return ""
    return "" if said in (None, "pass", *statuses) else f'no gate says "{said}"'


def _gates_named(plain: str) -> list[str]:
    names = [*_NAMES, *_COMMON]
    return [name for name in names if re.search(rf"\b(?:{_pattern(name)})\b", plain)]


def _pattern(name: str) -> str:
    """Return how a gate is called in a sentence."""
    if name in _COMMON:
        return rf"{name}(?= (?:gate|check|test)\b|,? (?:[\w,]+ ){{0,4}}?(?:{_ANY_SAID})\b)"
    return _NAMES.get(name, rf"{name.replace('_', '[ _-]')}")


def _key(gate: str) -> str:
    """Return the name by which a verdict's gate is known here."""
    name = gate.replace(" ", "_")
    return _SAME_GATE.get(name, name)


def _wrong_gate(plain: str, verdict: Verdict) -> str:
    if pairs := _in_turn(plain):
        return _wrong_turn(pairs, verdict)
    plain = _STATUS_IS.sub(_blank, plain)
    own = {_key(gate.gate) for gate in verdict.gates}
    named = [name for name in own if re.search(rf"\b(?:{_pattern(name)})\b", plain)]
    for name in dict.fromkeys([*_gates_named(plain), *sorted(named)]):
        clause = _clause_of(_pattern(name), plain)
        said = _status_said(clause) or _status_after(name, plain)
        if said == "pass" and (_DID_NOT.search(clause) or _NOT_PASSED.search(clause)):
            said = "fail"  # calibration passed, drift did not
        statuses = [gate.status for gate in verdict.gates if _key(gate.gate) == name]
        is_supposed = _SUPPOSED.search(re.split(rf"\b(?:{_pattern(name)})\b", clause)[0])
        if said is None or _is_figure(plain) or is_supposed or _DID.search(clause):
            continue
        if _BUT.search(plain) and said not in statuses:
            continue
        if not statuses:
            if name in _COMMON and not re.search(rf"\b{name} gate\b", plain):
                continue
            return f"{name.replace('_', ' ')}: the verdict has no such gate"
        if said not in statuses and not (said == "fail" and "needs a person" in statuses):
            return f'{name}: its gate says "{statuses[0]}"'
        if said == "pass" and set(statuses) != {"pass"}:
            return f'{name}: its gate does not say "pass" on every split'
    return ""


def _in_turn(plain: str) -> list[tuple[list[str], str]]:
    """Pair gates and what they say where the two take turns: ``A failed, B and C need a person``.

    An empty name stands for the gates that are not named.
    """
    if _SUPPOSED.search(plain):
        return []
    plain = _STATUS_IS.sub(_blank, plain)
    tokens = [(found.start(), "", str(found.lastgroup)) for found in _SAID.finditer(plain)]
    if _NO.search(_SAID.sub("", plain)):
        return []
    for name in (*_NAMES, *sorted(_COMMON), ""):
        pattern = rf"\b(?:{_pattern(name)})\b" if name else _OTHERS.pattern
        tokens += [(found.start(), name or "rest", "") for found in re.finditer(pattern, plain)]
    turns = [(bool(said), list(group)) for said, group in groupby(sorted(tokens), _is_said)]
    statuses = [group[-1][2] for said, group in turns if said and len(group) == 1]
    gates = [[name for _, name, _ in group] for said, group in turns if not said]
    is_paired = len(turns) == 2 * len(gates) == 2 * len(statuses)
    pairs = list(zip(gates, statuses, strict=True)) if is_paired and len(gates) > 1 else []
    return [(names, said.replace("_", " ")) for names, said in pairs]


def _blank(found: re.Match[str]) -> str:
    return " " * len(found[0])


def _is_said(token: tuple[int, str, str]) -> bool:
    return bool(token[2])


def _wrong_turn(pairs: Sequence[tuple[Sequence[str], str]], verdict: Verdict) -> str:
    named = {name for names, _ in pairs for name in names}
    for names, said in pairs:
        for name in names:
            statuses = {
                gate.status
                for gate in verdict.gates
                if (key := _key(gate.gate)) == name or (name == "rest" and key not in named)
            }
            is_open = said == "fail" and "needs a person" in statuses and name != "rest"
            if not statuses and name in _COMMON:
                continue
            if statuses != {said} and not is_open:
                return f'{name.replace("_", " ")}: its gate does not say "{said}"'
    return ""


def _status_after(name: str, plain: str) -> str | None:
    """Return what is said next after a gate whose own clause says nothing: ``A, B passed``."""
    found = re.search(rf"\b(?:{_pattern(name)})\b", plain)
    rest = plain[found.end() :] if found else plain
    statuses = [
        (word.start(), status)
        for status, pattern in _STATUSES
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
