"""Gates and what they say, in turn: ``leakage failed, drift and overlap passed``."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import groupby

from kit.ai.narrative.gate_words import COMMON, NAMES, SAID, STATUS_IS, key_of, pattern_of
from kit.validate.verdict import Verdict

NO = re.compile(r"\b(?:not|no|never|short of|n't|cannot)\b")
SUPPOSED = re.compile(r"\b(?:if|once|until|unless|should|when|before|provided|assuming)\b")
OTHERS = re.compile(
    r"\b(?:(?:other|remaining) (?:\w+ )?gates?|the (?:rest|others)|all others|everything else)\b"
)


def in_turn(plain: str) -> list[tuple[list[str], str]]:
    """Pair gates and what they say where the two take turns: ``A failed, B and C need a person``.

    An empty name stands for the gates that are not named.
    """
    if SUPPOSED.search(plain):
        return []
    plain = STATUS_IS.sub(blank, plain)
    tokens = [(found.start(), "", str(found.lastgroup)) for found in SAID.finditer(plain)]
    if NO.search(SAID.sub("", plain)):
        return []
    for name in (*NAMES, *sorted(COMMON), ""):
        pattern = rf"\b(?:{pattern_of(name)})\b" if name else OTHERS.pattern
        tokens += [(found.start(), name or "rest", "") for found in re.finditer(pattern, plain)]
    turns = [(bool(said), list(group)) for said, group in groupby(sorted(tokens), _is_said)]
    statuses = [group[-1][2] for said, group in turns if said and len(group) == 1]
    gates = [[name for _, name, _ in group] for said, group in turns if not said]
    is_paired = len(turns) == 2 * len(gates) == 2 * len(statuses)
    pairs = list(zip(gates, statuses, strict=True)) if is_paired and len(gates) > 1 else []
    return [(names, said.replace("_", " ")) for names, said in pairs]


def blank(found: re.Match[str]) -> str:
    """Return as many blanks as were found, so that places stay.

    Examples
    --------
    >>> blank(re.match("ab", "abc"))
    '  '
    """
    return " " * len(found[0])


def _is_said(token: tuple[int, str, str]) -> bool:
    return bool(token[2])


def wrong_turn(pairs: Sequence[tuple[Sequence[str], str]], verdict: Verdict) -> str:
    """Return which gate of such pairs did not come out so; empty where all did.

    Examples
    --------
    >>> verdict = Verdict("better", False, "fail", (), "a", "b", "a", "b", "c", 3, 197, 0.004)
    >>> wrong_turn(in_turn("leakage failed, drift passed"), verdict)
    'leakage: its gate does not say "fail"'
    """
    named = {name for names, _ in pairs for name in names}
    for names, said in pairs:
        for name in names:
            statuses = {
                gate.status
                for gate in verdict.gates
                if (key := key_of(gate.gate)) == name or (name == "rest" and key not in named)
            }
            is_open = said == "fail" and "needs a person" in statuses and name != "rest"
            if not statuses and name in COMMON:
                continue
            if statuses != {said} and not is_open:
                return f'{name.replace("_", " ")}: its gate does not say "{said}"'
    return ""
